"""Power channel."""

import jax.numpy as jnp
from pydantic import Field

from quantamm_cli.core.bijectors import Squareplus, squareplus
from quantamm_cli.core.contracts import OnChain, at_least_one
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Recur, Seen, Stream
from quantamm_cli.core.types import Params
from quantamm_cli.rules.base import Clock, GradientRule, K, centred, signed_power

HALF = 0.5
"""The scale of a rule that learns none."""


class PowerChannel(GradientRule, kind="power_channel"):
    r"""Momentum that hears small moves less: weights follow a power of the gradient.

    $$x_i = \mathrm{sign}(\beta_i)\left|\frac{\beta_i}{2 s_i}\right|^{q_i},
    \qquad \Delta w_i = k_i\,(x_i - \ell), \qquad q \ge 1$$

    with $\ell$ such that the changes sum to zero. [TFMM litepaper, section 3.3]
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
            low=1.0,
            high=4.0,
            onchain=OnChain("exponents", at_least_one),
        )
        return (strength(), *self.memory(clock), exponent, *scale)

    def signal(self, recur: Recur, seen: Seen, params: Params, clock: Clock) -> Stream:
        scale = squareplus(params["sp_pre_exp_scaling"]) if self.use_pre_exp_scaling else HALF
        power = jnp.maximum(1, squareplus(params["sp_exponents"]))
        moves = signed_power(self.gradient(recur, seen, params, clock), scale, power)
        return centred(squareplus(params["sp_k"]) * self.days(params, clock), moves)


def strength() -> Parameter:
    """The aggressiveness of the rules that keep it as a squareplus."""
    return Parameter(
        "sp_k",
        "k_per_day",
        "1/day",
        Squareplus(),
        default=20.0,
        low=0.1,
        high=1000.0,
        log=True,
        onchain=K,
    )


def scaling() -> Parameter:
    """The gradient that counts as one half of one."""
    return Parameter(
        "sp_pre_exp_scaling",
        "pre_exp_scaling",
        "gradient a chunk",
        Squareplus(),
        0.5,
        low=0.01,
        high=2.5,
        log=True,
        onchain=OnChain("pre_exp_scaling"),
    )
