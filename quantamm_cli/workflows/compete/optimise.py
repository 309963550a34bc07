"""The first strategy's float settings, trained on some seeds and judged on others."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from quantamm_cli.competition import statistics
from quantamm_cli.competition.code import files_of
from quantamm_cli.competition.coordinates import Coordinate, coordinates
from quantamm_cli.competition.documents import Seeds
from quantamm_cli.competition.market import MarketSettings, block
from quantamm_cli.competition.optimise import (
    Objective,
    Step,
    best_fixed,
    best_of,
    check_gradient,
    evolve,
    follow_gradient,
)
from quantamm_cli.competition.statistics import Estimate, Numbers
from quantamm_cli.competition.strategy import Strategy
from quantamm_cli.competition.sweep import changed
from quantamm_cli.config.line_up import entry_of
from quantamm_cli.config.user_files import blamed
from quantamm_cli.errors import ArgumentError
from quantamm_cli.reporting.standings import between_text
from quantamm_cli.reporting.table import Column, Table
from quantamm_cli.settings.compete import Compete, Entry
from quantamm_cli.settings.digest import plain
from quantamm_cli.settings.json_tree import Json, finite
from quantamm_cli.store.files import write_files
from quantamm_cli.workflows.compete.competition import Competition
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result, Watch
from quantamm_cli.workflows.runtime import start_jax

PLACE = 0
_NAME = "optimised"


@dataclass(frozen=True)
class Plan(Result):
    """What is trained on which seeds, and judged on which, checked."""

    settings: Compete
    coordinates: Sequence[Coordinate]
    train: list[int]
    test: list[int]

    @property
    def name(self) -> str:
        """Of the strategy."""
        return self.settings.names[PLACE]

    def to_dict(self) -> dict[str, Json]:
        return {
            "strategy": self.name,
            "settings": self.settings.identity(),
            "optimise": plain(self.settings.optimise),
        }

    def tables(self) -> Sequence[Table | str]:
        rows = [[one.name, one.start, one.low, one.high] for one in self.coordinates]
        return [
            Table.of(
                f"{self.name}: {len(self.train)} training seeds",
                ["setting", "start", "lowest", "highest"],
                rows,
            )
        ]


class TrainedSetting(NamedTuple):
    """A float setting, as it was given and as it was trained."""

    given: float
    trained: float


class Judged(NamedTuple):
    """A strategy in the trained one's place, judged on the test seeds."""

    name: str
    test: Estimate
    train: Estimate | None
    """``None``: it did not train."""
    over_best_fixed_fee: Estimate | None
    beats_best_fixed_fee: float | None
    """The share of seeds. ``None``, as above: it is the fixed fee."""

    def to_dict(self) -> dict[str, Json]:
        """What is not known is absent."""
        tree: dict[str, Json] = {"name": self.name, "test": self.test._asdict()}
        if self.train is not None:
            tree["train"] = self.train._asdict()
        if self.over_best_fixed_fee is not None:
            tree |= {
                "over_best_fixed_fee": self.over_best_fixed_fee._asdict(),
                "beats_best_fixed_fee": self.beats_best_fixed_fee,
            }
        return tree


