"""E-CLP pools of an exact integer library, and of the definition in eighty digits."""

import json
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from quantamm_cli.core import eclp

CASES = json.loads(Path(__file__).with_name("eclp_generated.json").read_text())["cases"]
each = pytest.mark.parametrize(
    "case", CASES, ids=[f"{case['set']}-{index}" for index, case in enumerate(CASES)]
)


def fixed(number: str) -> float:
    """18-decimal fixed point."""
    return int(number) / 10**18


def pool(case: dict[str, Any]) -> tuple[eclp.Curve, Any]:
    told = {name: fixed(value) for name, value in case["params"].items()}
    numbers = told["alpha"], told["beta"], told["lambda"], told["s"] / told["c"]
    return eclp.curve(*map(jnp.asarray, numbers)), jnp.asarray(
        [fixed(balance) for balance in case["balances"]]
    )


@each
def test_invariant_and_price_are_those_of_the_balances(case: dict[str, Any]) -> None:
    """As the library has them, to 1e-9 and 1e-8; and as real arithmetic built them, to 1e-11."""
    curve, balances = pool(case)
    size, price = float(eclp.invariant(curve, balances)), float(eclp.quote(curve, balances))
    assert size == pytest.approx(fixed(case["expected"]["invariant"]), rel=1e-9)
    assert price == pytest.approx(fixed(case["expected"]["spot_price_0_in_1"]), rel=1e-8)
    assert size == pytest.approx(float(case["construction"]["invariant_r"]), rel=1e-11)
    assert price == pytest.approx(float(case["construction"]["price_0_in_1"]), rel=1e-11)


@each
def test_reserves_at_a_price_are_the_balances(case: dict[str, Any]) -> None:
    """An invariant's reserves where the market has the price they were built at, to 1e-11."""
    curve, balances = pool(case)
    built = {name: float(value) for name, value in case["construction"].items()}
    np.testing.assert_allclose(
        built["invariant_r"] * eclp.reserves_at(curve, jnp.asarray(built["price_0_in_1"])),
        balances,
        rtol=1e-11,
    )


class Definition:
    """The published formulas as they are written, in as many digits as the context has."""

    wanted: Decimal

    def __init__(self, case: dict[str, Any]) -> None:
        told = {name: Decimal(value) / 10**18 for name, value in case["params"].items()}
        self.lam = told["lambda"]
        size = (told["c"] ** 2 + told["s"] ** 2).sqrt()
        self.c, self.s = told["c"] / size, told["s"] / size
        self.virtual = self.back(self.tau(told["beta"]))[0], self.back(self.tau(told["alpha"]))[1]
        self.centre = self.forth(self.virtual)

    def forth(self, v: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
        return (self.c * v[0] - self.s * v[1]) / self.lam, self.s * v[0] + self.c * v[1]

    def back(self, v: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
        return self.c * self.lam * v[0] + self.s * v[1], -self.s * self.lam * v[0] + self.c * v[1]

    def tau(self, price: Decimal) -> tuple[Decimal, Decimal]:
        zeta = self.lam * (self.c * price - self.s) / (self.c + self.s * price)
        return zeta / (1 + zeta**2).sqrt(), 1 / (1 + zeta**2).sqrt()

    def invariant(self, balances: list[Decimal]) -> Decimal:
        t, a = self.forth((balances[0], balances[1])), self.centre
        dot, power = a[0] * t[0] + a[1] * t[1], a[0] ** 2 + a[1] ** 2 - 1
        return (dot + (dot**2 - power * (t[0] ** 2 + t[1] ** 2)).sqrt()) / power

    def fitting(self, balances: list[Decimal], token: int, most: Decimal) -> Decimal:
        """The balance of a token, below ``most``, at which the invariant is that of
        ``balances`` with the other changed.
        """
        low, high = Decimal(0), most
        for _ in range(200):
            middle = (low + high) / 2
            trial = [*balances]
            trial[token] = middle
            low, high = (middle, high) if self.invariant(trial) < self.wanted else (low, middle)
        return low


@each
def test_swaps_are_the_librarys(case: dict[str, Any]) -> None:
    """To 1e-8 of the amount, and never on the wrong side of its rounding.

    It rounds the virtual reserves, which are the invariant times a constant, against the trader by
    as much as the invariant may be wrong, and tells how much that is: more than 1e-8 where they are
    a million times the real ones.
    """
    curve, balances = pool(case)
    doubt, price = (
        fixed(case["expected"]["invariant_error_bound"]),
        float(eclp.quote(curve, balances)),
    )
    first, second = map(float, Definition(case).virtual)
    rounding = 2 * doubt * (abs(first) * price + abs(second))
    slack = (rounding / price, rounding)
    for told in case["expected"]["out_given_in"]:
        pay, wanted = told["in"], fixed(told["amount_out"])
        found = float(
            eclp.out_given_in(
                curve, balances, jnp.asarray(pay), jnp.asarray(fixed(told["amount_in"]))
            )
        )
        assert -1e-8 * wanted <= found - wanted <= 1e-8 * wanted + slack[1 - pay]
    for told in case["expected"]["in_given_out"]:
        pay, wanted = told["in"], fixed(told["amount_in"])
        found = float(
            eclp.in_given_out(
                curve, balances, jnp.asarray(pay), jnp.asarray(fixed(told["amount_out"]))
            )
        )
        assert -1e-8 * wanted <= wanted - found <= 1e-8 * wanted + slack[pay]


@each
def test_swaps_are_those_of_the_definition(case: dict[str, Any]) -> None:
    """To 1e-10 of the amount, found by halving in eighty digits:
    also where the library's own rounding shows.
    """
    curve, balances = pool(case)
    with localcontext() as context:
        context.prec = 80
        exact = Definition(case)
        held = [Decimal(balance) / 10**18 for balance in case["balances"]]
        exact.wanted = exact.invariant(held)
        for told in case["expected"]["out_given_in"]:
            pay = told["in"]
            after = [*held]
            after[pay] += Decimal(told["amount_in"]) / 10**18
            wanted = held[1 - pay] - exact.fitting(after, 1 - pay, held[1 - pay])
            found = eclp.out_given_in(
                curve, balances, jnp.asarray(pay), jnp.asarray(fixed(told["amount_in"]))
            )
            assert float(found) == pytest.approx(float(wanted), rel=1e-10)
        for told in case["expected"]["in_given_out"]:
            pay = told["in"]
            after = [*held]
            after[1 - pay] -= Decimal(told["amount_out"]) / 10**18
            wanted = exact.fitting(after, pay, 1000 * held[pay]) - held[pay]
            found = eclp.in_given_out(
                curve, balances, jnp.asarray(pay), jnp.asarray(fixed(told["amount_out"]))
            )
            assert float(found) == pytest.approx(float(wanted), rel=1e-10)
