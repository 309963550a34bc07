"""What every fitter promises, on a hill whose top is known."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import Array
from kinds import DAY, build, components, world

from quantamm_cli.cli.session import _restored, _state
from quantamm_cli.core.bijectors import Identity
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import Feed, Params, Path
from quantamm_cli.engine.objective import Aim, Weights, ascent
from quantamm_cli.errors import ConfigError, DivergedError
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.training.base import GradientFit
from quantamm_cli.training.fit import Problem, Progress, Report, begin, fit
from quantamm_cli.training.windows import Sampling, starts

fitters = pytest.mark.parametrize("name", components("fit"))
TOP = np.array([0.3, -0.2])
STEPS = 60


class Hill(AbstractPool):
    """Worth the more at the end, the nearer ``place`` is to the top. ``idle`` does nothing and does not train."""

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        return (
            *super().parameters(assets),
            Parameter("place", "place", "", Identity(), 0.0, -1.0, 1.0),
            Parameter("unheard", "unheard", "", Identity(), 1.0, -1.0, 1.0),
        )

    def frictionless(self, params: Params, feed: Feed, start: Array, rows: int) -> Path:
        height = 1 - ((params["place"] - TOP) ** 2).sum()
        growth = jnp.linspace(0, 1, rows)[:, None] * (height + 0 * params["unheard"].sum())
        weights = jnp.full((rows, 2), 0.5) + 0 * params["initial_weights_logits"]
        return Path(weights, 1e6 * (1 + growth) / feed.prices[:rows] * weights, jnp.zeros(rows))


AIM = Aim("returns", 2 * DAY, trains=frozenset({"place", "unheard"}))


def problem(fitter: GradientFit, **changes: Any) -> Problem:
    pool = Hill()
    feed = world(pool, np.ones((5 * DAY, 2)), burn_in=0)
    told: dict[str, Any] = {
        "pool": pool,
        "feed": feed,
        "fit": fitter,
        "aim": AIM,
        "weights": Weights(),
        "bout_offset": DAY,
        "spans": (("train", 0, 3 * DAY), ("validation", 3 * DAY, 4 * DAY)),
        "tracked": ("returns",),
        "watched": ("validation", "returns"),
        "draw": lambda step, which: {name: FROM[name][which] + 0.01 * (step + which) for name in FROM},
    }
    return Problem(**told | changes)


def small(name: str, **changes: Any) -> GradientFit:
    told = {"steps": STEPS, "parameter_sets": 2, "batch_size": 2, "learning_rate": 0.05, "early_stopping": False}
    found = build("fit", name, **told | changes)
    assert isinstance(found, GradientFit)
    return found


FROM = {
    "initial_weights_logits": np.array([[0.2, -0.2], [0.2, -0.2]]),
    "place": np.array([[0.0, 0.0], [0.5, -0.9]]),
    "unheard": np.array([[2.0, 2.0], [2.0, 2.0]]),
}


def climb(name: str, **changes: Any) -> list[Report]:
    told = problem(small(name, **changes))
    return [report for report, _ in fit(told, begin(told, FROM))]


@fitters
def test_a_hill_is_climbed(name: str) -> None:
    """Every set comes near the top, each from where it began; entry 0 is the start, entry ``steps`` the last."""
    path = climb(name, **({"weight_decay": 0.0} if name == "adamw" else {}))
    assert [report.step for report in path] == list(range(STEPS + 1))
    assert np.array_equal(path[0].params["place"], FROM["place"])
    np.testing.assert_allclose(path[-1].params["place"], np.tile(TOP, (2, 1)), atol=0.02)
    assert (path[-1].objective > path[0].objective).all()


@fitters
def test_the_same_seed_gives_the_same_path_bit_for_bit(name: str) -> None:
    """All parameters, objectives and metrics of all entries."""
    for one, other in zip(climb(name, steps=5), climb(name, steps=5), strict=True):
        assert np.array_equal(one.objective, other.objective)
        assert all(np.array_equal(one.params[key], other.params[key]) for key in one.params)
        assert np.array_equal(one.metrics["train"]["returns"], other.metrics["train"]["returns"])


@fitters
def test_what_does_not_train_stays_bit_for_bit(name: str) -> None:
    """Initial weights neither move nor decay, whatever the optimiser's weight decay."""
    path = climb(name, steps=10)
    for report in path:
        assert np.array_equal(report.params["initial_weights_logits"], FROM["initial_weights_logits"])
    assert not np.array_equal(path[-1].params["place"], path[0].params["place"])


def test_only_adamw_decays_and_only_what_trains() -> None:
    """A parameter nobody hears shrinks by learning rate times decay a step under adamw, and stays under the others."""
    for name in components("fit"):
        unheard = climb(name, steps=10)[-1].params["unheard"]
        expected = 2.0 * (1 - 0.05 * 0.01) ** 10 if name == "adamw" else 2.0
        np.testing.assert_allclose(unheard, expected, rtol=1e-12)


