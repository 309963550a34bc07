"""Training the float settings of the first strategy on some seeds, and scoring it on others."""

import json
import math
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
from quantamm_cli.config.user_files import reporting_user_errors
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
    """A checked training: what is trained, its training seeds and its test seeds."""

    settings: Compete
    coordinates: Sequence[Coordinate]
    train: list[int]
    test: list[int]

    @property
    def name(self) -> str:
        """The name of the strategy."""
        return self.settings.names[PLACE]

    def to_dict(self) -> dict[str, Json]:
        return {
            "strategy": self.name,
            "settings": self.settings.identity(),
            "optimise": plain(self.settings.optimise),
        }

    def tables(self) -> Sequence[Table | str]:
        rows = [[one.name, one.start, one.low, one.high] for one in self.coordinates]
        caption = f"{self.name}: {len(self.train)} training seeds"
        return [Table.of(caption, ["setting", "start", "lowest", "highest"], rows)]


class TrainedSetting(NamedTuple):
    """A float setting before and after training."""

    initial: float
    trained: float

    def to_dict(self) -> dict[str, Json]:
        """Both, by the names that JSON has."""
        return {"given": self.initial, "trained": self.trained}


class StrategyScore(NamedTuple):
    """A strategy in the place of the trained one, scored on the test seeds."""

    name: str
    test: Estimate
    train: Estimate | None
    """``None``: it was not trained."""
    over_best_fixed_fee: Estimate | None
    beats_best_fixed_fee: float | None
    """A share of the seeds. Both ``None``: it is the fixed fee."""

    def to_dict(self) -> dict[str, Json]:
        """What is ``None`` is left out."""
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
    """The trained settings beside the initial ones and the best fixed fee, on test seeds."""

    strategy: str
    method: str
    """``gradient`` or ``search``."""
    parameters: dict[str, TrainedSetting]
    best_fixed_fee_bps: float
    train: Seeds
    test: Seeds
    results: tuple[StrategyScore, ...]
    """The trained strategy, the initial one, the fixed fee."""
    history: tuple[Step, ...]
    """The training steps, each with the mean edge of its seeds."""
    seconds: dict[str, float]
    files: dict[str, str]

    @property
    def document(self) -> dict[str, Json]:
        """The JSON file."""
        return {
            "strategy": self.strategy,
            "method": self.method,
            "parameters": {name: each.to_dict() for name, each in self.parameters.items()},
            "best_fixed_fee_bps": self.best_fixed_fee_bps,
            "train": finite(self.train),
            "test": finite(self.test),
            "results": [each.to_dict() for each in self.results],
            "history": [{"step": step.number, "edge": step.edge} for step in self.history],
        }

    def to_dict(self) -> dict[str, Json]:
        return self.document | {"seconds": self.seconds, "files": self.files}

    def tables(self) -> Sequence[Table | str]:
        rows = [[name, each.initial, each.trained] for name, each in self.parameters.items()]
        title = f"{self.strategy}, trained by {self.method} on {self.train['count']} seeds"
        heads: list[Column] = [
            f"{self.test['count']} test seeds",
            ("train edge", ".2f"),
            ("test edge", ".2f"),
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


def _line(row: StrategyScore) -> list[float | str | None]:
    train, over = row.train and row.train.mean, row.over_best_fixed_fee
    interval = between_text(over and over.record)
    gain, beats = over and over.mean, row.beats_best_fixed_fee
    return [row.name, train, row.test.mean, row.test.error, gain, interval, beats]


def plan(settings: Compete) -> Plan:
    """Check a training. Raises ConfigError if the settings cannot be trained."""
    if settings.compat is not None:
        raise ArgumentError(
            "optimise",
            "cannot be combined with compat=challenge, whose searches have no gradient; "
            "train without it",
        )
    strategy = Strategy.typed(settings.strategies[PLACE].strategy)
    trained = coordinates(strategy, settings.optimise.parameters)
    train = block("train", settings.optimise.train_simulations, 0).tolist()
    test = block("test", settings.simulations, settings.seed).tolist()
    return Plan(settings, trained, train, test)


def optimise(planned: Plan, fresh: bool, monitor: Monitor, watch: Watch | None = None) -> Optimised:
    """Train on the training seeds, and compare with the best fixed fee on the test seeds."""
    watch, settings = watch or Watch(), planned.settings
    train, test, name = planned.train, planned.test, planned.name
    objective = Objective(settings, PLACE, planned.coordinates, train)
    start_jax()
    watch.lap("start")
    with reporting_user_errors(files_of(settings.strategies)):
        method, steps = _train(objective, settings, monitor)
        trained, on_train = best_of(objective, steps)
        watch.lap("train")
        fixed = _with(settings, entry_of("fixed_fee", {}, "fixed_fee"))
        fee, fixed_on_train = best_fixed(fixed, PLACE, train)
        watch.lap("fixed fees")
    trained_line_up = _with(settings, _trained_entry(settings, trained))
    fixed_line_up = _with(settings, entry_of("fixed_fee", {"fee_bps": fee}, "fixed_fee"))
    trained_edge = _test_edge(trained_line_up, test, fresh, monitor)
    initial_edge = _test_edge(settings, test, fresh, monitor)
    fixed_edge = _test_edge(fixed_line_up, test, fresh, monitor)
    results = (
        _strategy_score(f"{name}, trained", trained_edge, on_train, fixed_edge),
        _strategy_score(f"{name}, as given", initial_edge, None, fixed_edge),
        _strategy_score(f"fixed fee of {fee:g} bps", fixed_edge, fixed_on_train, None),
    )
    watch.lap("test")
    if not MarketSettings.typed(settings.market).independent:
        monitor.warn(
            "all seeds are windows of the same prices: the trained settings may do worse on "
            "others; play them on other dates, too"
        )
    files: dict[str, str] = {}
    parameters = {
        one.name: TrainedSetting(one.start, trained[one.name]) for one in planned.coordinates
    }
    result = Optimised(
        strategy=name,
        method=method,
        parameters=parameters,
        best_fixed_fee_bps=fee,
        train={"first": train[0], "count": len(train)},
        test={"first": test[0], "count": len(test)},
        results=results,
        history=tuple(steps[:-1]),
        seconds=watch.seconds,
        files=files,
    )
    experiment, document = f"{_NAME}.yaml", f"{_NAME}.json"
    texts = {
        experiment: _experiment(settings, trained, result).encode(),
        document: (json.dumps(result.document, indent=2) + "\n").encode(),
    }
    paths = write_files(Competition(trained_line_up, monitor).place.folder, texts)
    files |= {"experiment": paths[experiment], "result": paths[document]}
    return result


def _train(objective: Objective, settings: Compete, monitor: Monitor) -> tuple[str, list[Step]]:
    """The method of a training, and its steps."""
    options = settings.optimise
    method: str = options.method
    if method == "auto":
        measured = check_gradient(objective, options.batch)
        method = "gradient" if measured.agree else "search"
        monitor.note(
            f"the gradient is {measured.gradient:.4g}, the finite difference "
            f"{measured.difference:.4g}: training by {method}"
        )
    if method == "gradient":
        training = follow_gradient(objective, options.batch, options.steps, options.learning_rate)
    else:
        training = evolve(objective, options.batch, options.steps, 0.3)
    steps = []
    with monitor.progress("training", options.steps) as advance:
        for step in training:
            steps.append(step)
            text = "" if math.isnan(step.edge) else f"edge {step.edge:.4g}"
            advance(step.number, text)
    return method, steps


def _with(settings: Compete, entry: Entry) -> Compete:
    """The line-up with another strategy in the place of the trained one."""
    line_up = list(settings.strategies)
    name = entry.name
    if any(other.name == name for place, other in enumerate(line_up) if place != PLACE):
        name = f"{name}_other"
    line_up[PLACE] = Entry(**(dict(entry) | {"name": name}))
    fields = {key: getattr(settings, key) for key in type(settings).model_fields}
    return Compete(**(fields | {"strategies": tuple(line_up), "reference": None}))


def _trained_entry(settings: Compete, trained: dict[str, float]) -> Entry:
    entry = settings.strategies[PLACE]
    return Entry(**(dict(entry) | {"strategy": changed(entry.strategy, trained)}))


def _test_edge(settings: Compete, seeds: Sequence[int], fresh: bool, monitor: Monitor) -> Numbers:
    """Edges (s,) of the strategy in the trained one's place on the test seeds."""
    competition = Competition(settings, monitor)
    with competition.locked(fresh):
        results = competition.play(range(seeds[0], seeds[-1] + 1), "testing")
    edge: Numbers = results.outcome.edge[:, PLACE]
    return edge


def _strategy_score(
    name: str, edge: Numbers, on_train: Numbers | None, fixed: Numbers | None
) -> StrategyScore:
    """Edges (s,) on the test seeds, compared with ``fixed``; ``None``: they are the fixed fee's."""
    train = None if on_train is None else statistics.mean(on_train)
    if fixed is None:
        return StrategyScore(name, statistics.mean(edge), train, None, None)
    over, beats = statistics.difference(edge, fixed), statistics.beats(edge, fixed)
    return StrategyScore(name, statistics.mean(edge), train, over, beats)


def _experiment(settings: Compete, trained: dict[str, float], result: Optimised) -> str:
    """The trained line-up as settings: ``conf=FILE``."""
    lines = []
    for place, entry in enumerate(settings.strategies):
        strategy, kind = entry.strategy, entry.strategy.kind
        if entry.file:
            kind = f"{Path(entry.file).resolve()}:{type(strategy).__name__}"
        if place == PLACE:
            strategy = changed(strategy, trained)
        item = json.dumps(plain(strategy) | {"kind": kind, "name": entry.name})
        lines.append(f"  - {item}\n")
    how = f"({result.method}) on {result.train['count']} seeds from {result.train['first']} on"
    head = f"# {result.strategy} trained by qsim compete --optimise {how}.\n"
    return head + "strategies:\n" + "".join(lines)
