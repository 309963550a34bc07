"""What all fee models have in common: the same keys, and a method that may
make some of them series.
"""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from quantamm_cli.errors import DataError
from quantamm_cli.market.base import FeeSeries, Market
from quantamm_cli.market.series import RANGES
from quantamm_cli.settings.component import Component
from quantamm_cli.settings.suggestions import did_you_mean
from quantamm_cli.settings.types import Count, Executor, Fraction, NonNegative, Share, date_text

NUMBERS = ("fee", "gas_cost", "arb_fee", "protocol_fee_split", "noise_trader_ratio")
COLUMNS = ("fee", "gas_cost", "arb_fee", "lp_supply")
"""The names of series: numbers that may move, and the shares of the pool."""


class Fees(Component, group="fees"):
    """What a trade costs, who gets it, and how often the arbitrageur comes."""

    paths: ClassVar[frozenset[str]] = frozenset({"file"})

    fee: Fraction = Field(0.0, description="a fraction: 0.003 is 30 bps")
    gas_cost: NonNegative = Field(0.0, description="numeraire a trade")
    arb_fee: NonNegative = Field(
        0.0, description="a fraction of the traded value, paid by the arbitrageur elsewhere"
    )
    protocol_fee_split: Share = Field(0.0, description="share of the swap fee that leaves the pool")
    noise_trader_ratio: NonNegative = Field(
        0.0, description="uninformed volume as a multiple of arbitrage volume"
    )
    arb_frequency: Count = Field(1, description="minutes between arbitrages")
    do_arb: bool = Field(
        True, description="false: no arbitrageur comes; given trades happen all the same"
    )
    arbitrage: Literal["exact", "pairwise"] = Field(
        "exact", description="joint optimum, or the best single pair"
    )
    executor: Executor = Field(
        "auto",
        description="compiled code (CPU only) or JAX's loops; auto: compiled where it can be",
    )
    file: str | None = Field(
        None,
        description="for fees=recorded: columns unix and any of fee, gas_cost, arb_fee, lp_supply",
    )

    def read(self, market: Market) -> FeeSeries | None:
        """Those of ``COLUMNS`` that change from minute to minute;
        a kind that has any overrides this.

        Called once, by :func:`quantamm_cli.market.load`, with the prices and series of the run.
        Where a series is NaN the number of the settings holds; ``lp_supply`` has none, and of it
        only the growth counts.

        Raises:
            DataError: what is read is wrong or does not fit the run.
        """
        return None

    @property
    def moves(self) -> bool:
        """Whether it gives series; known before any price is read."""
        return type(self).read is not Fees.read

    @property
    def frictionless(self) -> bool:
        """Whether every number is zero and there are no series."""
        return not self.moves and not any(getattr(self, name) for name in NUMBERS)


def read_fees(fees: Fees, market: Market) -> FeeSeries | None:
    """The series of a fee model, checked.

    Raises:
        DataError: one of another name or length, or with a number that it may not hold.
    """
    found = fees.read(market)
    if found is None:
        return None
    where, shape = f"fees={fees.kind}", (market.rows,)
    for name, values in found.columns.items():
        if name not in COLUMNS:
            raise DataError(
                where,
                f"gives a series '{name}'{did_you_mean(name, COLUMNS)};"
                f" expected any of {', '.join(COLUMNS)}",
            )
        if np.shape(values) != shape:
            raise DataError(
                where,
                f"gives {name} of shape {np.shape(values)}; expected {shape}, a value a minute",
            )
        wrong = ~np.isfinite(values) if name == "lp_supply" else np.isinf(values)
        wrong[RANGES[name].outside(values)] = True
        if wrong.any():
            row = int(wrong.argmax())
            raise DataError(
                where,
                f"gives {name} of {values[row]:g} at {date_text(market.start + row)};"
                f" expected {RANGES[name].said}",
            )
    return found
