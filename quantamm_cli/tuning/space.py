"""What may be searched: the specifications of a space, each legal by itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.digest import canonical, plain
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.tuning.nested import FIELDS, number


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, both included. ``whole`` None: as the setting is."""

    low: float
    high: float
    log: bool = False
    step: float | None = None
    whole: bool | None = None

    @property
    def ends(self) -> tuple[Json, ...]:
        """The values that have to be legal for all to be."""
        return (int(self.low), int(self.high)) if self.whole else (self.low, self.high)

    def holds(self, value: Any) -> bool:
        """Whether the search could come to a value."""
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not self.low <= value <= self.high
        ):
            return False
        if self.whole and value != int(value):
            return False
        steps = (
            (Decimal(str(value)) - Decimal(str(self.low))) / Decimal(str(self.step))
            if self.step
            else Decimal(0)
        )
        return steps == int(steps)

    def told(self) -> JsonObject:
        """The range as YAML would have it, all said."""
        low, high = self.ends
        return {
            "low": low,
            "high": high,
            "log": self.log,
            "step": self.step,
            "type": "int" if self.whole else "float",
        }


@dataclass(frozen=True)
class Choices:
    """Values without order."""

    values: tuple[Json, ...]

    @property
    def ends(self) -> tuple[Json, ...]:
        """The values that have to be legal."""
        return self.values

    def holds(self, value: Any) -> bool:
        """Whether the search could come to a value."""
        return canonical(plain(value)) in {canonical(plain(choice)) for choice in self.values}

    def told(self) -> JsonObject:
        """The choices as YAML would have them."""
        return {"choices": plain(self.values)}


@dataclass(frozen=True)
class Declared:
    """The range that the parameter itself declares."""


Spec = Range | Choices | Declared


def read_space(tree: JsonObject) -> dict[str, Spec]:
    """The specifications of a nested space by dotted setting.

    Raises:
        ConfigError: for the first that cannot be searched.
    """
    return dict(_places(tree, ""))


def _places(node: JsonObject, place: str) -> Iterator[tuple[str, Spec]]:
    own: dict[str, Json] = {}
    for name, value in node.items():
        inner = f"{place}.{name}" if place else str(name)
        if isinstance(value, Mapping):
            yield from _places(value, inner)
        elif name in FIELDS and place:
            own[name] = value
        elif value is not None:
            near = did_you_mean(str(name), FIELDS)
            raise ConfigError(
                f"space.{inner}",
                f"{value} is neither a range such as [0.001, 1, log] nor choices{near}",
            )
    given = {name: value for name, value in own.items() if value is not None}
    if given:
        yield place, _spec(given, f"space.{place}")


def _spec(given: JsonObject, where: str) -> Spec:
    if given.get("declared"):
        return Declared()
    if "choices" in given:
        if "low" in given or "high" in given:
            raise ConfigError(
                where,
                "has choices and low or high; keep one: {choices: [...], low: null, high: "
                "null} or {choices: null}",
            )
        return Choices(_choices(given["choices"], where))
    return _range(given, where)


def _choices(values: Json, where: str) -> tuple[Json, ...]:
    if not isinstance(values, list | tuple) or not values:
        raise ConfigError(
            where, f"{values} has nothing to choose from; write {{choices: [one, two]}}"
        )
    try:
        texts = [canonical(plain(value)) for value in values]
    except ValueError:
        raise ConfigError(where, "a choice that is not finite") from None
    twice = next(
        (value for value, text in zip(values, texts, strict=True) if texts.count(text) > 1), None
    )
    if twice is not None:
        raise ConfigError(where, f"{twice} is among the choices twice")
    return tuple(values)


def _range(given: JsonObject, where: str) -> Range:
    low, high, came = _end(given, "low", where), _end(given, "high", where), given.get("step")
    step = came if number(came) else None
    log, kind = given.get("log", False), given.get("type")
    if not isinstance(log, bool):
        raise ConfigError(f"{where}.log", f"{log} is not true or false")
    if kind not in (None, "int", "float"):
        raise ConfigError(f"{where}.type", f"{kind} is not int or float")
    if low >= high:
        raise ConfigError(where, f"low ({low:g}) is not below high ({high:g})")
    if log and low <= 0:
        raise ConfigError(where, f"low ({low:g}) is not above 0, which log needs")
    if came is not None and (step is None or not 0 < step <= high - low):
        raise ConfigError(f"{where}.step", f"{came} is not a number above 0 and at most high - low")
    if step is not None and log:
        raise ConfigError(where, "log and step do not go together")
    if kind == "int" and any(
        value is not None and value != int(value) for value in (low, high, step)
    ):
        raise ConfigError(where, "low, high and step of type int are not all whole")
    return Range(low, _last(low, high, step), log, step, None if kind is None else kind == "int")


def _end(given: JsonObject, name: str, where: str) -> float:
    value = given.get(name)
    if not number(value):
        raise ConfigError(
            where,
            f"{name} is {value}, not a finite number"
            if name in given
            else f"a range without {name}",
        )
    return value


def _last(low: float, high: float, step: float | None) -> float:
    """The highest value that steps from ``low`` reach."""
    if step is None:
        return high
    first, width = Decimal(str(low)), Decimal(str(step))
    return float(first + (Decimal(str(high)) - first) // width * width)
