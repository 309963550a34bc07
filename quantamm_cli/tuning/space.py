"""The specifications of a search space, each valid by itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.digest import canonical, plain
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.tuning.nested import FIELDS, is_integer, number


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, both included. ``integer`` None: as the type of the setting
    says.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None
    integer: bool | None = None

    @property
    def ends(self) -> tuple[Json, ...]:
        """Both ends; if they are valid, all values are."""
        return (int(self.low), int(self.high)) if self.integer else (self.low, self.high)

    def holds(self, value: Any) -> bool:
        """Whether the search can reach a value."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if not self.low <= value <= self.high or (self.integer and value != int(value)):
            return False
        if not self.step:
            return True
        steps = (Decimal(str(value)) - Decimal(str(self.low))) / Decimal(str(self.step))
        return steps == int(steps)

    def to_dict(self) -> JsonObject:
        """The range as YAML has it, with every key."""
        low, high = self.ends
        return {
            "low": low,
            "high": high,
            "log": self.log,
            "step": self.step,
            "type": "int" if self.integer else "float",
        }


@dataclass(frozen=True)
class Choices:
    """Values without order."""

    values: tuple[Json, ...]

    @property
    def ends(self) -> tuple[Json, ...]:
        """All values, as each must be valid."""
        return self.values

    def holds(self, value: Any) -> bool:
        """Whether the search can reach a value."""
        return canonical(plain(value)) in map(canonical, map(plain, self.values))

    def to_dict(self) -> JsonObject:
        """The choices as YAML has them."""
        return {"choices": plain(self.values)}


@dataclass(frozen=True)
class Declared:
    """The range that the parameter itself declares."""


Spec = Range | Choices | Declared


def read_space(tree: JsonObject) -> dict[str, Spec]:
    """The specifications of a nested space, by dotted setting.

    Raises:
        ConfigError: a specification is not valid.
    """
    return dict(_places(tree, ""))


def _places(node: JsonObject, place: str) -> Iterator[tuple[str, Spec]]:
    fields: dict[str, Json] = {}
    for name, value in node.items():
        inner = f"{place}.{name}" if place else str(name)
        if isinstance(value, Mapping):
            yield from _places(value, inner)
        elif name in FIELDS and place:
            if value is not None:
                fields[name] = value
        elif value is not None:
            near = did_you_mean(str(name), FIELDS)
            raise ConfigError(
                f"space.{inner}",
                f"{value} is neither a range such as [0.001, 1, log] nor choices{near}",
            )
    if fields:
        yield place, _spec(fields, f"space.{place}")


def _spec(fields: JsonObject, where: str) -> Spec:
    if fields.get("declared"):
        return Declared()
    if "choices" in fields:
        if "low" in fields or "high" in fields:
            raise ConfigError(
                where,
                "has choices and low or high; keep one: {choices: [...], low: null, high: "
                "null} or {choices: null}",
            )
        return Choices(_choices(fields["choices"], where))
    return _range(fields, where)


def _choices(values: Json, where: str) -> tuple[Json, ...]:
    if not isinstance(values, list | tuple) or not values:
        raise ConfigError(
            where, f"{values} has nothing to choose from; write {{choices: [one, two]}}"
        )
    try:
        texts = [canonical(plain(value)) for value in values]
    except ValueError:
        raise ConfigError(where, "has a choice that is not finite") from None
    for value, text in zip(values, texts, strict=True):
        if texts.count(text) > 1:
            raise ConfigError(where, f"{value} is among the choices twice")
    return tuple(values)


def _range(fields: JsonObject, where: str) -> Range:
    low, high, value = _end(fields, "low", where), _end(fields, "high", where), fields.get("step")
    step = value if number(value) else None
    log, kind = fields.get("log", False), fields.get("type")
    if not isinstance(log, bool):
        raise ConfigError(f"{where}.log", f"{log} is not true or false")
    if kind not in (None, "int", "float"):
        raise ConfigError(f"{where}.type", f"{kind} is not int or float")
    if low >= high:
        raise ConfigError(where, f"low ({low:g}) is not below high ({high:g})")
    if log and low <= 0:
        raise ConfigError(where, f"low ({low:g}) is not above 0, which log needs")
    if value is not None and (step is None or not 0 < step <= high - low):
        raise ConfigError(
            f"{where}.step", f"{value} is not a number above 0 and at most high - low"
        )
    if step is not None and log:
        raise ConfigError(where, "log and step cannot be combined; keep one")
    if kind == "int" and not all(map(is_integer, (low, high, step or 0))):
        raise ConfigError(where, "low, high and step of type int are not all whole")
    return Range(low, _last(low, high, step), log, step, None if kind is None else kind == "int")


def _end(fields: JsonObject, name: str, where: str) -> float:
    if name not in fields:
        raise ConfigError(where, f"is a range without {name}; give both low and high")
    value = fields[name]
    if not number(value):
        raise ConfigError(where, f"{name} is {value}, not a finite number")
    return value


def _last(low: float, high: float, step: float | None) -> float:
    """The highest value that steps from ``low`` reach."""
    if step is None:
        return high
    first, width = Decimal(str(low)), Decimal(str(step))
    return float(first + (Decimal(str(high)) - first) // width * width)
