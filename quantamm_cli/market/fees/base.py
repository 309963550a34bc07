"""The base of fee models: common settings, and a method that may return series of some of them."""

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
"""The names of series: numbers that may change in time, and the shares of the pool."""


class Fees(Component, group="fees"):
    """The cost of a trade, who receives it, and how often the arbitrageur trades."""

    paths: ClassVar[frozenset[str]] = frozenset({"file"})

    fee: Fraction = Field(0.0, description="a fraction: 0.003 is 30 bps")
    gas_cost: NonNegative = Field(0.0, description="numeraire a trade")
    arb_fee: NonNegative = Field(
        0.0, description="a fraction of the traded value, the arbitrageur's cost outside the pool"
    )
    protocol_fee_split: Share = Field(0.0, description="share of the swap fee that leaves the pool")
    noise_trader_ratio: NonNegative = Field(
        0.0, description="uninformed volume as a multiple of arbitrage volume"
    )
    arb_frequency: Count = Field(1, description="minutes between arbitrages")
    do_arb: bool = Field(True, description="false: no arbitrageur trades; trades=… still happen")
    arbitrage: Literal["exact", "pairwise"] = Field(
        "exact", description="joint optimum, or the best single pair"
    )
    executor: Executor = Field(
        "auto",
        description="compiled code (CPU only) or JAX's loops; auto: compiled where possible",
    )
    file: str | None = Field(
        None,
        description="for fees=recorded: columns unix and any of fee, gas_cost, arb_fee, lp_supply",
    )

    def read(self, market: Market) -> FeeSeries | None:
        """The series, of those in ``COLUMNS``; override it in a model whose fees change in time.

        :func:`quantamm_cli.market.load` calls it once, with the prices and series of the run.
        Where a series is NaN the settings' number holds. ``lp_supply`` has no such number and may
        not be NaN; only its growth has an effect.

        Raises:
            DataError: the data are wrong or do not fit the run.
        """
        return None

    @property
    def moves(self) -> bool:
        """Whether ``read`` returns series; known before any price is read."""
        return type(self).read is not Fees.read

    @property
    def frictionless(self) -> bool:
        """Whether every number is zero and there are no series."""
        return not self.moves and not any(getattr(self, name) for name in NUMBERS)


def read_fees(fees: Fees, market: Market) -> FeeSeries | None:
    """The series of a fee model, checked.

    Raises:
        DataError: a series has another name or length, or a value outside its range.
    """
    series = fees.read(market)
    if series is None:
        return None
    where, shape = f"fees={fees.kind}", (market.rows,)
    if not series.columns:
        raise DataError(where, f"returns no series; expected any of {', '.join(COLUMNS)}")
    for name, values in series.columns.items():
        if name not in COLUMNS:
            raise DataError(
                where,
                f"returns a series '{name}'{did_you_mean(name, COLUMNS)};"
                f" expected any of {', '.join(COLUMNS)}",
            )
        if np.shape(values) != shape:
            raise DataError(
                where,
                f"returns {name} of shape {np.shape(values)}; expected {shape}, a value a minute",
            )
        wrong = ~np.isfinite(values) if name == "lp_supply" else np.isinf(values)
        wrong[RANGES[name].outside(values)] = True
        if wrong.any():
            row = int(wrong.argmax())
            raise DataError(
                where,
                f"{name} is {values[row]:g} at {date_text(market.start + row)};"
                f" expected {RANGES[name].text}",
            )
    return series
