"""The trials of a study: asked for, trained, told, one after the other."""

import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.outcome import Outcome
from quantamm_cli.cli.progress import Bar
from quantamm_cli.cli.signals import Stop
from quantamm_cli.config.read import read_settings
from quantamm_cli.config.search import Search
from quantamm_cli.errors import ConfigError, DivergedError, Interrupted, QsimError
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.store import atomic
from quantamm_cli.tuning.study import Attempt, Study

_PATIENCE = 5
"""Trials that may fail from the beginning on before the study is given up."""


def left(study: Study, trials: int) -> int:
    """How many trials are to come."""
    return max(0, trials - sum(trial.state != "stopped" for trial in study.trials))


class Trials:
    """The trials of one call."""

    def __init__(
        self,
        study: Study,
        search: Search,
        outcome: Outcome,
        objective: tuple[str, str],
        options: Options,
        console: Console,
    ) -> None:
        self._study, self._search, self._outcome = study, search, outcome
        self._period, self._metric = objective
        self._options, self._console = options, console
        self._attempt: Attempt | None = None
        self._trials = 0

    def go_on(self, trials: int) -> None:
        """Trials until there are so many."""
        self._trials = trials
        if self._study.trials:
            self._console.note(f"{self._outcome.place.name[:18]}…: going on after {trials - left(self._study, trials)} of {trials} trials")
        with Stop(self._interrupted, self._console.stopped) as stop, self._console.progress(trials, "tuning") as bar:
            while to_come := left(self._study, trials):
                self._hopeless()
                self._one(trials - to_come, bar)
                self._outcome.write(self._study)
                if stop.asked:
                    raise stop.interrupted()
        self._hopeless()

    def _one(self, done: int, bar: Bar) -> None:
        with self._writing():
            attempt = self._attempt = self._study.next()
        console = Hushed(self._console, attempt, done, bar)
        try:
            score = self._score(attempt, console)
        except (ConfigError, DivergedError) as failure:
            with self._writing():
                attempt.fail(str(failure), failure.code)
            self._console.note(f"trial {attempt.number} failed: {failure}")
        except (QsimError, Interrupted, KeyboardInterrupt, OSError):
            console.pause()
            raise
        except Pruned as given_up:
            with self._writing():
                attempt.prune(str(given_up))
            self._console.note(f"trial {attempt.number} given up: {given_up}")
        else:
            with self._writing():
                attempt.finish(score)
            best = self._study.best
            assert best is not None
            self._console.note(
                f"trial {attempt.number}: {self._period} {self._metric} {score:.6g}{' (best)' * (best.number == attempt.number)}"
            )
            bar.update(done + 1, f"best {best.value:.4g}")
        self._attempt = None

    def _score(self, attempt: Attempt, console: "Hushed") -> float:
        """Train a trial's settings, or find them trained. Raises ConfigError or DivergedError if that gives no score."""
        from quantamm_cli.cli.train import trained

        with self._writing():
            values = self._search.values(attempt)
        settings = read_settings(Train, self._search.tree(values))
        walks = isinstance(settings.split, WalkForward)
        run = f"{'walk' if walks else 'run'}_{settings.fingerprint}"
        earlier = {trial.run for trial in self._study.trials}
        with self._writing():
            attempt.runs_as(run)
        # A study begun with --fresh trains its runs once more: not those it has trained itself, nor one that was stopped.
        fresh = bool(self._study.notes["fresh"]) and run not in earlier
        options = replace(self._options, fresh=fresh, load=None, run=None, minimum=0.0)
        if walks:
            return self._walked(attempt, settings, options, console)
        result = trained(settings, options, console)
        score = result["metrics"].get(self._period, {}).get(self._metric, math.nan)
        if not math.isfinite(score):
            raise DivergedError("", f"{self._period}.{self._metric} is {score}")
        return float(score)

    def _walked(self, attempt: Attempt, settings: Train, options: Options, console: "Hushed") -> float:
        """The mean score of the cycles. Raises DivergedError if one has none, Pruned if the first of them promise too little."""
        from quantamm_cli.cli.walk_forward import cycles

        scores: list[float] = []
        of = len(settings.cycles)
        for each in cycles(settings, options, console):
            score = each.outcome.scores[self._period][self._metric]
            if not math.isfinite(score):
                raise DivergedError("", f"{self._period}.{self._metric} of cycle {len(scores) + 1} is {score}")
            scores.append(score)
            with self._writing():
                poor = attempt.report(len(scores), math.fsum(scores) / len(scores))
            if poor and len(scores) < of:
                raise Pruned(f"after cycle {len(scores)} of {of} its mean is {math.fsum(scores) / len(scores):.6g}")
        return math.fsum(scores) / of

    def _hopeless(self) -> None:
        """Give up when nothing has ever worked: the next trials would fail as well."""
        first = self._study.trials[:_PATIENCE]
        if len(first) == _PATIENCE and all(trial.state == "failed" for trial in first):
            last = self._study.trials[-1]
            failure = ConfigError if last.code == ConfigError.code else DivergedError
            raise failure("study", f"the first {_PATIENCE} trials failed, so it was given up; the last: {last.reason}")

    def _interrupted(self) -> str:
        """Asked to stop outside of a training."""
        if self._attempt is not None:
            with suppress(OSError):
                self._attempt.pause()
        done = self._trials - left(self._study, self._trials)
        return f"stopped after {done} of {self._trials} trials; the same command goes on from there"

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with atomic.telling(self._outcome.place.journal, "written"):
            yield


class Pruned(Exception):  # noqa: N818 - an event, not an error
    """A trial promises less than the others did."""


class Hushed(Console):
    """What a trial may say: how far it is, warnings, and that it was stopped."""

    def __init__(self, console: Console, attempt: Attempt, done: int, bar: Bar) -> None:
        super().__init__(console.command, json=True, quiet=True)
        self._silent = True
        self._console, self._attempt, self._done, self._bar = console, attempt, done, bar

    def pause(self) -> None:
        """The trial was stopped in an orderly way; a full disk is told elsewhere."""
        with suppress(OSError):
            self._attempt.pause()

    def stopped(self, code: int, message: str) -> None:
        """The failure of a signal, told from its thread."""
        self.pause()
        self._console.stopped(code, message)

    @contextmanager
    def progress(self, total: int | None, description: str) -> Iterator[Bar]:
        """The steps of a training, on the bar of the study."""
        yield _Inner(self._bar, self._done, f"trial {self._attempt.number}, step", total)


class _Inner(Bar):
    def __init__(self, bar: Bar, done: int, text: str, total: int | None) -> None:
        self._bar, self._done, self._text, self._total = bar, done, text, total

    def update(self, done: int, text: str = "") -> None:
        self._bar.update(self._done, f"{self._text} {done}/{self._total}  {text}")