@dataclass(frozen=True)
class Optimised(Result):
    """The trained settings, beside those that were given and the best fixed fee,
    on seeds that did not train.
    """

    strategy: str
    method: str
    """``gradient`` or ``search``."""
    parameters: dict[str, TrainedSetting]
    best_fixed_fee_bps: float
    train: Seeds
    test: Seeds
    results: tuple[Judged, ...]
    """The trained strategy, the given one, the fixed fee."""
    history: tuple[Step, ...]
    """The steps of the training, each with the edge of its seeds."""
    seconds: dict[str, float]
    files: dict[str, str]

    @property
    def document(self) -> dict[str, Json]:
        """What is written of it."""
        return {
            "strategy": self.strategy,
            "method": self.method,
            "parameters": {name: each._asdict() for name, each in self.parameters.items()},
            "best_fixed_fee_bps": self.best_fixed_fee_bps,
            "train": finite(self.train),
            "test": finite(self.test),
            "results": [each.to_dict() for each in self.results],
            "history": [{"step": step.number, "edge": step.edge} for step in self.history],
        }

    def to_dict(self) -> dict[str, Json]:
        return self.document | {"seconds": self.seconds, "files": self.files}

    def tables(self) -> Sequence[Table | str]:
        rows = [[name, each.given, each.trained] for name, each in self.parameters.items()]
        title = f"{self.strategy}, trained by {self.method} on {self.train['count']} seeds"
        heads: list[Column] = [
            f"{self.test['count']} test seeds",
            ("train edge", ".2f"),
            ("test edge", ".2f"),
        ]
        heads += [
            ("± s.e.", ".2f"),
            ("over the best fixed fee", "+.2f"),
            "95 % interval",
            ("beats it", ".0%"),
        ]
        lines = [_line(each) for each in self.results]
        return [
            Table.of(title, ["setting", "given", "trained"], rows),
            Table.of("edge in Y a seed", heads, lines),
        ]


def _line(row: Judged) -> list[float | str | None]:
    train, over = row.train and row.train.mean, row.over_best_fixed_fee
    between = between_text(None if over is None else over.record)
    return [
        row.name,
        train,
        row.test.mean,
        row.test.error,
        over and over.mean,
        between,
        row.beats_best_fixed_fee,
    ]


def plan(settings: Compete) -> Plan:
    """Raises ConfigError for what cannot be trained."""
    if settings.compat is not None:
        raise ArgumentError(
            "optimise",
            "does not go with compat=challenge, whose searches have no gradient; train without it",
        )
    strategy = Strategy.typed(settings.strategies[PLACE].strategy)
    found = coordinates(strategy, settings.optimise.parameters)
    train = block("train", settings.optimise.train_simulations, 0).tolist()
    return Plan(settings, found, train, block("test", settings.simulations, settings.seed).tolist())


def optimise(planned: Plan, fresh: bool, monitor: Monitor, watch: Watch | None = None) -> Optimised:
    """Train, choose on the training seeds, judge on test seeds against the best fixed fee."""
    watch, settings = watch or Watch(), planned.settings
    train, test, name = planned.train, planned.test, planned.name
    objective = Objective(settings, PLACE, planned.coordinates, train)
    start_jax()
    watch.lap("start")
    with blamed(files_of(settings.strategies)):
        method, steps = _trained(objective, settings, monitor)
        trained, on_train = best_of(objective, steps)
        watch.lap("train")
        fixed = _with(settings, entry_of("fixed_fee", {}, "fixed_fee"))
        fee, fixed_on_train = best_fixed(fixed, PLACE, train)
        watch.lap("fixed fees")
    rivals = {
        f"{name}, trained": (_with(settings, _trained_entry(settings, trained)), on_train),
        f"{name}, as given": (settings, None),
        f"fixed fee of {fee:g} bps": (
            _with(settings, entry_of("fixed_fee", {"fee_bps": fee}, "fixed_fee")),
            fixed_on_train,
        ),
    }
    edges = {said: _tested(one, test, fresh, monitor) for said, (one, _) in rivals.items()}
    watch.lap("test")
    if not MarketSettings.typed(settings.market).independent:
        monitor.warn(
            "all seeds are windows of the same prices: what was learnt may not last; play the "
            "result on other dates, too"
        )
    files: dict[str, str] = {}
    result = Optimised(
        strategy=name,
        method=method,
        parameters={
            one.name: TrainedSetting(one.start, trained[one.name]) for one in planned.coordinates
        },
        best_fixed_fee_bps=fee,
        train={"first": train[0], "count": len(train)},
        test={"first": test[0], "count": len(test)},
        results=_results(edges, {said: seen for said, (_, seen) in rivals.items()}),
        history=tuple(steps[:-1]),
        seconds=watch.seconds,
        files=files,
    )
    folder = Competition(rivals[f"{name}, trained"][0], monitor).place.folder
    experiment, document = f"{_NAME}.yaml", f"{_NAME}.json"
    text = json.dumps(result.document, indent=2) + "\n"
    paths = write_files(
        folder,
        {experiment: _experiment(settings, trained, result).encode(), document: text.encode()},
    )
    files |= {"experiment": paths[experiment], "result": paths[document]}
    return result


