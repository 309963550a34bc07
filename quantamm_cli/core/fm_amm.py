r"""The function-maximising pool (FM-AMM, CoW AMM) of two tokens.

[Canidio & Fritsch, arXiv 2307.02074]

A batch trades at one price, chosen so that the pool maximises $x^w y^{1-w}$ given that price: the
average price is the marginal price afterwards. With $u_i = (1 - w_i) R_i p_i$ the pool is in
equilibrium at market prices $p$ iff $u_0 = u_1$, and a batch that takes the token with the larger
$u$, token $o$, at $\rho$ times its market price trades values

$$\text{out} = u_o - u_i / \rho, \qquad \text{in} = (\rho u_o - u_i) / \gamma,$$

where $\gamma = 1 - \text{fee}$ of the amount in counts. The trader earns out − in, which is zero at
$\rho = \gamma$ and largest at $\rho = \sqrt{\gamma u_i / u_o}$; there is no trade if $u_i / u_o$
exceeds $\gamma$.
"""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from quantamm_cli.core.minute import Minute

Pair = Float[Array, "2"]
Scalar = Float[Array, ""]


def arbitraged(reserves: Pair, weights: Pair, minute: Minute, quality: Scalar | float) -> Pair:
    """Reserves after the minute's arbitrage: the share ``quality`` of it by competing arbitrageurs,
    the rest by a single one.

    Gas and the arbitrage fee are included: nobody trades at a loss.
    """
    excess = (1 - weights) * reserves * minute.prices
    out = jnp.argmax(excess)
    much, little = excess[out], excess[1 - out]
    contested, alone = competitive_trade(much, little, minute), monopoly_trade(much, little, minute)
    leaves = quality * contested[0] + (1 - quality) * alone[0]
    comes = quality * contested[1] + (1 - quality) * alone[1]
    return reserves + jnp.where(jnp.arange(2) == out, -leaves, comes) / minute.prices


def competitive_trade(much: Scalar, little: Scalar, minute: Minute) -> tuple[Scalar, Scalar]:
    r"""Values out and in when arbitrageurs compete until profits after costs are zero.

    The best price for the pool at which profit covers gas $g$ and half the arbitrage fee $a$ on
    both sides: the larger root of $u_o\kappa\rho^2 - (u_o h + u_i\kappa - g)\rho + u_i h = 0$,
    $h = 1 - a/2$, $\kappa = (1 + a/2)/\gamma$, which without gas is $h/\kappa$. It exists iff the
    largest profit, $(\sqrt{u_o h} - \sqrt{u_i\kappa})^2$, is at least $g$.
    """
    gamma, half = 1 - minute.fee, _half_fee(minute)
    gives, costs = much * (1 - half), little * (1 + half) / gamma
    price = gamma * (1 - half) / (1 + half)
    happens = gives > costs
    if minute.gas_cost is not None:
        gas = minute.gas_cost
        inside = (gives - costs) ** 2 - 2 * gas * (gives + costs) + gas**2
        happens &= (inside >= 0) & (gives + costs > gas)
        root = jnp.sqrt(jnp.where(happens & (inside > 0), inside, 1)) * (inside > 0)
        price = price * (gives + costs - gas + root) / (2 * jnp.where(happens, gives, 1))
    return _batch(much, little, price, gamma, happens)


def monopoly_trade(much: Scalar, little: Scalar, minute: Minute) -> tuple[Scalar, Scalar]:
    """Values out and in when a single arbitrageur maximises the profit, if that covers gas and half
    the arbitrage fee on both sides.
    """
    gamma = 1 - minute.fee
    happens = gamma * much > little
    price = jnp.sqrt(gamma * little / much)
    leaves, comes = _batch(much, little, price, gamma, happens)
    gas = 0.0 if minute.gas_cost is None else minute.gas_cost
    if minute.gas_cost is not None or minute.arb_fee is not None:
        pays = leaves - comes - gas >= _half_fee(minute) * (leaves + comes)
        leaves, comes = jnp.where(pays, leaves, 0), jnp.where(pays, comes, 0)
    return leaves, comes


def out_given_in(reserves: Pair, weights: Pair, pay: Int[Array, ""], amount: Scalar) -> Scalar:
    r"""The amount out for a batch of ``amount`` of token ``pay``, net of fees:
    $w_i a R_o / (w_o R_i + a)$.

    From $a / b = \frac{w_o (R_i + a)}{w_i (R_o - b)}$: the average price is the marginal price
    afterwards.
    """
    return weights[pay] * amount * reserves[1 - pay] / (weights[1 - pay] * reserves[pay] + amount)


def in_given_out(reserves: Pair, weights: Pair, pay: Int[Array, ""], amount: Scalar) -> Scalar:
    """The amount in of token ``pay``, net of fees, for a batch that takes ``amount`` of the other;
    infinite from $w_i R_o$ on.
    """
    left = weights[pay] * reserves[1 - pay] - amount
    paid = weights[1 - pay] * reserves[pay] * amount / jnp.where(left > 0, left, 1)
    return jnp.where(left > 0, paid, jnp.inf)


def _batch(
    much: Scalar, little: Scalar, price: Scalar, gamma: Scalar, happens: Bool[Array, ""]
) -> tuple[Scalar, Scalar]:
    """Values out and in at a price; zero where no trade ``happens``."""
    price = jnp.where(happens, price, 1)
    leaves, comes = much - little / price, (price * much - little) / gamma
    return jnp.where(happens, leaves, 0), jnp.where(happens, comes, 0)


def _half_fee(minute: Minute) -> Scalar | float:
    return 0.0 if minute.arb_fee is None else minute.arb_fee / 2
