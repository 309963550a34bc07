"""Adam."""

import optax

from quantamm_cli.training.gradient import GradientFit, clipped
from quantamm_cli.training.problem import Numbers


class Adam(GradientFit, kind="adam"):
    """Steps scaled by running moments of the gradient. [Kingma & Ba, arXiv:1412.6980]"""

    @staticmethod
    def transform(numbers: Numbers) -> optax.GradientTransformation:
        return clipped(numbers, optax.scale_by_adam())
