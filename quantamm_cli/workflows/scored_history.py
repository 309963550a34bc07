"""Every step of a run with its scores of a metric, which are computed if training did not store
them.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from quantamm_cli.errors import DataError, QsimError, StoreError, argument
from quantamm_cli.settings.history import meaning_of
from quantamm_cli.settings.run import Train
from quantamm_cli.store.runs import Entry, Run
from quantamm_cli.store.state import read_state, step_of, write_state

if TYPE_CHECKING:
    from quantamm_cli.market import Market

MINUTELY = ("sharpe", "calmar", "sterling", "ulcer")
"""Metrics that are computed together. They need the value at every minute, which would take most of
a training's time at every step.
"""
_FILE = "scores.npz"

Columns = Mapping[str, np.ndarray]
"""Scores (entries, sets) by ``_place``."""


def scored_history(run: Run, settings: Train, metric: str) -> Sequence[Entry]:
    """The whole history of a run of these settings, with ``metric`` among its scores.

    What is missing is computed from the parameters of every step and stored beside the run.

    Raises:
        StoreError: the history is lost or altered.
        DataError: the metric is to be computed, but the prices are not those of the run.
    """
    entries = run.history()
    if _has(entries, metric):
        return entries
    columns, places = _stored(run), [_place(period, metric) for period in entries[0]["metrics"]]
    if not all(place in columns for place in places):
        columns = {**columns, **_computed(run, settings, entries, metric)}
        state = {**columns, "step": np.asarray(run.step)}
        write_state(run.folder / _FILE, run.fingerprint, state)
    return [_with(entry, row, metric, columns) for row, entry in enumerate(entries)]


def _has(entries: Sequence[Entry], metric: str) -> bool:
    return all(metric in scores for entry in entries for scores in entry["metrics"].values())


def _place(period: str, metric: str) -> str:
    """The name of a column; scores by another definition of a metric have another one."""
    meaning = meaning_of(f"metric/{metric}")
    return f"{period}/{metric}/{meaning}" if meaning > 1 else f"{period}/{metric}"


def _with(entry: Entry, row: int, metric: str, columns: Columns) -> Entry:
    """An entry with the scores of its row."""
    metrics = {
        period: {**scores, metric: columns[_place(period, metric)][row].tolist()}
        for period, scores in entry["metrics"].items()
    }
    return {**entry, "metrics": metrics}


def _stored(run: Run) -> Columns:
    """The scores beside the run; none if they are of fewer steps, or damaged."""
    path = run.folder / _FILE
    if not path.exists():
        return {}
    try:
        columns = read_state(path, run.fingerprint)
    except StoreError:
        return {}
    return columns if step_of(columns) == run.step else {}


def _computed(run: Run, settings: Train, entries: Sequence[Entry], metric: str) -> Columns:
    from quantamm_cli.store.inputs import differences
    from quantamm_cli.workflows.data import last_date, load_market
    from quantamm_cli.workflows.inputs import inputs_of

    names = MINUTELY if metric in MINUTELY else (metric,)
    have = ", ".join(sorted(set.intersection(*map(_names, entries))))
    why = f"{metric} is not in the history, which has {have}"
    try:
        market = load_market(settings, last_date(settings))
    except QsimError as failure:
        raise DataError(failure.where, f"{failure.message} ({why})") from None
    if differences(run.provenance, inputs_of(settings, market)).changes:
        raise DataError(
            str(run.path),
            f"was made from other prices than there are now, and {why}; restore the prices, or "
            f"select by one of those with {argument('by')}",
        )
    return _scores(settings, market, entries, names)


def _names(entry: Entry) -> set[str]:
    return set.intersection(*(set(scores) for scores in entry["metrics"].values()))


def _scores(
    settings: Train, market: "Market", entries: Sequence[Entry], names: tuple[str, ...]
) -> Columns:
    """The metrics of every step and set, by the program that scores a step of a training."""
    from quantamm_cli.engine.feed import feed
    from quantamm_cli.engine.objective import period_scores
    from quantamm_cli.pools.base import AbstractPool

    pool, inputs = AbstractPool.typed(settings.pool), feed(settings, market)
    columns: dict[str, list[np.ndarray]] = {}
    for entry in entries:
        params = {
            name: np.asarray(value, inputs.prices.dtype) for name, value in entry["params"].items()
        }
        for period, scores in period_scores(pool, settings.spans, names, params, inputs).items():
            for name, column in scores.items():
                columns.setdefault(_place(period, name), []).append(np.asarray(column, float))
    return {place: np.stack(rows) for place, rows in columns.items()}
