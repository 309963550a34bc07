"""What is written of a study, by key."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

from quantamm_cli.settings.json_tree import JsonObject


class TrialRecord(TypedDict):
    """A trial; ``settings`` are the searched ones by dotted name."""

    number: int
    state: str
    value: float | None
    settings: JsonObject
    run: NotRequired[str]
    reason: NotRequired[str]


class BestRecord(TypedDict):
    """The trial with the highest score, and where its settings are."""

    number: int
    value: float
    settings: JsonObject
    run: str
    experiment: str


class StudyIdentity(TypedDict):
    """What names a study: the settings it begins with, what is searched, and how."""

    schema: int
    train: JsonObject
    space: Mapping[str, JsonObject]
    objective: str
    """PERIOD.METRIC."""
    seed: int
    pruner: NotRequired[str]
    meanings: NotRequired[Mapping[str, int]]
    """Those above 1 of what is only called by name: the objective's metric,
    components to choose from.
    """


class StudyDocument(TypedDict):
    """The summary of a study."""

    schema: int
    study: str
    trials: list[TrialRecord]
    best: NotRequired[BestRecord]
    identity: StudyIdentity
    optuna: str
