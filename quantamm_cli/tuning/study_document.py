"""The keys of a study's summary."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from quantamm_cli.settings.json_tree import JsonObject


class TrialRecord(TypedDict):
    """A trial; ``settings`` are the searched ones, by dotted name."""

    number: int
    state: str
    value: float | None
    settings: JsonObject
    run: NotRequired[str]
    reason: NotRequired[str]


class BestRecord(TypedDict):
    """The trial with the highest score, and the file of its settings."""

    number: int
    value: float
    settings: JsonObject
    run: str
    experiment: str


class StudyIdentity(TypedDict):
    """What a study's name is the digest of: base settings, space, and how it is searched."""

    schema: int
    train: JsonObject
    space: Mapping[str, JsonObject]
    objective: str
    """PERIOD.METRIC."""
    seed: int
    pruner: NotRequired[str]
    meanings: NotRequired[Mapping[str, int]]
    """Meaning numbers above 1 of the objective's metric and of the components to choose from."""


class StudyDocument(TypedDict):
    """The summary of a study."""

    schema: int
    study: str
    trials: list[TrialRecord]
    best: NotRequired[BestRecord]
    identity: StudyIdentity
    optuna: str
    data: NotRequired[JsonObject]
    """Content digests of what the base settings read."""
