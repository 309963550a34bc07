"""The circulating supply of the embedded market's tokens.

It uses only arithmetic that is bit-identical everywhere, as :mod:`quantamm_cli.random.noise` does.
"""

import numpy as np

from quantamm_cli.random.noise import Floats, seed_of, uniforms
from quantamm_cli.random.tags import SYNTHETIC_SUPPLY as MODEL

MAX_ISSUE_A_YEAR = 0.06
# Market capitalisation on 2021-01-01 in 10^9 of the numeraire, to a digit or two. That of another
# token is between 0.1 and 100, derived from its name.
MARKET_CAPS = {
    "ADA": 5.6, "BCH": 6.4, "BNB": 5.5, "BTC": 540.0, "DAI": 1.2, "DOGE": 0.6, "DOT": 8.3,
    "ETH": 84.0, "LINK": 4.8, "LTC": 8.3, "SOL": 0.1, "USDC": 4.0, "USDT": 21.0, "WBTC": 3.3,
    "WETH": 4.7, "XLM": 2.8, "XRP": 10.5,
}  # fmt: skip


def circulating(seed: int, token: str, price: float, days: int) -> Floats:
    """Coins in circulation on each of the first ``days`` days from 2021-01-01.

    ``price``: the token's first price. A token has a rate of issue of 0 to 6 % a year; each day
    adds between 0 and twice its share of that.
    """
    number = seed_of(MODEL, token)
    first, second = ((number >> (32 * k) & 0xFFFF_FFFF) / 4294967296.0 for k in range(2))
    cap = MARKET_CAPS.get(token, (0.1, 1.0, 10.0, 100.0)[number >> 254] * (1.0 + 9.0 * first))
    growth = 1.0 + (MAX_ISSUE_A_YEAR * second / 365.0) * (2.0 * uniforms(days, MODEL, seed, token))
    growth[0] = cap * 1e9 / price
    coins: Floats = np.multiply.accumulate(growth)
    return coins
