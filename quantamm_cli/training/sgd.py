"""Plain gradient ascent."""

import optax

from quantamm_cli.training.gradient import GradientFit, clipped
from quantamm_cli.training.problem import Numbers


class SGD(GradientFit, kind="sgd"):
    """Steps along the gradient. [Robbins & Monro, 1951]"""

    @staticmethod
    def transform(numbers: Numbers) -> optax.GradientTransformation:
        return clipped(numbers, optax.identity())
