"""Signals: the loop sees them; when the main thread is busy in C, a thread saves and leaves."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from toy import finish

from quantamm_cli.cli import signals
from quantamm_cli.cli.signals import Stop, uninterrupted
from quantamm_cli.errors import Interrupted

BUSY = """
import hashlib, itertools, sys, threading, time, types
from quantamm_cli.cli import signals

def save():
    {save}
    return "saved at step 7"

def say_busy():
    "Once the processor works for another thread than this one: only the work below does."
    while time.process_time() - time.thread_time() - begin < 0.02:
        time.sleep(0.005)
    print("busy", flush=True)

{clock}
with signals.Stop(save) as stop:
    begin = time.process_time()
    {work}
print("the work is done")
"""
IN_C = """threading.Thread(target=say_busy, daemon=True).start()
    hashlib.pbkdf2_hmac('sha256', b'x', b'y', 400_000_000)"""
LOOP = """print("busy", flush=True)
    while not stop.requested:
        time.sleep(0.01)
    raise SystemExit(stop.interrupted().code)"""
UNTIL_A_LINE = """print("busy", flush=True)
    sys.stdin.readline()
    print(stop.interrupted())"""
NO_WAITING = """
def select(read, write, failed, patience, wait=signals.select.select):
    "What would be waited is said, and over at once."
    if patience is None:
        return wait(read, write, failed)
    print("waited", patience, flush=True)
    return [], [], []
signals.select = types.SimpleNamespace(select=select)
"""
CLOCK = """
def monotonic(times=itertools.count(1, {seconds})):
    "A clock that moves on by so much whenever a signal is read."
    print("read", flush=True)
    return next(times)
signals.time = types.SimpleNamespace(monotonic=monotonic)
signals.GRACE_SECONDS = 1e6
"""
NUMBERS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@contextmanager
def busy(work: str, save: str = "pass", clock: str = "") -> Iterator[subprocess.Popen[str]]:
    """A process whose main thread is in the midst of its work; killed if the test leaves it."""
    command = [sys.executable, "-c", BUSY.format(work=work, save=save, clock=clock)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    try:
        wait_for_line(process, "busy")
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for_line(process: subprocess.Popen[str], line: str) -> None:
    """The next line of a process is this one."""
    assert process.stdout is not None
    assert process.stdout.readline() == f"{line}\n"


@pytest.mark.parametrize(("number", "code"), NUMBERS)
def test_a_busy_main_thread_is_left_when_patience_ends(number: signal.Signals, code: int) -> None:
    """Long before its work is done, and with half a second to save of the two that are promised."""
    with busy(IN_C, clock=NO_WAITING) as process:
        process.send_signal(number)
        answer = finish(process)
    waited = f"waited {signals.GRACE_SECONDS}\n"
    assert (answer.code, answer.out, answer.err) == (code, waited, "saved at step 7\n")
    assert signals.GRACE_SECONDS <= 1.5


@pytest.mark.long
@pytest.mark.parametrize(("number", "code"), NUMBERS)
def test_a_busy_main_thread_is_left_within_two_seconds(number: signal.Signals, code: int) -> None:
    with busy(IN_C) as process:
        begin = time.monotonic()
        process.send_signal(number)
        answer = finish(process)
        seconds = time.monotonic() - begin
    assert (answer.code, answer.out, answer.err) == (code, "", "saved at step 7\n")
    assert 1.0 < seconds < 3.5  # 1.5 s of patience, and a slow machine


def test_a_signal_during_the_imports_waits_for_their_end() -> None:
    """An exception that meets a library while it is loaded could end the process without a word."""
    done = []

    def load(*signals: signal.Signals) -> None:
        with Stop(lambda: "stopped", eager=True), uninterrupted():
            for number in signals:
                signal.raise_signal(number)
            done.append("loaded")

    load()
    with pytest.raises(Interrupted) as caught:
        load(signal.SIGTERM)
    assert (done, caught.value.code) == (["loaded", "loaded"], 143)


def test_no_library_takes_an_interruption_for_an_error_of_its_own() -> None:
    """OmegaConf catches every exception and makes another of its kind:
    a signal in its midst came out as a defect.
    """
    from omegaconf import DictConfig, OmegaConf

    def interrupt() -> None:
        raise Interrupted(15, "stopped")

    OmegaConf.register_new_resolver("interrupt", interrupt)
    with pytest.raises(Interrupted, match="stopped"):
        DictConfig({"value": "${interrupt:}"}).value  # noqa: B018 - reading resolves it


def test_the_loop_stops_itself() -> None:
    """It comes back before patience ends, which here is never."""
    with busy(LOOP, clock="signals.GRACE_SECONDS = 1e6") as process:
        process.send_signal(signal.SIGTERM)
        answer = finish(process)
    assert (answer.code, answer.out, answer.err) == (143, "", "")


def test_a_second_signal_leaves_at_once() -> None:
    """Without saving, and without waiting for the end of patience or of the work."""
    with busy(IN_C, clock=CLOCK.format(seconds=0.5)) as process:
        process.send_signal(signal.SIGINT)
        wait_for_line(process, "read")
        process.send_signal(signal.SIGINT)
        answer = finish(process)
    assert (answer.code, answer.out, answer.err) == (130, "read\n", "")


def test_a_signal_that_comes_twice_at_once_is_one() -> None:
    """timeout(1) sends it to its child and to the group."""
    with busy(UNTIL_A_LINE, clock=CLOCK.format(seconds=0)) as process:
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            wait_for_line(process, "read")
        assert process.stdin is not None
        process.stdin.write("\n")
        answer = finish(process)
    assert (answer.out, answer.err) == ("saved at step 7\nthe work is done\n", "")


@pytest.mark.long
def test_a_second_signal_does_not_wait_for_the_end_of_patience() -> None:
    with busy(IN_C) as process:
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        answer = finish(process)
        seconds = time.monotonic() - begin
    assert (answer.code, answer.out, answer.err) == (130, "", "")
    assert seconds < 1.4


def test_a_failing_save_still_leaves() -> None:
    with busy(IN_C, save="raise OSError('disk full')", clock=NO_WAITING) as process:
        process.send_signal(signal.SIGTERM)
        answer = finish(process)
    assert answer.code == 143
    assert "not saved, OSError: disk full" in answer.err


def test_handlers_come_back_and_save_runs_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    saves = []

    def save() -> str:
        saves.append(1)
        return "saved"

    with Stop(save) as stop:
        assert not stop.requested
        signal.raise_signal(signal.SIGINT)
        assert stop.requested
        assert isinstance(stop.interrupted(), Interrupted)
        assert stop.interrupted().code == 130
    assert len(saves) == 1
    assert signal.getsignal(signal.SIGINT) is before
    assert not [thread for thread in threading.enumerate() if thread.name == "qsim-signals"]


def test_outside_the_main_thread_it_only_watches() -> None:
    seen = []

    def work() -> None:
        with Stop(lambda: "") as stop:
            seen.append(stop.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]
