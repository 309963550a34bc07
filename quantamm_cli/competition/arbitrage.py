r"""The arbitrageur's best trade with each pool, if its profit and size reach the least ones.

The profit in Y is $p\,\Delta x - \Delta y$ of what is got and paid. Both sides are quoted, because
a curve's prices need not follow from its reserves. Both are profitable only where a pool's own
quotes cross; then the side whose price is further off is traded.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool

from quantamm_cli.competition.fill import Fill, Lanes, Rows, sided
from quantamm_cli.competition.marginal_price import (
    FAR,
    Quote,
    Slope,
    ceiling,
    payment_reaching,
    slope,
)

STEPS = 16
"""Largest number of Newton's steps; a curve near constant product needs two."""
_STILL = 1e-6
"""Share of a payment by which rounding may put a last step outside its bracket."""
_TINY = 1e-6
"""The first quote, as a share of the least trade: the least trade itself may empty a small pool."""
SECTIONS = 44
_GOLDEN = 0.6180339887498949
_DEEPEST = 1e3
"""The largest payment searched, in reserves."""


class Least(NamedTuple):
    """Y an arbitrageur must gain, and Y a trade is worth at least."""

    profit: Array | float
    notional: Array | float


def constant_product(
    x: Rows,
    y: Rows,
    keep_buy: Rows,
    keep_sell: Rows,
    price: Lanes,
    least: Least,
    when: Bool[Array, " l"] | bool = True,
) -> Fill:
    r"""In closed form: with a payment $i$ into $a$ for $b$, the price $m$ of the output in units of
    the payment, and $c = \gamma i$ after the fee, the optimum has $a + c = \sqrt{\gamma a b m}$.

    The gain is $c^2/\gamma a$. It is compared without a division, so that whether a pool trades is
    decided once for all that follows.
    """
    buys = (price * x) ** 2 * keep_buy > y**2 * keep_sell
    keep = jnp.where(buys, keep_buy, keep_sell)
    into, out_of = sided(buys, x, y)
    worth, unit = jnp.where(buys, price, 1 / price), jnp.where(buys, 1.0, price)
    counted = jnp.sqrt(into * out_of * worth * keep) - into
    trades = when & (counted > 0) & (counted**2 * unit >= least.profit * into * keep)
    counted = jnp.where(trades, jnp.maximum(counted, least.notional / unit * keep), 0)
    return Fill(buys, counted / keep, out_of * counted / (into + counted))


def of_curve(
    quote: Quote,
    x: Rows,
    y: Rows,
    price: Lanes,
    least: Least,
    smooth: bool,
    differentiable: bool = True,
) -> Fill:
    """Of any increasing concave curve: by Newton's method if ``smooth``, else by golden sections.

    ``differentiable``: take one more step, through which derivatives pass.
    """
    always = jnp.ones(x.shape, bool)
    tiny = _TINY * jnp.asarray(least.notional)
    buying = slope(quote, always, jnp.full(x.shape, tiny), x, y)
    selling = slope(quote, ~always, jnp.broadcast_to(tiny / price, x.shape), x, y)
    buys = buying.level < selling.level * price
    worth, unit = jnp.where(buys, price, 1 / price), jnp.where(buys, 1.0, price)
    smallest, wanted = least.notional / unit, jnp.sqrt(worth)
    if smooth:
        first = jax.tree.map(lambda one, other: jnp.where(buys, one, other), buying, selling)
        paid = _newton(quote, buys, x, y, wanted, _TINY * smallest, first, differentiable)
        paid = jnp.maximum(paid, smallest)
    else:
        paid = _golden_sections(quote, buys, x, y, worth, smallest)
    got = quote(buys, paid, x, y)
    # Invalid quotes are returned too, so that the caller can reject them.
    trades = ((got * worth - paid) * unit >= least.profit) | ~(got >= 0)
    return Fill(buys, jnp.where(trades, paid, 0), jnp.where(trades, got, 0))


def _newton(
    quote: Quote,
    buys: Bool[Array, "a l"],
    x: Rows,
    y: Rows,
    wanted: Rows,
    start: Rows,
    start_slope: Slope,
    differentiable: bool,
) -> Rows:
    """The payment at which the level is the wanted one, or the reserve is taken: Newton's method
    within a bracket; ``start`` where even that is not profitable.
    """
    reserve = sided(buys, x, y)[1]

    def ahead(paid: Rows, at: Slope, share: Rows) -> Rows:
        step = (wanted - at.level) / at.rise
        return jnp.minimum(paid + step, payment_reaching(share * reserve, at, paid))

    def improved(state: tuple[Array, ...]) -> tuple[Array, ...]:
        paid, low, high, share, _, done = state
        at = slope(quote, buys, paid, x, y)
        short = at.level < wanted
        low, high = jnp.where(short, paid, low), jnp.where(short, high, paid)
        share = jnp.where(short, share, ceiling(at, reserve))
        near = ahead(paid, at, share)
        within = (near >= low) & (near <= high)
        near = jnp.where(within, near, jnp.where(high < FAR, (low + high) / 2, 4 * paid))
        return near, low, high, share, (jnp.abs(near - paid) > 1e-7 * paid) & pays, done + 1

    def unfinished(state: tuple[Array, ...]) -> Array:
        return state[4].any() & (state[5] < STEPS)

    ones: Array = jnp.ones_like(start)
    pays = start_slope.level < wanted
    first = jnp.where(pays, ahead(start, start_slope, ones), start)
    far, count = jnp.full_like(start, FAR), jnp.zeros((), int)
    state: tuple[Array, ...] = (first, start, far, ones, pays, count)
    state = jax.lax.while_loop(unfinished, improved, state)
    paid, low, high, share = jax.lax.stop_gradient(state[:4])
    last = paid
    if differentiable:
        last = ahead(paid, slope(quote, buys, paid, x, y), share)
    # Outside the bracket the iteration has not converged; its lower end is safe.
    last = jnp.where((last >= low * (1 - _STILL)) & (last <= high * (1 + _STILL)), last, low)
    return jnp.where(pays, last, start)


def _golden_sections(
    quote: Quote, buys: Bool[Array, "a l"], x: Rows, y: Rows, worth: Rows, smallest: Rows
) -> Rows:
    """The best payment by golden sections of its logarithm, for any profit that first rises, then
    falls.
    """

    def profit(place: Array) -> Array:
        paid = jnp.exp(place)
        return quote(buys, paid, x, y) * worth - paid

    def closer(_: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
        low, high, left, right, of_left, of_right = state
        up = of_right > of_left
        low, high = jnp.where(up, left, low), jnp.where(up, high, right)
        new_left = jnp.where(up, right, high - _GOLDEN * (high - low))
        new_right = jnp.where(up, low + _GOLDEN * (high - low), left)
        new = profit(jnp.where(up, new_right, new_left))
        of_new_left, of_new_right = jnp.where(up, of_right, new), jnp.where(up, new, of_left)
        return low, high, new_left, new_right, of_new_left, of_new_right

    low, high = jnp.log(smallest), jnp.log(_DEEPEST * sided(buys, x, y)[0])
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    state = jax.lax.fori_loop(
        0, SECTIONS, closer, (low, high, left, right, profit(left), profit(right))
    )
    return jnp.exp((state[0] + state[1]) / 2)
