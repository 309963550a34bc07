"""Momentum."""

import jax.numpy as jnp

from quantamm_cli.core.bijectors import Log2
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Recur, RuleInputs, Stream
from quantamm_cli.core.types import Params
from quantamm_cli.rules.base import Clock, GradientRule, K, centred


class Momentum(GradientRule, kind="momentum"):
    """Weights follow the proportional price gradient: the pool buys what rises.

    change of weight i = k_i (b_i - l), where b is the proportional price gradient,
    k = k_per_day memory_days, and l = sum_j k_j b_j / sum_j k_j makes the changes sum to zero.
    [TFMM litepaper, section 3.2]
    """

    def parameters(self, clock: Clock) -> tuple[Parameter, ...]:
        strength = Parameter(
            "log_k",
            "k_per_day",
            "1/day",
            Log2(),
            default=20.0,
            low=0.1,
            high=1000.0,
            log=True,
            onchain=K,
        )
        return (strength, *self.memory(clock))

    def signal(self, recur: Recur, observed: RuleInputs, params: Params, clock: Clock) -> Stream:
        strength = jnp.exp2(params["log_k"]) * self.days(params, clock)
        return centred(strength, self.gradient(recur, observed, params, clock))