def _trained(objective: Objective, settings: Compete, monitor: Monitor) -> tuple[str, list[Step]]:
    """The steps of a training, and what it went by."""
    told = settings.optimise
    method: str = told.method
    if method == "auto":
        seen = check_gradient(objective, told.batch)
        method = "gradient" if seen.agree else "search"
        said = f"the gradient says {seen.gradient:.4g}, a finite difference {seen.difference:.4g}"
        monitor.note(
            f"{said}: {'climbing by gradient' if method == 'gradient' else 'searching without it'}"
        )
    going = (
        follow_gradient(objective, told.batch, told.steps, told.learning_rate)
        if method == "gradient"
        else evolve(objective, told.batch, told.steps, 0.3)
    )
    steps = []
    with monitor.progress("training", told.steps) as advance:
        for step in going:
            steps.append(step)
            advance(step.number, f"edge {step.edge:.4g}" if step.edge == step.edge else "")
    return method, steps


def _with(settings: Compete, entry: Entry) -> Compete:
    """The line-up with another strategy in the trained one's place."""
    line_up = list(settings.strategies)
    taken = {other.name for place, other in enumerate(line_up) if place != PLACE}
    name = entry.name if entry.name not in taken else f"{entry.name}_other"
    line_up[PLACE] = Entry(**(dict(entry) | {"name": name}))
    fields = {key: getattr(settings, key) for key in type(settings).model_fields}
    return Compete(**(fields | {"strategies": tuple(line_up), "reference": None}))


def _trained_entry(settings: Compete, trained: dict[str, float]) -> Entry:
    entry = settings.strategies[PLACE]
    return Entry(**(dict(entry) | {"strategy": changed(entry.strategy, trained)}))


def _tested(settings: Compete, seeds: Sequence[int], fresh: bool, monitor: Monitor) -> Numbers:
    competition = Competition(settings, monitor)
    with competition.held(fresh):
        edge: Numbers = competition.play(range(seeds[0], seeds[-1] + 1), "testing").outcome.edge[
            :, PLACE
        ]
    return edge


def _results(edges: dict[str, Numbers], on_train: dict[str, Numbers | None]) -> tuple[Judged, ...]:
    *_, fixed = edges.values()
    rows = []
    for name, edge in edges.items():
        before, rival = on_train[name], edge is not fixed
        over = statistics.difference(edge, fixed) if rival else None
        beats = statistics.beats(edge, fixed) if rival else None
        rows.append(
            Judged(
                name,
                statistics.mean(edge),
                None if before is None else statistics.mean(before),
                over,
                beats,
            )
        )
    return tuple(rows)


def _experiment(settings: Compete, trained: dict[str, float], result: Optimised) -> str:
    """The trained line-up as settings: ``conf=FILE``."""
    items = []
    for place, entry in enumerate(settings.strategies):
        kind = (
            f"{Path(entry.file).resolve()}:{type(entry.strategy).__name__}"
            if entry.file
            else entry.strategy.kind
        )
        strategy = plain(changed(entry.strategy, trained) if place == PLACE else entry.strategy)
        items.append(json.dumps(strategy | {"kind": kind, "name": entry.name}))
    how = f"({result.method}) on {result.train['count']} seeds from {result.train['first']} on"
    head = f"# {result.strategy} trained by qsim compete --optimise {how}.\n"
    return head + "strategies:\n" + "".join(f"  - {item}\n" for item in items)
