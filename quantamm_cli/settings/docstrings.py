"""Docstrings of components as texts for users."""

import inspect
import re

_LINES_MATTER = re.compile(r"^(?:\s|\$\$|[-*|>])", re.MULTILINE)


def paragraphs(docstring: str | None) -> str:
    """A docstring with each paragraph on one line.

    Formulas, lists and indented text keep their lines.
    """
    parts = inspect.cleandoc(docstring or "").split("\n\n")
    return "\n\n".join(
        part if _LINES_MATTER.search(part) else part.replace("\n", " ") for part in parts
    )
