"""Frictions of trading with a pool. ``none``, ``flat`` and ``recorded`` have the same keys."""

from typing import ClassVar, Literal

from pydantic import Field

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import Component
from quantamm_cli.settings.types import Count, Executor, Fraction, NonNegative, Share

NUMBERS = ("fee", "gas_cost", "arb_fee", "protocol_fee_split", "noise_trader_ratio")


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

    @property
    def frictionless(self) -> bool:
        """Whether every number is zero and no series is read."""
        return self.file is None and not any(getattr(self, name) for name in NUMBERS)


class NoFees(Fees, kind="none"):
    """A pool in equilibrium at every minute."""

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        for name in NUMBERS:
            if getattr(self, name):
                raise ConfigError(
                    f"{where}.{name}", f"{getattr(self, name)} under fees=none; add fees=flat"
                )
        if self.file is not None:
            raise ConfigError(f"{where}.file", "a file under fees=none; add fees=recorded")


class FlatFees(Fees, kind="flat"):
    """Frictions that do not change in time."""

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.file is not None:
            raise ConfigError(f"{where}.file", "a file under fees=flat; add fees=recorded")


class RecordedFees(Fees, kind="recorded"):
    """Frictions and the LP supply read from a time-stamped file; the numbers here hold where it has no column or has not begun."""

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.file is None:
            raise ConfigError(
                f"{where}.file",
                "fees=recorded needs a file: fees.file=FILE, with columns unix and any of fee, gas_cost, arb_fee, lp_supply",
            )
