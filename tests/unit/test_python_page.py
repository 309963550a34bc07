"""The manual's page on Python: its code, word for word; and what importing
the package costs and gives.
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import quantamm_cli

PAGE = Path(quantamm_cli.__file__).parent / "docs" / "python.md"
SAYS = """new 1
stopped
resumed
14
"""


def blocks() -> list[str]:
    """The page's code."""
    found = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(found) == PAGE.read_text().count("```python")
    return found


RIGHT = """
from pathlib import Path
assert all(isinstance(value, float) for value in (score, held, fresh, edge))
assert (newest, Path(str(page)).suffix) == ("study", ".html")
"""


@pytest.mark.heavy
def test_the_code_of_the_page_runs_word_for_word_in_a_notebook(tmp_path: Path) -> None:
    """A cell a block, one after the other.

    Nothing is printed but what the page prints, and a result that ends a cell shows its tables.
    """
    from cells import execute, notebook_of

    *cells, last = execute(notebook_of([*blocks(), RIGHT, "result"]), tmp_path)
    printed = [
        output for cell in cells for output in cell if output.output_type != "execute_result"
    ]
    assert {(output.output_type, output.name) for output in printed} == {("stream", "stdout")}
    assert re.sub(r"new \d", "new 1", "".join(output.text for output in printed)) == SAYS
    (result,) = last
    assert "<table" in result.data["text/html"]


def test_importing_imports_neither_jax_nor_numpy_and_says_nothing() -> None:
    """A notebook's first cell costs nothing."""
    check = (
        "import sys, quantamm_cli; print(sorted({'jax', 'numpy', 'hydra', 'pydantic', 'polars'} "
        "& set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_every_public_name_is_there_also_after_all_modules_were_imported(root: Path) -> None:
    """Rooms have the names of functions: importing one must not put it in the function's place."""
    import importlib
    import types

    from figures import modules

    for name in modules(
        root
    ):  # kernels are compiled as one, by a process that sets numba up for it
        if not name.startswith(("quantamm_cli.__main__", "quantamm_cli.kernels.")):
            importlib.import_module(name)
    values = {name: getattr(quantamm_cli, name) for name in quantamm_cli.__all__}
    assert not [name for name, value in values.items() if isinstance(value, types.ModuleType)]
    assert callable(quantamm_cli.compete)
    import quantamm_cli.compete.strategy as strategies
    import quantamm_cli.market.base as sources

    assert (strategies.Strategy, sources.Source.group) == (quantamm_cli.Strategy, "data")
    assert set(quantamm_cli.__all__) <= set(dir(quantamm_cli))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = quantamm_cli.nothing


def test_an_argument_of_another_command_is_one_clear_error() -> None:
    """In words of arguments, not of flags."""
    simulate, compete = quantamm_cli.compose("simulate"), quantamm_cli.compose("compete")
    with pytest.raises(
        quantamm_cli.ArgumentError,
        match=r"settings: are those of simulate; expected those of a training",
    ):
        quantamm_cli.train(simulate)
    with pytest.raises(
        quantamm_cli.ArgumentError,
        match=r"competition: are settings of simulate; expected compose\('compete'",
    ):
        quantamm_cli.compete(simulate)
    with pytest.raises(
        quantamm_cli.ArgumentError, match="are those of compete; expected those of a pool"
    ):
        quantamm_cli.simulate(compete)
    with pytest.raises(quantamm_cli.ArgumentError, match="command: 'trian' is not one of"):
        quantamm_cli.compose("trian")
    with pytest.raises(quantamm_cli.ConfigError, match=r"fees\.feee"):
        quantamm_cli.compose("train", "fees.feee=1")
