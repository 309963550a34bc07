"""The order of the site's pages: that of the links in index.md, below its headings."""

import re
from pathlib import Path
from typing import Any


def on_config(config: Any) -> None:
    """Called by mkdocs before it looks for pages."""
    index = (Path(config["docs_dir"]) / "index.md").read_text(encoding="utf-8")
    parts = re.findall(r"^## (.+)\n((?:\n|- .*\n?)+)", index, re.MULTILINE)
    config["nav"] = ["index.md"] + [
        {title: re.findall(r"\((\S+\.md)\)", links)} for title, links in parts
    ]
