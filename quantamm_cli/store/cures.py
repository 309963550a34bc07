"""What to do about damaged files, in the words of whoever called."""

from quantamm_cli.errors import argument


def start_over() -> str:
    """The last way out."""
    return f"start over with {argument('fresh', True)} (the old files are kept)"


def restore() -> str:
    """A copy is better than starting over."""
    return f"restore it from a copy, or {start_over()}"
