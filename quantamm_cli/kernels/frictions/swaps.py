"""Given trades with a geometric mean pool, as ``core.trading`` has them:
forward, and the adjoint.
"""

import math
from typing import no_type_check

from quantamm_cli.kernels.intrinsics import compiled


@compiled
@no_type_check
def swapped(reserves, w, fee, split, pay, take, amount, exact_out):
    """What comes in and goes out, and whether the pool refuses; reserves change in place."""
    if exact_out:
        if amount >= reserves[take]:
            return 0.0, True
        paid, taken = (
            reserves[pay]
            * math.expm1(-math.log1p(-amount / reserves[take]) * w[take] / w[pay])
            / (1 - fee),
            amount,
        )
    else:
        paid, taken = (
            amount,
            -reserves[take]
            * math.expm1(-math.log1p((1 - fee) * amount / reserves[pay]) * w[pay] / w[take]),
        )
    if not (math.isfinite(paid) and math.isfinite(taken) and paid > 0.0 and taken < reserves[take]):
        return 0.0, True
    reserves[pay] += paid * (1 - fee * split)
    reserves[take] -= taken
    return paid, False


@compiled
@no_type_check
def unswapped(before, after, w, p, fee, split, pay, take, amount, exact_out, a, due, to_weights):
    """The adjoint of ``swapped`` and of its fees, at the reserves ``before`` and ``after`` of
    the tokens paid and taken.

    ``a`` changes in place and ``to_weights`` is added to; returned are the cotangents of the fee
    and the protocol's share.
    """
    price, kept = p[pay], 1 - split
    if exact_out:
        v, r = math.log1p(-amount / after), w[take] / w[pay]
        bare = math.expm1(-v * r)
        paid = before * bare / (1 - fee)
    else:
        paid = amount
    to_paid = a[pay] * (1 - fee * split) + due * fee * kept * price
    to_fee = -a[pay] * paid * split + due * paid * kept * price
    to_split = -a[pay] * paid * fee - due * paid * fee * price
    if exact_out:
        scale = to_paid / (1 - fee)
        to_fee += scale * paid
        a[pay] += scale * bare
        steep = -scale * before * (1 + bare)
        a[take] += steep * r * amount / (after * (after - amount))
        to_weights[take] += steep * v / w[pay]
        to_weights[pay] -= steep * v * r / w[pay]
    else:
        u, r = math.log1p((1 - fee) * amount / before), w[pay] / w[take]
        bare = math.expm1(-u * r)
        steep = -a[take] * after * (1 + bare)
        to_u = steep * r / (before + (1 - fee) * amount)
        a[take] *= 1 + bare
        a[pay] -= to_u * (1 - fee) * amount / before
        to_fee -= to_u * amount
        to_weights[pay] += steep * u / w[take]
        to_weights[take] -= steep * u * r / w[take]
    return to_fee, to_split
