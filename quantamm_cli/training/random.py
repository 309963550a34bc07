"""Random search."""

from typing import ClassVar

import jax
import numpy as np
from jax.sharding import Mesh
from pydantic import Field

from quantamm_cli.core.types import Params
from quantamm_cli.engine.devices import SETS, place_on
from quantamm_cli.settings.types import NonNegative
from quantamm_cli.training.base import Fit
from quantamm_cli.training.problem import Problem, Progress, StepResult
from quantamm_cli.training.scored import scored


class Random(Fit, kind="random"):
    """New parameters at every step, around those given: a baseline for other fits.
    [Bergstra & Bengio, 2012]
    """

    noise_scale: NonNegative = Field(
        0.5, description="standard deviation of the candidates, in raw units; not for a grid"
    )

    redraws: ClassVar[bool] = False

    def begin(self, problem: Problem, params: Params) -> tuple[()]:
        return ()

    def advance(self, problem: Problem, on: Mesh | None, progress: Progress) -> StepResult:
        gain, metrics = scored(problem, on, progress)
        drawn = [problem.draw(progress.step + 1, which) for which in range(len(gain.value))]
        params = {
            name: np.stack([one[name] for one in drawn]).astype(value.dtype)
            for name, value in progress.params.items()
        }
        placed = place_on(on, SETS, jax.device_put(params))
        return StepResult(gain.value, metrics, placed, progress.optimiser, windows=gain.windows)
