"""Training on resampled history."""

import numpy as np
from pydantic import Field

from quantamm_cli.market.base import Market
from quantamm_cli.market.practice import Load, Paths, Practice, as_market
from quantamm_cli.random import tags
from quantamm_cli.settings.types import Count, Natural

DAY = 1440


class MonteCarlo(Practice, kind="monte_carlo"):
    """Blocks of days of history in random order, the same for all tokens: a circular block
    bootstrap. [Politis & Romano, 1992]

    Blocks preserve dependence in time up to their length, and dependence between tokens. Only
    minutes of the training period are drawn.
    """

    scenarios: Count = Field(8, description="number of paths, each as long as the training period")
    block_days: Count = Field(5, description="length of a block, days")
    seed: Natural = Field(0, description="seed of the order of the blocks")

    def bank(self, history: Market, rows: int, load: Load) -> Paths:
        """The paths, one after the other behind history's burn-in; each continues from the last
        price of the one before.
        """
        first, block = history.burn_in, min(self.block_days * DAY, rows)
        logs = np.log(history.prices[max(first - 1, 0) : first + rows])
        # Without a burn-in no price precedes the first, whose return is then 0.
        before = logs[:1] if first == 0 else logs[:0]
        returns = np.diff(logs, axis=0, prepend=before)
        random = np.random.Generator(np.random.PCG64([self.seed, tags.MONTE_CARLO]))
        starts = random.integers(rows, size=-(-self.scenarios * rows // block))
        minutes = (starts[:, None] + np.arange(block)).ravel()[: self.scenarios * rows] % rows
        last = history.prices[max(first - 1, 0)]
        prices = last * np.exp(np.cumsum(returns[minutes], axis=0))
        return Paths(
            as_market(history, np.concatenate([history.prices[:first], prices])),
            np.arange(self.scenarios, dtype=np.int32) * rows,
        )
