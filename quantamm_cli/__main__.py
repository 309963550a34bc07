"""``python -m quantamm_cli`` and the console script ``qsim``."""

import sys

from quantamm_cli.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
