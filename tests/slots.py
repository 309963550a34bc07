"""Studies without trainings: workers claim slots of a journal, draw, score and end them."""

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from quantamm_cli.tuning import leases
from quantamm_cli.tuning.leases import Lease
from quantamm_cli.tuning.pruners.base import Pruner
from quantamm_cli.tuning.pruners.none import NoPruner
from quantamm_cli.tuning.samplers.base import Sampler
from quantamm_cli.tuning.samplers.tpe import TPE
from quantamm_cli.tuning.settings import Study as StudySettings
from quantamm_cli.tuning.space import Choices, Range
from quantamm_cli.tuning.study import Attempt, Study, create_study
from quantamm_cli.tuning.trials import Trial

SPACE: Mapping[str, Range | Choices] = {
    "a": Range(1e-3, 1.0, True, None, False),
    "b": Range(1, 9, False, None, True),
    "c": Choices(("one", "two", "three")),
    "d": Choices((None, True, [1, 2])),
}
POINT = {"b": 4, "d": "true"}
"""What the first trial begins with."""


def opened(
    folder: Path,
    slots: int,
    seed: int = 3,
    sampler: Sampler | None = None,
    pruner: Pruner | None = None,
    parts: int = 1,
) -> Study:
    """The study in a folder, with so many slots; made if it is not there."""
    (folder / "workers").mkdir(parents=True, exist_ok=True)
    journal = folder / "study.journal"
    settings = StudySettings(seed=seed, sampler=sampler or TPE(), pruner=pruner or NoPruner())
    storage = create_study(journal, "study", 1, {"made": "once"})
    study = Study(journal, "study", settings, parts, storage)
    study.add_slots(slots, [POINT])
    return study


@contextmanager
def worker(study: Study) -> Iterator[Lease]:
    """A lease of a worker."""
    with leases.lease(study.workers, "1", 0.0) as lease:
        yield lease


def die(lease: Lease) -> None:
    """What the kernel does with the lease of a process that is killed."""
    os.close(lease._lock)
    lease._lock = -1


def values_of(attempt: Attempt) -> dict[str, Any]:
    """The trial's settings; every third has no ``c``."""
    attempt.draw()
    return {
        key: attempt.suggest(key, spec)
        for key, spec in SPACE.items()
        if key != "c" or attempt.number % 3
    }


def score(values: Mapping[str, Any]) -> float:
    """A bowl with a bonus for two of the choices."""
    bowl = math.log(values["a"] / 0.02) ** 2 + (values["b"] - 6) ** 2
    return len(values.get("c", "")) + (values["d"] is True) - bowl


def end(attempt: Attempt) -> None:
    """Draw, score and end a trial. The fifth fails."""
    values = values_of(attempt)
    attempt.runs_as(f"run_{attempt.number}", values)
    if attempt.number == 4:
        attempt.fail("it had to", 5)
    else:
        attempt.finish([score(values)], {})


def go_on(study: Study, trials: int) -> list[Trial]:
    """End so many more trials, one after the other; what can be compared of all."""
    with worker(study) as lease:
        for _ in range(trials):
            attempt = study.claim(lease)
            assert attempt is not None
            end(attempt)
    return comparable(study)


def comparable(study: Study) -> list[Trial]:
    """The trials without times."""
    return [replace(trial, seconds=None, worker=None) for trial in study.trials]
