"""What README, manual, YAML comments and help texts tell to type works.

Commands that compute are composed, read and planned (``--dry-run``); what trains, plays or draws
for real is tested elsewhere: python.md by test_python_page, the pages ``adding-…`` by
test_own_components. All others run as they are, in a folder with a few stored results and files of
prices.
"""

import importlib
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import own
import polars
import pytest
import toy
from documented import (
    blocks,
    commands,
    commands_of_docstrings,
    examples,
    helps,
    of_yaml,
    settings_in,
)
from figures import modules
from reference_result import SETTINGS, entry, write

from quantamm_cli.cli.commands import COMMANDS
from quantamm_cli.cli.console import Console
from quantamm_cli.cli.parse import every_flag, parse, verbs_of
from quantamm_cli.market.synthetic import Synthetic
from quantamm_cli.settings.types import minute

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "quantamm_cli" / "docs").glob("*.md")),
]
Typed = Callable[[Sequence[str]], None]
SHOWN = verbs_of(COMMANDS["show"])
YAMLS = sorted((ROOT / "conf").rglob("*.yaml"))
PLANNED = ("simulate", "train", "tune", "evaluate", "report", "reproduce", "compete")
"""Commands that ``--dry-run`` keeps from computing."""
FILES = re.compile(
    r"\bdata=(csv|parquet)\b|\.(csv|parquet)\b|\bPATH\b|\bpractice=supplied\b|\bdata\.series\.\w+=RUN\b"
)
"""What makes a command read files of the reader's."""
FORM = re.compile(
    r"…|\.\.\.|\b(TOPIC|WORDS|COMMAND|KEY|NAME|FOLDER|WHAT|FILE|RULE|GROUP|VERB|PERIOD|METRIC)\b|\[[A-Z]+[]|]"
)
"""What makes a command in running text a form to be filled in."""


STORED = {path.name[:-59]: path.name for path in (ROOT / "tests/goldens/stored/runs").glob("*_*/")}
PLAYED = STORED["compete_53897"]
STANDS_FOR = {
    "RUN": STORED["run_8a5c7"],
    "RUN2": STORED["run_e8268"],
    "STUDY": "",  # of this version: ``world`` makes it
    "COMPETITION": PLAYED,
    "RECEIPT": f"runs/{PLAYED}/receipt.json",
    "PATH": ".",
}
"""What a page writes for something of the reader's."""
THERE: set[str] = set()
"""The runs before a command is typed."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with stored results, prices, and components of one's own, which go with it."""
    folder = tmp_path_factory.mktemp("world")
    shutil.copytree(ROOT / "tests" / "goldens" / "stored" / "runs", folder / "runs")
    own.write(ROOT, folder)
    text = (folder / "strategy.py").read_text(encoding="utf-8")
    (folder / "my_file.py").write_text(text.replace("class Vol(", "class MyStrategy("))
    first, last = minute("2021-01-01"), minute("2021-02-01")
    for token in ("BTC", "ETH"):
        closes = Synthetic().read(token, first, last).closes
        frame = polars.DataFrame({"unix": np.arange(first, last) * 60_000, "close": closes})
        frame.write_csv(folder / f"{token}_USD.csv")
        frame.write_parquet(folder / f"{token}_USD.parquet")
    write(folder, SETTINGS, *map(entry, range(3)), name="result.json")
    (folder / "fp.json").write_text(json.dumps(SETTINGS))
    small = ("fit.steps=1", "study.trials=1", "space=none", "space.fit.learning_rate=[0.01,1,log]")
    study = toy.call("tune", *toy.TOY, *small, "--json", folder=folder)
    assert study.code == 0, study.err
    STANDS_FOR["STUDY"] = study.json["study"]
    THERE.update(path.stem for path in (folder / "runs").glob("run_*.json"))
    with own.restored():
        yield folder


