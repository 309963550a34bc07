"""What every fitter promises, on a hill whose top is known."""

from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import numpy as np
import pytest
from hill import (
    AIM,
    ALL,
    CLIMBING,
    FROM,
    GRADIENT,
    STEPS,
    TOP,
    Hill,
    climb,
    climbing_fitters,
    fitters,
    problem,
    searching_fitters,
    small,
)
from kinds import DAY, with_rule, world
from numpy.typing import NDArray

from quantamm_cli.core.params import initial, trainable
from quantamm_cli.engine.objective import Aim
from quantamm_cli.errors import DivergedError
from quantamm_cli.training.fit import begin, fit
from quantamm_cli.training.problem import Progress, Report
from quantamm_cli.training.reinitialise import drawn
from quantamm_cli.training.selection import RULES, Scoreboard, select
from quantamm_cli.workflows.training_run import _restored, _state

GROUP = "fit"
HARD = {
    name: {"plateau_patience": 1, "swa_start": 0.25, "swa_every": 2, "price_noise": 0.01}
    for name in GRADIENT
}
"""What makes a gradient fit remember most."""


def same(one: Report, other: Report) -> bool:
    """To the bit: parameters, scores, and what the fitter tells."""
    left, right = (
        (each.params, each.objective, each.metrics, each.redrawn, dict(each.extras))
        for each in (one, other)
    )
    assert one.step == other.step
    return jax.tree.all(
        jax.tree.map(
            lambda a, b: np.array_equal(a, b, equal_nan=isinstance(a, np.ndarray)), left, right
        )
    )


@fitters
def test_a_hill_is_climbed(name: str) -> None:
    """Entry 0 is the start, entry ``steps`` the last.

    Who climbs comes to the top with every set; who searches finds a place near it.
    """
    path = climb(name, **({"weight_decay": 0.0} if name == "adamw" else {}))
    assert [report.step for report in path[:2]] == [0, 1]
    assert path[-1].step == STEPS or "ended" in path[-1].extras
    assert np.array_equal(path[0].params["place"], FROM["place"])
    if name in CLIMBING:
        near = {"bfgs": 1e-6, "cma_es": 1e-3}.get(name, 0.02)
        np.testing.assert_allclose(path[-1].params["place"], np.tile(TOP, (2, 1)), atol=near)
        assert (path[-1].objective > path[0].objective).all()
    else:
        assert max(path[0].objective) < 0.9
        assert max(report.objective.max() for report in path) > 0.97


@fitters
def test_the_same_seed_gives_the_same_path_bit_for_bit(name: str) -> None:
    """All entries; and another seed another one, but for who neither
    draws nor is told to differ.
    """
    once, again = climb(name, steps=5), climb(name, steps=5)
    assert all(same(one, other) for one, other in zip(once, again, strict=True))
    other = climb(name, steps=5, seed=1)
    assert np.array_equal(other[-1].params["place"], once[-1].params["place"]) == (
        name in GRADIENT or name == "bfgs"
    )


@fitters
def test_what_does_not_train_stays_bit_for_bit(name: str) -> None:
    """Initial weights neither move nor decay."""
    path = climb(name, steps=10)
    for report in path:
        assert np.array_equal(
            report.params["initial_weights_logits"], FROM["initial_weights_logits"]
        )
    assert not np.array_equal(path[-1].params["place"], path[0].params["place"])


@fitters
def test_what_is_saved_continues_the_run_bit_for_bit(name: str) -> None:
    """From any entry on, through the arrays that are kept on disk, after a set was drawn anew."""
    told = problem(small(name, steps=8, **HARD.get(name, {})), Hill(ridge=9.0))
    first = begin(told, FROM)
    early = [progress for _, progress in fit(told, first)][3]
    broken = replace(early, objective=np.array([0.0, np.nan]))
    whole = list(fit(told, broken))
    assert [report.step for report, _ in whole] == [
        4,
        5,
        6,
        7,
        8,
        *([9] if name in GRADIENT else []),
    ]
    assert (whole[0][0].redrawn is not None) == (name in CLIMBING)
    for done, (_, progress) in enumerate(whole, 1):
        rest = list(fit(told, _restored(first, _state(progress))))
        assert len(rest) == len(whole) - done
        assert all(
            same(one, other) for (one, _), (other, _) in zip(whole[done:], rest, strict=True)
        )


@fitters
def test_patience_ends_a_run_that_no_longer_improves(name: str) -> None:
    """Entries without a better validation score are counted, and the run ends at the limit."""
    path = climb(name, early_stopping=True, patience=2)
    since = [report.since_improvement for report in path]
    assert since[-1] == 2 or path[-1].step == STEPS or "ended" in path[-1].extras
    assert 2 not in since[:-1]


