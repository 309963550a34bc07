"""The old name of ``quantamm_cli.competition.strategy``."""

from quantamm_cli.competition.strategy import (
    Epoch,
    Scalar,
    State,
    Strategy,
    Swap,
    Tick,
    constant_product,
    within,
)

__all__ = ["Epoch", "Scalar", "State", "Strategy", "Swap", "Tick", "constant_product", "within"]
