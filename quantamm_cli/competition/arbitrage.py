r"""The arbitrageur's best trade with each pool, if it is worth its while.

His profit in Y is $p\,\Delta x - \Delta y$ of what he gets and pays. Both sides are looked at: a
curve may quote prices that do not follow from its reserves. Both pay only where a pool's own quotes
cross; then the one whose price is further off is taken.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool

from quantamm_cli.competition.fill import Fill, Lanes, Rows, sided
from quantamm_cli.competition.marginal_price import FAR, Quote, Slope, ceiling, reaching, slope

STEPS = 16
"""Newton's steps at most; a curve near constant product needs two."""
_STILL = 1e-6
"""Share of a payment by which rounding may put a last step outside its bracket."""
_TINY = 1e-6
"""Of the least trade, what is asked first: a pool that is nearly empty may have all
it has taken by the least.
"""
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
    r"""In closed form: of a payment $i$ into $a$ for $b$, worth $m$ of what is paid, $c = \gamma i$
    counts; $a + c = \sqrt{\gamma a b m}$.

    It gains $c^2/\gamma a$, which is compared before anything is divided: who trades is then
    settled for all that follows.
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
    """Of any increasing concave curve: by Newton's steps where it is smooth,
    else by a search that needs no slope.

    ``differentiable``: with one more step, through which derivatives pass.
    """
    always = jnp.ones(x.shape, bool)
    tiny = _TINY * jnp.asarray(least.notional)
    buying = slope(quote, always, jnp.full(x.shape, tiny), x, y)
    selling = slope(quote, ~always, jnp.broadcast_to(tiny / price, x.shape), x, y)
    buys = buying.level < selling.level * price
    worth, unit = jnp.where(buys, price, 1 / price), jnp.where(buys, 1.0, price)
    smallest, wanted = least.notional / unit, jnp.sqrt(worth)
    if smooth:
        begun = jax.tree.map(lambda one, other: jnp.where(buys, one, other), buying, selling)
        paid = jnp.maximum(
            _newton(quote, buys, x, y, wanted, _TINY * smallest, begun, differentiable), smallest
        )
    else:
        paid = _sections(quote, buys, x, y, worth, smallest)
    got = quote(buys, paid, x, y)
    # An answer that is none is handed on too, for whoever keeps the rules.
    trades = ((got * worth - paid) * unit >= least.profit) | ~(got >= 0)
    return Fill(buys, jnp.where(trades, paid, 0), jnp.where(trades, got, 0))


def _newton(
    quote: Quote,
    buys: Bool[Array, "a l"],
    x: Rows,
    y: Rows,
    wanted: Rows,
    tried: Rows,
    begun: Slope,
    differentiable: bool,
) -> Rows:
    """Where the level is the wanted one, or all there is has been taken:
    Newton's steps, kept within a bracket.

    ``begun`` is the slope at ``tried``, which is the answer where even that does not pay.
    """
    reserve = sided(buys, x, y)[1]

    def ahead(paid: Rows, at: Slope, share: Rows) -> Rows:
        return jnp.minimum(
            paid + (wanted - at.level) / at.rise, reaching(share * reserve, at, paid)
        )

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

    def going(state: tuple[Array, ...]) -> Array:
        return state[4].any() & (state[5] < STEPS)

    whole, pays = jnp.ones_like(tried), begun.level < wanted
    first = jnp.where(pays, ahead(tried, begun, whole), tried)
    start: tuple[Array, ...] = (
        first,
        tried,
        jnp.full_like(tried, FAR),
        whole,
        pays,
        jnp.zeros((), int),
    )
    paid, low, high, share = jax.lax.stop_gradient(jax.lax.while_loop(going, improved, start)[:4])
    last = ahead(paid, slope(quote, buys, paid, x, y), share) if differentiable else paid
    # Not one that was led astray when there were no steps left.
    last = jnp.where((last >= low * (1 - _STILL)) & (last <= high * (1 + _STILL)), last, low)
    return jnp.where(pays, last, tried)


def _sections(
    quote: Quote, buys: Bool[Array, "a l"], x: Rows, y: Rows, worth: Rows, smallest: Rows
) -> Rows:
    """The best payment by golden sections of its logarithm: all that is asked is that the
    profit rises, then falls.
    """

    def profit(place: Array) -> Array:
        paid = jnp.exp(place)
        return quote(buys, paid, x, y) * worth - paid

    def closer(_: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
        low, high, left, right, of_left, of_right = state
        up = of_right > of_left
        low, high = jnp.where(up, left, low), jnp.where(up, high, right)
        left, right = (
            jnp.where(up, right, high - _GOLDEN * (high - low)),
            jnp.where(up, low + _GOLDEN * (high - low), left),
        )
        new = profit(jnp.where(up, right, left))
        return low, high, left, right, jnp.where(up, of_right, new), jnp.where(up, new, of_left)

    low, high = jnp.log(smallest), jnp.log(_DEEPEST * sided(buys, x, y)[0])
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    state = jax.lax.fori_loop(
        0, SECTIONS, closer, (low, high, left, right, profit(left), profit(right))
    )
    return jnp.exp((state[0] + state[1]) / 2)
