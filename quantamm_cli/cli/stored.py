"""Parameters of stored runs, and settings laid over theirs."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.run import Train
from quantamm_cli.store.runs import Run
from quantamm_cli.training.selection import Scoreboard, rule_name, select


@dataclass(frozen=True)
class Selected:
    """One parameter set of one step of a run, and the rule that chose it."""

    method: str
    step: int
    set: int
    params: dict[str, list[float]]

    @property
    def told(self) -> dict[str, Any]:
        """The ``selection`` of the JSON a command prints."""
        return {"load": self.method, "step": self.step, "set": self.set}


def scoreboard(entries: Sequence[Mapping[str, Any]], metric: str) -> Scoreboard:
    """What selection looks at, of entries as the store keeps them."""

    def scores(period: str) -> np.ndarray | None:
        if period not in entries[0]["metrics"]:
            return None
        return _floats([entry["metrics"][period][metric] for entry in entries])

    train = scores("train")
    assert train is not None
    objective = _floats([entry["objective"] for entry in entries])
    return Scoreboard(np.array([entry["step"] for entry in entries]), objective, train, scores("validation"), scores("test"))


def _floats(rows: list[Any]) -> np.ndarray:
    """Lists in which ``None`` stands for what is not finite."""
    return np.asarray(rows, dtype=float)


def choose(settings: Train, entries: Sequence[Mapping[str, Any]], method: str | None, minimum: float) -> Selected:
    """The step and set that ``--load`` names; ``best_validation`` unless told, ``best_train`` without a validation period."""
    default = "best_validation" if "validation" in settings.periods else "best_train"
    name = rule_name(method or default)
    choice = select(scoreboard(entries, selection_metric(settings)), name, minimum)
    entry = entries[choice.entry]
    return Selected(name, int(entry["step"]), choice.set, {key: value[choice.set] for key, value in entry["params"].items()})


def selection_metric(settings: Train) -> str:
    """The metric that selects: the training metric unless ``split.selection_metric`` says otherwise."""
    return settings.split.selection_metric or settings.metric.kind


def laid_over(run: Run, tree: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """The settings of a stored run with those the command line names on top.

    ``tree`` is what the command line composed by itself: where it names a key or a group, its branch there is taken.
    """
    stored = {key: value for key, value in deepcopy(run.settings).items() if key != "schema"}
    merged = {key: value for key, value in tree.items() if key not in stored} | stored
    for override in overrides:
        name = override.partition("=")[0].lstrip("+~").partition("@")[0]
        if name in ("conf", "experiment"):
            raise ConfigError("conf", "does not go with --run, whose settings are taken; name single settings instead")
        keys = name.replace("/", ".").split(".")
        _put(merged, keys, _get(tree, keys))
    return merged


_ABSENT = object()


def _get(tree: Any, keys: list[str]) -> Any:
    for key in keys:
        if not isinstance(tree, dict) or key not in tree:
            return _ABSENT
        tree = tree[key]
    return tree


def _put(tree: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            raise ConfigError(".".join(keys), "the run has no such settings to change")
    if value is _ABSENT:
        tree.pop(keys[-1], None)
    else:
        tree[keys[-1]] = value
