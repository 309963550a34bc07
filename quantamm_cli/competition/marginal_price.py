r"""Marginal output of quotes, in the one variable in which constant-product
pools are straight lines.

With $m(z)$ what the next unit paid in brings out, the *level* is $v = 1/\sqrt m$. Of $z$ paid into
$a$ for $b$, of which a share $\gamma$ counts, $v = (a + \gamma z)/\sqrt{\gamma a b}$: it rises
evenly from $a/\sqrt{\gamma a b}$. An order is split well where all levels are one; the arbitrageur
stops where the level is that of his price.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool

from quantamm_cli.competition.fill import Rows, sided

Quote = Callable[[Bool[Array, "*#a l"], Rows, Rows, Rows], Rows]
"""What comes out, elementwise: of whether the trader buys, what is paid,
and the reserves X and Y.
"""

FAR = 1e150
"""The level of a pool that does not quote, so high that its square is a number."""
NOTHING = 1e-140
"""What counts of a payment to a constant-product pool that does not quote:
so little that its square is a number too.
"""


class Line(NamedTuple):
    """A level as a line of what is paid: ``enter`` where nothing is,
    ``weight`` paid for each rise by one.
    """

    enter: Rows
    weight: Rows


class Slope(NamedTuple):
    """What a quote answers, its level there, and how fast that rises."""

    got: Rows
    level: Rows
    rise: Rows


def straight(buys: Bool[Array, "*#a l"], x: Rows, y: Rows, keep: Rows) -> Line:
    """The line of a constant-product pool of whose payment a share ``keep`` counts."""
    into, out_of = sided(buys, x, y)
    bare = into / keep
    weight = jnp.sqrt(out_of * bare)
    return Line(bare / weight, weight)


def slope(quote: Quote, buys: Bool[Array, "*#a l"], paid: Rows, x: Rows, y: Rows) -> Slope:
    """The quote and its level at ``paid``.

    Where the quote does not rise, or is no number, the level is out of reach.
    """
    ones = jnp.ones_like(paid)

    def marginal(amount: Rows) -> tuple[Rows, Rows]:
        return jax.jvp(lambda z: quote(buys, z, x, y), (amount,), (ones,))

    (got, rate), (_, bend) = jax.jvp(marginal, (paid,), (ones,))
    sound = (rate > 1 / FAR**2) & (rate < FAR)
    level = jnp.where(sound, 1 / jnp.sqrt(jnp.where(sound, rate, 1)), FAR)
    # A stretch without bend takes any amount: as good as any, and not more than numbers hold.
    into, out_of = sided(buys, x, y)
    flattest = 1e-9 * level / (into + out_of * jnp.where(sound, level, 0) ** 2)
    rise = jnp.where(sound & jnp.isfinite(bend), -0.5 * bend * jnp.where(sound, level, 1) ** 3, 0)
    return Slope(got, level, jnp.maximum(rise, flattest))


def ceiling(at: Slope, reserve: Rows) -> Rows:
    """The share of the reserve that a curve gives at most: what it has given where
    it is flat, else the whole.
    """
    return jnp.where((at.level >= FAR) & (at.got < reserve), at.got / reserve, 1.0)


def reaching(most: Rows, at: Slope, paid: Rows) -> Rows:
    """The payment for which the tangent at ``paid`` brings ``most``: the curve,
    which bends down, has not brought it yet.
    """
    return jnp.where(at.level < FAR, paid + (most - at.got) * at.level**2, paid)


def tangent(at: Slope, paid: Rows) -> Line:
    """The line that touches a level at ``paid``."""
    return Line(at.level - at.rise * paid, 1 / at.rise)
