r"""The arbitrage of ``core.arbitrage`` as scalar arithmetic, and its adjoint.

With $z_i = p_i R_i / w_i$ there is a trade iff $\max z\,\gamma \ge \min z$: in most minutes that
comparison is all there is to do. Levels are logarithms of $z_i$ over the largest, so that they are
small; x is the logarithm of the multiplier over the largest.

Vectors have one entry a token: reserves, weights ``w``, their inverses ``v``, prices ``p``, levels
``y``; ``act`` is 1 where a token is paid in, -1 where it is taken out, else 0. ``costs`` is (fee,
ln γ, gas, arbitrage fee, tested, split, noise ratio, noisy).
"""

import math
from typing import no_type_check

from quantamm_cli.kernels.intrinsics import compiled, inlined

NEAR = 0.02
NONE = (False, 0.0, 0.0, 0.0)


@inlined
@no_type_check
def log_ratio(a, b):
    """ln(a / b): near one by the series of the inverse hyperbolic tangent."""
    s = (a - b) / (a + b)
    if abs(s) < NEAR:
        q = s * s
        return 2 * s * (1 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9)))))
    return math.log(a / b)


@inlined
@no_type_check
def exact(y, w, act, low, lg, n):
    """x of the joint optimum and the total weight of the tokens that trade; ``low`` is the position
    of the lowest level, the highest level is zero.

    The condition on x is piecewise linear and increasing: bracketed Newton's method, started from
    the two outermost tokens.
    """
    below, above = y[low], -lg
    high = 0
    for i in range(n):
        if y[i] == 0.0:
            high = i
    x = w[low] * (y[low] - lg) / (w[low] + w[high])
    total = w[low] + w[high]
    if n > 2:
        for _ in range(64):
            weighed = total = 0.0
            for i in range(n):  # selections, not branches: no processor predicts which tokens trade
                pays, stays = x + lg > y[i], x + lg <= y[i] and x > y[i]
                share = 0.0 if stays else w[i]
                weighed += share * (y[i] - lg if pays else y[i])
                total += share
            root = weighed / total
            if abs(root - x) <= 1e-16:
                break
            if root > x:
                below = x
            else:
                above = x
            x = root if below < root < above else 0.5 * (below + above)
    for i in range(n):
        act[i] = 0.0
        if x + lg > y[i]:
            act[i] = 1.0
        elif x <= y[i]:
            act[i] = -1.0
    act[low], act[high] = 1.0, -1.0
    return x, total


@compiled
@no_type_check
def pairwise(y, w, act, lg, n):
    """As ``exact``, but one token is traded for one other: the pair with the highest profit."""
    best, x, total, pays, takes = -1.0, 0.0, 1.0, 0, 0
    for i in range(n):
        act[i] = 0.0
        for j in range(n):
            if i != j and y[j] - y[i] >= -lg:
                at = (w[j] * y[j] + w[i] * (y[i] - lg)) / (w[i] + w[j])
                profit = math.exp(at) * (
                    w[j] * math.expm1(y[j] - at) + w[i] * math.expm1(y[i] - lg - at)
                )
                if profit > best:
                    best, x, total, pays, takes = profit, at, w[i] + w[j], i, j
    act[pays], act[takes] = 1.0, -1.0
    return x, total


@inlined
@no_type_check
def best_trade(reserves, w, v, p, costs, pairs, y, act, n):
    """Whether the arbitrageur trades; if so x, the multiplier, and the total weight of the tokens
    that trade.
    """
    top, bottom, high, low = -1.0, math.inf, 0, 0
    for i in range(n):
        z = p[i] * reserves[i] * v[i]
        y[i] = z
        if z > top:
            top, high = z, i
        if z <= bottom:
            bottom, low = z, i
    if not top * (1 - costs[0]) >= bottom:
        return NONE
    return solve_trade(reserves, w, p, costs, pairs, y, act, top, high, low, n)


@compiled
@no_type_check
def solve_trade(reserves, w, p, costs, pairs, y, act, top, high, low, n):
    """The rest of ``best_trade`` where prices have left the band of no arbitrage."""
    fee, lg, gas, cost, tested = costs[0], costs[1], costs[2], costs[3], costs[4]
    for i in range(n):
        y[i] = log_ratio(y[i], top)
    y[high] = 0.0
    if pairs:
        x, total = pairwise(y, w, act, lg, n)
    else:
        x, total = exact(y, w, act, low, lg, n)
    mu = top * math.exp(x)
    if tested:
        gain = volume = 0.0
        for i in range(n):
            if act[i] != 0.0:
                grossed_up = 1.0
                if act[i] > 0.0:
                    grossed_up = 1 / (1 - fee)
                change = w[i] * mu - p[i] * reserves[i] * grossed_up
                gain -= change
                volume += abs(change)
        if not gain - gas >= 0.5 * cost * volume:
            return NONE
    return True, x, mu, total


