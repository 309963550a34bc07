"""Aliases of parameters: values given or imported under an alias are stored under the main name."""

from collections.abc import Mapping
from typing import NamedTuple

from quantamm_cli.core.bijectors import Affine, Bijector, Identity, Interval, Log2, Squareplus

_SHARE = Interval(0.0, 1.0)
_MEMORIES = ("memory_days_for_ewma", "memory_days")


class Spelling(NamedTuple):
    """An alias and its map to the readable value. If ``over`` names memories, the value is a
    product with the first of them that the pool has.
    """

    name: str
    bijector: Bijector
    over: tuple[str, ...] = ()


SPELLINGS: Mapping[str, tuple[Spelling, ...]] = {
    "k_per_day": (
        Spelling("log_k", Log2()),
        Spelling("sp_k", Squareplus()),
        Spelling("k", Identity()),
        Spelling("absolute_k", Identity(), _MEMORIES),
    ),
    "k": (
        Spelling("k_per_day", Identity()),
        Spelling("log_k", Log2()),
        Spelling("sp_k", Squareplus()),
    ),
    "exponent": (Spelling("sp_exponents", Squareplus()), Spelling("raw_exponents", Squareplus())),
    "pre_exp_scaling": (
        Spelling("sp_pre_exp_scaling", Squareplus()),
        Spelling("logit_pre_exp_scaling", _SHARE),
        Spelling("raw_pre_exp_scaling", Log2()),
    ),
    "amplitude": (Spelling("sp_amplitude", Squareplus()), Spelling("log_amplitude", Log2())),
    "width": (Spelling("sp_width", Squareplus()), Spelling("raw_width", Log2())),
    "shift_exponent": (Spelling("daily_price_shift_base", Affine(-124_649.0, 124_649.0)),),
    "swap_fee": (Spelling("fees", Identity()),),
}
"""Aliases by readable name, for the parameters of all rules and pools."""


def spellings(readable: str, raw: str) -> tuple[Spelling, ...]:
    """The aliases of a parameter besides its readable and its raw name."""
    return tuple(
        other for other in SPELLINGS.get(readable, ()) if other.name not in (readable, raw)
    )
