"""What training climbs: parts of a window joined to one number, less what curvature costs."""

from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hill import AIM, FROM, TOP, Hill, plain
from kinds import DAY, build, world
from pydantic import ValidationError

from quantamm_cli.core.params import initial, trainable
from quantamm_cli.engine.curvature import trace
from quantamm_cli.engine.objective import Aim, Weights, ascent, hessian_trace, joined, objective
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.objective import Objective

ROWS = 3 * DAY


@pytest.fixture(scope="module")
def given() -> tuple[Any, Any, Any]:
    """A momentum pool that looks every six hours, ten days of a walk, and one parameter set."""
    pool = build("pool", "temporal", chunk_period=360, weight_interpolation_period=360)
    random = np.random.Generator(np.random.PCG64(0))
    feed = world(
        pool,
        np.exp(np.cumsum(2e-3 * random.standard_normal((10 * DAY, 2)), axis=0)),
        burn_in=2 * DAY,
    )
    specs = pool.parameters(2)
    params = {
        name: jnp.asarray(value[0]) for name, value in initial(specs, {}, 1, 2, 0.0, 0).items()
    }
    return pool, feed, params


def test_parts_joined_by_hand() -> None:
    """The mean, the least, and the soft minimum between them, which nears
    either with its temperature.
    """
    gain, every = jnp.asarray([1.0, 2.0, 4.0]), jnp.ones(3, bool)
    assert joined(Aim("returns", 9, joined="mean"), Weights(), gain, every) == pytest.approx(7 / 3)
    assert joined(Aim("returns", 9, joined="min"), Weights(), gain, every) == 1.0
    soft = {
        heat: float(
            joined(
                Aim("returns", 9, joined="softmin"),
                Weights(temperature=jnp.asarray(heat)),
                gain,
                every,
            )
        )
        for heat in (0.01, 1.0, 1e6)
    }
    share = np.exp(-np.array([1.0, 2.0, 4.0]))
    assert soft[1.0] == pytest.approx((share * [1, 2, 4]).sum() / share.sum(), rel=1e-12)
    assert soft[0.01] == pytest.approx(1.0, abs=1e-9)
    assert soft[1e6] == pytest.approx(7 / 3, abs=1e-4)


@pytest.mark.parametrize(
    ("told", "rows", "parts"),
    [
        ({}, 100, []),
        ({"periods": 4}, 100, [(0, 25), (25, 50), (50, 75), (75, 100)]),
        ({"periods": 3}, 100, [(0, 33), (33, 66), (66, 99)]),
        ({"periods": 3, "overlap": 0.5}, 100, [(0, 50), (25, 75), (50, 100)]),
    ],
)
def test_parts_are_of_one_length_and_within_the_window(
    told: dict[str, Any], rows: int, parts: list[tuple[int, int]]
) -> None:
    """Cut by hand."""
    assert [(first, last) for _, first, last in Objective(**told).parts(rows)] == parts


@pytest.mark.parametrize("periods", range(2, 9))
@pytest.mark.parametrize("overlap", [0.0, 0.1, 0.33, 0.9])
def test_no_part_leaves_its_window(periods: int, overlap: float) -> None:
    """Whatever the rounding."""
    parts = Objective(periods=periods, overlap=overlap).parts(1000)
    assert len({last - first for _, first, last in parts}) == 1
    assert parts[-1][2] <= 1000
    assert all(one[1] < other[1] for one, other in pairwise(parts))


def test_objectives_that_make_no_sense_say_so() -> None:
    """Parts too short to be read, and an overlap of the only part."""
    with pytest.raises(
        ConfigError, match=r"objective.periods: 60 parts of a window of 100 minutes"
    ):
        Objective(periods=60).parts(100)
    with pytest.raises(ValidationError, match="less than or equal to 100"):
        Objective(periods=101)
    with pytest.raises(ConfigError, match=r"overlap: 0.5 needs objective.periods >= 2, got 1"):
        Objective(overlap=0.5)


@pytest.mark.parametrize("metric", ["daily_log_sharpe", "max_drawdown"])
def test_the_mean_of_parts_is_the_mean_of_what_is_read_from_each(
    metric: str, given: tuple[Any, Any, Any]
) -> None:
    """Of one continuous window, for metrics of days and of minutes alike."""
    rows = 2 * ROWS
    parts = Objective(periods=2).parts(rows)

    @jax.jit
    def scored(pool: Any, feed: Any, params: Any, starts: jax.Array) -> list[jax.Array]:
        ways = (parts, *((part,) for part in parts))
        return [
            objective(Aim(metric, rows, spans), Weights(), pool, params, feed, starts).value
            for spans in ways
        ]

    joint, *each = map(float, scored(*given, jnp.asarray([7])))
    assert joint == pytest.approx(np.mean(each), rel=1e-9)
    assert each[0] != each[1]


@pytest.mark.parametrize("how", ["mean", "min", "softmin"])
def test_parts_without_the_metric_are_left_out(how: Any) -> None:
    """What is joined is what the others are joined to; its slope is zero where there is none."""
    aim, weights = Aim("returns", 9, joined=how), Weights(temperature=jnp.asarray(0.7))
    gain, counts = jnp.asarray([1.0, jnp.nan, 4.0]), jnp.asarray([True, False, True])
    value, slope = jax.value_and_grad(lambda gain: joined(aim, weights, gain, counts))(gain)
    others, every = gain[::2], jnp.ones(2, bool)
    assert value == pytest.approx(float(joined(aim, weights, others, every)), rel=1e-15)
    assert slope[1] == 0 and np.isfinite(slope).all()
    assert np.isnan(joined(aim, weights, gain, ~jnp.ones(3, bool)))


