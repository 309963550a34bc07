"""Programs are found on disk without being traced, and only where the trace would be the same."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from toy import environment

from quantamm_cli.core import programs
from quantamm_cli.core.executor import executor
from quantamm_cli.core.programs import Program, store_programs
from quantamm_cli.core.spelling import UnspellableError, spelled
from quantamm_cli.core.types import Layout, Trading
from quantamm_cli.pools.balancer import Balancer
from quantamm_cli.settings import computed_by
from quantamm_cli.training.adam import Adam


class Traced:
    """A function of the package that counts its traces; each ``program`` is a new process's."""

    def __init__(self) -> None:
        self.count = 0

    @property
    def program(self) -> Program[Any]:
        def growth(rows: int, pool: Any, values: Any) -> Any:
            self.count += 1
            total = sum(jnp.sum(jnp.sin(each)) for each in jax.tree.leaves(values))
            return {"total": total * rows, "pool": jax.tree.leaves(pool)}

        growth.__module__ = "quantamm_cli.core.anything"
        return Program(growth, ("rows",), quick=False)


VALUES = {"a": np.arange(3.0), "b": (jnp.float64(2.0), 1.5)}


@pytest.fixture
def traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Traced]:
    """A function whose program was compiled and stored once."""
    monkeypatch.setenv("QSIM_CACHE", str(tmp_path))
    monkeypatch.setattr(programs, "_only_ours", lambda: True)  # other tests may register theirs
    store_programs(True)
    function = Traced()
    function.program(3, Balancer(), VALUES)
    assert function.count == 1
    yield function
    store_programs(False)


def stored(folder: Path) -> set[Path]:
    """The files of programs."""
    return set((folder / "traced").glob("*.program"))


def test_a_stored_program_is_not_traced(traced: Traced, tmp_path: Path) -> None:
    """It gives the same to the last bit, for other numbers too, without another file."""
    (file,) = stored(tmp_path)
    others = {"a": np.array([0.1, 0.7, -3.0]), "b": (jnp.float64(0.3), 9.0)}
    found = traced.program(3, Balancer(), others)
    assert traced.count == 1
    store_programs(False)
    expected = traced.program(3, Balancer(), others)
    assert traced.count == 2
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    assert float(found["total"]) == float(expected["total"])
    assert stored(tmp_path) == {file}


CHANGES: dict[str, Callable[[Any], object]] = {
    "static": lambda run: run(4, Balancer(), VALUES),
    "shape": lambda run: run(3, Balancer(), VALUES | {"a": np.arange(4.0)}),
    "dtype": lambda run: run(3, Balancer(), VALUES | {"a": np.arange(3)}),
    "weak type": lambda run: run(3, Balancer(), VALUES | {"b": (2.0, 1.5)}),
    "names": lambda run: run(3, Balancer(), {"a": VALUES["a"], "c": VALUES["b"]}),
    "component": lambda run: run(3, Trading(every=2), VALUES),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_program_is_traced(change: str, traced: Traced, tmp_path: Path) -> None:
    """And stored in a file of its own."""
    CHANGES[change](traced.program)
    CHANGES[change](traced.program)
    assert (traced.count, len(stored(tmp_path))) == (2, 2)


@pytest.mark.parametrize(
    "context", [partial(executor, "scan"), partial(jax.default_matmul_precision, "float32")]
)
def test_another_context_is_traced(context: Callable[[], Any], traced: Traced) -> None:
    """The choice of the executor, and JAX's own settings."""
    with context():
        traced.program(3, Balancer(), VALUES)
    assert traced.count == 2


@pytest.mark.parametrize("part", ["processor", "source"])
def test_unlike_nodes_share_a_folder(
    part: str, traced: Traced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A processor with other features, or another version of the package, has files of its own,
    and the first one still has its own.
    """
    here = stored(tmp_path)
    with monkeypatch.context() as elsewhere:
        computed_by.computed_by.cache_clear()
        elsewhere.setattr(computed_by, part, lambda: "another")
        traced.program(3, Balancer(), VALUES)
    computed_by.computed_by.cache_clear()
    assert (traced.count, len(stored(tmp_path) - here)) == (2, 1)
    traced.program(3, Balancer(), VALUES)
    assert traced.count == 2


@pytest.mark.parametrize("damage", [b"", b"torn", b"0" * 100])
def test_a_damaged_file_is_compiled_again(traced: Traced, tmp_path: Path, damage: bytes) -> None:
    """And replaced."""
    (file,) = stored(tmp_path)
    file.write_bytes(damage)
    traced.program(3, Balancer(), VALUES)
    traced.program(3, Balancer(), VALUES)
    assert traced.count == 2


def test_derivatives_trace_it(traced: Traced) -> None:
    """Inside another program it is a part of that."""
    slope = jax.grad(lambda x: traced.program(3, None, {"a": x})["total"])(2.0)
    assert float(slope) == pytest.approx(3 * np.cos(2.0), rel=1e-15)
    assert jax.vmap(lambda x: traced.program(3, None, x)["total"])(jnp.arange(2.0)).shape == (2,)


class Pair(NamedTuple):
    """A type of the user's."""

    first: float


def of_others(numbers: Any) -> Any:
    """A function of the user's."""
    return numbers


@pytest.mark.parametrize(
    "value", [Pair(1.0), of_others, lambda: None, object(), jax.tree.structure(Pair(1.0))]
)
def test_what_others_define_is_not_spelled(value: Any, traced: Traced, tmp_path: Path) -> None:
    """Their source is unknown, so it is traced in each process."""
    with pytest.raises(UnspellableError):
        spelled((1, [value]))


def test_a_program_with_types_of_others_is_not_stored(traced: Traced, tmp_path: Path) -> None:
    """It runs as ever."""
    before = stored(tmp_path)
    found = traced.program(3, Pair(1.0), VALUES)
    assert (float(found["pool"][0]), stored(tmp_path)) == (1.0, before)


def test_equal_texts_are_equal_values() -> None:
    """A text tells types, names and numbers apart, and does not depend on the process."""
    values: list[Any] = [
        *(1, True, 1.0, "1", None, (1,), [1], frozenset({1}), {"a": 1}, {"b": 1}, {1: "a"}),
        *(Trading(), Trading(every=2), Layout(((0, 1),)), Adam.transform, Adam, Balancer()),
        *map(jax.tree.structure, [(1,), [1], {"a": 1}, None, Trading(), Balancer()]),
    ]
    assert len({spelled(value) for value in values}) == len(values)
    assert spelled(frozenset({"a", "b", "c"})) == spelled(frozenset({"c", "b", "a"}))


RACE = """
import sys
from quantamm_cli.workflows.runtime import start_jax
from quantamm_cli.core.programs import Program

def growth(values):
    import jax.numpy as jnp
    return jnp.cumsum(jnp.sin(values))

growth.__module__ = "quantamm_cli.core.anything"
start_jax()
import numpy as np
for count in range(40, 44):
    print(Program(growth, (), False)(np.arange(float(count)))[-1].item().hex())
"""


def test_many_processes_share_a_folder(tmp_path: Path) -> None:
    """That begin with nothing at the same time: equal numbers, whole files, and no drafts."""
    shared = environment()
    shared = {name: value for name, value in shared.items() if not name.startswith("JAX_")}
    command = [sys.executable, "-c", RACE]
    running = [
        subprocess.Popen(
            command, env=shared | {"QSIM_CACHE": str(tmp_path)}, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    outputs = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert outputs[0] == outputs[1] != ""
    assert len(stored(tmp_path)) == 4
    assert not list((tmp_path / "traced").glob(".*.part"))