@pytest.fixture
def typed(world: Path) -> Callable[[Sequence[str]], None]:
    """Types a command line into the folder; it must work."""

    def type_in(words: Sequence[str]) -> None:
        words, file = (words[:-2], words[-1]) if ">" in words else (words, None)
        # What goes into a file is read by a later command.
        line = filled(words)[1:] if file else planned(words)
        done = toy.call(*line, folder=world)
        # What a reader's own files would hold is checked last, when all settings are accepted.
        missing = done.code == 3 and "--dry-run" in line and FILES.search(" ".join(words))
        assert done.code == 0 or missing, (" ".join(words), done.err)
        if file:
            (world / file).write_text(done.out)

    return type_in


def filled(words: Sequence[str], **more: str) -> list[str]:
    """The words with what the reader puts in."""
    known = STANDS_FOR | more
    names = re.compile(rf"\b({'|'.join(known)})\b(?!=)")
    return [names.sub(lambda name: known[name[1]], word) for word in words]


def planned(words: Sequence[str]) -> list[str]:
    """The words after ``qsim``; a command that computes only says what it would do."""
    _, name, *rest = filled(words)
    if not rest:  # in running text: the command as such
        return [name, "--help"]
    if "--verify" in rest:  # bit for bit only as it was played; tests/cli/test_compete.py does it
        return ["runs", "show", PLAYED]
    if name not in PLANNED or {"--cfg", "--info", "--help", "--dry-run"} & set(rest):
        return [name, *rest]
    options = parse(COMMANDS[name], rest)
    if name in ("evaluate", "report") and options.run is None:
        return ["config", "validate", name, *options.overrides]
    if name == "tune" and options.words:  # a verb
        return [name, *rest]
    return [name, *rest, *(["--dry-run"] if not options.words or options.run else [])]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_commands_of_a_page_work(path: Path, typed: Typed, world: Path) -> None:
    """Each line of its blocks for a shell, and each whole command in its text."""
    text = path.read_text(encoding="utf-8")
    for block in blocks(text):
        if block.language == "yaml" and "/" not in (name := block.text.split()[1]):
            (world / name).write_text(block.text.replace("PATH", "."))
    for words in commands(text):
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
        elif words[0] == "qsim" and not FORM.search(" ".join(filled(words, IMPORTED=""))):
            typed(imported(words, world))
        else:
            assert words[0] == "qsim", f"{path.name}: {' '.join(words)} is not run; say why"
            assert words[1] in (*COMMANDS, "COMMAND", "TOPIC"), words


def imported(words: Sequence[str], world: Path) -> list[str]:
    """The words with the name of the run that ``runs import`` made."""
    if not any("IMPORTED" in word for word in words):
        return list(words)
    new = {path.stem for path in (world / "runs").glob("run_*.json")} - THERE
    return filled(words, IMPORTED=new.pop())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_block_is_run_or_says_why_not(path: Path) -> None:
    """Text is drawings and what is printed. Files of Python and YAML have a name."""
    for block in blocks(path.read_text(encoding="utf-8")):
        first = block.text.partition("\n")[0]
        ours = path.name == "python.md" or path.name == "README.md"
        named = re.fullmatch(r"# (conf/)?[\w/]+\.(py|yaml)", first)
        assert (
            block.reason
            or block.language in ("sh", "text")
            or (block.language in ("python", "yaml") and (named or ours))
        ), f"{path.name}: {first}"


NEEDED = {
    "fees=recorded": ("fees.file=fees.csv",),
    "trades=recorded": ("trades.file=trades.csv",),
    "data=parquet": ("data.dir=.",),
    "market=history": ("data=parquet", "data.dir=.", "steps=500"),
    "strategy.": ("strategies=[fixed_fee]",),
    "market.": ("market=history",),
    "market=history ": ("market.start=2021-01-08", "market.end=2021-01-24"),
    **dict.fromkeys(("pool=cow", "pool=gyroscope", "pool=reclamm"), ("tokens=[BTC,ETH]",)),
    "space=none": ("space.fit.learning_rate=[0.01,1,log]",),
    "study/pruner=threshold": ("study.pruner.below=-1",),
}
"""What a setting does not go without, by how it begins."""


