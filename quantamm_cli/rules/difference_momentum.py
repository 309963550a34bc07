"""Difference momentum."""

from typing import Literal

import jax.numpy as jnp
from pydantic import Field

from quantamm_cli.core.bijectors import Identity, decay_of_days
from quantamm_cli.core.contracts import OnChain, lamb, times_memory
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Recur, Seen, Stream
from quantamm_cli.core.types import Params
from quantamm_cli.rules.base import Clock, WeightRule, centred


class DifferenceMomentum(WeightRule, kind="difference_momentum"):
    r"""Weights follow the distance between a short and a long average of the price, as in MACD.

    $$x = 1 - \frac{e_2}{e_1}, \qquad \Delta w_i = k_i \max(m_1, m_2)_i\,(x_i - \ell)$$

    with $e_1$, $e_2$ the averages of memory $m_1$, $m_2$. ``form=contract`` is
    $x = (e_2 - e_1) / e_1$, as the contracts have it.
    """

    form: Literal["reference", "contract"] = Field(
        "reference", description="sign of the signal: contract turns it round"
    )

    def parameters(self, clock: Clock) -> tuple[Parameter, ...]:
        strength = OnChain("k", times_memory, ("memory_days_1", "memory_days_2"))
        return (
            Parameter(
                "k",
                "k",
                "1/day",
                Identity(),
                default=20.0,
                low=0.1,
                high=1000.0,
                log=True,
                onchain=strength,
            ),
            Parameter(
                "memory_days_1",
                "memory_days_1",
                "days",
                Identity(),
                10.0,
                low=0.5,
                high=200.0,
                log=True,
                onchain=OnChain("lamb_1", lamb),
            ),
            Parameter(
                "memory_days_2",
                "memory_days_2",
                "days",
                Identity(),
                10.0,
                low=0.5,
                high=200.0,
                log=True,
                onchain=OnChain("lamb_2", lamb),
            ),
        )

    def signal(self, recur: Recur, seen: Seen, params: Params, clock: Clock) -> Stream:
        averages = []
        for which in ("1", "2"):
            keep, forget = decay_of_days(params[f"memory_days_{which}"], *clock)
            averages.append(recur(f"ewma_{which}", keep, forget * seen.price, seen.price)[0])
        distance = 1 - averages[1] / averages[0]
        strength = params["k"] * jnp.maximum(params["memory_days_1"], params["memory_days_2"])
        return centred(strength, -distance if self.form == "contract" else distance)
