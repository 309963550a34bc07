"""The forward pass as pure JAX functions: the same numbers as commands, gradients,
traced starts; and one price at a time.
"""

import jax
import jax.numpy as jnp
import numpy as np
import polars
import pytest
from kinds import components

import quantamm_cli as qsim

RULES = components("pool/rule")


def test_it_is_what_simulate_does(settings: qsim.Settings, frame: polars.DataFrame) -> None:
    """Trajectory and every kind of metric, with frictions."""
    market = qsim.market(frame, fees=0.003)
    simulate, result = qsim.simulator(settings, market), qsim.simulate(settings, market=market)
    path = simulate(simulate.params)
    for name in ("prices", "weights", "reserves", "value", "fees"):
        np.testing.assert_allclose(
            getattr(path, name), getattr(result.trajectory, name), rtol=1e-13, atol=1e-9
        )
    np.testing.assert_array_equal(
        simulate({"log_k": np.asarray(simulate.params["log_k"])}).value, path.value
    )
    for name in ("daily_log_sharpe", "returns_over_hodl", "calmar"):
        np.testing.assert_allclose(
            simulate.metric(name)(simulate.params), result.metrics[name], rtol=1e-12
        )


def test_a_start_is_traced_and_another_does_not_compile_anew(
    settings: qsim.Settings, frame: polars.DataFrame
) -> None:
    """A window's start moves under vmap; each window is what a simulation of its dates is."""
    simulate = qsim.simulator(settings, qsim.market(frame), rows=2 * 1440)
    starts = jnp.arange(3) * 1440
    values = jax.vmap(lambda start: simulate(simulate.params, start).value)(starts)
    for value, start in zip(values, starts, strict=True):
        dates = (
            f"start=2023-03-{6 + int(start) // 1440:02}",
            f"end=2023-03-{8 + int(start) // 1440:02}",
            "data.burn_in_days=null",
        )
        alone = qsim.simulate(
            qsim.compose("simulate", "tokens=[BTC,ETH]", *dates), market=qsim.market(frame)
        )
        np.testing.assert_allclose(value, alone.trajectory.value, rtol=1e-12)
    compiled = jax.jit(simulate)
    compiled(simulate.params, 0), compiled(simulate.params, 720)
    assert compiled._cache_size() == 1


def test_gradients_are_those_of_finite_differences(
    settings: qsim.Settings, frame: polars.DataFrame
) -> None:
    """Of a metric of ours, and of one of one's own, with fees."""
    simulate = qsim.simulator(settings, qsim.market(frame, fees=0.001))

    def least(params: dict[str, jax.Array]) -> jax.Array:
        value = simulate(params).value
        return jax.scipy.special.logsumexp(-20 * value / value[0]) / -20

    for function in (least, simulate.metric("daily_log_sharpe")):
        slope = jax.grad(function)(simulate.params)
        for name in ("log_k", "logit_lamb"):
            step = 1e-4
            up, down = (
                {**simulate.params, name: simulate.params[name].at[0].add(sign * step)}
                for sign in (1, -1)
            )
            np.testing.assert_allclose(
                slope[name][0], (function(up) - function(down)) / (2 * step), rtol=2e-4
            )
            assert slope[name][0] != 0


@pytest.mark.parametrize("rule", RULES)
def test_one_price_at_a_time_moves_weights_as_the_path_does(rule: str) -> None:
    """From the burn-in on, at the beginning, in the middle and at the end of each block."""
    words = (
        "tokens=[BTC,ETH,LTC]",
        "start=2021-01-15",
        "end=2021-02-10",
        "data.burn_in_days=14",
        "pool.chunk_period=720",
    )
    simulate = qsim.simulator(
        qsim.compose(
            "simulate", f"pool/rule={rule}", *words, "pool.weight_interpolation_period=500"
        )
    )
    online, feed, chunk = simulate.online, simulate.feed, simulate.online.chunk_period
    now = int(feed.first_chunk) + int(feed.burn_in) // chunk
    warm = {name: column[int(feed.first_chunk) : now + 1] for name, column in feed.series.items()}
    state, weights, block = online.first(
        simulate.params, feed.chunks[int(feed.first_chunk) : now + 1], warm
    )
    step, path = jax.jit(online.step), simulate(simulate.params)
    for number in range(simulate.rows // chunk):
        if number:
            row = {name: column[now + number] for name, column in feed.series.items()}
            state, weights, block = step(simulate.params, state, feed.chunks[now + number], row)
        np.testing.assert_array_equal(block.weights, weights)
        for minute in (0, 1, 250, 500, chunk - 1):
            np.testing.assert_allclose(
                online.weights(block, minute), path.weights[number * chunk + minute], rtol=1e-9
            )


def test_what_it_cannot_do_is_said_in_words_of_arguments(
    settings: qsim.Settings, frame: polars.DataFrame
) -> None:
    market = qsim.market(frame)
    with pytest.raises(
        qsim.ArgumentError,
        match=r"params: no raw parameter is called 'logk' \(did you mean 'log_k'\?\)",
    ):
        qsim.simulator(settings, market)({"logk": 3.0})
    with pytest.raises(
        qsim.ArgumentError,
        match="rows: is 99999; expected 1 to 20160, the minutes of the prices",
    ):
        qsim.simulator(settings, market, rows=99_999)
    with pytest.raises(
        qsim.ArgumentError, match=r"name: no metric is called 'calmer' \(did you mean 'calmar'\?\)"
    ):
        qsim.simulator(settings, market).metric("calmer")
    with pytest.raises(
        qsim.ArgumentError,
        match="settings: have pool=balancer, which has no rule; expected pool=temporal",
    ):
        _ = qsim.simulator(
            qsim.compose(
                "simulate",
                settings.but().overrides[0],
                "start=2023-03-06",
                "end=2023-03-08",
                "pool=balancer",
            ),
            market,
        ).online