@fitters
def test_a_run_continued_is_the_run_uninterrupted(name: str) -> None:
    """From the progress after any entry, bit for bit."""
    told = problem(small(name, steps=8))
    whole = list(fit(told, begin(told, FROM)))
    rest = list(fit(told, whole[3][1]))
    for (one, _), (other, _) in zip(whole[4:], rest, strict=True):
        assert one.step == other.step
        assert np.array_equal(one.params["place"], other.params["place"])


@fitters
def test_a_step_is_no_longer_than_the_clipped_gradient(name: str) -> None:
    """Clipping bounds each set on its own: plain ascent moves by learning rate times norm at most."""
    if name != "sgd":
        pytest.skip("its steps are scaled by moments")
    path = climb(name, steps=1, clip_norm=0.1)
    moved = np.linalg.norm(path[1].params["place"] - path[0].params["place"], axis=-1)
    np.testing.assert_allclose(moved, 0.05 * 0.1, rtol=1e-9)


def test_patience_ends_a_run_that_no_longer_improves() -> None:
    """Entries without a better validation score are counted, and the run ends at the limit."""
    told = problem(small("sgd", early_stopping=True, patience=3, learning_rate=1e-300))
    path = [report for report, _ in fit(told, begin(told, FROM))]
    assert [report.since_improvement for report in path] == [0, 1, 2, 3]


def test_a_fit_that_loses_every_set_says_so() -> None:
    """One set not finite is borne; none finite ends the run with the step, the reason of each set, and what to do."""
    told = problem(small("sgd", steps=2))
    one = {key: np.array(value) for key, value in FROM.items()}
    one["place"][0] = np.nan
    assert len(list(fit(told, begin(told, one)))) == 3
    one["unheard"][1] = np.inf
    with pytest.raises(DivergedError, match=r"at step 0 \(set 0: place; set 1: unheard\); try a smaller fit.learning_rate"):
        list(fit(told, begin(told, one)))


def damaged(progress: Progress, what: str) -> Progress:
    """Set 1 has lost its parameters, its objective or what its optimiser remembers."""
    if what == "objective":
        return replace(progress, objective=np.array([0.0, np.nan]))
    if what == "place":
        return replace(progress, params={**progress.params, "place": progress.params["place"].at[1].set(np.inf)})
    return replace(progress, optimiser=jax.tree.map(lambda leaf: leaf.at[1].set(np.nan) if leaf.ndim > 1 else leaf, progress.optimiser))


@pytest.mark.parametrize("what", ["objective", "place", "moments"])
def test_a_set_that_diverged_begins_anew_and_the_others_do_not_notice(what: str) -> None:
    """It is drawn for its step with a fresh optimiser, and counted; set 0 goes on bit for bit."""
    told = problem(small("adamw", steps=6))
    whole = list(fit(told, begin(told, FROM)))
    path = list(fit(told, damaged(whole[2][1], what)))
    assert all(report.redrawn is None for report, _ in whole)
    assert [list(report.redrawn) for report, _ in path] == [[0, 1]] * 4
    assert np.array_equal(path[0][0].params["place"][1], FROM["place"][1] + 0.01 * (3 + 1))
    for (report, _), (other, _) in zip(path, whole[3:], strict=True):
        assert np.array_equal(report.params["place"][0], other.params["place"][0])
        assert np.isfinite(report.params["place"]).all()
    counts = [leaf for leaf in jax.tree.leaves(path[-1][1].optimiser) if leaf.dtype == np.int32]
    assert [list(count) for count in counts] == [[7, 4]]


@fitters
def test_what_is_saved_continues_the_run_bit_for_bit(name: str) -> None:
    """With sets drawn anew, plateau decay and averaging under way, through the arrays that are kept on disk."""
    told = problem(small(name, steps=8, plateau_patience=2, swa_start=0.25, swa_every=2, price_noise=0.01))
    first = begin(told, FROM)
    early = [progress for _, progress in fit(told, first)][3]
    broken = replace(early, objective=np.array([0.0, np.nan]))
    whole = list(fit(told, broken))
    assert len(whole) == 6
    for done, (_, progress) in enumerate(whole, 1):
        rest = list(fit(told, _restored(first, _state(progress))))
        assert len(rest) == 6 - done
        for (one, _), (other, _) in zip(whole[done:], rest, strict=True):
            assert one.step == other.step
            assert np.array_equal(one.params["place"], other.params["place"])
            assert np.array_equal(one.objective, other.objective)
            assert np.array_equal(one.redrawn, other.redrawn)
            assert np.array_equal(one.rate_scale, other.rate_scale)


@fitters
def test_plateau_decay_lowers_the_rate_of_the_set_that_stands_still(name: str) -> None:
    """Every ``plateau_patience`` evaluations, under every optimiser; a set that climbs keeps its rate."""
    still = {key: np.array(value) for key, value in FROM.items()}
    still["place"][0] = TOP
    told = problem(small(name, steps=7, plateau_patience=3, plateau_factor=0.5, learning_rate=1e-3, clip_norm=None))
    scales = np.array([report.rate_scale for report, _ in fit(told, begin(told, still))])
    assert list(scales[:, 0]) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]
    assert list(scales[:, 1]) == [1] * 8


