"""Several objectives: the trials that no other beats in all of them, and which of them is picked.

All objectives are maximised. Picking scales each to 0..1 over the front, so that it does not depend
on units.
"""

import math
from collections.abc import Sequence
from operator import ge, mul

from quantamm_cli.errors import ArgumentError
from quantamm_cli.settings.suggestions import did_you_mean

KNEE, WEIGHTS = "knee", "weights:"
Values = Sequence[Sequence[float]]
"""The objectives of trials, (trials, objectives), all finite."""


def front(values: Values) -> list[int]:
    """The positions, in order, of the values that none beats: none is at least as high in all
    objectives and higher in one. Equal values are all on the front.

    Raises:
        ValueError: a value is not finite.
    """
    if not all(map(math.isfinite, (number for value in values for number in value))):
        raise ValueError("values of trials are not finite")
    points = [tuple(value) for value in values]
    best: list[int] = []
    # what beats a value comes before it in this order
    for index in sorted(range(len(points)), key=points.__getitem__, reverse=True):
        if not any(_beats(points[other], points[index]) for other in best):
            best.append(index)
    return sorted(best)


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(map(ge, one, other))


def pick(values: Values, names: Sequence[str], how: str) -> int:
    """The position of the value that ``how`` names, which is on the front; the first of equals.

    Args:
        names: Of the objectives, as PERIOD.METRIC.
        how: ``knee``: the farthest above the line through both ends of the front; with more
            objectives, above the plane through their corners, where one is at its best and the
            others are at their worst. An objective: the best by it. ``weights:A=1,B=2``: the
            highest weighted sum; objectives without a weight do not count.

    Raises:
        ArgumentError: ``how`` is none of these, or there are no values.
    """
    weights = _weights(names, how)
    if not values:
        raise _refused(f"'{how}' has nothing to pick from: no trial has finished within its limits")
    best = front(values)
    columns = zip(*(values[index] for index in best), strict=True)
    scaled = zip(*map(_scaled, columns), strict=True)
    sums = [math.fsum(map(mul, weights, each)) for each in scaled]
    return best[sums.index(max(sums))]


def _scaled(column: Sequence[float]) -> list[float]:
    """Numbers from 0, the lowest, to 1, the highest; 0 if they are equal."""
    low, high = min(column), max(column)
    return [(number - low) / (high - low) if high > low else 0.0 for number in column]


def _weights(names: Sequence[str], how: str) -> list[float]:
    """The weight of each objective. The distance from the plane grows with the sum, so that all
    have the same at the knee.
    """
    if how == KNEE:
        return [1.0] * len(names)
    if not how.startswith(WEIGHTS):
        return [float(index == _objective(names, how)) for index in range(len(names))]
    weights: dict[int, float] = {}
    for part in how.removeprefix(WEIGHTS).split(","):
        name, equals, text = part.partition("=")
        if not equals:
            raise _refused(f"'{part}' of '{how}' is not NAME=WEIGHT; {_forms(names)}")
        index = _objective(names, name.strip())
        if index in weights:
            raise _refused(f"'{how}' has two weights of {names[index]}")
        weights[index] = _weight(text, how)
    if not any(weights.values()):
        raise _refused(f"'{how}' has no weight above 0")
    return [weights.get(index, 0.0) for index in range(len(names))]


def _weight(text: str, how: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not math.isfinite(weight) or weight < 0:
        raise _refused(f"'{text}' of '{how}' is not a finite number of at least 0")
    return weight


def _objective(names: Sequence[str], name: str) -> int:
    """The position of an objective, by PERIOD.METRIC, or METRIC where one only has it."""
    if name in names:
        return names.index(name)
    same = [index for index, other in enumerate(names) if other.partition(".")[2] == name]
    if len(same) == 1:
        return same[0]
    if same:
        both = " and ".join(names[index] for index in same)
        raise _refused(f"'{name}' is the metric of {both}; name one of them")
    known = [KNEE, *names, *(other.partition(".")[2] for other in names)]
    raise _refused(f"'{name}' is no objective{did_you_mean(name, known)}; {_forms(names)}")


def _forms(names: Sequence[str]) -> str:
    weights = ",".join(f"{name}=1" for name in names)
    return f"expected {KNEE}, {', '.join(names)} or {WEIGHTS}{weights}"


def _refused(message: str) -> ArgumentError:
    return ArgumentError("pick", message)
