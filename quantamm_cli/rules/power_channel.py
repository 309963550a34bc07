"""Power channel."""

import math

import jax.numpy as jnp
from pydantic import Field

from quantamm_cli.core.bijectors import Squareplus, squareplus
from quantamm_cli.core.contracts import OnChain, at_least_one
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Recur, RuleInputs, Stream
from quantamm_cli.core.types import Params
from quantamm_cli.rules.base import Clock, GradientRule, K, centred, signed_power

HALF = 0.5
"""The scale of a rule that does not learn it."""


class PowerChannel(GradientRule, kind="power_channel"):
    """Momentum that reacts less to small moves: weights follow a power of the gradient.

    change of weight i = k_i (x_i - l), where x = sign(b) |b / (2 s)|^q, b is the proportional price
    gradient, s = pre_exp_scaling, q = exponent >= 1, and l makes the changes sum to zero.
    [TFMM litepaper, section 3.3]
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
            bounds=(1.0, math.inf),
        )
        return (strength(), *self.memory(clock), exponent, *scale)

    def signal(self, recur: Recur, observed: RuleInputs, params: Params, clock: Clock) -> Stream:
        scale = squareplus(params["sp_pre_exp_scaling"]) if self.use_pre_exp_scaling else HALF
        power = jnp.maximum(1, squareplus(params["sp_exponents"]))
        moves = signed_power(self.gradient(recur, observed, params, clock), scale, power)
        return centred(squareplus(params["sp_k"]) * self.days(params, clock), moves)


def strength() -> Parameter:
    """The parameter of aggressiveness of the rules with a squareplus bijector."""
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
    """The parameter of the gradient's scale: x is 1 where the gradient is twice the scale."""
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
