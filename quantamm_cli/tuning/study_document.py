"""The keys of a study's summary."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from quantamm_cli.settings.json_tree import Json, JsonObject


class ComposedRecord(TypedDict):
    """Composed settings, from which another process composes the same."""

    tree: JsonObject
    overrides: Sequence[str]
    config_dir: str | None


class StudyNotes(TypedDict):
    """What the journal has of a study besides its trials."""

    identity: "StudyIdentity"
    composed: ComposedRecord
    study: JsonObject
    """The settings under ``study``, with what ``auto`` stands for."""
    folder: str
    """Where it was started, so that relative paths can be read."""
    fresh: bool
    pick: NotRequired[str]
    """How the last ``qsim tune`` chose the best of several objectives."""
    optuna: str
    data: JsonObject
    code: Mapping[str, str]


class TrialRecord(TypedDict):
    """A trial; ``settings`` are the searched ones, by dotted name."""

    number: int
    state: str
    value: float | None
    """The score of the first objective."""
    settings: JsonObject
    values: NotRequired[Mapping[str, float]]
    """By objective, if there are several."""
    violations: NotRequired[Mapping[str, float | None]]
    """By constrained metric, what is beyond its limit; not above 0 where it is met; ``None`` where
    the metric does not exist.
    """
    run: NotRequired[str]
    reason: NotRequired[str]
    seconds: NotRequired[float]


class BestRecord(TypedDict):
    """The best trial, and the file of its settings."""

    number: int
    value: float
    settings: JsonObject
    run: str
    experiment: str
    values: NotRequired[Mapping[str, float]]


class StudyIdentity(TypedDict):
    """What a study's name is the digest of: base settings, space, and how it is searched."""

    schema: int
    train: JsonObject
    space: Mapping[str, JsonObject]
    objective: str | JsonObject
    """PERIOD.METRIC with ``meaning`` 1."""
    seed: int
    meaning: NotRequired[int]
    sampler: NotRequired[JsonObject]
    pruner: NotRequired[str | JsonObject]
    gap_penalty: NotRequired[float]
    constraints: NotRequired[Mapping[str, float]]
    first: NotRequired[Sequence[Json]]
    meanings: NotRequired[Mapping[str, int]]
    """Meaning numbers above 1 of the objective's metric and of the components to choose from."""


class StudyDocument(TypedDict):
    """The summary of a study."""

    schema: int
    study: str
    trials: list[TrialRecord]
    best: NotRequired[BestRecord]
    front: NotRequired[list[int]]
    """Of several objectives, the trials that no other beats in all of them."""
    identity: StudyIdentity
    optuna: str
    data: NotRequired[JsonObject]
    """Content digests of what the base settings read."""
    code: NotRequired[Mapping[str, str]]
    """Versions of what computed it."""


def objectives(identity: StudyIdentity) -> tuple[str, ...]:
    """PERIOD.METRIC of each objective."""
    objective = identity["objective"]
    if isinstance(objective, str):
        return (objective,)
    names: Any = objective["of"]
    return tuple(names)
