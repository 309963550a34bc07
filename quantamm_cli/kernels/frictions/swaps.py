"""Given trades with a geometric mean pool, as in ``core.trading``, and the adjoint."""

import math
from typing import no_type_check

from quantamm_cli.kernels.intrinsics import compiled


@compiled
@no_type_check
def apply_swap(reserves, w, fee, split, pay, take, amount, exact_out):
    """Changes reserves in place; returns the amount paid in, and whether the pool refuses."""
    if exact_out:
        if amount >= reserves[take]:
            return 0.0, True
        relative = math.expm1(-math.log1p(-amount / reserves[take]) * w[take] / w[pay])
        paid, taken = reserves[pay] * relative / (1 - fee), amount
    else:
        relative = math.expm1(-math.log1p((1 - fee) * amount / reserves[pay]) * w[pay] / w[take])
        paid, taken = amount, -reserves[take] * relative
    if not (math.isfinite(paid) and math.isfinite(taken) and paid > 0.0 and taken < reserves[take]):
        return 0.0, True
    reserves[pay] += paid * (1 - fee * split)
    reserves[take] -= taken
    return paid, False


@compiled
@no_type_check
def apply_swap_back(
    before, after, w, p, fee, split, pay, take, amount, exact_out, a, ct, to_weights
):
    """The adjoint of ``apply_swap`` and of its fees; ``before`` and ``after`` are the reserves of
    the token paid and the token taken, before the trade.

    Changes ``a``, the cotangent of reserves, in place and adds to ``to_weights``; returns the
    cotangents of the fee and the protocol's share.
    """
    price, provider_share = p[pay], 1 - split
    if exact_out:
        v, r = math.log1p(-amount / after), w[take] / w[pay]
        relative = math.expm1(-v * r)
        paid = before * relative / (1 - fee)
    else:
        paid = amount
    to_paid = a[pay] * (1 - fee * split) + ct * fee * provider_share * price
    to_fee = -a[pay] * paid * split + ct * paid * provider_share * price
    to_split = -a[pay] * paid * fee - ct * paid * fee * price
    if exact_out:
        scale = to_paid / (1 - fee)
        to_fee += scale * paid
        a[pay] += scale * relative
        slope = -scale * before * (1 + relative)
        a[take] += slope * r * amount / (after * (after - amount))
        to_weights[take] += slope * v / w[pay]
        to_weights[pay] -= slope * v * r / w[pay]
    else:
        u, r = math.log1p((1 - fee) * amount / before), w[pay] / w[take]
        relative = math.expm1(-u * r)
        slope = -a[take] * after * (1 + relative)
        to_u = slope * r / (before + (1 - fee) * amount)
        a[take] *= 1 + relative
        a[pay] -= to_u * (1 - fee) * amount / before
        to_fee -= to_u * amount
        to_weights[pay] += slope * u / w[take]
        to_weights[take] -= slope * u * r / w[take]
    return to_fee, to_split
