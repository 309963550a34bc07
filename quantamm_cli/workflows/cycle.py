"""One cycle of a walk-forward: trained like any other run, then scored on its test block."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from quantamm_cli.core.bijectors import Numbers
from quantamm_cli.engine.feed import feed
from quantamm_cli.errors import DivergedError
from quantamm_cli.evaluation.baseline import beaten
from quantamm_cli.evaluation.daily import candidates, daily, spread
from quantamm_cli.evaluation.regimes import Regime, regime
from quantamm_cli.evaluation.selection_bias import SelectionBias, selection_bias
from quantamm_cli.evaluation.sharpe import ANNUAL
from quantamm_cli.evaluation.walk_forward import Outcome, yearly
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.types import minute
from quantamm_cli.store.runs import Entry, Run
from quantamm_cli.workflows.data import last_date, load_market
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.random_baseline import untrained_scores
from quantamm_cli.workflows.selection import Selected, Selection
from quantamm_cli.workflows.train import TrainingResult, train

SAMPLE = 64
"""Parameter sets sampled from a run's history to measure selection bias."""


@dataclass(frozen=True)
class RandomScores:
    """The scores of random parameters, beside which a cycle's score stands."""

    draws: int
    mean: float | None
    """Mean of the finite scores; ``None`` if none is finite."""
    beaten: float
    """The fraction of them that the cycle's score exceeds."""


@dataclass(frozen=True)
class Cycle:
    """A cycle: its training and the outcome on its test block."""

    settings: Train
    training: TrainingResult
    outcome: Outcome
    regime: Regime
    random: dict[str, RandomScores]
    """By metric, on the test block."""

    @property
    def run(self) -> Run:
        """The stored run."""
        return self.training.run

    @property
    def selected(self) -> Selected:
        """The selected parameter set."""
        return self.training.chosen.selected

    @property
    def first_day(self) -> int:
        """The first day of the test block, in days since 1970."""
        return minute(self.settings.end) // 1440

    def to_dict(self) -> dict[str, Json]:
        """The part of the walk-forward's JSON that describes this cycle."""
        training = self.training.to_dict()
        tree: dict[str, Json] = {}
        for name in ("run", "selection", "status", "metrics", "undefined", "benchmarks"):
            if name in training:
                tree[name] = training[name]
        for name in ("start", "end", "test_end"):
            tree[name] = getattr(self.settings, name)
        tree["regime"] = self.regime._asdict()
        tree["random"] = {name: vars(each) for name, each in self.random.items()}
        return {**tree, **_selection_bias(self.outcome.bias), **self.training.bound.to_dict()}


def cycle(
    settings: Train,
    before: Train,
    selection: Selection,
    fresh: bool,
    monitor: Monitor,
    other_data: bool = False,
) -> Cycle:
    """Train these settings, unless a finished run exists, and score the selected set.

    ``before`` are the settings without a warm start: random parameters are drawn around theirs.
    """
    training = train(settings, selection, fresh, monitor=monitor, other_data=other_data)
    run, selected = training.run, training.chosen.selected
    pool, spans = AbstractPool.typed(settings.pool), settings.periods
    inputs = feed(settings, load_market(settings, last_date(settings)))
    days = daily(pool, selected.params, inputs, *spans["test"])
    params, chosen, trials = _sample(run.history(), selected)
    returns = candidates(pool, params, inputs, *spans[_choosing(selected.method, spans)])
    bias = selection_bias(returns, chosen, trials)
    metric = settings.selection_metric
    names = tuple(dict.fromkeys((metric, yearly(metric), "returns")))
    scores, random = training.metrics["test"], untrained_scores(before, inputs, names)["test"]
    compared = {name: _random_scores(scores[name], values) for name, values in random.items()}
    outcome = Outcome(training.metrics, days.returns, bias, days.riskless)
    return Cycle(settings, training, outcome, regime(days.prices), compared)


def _choosing(method: str, periods: Collection[str]) -> str:
    """The period on whose scores a selection rule chose.

    The rule ``last`` takes the best set on validation, or on train without a validation period.
    """
    for period in ("validation", "train", "test"):
        if method.startswith(f"best_{period}"):
            return period
    if method == "last" and "validation" in periods:
        return "validation"
    return "train"


def _sample(entries: Sequence[Entry], selected: Selected) -> tuple[dict[str, Numbers], int, int]:
    """Parameter sets spread evenly over a history.

    Returns their values by name, the place of the selected set among them, and the number of all
    sets in the history.
    """
    sets = len(entries[0]["objective"])
    step = next(index for index, entry in enumerate(entries) if entry["step"] == selected.step)
    place = step * sets + selected.set
    sample = spread(len(entries) * sets, SAMPLE, place)
    params = {}
    for name in entries[0]["params"]:
        rows = [entries[one // sets]["params"][name][one % sets] for one in sample]
        params[name] = np.array(rows, float)
    return params, int(np.searchsorted(sample, place)), len(entries) * sets


def _random_scores(score: float, random: np.ndarray) -> RandomScores:
    finite = random[np.isfinite(random)]
    mean = float(finite.mean()) if finite.size else None
    return RandomScores(len(random), mean, beaten(score, random))


def _selection_bias(bias: SelectionBias) -> JsonObject:
    """Trials and haircut as JSON; Sharpe ratios per year."""
    haircut = bias.haircut
    return {
        "trials": {
            "total": bias.trials,
            "effective": bias.effective,
            "correlation": bias.correlation,
            "variance": 365 * bias.variance,
        },
        "haircut": {
            "sharpe": ANNUAL * bias.sharpe,
            "snooping": ANNUAL * haircut.snooping,
            "estimation": ANNUAL * haircut.estimation,
            "adjusted": bias.adjusted,
            "bound": bias.bound,
            "complexity": bias.complexity,
            "candidates": haircut.candidates,
            "days": haircut.days,
            "reason": haircut.reason,
        },
    }


@contextmanager
def named(name: str) -> Iterator[None]:
    """While it is open, a DivergedError names the cycle that diverged."""
    try:
        yield
    except DivergedError as failure:
        raise DivergedError(failure.where, f"{name}: {failure.message}") from None
