"""A hill whose top is known, for fitters to climb."""

from functools import cache, partial
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array
from kinds import DAY, build, components, world

from quantamm_cli.core.bijectors import Identity
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import Feed, Params, Path
from quantamm_cli.engine.objective import Aim, Weights
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.component import REGISTER
from quantamm_cli.training.base import Fit
from quantamm_cli.training.fit import begin, fit
from quantamm_cli.training.gradient import GradientFit
from quantamm_cli.training.problem import Problem, Report
from quantamm_cli.training.reinitialise import drawn

TOP = np.array([0.3, -0.2])
STEPS = 60
AIM = Aim("returns", 2 * DAY, trains=frozenset({"place", "unheard"}))
FROM = {
    "initial_weights_logits": np.array([[0.2, -0.2], [0.2, -0.2]]),
    "place": np.array([[0.0, 0.0], [0.5, -0.9]]),
    "unheard": np.array([[2.0, 2.0], [2.0, 2.0]]),
}
ALL = components("fit")
GRADIENT = [name for name in ALL if issubclass(REGISTER["fit"][name], GradientFit)]
CLIMBING = [name for name in ALL if REGISTER["fit"][name].redraws]  # type: ignore[attr-defined]
"""Fits that draw a set anew when it diverged; to the others it was a trial that failed."""
fitters = pytest.mark.parametrize("name", ALL)
gradient_fitters = pytest.mark.parametrize("name", GRADIENT)
climbing_fitters = pytest.mark.parametrize("name", CLIMBING)
searching_fitters = pytest.mark.parametrize("name", [name for name in ALL if name not in CLIMBING])


class Hill(AbstractPool):
    """Worth the more at the end, the nearer ``place`` is to the top;
    nothing at all from ``edge`` on.

    A ``ridge`` bends the way there, and makes it long. ``unheard`` changes nothing.
    """

    edge: float | None = None
    ridge: float = 0.0

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        return (
            *super().parameters(assets),
            Parameter("place", "place", "", Identity(), 0.0, -1.0, 1.0),
            Parameter("unheard", "unheard", "", Identity(), 1.0, -1.0, 1.0),
        )

    def frictionless(self, params: Params, feed: Feed, start: Array, rows: int) -> Path:
        away = params["place"] - TOP
        height = 1 - (away**2).sum() - self.ridge * (away[1] - away[0] ** 2) ** 2
        if self.edge is not None:
            height = jnp.where(params["place"][0] < self.edge, height, jnp.nan)
        growth = jnp.linspace(0, 1, rows)[:, None] * (height + 0 * params["unheard"].sum())
        weights = jnp.full((rows, 2), 0.5) + 0 * params["initial_weights_logits"]
        return Path(weights, 1e6 * (1 + growth) / feed.prices[:rows] * weights, jnp.zeros(rows))


@cache
def plain(pool: AbstractPool) -> Feed:
    """Five days on which nothing happens."""
    return world(pool, np.ones((5 * DAY, 2)), burn_in=0)


def problem(fitter: Fit, pool: AbstractPool | None = None, **changes: Any) -> Problem:
    pool = Hill() if pool is None else pool
    told: dict[str, Any] = {
        "pool": pool,
        "feed": plain(pool),
        "fit": fitter,
        "aim": AIM,
        "weights": Weights(),
        "bout_offset": DAY,
        "spans": (("train", 0, 3 * DAY), ("validation", 3 * DAY, 4 * DAY)),
        "tracked": ("returns",),
        "watched": ("validation", "returns"),
        "draw": lambda step, which: {
            name: FROM[name][which] + 0.01 * (step + which) for name in FROM
        },
    }
    if fitter.kind == "random":
        told["draw"] = partial(
            drawn,
            pool.parameters(2),
            {name: values.tolist() for name, values in FROM.items()},
            2,
            fitter,
        )
    return Problem(**told | changes)


def small(name: str, **changes: Any) -> Fit:
    """A fitter of two sets and two windows, with nothing that ends it early."""
    told = {"steps": STEPS, "parameter_sets": 2, "batch_size": 2, "early_stopping": False}
    if name in GRADIENT:
        told["learning_rate"] = 0.05
    found = build("fit", name, **told | changes)
    assert isinstance(found, Fit)
    return found


def climb(name: str, pool: AbstractPool | None = None, **changes: Any) -> list[Report]:
    told = problem(small(name, **changes), pool)
    return [report for report, _ in fit(told, begin(told, FROM))]
