"""The specifications of a search space, each valid by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.digest import canonical, plain
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.tuning.nested import is_integer, label, number

When = tuple[tuple[str, tuple[Json, ...]], ...]
"""Under which choices a setting is searched: for each of these settings, one of the values; outer
choices first. Empty: wherever it exists.
"""


def holds(when: When, values: Mapping[str, Json]) -> bool:
    """Whether all conditions hold at a point, whose values are by dotted setting."""
    return all(key in values and Choices(choices).holds(values[key]) for key, choices in when)


def setting_of(name: str) -> str:
    """The dotted setting of a name in a study: ``params.width@momentum`` is ``params.width`` with a
    range that it has under ``momentum`` only.
    """
    return name.partition("@")[0]


def plain_values(values: Mapping[str, Json]) -> dict[str, Json]:
    """The values of a trial by dotted setting, from those by name in a study."""
    return {setting_of(name): value for name, value in values.items()}


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
    when: When = ()

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

    def steps(self, step: float) -> list[Json]:
        """All values at whole steps from ``low``, without the rounding of binary fractions."""
        low, width = Decimal(str(self.low)), Decimal(str(step))
        count = int((Decimal(str(self.high)) - low) / width) + 1
        values = [low + number * width for number in range(count)]
        return list(map(int if self.integer else float, values))

    def __str__(self) -> str:
        """As messages and tables have it: ``0.001 to 1 (log)``."""
        words = [*["log"] * self.log, *["whole numbers"] * bool(self.integer)]
        words += [f"by {self.step:g}"] if self.step else []
        return f"{self.low:g} to {self.high:g}" + f" ({', '.join(words)})" * bool(words)

    def to_dict(self) -> JsonObject:
        """The range as YAML has it, with every key."""
        low, high = self.ends
        return {
            "low": low,
            "high": high,
            "log": self.log,
            "step": self.step,
            "type": "int" if self.integer else "float",
            **_when_json(self.when),
        }


@dataclass(frozen=True)
class Choices:
    """Values without order."""

    values: tuple[Json, ...]
    when: When = ()

    @property
    def ends(self) -> tuple[Json, ...]:
        """All values, as each must be valid."""
        return self.values

    def holds(self, value: Any) -> bool:
        """Whether the search can reach a value."""
        return canonical(plain(value)) in map(canonical, map(plain, self.values))

    def __str__(self) -> str:
        """As messages have them: ``one of adamw, sgd``."""
        return f"one of {', '.join(map(label, self.values))}"

    def to_dict(self) -> JsonObject:
        """The choices as YAML has them."""
        return {"choices": plain(self.values), **_when_json(self.when)}


@dataclass(frozen=True)
class Declared:
    """The range that the parameter itself declares."""

    when: When = ()


Searched = Range | Choices
Spec = Searched | Declared


def _when_json(when: When) -> JsonObject:
    """The conditions, as part of what names a study; absent where there are none."""
    return {"when": {key: plain(values) for key, values in when}} if when else {}


def labels(when: When) -> list[str]:
    """The choices of conditions as texts, outer ones first."""
    return ["+".join(map(label, values)) for _, values in when]


def place(key: str, when: When) -> str:
    """Where a space has a setting: ``space.fit.choices.adamw.fit.weight_decay``."""
    pairs = zip(when, labels(when), strict=True)
    outer = [f"{other}.choices.{text}" for (other, _), text in pairs]
    return ".".join(["space", *outer, key])


def read_spec(fields: JsonObject, where: str) -> Spec:
    """One specification. Raises ConfigError: it is not valid."""
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
