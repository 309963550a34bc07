"""What was made from files is not shown, taken on or mixed with other contents unnoticed."""

import json
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
import toy
from toy import Call

from quantamm_cli.config.source_code import code_digest
from quantamm_cli.store.checksummed_json import with_digest

FIRST = int(np.datetime64("2021-01-01", "ms").astype(int))
ROWS = 32 * 1440
FILES = ("data=parquet", "data.dir=prices", "fit.steps=1", "fit.parameter_sets=1")
RECORDED = ("fees=recorded", "fees.file=fees.csv", "trades=recorded", "trades.file=trades.csv")
WORDS = (*toy.TOY, *FILES, *RECORDED)


def prices(folder: Path, level: float = 1.0, changed: tuple[str, ...] = ("BTC", "ETH")) -> None:
    """Minute prices of two tokens; those of 11 January times ``level``."""
    (folder / "prices").mkdir(exist_ok=True)
    times = np.arange(ROWS)
    for number, token in enumerate(("BTC", "ETH"), 1):
        closes = 100.0 * number * (1.0 + 0.1 * np.sin(times / (1000.0 * number)))
        closes[10 * 1440 : 11 * 1440] *= level if token in changed else 1.0
        columns = {"unix": FIRST + 60_000 * times, "close": closes}
        polars.DataFrame(columns).write_parquet(folder / "prices" / f"{token}_USD.parquet")


def fees(folder: Path, fee: float = 0.003) -> None:
    """One fee from the first minute on."""
    (folder / "fees.csv").write_text(f"unix,fee\n{FIRST // 1000},{fee}\n")


def trades(folder: Path, amount: float = 3.0) -> None:
    """One trade."""
    day = int(np.datetime64("2021-01-09", "s").astype(int))
    lines = f"unix,token_in,token_out,amount_in\n{day},BTC,ETH,{amount}\n"
    (folder / "trades.csv").write_text(lines)


