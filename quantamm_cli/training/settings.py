"""What every fitter can be given, and what tells one from another before it works."""

from typing import ClassVar

from jax.sharding import Mesh
from pydantic import Field

from quantamm_cli.core.sampling import Init
from quantamm_cli.engine.devices import mesh
from quantamm_cli.settings.component import Component
from quantamm_cli.settings.types import Count, Natural, NonNegative
from quantamm_cli.training.windows import Sampling


class FitSettings(Component, group="fit"):
    """Numbers of a fit from several starting points side by side."""

    steps: Natural = Field(100, description="how often the parameters move")
    parameter_sets: Count = Field(4, description="starting points, side by side")
    init: Init = Field(
        "gaussian",
        description=(
            "how they differ: normal, at random or evenly, or on a grid over the declared ranges"
        ),
    )
    noise_scale: NonNegative = Field(
        0.1,
        description="their standard deviation in raw units; the first has none, a grid needs none",
    )
    seed: Natural = Field(0, description="of starting points, windows and all that is drawn")
    batch_size: Count = Field(16, description="windows, the same at every step")
    sampling: Sampling = Field(
        "stratified",
        description="windows: all as likely, the recent likelier, or one from each of equal parts",
    )
    early_stopping: bool = Field(True, description="stop when validation no longer improves")
    patience: Count = Field(200, description="evaluations without improvement before stopping")

    redraws: ClassVar[bool] = True
    """Whether a set that diverged is drawn anew. If not, what is not finite is a candidate
    that failed, and no more.
    """
    new_windows: ClassVar[bool] = False
    """Whether every step has windows of its own."""
    remedy: ClassVar[str] = "a smaller fit.noise_scale"
    """What may help sets that diverge."""

    def cut(self, sets: int) -> Mesh | None:
        """The devices that share the work."""
        return mesh(sets, self.batch_size)

    @property
    def averaging(self) -> bool:
        """Whether one more entry holds averages of the others."""
        return False

    @property
    def depends_on_steps(self) -> str | None:
        """What of a step depends on how many there are to be; ``None``: nothing,
        so that a run may be made longer.
        """
        return None
