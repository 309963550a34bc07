"""Numbers in the format of the contracts: whole multiples of 10^-18, as decimal text."""

import json
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path

from quantamm_cli.store import atomic

ONE = 10**18
_DIGITS = 400
"""Enough for every float, the largest of which has 309 digits before the point."""


def bd18(value: float) -> str:
    """``value`` times 10^18 as a whole number, half to even.

    A float stands for the shortest decimal that is read as it: 0.1 is 100000000000000000, while
    the exact value of the float would end in …006. Raises ValueError for a number that is not
    finite.
    """
    return str(_units(value))


def bd18_shares(values: Sequence[float]) -> list[str]:
    """Shares that sum to exactly one: the largest takes the remainder of rounding."""
    units = list(map(_units, values))
    largest = max(range(len(units)), key=units.__getitem__)
    units[largest] += ONE - sum(units)
    return list(map(str, units))


def _units(value: float) -> int:
    number = Decimal(repr(float(value)))
    if not number.is_finite():
        raise ValueError(f"{value} has no decimal digits")
    with localcontext(prec=_DIGITS):
        return int((number * ONE).to_integral_value(ROUND_HALF_EVEN))


def write_export(folder: Path, tree: Mapping[str, object]) -> Path:
    """Replaces ``export.json`` in a run's folder; returns its path. Raises StoreError."""
    atomic.make_folder(folder)
    path = folder / "export.json"
    atomic.write_text(path, json.dumps(tree, indent=2, allow_nan=False) + "\n")
    return path
