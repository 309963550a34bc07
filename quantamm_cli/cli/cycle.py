"""One cycle of a walk-forward: trained like any other run, then judged on the days it has not seen."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantamm_cli.cli.chance import untrained
from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.progress import Bar
from quantamm_cli.cli.stored import Selected, chooser, selection_metric
from quantamm_cli.cli.train import trained
from quantamm_cli.engine.feed import feed
from quantamm_cli.errors import DivergedError, Interrupted
from quantamm_cli.evaluation.baseline import beaten
from quantamm_cli.evaluation.daily import candidates, daily, spread
from quantamm_cli.evaluation.luck import Luck, luck
from quantamm_cli.evaluation.regimes import regime
from quantamm_cli.evaluation.sharpe import ANNUAL
from quantamm_cli.evaluation.walk_forward import Outcome, yearly
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.types import minute
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.workflows.data import load_market

SAMPLE = 64
"""Stored parameter sets that speak for all a run tried."""


@dataclass(frozen=True)
class Cycle:
    """A cycle with its run, what was selected of it, and what is told of it."""

    run: Run
    selected: Selected
    outcome: Outcome
    told: dict[str, Any]
    first_day: int
    """Of the test block, in days since 1970."""


def cycle(settings: Train, given: Train, options: Options, console: Console) -> Cycle:
    """Train these settings unless they are, and judge what ``options`` select.

    ``given`` are the settings before any warm start: random parameters lie around theirs.
    """
    result = trained(settings, options, console)
    run = Store(settings.runs_dir).load(settings.fingerprint)
    selected = chooser(settings, options)(run)
    pool, spans = AbstractPool.typed(settings.pool), settings.periods
    market = load_market(settings, settings.test_end or settings.end)
    told = feed(settings, market)
    earned = daily(pool, selected.params, told, *spans["test"])
    params, chosen, trials = _sample(run.history(), selected)
    tried = luck(candidates(pool, params, told, *spans[_choosing(selected.method, spans)]), chosen, trials)
    metric = selection_metric(settings)
    names = tuple(dict.fromkeys((metric, yearly(metric), "returns")))
    random = untrained(given, told, names)["test"]
    outcome = Outcome(result["metrics"], earned.returns, tried)
    words = {name: result[name] for name in ("run", "selection", "status", "metrics", "benchmarks")}
    dates = {name: getattr(settings, name) for name in ("start", "end", "test_end")}
    told_random = {name: _against(result["metrics"]["test"][name], scores) for name, scores in random.items()}
    words |= dates | {"regime": regime(earned.prices)._asdict(), "random": told_random} | _told(tried)
    return Cycle(run, selected, outcome, words, minute(settings.end) // 1440)


def _choosing(method: str, periods: Mapping[str, Any]) -> str:
    """The period on whose scores a selection rule chose; the last step is the best set's on validation, if there is one."""
    named = next((period for period in ("validation", "train", "test") if method.startswith(f"best_{period}")), None)
    later = "validation" if "validation" in periods else "train"
    return named or (later if method == "last" else "train")


def _sample(entries: Sequence[Mapping[str, Any]], selected: Selected) -> tuple[dict[str, Any], int, int]:
    """Parameter sets spread over a history, which of them is the selected one, and how many there are in all."""
    sets = len(entries[0]["objective"])
    step = next(index for index, entry in enumerate(entries) if entry["step"] == selected.step)
    own = step * sets + selected.set
    which = spread(len(entries) * sets, SAMPLE, own)
    names = entries[0]["params"]
    found = {name: np.array([entries[one // sets]["params"][name][one % sets] for one in which], float) for name in names}
    return found, int(np.searchsorted(which, own)), len(entries) * sets


def _against(score: float, random: np.ndarray) -> dict[str, Any]:
    known = random[np.isfinite(random)]
    return {"draws": len(random), "mean": float(known.mean()) if known.size else None, "beaten": beaten(score, random)}


def _told(tried: Luck) -> dict[str, Any]:
    """Sharpe ratios a year."""
    counts = {"total": tried.trials, "effective": tried.effective, "correlation": tried.correlation, "variance": 365 * tried.variance}
    off = {name: ANNUAL * getattr(tried.haircut, name) for name in ("snooping", "estimation")}
    known = {name: getattr(tried.haircut, name) for name in ("candidates", "days", "reason")}
    adjusted = {"sharpe": ANNUAL * tried.sharpe} | off | {"adjusted": tried.adjusted, "bound": tried.bound, "complexity": tried.complexity}
    return {"trials": counts, "haircut": adjusted | known}


class CycleConsole(Console):
    """What a cycle may say: how far it is, and what may be wrong; its tables are those of the walk-forward."""

    def __init__(self, console: Console, name: str) -> None:
        super().__init__(console.command, json=True, quiet=True, verbose=console.verbose)
        self._silent = True
        self._console, self._name = console, name

    def note(self, text: str) -> None:
        """Only -v asks for it."""
        self._console.detail(f"{self._name}: {text}")

    def warn(self, text: str) -> None:
        """Something that may be wrong, and where."""
        self._console.warn(f"{self._name}: {text}")

    def stopped(self, code: int, message: str) -> None:
        """The failure of a signal, told from its thread."""
        self._console.stopped(code, f"{self._name}: {message}")

    @contextmanager
    def progress(self, total: int | None, description: str) -> Iterator[Bar]:
        """The steps of the cycle."""
        with self._console.progress(total, f"{self._name}, {description}") as bar:
            yield bar


@contextmanager
def named(name: str) -> Iterator[None]:
    """A training that is stopped, or comes to nothing, says whose it was."""
    try:
        yield
    except DivergedError as lost:
        raise DivergedError(lost.where, f"{name}: {lost.message}") from None
    except Interrupted as stop:
        raise Interrupted(stop.code - 128, f"{name}: {stop}") from None
