"""Difference momentum."""

from typing import Literal

import jax.numpy as jnp
from pydantic import Field

from quantamm_cli.core.bijectors import Identity, decay_of_days
from quantamm_cli.core.contracts import OnChain, times_memory
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Recur, RuleInputs, Stream
from quantamm_cli.core.types import Params
from quantamm_cli.rules.base import Clock, WeightRule, centred, two_memories


class DifferenceMomentum(WeightRule, kind="difference_momentum"):
    """Weights follow the distance between a short and a long average of the price, as in MACD.

    change of weight i = k_i max(m1_i, m2_i) (x_i - l), where x = 1 - e2 / e1, e1 and e2 are the
    exponentially weighted averages with memory_days_1 = m1 and memory_days_2 = m2, and l makes the
    changes sum to zero. With ``form=contract``, x = e2 / e1 - 1, as in the contracts.
    """

    form: Literal["reference", "contract"] = Field(
        "reference", description="sign of the signal; contract: the opposite of reference"
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
            *two_memories(),
        )

    def signal(self, recur: Recur, observed: RuleInputs, params: Params, clock: Clock) -> Stream:
        price, averages = observed.price, []
        for number in ("1", "2"):
            keep, forget = decay_of_days(params[f"memory_days_{number}"], *clock)
            averages.append(recur(f"ewma_{number}", keep, forget * price, price)[0])
        distance = 1 - averages[1] / averages[0]
        if self.form == "contract":
            distance = -distance
        strength = params["k"] * jnp.maximum(params["memory_days_1"], params["memory_days_2"])
        return centred(strength, distance)
