"""Studies of Optuna in memory, to compare with."""

import logging
from collections.abc import Mapping, Sequence

from quantamm_cli.tuning.optuna import optuna


def study_of(
    values: Sequence[Sequence[float]], violations: Sequence[Mapping[str, float]] = ()
) -> "optuna.Study":
    """A study that maximises, with a trial of one parameter for each of the values."""
    optuna.logging.set_verbosity(logging.CRITICAL)
    study = optuna.create_study(
        directions=["maximize"] * len(values[0]), sampler=optuna.samplers.RandomSampler(seed=1)
    )
    for index, value in enumerate(values):
        trial = study.ask({"x": optuna.distributions.FloatDistribution(0, 1)})
        for name, violation in violations[index].items() if violations else ():
            trial.set_constraint(name, violation)
        study.tell(trial, list(value))
    return study
