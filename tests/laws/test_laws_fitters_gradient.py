"""What the fits that follow a gradient promise besides, on a hill whose top is known;
and how windows are drawn.
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hill import AIM, FROM, GRADIENT, TOP, climb, fitters, gradient_fitters, problem, small

from quantamm_cli.engine.objective import Weights, ascent
from quantamm_cli.errors import ConfigError
from quantamm_cli.training.fit import begin, fit
from quantamm_cli.training.gradient import GradientFit
from quantamm_cli.training.windows import Sampling, starts


def test_only_adamw_decays_and_only_what_trains() -> None:
    """A parameter nobody hears shrinks by learning rate times decay a step under adamw,
    and stays under the others.
    """
    for name in GRADIENT:
        unheard = climb(name, steps=10)[-1].params["unheard"]
        expected = 2.0 * (1 - 0.05 * 0.01) ** 10 if name == "adamw" else 2.0
        np.testing.assert_allclose(unheard, expected, rtol=1e-12)


def test_a_step_is_no_longer_than_the_clipped_gradient() -> None:
    """Clipping bounds each set on its own: plain ascent moves by
    learning rate times norm at most.
    """
    path = climb("sgd", steps=1, clip_norm=0.1)
    moved = np.linalg.norm(path[1].params["place"] - path[0].params["place"], axis=-1)
    np.testing.assert_allclose(moved, 0.05 * 0.1, rtol=1e-9)


@gradient_fitters
def test_plateau_decay_lowers_the_rate_of_the_set_that_stands_still(name: str) -> None:
    """Every ``plateau_patience`` evaluations, under every optimiser;
    a set that climbs keeps its rate.
    """
    still = {key: np.array(value) for key, value in FROM.items()}
    still["place"][0] = TOP
    told = problem(
        small(
            name,
            steps=7,
            plateau_patience=3,
            plateau_factor=0.5,
            learning_rate=1e-3,
            clip_norm=None,
        )
    )
    scales = np.array([report.extras["rate_scale"] for report, _ in fit(told, begin(told, still))])
    assert list(scales[:, 0]) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]
    assert list(scales[:, 1]) == [1] * 8


@gradient_fitters
def test_a_step_after_plateau_decay_is_the_smaller(name: str) -> None:
    """By what is left of the rate, decay of weights included; until then nothing changes."""
    free = climb(name, steps=3, learning_rate=1e-300)
    assert all(not report.extras for report in free)
    for factor in (0.5, 0.25):
        path = climb(name, steps=3, plateau_patience=1, plateau_factor=factor, learning_rate=1e-300)
        assert [list(report.extras["rate_scale"]) for report in path] == [
            [1, 1],
            [factor] * 2,
            [factor**2] * 2,
            [factor**3] * 2,
        ]
    paths = []
    for factor in (None, 0.5):
        told = problem(
            small(
                name,
                steps=1,
                **({} if factor is None else {"plateau_patience": 1, "plateau_factor": factor}),
            )
        )
        first = begin(told, FROM)
        if factor is not None:  # nothing is better than the best it remembers
            plateau = first.optimiser.plateau._replace(best=jnp.full(2, 1e9))
            first = replace(first, optimiser=first.optimiser._replace(plateau=plateau))
        paths.append([report for report, _ in fit(told, first)])
    plain, halved = (path[1].params["place"] - path[0].params["place"] for path in paths)
    np.testing.assert_allclose(halved, 0.5 * plain, rtol=1e-12)


@gradient_fitters
def test_averaging_adds_one_entry_with_the_means_and_changes_no_other(name: str) -> None:
    """From ``swa_start`` of the steps on, each ``swa_every``-th;
    scored like every entry, at a rate of zero.
    """
    plain, path = climb(name, steps=8), climb(name, steps=8, swa_start=0.5, swa_every=2)
    assert [report.step for report in path] == list(range(10))
    for one, other in zip(plain, path, strict=False):
        assert np.array_equal(one.params["place"], other.params["place"])
        assert np.array_equal(
            one.metrics["validation"]["returns"], other.metrics["validation"]["returns"]
        )
    last = path[-1]
    np.testing.assert_allclose(
        last.params["place"],
        np.mean([plain[step].params["place"] for step in (4, 6, 8)], axis=0),
        rtol=1e-12,
    )
    assert last.learning_rate == 0
    height = 1 - ((last.params["place"] - TOP) ** 2).sum(-1)
    assert (np.diff(last.metrics["train"]["returns"]) > 0) == (np.diff(height) > 0)


def test_averaging_that_never_began_adds_nothing() -> None:
    """A run that early stopping ends before has no averages; one that it ends after has them."""
    told = {"early_stopping": True, "patience": 3, "learning_rate": 1e-300}
    assert len(climb("sgd", **told, swa_start=0.5)) == 4
    assert len(climb("sgd", **told, swa_start=0.0)) == 5


def test_noise_is_heard_in_training_only() -> None:
    """Another objective at every step, the same scores of the same parameters in every period."""
    plain, noisy = (
        climb("sgd", steps=2, learning_rate=1e-300),
        climb("sgd", steps=2, learning_rate=1e-300, price_noise=0.01),
    )
    for one, other in zip(plain, noisy, strict=True):
        assert (one.objective != other.objective).all()
        for period in ("train", "validation"):
            assert np.array_equal(one.metrics[period]["returns"], other.metrics[period]["returns"])


def test_turnover_costs_what_the_metric_is_told_to_charge() -> None:
    """Objective less penalty times turnover, averaged over windows."""
    told = problem(small("sgd"))
    params = {key: jnp.asarray(value) for key, value in FROM.items()}
    first = jnp.asarray([0, 5])
    free, _ = ascent(AIM, Weights(), told.pool, params, told.feed, first)
    charged, _ = ascent(
        AIM, Weights(turnover=jnp.asarray(2.0)), told.pool, params, told.feed, first
    )
    assert np.isfinite(charged.value).all()
    np.testing.assert_allclose(
        charged.value, free.value, rtol=1e-12
    )  # this pool's value weights stand still


@pytest.mark.parametrize(
    ("schedule", "first", "last"),
    [
        ("constant", 0.1, 0.1),
        ("cosine", 0.1, 1e-3),
        ("exponential", 0.1, 1e-3),
        ("warmup_cosine", 1e-3, 1e-3),
    ],
)
def test_learning_rates_follow_their_schedule(schedule: str, first: float, last: float) -> None:
    """One rate an entry, from the first to the last they should have."""
    fitter = small(
        "adamw", learning_rate=0.1, schedule=schedule, decay_ratio=100.0, steps=50, warmup_steps=10
    )
    assert isinstance(fitter, GradientFit)
    rates = fitter.learning_rates()
    assert rates.shape == (51,)
    assert rates[0] == pytest.approx(first, rel=1e-6)
    assert rates[-1] == pytest.approx(last, rel=1e-6)
    assert rates.max() == pytest.approx(0.1, rel=1e-6)
    assert (np.diff(rates[10:]) <= 1e-12).all()


@fitters
def test_only_gradient_fits_have_new_windows_at_every_step(name: str) -> None:
    """What compares candidates of different steps compares them on the same
    windows; another seed has others.
    """
    told, other = problem(small(name)), problem(small(name, seed=1))
    assert np.array_equal(told.starts(0), told.starts(7)) == (name not in GRADIENT)
    assert not np.array_equal(told.starts(0), other.starts(0))


def test_windows_are_a_function_of_seed_and_step() -> None:
    """Different ones of 0 to the offset, all equally likely, drawn anew at each step."""
    drawn = np.array([starts(0, step, 4, 9) for step in range(2000)])
    assert drawn.min() == 0
    assert drawn.max() == 9
    assert all(len(set(row)) == 4 for row in drawn)
    np.testing.assert_allclose(np.bincount(drawn.ravel()) / drawn.size, 0.1, atol=0.01)
    assert np.array_equal(starts(3, 17, 4, 1000), starts(3, 17, 4, 1000))
    assert not np.array_equal(starts(3, 17, 4, 1000), starts(3, 18, 4, 1000))
    assert not np.array_equal(starts(3, 17, 4, 1000), starts(4, 17, 4, 1000))
    assert jax.config.jax_enable_x64


@pytest.mark.parametrize("sampling", ["uniform", "exponential", "stratified"])
def test_every_sampling_takes_different_windows_and_the_same_for_the_same_step(
    sampling: Sampling,
) -> None:
    """Different ones of 0 to the offset, all of them where there are no others,
    none where there are too few.
    """
    drawn = np.array([starts(0, step, 4, 9, sampling) for step in range(500)])
    assert (drawn.min(), drawn.max(), drawn.dtype) == (0, 9, np.int32)
    assert all(len(set(row)) == 4 for row in drawn)
    assert np.array_equal(starts(3, 17, 4, 1000, sampling), starts(3, 17, 4, 1000, sampling))
    assert not np.array_equal(starts(3, 17, 4, 1000, sampling), starts(3, 18, 4, 1000, sampling))
    assert sorted(starts(0, 0, 5, 4, sampling)) == list(range(5))
    assert list(starts(0, 0, 1, 0, sampling)) == [0]
    with pytest.raises(ConfigError, match="leaves 3 to choose from"):
        starts(0, 0, 4, 2, sampling)


@pytest.mark.heavy
def test_exponential_sampling_prefers_the_recent() -> None:
    """Twice as far back in logarithms: the likelihood of a start grows by e^5
    from the first to the last.
    """
    counts = np.bincount(
        [starts(0, step, 1, 4, "exponential")[0] for step in range(20000)], minlength=5
    )
    expected = np.exp(np.linspace(-5, 0, 5))
    np.testing.assert_allclose(counts / counts.sum(), expected / expected.sum(), atol=0.01)


def test_stratified_sampling_takes_one_window_from_each_part() -> None:
    """Parts of equal length to a row, every row of a part as likely."""
    drawn = np.array([starts(0, step, 3, 10, "stratified") for step in range(3000)])
    for column, rows in zip(drawn.T, ((0, 1, 2), (3, 4, 5, 6), (7, 8, 9, 10)), strict=True):
        np.testing.assert_allclose(
            [np.mean(column == row) for row in rows], 1 / len(rows), atol=0.04
        )
