"""Signals: the loop sees them; when the main thread is busy in C, a thread saves and leaves."""

import signal
import subprocess
import sys
import threading
import time

import pytest

from quantamm_cli.cli.signals import Stop, uninterrupted
from quantamm_cli.errors import Interrupted

BUSY = """
import hashlib, sys
from quantamm_cli.cli.signals import Stop
def save():
    {save}
    return "saved at step 7"
with Stop(save) as stop:
    print("ready", flush=True)
    {work}
"""
IN_C = "hashlib.pbkdf2_hmac('sha256', b'x', b'y', 400_000_000)"
LOOP = "import time\n    while not stop.asked:\n        time.sleep(0.01)\n    raise SystemExit(stop.interrupted().code)"


def start(work: str, save: str = "pass") -> subprocess.Popen[str]:
    code = BUSY.format(work=work, save=save)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.1)
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_busy_main_thread_is_left_within_two_seconds(number: signal.Signals, code: int) -> None:
    process = start(IN_C)
    begin = time.monotonic()
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert err == "saved at step 7\n"
    assert 1.0 < time.monotonic() - begin < 3.5  # 1.5 s of patience, and a slow machine


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
    """OmegaConf catches every exception and makes another of its kind: a signal in its midst came out as a defect."""
    from omegaconf import DictConfig, OmegaConf

    def interrupt() -> None:
        raise Interrupted(15, "stopped")

    OmegaConf.register_new_resolver("interrupt", interrupt)
    with pytest.raises(Interrupted, match="stopped"):
        DictConfig({"value": "${interrupt:}"}).value  # noqa: B018 - reading resolves it


def test_the_loop_stops_itself() -> None:
    process = start(LOOP)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (143, "")


def test_a_second_signal_leaves_at_once() -> None:
    process = start(IN_C)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "")
    assert time.monotonic() - begin < 1.4


def test_a_failing_save_still_leaves() -> None:
    process = start(IN_C, save="raise OSError('disk full')")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 143
    assert "not saved, OSError: disk full" in err


def test_handlers_come_back_and_save_runs_once() -> None:
    before = signal.getsignal(signal.SIGINT)
    saves = []

    def save() -> str:
        saves.append(1)
        return "saved"

    with Stop(save) as stop:
        assert not stop.asked
        signal.raise_signal(signal.SIGINT)
        assert stop.asked
        assert isinstance(stop.interrupted(), Interrupted)
        assert stop.interrupted().code == 130
    assert len(saves) == 1
    assert signal.getsignal(signal.SIGINT) is before
    assert not [thread for thread in threading.enumerate() if thread.name == "qsim-signals"]


def test_outside_the_main_thread_it_only_watches() -> None:
    seen = []

    def work() -> None:
        with Stop(lambda: "") as stop:
            seen.append(stop.asked)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]
