"""A training small enough to be started hundreds of times, and two ways to start it: in this
process, and as a stranger would.
"""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from absl import logging

from quantamm_cli.cli.main import main

# A sweep lets Hydra set up logging anew, which closes the handlers there are; absl's would close
# the stderr pytest had lent it.
logging.get_absl_handler().python_handler.stream = sys.__stderr__

QSIM = Path(sysconfig.get_path("scripts")) / "qsim"
CACHE = Path(__file__).resolve().parents[1] / ".pytest_cache" / "qsim"
TOY = (
    "tokens=[BTC,ETH]",
    "start=2021-01-08",
    "end=2021-01-24",
    "test_end=2021-01-28",
    "data.burn_in_days=5",
    "split.bout_offset=1440",
    "fit.steps=6",
    "fit.parameter_sets=2",
    "fit.batch_size=2",
)
ROWS, TRAIN, TEST = 16 * 1440, 16 * 1440 - int(0.2 * 16 * 1440), 4 * 1440
"""Minutes of [start, end), of its training part, and of [end, test_end)."""
RULES = (
    "last",
    "best_objective",
    "best_train",
    "best_validation",
    "best_test",
    "best_train_min_test",
    "best_test_min_train",
)
METRIC = "daily_log_sharpe"


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one strict JSON object on stdout; anything else there is a failure."""
        assert self.out.count("\n") == 1, (self.out, self.err)
        return json.loads(self.out, parse_constant=_refuse)

    def one_line(self, code: int, *said: str) -> None:
        """A failure as promised: the exit code, one line on stderr with
        these words in it, no trace.
        """
        lines = self.err.splitlines()
        assert self.code == code, (self.code, self.err, self.out)
        assert lines, self
        assert lines[-1].startswith("qsim"), self.err
        assert sum(line.startswith("qsim") for line in lines) == 1, self.err
        assert "Traceback" not in self.err + self.out
        for text in said:
            assert text in lines[-1], (text, lines[-1])


Call = Callable[..., Answer]


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def call(*words: str, folder: Path) -> Answer:
    """``qsim WORDS`` in ``folder``, within this process."""
    out, err = io.StringIO(), io.StringIO()
    cache = mock.patch.dict(os.environ, QSIM_CACHE=str(CACHE))
    with (
        cache,
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = main(words)
    return Answer(code, out.getvalue(), err.getvalue())


def environment(**more: str) -> dict[str, str]:
    """This environment with the cache of the tests, in which programs are stored as for users: a
    process that runs what another has run traces nothing.
    """
    own = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
    return {**own, "QSIM_CACHE": str(CACHE), **more}


def start(
    *words: str,
    folder: Path,
    program: Path | str = QSIM,
    **more: str,
) -> subprocess.Popen[str]:
    """``qsim WORDS`` in ``folder`` as a process of its own, not waited for."""
    pipes: Mapping[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([str(program), *words], cwd=folder, env=environment(**more), **pipes)


def finish(process: subprocess.Popen[str], timeout: float = 240) -> Answer:
    """What a process left behind once it has ended."""
    out, err = process.communicate(timeout=timeout)
    return Answer(process.returncode, out, err)


def script(*words: str, folder: Path, **more: str) -> Answer:
    """``qsim WORDS`` in ``folder``: the console script, from start to end."""
    return finish(start(*words, folder=folder, **more))


@contextlib.contextmanager
def started(
    *words: str,
    folder: Path,
    program: Path | str = QSIM,
    **more: str,
) -> Iterator[subprocess.Popen[str]]:
    """A process that is killed if the test leaves it behind."""
    process = start(*words, folder=folder, program=program, **more)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()


def wait_for(
    what: Callable[[], object],
    process: subprocess.Popen[str] | None = None,
    seconds: float = 240,
) -> None:
    """Until ``what()`` is true. Fails if the process, or so many seconds, are over before."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        if process is not None and process.poll() is not None:
            out, err = process.communicate()
            raise AssertionError(f"ended with {process.returncode} before it happened: {out}{err}")
        time.sleep(0.005)


HOLD = '''"""Saves every step. Once step {step} is saved, waits until there is a file named go."""
import time
from pathlib import Path

from quantamm_cli.workflows import training_run

training_run._SAVE_SECONDS = 0.0
save_and_go_on = training_run.TrainingRun.record


def record(self, report, progress):
    save_and_go_on(self, report, progress)
    while report.step == {step} and not Path("go").exists():
        time.sleep(0.005)


training_run.TrainingRun.record = record
'''


def hold(step: int, folder: Path) -> str:
    """A plugin file with which no training of a folder gets further than ``step`` until ``let_go``.

    So it can be met in the middle however fast or slow it is. It does not name the run.
    """
    (folder / "hold.py").write_text(HOLD.format(step=step))
    return "hold.py"


def let_go(folder: Path) -> None:
    """Trainings that are held go on."""
    (folder / "go").touch()


def steps_saved(folder: Path) -> int:
    """The length of the one run's history, also while it is written."""
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("runs/run_*/history.jsonl"))


def checkpoint(folder: Path) -> Path:
    """The one checkpoint of a folder's runs."""
    (path,) = sorted((folder / "runs").glob("run_*.json"))
    return path


def document(folder: Path) -> dict[str, Any]:
    """The one checkpoint as JSON."""
    return json.loads(checkpoint(folder).read_text())


def history(folder: Path) -> list[dict[str, Any]]:
    """The entries of the one run's history."""
    lines = (checkpoint(folder).with_suffix("") / "history.jsonl").read_text().splitlines()
    return [json.loads(line)["entry"] for line in lines]


def essence(folder: Path) -> tuple[str, bytes]:
    """A run without what may differ from one making of it to the next: provenance,
    and the digest that covers it.
    """
    return essence_of(checkpoint(folder))


def essence_of(path: Path) -> tuple[str, bytes]:
    """The same of the run whose checkpoint this is."""
    kept = [line for line in path.read_text().splitlines() if '"sha256": ' not in line]
    first, last = kept.index('  "provenance": {'), kept.index('  "entries": [')
    return "\n".join(kept[:first] + kept[last:]), (
        path.with_suffix("") / "history.jsonl"
    ).read_bytes()


def chosen(
    entries: Sequence[Mapping[str, Any]], rule: str, minimum: float = 0.0
) -> tuple[int, int] | None:
    """Step and set a rule must choose, the slow and plain way: every entry and set in order, a
    later one only if strictly better.
    """

    def value(entry: Mapping[str, Any], place: str, index: int) -> float | None:
        row = entry["objective"] if place == "objective" else entry["metrics"][place][METRIC]
        return row[index]

    pool = entries[-1:] if rule == "last" else entries
    place, _, other = ("validation" if rule == "last" else rule.removeprefix("best_")).partition(
        "_min_"
    )
    best: tuple[float, int, int] | None = None
    for entry in pool:
        for index in range(len(entry["objective"])):
            score = value(entry, place, index)
            bar = value(entry, other, index) if other else minimum
            if (
                score is not None
                and bar is not None
                and bar >= minimum
                and (best is None or score > best[0])
            ):
                best = (score, entry["step"], index)
    return best and best[1:]