@fitters
def test_a_metric_that_exists_nowhere_is_no_divergence(name: str) -> None:
    """A value that only climbs has no drawdown, and two days are no month: no step moves who
    climbs, all windows are counted, no set is drawn anew, and the run ends as any other.
    """
    metric = "calmar" if name in (*GRADIENT, "bfgs") else "sterling"
    changes = {"aim": replace(AIM, metric=metric), "tracked": ("returns", metric)}
    near = {"random": {"noise_scale": 0.05}, "cma_es": {"sigma0": 0.05}}.get(name, {})
    told = problem(small(name, steps=3, **near, **HARD.get(name, {})), **changes)
    path = list(fit(told, begin(told, FROM)))
    for report, _ in path:
        assert np.isnan(report.objective).all() and report.redrawn is None
        assert report.undefined is not None and report.undefined.tolist() == [2, 2]
        assert np.isnan(report.metrics["train"][metric]).all()
        assert np.isfinite(report.metrics["train"]["returns"]).all()
        if name in CLIMBING:
            for param, values in FROM.items():
                assert np.array_equal(report.params[param], values), param
    if name in CLIMBING and name not in GRADIENT:
        ends = path[-1][0].extras.get("ended", [])
        assert ends == ["the metric exists on none of its windows"] * 2 or name == "cma_es"
    if name in GRADIENT:
        first, last = (jax.tree.leaves(progress.optimiser) for _, progress in (path[0], path[-1]))
        assert all(np.array_equal(one, other) for one, other in zip(first, last, strict=True))
    assert list(fit(told, _restored(begin(told, FROM), _state(path[-1][1])))) == []


@climbing_fitters
def test_a_fit_that_begins_where_nothing_is_finite_says_so(name: str) -> None:
    """After the first entry: a place that has no objective is no top."""
    told = problem(small(name, steps=3), Hill(edge=-9.0))
    with pytest.raises(DivergedError, match=r"at step 1 \(set 0: objective; set 1: objective\)"):
        list(fit(told, begin(told, FROM)))


@climbing_fitters
def test_a_fit_that_loses_every_set_says_so(name: str) -> None:
    """One set not finite is borne; none finite ends the run with the step,
    the reason of each set, and what to do.
    """
    told = problem(small(name, steps=2))
    one = {key: np.array(value) for key, value in FROM.items()}
    one["place"][0] = np.nan
    assert len(list(fit(told, begin(told, one)))) == 3
    one["unheard"][1] = np.inf
    with pytest.raises(
        DivergedError,
        match=(
            r"at step 0 \(set 0: place; set 1: unheard\); try a smaller "
            r"fit\.[a-z_0]+, or other params"
        ),
    ):
        list(fit(told, begin(told, one)))


@searching_fitters
def test_a_search_without_one_finite_candidate_says_so(name: str) -> None:
    """At its end, however often it was resumed; a candidate that fails is no more than that."""
    told = problem(small(name, steps=3), Hill(edge=-9.0))
    path: list[tuple[Report, Progress]] = []
    with pytest.raises(
        DivergedError, match=r"no parameter set of 4 steps has a finite objective; try other params"
    ):
        path.extend(fit(told, begin(told, FROM)))
    assert len(path) == 4
    with pytest.raises(DivergedError, match="no parameter set of 4"):
        list(fit(told, _restored(begin(told, FROM), _state(path[-1][1]))))
    some = climb(name, Hill(edge=0.2))
    assert any(np.isnan(report.objective).any() for report in some)
    assert all(report.redrawn is None for report in some)
    assert (
        max(np.nanmax(report.objective) for report in some if np.isfinite(report.objective).any())
        > 0.9
    )


def lamed(progress: Progress, what: str) -> Progress:
    """Set 1 has lost its parameters, its objective or what its optimiser remembers."""
    if what == "objective":
        return replace(progress, objective=np.array([0.0, np.nan]))
    if what == "place":
        return replace(
            progress,
            params={**progress.params, "place": progress.params["place"].at[1].set(np.inf)},
        )
    return replace(
        progress,
        optimiser=jax.tree.map(
            lambda leaf: leaf.at[1].set(np.nan) if leaf.ndim > 1 else leaf, progress.optimiser
        ),
    )


@pytest.mark.parametrize("what", ["objective", "place", "memory"])
@pytest.mark.parametrize("name", ["adamw", "bfgs", "cma_es"])
def test_a_set_that_diverged_begins_anew_and_the_others_do_not_notice(name: str, what: str) -> None:
    """It is drawn for its step with a fresh optimiser, and counted; set 0 goes on bit for bit."""
    told = problem(small(name, steps=6), Hill(ridge=9.0))
    whole = list(fit(told, begin(told, FROM)))
    path = list(fit(told, lamed(whole[2][1], what)))
    assert all(report.redrawn is None for report, _ in whole)
    assert all(list(report.redrawn) == [0, 1] for report, _ in path)
    assert np.array_equal(path[0][0].params["place"][1], FROM["place"][1] + 0.01 * (3 + 1))
    for (report, _), (other, _) in zip(path, whole[3:], strict=True):
        assert np.array_equal(report.params["place"][0], other.params["place"][0])
        assert np.isfinite(report.params["place"]).all()
    counts = [leaf for leaf in jax.tree.leaves(path[0][1].optimiser) if leaf.dtype == np.int32]
    assert [list(count) for count in counts] == [[4, 1]]


