"""Ctrl-C and SIGTERM for long commands: the last completed step is saved within two
seconds, even during a compile.

Python runs its signal handlers on the main thread, between byte codes: not while that thread is
inside XLA. But the C half of a handler runs at once and writes the signal's number to a wake-up
pipe; a thread that reads the pipe hears of the signal whatever the main thread does (as long as it
does not hold the interpreter's lock, and compilers do not).
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

PATIENCE = 1.5  # seconds the main thread has to come back
# seconds in which a second signal is the first one again: timeout(1) sends it to
# the child and to the group
_ECHO = 0.2
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


_EAGER: list["Stop"] = []
"""Those whose handler raises."""
_held = False


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Meanwhile handlers do not raise: an exception that meets a C++ library while it is loaded
    ends the process without a word.
    """
    global _held
    _held = True
    try:
        yield
    finally:
        _held = False
    for stop in _EAGER:
        if stop.asked:
            raise stop.interrupted()


def _tell(code: int, message: str) -> None:
    print(message, file=sys.stderr, flush=True)


class Stop:
    """Says whether we were asked to stop, and stops us if the main thread cannot.

    ``save`` makes what is done durable and returns the message that says how to resume; it may be
    called from a thread. ``tell`` prints an exit code's message. A second signal ends the process
    at once. ``eager``: the main thread need not ask, the handler raises.

    >>> with Stop(save, console.stopped) as stop:
    ...     for report in fit:
    ...         if stop.asked:
    ...             raise stop.interrupted()
    """

    def __init__(
        self,
        save: Callable[[], str],
        tell: Callable[[int, str], None] = _tell,
        *,
        eager: bool = False,
    ) -> None:
        self._save = save
        self._tell = tell
        self._eager = eager
        self._signal = 0
        self._heard_once = False
        self._back = threading.Event()
        self._saving = threading.Lock()
        self._saved: str | None = None
        self._thread: threading.Thread | None = None

    @property
    def asked(self) -> bool:
        """Whether a signal came."""
        return self._signal != 0

    def interrupted(self) -> Interrupted:
        """Save, and the exception to raise."""
        self._back.set()
        return Interrupted(self._signal, self._message())

    def __enter__(self) -> Self:
        if threading.current_thread() is not threading.main_thread():
            return self  # a worker's thread: the process that owns it stops it
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._old: list[Any] = [signal.signal(number, self._heard) for number in _SIGNALS]
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
            signal.raise_signal(
                self._signal
            )  # it came too late for us: let those outside hear of it

    def _heard(self, number: int, frame: FrameType | None) -> None:
        """The handler on the main thread.

        The wake-up thread has the byte already; this sets ``asked`` without a race.
        """
        again = self._heard_once
        self._signal, self._heard_once = self._signal or number, True
        if self._eager and not again and not _held:
            raise Interrupted(self._signal, self._message())

    def _watch(self) -> None:
        """Wait for a signal; then for the main thread, a second signal or the end of patience."""
        patience: float | None = None
        first = 0.0
        while True:
            if not select.select([self._read], [], [], patience)[0]:
                patience = None
                if not self._back.is_set():
                    self._leave()
                continue
            number = os.read(self._read, 1)[0]
            if number == 0:
                return
            if number not in _SIGNALS:
                continue
            if first and time.monotonic() - first > _ECHO:
                os._exit(128 + number)
            first = first or time.monotonic()
            self._signal = self._signal or number
            patience = PATIENCE

    def _leave(self) -> None:
        """End the process from here, with everything saved."""
        code = 128 + self._signal
        try:
            self._tell(code, self._message())
        except BaseException as failure:
            os.write(
                2,
                f"qsim: not saved, {type(failure).__name__}: {failure}\n".encode(
                    errors="backslashreplace"
                ),
            )
        finally:
            os._exit(code)

    def _message(self) -> str:
        """Save once, whoever asks first."""
        with self._saving:
            if self._saved is None:
                self._saved = self._save()
            return self._saved
