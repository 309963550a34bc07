"""Advice on damaged files, for messages; arguments are named as the caller writes them."""

from quantamm_cli.errors import argument


def start_over() -> str:
    """The advice to start over."""
    return f"start over with {argument('fresh', True)} (the old files are kept)"


def restore() -> str:
    """The advice to restore a copy, else to start over."""
    return f"restore it from a copy, or {start_over()}"


def train_anew() -> str:
    """The advice for a shorter run that a training cannot continue from."""
    return f"train a new run without {argument('shorter')}"
