r"""The elliptic concentrated liquidity pool (E-CLP) of two tokens.

[Gyroscope, E-CLP mathematics, 2023]

Prices are of the first token in the second, within $[\alpha, \beta]$. Reserves $(x, y)$ lie on an
arc of an ellipse that $A = \begin{pmatrix} c/\lambda & -s/\lambda \\ s & c\end{pmatrix}$,
$c = \cos\varphi$, $s = \sin\varphi$, makes a circle of radius $r$, the invariant: with
$\zeta(p) = \lambda\frac{cp - s}{c + sp}$ and $\tau(p) = (\zeta, 1)/\sqrt{1 + \zeta^2}$

$$(x, y) = r\,(\chi - A^{-1}\tau(p)),
\qquad \chi = \left((A^{-1}\tau(\beta))_x,\ (A^{-1}\tau(\alpha))_y\right).$$

Evaluated literally these are small differences of numbers of the size of $\lambda$. Here they are
sums of positive terms. With $h(p) = 1/((c + sp)\sqrt{1 + \zeta^2})$ and
$\theta = \arctan\zeta$

$$x = r\lambda\tan\tfrac{\theta_\beta - \theta}{2}\,(h(\beta) + h(p)), \qquad
y = r\lambda\tan\tfrac{\theta - \theta_\alpha}{2}\,(\alpha h(\alpha) + p\,h(p)),$$

and the quadratic for $r$, $|A\chi|^2 r^2 - 2r\,A\chi\cdot At + |At|^2 = r^2$, has coefficients and
a discriminant of that kind.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from quantamm_cli.core.quotes import paid_first

Scalar = Float[Array, ""]
Pair = Float[Array, "2"]


class Curve(NamedTuple):
    r"""The constants that follow from $\alpha, \beta, \lambda, \varphi$.

    ``ends`` are $(\alpha h(\alpha), h(\beta))$; ``most`` the reserves of one token alone at
    $r = 1$; ``square`` and ``cross`` the ellipse $|At|^2 = W x^2 + 2Mxy + Vy^2$; ``pull`` is
    $A\chi\cdot A$ and ``power`` $|A\chi|^2 - 1$; ``mixed`` the product term of the discriminant.
    """

    alpha: Scalar
    beta: Scalar
    lam: Scalar
    cosine: Scalar
    sine: Scalar
    ends: Pair
    most: Pair
    square: Pair
    cross: Scalar
    pull: Pair
    power: Scalar
    mixed: Scalar


def curve(alpha: Scalar, beta: Scalar, lam: Scalar, peak: Scalar) -> Curve:
    r"""The curve with price bounds ``alpha`` < ``beta``, stretch ``lam`` and the most liquidity at
    the price ``peak`` $= \tan\varphi$.
    """
    cosine = 1 / jnp.sqrt(1 + peak**2)
    sine = peak * cosine
    low, high = _height(alpha, lam, cosine, sine), _height(beta, lam, cosine, sine)
    ends = jnp.stack([alpha * low, high])
    width = lam * _half_turn(alpha, beta, lam, cosine, sine)
    most = width * jnp.stack([high + low, alpha * low + beta * high])
    square = jnp.stack([sine**2 + (cosine / lam) ** 2, cosine**2 + (sine / lam) ** 2])
    cross = sine * cosine * (1 - lam**-2)
    pull = ends + most * square
    power = most[1] * (ends[1] + pull[1])
    lean = cosine * (cosine + sine * alpha) / lam**2 + sine * (sine - cosine * alpha)
    mixed = low * (ends[0] + most[0] * lean)
    return Curve(alpha, beta, lam, cosine, sine, ends, most, square, cross, pull, power, mixed)


def reserves_at(curve: Curve, price: Float[Array, "*t"]) -> Float[Array, "*t 2"]:
    """Reserves at a price for an invariant of one; a price outside the range counts as the nearer
    bound, where only one token is left.
    """
    alpha, beta, lam, cosine, sine = curve[:5]
    price = jnp.clip(price, alpha, beta)
    height = _height(price, lam, cosine, sine)
    first = _half_turn(price, beta, lam, cosine, sine) * (curve.ends[1] + height)
    second = _half_turn(alpha, price, lam, cosine, sine) * (curve.ends[0] + price * height)
    return lam * jnp.stack([first, second], -1)


def invariant(curve: Curve, reserves: Float[Array, "*t 2"]) -> Float[Array, "*t"]:
    """The invariant r of reserves."""
    return ((curve.pull * reserves).sum(-1) + _root(curve, reserves)) / curve.power


def quote(curve: Curve, reserves: Float[Array, "*t 2"]) -> Float[Array, "*t"]:
    r"""The marginal price of the first token, $\partial_x r / \partial_y r$."""
    slope = _slope(curve, reserves)
    return slope[..., 0] / slope[..., 1]


def out_given_in(curve: Curve, reserves: Pair, pay: Int[Array, ""], amount: Scalar) -> Scalar:
    r"""The amount out for ``amount`` of token ``pay``, net of fees, at a constant invariant;
    infinite beyond the end of the curve.

    The change $o$ of the other token solves $V o^2 + 2o(G_o - M d) = d(2G_d - W d)$, with $G$ half
    the slope of the ellipse. It rises with $d$ while $G_d - W d + M o$ is above zero; past that the
    ellipse turns back and is no longer the curve of the pool.
    """
    slope = _slope(curve, reserves)
    steep, flat = paid_first(slope, pay)
    own, other = paid_first(curve.square, pay)
    lead = flat - curve.cross * amount
    inside = flat**2 + 2 * amount * (other * steep - curve.cross * flat) - (amount / curve.lam) ** 2
    root = jnp.sqrt(jnp.where(inside > 0, inside, 1))
    # Two forms of one root: the one without cancellation is used.
    ahead = lead >= 0
    without_root = amount * (2 * steep - own * amount) / jnp.where(ahead, lead + root, 1)
    out = jnp.where(ahead, without_root, (root - lead) / other)
    rises = steep - own * amount + curve.cross * out > 0
    return jnp.where((inside > 0) & rises, out, jnp.inf)


def in_given_out(curve: Curve, reserves: Pair, pay: Int[Array, ""], amount: Scalar) -> Scalar:
    """The amount in of token ``pay``, net of fees, for ``amount`` of the other; infinite where no
    amount is enough.
    """
    slope = _slope(curve, reserves)
    steep, flat = paid_first(slope, pay)
    own, other = paid_first(curve.square, pay)
    inside = steep**2 + 2 * amount * (curve.cross * steep - own * flat) - (amount / curve.lam) ** 2
    root = jnp.sqrt(jnp.where(inside > 0, inside, 1))
    paid = amount * (2 * flat + other * amount) / (steep + curve.cross * amount + root)
    return jnp.where(inside > 0, paid, jnp.inf)


class Band(NamedTuple):
    """The band of prices without arbitrage, within the range, and the reserves at its ends for an
    invariant of one.
    """

    bid: Float[Array, "*t"]
    ask: Float[Array, "*t"]
    at_bid: Float[Array, "*t 2"]
    at_ask: Float[Array, "*t 2"]


def band(curve: Curve, market: Float[Array, "*t"], fee: Float[Array, "*t"]) -> Band:
    r"""The band $[\gamma p, p/\gamma]$ around market prices, $\gamma = 1 - \text{fee}$."""
    bid = jnp.clip(market * (1 - fee), curve.alpha, curve.beta)
    ask = jnp.clip(market / (1 - fee), curve.alpha, curve.beta)
    return Band(bid, ask, reserves_at(curve, bid), reserves_at(curve, ask))


def best_trade(curve: Curve, reserves: Pair, edges: Band, fee: Scalar) -> Pair:
    r"""The change of reserves by the best trade, which moves the quote to the nearer edge of the
    band.

    The trade follows the curve for the part $\gamma = 1 - \text{fee}$ of the amount paid; the fee
    stays in the pool. There is no trade inside the band, nor beyond the range, where only one token
    is left.
    """
    quoted = jax.lax.stop_gradient(quote(curve, reserves))
    # At the ends of the range the quote is the bound up to rounding, which must not cause a trade.
    slack = 8 * np.finfo(reserves.dtype).eps
    low, high = quoted < edges.bid * (1 - slack), quoted > edges.ask * (1 + slack)
    change = invariant(curve, reserves) * jnp.where(low, edges.at_bid, edges.at_ask) - reserves
    return jnp.where(low | high, change + jnp.maximum(change, 0) * (fee / (1 - fee)), 0)


def _height(
    price: Float[Array, "*t"], lam: Scalar, cosine: Scalar, sine: Scalar
) -> Float[Array, "*t"]:
    r"""$h(p) = 1/\sqrt{(c + sp)^2 + \lambda^2(cp - s)^2}$."""
    return 1 / jnp.sqrt((cosine + sine * price) ** 2 + (lam * (cosine * price - sine)) ** 2)


def _half_turn(
    low: Float[Array, "*#t"], high: Float[Array, "*#t"], lam: Scalar, cosine: Scalar, sine: Scalar
) -> Float[Array, "*t"]:
    r"""$\tan\frac{\theta(\text{high}) - \theta(\text{low})}{2}$, also where the difference of the
    angles is tiny or nearly $\pi$.

    With vectors $u, v$ at the angles it is $\frac{u\times v}{|u||v| + u\cdot v} =
    \frac{|u||v| - u\cdot v}{u\times v}$.
    """
    across, along = lam * (cosine * low - sine), cosine + sine * low
    across2, along2 = lam * (cosine * high - sine), cosine + sine * high
    turned = lam * (high - low)
    dot = along * along2 + across * across2
    size = jnp.sqrt((along**2 + across**2) * (along2**2 + across2**2))
    wide = dot < 0
    return jnp.where(
        wide, (size - dot) / jnp.where(wide, turned, 1), turned / (size + jnp.abs(dot))
    )


def _root(curve: Curve, reserves: Float[Array, "*t 2"]) -> Float[Array, "*t"]:
    """The root of the discriminant of the quadratic for r."""
    x, y = reserves[..., 0], reserves[..., 1]
    return jnp.sqrt((curve.ends[0] * x) ** 2 + (curve.ends[1] * y) ** 2 + 2 * curve.mixed * x * y)


def _slope(curve: Curve, reserves: Float[Array, "*t 2"]) -> Float[Array, "*t 2"]:
    r"""Half the slope of $|rA\chi - At|^2 - r^2$, turned: the slope of r times the root."""
    turned = curve.ends**2 * reserves + curve.mixed * reserves[..., ::-1]
    return (curve.pull * _root(curve, reserves)[..., None] + turned) / curve.power
