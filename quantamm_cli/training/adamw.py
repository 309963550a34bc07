"""AdamW."""

import optax
from pydantic import Field

from quantamm_cli.settings.types import NonNegative
from quantamm_cli.training.gradient import GradientFit, clipped
from quantamm_cli.training.problem import Numbers


class AdamW(GradientFit, kind="adamw"):
    """Adam with weight decay decoupled from the gradient. [Loshchilov & Hutter, arXiv:1711.05101]

    Only parameters that train decay.
    """

    weight_decay: NonNegative = Field(
        0.01, description="share of a raw parameter lost a step, times the learning rate"
    )

    @staticmethod
    def transform(numbers: Numbers) -> optax.GradientTransformation:
        return clipped(
            numbers, optax.scale_by_adam(), optax.add_decayed_weights(numbers["weight_decay"])
        )

    def numbers(self) -> dict[str, float]:
        return super().numbers() | {"weight_decay": self.weight_decay}
