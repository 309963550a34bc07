"""Momentum."""

import jax.numpy as jnp

from quantamm_cli.core.bijectors import Log2
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Recur, Seen, Stream
from quantamm_cli.core.types import Params
from quantamm_cli.rules.base import Clock, GradientRule, K, centred


class Momentum(GradientRule, kind="momentum"):
    r"""Weights follow the proportional price gradient: what rises is bought.

    $$\Delta w_i = k_i\,(\beta_i - \ell), \qquad \ell = \frac{\sum_j k_j \beta_j}{\sum_j k_j},
    \qquad k_i = \kappa_i m_i$$

    with $\beta = \dot p / p$ the gradient, $\kappa$ the aggressiveness a day and $m$ the memory in
    days. The offset $\ell$ makes the changes sum to zero. [TFMM litepaper, section 3.2]
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

    def signal(self, recur: Recur, seen: Seen, params: Params, clock: Clock) -> Stream:
        strength = jnp.exp2(params["log_k"]) * self.days(params, clock)
        return centred(strength, self.gradient(recur, seen, params, clock))
