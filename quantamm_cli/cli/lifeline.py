"""A worker ends with the process that started it."""

import os
import signal
import sys
import threading

from quantamm_cli.workflows.study_workers import LABEL


def end_with_parent() -> str:
    """The number of this worker; ``-`` if a user started it.

    One that another process started has a pipe from it as its stdin. The pipe ends with that
    process, however it ends, and the worker then stops as if by SIGTERM.
    """
    label = os.environ.pop(LABEL, None)
    if label is None:
        return "-"

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="qsim-parent", daemon=True).start()
    return label
