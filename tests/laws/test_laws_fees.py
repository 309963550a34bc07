"""What every fee model promises, around a pool of constant weights: nothing is lost in it, and dearer trades are fewer."""

from pathlib import Path
from typing import Any

import balanced
import numpy as np
import pytest
from balanced import ROWS, START, TOKENS, invariant, traded
from kinds import components

from quantamm_cli.core.types import Trajectory
from quantamm_cli.settings.run import Simulate

GROUP = "fees"
models = pytest.mark.parametrize("name", components(GROUP))
charging = pytest.mark.parametrize("name", [name for name in components(GROUP) if name != "none"])
NEEDS: dict[str, dict[str, Any]] = {}
"""What a model needs besides its defaults."""


@pytest.fixture(autouse=True, scope="module")
def _file(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Recorded fees that say only that arbitrageurs pay none: for the rest the settings' numbers hold."""
    file: Path = tmp_path_factory.mktemp("fees") / "fees.csv"
    file.write_text(f"unix,arb_fee\n{START},0\n")
    NEEDS["recorded"] = {"file": str(file)}


def settings(name: str, tokens: tuple[str, ...] = TOKENS, **changes: Any) -> Simulate:
    return balanced.settings(tokens, fees=(name, NEEDS.get(name, {}) | changes))


def path(name: str, tokens: tuple[str, ...] = TOKENS, **changes: Any) -> Trajectory:
    return balanced.path(settings(name, tokens, **changes))


def numbers(name: str) -> dict[str, float]:
    """Frictions that this model allows."""
    return {} if name == "none" else {"fee": 0.002, "gas_cost": 1.0}


@models
def test_the_same_settings_are_the_same_path(name: str) -> None:
    """To the bit; a row a minute, finite and positive, and no fee is negative."""
    once, again = path(name, **numbers(name)), path(name, **numbers(name))
    for column, other in zip(once, again, strict=True):
        np.testing.assert_array_equal(column, other)
    assert once.reserves.shape == (ROWS, 2) and once.fees.shape == (ROWS,)
    assert (once.reserves > 0).all() and np.isfinite(once.reserves).all()
    assert once.value[0] == pytest.approx(1e6, rel=1e-12)
    assert (once.fees >= 0).all() and np.isfinite(once.fees).all()


@models
def test_the_pool_loses_nothing(name: str) -> None:
    """Its invariant never falls, as whoever trades leaves at least what they take; it rises if fees are earned."""
    found = path(name, **numbers(name))
    assert np.diff(invariant(found)).min() > -1e-12
    gained = bool(invariant(found)[-1] > invariant(found)[0] + 1e-9)
    assert gained == bool(found.fees.sum() > 0) == (name != "none")


@models
def test_without_numbers_there_are_no_frictions(name: str) -> None:
    """A model that is frictionless leaves the pool in equilibrium at every minute; one with series of zeros does nearly so."""
    found, free = path(name), path("none")
    if settings(name).fees.frictionless:
        np.testing.assert_array_equal(found.reserves, free.reserves)
    if not found.fees.any():
        np.testing.assert_allclose(found.reserves, free.reserves, rtol=1e-9)


@charging
@pytest.mark.parametrize("number", ["fee", "gas_cost", "arb_fee"])
def test_dearer_trades_are_fewer(name: str, number: str) -> None:
    """As a cost rises, fewer minutes have a trade and less is traded."""
    scale = 1e3 if number == "gas_cost" else 1.0
    costs = [scale * cost for cost in (0.001, 0.004, 0.016)]
    found = [path(name, **{"fee": 0.001, number: cost}) for cost in costs]
    counts = [traded(each).sum() for each in found]
    volumes = [(np.abs(np.diff(each.reserves, axis=0)) * each.prices[1:]).sum() for each in found]
    assert counts == sorted(counts, reverse=True)
    assert volumes == sorted(volumes, reverse=True)


@charging
def test_what_the_protocol_takes_the_pool_has_not(name: str) -> None:
    """The more of the swap fee leaves the pool, the less it is worth."""
    worth = [path(name, fee=0.003, protocol_fee_split=share).value[-1] for share in (0.0, 0.5, 1.0)]
    assert worth[0] > worth[1] > worth[2]


@models
def test_arbitrageurs_come_when_they_are_said_to(name: str) -> None:
    """Every seventh minute at most; never, if none comes."""
    minutes = np.flatnonzero(traded(path(name, arb_frequency=7, **numbers(name))))
    assert minutes.size and (minutes % 7 == minutes[0] % 7).all()
    assert not traded(path(name, do_arb=False, **numbers(name))).any()


@models
def test_no_token_is_preferred(name: str) -> None:
    """Turned tokens are turned reserves."""
    straight = path(name, **numbers(name))
    turned = path(name, TOKENS[::-1], **numbers(name))
    np.testing.assert_allclose(turned.reserves[:, ::-1], straight.reserves, rtol=1e-9)
    np.testing.assert_allclose(turned.fees, straight.fees, rtol=1e-6, atol=1e-9)
