"""Composed settings: a plain tree, and the words that it came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from quantamm_cli.settings.json_tree import Json, JsonObject

if TYPE_CHECKING:
    from quantamm_cli.settings.compete import Compete
    from quantamm_cli.settings.run import Simulate
    from quantamm_cli.store.runs import Run

S = TypeVar("S", bound="Simulate")


@dataclass(frozen=True)
class Composed:
    """What overrides compose; nothing of it is validated before it is read."""

    tree: JsonObject
    overrides: tuple[str, ...] = ()
    config_dir: str | None = None

    @property
    def runs_dir(self) -> str:
        """The folder of results."""
        return str(self.tree["runs_dir"])

    @property
    def plugins(self) -> tuple[str, ...]:
        """Files of components."""
        names = self.tree.get("plugins")
        return tuple(map(str, names)) if isinstance(names, list | tuple) else ()

    @property
    def walks_forward(self) -> bool:
        """Whether the split is that of a walk-forward."""
        return self.group("split").get("kind") == "walk_forward"

    def group(self, name: str) -> dict[str, Json]:
        """A group of settings by name; empty where there is one value or nothing."""
        node = self.tree.get(name)
        return dict(node) if isinstance(node, Mapping) else {}

    def but(self, **changes: Json) -> "Composed":
        """The same with other values of some settings."""
        return replace(self, tree={**self.tree, **changes})

    def read(self, cls: type[S]) -> S:
        """As settings of a run. Raises ConfigError: one line for the first thing wrong."""
        from quantamm_cli.config.read import read_settings

        return read_settings(cls, self.tree)

    def decoded(self, cls: type[S]) -> S:
        """As settings of a run, whose data need not be there.

        Raises:
            ConfigError: one line for the first thing wrong.
        """
        from quantamm_cli.config.components import load_components
        from quantamm_cli.settings.decode import decode

        load_components(self.plugins)
        fields = {name: value for name, value in self.tree.items() if name in cls.model_fields}
        return decode(cls, fields)

    def read_competition(self) -> "Compete":
        """As settings of a competition. Raises ConfigError: one line for the first thing wrong."""
        from quantamm_cli.config.competition import read_competition

        return read_competition(self.tree, self.overrides, self.config_dir)

    def of_run(self, run: "Run") -> "Composed":
        """The settings of a stored run; what does not name it is as it is here."""
        return self._laid_over(run, ())

    def changing_run(self, run: "Run") -> "Composed":
        """The settings of a stored run with those on top that the overrides name."""
        return self._laid_over(run, self.overrides)

    def _laid_over(self, run: "Run", overrides: Sequence[str]) -> "Composed":
        from quantamm_cli.config.stored_settings import laid_over

        return replace(self, tree=laid_over(run, self.tree, overrides))
