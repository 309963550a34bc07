r"""An order, split over all pools so that the next unit brings out the same
from each: the most in all.

Levels (``slopes``) are equal at the solution. Where they are lines, $v_i = e_i + z_i/w_i$, the
common level $u$ solves $\sum_i w_i \max(0, u - e_i) = q$, a sum that only grows: a pool takes part
exactly if at its own $e_i$ the sum is below $q$. So no sorting, no passes. Curves are replaced by
their tangents until the split stands still.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool

from quantamm_cli.competition.fill import Lanes, Rows, settled
from quantamm_cli.competition.marginal_price import FAR, Line, Slope, ceiling, reaching, tangent

STEPS = 12
"""Tangents taken at most."""
PARTS, ZOOMS, HALVINGS = 16, 4, 40
Quotes = Callable[[Rows], Rows]
"""What all pools answer to payments."""


def split(amount: Lanes, lines: Line) -> Rows:
    """Payments to pools with these lines, which sum to ``amount``; zeros of nothing."""
    enter, weight = settled(lines)
    before = sum(weight[j] * jnp.maximum(enter - enter[j], 0) for j in range(len(enter)))
    # Roots are dear, so the compiler takes them once; a bare comparison, and the sums before it, it
    # would repeat for all who ask.
    takes = jnp.sqrt(before) < jnp.sqrt(amount)
    level = (amount + jnp.where(takes, weight * enter, 0).sum(0)) / jnp.where(
        amount > 0, jnp.where(takes, weight, 0).sum(0), 1
    )
    return jnp.where(takes, jnp.maximum(weight * (level - enter), 0), 0)


def of_curves(
    amount: Lanes,
    curves: Callable[[Rows], Slope],
    reserve: Rows,
    lines: Line,
    differentiable: bool = True,
) -> Rows:
    """Payments to smooth curves, of which ``curves`` tells the slopes,
    and pools with lines, in this order.

    ``reserve`` is what the curves can give at most; ``differentiable``: with tangents once more,
    through which derivatives pass.
    """
    count, pools = len(reserve), len(reserve) + len(lines.enter)

    def improved(paid: Rows, share: Rows) -> tuple[Rows, Rows]:
        # The slope of nothing is that of next to nothing: curves may have none at zero.
        beginning = jnp.maximum(paid[:count], 1e-9 * amount + 1e-12)
        at = curves(beginning)
        share = jnp.minimum(share, ceiling(at, reserve))
        touching = Line(
            *(jnp.concatenate(pair) for pair in zip(tangent(at, beginning), lines, strict=True))
        )
        return _up_to(reaching(share * reserve, at, beginning), amount, touching), share

    def step(state: tuple[Array, ...]) -> tuple[Array, ...]:
        paid, share, _, done = state
        ahead, share = improved(paid, share)
        return ahead, share, (jnp.abs(ahead - paid) > 1e-6 * amount).any(), done + 1

    even = jnp.broadcast_to(amount / pools, (pools, *amount.shape))
    start: tuple[Array, ...] = (even, jnp.ones_like(reserve), jnp.array(True), jnp.zeros((), int))
    near = jax.lax.while_loop(
        lambda state: state[2] & (state[3] < STEPS), step, jax.lax.stop_gradient(start)
    )[:2]
    return improved(*jax.lax.stop_gradient(near))[0] if differentiable else near[0]


def _up_to(most: Rows, amount: Lanes, lines: Line) -> Rows:
    """The split in which the first pools get no more than ``most``: who would gets that,
    and the others share the rest.
    """
    count = len(most)
    filled = split(amount, lines)
    full = filled[:count] > most

    def shared() -> Rows:
        taken = jnp.where(full, most, 0)
        closed = jnp.concatenate([jnp.where(full, FAR, lines.enter[:count]), lines.enter[count:]])
        rest = split(amount - taken.sum(0), Line(closed, lines.weight))
        return rest.at[:count].add(taken)

    found: Rows = jax.lax.cond(full.any(), shared, lambda: filled)
    return found


def by_search(amount: Lanes, quotes: Quotes, pools: int) -> Rows:
    """Payments to any concave curves, kinks and all: each is taken as chords over a window, the
    best chords first, then closer.
    """
    low, width = jnp.zeros((pools, *amount.shape)), jnp.broadcast_to(amount, (pools, *amount.shape))

    def zoomed(_: Array, window: tuple[Rows, Rows]) -> tuple[Rows, Rows]:
        low, width = window
        taken = low + _best_chords(amount - low.sum(0), low, width, quotes)
        part = width / PARTS
        below, above = jnp.maximum(taken - part, 0), jnp.minimum(taken + part, amount)
        return below, above - below

    low, width = jax.lax.fori_loop(0, ZOOMS, zoomed, (low, width))
    filled: Rows = low + _best_chords(amount - low.sum(0), low, width, quotes)
    return filled


def _best_chords(amount: Lanes, low: Rows, width: Rows, quotes: Quotes) -> Rows:
    """How far into its window each pool is filled when the steepest
    chords of all are taken first.
    """
    marks = jnp.arange(PARTS + 1.0)[:, None, None] / PARTS
    got = jax.vmap(quotes)(low + width * marks)
    part = width / PARTS
    chord = jnp.where(part > 0, jnp.diff(got, axis=0) / jnp.where(part > 0, part, 1), 0)

    def halved(_: Array, bounds: tuple[Lanes, Lanes]) -> tuple[Lanes, Lanes]:
        under, over = bounds
        middle = (under + over) / 2
        enough = jnp.where(chord >= middle, part, 0).sum((0, 1)) >= amount
        return jnp.where(enough, middle, under), jnp.where(enough, over, middle)

    bounds = (jnp.zeros_like(amount), 2 * chord.max((0, 1)) + 1e-300)
    under, over = jax.lax.fori_loop(0, HALVINGS, halved, bounds)
    sure = jnp.where(chord >= over, part, 0).sum(0)
    maybe = jnp.where((chord >= under) & (chord < over), part, 0).sum(0)
    rest = amount - sure.sum(0)
    return sure + maybe * rest / jnp.where(maybe.sum(0) > 0, maybe.sum(0), 1)


def beaten(amount: Lanes, paid: Rows, quotes: Quotes) -> Bool[Array, " l"]:
    """Whether moving a tenth of the order to any one pool, from all alike,
    brings out more than ``paid`` does.
    """
    moved = 0.1
    whole, less, more = (
        quotes(paid).sum(0),
        quotes((1 - moved) * paid),
        quotes((1 - moved) * paid + moved * amount),
    )
    return (less.sum(0) + more - less).max(0) > whole * (1 + 1e-9)