@pytest.mark.parametrize(
    ("name", "changes", "edge", "reason"),
    [
        ("bfgs", {}, None, "the gradient is smaller"),
        ("bfgs", {"line_search_steps": 3}, 1e-3, "the line search finds nothing"),
        ("cma_es", {"tolerance": 0.1}, None, "the distribution is narrower"),
    ],
)
def test_sets_that_have_nowhere_to_go_stay_and_end_the_run(
    name: str, changes: dict[str, Any], edge: float | None, reason: str
) -> None:
    """Each for itself, with its reason from then on; the run ends with the last,
    and resumed there it has ended, too.
    """
    told = problem(small(name, **changes), Hill(edge=edge))
    start = FROM | {"place": FROM["place"] * [edge or 1, 1]}
    path = list(fit(told, begin(told, start)))
    last, progress = path[-1]
    assert last.step < STEPS
    assert all(found.startswith(reason) for found in last.extras["ended"])
    for (report, _), (after, _) in pairwise(path):
        for one, found in enumerate(report.extras.get("ended", [None, None])):
            if found:
                assert after.extras["ended"][one] == found
                assert np.array_equal(after.params["place"][one], report.params["place"][one])
    assert list(fit(told, _restored(begin(told, FROM), _state(progress)))) == []


def prices(changed_from: int | None) -> NDArray[np.float64]:
    """Three days of burn-in and five more of a walk, another walk from a row on."""
    walk, other = (np.random.default_rng(seed).normal(0, 2e-3, (8 * DAY, 2)) for seed in (0, 1))
    if changed_from is not None:
        walk[3 * DAY + changed_from :] = other[3 * DAY + changed_from :]
    return np.exp(np.cumsum(walk, axis=0))


@fitters
def test_nothing_that_trains_or_selects_hears_of_the_future(name: str) -> None:
    """Other prices from validation on leave all parameters and train scores as they were, bit for
    bit; other test prices all selection, too.
    """
    pool, spans = (
        with_rule("momentum"),
        (("train", 0, 3 * DAY), ("validation", 3 * DAY, 4 * DAY), ("test", 4 * DAY, 5 * DAY)),
    )
    specs = pool.parameters(2)
    start = initial(specs, {}, 2, 2, 0.1, 0)
    fitter = small(
        name, steps=4, **HARD.get(name, {}), **({"learning_rate": 2.0} if name in GRADIENT else {})
    )
    draw = partial(drawn, specs, {}, 2, fitter)
    found = {}
    for changed in (None, 3 * DAY, 4 * DAY):
        aim = Aim("returns", 2 * DAY, trains=trainable(specs))
        told = problem(
            fitter, pool, feed=world(pool, prices(changed)), aim=aim, spans=spans, draw=draw
        )
        found[changed] = [report for report, _ in fit(told, begin(told, start))]
    for one, validation, test in zip(*found.values(), strict=True):
        for other, heard in ((validation, "validation"), (test, "test")):
            assert all(np.array_equal(one.params[key], other.params[key]) for key in one.params)
            assert np.array_equal(one.objective, other.objective)
            assert np.array_equal(
                one.metrics["train"]["returns"], other.metrics["train"]["returns"]
            )
            assert not np.array_equal(
                one.metrics[heard]["returns"], other.metrics[heard]["returns"]
            )
        assert np.array_equal(
            one.metrics["validation"]["returns"], test.metrics["validation"]["returns"]
        )
        assert one.since_improvement == test.since_improvement
    boards = [board(found[changed]) for changed in (None, 4 * DAY)]
    for rule in (rule for rule in RULES if "test" not in rule):
        assert len({select(each, rule) for each in boards}) == 1


def board(path: list[Report]) -> Scoreboard:
    train, validation, test = (
        [report.metrics[period]["returns"] for report in path]
        for period in ("train", "validation", "test")
    )
    steps, objective = (
        np.array([report.step for report in path]),
        np.array([report.objective for report in path]),
    )
    return Scoreboard(steps, objective, *map(np.array, (train, validation, test)))


def test_every_fitter_is_tried() -> None:
    """The laws hold for what can be chosen."""
    assert set(ALL) == {"adam", "adamw", "bfgs", "cma_es", "optuna", "random", "sgd"}
