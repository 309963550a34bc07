"""Cells of code in a Jupyter kernel of this Python, which needs no kernel to be
installed and no network.
"""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
import toy
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

ROOT = str(Path(__file__).resolve().parents[1])


def notebook_of(sources: Sequence[str]) -> nbformat.NotebookNode:
    """A notebook with a code cell for each source."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.v4.new_notebook(cells=cells)


def execute(notebook: nbformat.NotebookNode, folder: Path) -> list[list[dict[str, Any]]]:
    """The outputs of each code cell, run in ``folder``.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised; the message has its traceback.
    """
    with tempfile.TemporaryDirectory() as short:  # the path of a socket has at most 107 characters
        home = dict.fromkeys(("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"), short)
        with mock.patch.dict("os.environ", toy.environment(**home, PYTHONPATH=ROOT), clear=True):
            manager = AsyncKernelManager(
                kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),  # leaves this Python's own
                transport="ipc",
                connection_file=f"{short}/kernel.json",
            )
            client = NotebookClient(
                notebook,
                km=manager,
                timeout=240,
                resources={"metadata": {"path": str(folder)}},
                extra_arguments=["--colors=nocolor"],
            )
            asyncio.run(client.async_execute(cleanup_kc=True))
    return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
