"""The manual's page on compiled loops speaks of what there is."""

import re
from pathlib import Path

from quantamm_cli.kernels.tasks import TASKS


def test_every_task_and_every_file_is_there(root: Path) -> None:
    """Tasks of the table are all there are; files are those of the package, of the tests,
    or of the table's last column.
    """
    page = (root / "quantamm_cli" / "docs" / "kernels.md").read_text()
    table = page.partition("| task |")[2].partition("\n\n")[0]
    first = [line.split("|")[1] for line in table.splitlines()[2:]]
    assert re.findall(r"`(\w+)`", " ".join(first)) == list(TASKS)
    named = set(re.findall(r"`((?:\w+/)+\w+\.py)`", page))
    assert named
    assert not [
        name
        for name in named
        if not any((folder / name).is_file() for folder in (root, root / "quantamm_cli"))
    ]
