"""Market capitalisation weights and their caps."""

import jax.numpy as jnp
import numpy as np
import pytest

from quantamm_cli.core.recurrence import Columns, RuleInputs
from quantamm_cli.errors import ConfigError
from quantamm_cli.rules.base import Clock
from quantamm_cli.rules.index_market_cap import IndexMarketCap, capped

CLOCK = Clock(1440, 365)


def test_targets_are_shares_of_market_capitalisation() -> None:
    """By supply times price or by the capitalisation itself."""
    price, supply = (
        jnp.asarray([[100.0, 10.0], [50.0, 10.0]]),
        jnp.asarray([[1.0, 30.0], [2.0, 30.0]]),
    )
    for rule, series in (
        (IndexMarketCap(), {"supply": supply}),
        (IndexMarketCap(by="market_cap"), {"market_cap": supply * price}),
    ):
        said = rule.signal(Columns(jnp.asarray(0)), RuleInputs(price, series), {}, CLOCK)
        np.testing.assert_allclose(said, [[0.25, 0.75], [0.25, 0.75]], rtol=1e-15)
        assert rule.looks_at == tuple(series)


@pytest.mark.parametrize(
    ("shares", "cap", "expected"),
    [
        ([0.7, 0.2, 0.1], 0.5, [0.5, 1 / 3, 1 / 6]),
        ([0.6, 0.35, 0.05], 0.4, [0.4, 0.4, 0.2]),  # the excess of the first makes a second
        ([0.98, 0.01, 0.01], 1 / 3, [1 / 3, 1 / 3, 1 / 3]),
        ([0.5, 0.3, 0.2], 0.5, [0.5, 0.3, 0.2]),
    ],
)
def test_no_share_exceeds_the_cap(shares: list[float], cap: float, expected: list[float]) -> None:
    """The excess goes to the rest in proportion, again and again."""
    np.testing.assert_allclose(capped(jnp.asarray(shares), cap), expected, rtol=1e-14)


def test_a_cap_that_leaves_no_index_is_refused() -> None:
    """1/n at least."""
    with pytest.raises(
        ConfigError, match=r"cap_weight: is 0.2; expected at least 1/3 for 3 tokens"
    ):
        IndexMarketCap(cap_weight=0.2).check(("A", "B", "C"), "pool.rule")
