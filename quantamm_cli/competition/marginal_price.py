r"""The marginal output of quotes, in the variable in which constant-product pools are linear.

With $m(z)$ the output of the next unit paid in, the *level* is $v = 1/\sqrt m$. With $z$ paid into
$a$ for $b$ and a fee of $1 - \gamma$, $v = (a + \gamma z)/\sqrt{\gamma a b}$, which is linear in
$z$. A split of an order is optimal where all levels are equal; the arbitrageur stops where the
level is that of the fair price.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool

from quantamm_cli.competition.fill import Rows, sided

Quote = Callable[[Bool[Array, "*#a l"], Rows, Rows, Rows], Rows]
"""The output, elementwise, for: whether the trader buys, the payment, the reserves X and Y."""

FAR = 1e150
"""The level of a pool that does not quote: its square is finite."""
NO_QUOTE = 1e-140
"""One less the fee of a constant-product pool that does not quote: its square is above zero."""


class Line(NamedTuple):
    """A level as a linear function of the payment: ``enter`` at zero, ``weight`` the payment that
    raises it by one.
    """

    enter: Rows
    weight: Rows


class Slope(NamedTuple):
    """A quote, its level, and the level's derivative by the payment."""

    got: Rows
    level: Rows
    rise: Rows


def constant_product_line(buys: Bool[Array, "*#a l"], x: Rows, y: Rows, keep: Rows) -> Line:
    """The line of a constant-product pool with a fee of ``1 - keep``."""
    into, out_of = sided(buys, x, y)
    bare = into / keep
    weight = jnp.sqrt(out_of * bare)
    return Line(bare / weight, weight)


def slope(quote: Quote, buys: Bool[Array, "*#a l"], paid: Rows, x: Rows, y: Rows) -> Slope:
    """The quote and its level at ``paid``; the level is ``FAR`` where the quote does not increase
    or is not a number.
    """
    ones = jnp.ones_like(paid)

    def marginal(amount: Rows) -> tuple[Rows, Rows]:
        return jax.jvp(lambda z: quote(buys, z, x, y), (amount,), (ones,))

    (got, rate), (_, bend) = jax.jvp(marginal, (paid,), (ones,))
    sound = (rate > 1 / FAR**2) & (rate < FAR)
    level = jnp.where(sound, 1 / jnp.sqrt(jnp.where(sound, rate, 1)), FAR)
    # A linear stretch takes any amount at one level; a small rise keeps payments finite.
    into, out_of = sided(buys, x, y)
    flattest = 1e-9 * level / (into + out_of * jnp.where(sound, level, 0) ** 2)
    rise = jnp.where(sound & jnp.isfinite(bend), -0.5 * bend * jnp.where(sound, level, 1) ** 3, 0)
    return Slope(got, level, jnp.maximum(rise, flattest))


def ceiling(at: Slope, reserve: Rows) -> Rows:
    """The largest share of the reserve that a curve gives: its quote where it is flat, else all."""
    return jnp.where((at.level >= FAR) & (at.got < reserve), at.got / reserve, 1.0)


def payment_reaching(most: Rows, at: Slope, paid: Rows) -> Rows:
    """The payment at which the tangent at ``paid`` gives ``most``. The curve is concave, so it
    gives less there.
    """
    return jnp.where(at.level < FAR, paid + (most - at.got) * at.level**2, paid)


def tangent(at: Slope, paid: Rows) -> Line:
    """The line that touches a level at ``paid``."""
    return Line(at.level - at.rise * paid, 1 / at.rise)
