"""Training on constant prices with one step."""

import numpy as np
from pydantic import Field

from quantamm_cli.market.base import Market
from quantamm_cli.market.practice import Load, Paths, Practice, as_market
from quantamm_cli.random import tags
from quantamm_cli.settings.types import Count, Natural, Positive


class Step(Practice, kind="step"):
    """In each path every token's price steps up or down once, at a random minute, and is constant
    otherwise. A rule's reaction is its step response.
    """

    scenarios: Count = Field(8, description="number of paths, each as long as the training period")
    size: Positive = Field(
        0.1, description="a step up multiplies a price by 1 + size, a step down divides it by that"
    )
    seed: Natural = Field(0, description="seed of minutes and directions")

    def bank(self, history: Market, rows: int, load: Load) -> Paths:
        assets = history.prices.shape[1]
        random = np.random.Generator(np.random.PCG64([self.seed, tags.STEP_RESPONSES]))
        first_rows = rows * np.arange(self.scenarios)[:, None]
        when = random.integers(1, rows, size=(self.scenarios, assets)) + first_rows
        directions = random.choice([-1.0, 1.0], size=when.shape)
        steps = np.zeros((self.scenarios * rows, assets))
        steps[when, np.arange(assets)] = directions * np.log1p(self.size)
        level = history.prices[history.burn_in]
        constant = np.broadcast_to(level, (history.burn_in, assets))
        prices = level * np.exp(np.cumsum(steps, axis=0))
        return Paths(
            as_market(history, np.concatenate([constant, prices])),
            np.arange(self.scenarios, dtype=np.int32) * rows,
        )
