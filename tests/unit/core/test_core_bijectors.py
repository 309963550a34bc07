"""Raw and readable parameters, both ways and at both ends."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from quantamm_cli.core.bijectors import NO_MEMORY, Log2, Memory, Simplex, decay, memory_days

# memory in days, chunk in minutes, λ, 1 - λ, logit of λ: solved with sixty digits
EXACT = [
    (0.001, 1440, 2.0833333332031300e-11, 0.99999999997916666667, -24.59446684789596875189),
    (1, 1440, 0.0196303625258087367511973, 0.98036963747419126324880, -3.91085220558051888204),
    (5, 1440, 0.4450564801797967697296812, 0.55494351982020323027032, -0.22066514661348239476),
    (10, 1440, 0.6803607118851582263293834, 0.31963928811484177367062, 0.75542998082421701835),
    (30, 1440, 0.8837476053031825545123330, 0.11625239469681744548767, 2.02840786370992847501),
    (
        100,
        1440,
        0.9640978233127912316815607,
        3.5902176687208768318439258e-2,
        3.29039484031584198677,
    ),
    (
        365,
        1440,
        0.9900762208345187657108548,
        9.9237791654812342891451605e-3,
        4.60284811789639562594,
    ),
    (
        1825,
        1440,
        0.9980099568114635664994401,
        1.9900431885364335005599488e-3,
        6.21760691174366349354,
    ),
    (10, 60, 0.9849337612418009539401663, 1.5066238758199046059833732e-2, 4.18011799467835198633),
    (365, 60, 0.9995851896564815427814220, 4.1481034351845721857798873e-4, 7.78727424936038800291),
    (1825, 60, 0.9999170287518179190571997, 8.2971248182080942800308577e-5, 9.39693344293491618632),
    (
        10000,
        60,
        0.9999848574048265666340135,
        1.5142595173433365986487925e-5,
        11.09798377021494892266,
    ),
    (
        10000,
        1,
        0.9999997476221611159531395,
        2.5237783888404686045159002e-7,
        15.19233825932501824330,
    ),
]
MEMORIES = np.concatenate([[0.0], np.geomspace(1e-3, 10_000, 400)])
CHUNKS = [1, 60, 1440]


@pytest.mark.parametrize(("days", "chunk", "keep", "forget", "logit"), EXACT)
def test_memory_has_the_decay_solved_with_sixty_digits(
    days: float, chunk: int, keep: float, forget: float, logit: float
) -> None:
    """λ and 1 - λ to fourteen digits each, where the closed form of the
    cubic keeps as few as one.
    """
    raw = Memory(chunk).raw(np.asarray(float(days)))
    np.testing.assert_allclose(raw, logit, rtol=2e-14, atol=2e-14)
    lamb, rest = decay(jnp.asarray(raw), chunk, 20_000)
    np.testing.assert_allclose(lamb, keep, rtol=2e-13)
    np.testing.assert_allclose(rest, forget, rtol=2e-13)


@pytest.mark.parametrize("chunk", CHUNKS)
def test_memory_comes_back_from_its_logit(chunk: int) -> None:
    """0 to 10,000 days there and back, on the host and inside programs; zero is exactly zero."""
    memory = Memory(chunk)
    raw = memory.raw(MEMORIES)
    assert (np.diff(raw) > 0).all()
    assert raw[0] == NO_MEMORY
    assert memory.readable(raw)[0] == 0
    np.testing.assert_allclose(memory.readable(raw), MEMORIES, rtol=1e-12)
    np.testing.assert_allclose(
        memory_days(jnp.asarray(raw), chunk, 20_000)[1:], MEMORIES[1:], rtol=1e-12
    )


@pytest.mark.parametrize("chunk", CHUNKS)
def test_memory_is_finite_with_its_gradient_at_both_ends(chunk: int) -> None:
    """λ, 1 - λ and days of memory 0 and 10,000 days, and logits far beyond,
    have finite values and slopes.
    """
    ends = jnp.asarray(
        [
            -1e4,
            NO_MEMORY,
            -40.0,
            0.0,
            float(Memory(chunk).raw(np.asarray(10_000.0))),
            40.0,
            700.0,
            1e4,
        ]
    )
    for part in (
        lambda logit: decay(logit, chunk, 10_000)[0],
        lambda logit: decay(logit, chunk, 10_000)[1],
        lambda logit: memory_days(logit, chunk, 10_000),
    ):
        value, slope = jax.vmap(jax.value_and_grad(part))(ends)
        assert np.isfinite(value).all()
        assert np.isfinite(slope).all()
    assert decay(ends, chunk, 10_000)[0].max() < 1


@pytest.mark.parametrize("chunk", CHUNKS)
def test_memory_is_capped(chunk: int) -> None:
    """No estimator remembers longer than it may, and a longer wish has no slope."""
    wish = Memory(chunk).raw(np.asarray(800.0))
    np.testing.assert_allclose(memory_days(jnp.asarray(wish), chunk, 365), 365, rtol=1e-12)
    np.testing.assert_allclose(
        decay(jnp.asarray(wish), chunk, 365)[1],
        decay(jnp.asarray(Memory(chunk).raw(np.asarray(365.0))), chunk, 365)[1],
    )
    assert jax.grad(lambda logit: memory_days(logit, chunk, 365))(jnp.asarray(wish)) == 0


def test_log2_comes_back_and_zero_is_zero() -> None:
    """k a day: 0 and 1e-300 to 1e300, there and back; below zero there is none."""
    values = np.concatenate([[0.0], np.geomspace(1e-300, 1e300, 50)])
    np.testing.assert_allclose(Log2().readable(Log2().raw(values)), values, rtol=1e-12)
    assert Log2().raw(np.asarray(20.0)) == pytest.approx(4.321928094887363, rel=1e-15)
    assert np.isnan(Log2().raw(np.asarray(-1.0)))


def test_simplex_comes_back() -> None:
    """Weights there and back; logits far apart do not overflow;
    weights that do not sum to one have no logits.
    """
    weights = np.array([[0.2, 0.5, 0.3], [1e-9, 1 - 2e-9, 1e-9]])
    np.testing.assert_allclose(Simplex().readable(Simplex().raw(weights)), weights, rtol=1e-14)
    np.testing.assert_allclose(Simplex().raw(weights).mean(-1), 0, atol=1e-14)
    np.testing.assert_allclose(Simplex().readable(np.array([2000.0, 0.0, -2000.0])), [1, 0, 0])
    assert np.isnan(Simplex().raw(np.array([0.2, 0.2, 0.2]))).all()
