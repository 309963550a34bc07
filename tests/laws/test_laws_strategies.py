"""What holds for every strategy, and for every competition whoever competes."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array
from kinds import build, components, source, tree, yaml_of
from numpy.typing import NDArray

from quantamm_cli.competition import arbitrage, capital, routing, strategies  # noqa: F401 - the strategies register themselves
from quantamm_cli.competition.arbitrage import Least
from quantamm_cli.competition.batches import event_batches
from quantamm_cli.competition.engine import compete
from quantamm_cli.competition.fill import sided
from quantamm_cli.competition.marginal_price import constant_product_line, slope
from quantamm_cli.competition.strategies.fixed_fee import FixedFee
from quantamm_cli.competition.strategies.vol_adaptive import VolAdaptive
from quantamm_cli.competition.strategy import Epoch, Scalar, Strategy, Swap, Tick, constant_product
from quantamm_cli.competition.types import Entrant, Fault, Market, Outcome, Rules
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import REGISTER

GROUP = "strategy"
NAMES = components(GROUP)
every = pytest.mark.parametrize("name", NAMES)
STEPS, LENGTH = 60, 20
EPOCHS = Rules(epoch_length=LENGTH)


def draw(seeds: int, steps: int = STEPS) -> Market:
    """A market with orders enough and prices that move."""
    random = np.random.Generator(np.random.PCG64(7))
    one = np.ones(seeds)
    prices = 100 * np.exp(np.cumsum(0.004 * random.standard_normal((seeds, steps)), 1))
    drawn = np.sort(random.integers(0, steps, (seeds, 50)), 1).astype(np.int32)
    drawn[:, 40:] = -1
    size = np.exp(random.standard_normal((seeds, 50))) * 20
    fee, liquidity = random.integers(30, 81, seeds) / 1e4, random.uniform(0.4, 2, seeds)
    return Market(
        np.arange(seeds),
        0.004 * one,
        0.8 * one,
        20 * one,
        fee,
        liquidity,
        prices,
        drawn,
        random.random((seeds, 50)) < 0.5,
        size,
    )


MARKET = draw(5)


def named(*entrants: Strategy) -> list[Entrant]:
    return [Entrant(f"{place}", strategy) for place, strategy in enumerate(entrants)]


def chosen(market: Market, seeds: Sequence[int]) -> Market:
    return Market(*(column[np.asarray(seeds)] for column in market))


def same(one: Outcome, other: Outcome, rtol: float = 0.0) -> None:
    for name, values, others in zip(Outcome._fields, one, other, strict=True):
        np.testing.assert_allclose(values, others, rtol=rtol, atol=rtol, err_msg=name)


class Leaning(Strategy, kind="test_leaning"):
    """Everything a strategy is told goes into its fee, so that nothing can be told
    wrongly without being seen.
    """

    base_bps: float = 30.0

    def init(self) -> Any:
        return {"heard": jnp.zeros(2), "fills": 0}

    def on_step(self, state: Any, tick: Tick) -> Any:
        told = (
            tick.reserves / 1e4 - 1 + tick.step / 500 + tick.epoch_step / 50 + tick.epoch_number / 9
        )
        return {**state, "heard": 0.99 * state["heard"] + 0.01 * told}

    def fees(self, state: Any) -> tuple[Scalar, Scalar]:
        bps = self.base_bps + 20 * jnp.tanh(state["heard"])
        return bps[0] / 1e4, bps[1] / 1e4

    def after_swap(self, state: Any, swap: Swap) -> Any:
        others = jnp.nanmean(swap.competing_spots) - swap.reserves[1] / swap.reserves[0]
        told = (
            swap.flow_captured
            + swap.capital_weight
            + others
            + swap.epoch_step / 50
            + swap.epoch_number / 9
            + swap.step / 500
        )
        moved = jnp.stack(
            [
                told,
                swap.got * jnp.where(swap.buys, 1, 0.01)
                - swap.paid * jnp.where(swap.buys, 0.01, 1),
            ]
        )
        return {"heard": 0.9 * state["heard"] + 0.1 * moved, "fills": state["fills"] + 1}

    def on_epoch(self, state: Any, epoch: Epoch) -> Any:
        return {
            **state,
            "heard": state["heard"]
            + epoch.epoch_edge / 10
            + epoch.cumulative_edge / 50
            + epoch.capital_weight
            + epoch.growth,
        }


class Kinked(Strategy, kind="test_kinked"):
    """The first few units at one price, the rest at worse ones: slopes that jump."""

    smooth = False
    fee_bps: float = 30.0

    def quote(self, state: Any, side: Array, amount: Scalar, reserves: Array) -> Scalar:
        into, out_of = (
            jnp.where(side, reserves[1], reserves[0]),
            jnp.where(side, reserves[0], reserves[1]),
        )
        marks = jnp.asarray([0.0, 0.002, 0.005, 0.01, 0.05, 0.2, 1.0, 5.0, 1000.0]) * into
        return jnp.interp(amount, marks, constant_product(marks, into, out_of, self.fee_bps / 1e4))


class Rogue(Strategy, kind="test_rogue"):
    """Breaks a rule from a number of fills on."""

    after: float = 3.0
    how: str = "nan"

    def init(self) -> Any:
        return jnp.zeros(())

    def quote(self, state: Any, side: Array, amount: Scalar, reserves: Array) -> Scalar:
        into, out_of = (
            jnp.where(side, reserves[1], reserves[0]),
            jnp.where(side, reserves[0], reserves[1]),
        )
        fair = constant_product(amount, into, out_of, 0.003)
        wrong = {"nan": jnp.nan * amount, "drain": amount * 1e9, "negative": -amount}[self.how]
        return jnp.where(state >= self.after, wrong, fair)

    def after_swap(self, state: Any, swap: Swap) -> Any:
        return state + 1


class RogueFee(Strategy, kind="test_rogue_fee"):
    """A fee that stops being a number."""

    def init(self) -> Any:
        return jnp.zeros(())

    def fees(self, state: Any) -> tuple[Scalar, Scalar]:
        return jnp.where(state >= 3, jnp.nan, 0.003), jnp.asarray(0.003)

    def after_swap(self, state: Any, swap: Swap) -> Any:
        return state + 1


class Exact(Strategy, kind="test_exact"):
    """Asks for no number as soon as it was told of a step twice or never,
    or of a growth that its reserves did not have.
    """

    class State(NamedTuple):
        steps: Any = 0
        reserves: Any = np.array([100.0, 10_000.0])
        wrong: Any = 0.0

    def init(self) -> Any:
        return self.State()

    def fees(self, state: Any) -> tuple[Scalar, Scalar]:
        fee = jnp.where(state.wrong > 0, jnp.nan, 0.003)
        return fee, fee

    def on_step(self, state: Any, tick: Tick) -> Any:
        wrong = (
            (state.steps != tick.step)
            | (tick.epoch_step != tick.step % LENGTH)
            | (tick.reserves != state.reserves).any()
        )
        return state._replace(steps=state.steps + 1, wrong=state.wrong + wrong)

    def after_swap(self, state: Any, swap: Swap) -> Any:
        return state._replace(
            reserves=swap.reserves, wrong=state.wrong + (state.steps != swap.step + 1)
        )

    def on_epoch(self, state: Any, epoch: Epoch) -> Any:
        wrong = (abs(state.reserves * epoch.growth / epoch.reserves - 1) > 1e-12).any()
        return state._replace(reserves=epoch.reserves, wrong=state.wrong + wrong)


class Silent(Strategy, kind="test_silent"):
    """Never quotes."""

    def fees(self, state: Any) -> tuple[float, float]:
        return 1.0, 1.0


class SilentCurve(Strategy, kind="test_silent_curve"):
    """Never quotes either."""

    def quote(self, state: Any, side: Array, amount: Scalar, reserves: Array) -> Scalar:
        return 0 * amount


@pytest.mark.parametrize("name", [name for name in NAMES if yaml_of(GROUP, name).is_file()])
def test_its_yaml_says_what_it_is(name: str) -> None:
    """Its keys are the fields, each with a comment; a name that is the kind's
    own has the kind's defaults.
    """
    cls = REGISTER["strategy"][tree("strategy", name)["kind"]]
    assert set(tree("strategy", name)) == set(cls.model_fields) | {"kind"}
    lines = source("strategy", name).splitlines()
    assert re.match(r"# \S.{3,}", lines[0])
    assert all(re.search(r"\s# \S.{2,}", line) for line in lines[2:])
    for key, field in cls.model_fields.items():
        assert field.description
        if name == cls.kind:
            told, default = getattr(build("strategy", name), key), getattr(cls(), key)
            assert told == default and type(told) is type(default)


def test_every_strategy_has_its_yaml() -> None:
    """None that nobody can choose."""
    ours = {
        kind
        for kind, cls in REGISTER["strategy"].items()
        if cls.__module__.startswith("quantamm_cli.")
    }
    assert ours == {tree("strategy", name)["kind"] for name in NAMES}
    assert ours <= set(NAMES)


@every
@pytest.mark.parametrize("side", [True, False])
def test_quotes_rise_and_bend_down(name: str, side: bool) -> None:
    """More for more, at an ever worse price, never the whole reserve,
    at opening reserves and at others.
    """
    strategy = build("strategy", name)
    assert isinstance(strategy, Strategy)
    amounts = np.geomspace(1e-3, 20, 60) * (100.0 if side else 1.0)
    for reserves in ([100.0, 10_000.0], [93.0, 10_700.0], [110.0, 9_100.0]):
        got = answers(strategy, side, amounts, reserves)
        slopes = np.diff(got) / np.diff(amounts)
        assert (slopes > 0).all()
        assert (np.diff(slopes) < 1e-9 * slopes[:-1]).all()
        assert got[0] > 0 and got[-1] < reserves[0 if side else 1]


@jax.jit
def quoted(strategy: Any, state: Any, side: Any, amounts: Array, held: Array) -> Array:
    return jax.vmap(lambda amount: strategy.quote(state, side, amount, held))(amounts)


def answers(
    strategy: Strategy, side: bool, amounts: NDArray[np.float64], reserves: Sequence[float]
) -> NDArray[np.float64]:
    """What it gives for amounts at the start of a simulation."""
    held, state = np.asarray(reserves), strategy.init()
    if strategy.is_curve:
        return np.asarray(quoted(strategy, state, side, amounts, held))
    into, out_of = held[1 if side else 0], held[0 if side else 1]
    return np.asarray(
        constant_product(amounts, into, out_of, strategy.fees(state)[1 if side else 0])
    )


CURVES = [name for name in NAMES if build("strategy", name).is_curve]


@pytest.mark.parametrize("name", CURVES)
def test_an_arbitrageur_takes_the_best_there_is(name: str) -> None:
    """At any reserves, nearly empty ones too, and any distance of the price: as much as the best of
    many sizes on both sides.
    """
    strategy, random, count = build("strategy", name), np.random.Generator(np.random.PCG64(1)), 256
    x, y = (
        100 * np.exp(2.5 * random.standard_normal(count)),
        10_000 * np.exp(2.5 * random.standard_normal(count)),
    )
    x[::8], y[4::8] = 1e-7, 1e-5
    state = strategy.init()
    away = np.exp(np.resize([0.002, 0.02, 0.5], count) * random.standard_normal(count))

    def quote(buys: Array, paid: Array, x: Array, y: Array) -> Array:
        each = jax.vmap(
            jax.vmap(lambda side, paid, x, y: strategy.quote(state, side, paid, jnp.stack([x, y])))
        )
        return each(*jnp.broadcast_arrays(buys, paid, x, y))

    @jax.jit
    def gains(x: Array, y: Array) -> tuple[Array, Array]:
        prices = away * jax.vmap(lambda x, y: strategy.spot(state, jnp.stack([x, y])))(x, y)
        fill = arbitrage.of_curve(
            quote, x[None], y[None], prices, Least(0.01, 0.01), strategy.smooth
        )
        taken = jnp.where(fill.buys, fill.got * prices - fill.paid, fill.got - fill.paid * prices)[
            0
        ]
        sizes = np.geomspace(1e-9, 4.0, 1000)[:, None]
        sold, bought = (
            sizes * y / prices,
            sizes * x * prices,
        )  # as much as there is on the other side, and more
        selling = quote(jnp.array(False), sold, x, y) - sold * prices
        return taken, jnp.maximum(
            (quote(jnp.array(True), bought, x, y) * prices - bought).max(0), selling.max(0)
        )

    taken, best = (np.asarray(part) for part in gains(x, y))
    assert (taken >= 0).all() and (taken > 0).sum() > 50
    assert (taken >= 0.999 * best - 0.02).all()


LINE_UPS = [NAMES[first : first + 4] for first in range(0, len(NAMES), 4)]
"""Four at a time: one program for all of them."""


@pytest.mark.parametrize("names", LINE_UPS, ids="+".join)
def test_tokens_and_edge_are_accounted_for(names: list[str]) -> None:
    """Without epochs, edge is what reserves gained at the prices of the fills, and orders are
    filled whole: volumes sum to the flow.
    """
    entrants = [build("strategy", name) for name in names]
    found = compete(named(*entrants, FixedFee(fee_bps=45.0)), MARKET, Rules())
    flow = np.where(MARKET.order_step >= 0, MARKET.order_size, 0).sum(1)
    np.testing.assert_allclose(found.retail_volume.sum(1), flow, rtol=1e-9)
    assert (found.invalid_step == -1).all() and (found.worse == 0).all()
    np.testing.assert_allclose(
        found.edge, found.arb_edge + found.retail_edge, rtol=1e-12, atol=1e-12
    )
    assert (found.arb_edge <= 1e-12).all()
    for place, name in enumerate(names):
        assert (found.fills[:, place] > found.arb_fills[:, place]).all(), name


def test_edge_is_the_gain_of_reserves_where_the_price_stands_still() -> None:
    """At a fair price that never moves, edge is the rise of the value of reserves,
    fill by fill summed, whoever quotes.
    """
    still = MARKET._replace(prices=np.full_like(MARKET.prices, 100.0))
    entrants = named(FixedFee(fee_bps=20.0), VolAdaptive(vol_bps=1e4), Kinked(fee_bps=35.0))
    found = compete(entrants, still, Rules())
    opening = np.concatenate(
        [
            np.tile([100.0, 10_000.0], (5, 3, 1)),
            MARKET.normaliser_liquidity[:, None, None] * [100.0, 10_000.0],
        ],
        1,
    )
    np.testing.assert_allclose(
        found.edge, (found.final_reserves - opening) @ [100.0, 1.0], atol=1e-8
    )


@pytest.mark.parametrize("count", [1, 3, 16])
def test_rebalances_make_and_lose_nothing(count: int) -> None:
    """With no price moves, no fills in between, and a score that differs, the value of all
    strategies stays what trading made it.
    """
    still = MARKET._replace(prices=np.full_like(MARKET.prices, 100.0))
    found = compete(
        named(*(FixedFee(fee_bps=20.0 + 7 * place) for place in range(count))), still, EPOCHS
    )
    value = found.final_reserves[:, :count] @ [100.0, 1.0]
    np.testing.assert_allclose(
        value.sum(1), 20_000 * count + found.edge[:, :count].sum(1), rtol=1e-12
    )
    np.testing.assert_allclose(found.epoch_weight.sum(2), 1, rtol=1e-12)
    assert (found.epoch_weight >= EPOCHS.floor * (1 - 1e-12)).all()
    spots = found.final_reserves[..., 1] / found.final_reserves[..., 0]
    assert np.isfinite(spots).all() and (spots > 80).all()


CROWD = [
    FixedFee(fee_bps=25.0),
    Leaning(),
    build("strategy", "concentrated"),
    FixedFee(fee_bps=60.0),
    Leaning(base_bps=45.0),
]
CROWD += [Rogue(how="drain")]


def test_order_in_the_line_up_does_not_matter() -> None:
    """Who is named first makes no difference to anybody, with epochs, hooks, curves,
    kinks and one who breaks a rule.
    """
    turned = [3, 4, 2, 0, 1, 5]
    one, other = (
        compete(named(*some), MARKET, EPOCHS)
        for some in (CROWD, [CROWD[place] for place in turned])
    )
    pools = [*turned, 6]
    np.testing.assert_allclose(one.edge[:, pools], other.edge, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(one.epoch_weight[:, :, turned], other.epoch_weight, rtol=1e-7)
    np.testing.assert_array_equal(one.fills[:, pools], other.fills)


def test_entrants_that_never_quote_change_nothing() -> None:
    """Without epochs, whether by fees or by a quote: not to others,
    and they keep what they have.
    """
    entrants = [FixedFee(fee_bps=25.0), build("strategy", "concentrated")]
    without, beside = (
        compete(named(*entrants, *silent), MARKET, Rules())
        for silent in ([], [Silent(), SilentCurve()])
    )
    np.testing.assert_allclose(beside.edge[:, [0, 1, 4]], without.edge, rtol=1e-9, atol=1e-10)
    assert (
        (beside.edge[:, 2:4] == 0).all()
        and (beside.fills[:, 2:4] == 0).all()
        and (beside.invalid_step == -1).all()
    )
    np.testing.assert_array_equal(
        beside.final_reserves[:, 2:4], np.tile([100.0, 10_000.0], (5, 2, 1))
    )


def test_a_simulation_is_what_it_is_whoever_runs_beside_it() -> None:
    """Alone, in another order, in a crowd: the same to the last digit,
    so nothing leaks from one to another.
    """
    entrants = named(*CROWD)
    whole = compete(entrants, MARKET, EPOCHS)
    again = compete(entrants, MARKET, EPOCHS)
    same(whole, again)
    turned = compete(entrants, chosen(MARKET, [4, 0, 2]), EPOCHS)
    same(Outcome(*(values[[4, 0, 2]] for values in whole)), turned)


def test_a_market_that_is_kept_is_the_market() -> None:
    """One that nobody can write to is laid out once for all line-ups;
    another market with the same prices is another.
    """
    fixed = Market(*(part.copy() for part in MARKET))
    for part in fixed:
        part.flags.writeable = False
    entrants = named(FixedFee(fee_bps=25.0), Leaning())
    same(compete(entrants, fixed, EPOCHS), compete(entrants, MARKET, EPOCHS))
    batches = event_batches(fixed, EPOCHS.epoch_length, 1)
    assert event_batches(fixed, EPOCHS.epoch_length, 1) is batches and batches.made
    assert event_batches(MARKET, EPOCHS.epoch_length, 1) is not event_batches(
        MARKET, EPOCHS.epoch_length, 1
    )
    other = fixed._replace(order_size=2 * fixed.order_size)
    other.order_size.flags.writeable = False
    assert (
        compete(entrants, other, EPOCHS).retail_volume.sum()
        / compete(entrants, fixed, EPOCHS).retail_volume.sum()
    ).round(9) == 2


TWO_DEVICES = f"""
import sys
import jax
jax.config.update("jax_enable_x64", True)
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1])]!r}
from test_laws_strategies import EPOCHS, FixedFee, Leaning, compete, draw, named
assert len(jax.devices()) == 2
found = compete(named(FixedFee(), Leaning()), draw(40), EPOCHS)
print(found.edge.tobytes().hex(), found.final_reserves.tobytes().hex())
"""


def test_two_devices_find_what_one_finds() -> None:
    """To the last bit, with simulations on both."""
    told = os.environ | {
        "XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=2"
    }
    done = subprocess.run(
        [sys.executable, "-c", TWO_DEVICES], env=told, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    found = compete(named(FixedFee(), Leaning()), draw(40), EPOCHS)
    assert done.stdout.split() == [found.edge.tobytes().hex(), found.final_reserves.tobytes().hex()]


def test_points_are_the_same_as_settings() -> None:
    """A parameter point gives what its settings give, and a setting that is not named stays."""
    values = np.array([20.0, 33.0, 71.0])
    entrants = named(FixedFee(fee_bps=50.0), Leaning())
    found = compete(entrants, MARKET, EPOCHS, {0: {"fee_bps": values}})
    assert found.edge.shape == (3, 5, 3) and found.epoch_edge.shape == (3, 5, 3, 3)
    for place, value in enumerate(values):
        alone = compete(named(FixedFee(fee_bps=float(value)), Leaning()), MARKET, EPOCHS)
        same(Outcome(*(values[place] for values in found)), alone, rtol=1e-9)


@pytest.mark.parametrize(
    ("how", "fault"),
    [("nan", Fault.NOT_FINITE), ("drain", Fault.TOO_MUCH), ("negative", Fault.NEGATIVE)],
)
def test_who_breaks_a_rule_is_out_and_others_go_on(how: str, fault: Fault) -> None:
    """With the step and what was asked and answered; its reserves stay, orders go to the others."""
    found, place = rogues(), WAYS.index(how)
    assert (found.invalid_step[:, place] >= 0).all() and (found.invalid_step[:, 3] == -1).all()
    assert (found.invalid_reason[:, place] == fault).all() and (
        found.invalid_reason[:, 3] == Fault.NONE
    ).all()
    assert (found.fills[:, place] >= 3).all() and (found.fills[:, place] <= 4).all()
    side, asked, x, y, answer = found.invalid_input[0, place]
    assert side in (0, 1) and asked > 0
    np.testing.assert_allclose([x, y], found.final_reserves[0, place])
    assert (
        np.isnan(answer) if how == "nan" else answer == asked * {"drain": 1e9, "negative": -1}[how]
    )
    assert np.isfinite(found.edge).all() and (found.fills[:, 3] > 10).all()


WAYS = ["nan", "drain", "negative"]


@cache
def rogues() -> Outcome:
    """Three that break a rule each, and one that does not."""
    return compete(
        named(*(Rogue(how=how) for how in WAYS), FixedFee(fee_bps=40.0)), MARKET, Rules()
    )


def test_a_fee_that_is_no_number_is_a_broken_rule() -> None:
    """From the fill after which it was; the others go on."""
    found = compete(named(RogueFee(), FixedFee(fee_bps=40.0)), MARKET, EPOCHS)
    assert (found.invalid_reason[:, 0] == Fault.FEE).all() and (found.invalid_step[:, 0] >= 0).all()
    assert (found.fills[:, 0] == 3).all() and np.isfinite(found.edge).all()
    assert (
        np.isnan(found.invalid_input[:, 0, 4]).all() and (found.invalid_input[:, 0, 0] == 0).all()
    )
    after = found.invalid_step[:, 0] // LENGTH
    last = found.epoch_weight[np.arange(5), np.maximum(after, 2), 0]
    np.testing.assert_allclose(last, EPOCHS.floor)


def test_each_step_is_told_once_and_growth_is_that_of_the_reserves() -> None:
    """Whatever happens in a step: no order, many, the end of an epoch, which moves capital."""
    found = compete(named(Exact(), FixedFee(fee_bps=45.0), Exact()), MARKET, EPOCHS)
    assert (found.invalid_step == -1).all() and (np.ptp(found.epoch_weight, axis=1) > 0).any()


def test_orders_beyond_what_a_curve_has_left_go_to_others() -> None:
    """Near the ends of a range, for small and large orders: as much in all as a search that needs
    no slope finds, to a billionth.
    """
    near_ends = [(0.02, 27_000.0), (190.0, 3.0), (60.0, 14_000.0)]
    orders = [(True, 40.0), (True, 5_000.0), (False, 0.4), (False, 50.0)]
    lanes = [(x, y, buys, amount) for x, y in near_ends for buys, amount in orders]
    at_x, at_y, buys, amount = (jnp.asarray(column) for column in zip(*lanes, strict=True))
    x, y = (
        jnp.stack([at_x, at_x / 2, jnp.full_like(at_x, 80.0)]),
        jnp.stack([at_y, at_y / 2, jnp.full_like(at_y, 12_000.0)]),
    )
    curve = build("strategy", "concentrated")

    def quote(buys: Array, paid: Array, x: Array, y: Array) -> Array:
        each = jax.vmap(
            jax.vmap(lambda side, paid, x, y: curve.quote((), side, paid, jnp.stack([x, y])))
        )
        return each(jnp.broadcast_to(buys, paid.shape), paid, x, y)

    def quotes(paid: Array) -> Array:
        return jnp.concatenate(
            [
                quote(buys, paid[:2], x[:2], y[:2]),
                constant_product(paid[2:], *sided(buys, x[2:], y[2:]), 0.003),
            ]
        )

    lines = constant_product_line(buys, x[2:], y[2:], jnp.full_like(x[2:], 0.997))
    reserve = sided(buys, x[:2], y[:2])[1]
    paid = jax.jit(
        lambda: routing.of_curves(
            amount, lambda paid: slope(quote, buys, paid, x[:2], y[:2]), reserve, lines
        )
    )()
    searched = jax.jit(lambda: routing.by_search(amount, quotes, 3))()
    np.testing.assert_allclose(paid.sum(0), amount, rtol=1e-12)
    assert (quotes(paid).sum(0) >= quotes(searched).sum(0) * (1 - 1e-9)).all()
    assert (quotes(paid)[0] > 0.99 * reserve[0]).any()


def test_kinks_are_solved_by_search() -> None:
    """As good as chords allow: a fine broken line earns what the curve it is drawn
    along earns, near enough.
    """
    found = compete(
        named(FixedFee(fee_bps=500.0), VolAdaptive(base_bps=500.0), Kinked()), MARKET, Rules()
    )
    assert (found.worse == 0).all() and (found.checked == 40).all()
    assert (found.fills[:, 2] > 20).all() and (found.arb_edge[:, 2] < 0).all()


def test_too_small_a_prize_is_refused() -> None:
    """Floors that leave nothing, no entrants, too many."""
    with pytest.raises(ConfigError, match=r"must be below 0\.25"):
        capital.check(0.25, 4)
    with pytest.raises(ConfigError, match="takes 1 to 16"):
        compete([], MARKET, Rules())
    with pytest.raises(ConfigError, match="takes 1 to 16"):
        compete(named(*[FixedFee()] * 17), MARKET, Rules())
