"""Training on prices that stand still but for one step."""

import numpy as np
from pydantic import Field

from quantamm_cli.market.base import Market
from quantamm_cli.market.practice import Load, Paths, Practice, as_market
from quantamm_cli.random import tags
from quantamm_cli.settings.types import Count, Natural, Positive


class Step(Practice, kind="step"):
    """In each path every token's price steps up or down once, at any minute;
    what a rule makes of it is its step response.
    """

    scenarios: Count = Field(8, description="paths, each as long as what trains")
    size: Positive = Field(
        0.1, description="a step up multiplies a price by one plus this, a step down divides it"
    )
    seed: Natural = Field(0, description="of minutes and directions")

    def bank(self, history: Market, rows: int, load: Load) -> Paths:
        assets = history.prices.shape[1]
        random = np.random.Generator(np.random.PCG64([self.seed, tags.STEP_RESPONSES]))
        when = (
            random.integers(1, rows, size=(self.scenarios, assets))
            + rows * np.arange(self.scenarios)[:, None]
        )
        steps = np.zeros((self.scenarios * rows, assets))
        steps[when, np.arange(assets)] = random.choice([-1.0, 1.0], size=when.shape) * np.log1p(
            self.size
        )
        level = history.prices[history.burn_in]
        still = np.broadcast_to(level, (history.burn_in, assets))
        made = level * np.exp(np.cumsum(steps, axis=0))
        return Paths(
            as_market(history, np.concatenate([still, made])),
            np.arange(self.scenarios, dtype=np.int32) * rows,
        )
