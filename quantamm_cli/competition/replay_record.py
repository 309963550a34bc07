"""What a replay shows: one seed step by step."""

from dataclasses import dataclass
from typing import NamedTuple

from quantamm_cli.competition.statistics import Numbers


class Fill(NamedTuple):
    """One pool's part of one trade."""

    step: int
    kind: str
    """arbitrage or order"""
    pool: str
    side: str
    """buy X or sell X: what the trader does"""
    paid: float
    got: float
    edge: float
    """Y, at the fair price"""


@dataclass(frozen=True)
class Replay:
    """Steps ``first`` to ``last`` of a seed, with the values at the end of each; a pools: N
    strategies, then the normaliser.
    """

    seed: int
    first: int
    names: tuple[str, ...]
    price: Numbers
    """``(t,)``"""
    reserves: Numbers
    """``(t, a, 2)`` before capital moves at the end of an epoch"""
    bid: Numbers
    """``(t, a)`` Y per X that a small seller gets; NaN of no quote"""
    ask: Numbers
    """``(t, a)`` Y per X that a small buyer pays"""
    edge: Numbers
    """``(t, a)`` sum since the first step of the simulation"""
    weight: Numbers
    """``(t, N)`` shares of capital"""
    states: tuple[dict[str, Numbers], ...]
    """Each strategy's state: numbers ``(t, …)`` by name"""
    fills: tuple[Fill, ...]

    @property
    def steps(self) -> range:
        """The numbers of the steps."""
        return range(self.first, self.first + len(self.price))

    @property
    def by_pool(self) -> dict[str, list[Fill]]:
        """Fills by pool."""
        return {name: [fill for fill in self.fills if fill.pool == name] for name in self.names}
