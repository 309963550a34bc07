r"""A readjusting concentrated liquidity pool (reCLAMM): constant product on real plus
virtual balances of two tokens.

Real balances $R$, virtual balances $V$, effective balances $E = R + V$. Trades keep $L = E_0 E_1$
and can drain a token but not overdraw it, so prices stay between $V_1^2/L$ and $L/V_0^2$, whose
ratio is $Q = (L / V_0 V_1)^2$. When one token has become scarce (*overvalued*, $o$; the other is
*undervalued*, $u$) the virtual balances shift, and the range with them, at constant $Q$:

$$V_u = \frac{R_u (V_o + R_o)}{w V_o - R_o}, \qquad w = \sqrt Q - 1$$

[Balancer, Readjusting Concentrated Liquidity AMM, pool mathematics;
contract ReClammMath, versions 1 and 2]
"""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float

from quantamm_cli.core.trading import Swap

Pair = Float[Array, "2"]
Scalar = Float[Array, ""]

SHIFT_DIVISOR = 124649
"""With a shift exponent of one, the scarce token's virtual balance falls by 1/124649 a second,
which is half of it in a day.
"""
LONGEST_SHIFT = 30 * 86400
"""The most seconds of shift that version 2 makes up for at one visit."""
_LEAST = 1e-18


def _ordered(above: Bool[Array, ""], pair: Pair) -> Pair:
    """(first, second) to (undervalued, overvalued), and back."""
    return jnp.where(above, pair, pair[::-1])


def centeredness(real: Pair, virtual: Pair) -> tuple[Scalar, Bool[Array, ""]]:
    r"""$C = R_o V_u / R_u V_o$, one at the center of the range, zero where a token is drained; and
    whether the pool is above its center, so that the first token is the undervalued one.
    """
    cross = real * virtual[::-1]
    most = cross.max()
    return cross.min() / jnp.where(most > 0, most, 1), cross[0] > cross[1]


def width(real: Pair, virtual: Pair) -> Scalar:
    r"""$\sqrt Q - 1$ of the range of these balances, without cancellation."""
    return (real / virtual).sum() + (real / virtual).prod()


def price(real: Pair, virtual: Pair) -> Scalar:
    """Price of the first token in units of the second."""
    effective = real + virtual
    return effective[1] / effective[0]


def quoting(real: Pair, prices: Pair, span: Scalar) -> Pair:
    r"""The virtual balances with which these real balances quote the market's price, in a range of
    width ``span`` $= \sqrt Q - 1$.

    With values $y = pR$ both effective balances are worth $X$,
    $w X^2 - (1+w)(y_0+y_1) X + (1+w) y_0 y_1 = 0$. Tokens of equal value give a centered pool,
    $V = R/(\sqrt[4]{Q} - 1)$.
    """
    worth = real * prices
    tilt = (worth[0] - worth[1]) ** 2 + 4 * worth.prod() / (1 + span)
    effective = (1 + span) * (worth.sum() + jnp.sqrt(tilt)) / (2 * span)
    return (effective - worth) / prices


def geometric(real: Pair, virtual: Pair, log_base: Scalar, seconds: Scalar) -> Scalar:
    r"""The overvalued token's virtual balance after ``seconds``: $V_o\,b^{s}$, ``log_base``
    $= \ln b$.
    """
    _, above = centeredness(real, virtual)
    return _ordered(above, virtual)[1] * jnp.exp(log_base * seconds)


def arc_length(real: Pair, virtual: Pair, prices: Pair, speed: Scalar, seconds: Scalar) -> Scalar:
    r"""The overvalued token's virtual balance after ``seconds`` of a shift with the same cost at
    each visit.

    The arbitrage of a shift costs the pool $\Delta Z^2/4X$ of the second token,
    $Z = \sqrt P V_0 - V_1/\sqrt P$, $X = E_0$, so $\Delta Z = 2 v \sqrt X\,s$. In values,
    $y = p_o V_o$ and $r = pR$, $p_u V_u - y$ must rise by $\sqrt{p_0 p_1}\,\Delta Z$ to $z$:
    $w y^2 + (w z - r_u - r_o) y - r_o (z + r_u) = 0$, whose larger root lies within the range for
    every $z$.
    """
    _, above = centeredness(real, virtual)
    span = width(real, virtual)
    worth, held = _ordered(above, prices * real), _ordered(above, prices * virtual)
    pace = 2 * speed * jnp.sqrt((real[0] + virtual[0]) * prices.prod())
    gap = held[0] - held[1] + pace * seconds
    b, c = span * gap - worth.sum(), worth[1] * (gap + worth[0])
    square = b**2 + 4 * span * c
    root = jnp.sqrt(jnp.where(square > 0, square, 1))
    value = jnp.where(b > 0, 2 * c / jnp.where(b > 0, root + b, 1), (root - b) / (2 * span))
    return jnp.where(square > 0, value, 0) / _ordered(above, prices)[1]


