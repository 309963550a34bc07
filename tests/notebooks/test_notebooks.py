"""The notebooks here, run from the first cell to the last on real prices."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
NOTEBOOKS = sorted(HERE.glob("*.ipynb"))


@pytest.mark.heavy
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_all_cells_run_and_say_nothing(file: Path, shared: Path, tmp_path: Path) -> None:
    """A notebook finds the prices in the folder ``prices`` beside it."""
    folder = shared / "binance_2025"
    if not folder.exists():
        pytest.skip("no real prices: ../shared/data/binance_2025")
    import nbformat
    from cells import execute

    (tmp_path / "prices").symlink_to(folder)
    outputs = execute(nbformat.read(file, as_version=4), tmp_path)
    assert {output.output_type for cell in outputs for output in cell} == {"execute_result"}


@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_is_stored_without_outputs(file: Path) -> None:
    """As ``nbformat`` writes it, so that a change shows as what was changed."""
    import nbformat

    notebook = nbformat.read(file, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    assert file.read_text() == nbformat.writes(notebook) + "\n"
