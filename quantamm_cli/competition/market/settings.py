"""Settings of a competition's market: numbers, or ranges from which each simulation draws."""

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field

from quantamm_cli.settings.compete import Played
from quantamm_cli.settings.component import Settings

if TYPE_CHECKING:
    from quantamm_cli.competition.types import Market

Integers = NDArray[np.int64]
Span = float | tuple[float, float]


def _ordered(span: Span) -> Span:
    if isinstance(span, tuple) and span[0] > span[1]:
        raise ValueError(f"{span_text(span)}: a range begins at its lower end")
    return span


def _within(span: Span, least: float, most: float) -> Span:
    low, high = ends(_ordered(span))
    if low < least or high > most:
        raise ValueError(f"{span_text(span)} is not within [{least:g}, {most:g}]")
    return span


def ends(span: Span) -> tuple[float, float]:
    """The lowest and the highest value, which are equal for a number."""
    return span if isinstance(span, tuple) else (span, span)


def span_text(span: Span) -> str:
    """A number or a range as in settings."""
    return f"[{span[0]:g}, {span[1]:g}]" if isinstance(span, tuple) else f"{span:g}"


def _fee(span: Span) -> Span:
    if isinstance(span, tuple) and not (span[0].is_integer() and span[1].is_integer()):
        raise ValueError(
            f"{span_text(span)}: fees are drawn in whole basis points; give a range of integers, "
            "or one number"
        )
    return _within(span, 0.0, 9999.0)


Sigma = Annotated[Span, AfterValidator(lambda span: _within(span, 0.0, 1.0))]
Arrival = Annotated[Span, AfterValidator(lambda span: _within(span, 0.0, 100.0))]
Size = Annotated[Span, AfterValidator(lambda span: _within(span, 1e-6, 1e12))]
Fee = Annotated[Span, AfterValidator(_fee)]
Liquidity = Annotated[Span, AfterValidator(lambda span: _within(span, 1e-6, 1e6))]


class MarketSettings(Played):
    """The retail orders, and the normaliser: the pool that is in every market. A number, or a range
    from which each simulation draws.
    """

    arrival: Arrival = Field((0.4, 1.2), description="mean number of retail orders a step")
    mean_size: Size = Field((12.0, 28.0), description="mean size of an order, in Y; lognormal")
    normaliser_fee: Fee = Field((30.0, 80.0), description="basis points, drawn as an integer")
    normaliser_liquidity: Liquidity = Field(
        (0.4, 2.0), description="multiple of an entrant's reserves"
    )

    independent: ClassVar[bool] = True
    """Whether different seeds are independent."""

    @abstractmethod
    def make(self, seeds: Integers, steps: int) -> "Market":
        """Make the markets of these seeds."""

    def notes(self) -> list[str]:
        """Lines to show before the competition, such as the data of a history."""
        return []


class Regime(Settings):
    """A period with other rates; a rate that is not given is the market's."""

    share: float = Field(
        gt=0, description="share of all steps, relative to those of the other regimes"
    )
    mean_steps: float | None = Field(
        None, ge=1, description="mean length of a spell; null: whole simulations"
    )
    sigma: Sigma | None = Field(None, description="volatility a step")
    arrival: Arrival | None = Field(None, description="retail orders a step")
    mean_size: Size | None = Field(None, description="Y")
