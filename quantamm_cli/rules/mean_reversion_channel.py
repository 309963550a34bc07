"""Mean reversion channel."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float
from pydantic import Field

from quantamm_cli.core.bijectors import Squareplus, squareplus
from quantamm_cli.core.contracts import OnChain
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Recur, RuleInputs, Stream
from quantamm_cli.core.types import Params
from quantamm_cli.rules.base import AMPLITUDE, Clock, GradientRule, centred, signed_power
from quantamm_cli.rules.power_channel import HALF, scaling, strength

PEAK = 0.5415
"""Scales the maximum of the channel's cubic to one. The four digits are part of the definition."""


class MeanReversionChannel(GradientRule, kind="mean_reversion_channel"):
    """Mean reversion for small moves, inside a channel; trend following for large ones, outside.

    change of weight i = k_i (x_i - l), where l makes the changes sum to zero and
    x = -A E (y - y^3/6) / 0.5415 + (1 - E) sign(b) |b / (2 s)|^q, with b the proportional price
    gradient, E = exp(-b^2 / (2 width^2)), y = pi b / (3 width), A = amplitude memory_days,
    s = pre_exp_scaling and q = exponent. [TFMM litepaper, section 3.4]
    """

    use_pre_exp_scaling: bool = Field(
        True, description="false: the scale s is 1/2 and does not train"
    )

    def parameters(self, clock: Clock) -> tuple[Parameter, ...]:
        scale = (scaling(),) if self.use_pre_exp_scaling else ()
        exponent = Parameter(
            "sp_exponents",
            "exponent",
            "power",
            Squareplus(),
            default=1.0,
            low=0.5,
            high=4.0,
            onchain=OnChain("exponents"),
        )
        amplitude = Parameter(
            "sp_amplitude",
            "amplitude",
            "1/day",
            Squareplus(),
            default=1.0,
            low=0.05,
            high=4.0,
            log=True,
            onchain=AMPLITUDE,
        )
        width = Parameter(
            "sp_width",
            "width",
            "gradient a chunk",
            Squareplus(),
            1.0,
            low=0.05,
            high=3.0,
            log=True,
            onchain=OnChain("width"),
        )
        return (strength(), *self.memory(clock), exponent, *scale, amplitude, width)

    def signal(self, recur: Recur, observed: RuleInputs, params: Params, clock: Clock) -> Stream:
        days = self.days(params, clock)
        scale = squareplus(params["sp_pre_exp_scaling"]) if self.use_pre_exp_scaling else HALF
        gradient = self.gradient(recur, observed, params, clock)
        amplitude, width = squareplus(params["sp_amplitude"]) * days, squareplus(params["sp_width"])
        inside, waves = channelled(gradient, gradient, amplitude, width)
        trend = signed_power(gradient, scale, squareplus(params["sp_exponents"]))
        return centred(squareplus(params["sp_k"]) * days, inside * waves + (1 - inside) * trend)


def channelled(
    channel: Stream, envelope: Stream, amplitude: Float[Array, " n"], width: Float[Array, " n"]
) -> tuple[Float[Array, "*c n"], Float[Array, "*c n"]]:
    """The weight E of the channel, and the move against the channel's gradient: a cubic
    approximation of a sine, times the amplitude.
    """
    y = jnp.pi * channel / (3 * width)
    return jnp.exp(-(envelope**2) / (2 * width**2)), -amplitude * (y - y**3 / 6) / PEAK