def completed(settings: Sequence[str]) -> list[str]:
    """Some settings with those that they need, each key once."""
    words = {word.partition("=")[0]: word for word in settings}
    for _ in range(3):
        for begins, more in NEEDED.items():
            if any(f"{word} ".startswith(begins) for word in words.values()):
                words |= {
                    word.partition("=")[0]: word
                    for word in more
                    if word.partition("=")[0] not in words
                }
    return list(words.values())


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: str(path.relative_to(ROOT / "conf")))
def test_the_comments_of_a_yaml_tell_what_works(path: Path, typed: Typed) -> None:
    """Commands, and settings: each alone, or all of a line together."""
    group, name = str(path.parent.relative_to(ROOT / "conf")), path.stem
    commands_of = {"market": "compete", "space": "tune", "study": "tune"}
    command = commands_of.get(group.partition("/")[0], "simulate")
    command = name if group == "." and name in ("compete", "tune") else command
    chosen = [] if group in (".", "experiment", "strategy") else [f"{group}={name}"]
    for text in of_yaml(path):
        for span in re.findall(r"qsim \w+(?: [^\s`;,]+)*", text):
            words = span.rstrip(".:)`").split()
            if words[1] in COMMANDS and not FORM.search(span):
                typed(
                    [each for each in words if "=" in each or each in ("qsim", *COMMANDS, *SHOWN)]
                )
        settings = [setting for setting in settings_in(text) if not FORM.search(setting)]
        try:
            for setting in settings:
                typed(["qsim", command, *completed([*chosen, setting])])
        except AssertionError:
            typed(["qsim", command, *completed([*chosen, *settings])])


@pytest.mark.parametrize(("command", "note"), list(helps()))
def test_the_help_texts_tell_what_works(command: str, note: str, typed: Typed) -> None:
    """The settings before two blanks, and the settings behind them."""
    command = "train" if command in ("evaluate", "report") else command
    for part in re.split(r"\s{2,}", note.strip()):
        settings = [word.replace("=N", "=5") for word in settings_in(part)]
        settings = [word for word in settings if not FORM.search(word)]
        if settings:
            typed(["qsim", command, *completed(settings)])


def test_the_code_of_the_readme_runs(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it prints is a return and a shape."""
    monkeypatch.chdir(world)
    (code,) = [
        each.text for each in blocks(PAGES[0].read_text("utf-8")) if each.language == "python"
    ]
    exec(compile(code, "README.md", "exec"), {})
    assert re.fullmatch(r"-?[\d.]+ \(44640, 2\)\n", capsys.readouterr().out)


def test_the_readme_is_short() -> None:
    assert len(PAGES[0].read_text("utf-8").splitlines()) <= 120


def test_the_examples_of_docstrings_run() -> None:
    """Each among the names of its module, and of what a caller has."""
    have = {"save": lambda: None, "console": Console(), "time": time, "deadline": 0.0, "fit": ()}
    shown = [(name, code) for name, path in modules(ROOT).items() for code in examples(path)]
    for name, code in shown:
        exec(compile(code, name, "exec"), have | vars(importlib.import_module(name)))
    assert len(shown) >= 3


def test_docstrings_name_commands_and_flags_that_there_are() -> None:
    flags = {name for flag in every_flag() for name in flag.names}
    for name, path in modules(ROOT).items():
        for _, command, *rest in commands_of_docstrings(path):
            known = command in (*COMMANDS, "COMMAND", "...", "--help", "-sc")
            unknown = {word for word in rest if word.startswith("--")} - flags
            assert known and not unknown, (name, command, unknown)


def test_prices_of_ones_own_are_trained_on_with_the_words_of_the_page(world: Path) -> None:
    """For real, with fewer steps."""
    page = (ROOT / "quantamm_cli" / "docs" / "prices.md").read_text("utf-8")
    words = next(line for line in commands(page) if "data=csv" in line)
    fewer = ("fit.steps=2", "fit.parameter_sets=2", "fit.batch_size=2", "split.bout_offset=1440")
    done = toy.call(*filled(words[1:]), *fewer, "--json", folder=world)
    assert done.code == 0, done.err
    assert done.json["status"] == "new"
