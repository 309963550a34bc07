"""Ctrl-C and SIGTERM for long commands.

The last completed step is saved within two seconds, even during a compile.

Python runs its signal handlers on the main thread, between byte codes: not while that thread is
inside XLA. But the C half of a handler runs at once and writes the signal's number to a wake-up
pipe. A thread reads the pipe and notices the signal whatever the main thread does, as long as that
does not hold the interpreter's lock, which compilers release.
"""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

from quantamm_cli.errors import Interrupted

GRACE_SECONDS = 1.5
"""How long the main thread may take to notice a signal."""
_ECHO_SECONDS = 0.2
"""A signal within this time repeats the first: timeout(1) signals the child and its group."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_EAGER: list["Stop"] = []
"""The open ones whose handler raises."""
_deferred = False


@contextmanager
def uninterrupted() -> Iterator[None]:
    """While it is open, handlers do not raise; a signal that came is raised at the end.

    An exception that reaches a C++ library while it is loaded ends the process without a message.
    """
    global _deferred
    _deferred = True
    try:
        yield
    finally:
        _deferred = False
    for stop in _EAGER:
        if stop.requested:
            raise stop.interrupted()


def _print(code: int, message: str) -> None:
    print(message, file=sys.stderr, flush=True)


class Stop:
    """Records a request to stop; ends the process if the main thread does not react in time.

    ``save`` makes the work so far durable and returns the message that says how to resume; it may
    be called from a thread. ``report`` prints the message of an exit code. A second signal ends
    the process at once. ``eager``: the handler itself raises; the main thread need not check.

    >>> with Stop(save, console.stopped) as stop:
    ...     for step in fit:
    ...         if stop.requested:
    ...             raise stop.interrupted()
    """

    def __init__(
        self,
        save: Callable[[], str],
        report: Callable[[int, str], None] = _print,
        *,
        eager: bool = False,
    ) -> None:
        self._save = save
        self._report = report
        self._eager = eager
        self._signal = 0
        self._handled = False
        self._noticed = threading.Event()
        self._saving = threading.Lock()
        self._saved: str | None = None
        self._thread: threading.Thread | None = None

    @property
    def requested(self) -> bool:
        """Whether a signal came."""
        return self._signal != 0

    def interrupted(self) -> Interrupted:
        """Save, and return the exception to raise."""
        self._noticed.set()
        return Interrupted(self._signal, self._message())

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self  # a worker's thread is stopped by the process that owns it
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._old: list[Any] = [signal.signal(number, self._handle) for number in _SIGNALS]
        self._old_wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        _EAGER.extend([self] * self._eager)
        self._thread = threading.Thread(target=self._watch, name="qsim-signals", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread is None:
            return
        signal.set_wakeup_fd(self._old_wakeup)
        if self._eager:
            _EAGER.remove(self)
        for number, old in zip(_SIGNALS, self._old, strict=True):
            signal.signal(number, old)
        os.write(self._write, b"\0")
        self._thread.join()
        os.close(self._read)
        os.close(self._write)
        if self._signal and self._saved is None and kind is None:
            # the signal came too late to be handled here: pass it to the outer handlers
            signal.raise_signal(self._signal)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        """The handler on the main thread.

        The wake-up thread has the byte already; this sets ``requested`` without a race.
        """
        repeated = self._handled
        self._signal, self._handled = self._signal or number, True
        if self._eager and not repeated and not _deferred:
            raise Interrupted(self._signal, self._message())

    def _watch(self) -> None:
        """Wait for a signal; then for the main thread, a second signal or the timeout."""
        timeout: float | None = None
        first = 0.0
        while True:
            if not select.select([self._read], [], [], timeout)[0]:
                timeout = None
                if not self._noticed.is_set():
                    self._leave()
                continue
            number = os.read(self._read, 1)[0]
            if number == 0:
                return
            if number not in _SIGNALS:
                continue
            if first and time.monotonic() - first > _ECHO_SECONDS:
                os._exit(128 + number)
            first = first or time.monotonic()
            self._signal = self._signal or number
            timeout = GRACE_SECONDS

    def _leave(self) -> None:
        """Save and end the process from this thread."""
        code = 128 + self._signal
        try:
            self._report(code, self._message())
        except BaseException as failure:
            text = f"qsim: not saved, {type(failure).__name__}: {failure}\n"
            os.write(2, text.encode(errors="backslashreplace"))
        finally:
            os._exit(code)

    def _message(self) -> str:
        """Save on the first call; return the message of that save."""
        with self._saving:
            if self._saved is None:
                self._saved = self._save()
            return self._saved