CHANGES = {
    "prices": partial(prices, level=1.01),
    "fees": partial(fees, fee=0.004),
    "trades": partial(trades, amount=4.0),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files and a run made from them; only to be read."""
    folder = tmp_path_factory.mktemp("made")
    prices(folder), fees(folder), trades(folder)
    answer = toy.call("train", *WORDS, "--json", folder=folder)
    assert answer.code == 0, answer.err
    (folder / "answer.json").write_text(answer.out)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def run(made: Path) -> str:
    """The name of the run."""
    return str(json.loads((made / "answer.json").read_text())["run"])


def content(folder: Path) -> Mapping[str, bytes]:
    """Every file beneath a folder but locks."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


TAKES_A_RUN = {
    "evaluate": ("evaluate", "--run", "RUN"),
    "evaluate of the settings": ("evaluate", *WORDS),
    "evaluate on other dates": ("evaluate", "--run", "RUN", "test_end=2021-01-26"),
    "report": ("report", "RUN"),
    "export": ("export", "RUN"),
    "simulate": ("simulate", "--run", "RUN", "end=2021-01-12"),
    "grid": ("simulate", "--run", "RUN", "end=2021-01-12", "grid.k_per_day=[1,10,2,log]"),
    "train": ("train", *WORDS),
    "warm start": ("train", "--run", "RUN", "--load", "last", "fit.seed=2"),
    "more steps": ("train", "--run", "RUN", "--continue", "fit.steps=2"),
    "compare": ("runs", "compare", "RUN", "RUN"),
}


@pytest.mark.parametrize("name", TAKES_A_RUN)
def test_changed_prices_are_refused_and_taken_only_knowingly(
    name: str, folder: Path, run: str, call: Call
) -> None:
    """By every command that takes a stored run and reads files: one line with both digests."""
    words = [run if word == "RUN" else word for word in TAKES_A_RUN[name]]
    before = json.loads((folder / "answer.json").read_text())["data"]
    CHANGES["prices"](folder)
    stored = content(folder / "runs")
    refused = call(*words)
    refused.one_line(3, "prices", before["prices"], "--other-data")
    if name not in ("export", "compare"):  # they have no such option
        dry = call(*words, "--dry-run")
        assert (dry.code, dry.err.splitlines()[-1]) == (3, refused.err.splitlines()[-1])
        assert call(*words, "--other-data", "--dry-run").code == 0
    assert content(folder / "runs") == stored
    taken = call(*words, "--other-data", "--json").json
    sides = taken["runs"] if name == "compare" else [taken]
    for side in sides:
        (change,) = [each for each in side["other_data"] if each["input"] == "prices"]
        assert change["before"] == before["prices"]
        assert change["now"] in refused.err
    after = content(folder / "runs")
    assert {path: after[path] for path in stored if "export" not in path} == stored


@pytest.mark.parametrize("name", ["fees", "trades"])
def test_every_file_counts(name: str, folder: Path, run: str, call: Call) -> None:
    """Each by its name, and with what it was."""
    before = json.loads((folder / "answer.json").read_text())["data"]
    CHANGES[name](folder)
    refused = call("evaluate", "--run", run)
    refused.one_line(3, f"other data: {name} (sha256 {before[name]}", "--other-data")
    assert "prices" not in refused.err


def test_the_token_whose_prices_changed_is_named(folder: Path, run: str, call: Call) -> None:
    prices(folder, 1.01, ("ETH",))
    call("evaluate", "--run", run).one_line(3, "other data: prices of ETH (sha256")
    (change,) = call("evaluate", "--run", run, "--other-data", "--json").json["other_data"]
    assert (change["input"], change["tokens"]) == ("prices", ["ETH"])
    (stored,) = (folder / "runs").glob("run_*.json")
    older = json.loads(stored.read_text())  # version 0.2 stored the prices of all tokens together
    older["provenance"]["inputs"].pop("tokens")
    stored.write_text(json.dumps(with_digest(older)))
    call("evaluate", "--run", run).one_line(3, "other data: prices (sha256")


def test_a_sweep_has_the_digest_of_its_jobs(folder: Path, run: str, call: Call) -> None:
    """One name never holds two contents."""
    words = ("evaluate", "-m", *WORDS, "output.every=1,60", "--json")
    first = call(*words).json
    assert first["data"].keys() == {"sha256", "jobs"}
    CHANGES["fees"](folder)
    other = call(*words, "--other-data").json
    assert (other["run"] == first["run"], other["data"] == first["data"]) == (False, False)
    assert call("runs", "show", first["run"], "--json").json["data"] == first["data"]


def test_what_is_the_same_elsewhere_is_the_same(folder: Path, run: str, call: Call) -> None:
    """Contents count, not places; rows that the run does not read do not, either."""
    (folder / "prices").rename(folder / "moved")
    for path in (folder / "moved").iterdir():
        table = polars.read_parquet(path)
        last = table.tail(1).with_columns(unix=polars.col("unix") + 60_000, close=1.0)
        polars.concat([table, last]).write_parquet(path)
    answer = call("evaluate", "--run", run, "data.dir=moved", "--json").json
    assert "other_data" not in answer
    assert answer["data"] == json.loads((folder / "answer.json").read_text())["data"]


def test_training_on_other_data_goes_beside_and_is_found_there(
    folder: Path, run: str, call: Call
) -> None:
    """The fingerprint stays, the first run too; both are listed, shown and verified."""
    first = json.loads((folder / "answer.json").read_text())
    CHANGES["prices"](folder)
    other = call("train", *WORDS, "--other-data", "--json").json
    assert other["run"] == f"{run}+{other['data']['sha256'][:12]}"
    assert (other["fingerprint"], other["status"]) == (first["fingerprint"], "new")
    assert call("train", *WORDS, "--other-data", "--json").json["status"] == "reused"
    again = call("evaluate", *WORDS, "--other-data", "--json").json
    assert (again["run"], again["metrics"]) == (other["run"], other["metrics"])
    listed = call("runs", "list", "--json").json["runs"]
    assert {Path(each["checkpoint"]).stem for each in listed} == {run, other["run"]}
    assert call("runs", "show", other["run"], "--json").json["run"] == other["run"]
    assert call("runs", "show", run, "--json").json["run"] == run
    assert call("runs", "verify").code == 0
    prices(folder)
    assert call("train", *WORDS, "--json").json["metrics"] == first["metrics"]


def test_a_simulation_never_holds_two_contents(folder: Path, call: Call) -> None:
    """Nothing is refused: other prices, fees or trades are another result beside the first."""
    words = ("simulate", *toy.TOY[:4], *FILES[:2], *RECORDED, "end=2021-01-12", "--json")
    results = [call(*words).json]
    for change in CHANGES.values():
        change(folder)
        results.append(call(*words).json)
    assert len({each["run"] for each in results}) == len(results)
    assert len({each["fingerprint"] for each in results}) == 1
    assert [each["run"].partition("+")[2] for each in results[1:]] == [
        each["data"]["sha256"][:12] for each in results[1:]
    ]
    prices(folder), fees(folder), trades(folder)
    again = call(*words).json
    assert (again["run"], again["metrics"]) == (results[0]["run"], results[0]["metrics"])


def test_a_plugin_counts_with_what_it_imports(
    folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own text and that of a file beside it; the name of the run has neither."""
    monkeypatch.syspath_prepend(folder)
    (folder / "mine.py").write_text("import beside\n")
    (folder / "beside.py").write_text("SCALE = 2.0\n")
    words = (*WORDS, "plugins=[mine.py]")
    assert call("evaluate", *words).code == 0  # the run was made without: it changes nothing
    assert call("train", *words, "fit.seed=9", "--json").json["data"]["plugins"].keys() == {
        "mine.py"
    }
    (folder / "beside.py").write_text("SCALE = 3.0\n")
    call("evaluate", *words, "fit.seed=9").one_line(3, "the plugin mine.py (sha256", "--other-data")
    answer = call("evaluate", *words, "fit.seed=9", "--other-data", "--json").json
    assert [each["input"] for each in answer["other_data"]] == ["the plugin mine.py"]
    absent = call("evaluate", *WORDS, "fit.seed=9")
    assert absent.code == 0
    assert "the plugin mine.py, not read now" in absent.err


def test_a_digest_that_was_never_stored_is_noted(folder: Path, run: str, call: Call) -> None:
    """Not refused: of runs of older versions the digest of all data together is there, or none."""
    path = folder / "runs" / f"{run}.json"
    older = rewritten(path, lambda origin: origin.pop("inputs"))
    answer = call("evaluate", "--run", run)
    assert (answer.code, "was stored without" in answer.err) == (0, False)
    CHANGES["fees"](folder)
    call("evaluate", "--run", run).one_line(3, older["data"], "prices, series, trades or fees")
    rewritten(path, lambda origin: origin.pop("data"))
    answer = call("evaluate", "--run", run)
    assert answer.code == 0
    assert answer.err.count("was stored without the digest of prices, trades, fees") == 1


def rewritten(path: Path, change: Any) -> dict[str, Any]:
    """The provenance of a checkpoint, changed and written as a sound one."""
    from quantamm_cli.store.checkpoint import read_checkpoint, write_checkpoint
    from quantamm_cli.store.record import Records
    from quantamm_cli.store.run_paths import Place

    stored = read_checkpoint(path)
    origin = dict(stored.provenance)
    change(origin)
    records = Records().of(stored.entries)
    write_checkpoint(Place.of(path), stored.settings, stored.status, list(records), origin)
    return origin


def test_a_study_and_a_walk_forward_are_bound(folder: Path, call: Call) -> None:
    """Taken up on other data, neither mixes trials or cycles of both."""
    cycles = ("split=walk_forward", "split.cycles=2", "test_end=2021-01-31")
    space = ("space=none", "space.fit.learning_rate=[0.01,1,log]")
    study = ("tune", *WORDS, *space)
    one = call(*study, "study.trials=1", "--json").json
    walk = call("train", *WORDS, *cycles, "--json").json
    CHANGES["prices"](folder)
    call(*study, "study.trials=2").one_line(3, "prices (sha256", one["data"]["prices"])
    call("train", *WORDS, *cycles).one_line(3, "prices (sha256")
    call("evaluate", *WORDS, *cycles).one_line(3, "prices (sha256", "--other-data")
    other = call(*study, "study.trials=1", "--other-data", "--json").json
    assert other["study"] == f"{one['study']}+{other['data']['sha256'][:12]}"
    (trial,) = other["trials"]
    assert trial["run"] == f"{one['trials'][0]['run']}+{other['data']['sha256'][:12]}"
    again = call("train", *WORDS, *cycles, "--other-data", "--json").json
    assert again["run"] == f"{walk['run']}+{again['data']['sha256'][:12]}"
    assert call("runs", "verify").code == 0
    listed = call("runs", "list", "--json").json
    names = {each["run"] for each in (*listed["studies"], *listed["walk_forwards"])}
    assert names == {one["study"], other["study"], walk["run"], again["run"]}


def test_the_files_of_a_plugin(tmp_path: Path) -> None:
    """Those beside it that it imports, in every spelling, also through each other; no others."""
    texts = {
        "plugin.py": "import a, json\nfrom pack import inner\nimport unknown\n",
        "a.py": "def late():\n    from b import x\n",
        "b.py": "import importlib\nx = importlib.import_module('c')\n",
        "c.py": "import a\n",
        "pack/__init__.py": "from . import inner\n",
        "pack/inner.py": "from ..d import y\n",
        "d.py": "y = 1\n",
        "e.py": "unused = 1\n",
        "broken.py": "import (\n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    whole = code_digest(tmp_path / "plugin.py")
    for name, text in texts.items():
        (tmp_path / name).write_text(text + "# other\n")
        assert (code_digest(tmp_path / "plugin.py") != whole) == (name not in ("e.py", "broken.py"))
        (tmp_path / name).write_text(text)
    assert code_digest(tmp_path / "plugin.py") == whole
    assert code_digest(tmp_path / "broken.py") != code_digest(tmp_path / "e.py")
