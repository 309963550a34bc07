"""What the trials of a study are scored by: objectives, a penalty on the gap between training and
them, and limits of other metrics.

Scores are those of stored runs: higher is better, so that a drawdown is negative. Limits are
written as tables show a metric: ``study.constraints.turnover=2`` is at most 2 a day,
``study.constraints.returns=0`` at least 0. A limit of a loss is its size.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from quantamm_cli.errors import ConfigError, DivergedError
from quantamm_cli.settings.component import REGISTER
from quantamm_cli.settings.digest import plain
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.signs import LOSSES, NEGATED
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.settings.suggestions import did_you_mean, hint, nearest
from quantamm_cli.tuning.nested import number
from quantamm_cli.tuning.objective import Objective, mean

PERIODS = ("train", "validation", "test")
Scores = Mapping[str, Mapping[str, float | None]]
"""The metrics of a cycle by period and name; ``None`` and what is missing do not exist."""
Spans = Mapping[str, tuple[int, int]]
"""First row and row after the last of a cycle's periods (``Train.periods``)."""
_OBJECTIVE, _GAP, _LIMITS = "study.objective", "study.gap_penalty", "study.constraints"


class NoScore(DivergedError):  # noqa: N818 - what is missing
    """A trial has no score: a metric does not exist, or is not finite, on a period of a cycle."""


class Target(NamedTuple):
    """A metric on a period."""

    period: str
    metric: str

    def __str__(self) -> str:
        return f"{self.period}.{self.metric}"

    def of(self, cycle: Scores) -> float:
        """Its score in a cycle; NaN if there is none."""
        score = cycle.get(self.period, {}).get(self.metric)
        return math.nan if score is None else float(score)


class Limit(NamedTuple):
    """A limit of a metric on a period, with the sign that tables show; of a loss, its size."""

    target: Target
    value: float

    @property
    def at_most(self) -> bool:
        """Whether the metric must not be above the limit; else it must not be below."""
        return self.target.metric in LOSSES | NEGATED

    def __str__(self) -> str:
        return f"{self.target.metric} {'<=' if self.at_most else '>='} {self.value:g}"

    def violation(self, cycles: Sequence[Scores]) -> float:
        """By how much cycles violate the limit, at most zero if they do not: the worst cycle of a
        loss, else their mean. Infinite if a score is not finite.
        """
        excesses = [self._excess(self.target.of(cycle)) for cycle in cycles]
        if not all(map(math.isfinite, excesses)):
            return math.inf
        return max(excesses) if self.target.metric in LOSSES else mean(excesses)

    def _excess(self, score: float) -> float:
        """By how much a stored score is worse than the limit."""
        return -score - self.value if self.at_most else self.value - score


class Reading(NamedTuple):
    """A score that trials need, and the setting that asks for it."""

    where: str
    target: Target


