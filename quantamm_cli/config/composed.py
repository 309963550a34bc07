"""Composed settings: a plain tree, and the overrides that it came from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from quantamm_cli.settings.json_tree import Json, JsonObject

if TYPE_CHECKING:
    from quantamm_cli.settings.compete import Compete
    from quantamm_cli.settings.run import Simulate
    from quantamm_cli.store.origin import Origin
    from quantamm_cli.store.runs import Run

S = TypeVar("S", bound="Simulate")


@dataclass(frozen=True)
class Composed:
    """Settings composed of overrides; ``read`` and ``decoded`` validate them."""

    tree: JsonObject
    overrides: tuple[str, ...] = ()
    config_dir: str | None = None

    def to_dict(self) -> dict[str, Json]:
        """Everything, so that another process composes the same."""
        overrides: list[Json] = list(self.overrides)
        return {"tree": dict(self.tree), "overrides": overrides, "config_dir": self.config_dir}

    @property
    def runs_dir(self) -> str:
        """The folder of results."""
        return str(self.tree["runs_dir"])

    @property
    def plugins(self) -> tuple[str, ...]:
        """Python files with the user's own components."""
        names = self.tree.get("plugins")
        if not isinstance(names, list | tuple):
            return ()
        return tuple(map(str, names))

    @property
    def walks_forward(self) -> bool:
        """Whether the split is ``walk_forward``."""
        return self.group("split").get("kind") == "walk_forward"

    def group(self, name: str) -> dict[str, Json]:
        """A group of settings by name; empty for a single value and for a group that is absent."""
        node = self.tree.get(name)
        if not isinstance(node, Mapping):
            return {}
        return dict(node)

    def but(self, **changes: Json) -> "Composed":
        """The same with other values of some settings."""
        return replace(self, tree={**self.tree, **changes})

    def read(self, cls: type[S]) -> S:
        """As settings of a run. Raises ConfigError: one line for the first thing wrong."""
        from quantamm_cli.config.read import read_settings

        return read_settings(cls, self.tree)

    def decoded(self, cls: type[S]) -> S:
        """As settings of a run, without a check of its data.

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

    def of_run(self, run: "Run | Origin") -> "Composed":
        """The settings of a stored result; those outside of its name are as they are here."""
        return self._merged(run, ())

    def changing_run(self, run: "Run | Origin") -> "Composed":
        """The settings of a stored result, changed by the overrides."""
        return self._merged(run, self.overrides)

    def _merged(self, run: "Run | Origin", overrides: Sequence[str]) -> "Composed":
        from quantamm_cli.config.stored_settings import merged

        return replace(self, tree=merged(run, self.tree, overrides))
