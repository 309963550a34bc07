"""The settings of every fitter, and the properties in which fitters differ."""

from typing import ClassVar

from jax.sharding import Mesh
from pydantic import Field

from quantamm_cli.core.sampling import Init
from quantamm_cli.engine.devices import mesh
from quantamm_cli.settings.component import Component
from quantamm_cli.settings.types import Count, Natural, NonNegative
from quantamm_cli.training.windows import Sampling


class FitSettings(Component, group="fit"):
    """Settings of a fit from several starting points in parallel."""

    steps: Natural = Field(100, description="updates of the parameters")
    parameter_sets: Count = Field(4, description="starting points, in parallel")
    init: Init = Field(
        "gaussian",
        description=(
            "how the starting points differ: normal, at random or evenly, or on a grid over the "
            "declared ranges"
        ),
    )
    noise_scale: NonNegative = Field(
        0.1,
        description=(
            "standard deviation of the starting points but the first, in raw units; not for a grid"
        ),
    )
    seed: Natural = Field(0, description="seed of starting points, windows and other random draws")
    batch_size: Count = Field(16, description="windows, the same at every step")
    sampling: Sampling = Field(
        "stratified",
        description="windows: all as likely, the recent likelier, or one from each of equal parts",
    )
    early_stopping: bool = Field(True, description="stop when validation no longer improves")
    patience: Count = Field(200, description="evaluations without improvement before stopping")

    redraws: ClassVar[bool] = True
    """Whether a set that diverged is drawn anew. If not, it counts as a candidate that failed."""
    new_windows: ClassVar[bool] = False
    """Whether every step draws new windows."""
    advice: ClassVar[str] = "a smaller fit.noise_scale"
    """A change of settings that may help sets that diverge."""

    def device_mesh(self, sets: int) -> Mesh | None:
        """The devices that share the work."""
        return mesh(sets, self.batch_size)

    @property
    def averaging(self) -> bool:
        """Whether one more entry holds averages of the others."""
        return False

    @property
    def depends_on_steps(self) -> str | None:
        """The setting by which a step depends on the number of steps; ``None``: there is none, so
        that a run may be made longer.
        """
        return None
