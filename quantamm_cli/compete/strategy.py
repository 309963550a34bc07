"""The old name of ``quantamm_cli.competition.strategy``."""

from quantamm_cli.competition.strategy import Epoch, Strategy, Swap, Tick, constant_product

__all__ = ["Epoch", "Strategy", "Swap", "Tick", "constant_product"]
