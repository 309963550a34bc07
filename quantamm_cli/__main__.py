"""``python -m quantamm_cli`` and the console script ``qsim``."""

import gc
import sys
from collections.abc import Sequence

gc.set_threshold(20_000, 20, 20)  # imports make many objects and no garbage: a twentieth of a start

from quantamm_cli.cli.main import main as command  # noqa: E402 - after the line above


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    return command(argv)


if __name__ == "__main__":
    sys.exit(main())