@fitters
def test_a_step_after_plateau_decay_is_the_smaller(name: str) -> None:
    """By what is left of the rate, decay of weights included; until then nothing changes."""
    free = climb(name, steps=3, learning_rate=1e-300)
    assert all(report.rate_scale is None for report in free)
    for factor in (0.5, 0.25):
        path = climb(name, steps=3, plateau_patience=1, plateau_factor=factor, learning_rate=1e-300)
        assert [list(report.rate_scale) for report in path] == [[1, 1], [factor] * 2, [factor**2] * 2, [factor**3] * 2]
    # The watched score is a constant of this problem: so the rate falls at each step but the first, whatever the steps are.
    told = {"tracked": ("returns", "weekly_max_drawdown"), "watched": ("validation", "weekly_max_drawdown")}
    paths = []
    for changes in ({}, {"plateau_patience": 1, "plateau_factor": 0.5}):
        posed = problem(small(name, steps=1, **changes), **told)
        paths.append([report for report, _ in fit(posed, begin(posed, FROM))])
    plain, halved = (path[1].params["place"] - path[0].params["place"] for path in paths)
    np.testing.assert_allclose(halved, 0.5 * plain, rtol=1e-12)


@fitters
def test_averaging_adds_one_entry_with_the_means_and_changes_no_other(name: str) -> None:
    """From ``swa_start`` of the steps on, each ``swa_every``-th; scored like every entry, at a rate of zero."""
    plain, path = climb(name, steps=8), climb(name, steps=8, swa_start=0.5, swa_every=2)
    assert [report.step for report in path] == list(range(10))
    for one, other in zip(plain, path, strict=False):
        assert np.array_equal(one.params["place"], other.params["place"])
        assert np.array_equal(one.metrics["validation"]["returns"], other.metrics["validation"]["returns"])
    last = path[-1]
    np.testing.assert_allclose(last.params["place"], np.mean([plain[step].params["place"] for step in (4, 6, 8)], axis=0), rtol=1e-12)
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
    plain, noisy = climb("sgd", steps=2, learning_rate=1e-300), climb("sgd", steps=2, learning_rate=1e-300, price_noise=0.01)
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
    charged, _ = ascent(AIM, Weights(turnover=jnp.asarray(2.0)), told.pool, params, told.feed, first)
    assert np.isfinite(charged).all()
    np.testing.assert_allclose(charged, free, rtol=1e-12)  # this pool's value weights stand still


@pytest.mark.parametrize(
    ("schedule", "first", "last"),
    [("constant", 0.1, 0.1), ("cosine", 0.1, 1e-3), ("exponential", 0.1, 1e-3), ("warmup_cosine", 1e-3, 1e-3)],
)
def test_learning_rates_follow_their_schedule(schedule: str, first: float, last: float) -> None:
    """One rate an entry, from the first to the last they should have."""
    fitter = small("adamw", learning_rate=0.1, schedule=schedule, decay_ratio=100.0, steps=50, warmup_steps=10)
    rates = fitter.learning_rates()
    assert rates.shape == (51,)
    assert rates[0] == pytest.approx(first, rel=1e-6)
    assert rates[-1] == pytest.approx(last, rel=1e-6)
    assert rates.max() == pytest.approx(0.1, rel=1e-6)
    assert (np.diff(rates[10:]) <= 1e-12).all()


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
def test_every_sampling_takes_different_windows_and_the_same_for_the_same_step(sampling: Sampling) -> None:
    """Different ones of 0 to the offset, all of them where there are no others, none where there are too few."""
    drawn = np.array([starts(0, step, 4, 9, sampling) for step in range(500)])
    assert (drawn.min(), drawn.max(), drawn.dtype) == (0, 9, np.int32)
    assert all(len(set(row)) == 4 for row in drawn)
    assert np.array_equal(starts(3, 17, 4, 1000, sampling), starts(3, 17, 4, 1000, sampling))
    assert not np.array_equal(starts(3, 17, 4, 1000, sampling), starts(3, 18, 4, 1000, sampling))
    assert sorted(starts(0, 0, 5, 4, sampling)) == list(range(5))
    assert list(starts(0, 0, 1, 0, sampling)) == [0]
    with pytest.raises(ConfigError, match="leaves 3 to choose from"):
        starts(0, 0, 4, 2, sampling)


def test_exponential_sampling_prefers_the_recent() -> None:
    """Twice as far back in logarithms: the likelihood of a start grows by e^5 from the first to the last."""
    counts = np.bincount([starts(0, step, 1, 4, "exponential")[0] for step in range(20000)], minlength=5)
    expected = np.exp(np.linspace(-5, 0, 5))
    np.testing.assert_allclose(counts / counts.sum(), expected / expected.sum(), atol=0.01)


def test_stratified_sampling_takes_one_window_from_each_part() -> None:
    """Parts of equal length to a row, every row of a part as likely."""
    drawn = np.array([starts(0, step, 3, 10, "stratified") for step in range(3000)])
    for column, rows in zip(drawn.T, ((0, 1, 2), (3, 4, 5, 6), (7, 8, 9, 10)), strict=True):
        np.testing.assert_allclose([np.mean(column == row) for row in rows], 1 / len(rows), atol=0.04)
