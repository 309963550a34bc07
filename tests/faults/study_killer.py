"""Workers at one study, without trainings, that are killed at random moments.

``python study_killer.py FOLDER WORKERS TRIALS KILLS SEED`` forks workers, kills so many of them
with -9, starts others in their place, and ends when all trials have. Some are killed in the middle
of a write, and some find the disk full there.
"""

import errno
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import slots

from quantamm_cli.tuning import leases
from quantamm_cli.tuning.study import Study

STEP = 0.04


def work(study: Study, number: int) -> None:
    """Run trials until none waits or runs elsewhere."""
    with leases.lease(study.workers, str(number), time.time()) as lease:
        while True:
            attempt = study.claim(lease)
            if attempt is None:
                if not any(trial.state == "running" for trial in study.trials):
                    return
                time.sleep(STEP)
                continue
            lease.write(trial=attempt.number)
            values = slots.values_of(attempt)
            attempt.runs_as(f"run_{attempt.number}", values)
            for part in range(1, 4):
                time.sleep(STEP)
                attempt.resumed(1, part)
                attempt.report(part, part * slots.score(values))
            attempt.finish([slots.score(values)], {})


def break_write(at: int, full: bool, mark: Path) -> None:
    """Let a write of this process end halfway: it dies of it, or is told that the disk is full."""
    real, left = os.write, [at]

    def write(file: int, data: bytes) -> int:
        left[0] -= 1
        if left[0] or not data.startswith(b'{"op_code"'):
            return real(file, data)
        mark.touch()
        real(file, data[: len(data) // 2])
        if not full:
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(errno.ENOSPC, "No space left on device")

    os.write = write  # type: ignore[assignment]


def breaks(number: int) -> bool:
    """Whether a worker breaks in the middle of a write by itself: every fourth."""
    return number % 4 == 3


def fork(folder: Path, trials: int, number: int) -> int:
    """Another worker; returns its process id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        if breaks(number):
            full = number % 8 == 7
            break_write(2 + number % 5, full, folder / ("full" if full else "torn"))
        work(slots.opened(folder, trials), number)
        code = 0
    except OSError:
        code = 4
    finally:
        os._exit(code)


def main(folder: Path, workers: int, trials: int, kills: int, seed: int) -> None:
    """Fork, kill, and print what came of it."""
    random.seed(seed)
    slots.opened(folder, trials)
    numbers = {fork(folder, trials, number): number for number in range(workers)}
    killed, codes = 0, list[int]()
    while numbers:
        time.sleep(random.uniform(0, 2 * STEP))
        victims = sorted(pid for pid, number in numbers.items() if not breaks(number))
        victim = random.choice(victims) if victims and killed < kills else 0
        if victim:
            os.kill(victim, signal.SIGKILL)
        for pid in sorted(numbers):
            ended, status = os.waitpid(pid, 0 if pid == victim else os.WNOHANG)
            if not ended:
                continue
            del numbers[pid]
            codes.append(os.waitstatus_to_exitcode(status))
            killed += pid == victim and codes[-1] == -signal.SIGKILL
            if codes[-1]:
                number = workers + sum(map(bool, codes)) - 1
                numbers[fork(folder, trials, number)] = number
    print(json.dumps({"killed": killed, "codes": codes}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
