"""The components of a user's own that the manual tells to write, as a folder has them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from quantamm_cli.config.components import load_plots, load_strategies
from quantamm_cli.reporting.plot import PLOTS
from quantamm_cli.settings.component import REGISTER

_FILE = re.compile(
    r"^```(?:python|yaml)\n# (\S+\.(?:py|yaml))\n(.*?)^```$", re.DOTALL | re.MULTILINE
)


@contextmanager
def restored() -> Iterator[None]:
    """What files register meanwhile, components and plots, is gone afterwards."""
    load_strategies()
    load_plots()
    before = [{group: dict(kinds) for group, kinds in each.items()} for each in (REGISTER, PLOTS)]
    try:
        yield
    finally:
        for register, kinds in zip((REGISTER, PLOTS), before, strict=True):
            register.clear()
            register.update(kinds)


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
