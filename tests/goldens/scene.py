"""A scene: commands of one run in their order, in one folder of stored results and users' files."""

import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from string import Template

HERE = Path(__file__).resolve().parent
STORED = HERE / "stored" / "runs"
USER_FILES = HERE / "user_files"
DATES = "'tokens=[BTC,ETH]' start=2021-01-08 end=2021-01-24 data.burn_in_days=5 output.every=1440"
SETS = "fit.steps=6 fit.parameter_sets=2 fit.batch_size=2 fit.noise_scale=0.3"
TRAIN = f"{DATES} test_end=2021-01-28 split.bout_offset=1440 {SETS}"
PLAYED = "compete_538971"
NEWLY_PLAYED = "compete_1c93b59821ab33fc2c672cc45c44c13261d9aa01c6fd1a69bd85b0af5eee4c4e"
"""What ``compete $TWO $GAME`` is named."""
SHORT = {
    "DATES": DATES,
    "TRAIN": TRAIN,
    "TINY": f"{TRAIN} params.k_per_day=0.5 params.memory_days=4",
    "CYCLES": "split=walk_forward split.cycles=2 test_end=2021-02-01",
    "SPACE": "space=none 'space.fit.learning_rate=[0.01,1,log]'",
    "OBJECTIVES": "'study.objective=[validation.daily_log_sharpe,validation.max_drawdown]' "
    "study.constraints.max_drawdown=0.9",
    "MINE": "'strategies=[fixed_20,mine.py:Vol]' strategy.Vol.gain=1",
    "TWO": "'strategies=[fixed_20,fixed_fee]'",
    "GAME": "steps=200 epoch.length=100 simulations=16",
    "RECEIPT": f"runs/{next(STORED.glob(f'{PLAYED}*/')).name}/receipt.json",
    "SIMULATED": "run_80d30da7de9c",
    "GRIDDED": "grid_f7576bca0542",
    "SWEEP": "sweep_4f46cbd76b4c",
    "STUDIED": "study_6ea993ea58fd",
    "FRONT": "study_aa6aa8bb5a30",
    "NEW_RECEIPT": f"runs/{NEWLY_PLAYED}/receipt.json",
}
"""What ``$NAME`` stands for in a command: the words with which the results were stored."""


def words(command: str) -> list[str]:
    """A command as its words."""
    return shlex.split(Template(command).substitute(SHORT))


@dataclass(frozen=True)
class Scene:
    """Commands, and how their folder is made ready.

    ``numbers``: what version 9274b26 printed is stored (``stored/expected.json``), and every later
    version must print the same.
    """

    commands: tuple[str, ...]
    numbers: bool = False
    prepare: Callable[[Path], None] | None = None

    def furnish(self, folder: Path) -> None:
        """Put the stored results and the user's files into an empty folder."""
        shutil.copytree(STORED, folder / "runs")
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(USER_FILES, folder, dirs_exist_ok=True, ignore=skip)
        if self.prepare is not None:
            self.prepare(folder)


def trades(folder: Path) -> None:
    """One trade for a pool to take."""
    lines = "unix,token_in,token_out,amount_in\n1610409600,BTC,ETH,0.1\n"
    (folder / "trades.csv").write_text(lines, "utf-8")


def damage(folder: Path) -> None:
    """One digit of a stored run is another; one of a receipt, too."""
    (run,) = (folder / "runs").glob("run_8a5c77*.json")
    receipt = folder / SHORT["RECEIPT"]
    for path, old, new in (run, '"step": 0', '"step": 1'), (receipt, '"count": 16', '"count": 17'):
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")


_DEFECT = """
from quantamm_cli.pools.base import AbstractPool


class Failing(AbstractPool, kind="failing"):
    def parameters(self, assets):
        return ()

    def frictionless(self, params, feed, start, rows):
        return None
"""
"""A pool that returns nothing, over which our own code stumbles. This process keeps it: it must not
be in the way of what lists all pools.
"""


def wrong(folder: Path) -> None:
    """Files that fail where they are loaded or run, and two that stop the command as signals do."""
    files = {
        "raises.py": "1 / 0\n",
        "defect.py": _DEFECT,
        "ctrl_c.py": "raise KeyboardInterrupt\n",
        "terminated.py": "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n",
        "conf/pool/failing.yaml": "kind: failing\n",
        "receipt.json": '{"schema": 1}\n',
        "a_file": "mine\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
