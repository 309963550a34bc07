"""The components of a user's own that the manual tells to write, as a folder has them."""

import re
from pathlib import Path

_FILE = re.compile(
    r"^```(?:python|yaml)\n# (\S+\.(?:py|yaml))\n(.*?)^```$", re.DOTALL | re.MULTILINE
)


def write(root: Path, folder: Path) -> Path:
    """The files that the pages ``adding-…`` name: ``mine.py``, ``conf/…/*.yaml`` and others.

    What several pages write into one file stands there one after the other.
    """
    for page in sorted((root / "quantamm_cli" / "docs").glob("adding-*.md")):
        for name, text in _FILE.findall(page.read_text(encoding="utf-8")):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(text)
    return folder
