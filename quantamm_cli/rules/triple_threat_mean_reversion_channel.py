"""Triple-threat mean reversion channel."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float
from pydantic import Field

from quantamm_cli.core.bijectors import Log2, Memory, Squareplus, decay, memory_days, squareplus
from quantamm_cli.core.contracts import LAMB, OnChain, lamb, times_memory
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Recur, Seen, Stream
from quantamm_cli.core.types import Params
from quantamm_cli.rules.base import Clock, WeightRule, centred, price_gradient, signed_power
from quantamm_cli.rules.mean_reversion_channel import channelled
from quantamm_cli.rules.power_channel import HALF

GRADIENTS = ("channel", "trend", "envelope")


class TripleThreat(WeightRule, kind="triple_threat_mean_reversion_channel"):
    r"""A mean reversion channel that hears three gradients, each with a memory of its own.

    $$x = -A\,E\,\frac{y - y^3/6}{0.5415} + (1 -
    E)\,\mathrm{sign}(\beta_t)\left|\frac{\beta_t}{2s}\right|^q,
    \qquad E = e^{-\beta_e^2/2\omega^2}, \qquad y = \frac{\pi\beta_c}{3\omega},
    \qquad \Delta w_i = k_i\,(x_i - \ell)$$

    with $\beta_c$, $\beta_t$, $\beta_e$ the gradients of channel, trend and envelope, all relative
    to one average of the price, whose memory also scales $k$ and $A$.
    """

    use_raw_price: bool = Field(
        False,
        description="true: gradients relative to the price itself, not to its average, as on chain",
    )
    use_pre_exp_scaling: bool = Field(
        True, description="false: the scale s is 1/2 and does not train"
    )

    def parameters(self, clock: Clock) -> tuple[Parameter, ...]:
        memory = Memory(clock.chunk_period)
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
        k, amplitude = (
            OnChain(name, times_memory, ("memory_days_for_ewma",)) for name in ("k", "amplitude")
        )
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
            Parameter(
                "logit_lamb",
                "memory_days",
                "days",
                memory,
                10.0,
                low=1.0,
                high=200.0,
                log=True,
                layers=GRADIENTS,
                onchain=LAMB,
            ),
            Parameter(
                "logit_lamb_for_ewma",
                "memory_days_for_ewma",
                "days",
                memory,
                10.0,
                low=1.0,
                high=200.0,
                log=True,
                onchain=average,
            ),
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

    def signal(self, recur: Recur, seen: Seen, params: Params, clock: Clock) -> Stream:
        base = self._relative_to(recur, seen, params["logit_lamb_for_ewma"], clock)
        channel, trend, envelope = (
            price_gradient(recur, seen.price, params["logit_lamb"][layer], clock, f"{name}_")[0]
            / base
            for layer, name in enumerate(GRADIENTS)
        )
        days = memory_days(params["logit_lamb_for_ewma"], *clock)
        scale = jnp.exp2(params["raw_pre_exp_scaling"]) if self.use_pre_exp_scaling else HALF
        inside, waves = channelled(
            channel,
            envelope,
            jnp.exp2(params["log_amplitude"]) * days,
            jnp.exp2(params["raw_width"]),
        )
        moves = signed_power(trend, scale, squareplus(params["raw_exponents"]))
        return centred(jnp.exp2(params["log_k"]) * days, inside * waves + (1 - inside) * moves)

    def _relative_to(
        self, recur: Recur, seen: Seen, logit: Float[Array, " n"], clock: Clock
    ) -> Stream:
        if self.use_raw_price:
            return seen.price
        keep, forget = decay(logit, *clock)
        return recur("ewma", keep, forget * seen.price, seen.price)[0]
