"""The embedded market: minute prices of any token from 2021 to 2026, made from a seed.

It has the properties of real markets that matter to a pool: tokens share one factor, volatility
clusters on all time scales (the Markov-switching multifractal of Calvet and Fisher, J. Financial
Econometrics 2004), tails are fat, prices jump, and weak drifts last for days. It uses only
arithmetic that is bit-identical everywhere (:mod:`quantamm_cli.random.noise`).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from quantamm_cli.market.base import Closes, Source
from quantamm_cli.market.supply import circulating
from quantamm_cli.random.noise import (
    Floats,
    gaussians,
    last_switch,
    moving_average,
    seed_of,
    uniforms,
)
from quantamm_cli.random.tags import SYNTHETIC_MARKET as MODEL
from quantamm_cli.settings.types import Natural, minute

FIRST, LAST = minute("2021-01-01"), minute("2026-01-01")
HOUR, DAY, YEAR = 60, 1440, 525_600
STARTING_PRICES = {
    "AAVE": 88.0, "ADA": 0.18, "ATOM": 6.4, "AVAX": 3.6, "BAL": 14.0, "BCH": 342.0, "BNB": 37.5,
    "BTC": 29_000.0, "COMP": 145.0, "CRV": 0.62, "DOGE": 0.0057, "DOT": 9.3, "ETC": 5.7,
    "ETH": 735.0, "LINK": 11.9, "LTC": 126.0, "MATIC": 0.018, "MKR": 590.0, "NEAR": 1.4, "SNX": 7.2,
    "SOL": 1.8, "TRX": 0.027, "UNI": 5.2, "WBTC": 29_000.0, "WETH": 735.0, "XLM": 0.13, "XRP": 0.23,
}  # fmt: skip
MAJORS = {
    "BTC": (0.57, 0.86),
    "WBTC": (0.57, 0.86),
    "ETH": (0.72, 0.86),
    "WETH": (0.72, 0.86),
    "BNB": (0.72, 0.78),
}
# The multifractal's components: mean durations of a state in hours, and the relative change of
# variance between states.
SHARED_SPELLS, SHARED_SWING = (4, 16, 64, 256, 1024), 0.45
OWN_SPELLS, OWN_SWING = (3, 24, 192), 0.35
# Of the common events and of each token's own: a number and a log return; hours and a log return.
JUMPS_A_YEAR, JUMP_SIZE = 20.0, 0.012
DRIFT_SPELL, DRIFT_A_DAY = 12 * 24, 0.0025


class Synthetic(Source, kind="synthetic"):
    """Made-up prices of any tokens, 2021-01-01 to 2026-01-01, and their circulating ``supply``. A
    token's path depends on the seed and the token's name only.
    """

    computed: ClassVar[bool] = True

    seed: Natural = Field(0, description="seed of the market; each is another one")

    def span(self, token: str) -> tuple[int, int]:
        return FIRST, LAST

    def read(self, token: str, first: int, last: int) -> Closes:
        self.refuse_outside(token, first, last)
        make = pegged if _is_pegged(token) else floating
        prices = make(self.seed, token, last - FIRST)[first - FIRST :]
        return Closes(prices, carried=0, longest_gap=0)

    @property
    def offers(self) -> tuple[str, ...]:
        return ("supply",)

    def offered(self, name: str, token: str, first: int, last: int) -> NDArray[np.float64]:
        self.refuse_outside(token, first, last)
        price = 1.0 if _is_pegged(token) else _parameters(token).price
        coins = circulating(self.seed, token, price, -(-(last - FIRST) // DAY))
        return np.repeat(coins, DAY)[first - FIRST : last - FIRST]


def _is_pegged(token: str) -> bool:
    """Whether a token is pegged to one unit of the numeraire."""
    return token.startswith("USD") or token == "DAI"


def floating(seed: int, token: str, count: int) -> Floats:
    """The first ``count`` prices from 2021-01-01 of a token that is not pegged.

    Log return of a minute: sigma sqrt(M) (rho f + sqrt(1 - rho^2) sqrt(m) e) + jumps + drift. The
    factor f and the multifractal M are common to all tokens, e and m are the token's own; M and m
    have mean one. Returns compound as 1 + x + x^2 / 2, which equals exp(x) up to a third-order term
    and is positive for every x.
    """
    token_model, market = _parameters(token), _market(seed, -(-count // HOUR))
    hours = market.volatility.size
    variance = _multifractal(hours, OWN_SPELLS, OWN_SWING, seed, token)
    scale = float(np.sqrt(token_model.volatility * token_model.volatility / YEAR))
    rest = float(np.sqrt(1.0 - token_model.loading * token_model.loading))
    x = gaussians(hours * HOUR, MODEL, seed, token, "minutes")
    x *= np.repeat(market.volatility * np.sqrt(variance) * (scale * rest), HOUR)
    x += market.factor * (scale * token_model.loading)
    x += _events(hours, seed, token)
    x += market.events * token_model.sensitivity
    growth = 1.0 + x + 0.5 * (x * x)
    growth[0] = token_model.price * growth[0]
    prices: Floats = np.multiply.accumulate(growth[:count])
    return prices


def pegged(seed: int, token: str, count: int) -> Floats:
    """The first ``count`` prices from 2021-01-01 of a pegged token: within some basis points of
    one, with deviations that last at most a day.
    """
    slow = moving_average(count, DAY, MODEL, seed, token, "slow")
    quick = moving_average(count, 5, MODEL, seed, token, "quick")
    return 1.0 + 2e-4 * slow + 5e-5 * quick


@dataclass(frozen=True)
class _TokenParameters:
    """A token's parameters: first price; volatility a year; loading on the common factor;
    sensitivity to common jumps and drifts.
    """

    price: float
    volatility: float
    loading: float
    sensitivity: float


def _parameters(token: str) -> _TokenParameters:
    """The parameters of a known token, or else ones derived from the name."""
    number = seed_of(MODEL, token)
    shares = [(number >> (32 * k) & 0xFFFF_FFFF) / 4294967296.0 for k in range(3)]
    decade = (0.1, 1.0, 10.0, 100.0)[number >> 254]
    price = STARTING_PRICES.get(token, decade * (1.0 + 9.0 * shares[0]))
    volatility, loading = MAJORS.get(token, (0.76 + 0.1 * shares[1], 0.70 + 0.12 * shares[2]))
    return _TokenParameters(price, volatility, loading, sensitivity=0.4 + volatility)


@dataclass(frozen=True, eq=False)
class _Market:
    """The processes that all tokens of a seed share: ``volatility`` (hours,) sqrt(M); ``factor``
    (t,) sqrt(M) f; ``events`` (t,) jumps and drift.
    """

    volatility: Floats
    factor: Floats
    events: Floats


@lru_cache(maxsize=1)
def _market(seed: int, hours: int) -> _Market:
    """The common processes, cached for the next token of the same run."""
    volatility = np.sqrt(_multifractal(hours, SHARED_SPELLS, SHARED_SWING, seed, ""))
    factor = gaussians(hours * HOUR, MODEL, seed, "", "minutes") * np.repeat(volatility, HOUR)
    return _Market(volatility, factor, _events(hours, seed, ""))


def _multifractal(
    hours: int, spells: tuple[int, ...], swing: float, seed: int, token: str
) -> Floats:
    """A multifractal variance (hours,) of mean one: a product of components, each 1 + ``swing`` or
    1 - ``swing`` and redrawn on average every ``spell`` hours.
    """
    variance = np.ones(hours)
    for spell in spells:
        last = last_switch(uniforms(hours, MODEL, seed, token, "switch", spell) * spell <= 1.0)
        high = uniforms(hours, MODEL, seed, token, "state", spell) > 0.5
        variance *= np.where(high, 1.0 + swing, 1.0 - swing)[last]
    return variance


def _events(hours: int, seed: int, token: str) -> Floats:
    """Log returns (hours * 60,) of jumps, about twenty a year of a few percent, and of a drift that
    changes on average every twelve days.
    """
    last = last_switch(uniforms(hours, MODEL, seed, token, "drift switch") * DRIFT_SPELL <= 1.0)
    drift = gaussians(hours, MODEL, seed, token, "drift")[last] * (DRIFT_A_DAY / DAY)
    returns = np.repeat(drift, HOUR)
    # Division by the root of a uniform number makes the sizes fat-tailed; its floor limits them.
    tail = np.maximum(uniforms(hours, MODEL, seed, token, "jump tail"), 0.1)
    size = gaussians(hours, MODEL, seed, token, "jump size") / np.sqrt(tail)
    draws = uniforms(hours, MODEL, seed, token, "jump")
    when = np.flatnonzero(draws * (YEAR / HOUR) <= JUMPS_A_YEAR)
    within = (uniforms(hours, MODEL, seed, token, "jump minute")[when] * 59.0).astype(np.int64)
    returns[when * HOUR + within] += JUMP_SIZE * size[when]
    return returns
