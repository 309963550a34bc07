"""What a process costs before it works: help and typos at once,
and no program compiled twice on one machine.
"""

import gc
import json
import logging
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from compiling import QUICKLY
from toy import CACHE, QSIM, TOY, environment

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.log_bridge import forward_logs
from quantamm_cli.config.components import load_components
from quantamm_cli.kernels import build
from quantamm_cli.kernels.tasks import FAMILIES
from quantamm_cli.workflows import compile_cache

FRESH = {
    name: value for name, value in os.environ.items() if not name.startswith(("JAX_", "XLA_"))
} | {"XLA_FLAGS": QUICKLY}
"""Where programs are kept is left to the command; which they are does not depend on
how well they are compiled.
"""
COUNTED = """
import sys
import jax
from quantamm_cli.cli.main import main

misses = []
def count(event, **_):
    if event.endswith("/cache_misses"):
        misses.append(event)
jax.monitoring.register_event_listener(count)
code = main(sys.argv[1:])
print(len(misses))
sys.exit(code)
"""
ASKED_FOR = """
import json
import sys
import jax
from quantamm_cli.cli.main import main

programs = []
def hear(event, _, fun_name="", **__):
    if event.endswith("/backend_compile_duration"):
        programs.append(fun_name)
jax.monitoring.register_event_duration_secs_listener(hear)
told = []
for words in json.loads(sys.argv[1]):
    jax.clear_caches()  # each as if it were the first
    programs.clear()
    code = main(words)
    needless = {'polars', 'scipy', 'optuna', 'rich', 'pandas', 'matplotlib'} & set(sys.modules)
    told.append([code, list(programs), sorted(needless)])
print(json.dumps(told))
"""
IMPORTED = """
import sys

before = set(sys.modules)
from quantamm_cli.cli.main import main

main(sys.argv[1:])
print(*set(sys.modules) - before)
"""
FEE = ["tokens=[BTC,ETH]", "fees=flat", "fees.fee=0.003"]
OTHER_NUMBERS = [
    "fees.fee=0.001",
    "fit.learning_rate=0.03",
    "start=2021-01-10",
    "end=2021-01-26",
    "test_end=2021-01-30",
    "params.k_per_day=3",
]


def compiled(cache: Path, folder: Path, *words: str) -> int:
    """How many programs a ``qsim`` process compiles because they are not in the cache."""
    command = [sys.executable, "-c", COUNTED, *words, "-q"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=FRESH | {"QSIM_CACHE": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1])


def kept(cache: Path) -> set[str]:
    """The names of the programs in a cache."""
    programs = (*cache.glob("programs-*/*-cache"), *cache.glob("traced/*.program"))
    return {path.name for path in programs}


@pytest.mark.timeout(900)
def test_a_second_process_with_other_numbers_compiles_nothing(tmp_path: Path) -> None:
    """A shell loop over fees, learning rates, dates and initial parameters
    pays for its programs once.
    """
    words = [word for word in TOY if not word.startswith(("tokens=", "fit.steps="))] + [
        "fit.steps=1",
        *FEE,
    ]
    for family in FAMILIES:
        build.entry(family)
    shutil.copytree(
        CACHE / "kernels", tmp_path / "cache" / "kernels"
    )  # machine code is not JAX's, and has tests of its own
    assert compiled(tmp_path / "cache", tmp_path, "train", *words) > 0, (
        "the listener hears of compilations"
    )
    before = kept(tmp_path / "cache")
    misses = compiled(tmp_path / "cache", tmp_path, "train", *words, *OTHER_NUMBERS)
    assert (misses, kept(tmp_path / "cache") - before) == (0, set())


TRAININGS = [[], FEE, ["pool/rule=mean_reversion_channel"]]


@pytest.fixture(scope="module")
def asked_for(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, list[str], list[str]]]:
    """Exit code, programs in their order, and needless modules of each training,
    all in one process of their own.
    """
    words = [["train", *TOY, "fit.steps=0", *more, "-q"] for more in TRAININGS]
    command = [sys.executable, "-c", ASKED_FOR, json.dumps(words)]
    folder = tmp_path_factory.mktemp("asked")
    tracing = environment(JAX_COMPILATION_CACHE_DIR=os.environ["JAX_COMPILATION_CACHE_DIR"])
    done = subprocess.run(
        command, cwd=folder, env=tracing, capture_output=True, text=True, check=True
    )
    return [
        (code, programs, needless)
        for code, programs, needless in json.loads(done.stdout.splitlines()[-1])
    ]


@pytest.mark.parametrize(
    "training", range(len(TRAININGS)), ids=[" ".join(words) for words in TRAININGS]
)
def test_before_the_first_step_there_is_one_program_and_nothing_needless(
    training: int, asked_for: list[tuple[int, list[str], list[str]]]
) -> None:
    """Arrays are made on the host: each small program would be traced, lowered and fetched.

    What reads files or draws is not imported.
    """
    code, programs, needless = asked_for[training]
    before = programs[: programs.index("jit(step)")]
    assert (code, before, needless) == (0, ["jit(prepare)"], [])


