"""Turns failures into one line and an exit code; a traceback is printed only on request."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from quantamm_cli.cli.console import Console, Failure
from quantamm_cli.errors import Interrupted, QsimError


def guarded(console: Console, work: Callable[[], int]) -> int:
    """Run ``work``; report a failure and return its exit code."""
    try:
        code = work()
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _drop_stdout()
        return 0
    except (Exception, KeyboardInterrupt, Interrupted) as failure:
        return _report(console, failure)


def explain(failure: BaseException) -> Failure:
    """Exit code, place and message of a failure; code 1 is a defect of qsim, not of a plugin."""
    match failure:
        case QsimError():
            return Failure(failure.code, failure.where, failure.message)
        case Interrupted():
            return Failure(failure.code, "", str(failure))
        case KeyboardInterrupt():
            return Failure(130, "", "interrupted")
        case OSError() if failure.errno is not None:
            return Failure(4, str(failure.filename or "output"), failure.strerror or str(failure))
        case _:
            from quantamm_cli.config.user_files import plugin_failure

            message = plugin_failure(failure)
            if message is not None:
                return Failure(2, "plugins", f"{message}; {_save_trace(failure)}")
            defect = f"a defect of qsim, {type(failure).__name__}: {failure}"
            return Failure(1, "", f"{defect}; {_save_trace(failure)}")


def _report(console: Console, failure: BaseException) -> int:
    explained = explain(failure)
    if os.environ.get("QSIM_TRACE") == "1":
        import traceback

        traceback.print_exception(failure, file=sys.stderr)
    try:
        console.failure(explained)
        sys.stdout.flush()
    except OSError:  # stdout is full or closed; the line is on stderr
        _drop_stdout()
    return explained.code


def _save_trace(failure: BaseException) -> str:
    """Write the trace to a file and say where it is."""
    import tempfile
    import traceback

    if os.environ.get("QSIM_TRACE") == "1":
        return "the trace is above"
    text = f"{' '.join(sys.argv)}\n\n" + "".join(traceback.format_exception(failure))
    content = text.encode(errors="backslashreplace")
    name = f"qsim-trace-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
    from quantamm_cli.settings.cache import Cache

    path = Cache("traces", "qsim-trace-*", most_bytes=2**24).keep(
        name, lambda file: file.write(content)
    )
    if path is None:
        path = Path(tempfile.gettempdir()) / name
        try:
            path.write_bytes(content)
        except OSError:
            return "the trace could not be saved; QSIM_TRACE=1 shows it"
    return f"the trace is in {path}"


def _drop_stdout() -> None:
    """Discard stdout, whose reader has closed it (``qsim ... | head``).

    Otherwise Python's flush at exit would fail.
    """
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError):
        pass
