"""Parameters of stored runs, and settings laid over theirs."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantamm_cli.cli.options import Options
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
    params: dict[str, Any]
    """Raw, by name: a list, or a list a layer."""

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


def chooser(settings: Train, options: Options) -> Callable[[Run], Selected]:
    """What ``--load`` and ``--min`` say of a run of these settings: ``best_validation`` unless told, ``best_train`` without validation.

    Raises:
        ConfigError: at once if there is no such rule or period, so that nobody trains for an answer that cannot be given.
    """
    default = "best_validation" if "validation" in settings.periods else "best_train"
    method = rule_name(options.load or default)
    absent = [period for period in ("validation", "test") if f"_{period}" in method and period not in settings.periods]
    if absent:
        raise ConfigError("--load", f"{method}: these settings have no {absent[0]} period")

    def choose(run: Run) -> Selected:
        # A checkpoint keeps the choice of every rule at --min 0; any other minimum asks the whole history.
        entries = run.history() if options.minimum else run.entries
        choice = select(scoreboard(entries, selection_metric(settings)), method, options.minimum)
        entry = entries[choice.entry]
        return Selected(method, int(entry["step"]), choice.set, {key: value[choice.set] for key, value in entry["params"].items()})

    return choose


def selection_metric(settings: Train) -> str:
    """The metric that selects: the training metric unless ``split.selection_metric`` says otherwise."""
    return settings.split.selection_metric or settings.metric.kind


def choices(run: Run, overrides: Sequence[str], options: Callable[[str], list[str]]) -> tuple[str, ...]:
    """The components of a stored run as overrides, so that its settings can be named on the command line.

    Left out: what the command line chooses itself, with all that is inside it, and what ``options`` of a group does not know.
    """
    named = {_named(override).replace("/", ".") for override in overrides}

    def walk(tree: dict[str, Any], place: str) -> list[str]:
        found: list[str] = []
        for key, value in tree.items():
            here = f"{place}.{key}".strip(".")
            if not isinstance(value, dict) or here in named:
                continue
            group, kind = here.replace(".", "/"), value.get("kind")
            found += [f"{group}={kind}"] if kind in options(group) else []
            found += walk(value, here)
        return found

    return tuple(walk(run.settings, ""))


def laid_over(run: Run, tree: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """The settings of a stored run with those the command line names on top.

    ``tree`` is what the command line composed by itself: where it names a key or a group, its branch there is taken.
    """
    stored = {key: value for key, value in deepcopy(run.settings).items() if key not in ("schema", "imported")}
    merged = {key: value for key, value in tree.items() if key not in stored} | stored
    for name, place in run.provenance.get("places", {}).items():
        _put(merged, name.split("."), place)
    for override in overrides:
        name = _named(override)
        if name in ("conf", "experiment"):
            raise ConfigError("conf", "does not go with --run, whose settings are taken; name single settings instead")
        keys = name.replace("/", ".").split(".")
        _put(merged, keys, _get(tree, keys))
    return merged


def _named(override: str) -> str:
    """The key or group that an override sets."""
    return override.partition("=")[0].lstrip("+~").partition("@")[0]


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
