"""A training in progress: its problem, what it has reached, and how that is kept."""

import time
from collections.abc import Mapping
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from quantamm_cli.core.params import Parameter, initial, readable, trainable
from quantamm_cli.engine.feed import feed
from quantamm_cli.engine.objective import Aim, Weights
from quantamm_cli.errors import ConfigError
from quantamm_cli.market import Market, Practice
from quantamm_cli.market.practice import refuse_more_than_prices
from quantamm_cli.metrics import Metric
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.run import Train
from quantamm_cli.store.runs import Entry, Run, Writer
from quantamm_cli.training.base import Fit
from quantamm_cli.training.fit import begin
from quantamm_cli.training.problem import Problem, Progress, Report
from quantamm_cli.training.reinitialise import drawn
from quantamm_cli.training.selection import entries_to_keep
from quantamm_cli.training.weight_averaging import Average
from quantamm_cli.training.windows import Bank, starts
from quantamm_cli.workflows.data import supplied_market
from quantamm_cli.workflows.provenance import provenance
from quantamm_cli.workflows.selection import scoreboard, selection_metric

_SAVE_SECONDS = 1.0
TRACKED = (
    "daily_log_sharpe",
    "daily_sharpe",
    "returns",
    "annualised_returns",
    "returns_over_hodl",
    "returns_over_uniform_hodl",
)
"""Metrics of every period at every step, besides those that train and select: cheap,
and enough to draw a history.
"""


class TrainingRun:
    """One run being trained. ``save`` may be called from the thread that waits for signals."""

    def __init__(self, settings: Train, market: Market, writer: Writer) -> None:
        self._settings, self._writer = settings, writer
        self._provenance = provenance(settings, market)
        self.problem, self.progress, self._specs = posed(settings, market)
        self.entries: list[Entry] = []
        self._saved, self._when = 0, time.monotonic()
        if writer.run is not None and writer.state is not None:
            self.entries = writer.run.history()
            self._keep_meanings(writer.run)
            self._saved = len(self.entries)
            self.progress = _restored(self.progress, writer.state)

    def adopt(self, run: Run) -> None:
        """Take over the history and the state of a shorter run of the same settings, durably."""
        self.entries, self.progress = run.history(), _restored(self.progress, run.state())
        self._keep_meanings(run)
        self.save("running")

    def _keep_meanings(self, run: Run) -> None:
        """Scores of another meaning are in the history already: the run
        stays marked by the oldest.
        """
        self._provenance = {
            **{key: value for key, value in self._provenance.items() if key != "meanings"},
            **{key: value for key, value in run.provenance.items() if key == "meanings"},
        }

    @property
    def step(self) -> int:
        """The last step done."""
        return self.progress.step - 1

    def record(self, report: Report, progress: Progress) -> None:
        """Keep an entry, and save now and then."""
        entry: Entry = {
            "step": report.step,
            "params": report.params,
            "readable": readable(self._specs, report.params),
            "objective": report.objective,
            "metrics": report.metrics,
            "learning_rate": report.learning_rate,
            "since_improvement": report.since_improvement,
        }
        if report.redrawn is not None:
            entry["redrawn"] = report.redrawn.tolist()
        # under names of the fitter's own
        self.entries.append({**entry, **report.extras})  # type: ignore[typeddict-item]
        self.progress = (
            progress  # from here on the entry counts, also for a save from another thread
        )
        if time.monotonic() - self._when > _SAVE_SECONDS:
            self.save("running")

    def save(self, status: str) -> None:
        """Make everything so far durable."""
        progress = self.progress
        entries = self.entries[: progress.step]
        kept = entries_to_keep(scoreboard(entries, selection_metric(self._settings)))
        self._writer.save(
            entries[self._saved :],
            [entries[index] for index in kept],
            _state(progress),
            status,
            self._provenance,
        )
        self._saved, self._when = len(entries), time.monotonic()

    def interrupted(self) -> str:
        """Save because we were asked to stop; what to tell the user."""
        if not self.entries:
            return "stopped before the first step was done; nothing to save"
        self.save("stopped")
        return (
            f"stopped; step {self.step} of run_{self._settings.fingerprint[:12]}… is saved; the "
            "same command goes on from there"
        )

    def said(self, report: Report) -> str:
        """The metric that selects, for the progress bar."""
        period, metric = self.problem.watched
        scores = report.metrics[period][metric]
        return f"{period} {metric} {np.max(scores, where=np.isfinite(scores), initial=-np.inf):.3f}"


