"""The numbers that the precision of a run can hold."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import Settings


class Limits(NamedTuple):
    """The smallest normal and the largest number of a precision."""

    least: float
    most: float


LIMITS = {
    "float32": Limits(2.0**-126, (2 - 2.0**-23) * 2.0**127),
    "float64": Limits(2.0**-1022, (2 - 2.0**-52) * 2.0**1023),
}


def check_number(where: str, value: float, precision: str, amount: bool = False) -> None:
    """Raise ConfigError, at ``where``, for a number that overflows; of an ``amount``, which others
    are divided by, also for one that underflows.
    """
    least, most = LIMITS[precision]
    if abs(value) > most:
        raise ConfigError(
            where, f"{value:g} is beyond the largest number of precision={precision}, {most:.3g}"
        )
    if amount and abs(value) < least:
        raise ConfigError(
            where, f"{value:g} is below the smallest number of precision={precision}, {least:.3g}"
        )


def check_numbers(where: str, tree: Any, precision: str, amounts: bool = False) -> None:
    """``check_number`` for every number of settings, or of nested sequences and mappings."""
    for place, value in _numbers(where, tree):
        check_number(place, value, precision, amounts)


def _numbers(where: str, tree: Any) -> Iterator[tuple[str, float]]:
    if isinstance(tree, float):
        yield where, tree
    elif isinstance(tree, Settings):
        for name in type(tree).model_fields:
            yield from _numbers(f"{where}.{name}", getattr(tree, name))
    elif isinstance(tree, Mapping):
        for name, value in tree.items():
            yield from _numbers(f"{where}.{name}", value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _numbers(where, value)
