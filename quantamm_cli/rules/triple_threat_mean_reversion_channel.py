"""Triple-threat mean reversion channel."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float
from pydantic import Field

from quantamm_cli.core.bijectors import Log2, Squareplus, decay, memory_days, squareplus
from quantamm_cli.core.contracts import OnChain, lamb, times_memory
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Recur, RuleInputs, Stream
from quantamm_cli.core.types import Params
from quantamm_cli.rules.base import (
    Clock,
    WeightRule,
    centred,
    memory_parameter,
    price_gradient,
    signed_power,
)
from quantamm_cli.rules.mean_reversion_channel import channelled
from quantamm_cli.rules.power_channel import HALF

GRADIENTS = ("channel", "trend", "envelope")


class TripleThreat(WeightRule, kind="triple_threat_mean_reversion_channel"):
    """A mean reversion channel with three price gradients, each with its own memory.

    change of weight i = k_i (x_i - l), where l makes the changes sum to zero and
    x = -A E (y - y^3/6) / 0.5415 + (1 - E) sign(b_t) |b_t / (2 s)|^q, with
    E = exp(-b_e^2 / (2 width^2)), y = pi b_c / (3 width), s = pre_exp_scaling and q = exponent. The
    gradients b_c (channel), b_t (trend) and b_e (envelope) are relative to one average of the
    price, whose memory also scales k and the amplitude A.
    """

    use_raw_price: bool = Field(
        False,
        description="true: gradients relative to the price itself, not to its average, as on chain",
    )
    use_pre_exp_scaling: bool = Field(
        True, description="false: the scale s is 1/2 and does not train"
    )

    def parameters(self, clock: Clock) -> tuple[Parameter, ...]:
        scale = Parameter(
            "raw_pre_exp_scaling",
            "pre_exp_scaling",
            "gradient a chunk",
            Log2(),
            0.5,
            low=0.01,
            high=2.5,
            log=True,
            onchain=OnChain("pre_exp_scaling"),
        )
        k = OnChain("k", times_memory, ("memory_days_for_ewma",))
        amplitude = OnChain("amplitude", times_memory, ("memory_days_for_ewma",))
        average = OnChain("lamb_for_ewma", lamb)
        return (
            Parameter(
                "log_k",
                "k_per_day",
                "1/day",
                Log2(),
                default=20.0,
                low=0.1,
                high=1000.0,
                log=True,
                onchain=k,
            ),
            memory_parameter(clock, layers=GRADIENTS),
            memory_parameter(clock, "_for_ewma", onchain=average),
            Parameter(
                "raw_exponents",
                "exponent",
                "power",
                Squareplus(),
                default=1.0,
                low=0.5,
                high=4.0,
                onchain=OnChain("exponents"),
            ),
            *((scale,) if self.use_pre_exp_scaling else ()),
            Parameter(
                "log_amplitude",
                "amplitude",
                "1/day",
                Log2(),
                default=1.0,
                low=0.05,
                high=4.0,
                log=True,
                onchain=amplitude,
            ),
            Parameter(
                "raw_width",
                "width",
                "gradient a chunk",
                Log2(),
                1.0,
                low=0.05,
                high=3.0,
                log=True,
                onchain=OnChain("width"),
            ),
        )

    def signal(self, recur: Recur, observed: RuleInputs, params: Params, clock: Clock) -> Stream:
        base = self._relative_to(recur, observed, params["logit_lamb_for_ewma"], clock)
        gradients = []
        for layer, name in enumerate(GRADIENTS):
            logit = params["logit_lamb"][layer]
            gradient, _ = price_gradient(recur, observed.price, logit, clock, f"{name}_")
            gradients.append(gradient / base)
        channel, trend, envelope = gradients
        days = memory_days(params["logit_lamb_for_ewma"], *clock)
        scale = jnp.exp2(params["raw_pre_exp_scaling"]) if self.use_pre_exp_scaling else HALF
        amplitude, width = jnp.exp2(params["log_amplitude"]) * days, jnp.exp2(params["raw_width"])
        inside, waves = channelled(channel, envelope, amplitude, width)
        moves = signed_power(trend, scale, squareplus(params["raw_exponents"]))
        return centred(jnp.exp2(params["log_k"]) * days, inside * waves + (1 - inside) * moves)

    def _relative_to(
        self, recur: Recur, observed: RuleInputs, logit: Float[Array, " n"], clock: Clock
    ) -> Stream:
        if self.use_raw_price:
            return observed.price
        keep, forget = decay(logit, *clock)
        return recur("ewma", keep, forget * observed.price, observed.price)[0]
