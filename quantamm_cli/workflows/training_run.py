"""A training in progress: its problem, its progress, and how both are saved."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from quantamm_cli.core.params import Parameter, in_force, initial, trainable
from quantamm_cli.engine.feed import feed
from quantamm_cli.engine.objective import Aim, Weights
from quantamm_cli.errors import ConfigError
from quantamm_cli.market import Market, Practice
from quantamm_cli.market.practice import refuse_more_than_prices
from quantamm_cli.metrics import Metric
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.reporting.table import cell
from quantamm_cli.settings.json_tree import without
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.signs import shown
from quantamm_cli.store.runs import Entry, Run, Writer
from quantamm_cli.training.base import Fit
from quantamm_cli.training.fit import begin
from quantamm_cli.training.problem import Problem, Progress, Report
from quantamm_cli.training.reinitialise import drawn
from quantamm_cli.training.selection import entries_to_keep
from quantamm_cli.training.weight_averaging import Average
from quantamm_cli.training.windows import Bank, starts
from quantamm_cli.workflows.assessment import check_readable
from quantamm_cli.workflows.data import supplied_market
from quantamm_cli.workflows.provenance import provenance
from quantamm_cli.workflows.selection import scoreboard

_SAVE_SECONDS = 1.0
TRACKED = (
    "daily_log_sharpe",
    "daily_sharpe",
    "returns",
    "annualised_returns",
    "returns_over_hodl",
    "returns_over_uniform_hodl",
)
"""Metrics of every period that are scored at every step, beside those that train and select:
cheap, and enough to plot a history.
"""


class TrainingRun:
    """A run that is being trained. The thread that waits for signals may call ``save``."""

    def __init__(self, settings: Train, market: Market, writer: Writer) -> None:
        self._settings, self._writer = settings, writer
        self._provenance = provenance(settings, market)
        self.problem, self.progress, self._specs = training_problem(settings, market)
        self.entries: list[Entry] = []
        self._saved, self._saved_at = 0, time.monotonic()
        if writer.run is not None and writer.state is not None:
            self.entries = writer.run.history()
            self._keep_meanings(writer.run)
            self._saved = len(self.entries)
            self.progress = _restored(self.progress, writer.state)

    def adopt(self, run: Run) -> None:
        """Continue from the history and the state of a shorter run of these settings, and save."""
        self.entries, self.progress = run.history(), _restored(self.progress, run.state())
        self._keep_meanings(run)
        self.save("running")

    def _keep_meanings(self, run: Run) -> None:
        """Keep the ``meanings`` of a run whose history is continued: its scores are of those."""
        self._provenance = without(self._provenance, "meanings")
        if "meanings" in run.provenance:
            self._provenance["meanings"] = run.provenance["meanings"]

    @property
    def step(self) -> int:
        """The last completed step."""
        return self.progress.step - 1

    def record(self, report: Report, progress: Progress) -> None:
        """Add an entry, and save if the last save is long ago."""
        entry: Entry = {
            "step": report.step,
            "params": report.params,
            "readable": in_force(self._specs, report.params),
            "objective": report.objective,
            "metrics": report.metrics,
            "learning_rate": report.learning_rate,
            "since_improvement": report.since_improvement,
        }
        if report.redrawn is not None:
            entry["redrawn"] = report.redrawn.tolist()
        if report.undefined is not None:
            entry["undefined"] = report.undefined.tolist()
        # the fitter chooses the names of its extras
        self.entries.append({**entry, **report.extras})  # type: ignore[typeddict-item]
        # last, as it says to a save on another thread how many entries there are
        self.progress = progress
        if time.monotonic() - self._saved_at > _SAVE_SECONDS:
            self.save("running")

    def save(self, status: str) -> None:
        """Write all completed steps to disk."""
        progress = self.progress
        entries = self.entries[: progress.step]
        chosen = entries_to_keep(scoreboard(entries, self._settings.selection_metric))
        self._writer.save(
            entries[self._saved :],
            [entries[index] for index in chosen],
            _state(progress),
            status,
            self._provenance,
        )
        self._saved, self._saved_at = len(entries), time.monotonic()

    def interrupted(self) -> str:
        """Save because the command must stop; returns the message for the user."""
        if not self.entries:
            return "stopped before the first step was done; nothing to save"
        self.save("stopped")
        return (
            f"stopped; step {self.step} of run_{self._settings.fingerprint[:12]}… is saved; "
            "run the same command to resume"
        )

    def progress_text(self, report: Report) -> str:
        """The best score of the metric that selects, for the progress bar."""
        period, metric = self.problem.watched
        scores = report.metrics[period][metric]
        best = shown(metric, np.max(scores, where=np.isfinite(scores), initial=-np.inf))
        return f"{period} {metric} {cell(best, '.3f')}"


def initial_parameters(settings: Train) -> tuple[tuple[Parameter, ...], dict[str, np.ndarray]]:
    """The declared parameters, and the raw sets that training begins with.

    Raises:
        ConfigError: the parameters or the windows are not valid. Raised before prices are read.
    """
    pool, fit = AbstractPool.typed(settings.pool), Fit.typed(settings.fit)
    assets = len(settings.tokens)
    specs = pool.parameters(assets)
    if not trainable(specs):
        raise ConfigError(
            "pool", f"{pool.kind} has nothing to train; use qsim simulate, or pool=temporal"
        )
    fit.check_specs(pool.kind, specs)
    starts(fit.seed, 0, fit.batch_size, settings.split.bout_offset, fit.sampling)
    raw = initial(
        specs, settings.params, fit.parameter_sets, assets, fit.noise_scale, fit.seed, fit.init
    )
    check_readable(pool, {name: values[:1] for name, values in raw.items()}, settings)
    return specs, raw


def training_problem(
    settings: Train, market: Market
) -> tuple[Problem, Progress, tuple[Parameter, ...]]:
    """The training problem of some settings, its initial progress, and its parameters."""
    pool, fit = AbstractPool.typed(settings.pool), Fit.typed(settings.fit)
    metric = Metric.typed(settings.metric)
    specs, params = initial_parameters(settings)
    selects = settings.selection_metric
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
        watched=(settings.selection_period, selects),
        draw=partial(drawn, specs, settings.params, len(settings.tokens), fit),
        bank=_bank(settings, market),
    )
    return problem, begin(problem, params), specs


def _bank(settings: Train, market: Market) -> Bank | None:
    """The prices that training windows are cut from; ``None``: the history itself."""
    practice = Practice.typed(settings.practice)
    refuse_more_than_prices(practice, market)
    paths = practice.bank(
        market, settings.train_rows, partial(supplied_market, settings, market.burn_in)
    )
    return None if paths is None else Bank(feed(settings, paths.market), paths.first_rows)


def weights(settings: Train) -> Weights:
    """The weights of the objective; those that are zero are ``None`` and not compiled."""
    objective = settings.objective
    temperature = None
    if objective.joined == "softmin":
        temperature = jnp.asarray(objective.temperature)
    return Weights(
        turnover=_weight(Metric.typed(settings.metric).turnover_penalty),
        curvature=_weight(objective.curvature_penalty),
        temperature=temperature,
    )


def _weight(value: float) -> jax.Array | None:
    return jnp.asarray(value) if value else None


def _state(progress: Progress) -> dict[str, np.ndarray]:
    """All that the next step depends on, as arrays; ``step`` is the last completed one."""
    state: dict[str, Any] = {f"params/{name}": sets for name, sets in progress.params.items()}
    for index, leaf in enumerate(jax.tree.leaves(progress.optimiser)):
        state[f"optimiser/{index}"] = leaf
    if progress.average is not None:
        for name, value in progress.average.sums.items():
            state[f"average/{name}"] = value
        state["averaged"] = progress.average.count
    state |= {
        "objective": progress.objective,
        "redrawn": progress.redrawn,
        "step": progress.step - 1,
        "best": progress.best,
        "since_improvement": progress.since_improvement,
        "finite": progress.finite,
    }
    return {name: np.asarray(value) for name, value in state.items()}


def _restored(initial: Progress, state: Mapping[str, np.ndarray]) -> Progress:
    """Saved progress, in the structure of the run's initial progress."""
    leaves, structure = jax.tree.flatten(initial.optimiser)
    saved = [jnp.asarray(state[f"optimiser/{index}"]) for index in range(len(leaves))]
    average = None
    if "averaged" in state:
        sums = {name: state[f"average/{name}"] for name in initial.params}
        average = Average(sums, state["averaged"])
    # objective, redrawn and finite are missing in states that older versions saved
    return Progress(
        step=int(state["step"]) + 1,
        params={name: jnp.asarray(state[f"params/{name}"]) for name in initial.params},
        optimiser=jax.tree.unflatten(structure, saved),
        objective=state.get("objective", initial.objective),
        redrawn=state.get("redrawn", initial.redrawn),
        best=float(state["best"]),
        since_improvement=int(state["since_improvement"]),
        average=average,
        finite=bool(state.get("finite", True)),
    )