def opening(settings: Train) -> tuple[tuple[Parameter, ...], dict[str, np.ndarray]]:
    """The declared parameters and the raw ones to begin with.

    Raises:
        ConfigError: for all that is wrong about them and about the windows,
            before any price is read.
    """
    pool, fit = AbstractPool.typed(settings.pool), Fit.typed(settings.fit)
    assets = len(settings.tokens)
    specs = pool.parameters(assets)
    if not trainable(specs):
        raise ConfigError(
            "pool", f"{pool.kind} has nothing to train; use qsim simulate, or pool=temporal"
        )
    starts(fit.seed, 0, fit.batch_size, settings.split.bout_offset, fit.sampling)
    raw = initial(
        specs, settings.params, fit.parameter_sets, assets, fit.noise_scale, fit.seed, fit.init
    )
    pool.check_parameters(readable(specs, {name: values[:1] for name, values in raw.items()}))
    return specs, raw


def posed(settings: Train, market: Market) -> tuple[Problem, Progress, tuple[Parameter, ...]]:
    """The typed settings as a training problem, its beginning, and what its parameters are."""
    pool, fit = AbstractPool.typed(settings.pool), Fit.typed(settings.fit)
    metric = Metric.typed(settings.metric)
    specs, params = opening(settings)
    selects = selection_metric(settings)
    problem = Problem(
        pool=pool,
        feed=feed(settings, market),
        fit=fit,
        aim=Aim(
            metric.kind,
            settings.window_rows,
            settings.objective.parts(settings.window_rows),
            settings.objective.joined,
            trainable(specs),
        ),
        weights=weights(settings),
        bout_offset=settings.split.bout_offset,
        spans=settings.spans,
        tracked=tuple(dict.fromkeys((metric.kind, selects, *TRACKED))),
        watched=("validation" if "validation" in settings.periods else "train", selects),
        draw=partial(drawn, specs, settings.params, len(settings.tokens), fit),
        bank=_bank(settings, market),
    )
    return problem, begin(problem, params), specs


def _bank(settings: Train, market: Market) -> Bank | None:
    """What training windows are cut from, if not from history."""
    practice = Practice.typed(settings.practice)
    refuse_more_than_prices(practice, market)
    paths = practice.bank(
        market, settings.train_rows, partial(supplied_market, settings, market.burn_in)
    )
    return None if paths is None else Bank(feed(settings, paths.market), paths.first_rows)


def weights(settings: Train) -> Weights:
    """The numbers of the objective; what is zero is left out of the program."""
    told, turnover = settings.objective, Metric.typed(settings.metric).turnover_penalty
    return Weights(
        turnover=jnp.asarray(turnover) if turnover else None,
        curvature=jnp.asarray(told.curvature_penalty) if told.curvature_penalty else None,
        temperature=jnp.asarray(told.temperature) if told.joined == "softmin" else None,
    )


def _state(progress: Progress) -> dict[str, np.ndarray]:
    """What the next step depends on, as arrays; ``step`` is the last one done."""
    arrays = {f"params/{name}": np.asarray(value) for name, value in progress.params.items()}
    arrays |= {
        f"optimiser/{index}": np.asarray(leaf)
        for index, leaf in enumerate(jax.tree.leaves(progress.optimiser))
    }
    if progress.average is not None:
        arrays |= {f"average/{name}": value for name, value in progress.average.sums.items()} | {
            "averaged": progress.average.count
        }
    arrays |= {"objective": progress.objective, "redrawn": progress.redrawn}
    numbers = {
        "step": progress.step - 1,
        "best": progress.best,
        "since_improvement": progress.since_improvement,
    }
    numbers["finite"] = progress.finite
    return arrays | {name: np.asarray(value) for name, value in numbers.items()}


def _restored(opening: Progress, state: Mapping[str, np.ndarray]) -> Progress:
    """Progress as it was saved, in the shape of the run's beginning."""
    leaves, shape = jax.tree.flatten(opening.optimiser)
    average = None
    if "averaged" in state:
        average = Average(
            {name: state[f"average/{name}"] for name in opening.params}, state["averaged"]
        )
    return Progress(
        step=int(state["step"]) + 1,
        params={name: jnp.asarray(state[f"params/{name}"]) for name in opening.params},
        optimiser=jax.tree.unflatten(
            shape, [jnp.asarray(state[f"optimiser/{index}"]) for index in range(len(leaves))]
        ),
        objective=state.get(
            "objective", opening.objective
        ),  # absent, as is the next, from what was saved before sets were drawn anew
        redrawn=state.get("redrawn", opening.redrawn),
        best=float(state["best"]),
        since_improvement=int(state["since_improvement"]),
        average=average,
        finite=bool(state.get("finite", True)),
    )