@inlined
@no_type_check
def volume_of(reserves, w, p, costs, act, mu, n):
    """Half of what comes in and goes out in a trade, at market prices."""
    kappa, volume = costs[0] / (1 - costs[0]), 0.0
    for i in range(n):
        if act[i] != 0.0:
            after = w[i] * mu / p[i]
            if act[i] > 0.0:
                after -= reserves[i] * kappa
            volume += 0.5 * abs(after - reserves[i]) * p[i]
    return volume


@compiled
@no_type_check
def apply_trade(reserves, w, p, costs, act, mu, paid, n):
    """The trade: changes reserves in place, writes to ``paid`` the amounts paid in, and returns the
    fees paid to the providers.
    """
    fee, split, ratio, noisy = costs[0], costs[5], costs[6], costs[7]
    kappa, worth, value = fee / (1 - fee), 0.0, 0.0
    for i in range(n):
        paid[i] = 0.0
        if act[i] != 0.0:
            after = w[i] * mu / p[i]
            if act[i] > 0.0:
                after -= reserves[i] * kappa
                paid[i] = after - reserves[i]
                worth += paid[i] * p[i]
            reserves[i] = after
        value += reserves[i] * p[i]
    fees = worth * fee * (1 - split)
    if noisy:
        noise = ratio * fees
        for i in range(n):
            reserves[i] *= 1 + noise / value
        fees += noise
    if split != 0.0:
        for i in range(n):
            reserves[i] -= paid[i] * fee * split
    return fees


@compiled
@no_type_check
def apply_trade_back(reserves, w, p, costs, act, y, x, mu, total, a, ct, to_weights, after, n):
    """The adjoint of ``best_trade`` and ``apply_trade``: ``reserves`` are those before the trade,
    ``ct`` the cotangent of the fees.

    Changes ``a``, the cotangent of reserves, in place; writes that of the weights to
    ``to_weights``; returns those of the fee, the protocol's share and the noise traders' ratio.
    ``after`` is a work vector.
    """
    fee, lg, split, ratio, noisy = costs[0], costs[1], costs[5], costs[6], costs[7]
    gamma = 1 - fee
    kappa, worth, value, scaled = fee / gamma, 0.0, 0.0, 0.0
    to_paid_out = 0.0  # the cotangent of amounts paid in, through the protocol's share
    for i in range(n):
        after[i] = reserves[i]
        if act[i] != 0.0:
            charge = reserves[i] * kappa if act[i] > 0.0 else 0.0
            after[i] = w[i] * mu / p[i] - charge
        if act[i] > 0.0:
            worth += (after[i] - reserves[i]) * p[i]
            to_paid_out += a[i] * (after[i] - reserves[i])
        value += after[i] * p[i]
        scaled += a[i] * after[i]
    earned = worth * fee * (1 - split)
    noise = to_noise = 0.0
    if noisy:
        noise, to_noise = ratio * earned, ct + scaled / value
    to_earned = ct + to_noise * ratio
    to_fee = to_earned * worth * (1 - split) - split * to_paid_out
    to_split = -to_earned * worth * fee - fee * to_paid_out
    to_ratio = to_noise * earned
    pull = 0.0
    for i in range(n):
        charged = 0.0
        if act[i] > 0.0:
            charged = to_earned * fee * (1 - split) * p[i] - a[i] * fee * split
        if noisy:
            a[i] = a[i] * (1 + noise / value) - scaled * noise / (value * value) * p[i]
        a[i] += charged
        to_weights[i] = charged
        if act[i] != 0.0:
            pull += a[i] * w[i] * mu / p[i]
    pull /= total
    to_gamma = 0.0
    for i in range(n):
        charged = to_weights[i]
        to_weights[i] = 0.0
        if act[i] == 0.0:
            continue
        inward = act[i] > 0.0
        level = y[i]
        if inward:
            level -= lg
        to_weights[i] = a[i] * mu / p[i] + pull * (level - x - 1)
        through = pull * w[i] / reserves[i] - charged
        if inward:
            to_gamma += a[i] * reserves[i] / (gamma * gamma) - pull * w[i] / gamma
            through -= kappa * a[i]
        a[i] = through
    return to_fee - to_gamma, to_split, to_ratio
