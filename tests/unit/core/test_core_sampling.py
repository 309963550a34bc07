"""Points spread evenly, and the parameter sets that stand on them."""

import numpy as np
import pytest
from scipy.stats import qmc

from quantamm_cli.core.bijectors import Log2, Memory, Simplex, Squareplus
from quantamm_cli.core.params import Parameter, initial, readable
from quantamm_cli.core.sampling import normal, points
from quantamm_cli.errors import ConfigError

SPECS = (
    Parameter(
        "initial_weights_logits",
        "initial_weights",
        "share",
        Simplex(),
        1 / 3,
        0.0,
        1.0,
        trainable=False,
    ),
    Parameter("log_k", "k_per_day", "1/day", Log2(), 20.0, 0.1, 1000.0, log=True),
    Parameter(
        "logit_lamb",
        "memory_days",
        "days",
        Memory(1440),
        10.0,
        1.0,
        200.0,
        log=True,
        layers=("fast", "slow"),
    ),
    Parameter("margin", "margin", "share", Squareplus(), 0.5, 0.1, 0.9, count=1),
)
SCALARS = 3 + 6 + 1
EVEN = ("sobol", "lhs", "centred_lhs")


def offsets(kind: str, sets: int, noise: float = 0.7, seed: int = 3) -> np.ndarray:
    """Every scalar that trains of every set, less that of the first."""
    params = initial(SPECS, {}, sets, 3, noise, seed, kind)
    flat = np.concatenate(
        [params[spec.name].reshape(sets, -1) for spec in SPECS if spec.trainable], axis=1
    )
    return flat - flat[0]


@pytest.mark.parametrize("kind", ["gaussian", *EVEN, "grid"])
def test_the_first_set_is_as_given_and_weights_are_in_all(kind: str) -> None:
    params = initial(SPECS, {"k_per_day": [1, 2, 3]}, 9, 3, 0.7, 0, kind)
    assert {name: value.shape for name, value in params.items()} == {
        spec.name: (9, *spec.shape(3)) for spec in SPECS
    }
    assert np.array_equal(params["log_k"][0], np.log2([1, 2, 3]))
    assert not np.ptp(params["initial_weights_logits"], axis=0).any()
    assert np.ptp(params["log_k"][1:], axis=0).all()
    one = initial(SPECS, {"k_per_day": [1, 2, 3]}, 1, 3, 0.7, 0, kind)
    assert all(np.array_equal(one[name][0], params[name][0]) for name in params)


@pytest.mark.parametrize("kind", ["gaussian", *EVEN, "grid"])
def test_the_seed_decides(kind: str) -> None:
    assert np.array_equal(offsets(kind, 17), offsets(kind, 17))
    assert not np.array_equal(offsets(kind, 17), offsets(kind, 17, seed=4))


@pytest.mark.parametrize("kind", ["gaussian", *EVEN])
@pytest.mark.parametrize("noise", [0.0, 0.1, 2.0])
def test_the_spread_is_the_one_asked_for(kind: str, noise: float) -> None:
    """Whatever the kind: the settings' scale, not one of its own."""
    moved = offsets(kind, 2049, noise)[1:]
    assert moved.shape == (2048, SCALARS)
    np.testing.assert_allclose(moved.std(0), noise, rtol=0.08)
    np.testing.assert_allclose(moved.mean(0), 0, atol=0.08 * noise)


@pytest.mark.parametrize("kind", ["lhs", "centred_lhs"])
@pytest.mark.parametrize("count", [1, 2, 7, 64])
def test_a_latin_hypercube_hits_each_cell_of_each_dimension_once(kind: str, count: int) -> None:
    cells = points(kind, count, 5, 1) * count
    assert np.array_equal(np.sort(np.floor(cells), axis=0), np.tile(np.arange(count)[:, None], 5))
    assert (np.allclose(cells % 1, 0.5)) == (kind == "centred_lhs")


