r"""The split of an order over all pools that pays the most: marginal outputs are equal.

Levels (see ``marginal_price``) are equal at the solution. Where they are lines,
$v_i = e_i + z_i/w_i$, the common level $u$ solves $\sum_i w_i \max(0, u - e_i) = q$. The sum
increases with $u$, so a pool takes part exactly if the sum at its own $e_i$ is below $q$: no
sorting and no iteration. Curves are replaced by their tangents until the split converges.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool

from quantamm_cli.competition.fill import Lanes, Rows, compute_once
from quantamm_cli.competition.marginal_price import (
    FAR,
    Line,
    Slope,
    ceiling,
    payment_reaching,
    tangent,
)

STEPS = 12
"""Largest number of tangents."""
PARTS, ZOOMS, HALVINGS = 16, 4, 40
Quotes = Callable[[Rows], Rows]
"""What all pools give for payments."""


def split(amount: Lanes, lines: Line) -> Rows:
    """Payments to pools with these lines, which sum to ``amount``; zeros for an amount of zero."""
    enter, weight = compute_once(lines)
    before = sum(weight[j] * jnp.maximum(enter - enter[j], 0) for j in range(len(enter)))
    # Roots are expensive, so the compiler computes the comparison once; without them it would
    # repeat the comparison, and the sums before it, for each use.
    takes = jnp.sqrt(before) < jnp.sqrt(amount)
    above = amount + jnp.where(takes, weight * enter, 0).sum(0)
    level = above / jnp.where(amount > 0, jnp.where(takes, weight, 0).sum(0), 1)
    return jnp.where(takes, jnp.maximum(weight * (level - enter), 0), 0)


def of_curves(
    amount: Lanes,
    curves: Callable[[Rows], Slope],
    reserve: Rows,
    lines: Line,
    differentiable: bool = True,
) -> Rows:
    """Payments to smooth curves and to pools with lines, in this order.

    Args:
        amount: the order, per lane.
        curves: the slopes of the curves at payments.
        reserve: the most that each curve can give.
        lines: of the pools with lines.
        differentiable: take one more tangent, through which derivatives pass.
    """
    count, pools = len(reserve), len(reserve) + len(lines.enter)

    def improved(paid: Rows, share: Rows) -> tuple[Rows, Rows]:
        # Curves may have no slope at zero, so the smallest payment is a little above it.
        beginning = jnp.maximum(paid[:count], 1e-9 * amount + 1e-12)
        at = curves(beginning)
        share = jnp.minimum(share, ceiling(at, reserve))
        tangents = tangent(at, beginning)
        touching = Line(*map(jnp.concatenate, zip(tangents, lines, strict=True)))
        return _split_up_to(
            payment_reaching(share * reserve, at, beginning), amount, touching
        ), share

    def step(state: tuple[Array, ...]) -> tuple[Array, ...]:
        paid, share, _, done = state
        ahead, share = improved(paid, share)
        return ahead, share, (jnp.abs(ahead - paid) > 1e-6 * amount).any(), done + 1

    even = jnp.broadcast_to(amount / pools, (pools, *amount.shape))
    start: tuple[Array, ...] = (even, jnp.ones_like(reserve), jnp.array(True), jnp.zeros((), int))
    near = jax.lax.while_loop(
        lambda state: state[2] & (state[3] < STEPS), step, jax.lax.stop_gradient(start)
    )[:2]
    if differentiable:
        return improved(*jax.lax.stop_gradient(near))[0]
    return near[0]


def _split_up_to(most: Rows, amount: Lanes, lines: Line) -> Rows:
    """The split in which the first pools get at most ``most`` each; the other pools share the
    rest.
    """
    count = len(most)
    filled = split(amount, lines)
    full = filled[:count] > most

    def shared() -> Rows:
        taken = jnp.where(full, most, 0)
        closed = jnp.concatenate([jnp.where(full, FAR, lines.enter[:count]), lines.enter[count:]])
        rest = split(amount - taken.sum(0), Line(closed, lines.weight))
        return rest.at[:count].add(taken)

    payments: Rows = jax.lax.cond(full.any(), shared, lambda: filled)
    return payments


def by_search(amount: Lanes, quotes: Quotes, pools: int) -> Rows:
    """Payments to concave curves that may have kinks: each is approximated by chords over a window,
    the steepest chords are filled first, and the windows shrink around the result.
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
    """How far into its window each pool is filled when the steepest of all chords go first."""
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


def better_split_exists(amount: Lanes, paid: Rows, quotes: Quotes) -> Bool[Array, " l"]:
    """Whether moving a tenth of the order to any one pool, from all alike, pays more than ``paid``
    does.
    """
    moved = 0.1
    total = quotes(paid).sum(0)
    less, more = quotes((1 - moved) * paid), quotes((1 - moved) * paid + moved * amount)
    return (less.sum(0) + more - less).max(0) > total * (1 + 1e-9)
