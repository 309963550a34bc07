"""Training on paths that might have been."""

import numpy as np
from pydantic import Field

from quantamm_cli.market.base import Market
from quantamm_cli.market.practice import Load, Paths, Practice, as_market
from quantamm_cli.random import tags
from quantamm_cli.settings.types import Count, Natural

DAY = 1440


class MonteCarlo(Practice, kind="monte_carlo"):
    """Blocks of days of history in random order, all tokens together.

    Blocks keep what minutes and days have in common with their neighbours, tokens what they have
    with each other. [circular block bootstrap: Politis & Romano, 1992] Only minutes that train are
    drawn from.
    """

    scenarios: Count = Field(8, description="paths, each as long as what trains")
    block_days: Count = Field(5, description="days of history that stay together")
    seed: Natural = Field(0, description="of the order of the blocks")

    def bank(self, history: Market, rows: int, load: Load) -> Paths:
        """One long path behind history's own burn-in: where a path ends,
        the next goes on from its last price.
        """
        first, block = history.burn_in, min(self.block_days * DAY, rows)
        logs = np.log(history.prices[max(first - 1, 0) : first + rows])
        earned = np.diff(
            logs, axis=0, prepend=logs[:1] if first == 0 else np.empty((0, logs.shape[1]))
        )
        random = np.random.Generator(np.random.PCG64([self.seed, tags.MONTE_CARLO]))
        starts = random.integers(rows, size=-(-self.scenarios * rows // block))
        minutes = (starts[:, None] + np.arange(block)).ravel()[: self.scenarios * rows] % rows
        last = history.prices[max(first - 1, 0)]
        made = last * np.exp(np.cumsum(earned[minutes], axis=0))
        return Paths(
            as_market(history, np.concatenate([history.prices[:first], made])),
            np.arange(self.scenarios, dtype=np.int32) * rows,
        )
