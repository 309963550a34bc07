"""Mean reversion channel."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float
from pydantic import Field

from quantamm_cli.core.bijectors import Squareplus, squareplus
from quantamm_cli.core.contracts import OnChain
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Recur, Seen, Stream
from quantamm_cli.core.types import Params
from quantamm_cli.rules.base import AMPLITUDE, Clock, GradientRule, centred, signed_power
from quantamm_cli.rules.power_channel import HALF, scaling, strength

PEAK = 0.5415
"""Makes the highest point of the channel's cubic one, to four digits: part of the definition."""


class MeanReversionChannel(GradientRule, kind="mean_reversion_channel"):
    r"""Sells small rises and buys small falls, inside a channel; follows large moves, outside.

    $$x = -A\,E\,\frac{y - y^3/6}{0.5415} + (1 -
    E)\,\mathrm{sign}(\beta)\left|\frac{\beta}{2s}\right|^q,
    \qquad E = e^{-\beta^2/2\omega^2}, \qquad y = \frac{\pi\beta}{3\omega},
    \qquad \Delta w_i = k_i\,(x_i - \ell)$$

    with amplitude $A$ (a day, times the memory in days) and width $\omega$.
    [TFMM litepaper, section 3.4]
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

    def signal(self, recur: Recur, seen: Seen, params: Params, clock: Clock) -> Stream:
        days = self.days(params, clock)
        scale = squareplus(params["sp_pre_exp_scaling"]) if self.use_pre_exp_scaling else HALF
        gradient = self.gradient(recur, seen, params, clock)
        amplitude, width = squareplus(params["sp_amplitude"]) * days, squareplus(params["sp_width"])
        inside, waves = channelled(gradient, gradient, amplitude, width)
        trend = signed_power(gradient, scale, squareplus(params["sp_exponents"]))
        return centred(squareplus(params["sp_k"]) * days, inside * waves + (1 - inside) * trend)


def channelled(
    channel: Stream, envelope: Stream, amplitude: Float[Array, " n"], width: Float[Array, " n"]
) -> tuple[Float[Array, "*c n"], Float[Array, "*c n"]]:
    """How far inside the channel the envelope's gradient is, and the move against the channel's: a
    cubic for a sine, one at its peak.
    """
    y = jnp.pi * channel / (3 * width)
    return jnp.exp(-(envelope**2) / (2 * width**2)), -amplitude * (y - y**3 / 6) / PEAK
