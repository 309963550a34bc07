"""Workers on this machine: processes of their own, each with its share of the processors."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.machine import free_memory, processors
from quantamm_cli.tuning import leases
from quantamm_cli.tuning.trials import ENDED, ended_early
from quantamm_cli.workflows.monitor import Check, Monitor
from quantamm_cli.workflows.study_files import StudyFiles
from quantamm_cli.workflows.study_reports import Job
from quantamm_cli.workflows.study_runner import StudyStopped, stop_reason, stopped_text
from quantamm_cli.workflows.study_watch import StudyWatch

LABEL = "QSIM_WORKER"
"""The variable by which a worker knows its number, and that its stdin ends with its parent."""
MEMORY = 2 * 2**30
"""Bytes that ``study.workers=auto`` reckons for a worker."""
_THREADS = ("NPROC", "OMP_NUM_THREADS", "POLARS_MAX_THREADS", "NUMBA_NUM_THREADS")
"""The variables that say how many threads a process has; XLA reads NPROC."""
_POLLS, _POLL_SECONDS = 5, 0.1
"""A look at the study after so many looks for a signal, and the time between two of these."""
_GRACE_SECONDS = 1.8
_HEAD_START_SECONDS = 60.0
"""How long the first worker may be alone."""
_STARTS = 40
"""Starts without a trial that ended meanwhile, after which a worker is given up."""


def count_workers(wanted: int | str, waiting: int) -> int:
    """The number of workers: not more than trials; ``auto``: a processor and 2 GiB for each."""
    if wanted == "auto":
        wanted = min(processors(), max(1, free_memory() // MEMORY))
    return max(1, min(int(wanted), waiting))


def run_workers(
    job: Job, count: int, deadline: float, monitor: Monitor, watch: StudyWatch, files: StudyFiles
) -> None:
    """Run workers until all trials have ended, and start those anew that die.

    Raises:
        StudyStopped: the deadline is over, or somebody asks the workers to stop.
        StoreError: no worker can work.
    """
    workers: list[_Worker] = []
    began, since = time.monotonic(), time.time()
    with ExitStack() as stack:

        def start(until: int) -> None:
            numbers = range(len(workers) + 1, until + 1)
            workers.extend(stack.enter_context(_worker(job, each, count)) for each in numbers)

        def save() -> str:
            _stop(workers)
            return stopped_text(job)

        start(1)  # alone at first, so that the others find its programs compiled
        with monitor.saving(save) as check:
            while not _over(job):
                _wait(check)
                if reason := stop_reason(job, deadline, since):
                    save()
                    raise StudyStopped(reason)
                if _warm(job, began) or workers[0].given_up:
                    start(count)
                for worker in workers:
                    worker.look(monitor)
                if len(workers) == count and all(worker.given_up for worker in workers):
                    raise StoreError("study.workers", f"no worker can work: {workers[0].last_line}")
                job.study.free_dead()
                watch.look()
                files.write_soon(job.study)
            for worker in workers:
                with suppress(subprocess.TimeoutExpired):
                    worker.process.wait(_GRACE_SECONDS)


def _wait(check: Check) -> None:
    """Wait a moment, in which a signal may come."""
    for _ in range(_POLLS):
        check()
        time.sleep(_POLL_SECONDS)


def _warm(job: Job, since: float) -> bool:
    """Whether a worker has made a step, or the first has had its time."""
    if time.monotonic() - since > _HEAD_START_SECONDS:
        return True
    states = leases.workers(job.study.workers)
    return any(state.step or state.ended for state in states)


def _over(job: Job) -> bool:
    """Whether all trials have ended, or no more will be claimed and none runs."""
    trials = job.study.trials
    if any(trial.state == "running" for trial in trials):
        return False
    ended = all(trial.state in ENDED for trial in trials)
    return ended or ended_early(trials, job.settings.patience) is not None


@dataclass
class _Worker:
    """One of the processes."""

    job: Job
    number: int
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    starts: int = 1
    """Starts since a trial last ended."""
    ended: int = 0
    """How many trials had ended then."""
    given_up: bool = False
    since: float = field(default_factory=time.time)

    @property
    def log(self) -> Path:
        """What it prints."""
        return self.job.study.workers / f"{self.number}.log"

    @property
    def last_line(self) -> str:
        """The last line that it printed, without the name of the command."""
        with suppress(OSError, IndexError):
            text = self.log.read_text("utf-8", "replace").strip()
            return text.splitlines()[-1].removeprefix("qsim tune: ")
        return "it printed nothing"

    def look(self, monitor: Monitor) -> None:
        """Start it anew if it died."""
        code = self.process.poll()
        if code is None or self.given_up:
            return
        if code == 0 and (_over(self.job) or self.job.place.asked_to_stop(self.since)):
            return  # it found nothing to do
        ended = sum(trial.state in ENDED for trial in self.job.study.trials)
        self.starts, self.ended = 1 + self.starts * (ended == self.ended), ended
        refused = 0 < code < 128 and code != 1
        if refused or self.starts > _STARTS:
            self.given_up = True
            monitor.warn(f"worker {self.number} cannot work: {self.last_line}")
            return
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        monitor.note(f"worker {self.number} {how}; it is started again")
        self.close()
        self.process = _start(self.job, self.log, self.environment)

    def close(self) -> None:
        """Close the pipe to a process that has ended."""
        if self.process.stdin is not None:
            self.process.stdin.close()


@contextmanager
def _worker(job: Job, number: int, count: int) -> Iterator[_Worker]:
    share = str(max(1, processors() // count))
    environment = dict.fromkeys(_THREADS, share) | dict(os.environ)
    environment[LABEL] = str(number)
    environment.setdefault("XLA_PYTHON_CLIENT_MEM_FRACTION", f"{0.9 / count:.3f}")  # of a GPU
    log = job.study.workers / f"{number}.log"
    worker = _Worker(job, number, environment, _start(job, log, environment))
    try:
        yield worker
    finally:
        _stop([worker])


def _start(job: Job, log: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [
        sys.executable,
        "-m",
        "quantamm_cli",
        "tune",
        "worker",
        str(job.place.folder.resolve()),
    ]
    with open(log, "ab") as output:
        # not in the terminal's group: Ctrl-C reaches the parent only, which stops the workers
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=output,
            env=environment,
            start_new_session=True,
        )


def _stop(workers: list[_Worker]) -> None:
    """Ask workers to save and end; kill those that do not."""
    living = [worker.process for worker in workers if worker.process.poll() is None]
    for process in living:
        with suppress(ProcessLookupError):
            process.terminate()
    end = time.monotonic() + _GRACE_SECONDS
    for process in living:
        try:
            process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for worker in workers:
        worker.given_up = True
        worker.close()