def halfway(real: Pair, virtual: Pair) -> Scalar:
    r"""The overvalued token's virtual balance, $V_o/\sqrt Q$, that moves the price of a drained
    pool by half the range.
    """
    _, above = centeredness(real, virtual)
    return _ordered(above, virtual)[1] / (1 + width(real, virtual))


def shifted(real: Pair, virtual: Pair, overvalued: Scalar, version: int) -> Pair:
    r"""Virtual balances once that of the overvalued token is ``overvalued``, in a range of the same
    width.

    Version 2 stops at the center, $V_o \ge R_o/(\sqrt[4]{Q} - 1)$. Version 1 does not; a shift past
    the end of the range, at which the contract reverts, is left out.
    """
    _, above = centeredness(real, virtual)
    span = width(real, virtual)
    (real_under, real_over), held = _ordered(above, real), _ordered(above, virtual)
    # A drained token's virtual balance must stay above zero, and its powers must not underflow.
    least = jnp.maximum(_LEAST * held[1], float(np.finfo(held.dtype).tiny) ** 0.25)
    over = jnp.maximum(overvalued, least)
    if version > 1:
        over = jnp.maximum(over, real_over * (jnp.sqrt(1 + span) + 1) / span)
    room = span * over - real_over
    under = real_under * (over + real_over) / jnp.where(room > 0, room, 1)
    return _ordered(above, jnp.where(room > 0, jnp.stack([under, over]), held))


def onset(real: Pair, virtual: Pair, margin: Scalar) -> Pair:
    """Real balances at which trading alone has lowered the centeredness to ``margin``, with the
    first token undervalued.
    """
    span = width(real, virtual)
    filled = 2 * span / (1 + margin + jnp.sqrt((1 + margin) ** 2 + 4 * margin * span))
    return virtual * filled * jnp.stack([jnp.ones_like(margin), margin])


def matching_speed(
    real: Pair, virtual: Pair, margin: Scalar, log_base: Scalar, seconds: Scalar, version: int
) -> Scalar:
    """The speed of ``arc_length`` at which its first step, at ``onset`` and over ``seconds``, is
    that of ``geometric``.
    """
    real = onset(real, virtual, margin)
    moved = shifted(real, virtual, geometric(real, virtual, log_base, seconds), version) - virtual
    root = jnp.sqrt(price(real, virtual))
    return (root * moved[0] - moved[1] / root) / (2 * jnp.sqrt(real[0] + virtual[0]) * seconds)


def arbitraged(real: Pair, virtual: Pair, prices: Pair, fee: Scalar) -> Pair:
    r"""Real balances after the arbitrageur's best trade; unchanged where the fee exceeds its
    profit.

    With $m = p_o E_o / p_i E_i$ of the token taken out and the one paid in, and $\gamma = 1 - $
    fee, the best trade takes $E_o (1 - e^{-\rho})$ for $E_i (e^\rho - 1)/\gamma$,
    $\rho = \tfrac12 \ln \gamma m$; it ends where the token taken is drained, $\rho = \ln(E_o/V_o)$.
    """
    effective = real + virtual
    levels = jnp.log(prices * effective)
    first = levels[0] > levels[1]
    taken, paid = _ordered(first, effective)
    most = jnp.log1p(_ordered(first, real / virtual)[0])
    wanted = (jnp.abs(levels[0] - levels[1]) + jnp.log1p(-fee)) / 2
    depth = jnp.clip(wanted, 0, most)
    left, filled = _ordered(first, real)
    left = jnp.where(wanted < most, jnp.maximum(left + taken * jnp.expm1(-depth), 0), 0)
    return _ordered(first, jnp.stack([left, filled + paid * jnp.expm1(depth) / (1 - fee)]))


def swap_with(virtual: Pair, fee: Scalar) -> Swap:
    r"""The swaps of a pool with these virtual balances; the fee is taken from what comes in.

    $$a_o = \frac{E_o\,\gamma a_i}{E_i + \gamma a_i},
    \qquad a_i = \frac{E_i\,a_o}{\gamma (E_o - a_o)}$$
    """

    def swap(
        real: Pair, pay: Array, take: Array, amount: Scalar, exact_out: Array
    ) -> tuple[Scalar, Scalar]:
        effective = real + virtual
        into, out_of = effective[pay], effective[take]
        net = (1 - fee) * amount
        taken = out_of * net / (into + net)
        rest = out_of - amount
        needed = into * amount / ((1 - fee) * jnp.where(rest > 0, rest, 1))
        paid = jnp.where(rest > 0, needed, jnp.inf)
        return jnp.where(exact_out, paid, amount), jnp.where(exact_out, amount, taken)

    return swap