@pytest.fixture(scope="module")
def calm(given: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
    """The same pool on prices that only rise for six days, and walk for six more."""
    pool, _, params = given
    random = np.random.Generator(np.random.PCG64(0))
    moves = 2e-3 * random.standard_normal((14 * DAY, 2))
    moves[: 8 * DAY] = [1e-5, 2e-5]
    return pool, world(pool, np.exp(np.cumsum(moves, axis=0)), burn_in=2 * DAY), params


@pytest.mark.parametrize(
    ("metric", "parts", "turnover"),
    [("daily_sortino", (), None), ("calmar", (), 2.0), ("calmar", Objective(periods=2), None)],
)
def test_the_gradient_is_that_of_the_windows_on_which_the_metric_exists(
    metric: str, parts: Any, turnover: float | None, calm: tuple[Any, Any, Any]
) -> None:
    """To the last digits: windows that have no loss change nothing, neither do more of them; of
    those alone it is zero, and the objective does not exist.
    """
    pool, feed, params = calm
    spans = parts.parts(ROWS) if parts else ()
    aim = Aim(metric, ROWS, spans, trains=trainable(pool.parameters(2)))
    weights = Weights(turnover=None if turnover is None else jnp.asarray(turnover))
    sets = {name: value[None] for name, value in params.items()}

    def of(*starts: int) -> tuple[Any, Any]:
        gain, slopes = ascent(aim, weights, pool, sets, feed, jnp.asarray(starts))
        return gain, np.concatenate([slopes[name].ravel() for name in sorted(aim.trains)])

    gain, slope = of(0, 7 * DAY, 60, 8 * DAY, 120)
    alone, expected = of(7 * DAY, 8 * DAY)
    assert gain.windows == alone.windows == 2
    assert gain.value[0] == pytest.approx(float(alone.value[0]), rel=1e-15)
    np.testing.assert_allclose(slope, expected, rtol=1e-13)
    assert (expected != 0).all()
    none, still = of(0, 60)
    assert none.windows == 0 and np.isnan(none.value) and (still == 0).all()


def test_a_pool_that_diverged_is_not_left_out(calm: tuple[Any, Any, Any]) -> None:
    """Its objective is NaN and its window counts, though the metric has no value there either."""
    pool, feed, params = calm
    lost = params | {"log_k": params["log_k"] * np.nan}
    gain = objective(Aim("calmar", ROWS), Weights(), pool, lost, feed, jnp.asarray([0, 7 * DAY]))
    assert gain.windows == 2 and np.isnan(gain.value)


@pytest.mark.heavy
def test_the_trace_is_that_of_the_hessian(given: tuple[Any, Any, Any]) -> None:
    """Of a quadratic by hand, of the pool's objective as JAX's own Hessian
    on JAX's own loops has it.
    """
    matrix = np.array([[1.0, 5.0], [5.0, -3.0]])
    quadratic = jax.jit(lambda at: trace(lambda values: values["x"] @ matrix @ values["x"], at))
    assert float(quadratic({"x": jnp.ones(2)})) == pytest.approx(-4.0)
    pool, feed, params = given
    moving = trainable(pool.parameters(2))
    aim, starts = Aim("returns_over_uniform_hodl", ROWS, trains=moving), jnp.asarray([0])
    found = jax.jit(lambda values: hessian_trace(aim, Weights(), pool, values, feed, starts))(
        params
    )
    plain = feed._replace(trading=feed.trading.on("scan"))
    fixed = {name: value for name, value in params.items() if name not in moving}

    def slope(values: Any) -> Any:
        def gain(free: Any) -> jax.Array:
            return objective(aim, Weights(), pool, fixed | free, plain, starts).value

        return jax.grad(gain)(values)

    free = {name: np.asarray(params[name]) for name in sorted(moving)}
    curved, small = 0.0, 1e-5
    ascend = jax.jit(slope)
    for name, value in free.items():
        for place in range(len(value)):
            shifts = small * np.eye(len(value))[place] * np.array([[1], [-1]])
            ends = [
                np.asarray(ascend(free | {name: value + shift})[name])[place] for shift in shifts
            ]
            curved += float(ends[0] - ends[1]) / (2 * small)
    assert float(found) == pytest.approx(curved, rel=1e-5)


@pytest.mark.heavy
def test_curvature_costs_what_it_is_told_to() -> None:
    r"""The objective falls by the penalty times the trace's size, and its slope is that of both.

    Of $1 - a^2 - b^2 - r (b - a^2)^2$ the trace is $-4 - r (12 a^2 - 4 b + 2)$.
    """
    ridge, cost = 0.5, 0.1
    pool = Hill(ridge=ridge)
    params = {name: jnp.asarray(value) for name, value in FROM.items()}
    free, slope = ascent(AIM, Weights(), pool, params, plain(pool), jnp.asarray([0]))
    charged, bent = ascent(
        AIM, Weights(curvature=jnp.asarray(cost)), pool, params, plain(pool), jnp.asarray([0])
    )
    a, b = (FROM["place"] - TOP).T
    traced = -4 - ridge * (12 * a**2 - 4 * b + 2)
    assert (traced < 0).all()
    np.testing.assert_allclose(charged.value, free.value + cost * traced, rtol=1e-9)
    more = cost * ridge * np.stack([-24 * a, np.full_like(b, 4.0)], axis=-1)
    np.testing.assert_allclose(bent["place"], slope["place"] + more, rtol=1e-9)