@dataclass(frozen=True)
class Goal:
    """The objectives of a study, all maximised, and its limits; ``goal`` makes and checks it.

    Cycles are those of a trial's walk-forward in order, or its holdout alone.
    """

    targets: tuple[Target, ...]
    objective: Objective
    gap_penalty: float = 0.0
    limits: tuple[Limit, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The objectives as PERIOD.METRIC."""
        return tuple(map(str, self.targets))

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Every score that a trial needs."""
        return tuple(self._readings())

    @property
    def components(self) -> tuple[str, ...]:
        """The metrics, as ``group/kind``, whose meanings are part of the study's identity."""
        return tuple(dict.fromkeys(f"metric/{each.target.metric}" for each in self._readings()))

    def identity(self) -> JsonObject:
        """The part of a study's identity that says what is maximised; a penalty of zero and no
        limits are left out.
        """
        tree: dict[str, Json] = {"objective": plain(self.objective.replace(of=self.names))}
        if self.gap_penalty:
            tree["gap_penalty"] = self.gap_penalty
        if self.limits:
            tree["constraints"] = {each.target.metric: each.value for each in self.limits}
        return tree

    def cycle_score(self, cycle: Scores) -> tuple[float, ...]:
        """The objectives of one cycle, less the penalty on its gap; NaN where one is not finite."""
        scores = []
        for target in self.targets:
            score = target.of(cycle)
            if self.gap_penalty:
                score -= self.gap_penalty * _gap(target, cycle)
            scores.append(score if math.isfinite(score) else math.nan)
        return tuple(scores)

    def values(self, cycles: Sequence[Scores], spans: Sequence[Spans] = ()) -> tuple[float, ...]:
        """The objectives of all cycles, less the penalty times the mean gap.

        Args:
            cycles: The scores of each cycle; one or more.
            spans: The periods of each cycle, for the reason why a score does not exist.

        Raises:
            NoScore: a score does not exist or is not finite.
        """
        self._check_scores(cycles, spans)
        values = []
        for target in self.targets:
            value = self.objective.joined([target.of(cycle) for cycle in cycles])
            if self.gap_penalty:
                value -= self.gap_penalty * mean([_gap(target, cycle) for cycle in cycles])
            values.append(value)
        return tuple(values)

    def violations(self, cycles: Sequence[Scores]) -> dict[str, float]:
        """By how much the cycles violate each limit, by metric; at most zero if they do not.

        A limit of a metric that does not exist, or is not finite, in a cycle is violated by
        infinity, as Optuna takes no NaN.
        """
        return {limit.target.metric: limit.violation(cycles) for limit in self.limits}

    def _readings(self) -> Iterator[Reading]:
        named = _OBJECTIVE if self.objective.of is not None else "metric"
        for target in self.targets:
            yield Reading(named, target)
        for target in self._in_training:
            yield Reading(_GAP, target)
        for limit in self.limits:
            yield Reading(f"{_LIMITS}.{limit.target.metric}", limit.target)

    @property
    def _in_training(self) -> tuple[Target, ...]:
        """The scores that the penalty compares with the objectives."""
        return tuple(map(_in_training, self.targets)) if self.gap_penalty else ()

    def _check_scores(self, cycles: Sequence[Scores], spans: Sequence[Spans]) -> None:
        """Raise NoScore for the first score that is not finite."""
        for index, cycle in enumerate(cycles):
            place = f" of cycle {index + 1}" * (len(cycles) > 1)
            for target in (*self.targets, *self._in_training):
                score = target.of(cycle)
                if not math.isfinite(score):
                    why = _reason(target, score, spans[index]) if spans else ""
                    raise NoScore("", f"{target}{place} is {score}{why}")


def goal(
    objective: Objective,
    gap_penalty: float,
    constraints: Mapping[str, float | None],
    settings: Train,
) -> Goal:
    """The goal of a study of some settings. A constraint that is ``None`` is none; the others are
    measured on the period of the first objective.

    Raises:
        ConfigError: a period or a metric does not exist, or a limit is not a finite number.
    """
    names = (objective.of,) if isinstance(objective.of, str) else objective.of
    targets = (_default(settings),) if names is None else _targets(names, settings)
    if not number(gap_penalty) or gap_penalty < 0:
        raise ConfigError(_GAP, f"{gap_penalty} is not a finite number of at least 0")
    trains = [target for target in targets if target.period == "train"]
    if gap_penalty and trains:
        raise ConfigError(
            _GAP,
            f"{gap_penalty:g} is for the gap between training and another period, but the "
            f"objective is {trains[0]}; take 0, or an objective on validation or test",
        )
    limits = [
        Limit(Target(targets[0].period, metric), _limit(metric, value))
        for metric, value in sorted(constraints.items())
        if value is not None
    ]
    return Goal(targets, objective, float(gap_penalty), tuple(limits))


def _default(settings: Train) -> Target:
    if isinstance(settings.split, WalkForward):
        return Target("test", settings.selection_metric)
    return Target(settings.selection_period, settings.selection_metric)


def _targets(names: Sequence[str], settings: Train) -> tuple[Target, ...]:
    if not names:
        raise ConfigError(_OBJECTIVE, "[] names nothing to maximise; expected PERIOD.METRIC")
    targets = tuple(_target(name, settings) for name in names)
    for target in targets:
        if targets.count(target) > 1:
            raise ConfigError(_OBJECTIVE, f"{target} is named twice")
    return targets


def _target(name: str, settings: Train) -> Target:
    period, dot, metric = name.partition(".")
    if not dot or period not in PERIODS:
        raise ConfigError(
            _OBJECTIVE,
            f"'{name}' is not PERIOD.METRIC, such as validation.daily_log_sharpe or "
            f"test.returns{hint(_completed(period, metric, settings))}",
        )
    if period not in settings.periods:
        raise ConfigError(_OBJECTIVE, f"'{name}': these settings have no {period} period")
    _check_metric(metric, _OBJECTIVE)
    return Target(period, metric)


def _completed(period: str, metric: str, settings: Train) -> list[str]:
    """What may be meant by a metric without a period, or by one with a misspelt period."""
    if metric:
        return [f"{near}.{metric}" for near in nearest(period, PERIODS)]
    return [f"{_default(settings).period}.{near}" for near in nearest(period, REGISTER["metric"])]


def _limit(metric: str, value: float | None) -> float:
    where = f"{_LIMITS}.{metric}"
    period, dot, name = metric.partition(".")
    if dot and period in PERIODS:
        raise ConfigError(
            where,
            f"a limit is on the period of the objective; write {_LIMITS}.{name}={value}",
        )
    _check_metric(metric, where)
    if not number(value):
        raise ConfigError(where, f"{value} is not a finite number, the limit of {metric}")
    return abs(float(value)) if metric in LOSSES else float(value)


def _check_metric(name: str, where: str) -> None:
    metrics = REGISTER["metric"]
    if name not in metrics:
        raise ConfigError(
            where,
            f"no metric is called '{name}'{did_you_mean(name, metrics)}; `qsim show metrics` "
            "lists them",
        )


def _in_training(target: Target) -> Target:
    return Target("train", target.metric)


def _gap(target: Target, cycle: Scores) -> float:
    """By how much a metric is better in training, or zero; NaN if either is not finite."""
    gap = _in_training(target).of(cycle) - target.of(cycle)
    return max(gap, 0.0) if math.isfinite(gap) else math.nan


def _reason(target: Target, score: float, spans: Spans) -> str:
    """Why a score does not exist, in brackets."""
    from quantamm_cli.metrics.undefined import reason  # with JAX, which a listing does not need

    first, last = spans[target.period]
    return f" ({reason(target.metric, score, last - first)})"
