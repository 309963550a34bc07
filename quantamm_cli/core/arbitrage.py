r"""The trades of an arbitrageur with a geometric mean pool with fees.

The pool accepts a trade $\Delta$ (in > 0, out < 0) if $\prod (R_i +
\gamma^{[\Delta_i>0]}\Delta_i)^{w_i} \ge \prod R_i^{w_i}$; the arbitrageur maximises
$-p\cdot\Delta$. With $\ell_i = \ln(p_i R_i / w_i)$ the optimum has one multiplier $\mu = e^x$:
token $i$ is paid in where $\ell_i < x + \ln\gamma$, taken out where $\ell_i > x$, and untouched
between.
"""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float

from quantamm_cli.core.minute import Minute

Vector = Float[Array, " n"]
Scalar = Float[Array, ""]


def _levels(reserves: Vector, weights: Vector, prices: Vector) -> Vector:
    return jnp.log(prices * reserves / weights)


def _settle(
    reserves: Vector,
    weights: Vector,
    prices: Vector,
    levels: Vector,
    paid: Bool[Array, " n"],
    taken: Bool[Array, " n"],
    gamma: Scalar,
) -> Vector:
    """Reserves after the optimal trade that pays in and takes out the given tokens."""
    part = paid | taken
    share = jnp.where(part, weights, 0)
    total = jnp.where(part.any(), share.sum(), 1)
    x = ((share * levels).sum() - jnp.log(gamma) * jnp.where(paid, weights, 0).sum()) / total
    target = weights * jnp.exp(x) / prices
    return jnp.where(
        taken, target, jnp.where(paid, target - reserves * ((1 - gamma) / gamma), reserves)
    )


def exact(reserves: Vector, weights: Vector, prices: Vector, fee: Scalar) -> Vector:
    """Reserves after the jointly optimal trade; unchanged inside the band of no arbitrage.

    The condition on x is piecewise linear and increasing with 2n breakpoints: the root lies between
    the last breakpoint below zero and the first above, and between two breakpoints the tokens that
    trade do not change. Without a fee all tokens trade, even if by zero, so that the reserves are
    smooth in the weights.
    """
    gamma = 1 - fee
    levels = _levels(reserves, weights, prices)
    fixed = jax.lax.stop_gradient(levels)
    width = -jnp.log(jax.lax.stop_gradient(gamma))
    breaks = jnp.concatenate([fixed, fixed + width])
    tilt = jnp.maximum(breaks[:, None] - width - fixed, 0) - jnp.maximum(fixed - breaks[:, None], 0)
    excess = (jax.lax.stop_gradient(weights) * tilt).sum(-1)
    low = jnp.where(excess <= 0, breaks, -jnp.inf).max()
    high = jnp.where(excess >= 0, breaks, jnp.inf).min()
    inside = (low + high) / 2
    trade = fixed.max() - fixed.min() >= width
    paid, taken = trade & (fixed < inside - width), trade & (fixed >= inside)
    return _settle(reserves, weights, prices, levels, paid, taken, gamma)


def pairwise(reserves: Vector, weights: Vector, prices: Vector, fee: Scalar) -> Vector:
    """Reserves after the best trade of one token for one other: the optimum for two tokens; for
    more, the method of the reference.
    """
    n = len(reserves)
    gamma = 1 - fee
    levels = _levels(reserves, weights, prices)
    fixed = jax.lax.stop_gradient(levels)
    width = -jnp.log(jax.lax.stop_gradient(gamma))

    def after(pay: Array, take: Array) -> tuple[Vector, Scalar]:
        pays = fixed[take] - fixed[pay] >= width
        paid, taken = pays & (jnp.arange(n) == pay), pays & (jnp.arange(n) == take)
        bought, sold, w = fixed[pay] + width, fixed[take], jax.lax.stop_gradient(weights)
        x = (w[pay] * bought + w[take] * sold) / (w[pay] + w[take])
        profit = jnp.exp(x - fixed.max()) * (
            w[pay] * jnp.expm1(bought - x) + w[take] * jnp.expm1(sold - x)
        )
        changed = _settle(reserves, weights, prices, levels, paid, taken, gamma)
        return changed, jnp.where(pays, profit, -jnp.inf)

    pay, take = jnp.nonzero(~jnp.eye(n, dtype=bool), size=n * (n - 1))
    changed, profit = jax.vmap(after)(pay, take)
    return changed[jnp.argmax(profit)]


SOLVERS = {"exact": exact, "pairwise": pairwise}


def leg(
    solver: str, reserves: Vector, weights: Vector, minute: Minute
) -> tuple[Vector, Scalar, Scalar]:
    """One arbitrage at given weights: reserves after it, the fees of the liquidity providers, and
    the volume.
    """
    return settle(reserves, SOLVERS[solver](reserves, weights, minute.prices, minute.fee), minute)


def settle(reserves: Vector, after: Vector, minute: Minute) -> tuple[Vector, Scalar, Scalar]:
    r"""Reserves and providers' fees after the arbitrageur's best trade, which would leave the
    reserves ``after``, and its volume (``Volumes``).

    The trade happens if $-p\cdot\Delta - g \ge \tfrac12 a \sum p|\Delta|$ for gas $g$ and arbitrage
    fee $a$; without either the optimum is taken untested. Noise traders then add fees in proportion
    to the volume, and the protocol takes its share.
    """
    change, accepted, prices = after - reserves, minute.visited, minute.prices
    if minute.gas_cost is not None or minute.arb_fee is not None:
        gas = 0.0 if minute.gas_cost is None else minute.gas_cost
        arb_fee = 0.0 if minute.arb_fee is None else minute.arb_fee
        cost = arb_fee * (prices * jnp.abs(change)).sum() / 2
        pays = -(prices * change).sum() - gas >= cost
        accepted = pays if accepted is None else accepted & pays
    if accepted is not None:
        change = jnp.where(accepted, change, 0)
        after = jnp.where(accepted, after, reserves)
    paid = jnp.maximum(change, 0)
    split = 0.0 if minute.protocol_fee_split is None else minute.protocol_fee_split
    fees = (paid * prices).sum() * minute.fee * (1 - split)
    if minute.noise_trader_ratio is not None:
        noise = minute.noise_trader_ratio * fees
        after = after * (1 + noise / (after * prices).sum())
        fees = fees + noise
    if minute.protocol_fee_split is not None:
        after = after - paid * minute.fee * split
    return after, fees, (jnp.abs(change) * prices).sum() / 2