def test_a_hypercube_survives_into_the_offsets() -> None:
    """Φ of offset over scale is the point again."""
    shares = np.vectorize(__import__("statistics").NormalDist().cdf)(offsets("lhs", 33)[1:] / 0.7)
    assert np.array_equal(
        np.sort(np.floor(shares * 32), axis=0), np.tile(np.arange(32)[:, None], SCALARS)
    )


@pytest.mark.parametrize("count", [16, 50, 256])
@pytest.mark.parametrize("seed", range(4))
def test_sobol_is_more_even_than_random(count: int, seed: int) -> None:
    random = np.random.default_rng(seed).random((count, 4))
    assert qmc.discrepancy(points("sobol", count, 4, seed)) < 0.7 * qmc.discrepancy(random)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("kind", [*EVEN, "grid"])
def test_any_number_of_points(kind: str, count: int) -> None:
    cube = points(kind, count, 3, 0)
    assert cube.shape == (count, 3)
    assert ((cube >= 0) & (cube <= 1)).all()


@pytest.mark.parametrize(
    ("count", "dimensions", "ticks"),
    [(2, 1, 2), (5, 1, 5), (4, 2, 2), (5, 2, 3), (9, 2, 3), (100, 3, 5), (40, 60, 2)],
)
def test_a_grid_has_as_few_ticks_as_will_do_and_no_point_twice(
    count: int, dimensions: int, ticks: int
) -> None:
    cube = points("grid", count, dimensions, 0)
    assert len(np.unique(cube, axis=0)) == count
    assert np.isin(np.round(cube * (ticks - 1), 9), np.arange(ticks)).all()


def test_a_grid_stands_on_the_declared_ranges() -> None:
    """Equal ratios where the range is logarithmic, whatever the noise."""
    spec = (SPECS[1],)
    shown = readable(spec, initial(spec, {}, 6, 1, 0.0, 0, "grid"))["k_per_day"]
    np.testing.assert_allclose(shown[:, 0], [20, 0.1, 1, 10, 100, 1000], rtol=1e-12)
    with pytest.raises(ConfigError, match=r"^params\.k_per_day: has a value a parameter set"):
        initial(spec, {"k_per_day": [[1.0], [2.0]]}, 2, 1, 0.0, 0, "grid")
    bad = (Parameter("sp", "x", "1", Squareplus(), 1.0, 0.0, 1.0),)
    with pytest.raises(
        ConfigError, match=r"^fit\.init: grid: the range of x, 0 to 1, is not above zero"
    ):
        initial(bad, {}, 3, 1, 0.0, 0, "grid")


def test_normal_numbers_are_finite_at_the_edges() -> None:
    np.testing.assert_allclose(
        normal(np.array([0.0, 1e-6, 0.5, 1.0])), [-4.753424, -4.753424, 0, 4.753424], rtol=1e-6
    )


@pytest.mark.parametrize("kind", ["gaussian", *EVEN, "grid"])
def test_members_begin_apart(kind: str) -> None:
    """In every set alike before its own offset; the first member is as given, and so are members
    that are given one by one.
    """
    specs = tuple(
        Parameter(
            name,
            f"{name}_readable",
            "1",
            Log2(),
            20.0,
            0.1,
            1000.0,
            log=True,
            layers=tuple("abcdefghi"),
            apart=0.5,
        )
        for name in "kl"
    )
    params = initial(specs, {"l": np.arange(1.0, 10)[:, None]}, 1, 40, 0.0, 0, kind)
    assert not np.ptp(params["k"][0, 0])
    assert (params["k"][0, 1:] - params["k"][0, 0]).std() == pytest.approx(0.5, rel=0.15)
    np.testing.assert_array_equal(params["l"][0, :, 0], np.arange(1.0, 10))
    many = initial(specs, {}, 3, 40, 0.0, 0, kind)
    assert (many["k"] == many["k"][0]).all() or kind == "grid"
