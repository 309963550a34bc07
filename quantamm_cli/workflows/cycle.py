"""One cycle of a walk-forward: trained like any other run, then judged on
the days it has not seen.
"""

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
from quantamm_cli.evaluation.selection_bias import Luck, luck
from quantamm_cli.evaluation.sharpe import ANNUAL
from quantamm_cli.evaluation.walk_forward import Outcome, yearly
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.types import minute
from quantamm_cli.store.runs import Entry, Run
from quantamm_cli.workflows.data import load_market
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.random_baseline import untrained_scores
from quantamm_cli.workflows.selection import Selected, Selection, selection_metric
from quantamm_cli.workflows.train import TrainingResult, train

SAMPLE = 64
"""Stored parameter sets that speak for all a run tried."""


@dataclass(frozen=True)
class Against:
    """A score beside those of random parameters."""

    draws: int
    mean: float | None
    """Of the finite ones; ``None``: there are none."""
    beaten: float
    """The share that the score is above."""


@dataclass(frozen=True)
class Cycle:
    """A cycle: its training, and how its test block went."""

    settings: Train
    training: TrainingResult
    outcome: Outcome
    regime: Regime
    random: dict[str, Against]
    """By metric, on the test block."""

    @property
    def run(self) -> Run:
        """As it is stored."""
        return self.training.run

    @property
    def selected(self) -> Selected:
        """The set that was chosen."""
        return self.training.chosen.selected

    @property
    def first_day(self) -> int:
        """Of the test block, in days since 1970."""
        return minute(self.settings.end) // 1440

    def to_dict(self) -> dict[str, Json]:
        """What the walk-forward tells of it."""
        told = self.training.to_dict()
        words = {
            name: told[name] for name in ("run", "selection", "status", "metrics", "benchmarks")
        }
        dates = {name: getattr(self.settings, name) for name in ("start", "end", "test_end")}
        random = {name: vars(each) for name, each in self.random.items()}
        return {
            **words,
            **dates,
            "regime": self.regime._asdict(),
            "random": random,
            **_luck(self.outcome.luck),
        }


def cycle(
    settings: Train, given: Train, selection: Selection, fresh: bool, monitor: Monitor
) -> Cycle:
    """Train these settings unless they are, and judge what is selected.

    ``given`` are the settings before any warm start: random parameters lie around theirs.
    """
    training = train(settings, selection, fresh, monitor=monitor)
    run, selected = training.run, training.chosen.selected
    pool, spans = AbstractPool.typed(settings.pool), settings.periods
    market = load_market(settings, settings.test_end or settings.end)
    here = feed(settings, market)
    earned = daily(pool, selected.params, here, *spans["test"])
    params, chosen, trials = _sample(run.history(), selected)
    tried = luck(
        candidates(pool, params, here, *spans[_choosing(selected.method, spans)]), chosen, trials
    )
    metric = selection_metric(settings)
    names = tuple(dict.fromkeys((metric, yearly(metric), "returns")))
    random = untrained_scores(given, here, names)["test"]
    against = {
        name: _against(training.metrics["test"][name], scores) for name, scores in random.items()
    }
    outcome = Outcome(training.metrics, earned.returns, tried)
    return Cycle(settings, training, outcome, regime(earned.prices), against)


def _choosing(method: str, periods: Collection[str]) -> str:
    """The period on whose scores a selection rule chose; the last step is the best set's on
    validation, if there is one.
    """
    named = next(
        (
            period
            for period in ("validation", "train", "test")
            if method.startswith(f"best_{period}")
        ),
        None,
    )
    later = "validation" if "validation" in periods else "train"
    return named or (later if method == "last" else "train")


def _sample(entries: Sequence[Entry], selected: Selected) -> tuple[dict[str, Numbers], int, int]:
    """Parameter sets spread over a history, which of them is the selected one,
    and how many there are in all.
    """
    sets = len(entries[0]["objective"])
    step = next(index for index, entry in enumerate(entries) if entry["step"] == selected.step)
    own = step * sets + selected.set
    which = spread(len(entries) * sets, SAMPLE, own)
    names = entries[0]["params"]
    found = {
        name: np.array([entries[one // sets]["params"][name][one % sets] for one in which], float)
        for name in names
    }
    return found, int(np.searchsorted(which, own)), len(entries) * sets


def _against(score: float, random: np.ndarray) -> Against:
    known = random[np.isfinite(random)]
    return Against(len(random), float(known.mean()) if known.size else None, beaten(score, random))


def _luck(tried: Luck) -> JsonObject:
    """Sharpe ratios a year."""
    counts = {
        "total": tried.trials,
        "effective": tried.effective,
        "correlation": tried.correlation,
        "variance": 365 * tried.variance,
    }
    off = {name: ANNUAL * getattr(tried.haircut, name) for name in ("snooping", "estimation")}
    known = {name: getattr(tried.haircut, name) for name in ("candidates", "days", "reason")}
    adjusted = (
        {"sharpe": ANNUAL * tried.sharpe}
        | off
        | {"adjusted": tried.adjusted, "bound": tried.bound, "complexity": tried.complexity}
    )
    return {"trials": counts, "haircut": adjusted | known}


@contextmanager
def named(name: str) -> Iterator[None]:
    """A training that comes to nothing says whose it was."""
    try:
        yield
    except DivergedError as lost:
        raise DivergedError(lost.where, f"{name}: {lost.message}") from None
