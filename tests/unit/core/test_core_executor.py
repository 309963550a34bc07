"""Who computes: compiled code where there is any, JAX's loops where not or where asked for."""

import logging
from collections.abc import Iterator

import jax
import pytest
from kinds import build, world
from numpy.typing import NDArray

from quantamm_cli.core import executor as home
from quantamm_cli.core.executor import compiled, executor, has_compiled_code
from quantamm_cli.errors import ConfigError
from quantamm_cli.kernels import build as machine_code


@pytest.fixture
def unmade() -> Iterator[None]:
    """Nobody has asked for the machine code yet, nor will have."""
    home._can_compile.cache_clear()
    yield
    home._can_compile.cache_clear()


def test_a_program_is_traced_anew_for_another_executor() -> None:
    """The choice is part of what programs are kept by; ``auto`` inside of a choice leaves it."""
    traced: list[bool] = []
    program = jax.jit(lambda x: traced.append(compiled()) or x)
    for name in ("compiled", "scan", "compiled", "scan"):
        with executor(name), executor("auto"):  # type: ignore[arg-type]
            program(1.0)
    assert traced == [True, False]


@pytest.mark.parametrize("backend", ["gpu", "tpu"])
def test_an_accelerator_has_none(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """There the loops are JAX's."""
    assert has_compiled_code()
    monkeypatch.setattr(jax, "default_backend", lambda: backend)
    assert not has_compiled_code()
    with executor("compiled"):
        assert not compiled()


def test_where_it_cannot_be_made_the_loops_take_its_place(
    unmade: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, prices: NDArray
) -> None:
    """Said once; who insists on it is told."""

    def fails(family: str) -> int:
        raise RuntimeError("no such processor")

    monkeypatch.setattr(machine_code, "entry", fails)
    with caplog.at_level(logging.WARNING):
        assert not compiled()
        assert not compiled()
    assert [record.message for record in caplog.records] == [
        "cannot compile code here (no such processor); using JAX's loops, which are slower"
    ]
    pool = build("pool", "balancer")
    world(pool, prices, fee=0.003)
    with pytest.raises(ConfigError, match="no compiled code on this cpu"):
        world(pool, prices, fee=0.003, executor="compiled")