def test_the_collector_collects_after_the_imports() -> None:
    """It passes over the modules, and over nothing made later."""
    load_components()
    passed = gc.get_freeze_count()
    load_components()
    assert gc.isenabled()
    assert 0 < gc.get_freeze_count() <= passed


@pytest.mark.parametrize(
    ("quiet", "said"),
    [
        (False, "compiling\nqsim train: warning: careful\n"),
        (True, "qsim train: warning: careful\n"),
    ],
)
def test_the_console_says_what_lower_layers_log(
    capsys: pytest.CaptureFixture[str], quiet: bool, said: str
) -> None:
    """News are notes, which ``-q`` leaves out; outside of a command nothing is said, and other
    libraries are left alone.
    """
    logger = logging.getLogger("quantamm_cli.core")
    with forward_logs(Console("train", quiet=quiet)):
        logger.info("compiling")
        logger.warning("careful")
        logging.getLogger("jax").info("chatter")
    logger.info("afterwards")
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    """Only Python's own library and a few modules of ours: help takes under 0.2 s anywhere."""
    command = [sys.executable, "-c", IMPORTED, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = done.stdout.splitlines()[-1].split()
    packages = {name.partition(".")[0] for name in imported}
    assert packages - sys.stdlib_module_names == {"quantamm_cli"}
    assert len(imported) < 150


def test_a_misspelt_key_imports_no_numbers(tmp_path: Path) -> None:
    """Typos are found in the composed YAML, before JAX, NumPy and pydantic."""
    check = (
        "import sys; from quantamm_cli.cli.main import main; main(sys.argv[1:]); "
        "print(sorted({'jax', 'numpy', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", check, "train", "fees.feee=1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert "did you mean 'fees.fee'" in done.stderr


def test_a_listing_of_results_brings_no_jax(tmp_path: Path) -> None:
    """What is on the disk is read without it."""
    check = (
        "import sys; from quantamm_cli.cli.main import main; main(sys.argv[1:]); "
        "print('jax' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", check, "runs", "list"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.long
def test_help_is_there_at_once(tmp_path: Path) -> None:
    """Under 0.2 s of processor time, best of some.

    The time a typo takes is Hydra's; ``make bench`` measures it.
    """

    def took() -> float:
        before = os.times()
        subprocess.run(
            [str(QSIM), "--help"], cwd=tmp_path, env=environment(), capture_output=True, check=True
        )
        after = os.times()
        return (
            after.children_user
            + after.children_system
            - before.children_user
            - before.children_system
        )

    assert min(took() for _ in range(5)) < 0.2


def test_no_cache_is_no_failure(tmp_path: Path) -> None:
    """Where the folder cannot be, programs are compiled and nothing is said.

    Machine code has tests of its own (test_kernels_build).
    """
    (tmp_path / "file").write_text("")
    words = [
        "simulate",
        "pool=balancer",
        "fees.executor=scan",
        "start=2021-01-08",
        "end=2021-01-10",
        "data.burn_in_days=1",
    ]
    env = FRESH | {"QSIM_CACHE": str(tmp_path / "file" / "below")}
    done = subprocess.run(
        [str(QSIM), *words], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "arn" not in done.stderr


class TestProgramsFolder:
    """Tidied whenever a process starts."""

    @pytest.fixture(autouse=True)
    def _home(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("QSIM_CACHE", str(tmp_path / "home"))

    def test_names_version_and_processor(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A cache carried to another processor is not read there."""
        here = compile_cache.programs("1.2.3")
        assert here is not None and "1.2.3" in here.name
        monkeypatch.setattr(compile_cache, "processor", lambda: "another")
        assert compile_cache.programs("1.2.3") != here

    def test_drops_what_a_killed_process_left(self) -> None:
        """A program without its time of use would keep JAX from making room for ever."""
        folder = compile_cache.programs("1.2.3")
        assert folder is not None
        for name in ("whole-cache", "whole-atime", "torn-cache"):
            (folder / name).write_bytes(b"12345678")
        compile_cache.programs("1.2.3")
        assert {path.name for path in folder.iterdir()} - {".lockfile"} == {
            "whole-cache",
            "whole-atime",
        }

    def test_drops_folders_long_unused(self, tmp_path: Path) -> None:
        """An upgrade does not leave its predecessor's programs for ever;
        a neighbour in use stays.
        """
        old, used = tmp_path / "home" / "programs-0.1-x", tmp_path / "home" / "programs-0.2-x"
        for folder in (old, used):
            folder.mkdir(parents=True)
        os.utime(old, (time.time() - 100 * 86400,) * 2)
        compile_cache.programs("1.2.3")
        assert (old.exists(), used.exists()) == (False, True)
