"""From settings and a market to what one program takes."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from quantamm_cli.config.components import load_components
from quantamm_cli.core.types import DAY, Feed
from quantamm_cli.engine.feed import feed
from quantamm_cli.engine.forward import days, simulate
from quantamm_cli.errors import ConfigError
from quantamm_cli.market import Market
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.run import Simulate

load_components()

TEMPORAL = {"kind": "temporal", "rule": {"kind": "momentum"}, "guard": {"kind": "standard"}}
BURN_IN = 2 * DAY


def made(
    prices: NDArray[np.float64], burn_in_days: int | None = 2, **changes: Any
) -> tuple[Simulate, Feed]:
    tree = {
        "tokens": ["A", "B", "C"],
        "data": {"kind": "synthetic", "burn_in_days": burn_in_days},
        "pool": {"kind": "balancer"},
        "fees": {"kind": "none"},
    }
    settings = decode(Simulate, tree | changes)
    return settings, feed(settings, Market(("A", "B", "C"), prices, 0, BURN_IN, {}, {}, ""))


def test_a_program_is_given_the_rows_after_the_burn_in(prices: NDArray[np.float64]) -> None:
    """In the precision asked for; prefix sums stay double."""
    _, found = made(prices, precision="float32")
    assert found.prices.dtype == jnp.float32
    np.testing.assert_array_equal(found.prices, prices[BURN_IN:].astype(np.float32))
    assert found.prefix is not None
    assert found.prefix.log_prices.dtype == found.prefix.moments.dtype == jnp.float64
    assert int(found.burn_in) == BURN_IN


@pytest.mark.parametrize("chunk", [60, 700, 1440, 4000])
@pytest.mark.parametrize("room", [False, True])
def test_chunks_are_the_prices_at_their_first_minutes_behind_padding(
    prices: NDArray[np.float64], chunk: int, room: bool
) -> None:
    """Counted from the first row of the burn-in; with room for a year the shape does not depend on
    how much burn-in there is.
    """
    pool = TEMPORAL | {"chunk_period": chunk, "weight_interpolation_period": chunk}
    _, found = made(prices, None if room else 2, pool=pool)
    first, seen = int(found.first_chunk), prices[::chunk]
    np.testing.assert_array_equal(found.chunks[first:], seen)
    assert (np.asarray(found.chunks[:first]) == prices[0]).all()
    if room:
        assert len(found.chunks) == -(-(365 * DAY + len(prices) - BURN_IN) // chunk)


def test_what_costs_nothing_is_left_out_of_the_program(prices: NDArray[np.float64]) -> None:
    """Zeros under fees=flat are no frictions; a fee alone brings no gas;
    a fee of zero with gas does bring a fee.
    """
    _, free = made(prices, fees={"kind": "flat"})
    assert free.frictions is None
    assert free.prefix is not None
    _, fee = made(prices, fees={"kind": "flat", "fee": 0.003})
    assert fee.frictions is not None
    assert fee.prefix is None
    assert [name for name in fee.frictions._fields if getattr(fee.frictions, name) is not None] == [
        "fee"
    ]
    _, gas = made(prices, fees={"kind": "flat", "gas_cost": 1.0})
    assert gas.frictions is not None
    assert [name for name in gas.frictions._fields if getattr(gas.frictions, name) is not None] == [
        "fee",
        "gas_cost",
    ]


def test_a_pool_without_a_path_for_frictions_says_so(prices: NDArray[np.float64]) -> None:
    """Never a silent frictionless run."""
    with pytest.raises(ConfigError, match="pool=hodl has no path with frictions; use fees=none"):
        made(prices, pool={"kind": "hodl"}, fees={"kind": "flat", "fee": 0.003})


def test_a_constant_fee_is_a_series_that_does_not_change(prices: NDArray[np.float64]) -> None:
    """Frictions as one number and as one a minute give the same run, also from an odd start."""
    settings, scalar = made(prices, fees={"kind": "flat", "fee": 0.003, "gas_cost": 1.0})
    assert scalar.frictions is not None
    series = scalar._replace(
        frictions=scalar.frictions._replace(
            fee=jnp.full(len(scalar.prices), 0.003), gas_cost=jnp.full(len(scalar.prices), 1.0)
        )
    )
    params = {"initial_weights_logits": jnp.asarray([0.1, -0.2, 0.4])}
    one, other = (simulate(settings.pool, params, world, 333, 2000) for world in (scalar, series))  # type: ignore[arg-type]
    np.testing.assert_array_equal(one.reserves, other.reserves)


def test_a_series_applies_at_its_own_minute(prices: NDArray[np.float64]) -> None:
    """A fee that forbids all trade until row 1500 of the feed, and none after:
    a window from row 333 sees it end at 1167.
    """
    settings, scalar = made(prices, fees={"kind": "flat", "fee": 0.003})
    assert scalar.frictions is not None
    fee = jnp.where(jnp.arange(len(scalar.prices)) < 1500, 0.9, 0.0)
    world = scalar._replace(frictions=scalar.frictions._replace(fee=fee))
    params = {"initial_weights_logits": jnp.zeros(3)}
    path = simulate(settings.pool, params, world, 333, 2000)  # type: ignore[arg-type]
    assert (path.reserves[:1167] == path.reserves[0]).all()
    assert (path.reserves[1167] != path.reserves[0]).all()


def test_periods_are_read_at_their_own_days(prices: NDArray[np.float64]) -> None:
    """Each period's days are counted from its first row; its last row is its own."""
    settings, world = made(prices)
    params = {"initial_weights_logits": jnp.zeros(3)}
    spans = (
        ("train", 0, 3 * DAY),
        ("validation", 3 * DAY, 4 * DAY + 5),
        ("test", 4 * DAY + 5, 4 * DAY + 7),
    )
    path = simulate(settings.pool, params, world, 0, 4 * DAY + 7)  # type: ignore[arg-type]
    found = days(settings.pool, params, world, 0, spans)  # type: ignore[arg-type]
    for name, first, last in spans:
        np.testing.assert_allclose(found[name].days, path.value[first:last:DAY], rtol=1e-12)
        np.testing.assert_allclose(found[name].last.value, path.value[last - 1], rtol=1e-12)
        assert found[name].minutes == last - first
