"""Plain gradient ascent."""

import optax

from quantamm_cli.training.base import GradientFit, Numbers, clipped


class SGD(GradientFit, kind="sgd"):
    """Steps along the gradient. [Robbins & Monro, 1951]"""

    @staticmethod
    def transform(numbers: Numbers) -> optax.GradientTransformation:
        return clipped(numbers, optax.identity())
