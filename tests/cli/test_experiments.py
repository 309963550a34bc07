"""Every shipped experiment composes, and runs once it is made small."""

from pathlib import Path

import pytest
import toy
import yaml  # type: ignore[import-untyped]
from toy import Call

FOLDER = Path(__file__).resolve().parents[2] / "conf" / "experiment"
EXPERIMENTS = sorted(path.stem for path in FOLDER.glob("*.yaml"))
SMALL = (
    "start=2021-01-08",
    "end=2021-01-13",
    "test_end=2021-01-15",
    "data.burn_in_days=2",
    "split.bout_offset=60",
    "metric=returns",
)
SMALL_FIT = ("fit.steps=1", "fit.parameter_sets=1", "fit.batch_size=1")


def delta(name: str) -> dict[str, object]:
    loaded: dict[str, object] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return loaded


def searches(name: str) -> bool:
    return bool({"space", "study"} & set(delta(name)))


def fixed(name: str) -> bool:
    """Whether its pool has nothing to train."""
    return any(
        item in delta(name).get("defaults", [])
        for item in ({"override /pool": "balancer"}, {"override /pool": "hodl"})
    )  # type: ignore[operator]


def reads_files(name: str) -> bool:
    """Whether its prices are in a folder of the user's."""
    override = {"override /data": "parquet"}
    return "dir" in delta(name).get("data", {}) or override in delta(name).get("defaults", [])  # type: ignore[operator]


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if not searches(name)])
@pytest.mark.parametrize("command", ["train", "simulate"])
def test_it_composes(name: str, command: str, tmp_path: Path, call: Call) -> None:
    words = [f"conf={name}"] + ["data.dir=prices"] * reads_files(name)
    answer = call(command, *words, "--dry-run", "--json")
    if fixed(name) and command == "train":
        answer.one_line(2, "has nothing to train")
        return
    if reads_files(name):  # all settings are accepted, and there are no files
        answer.one_line(3, "data.dir: 'prices' is not a folder")
        return
    assert answer.code == 0, answer.err
    for key, value in delta(name).items():
        if key in answer.json["settings"] and not isinstance(value, dict):
            assert answer.json["settings"][key] == value
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if not searches(name)])
def test_it_runs_when_it_is_made_small(name: str, tmp_path: Path, shared: Path) -> None:
    if reads_files(name):
        if not shared.is_dir():
            pytest.skip(f"needs the real prices in {shared}")
        small = (
            f"data.dir={shared}",
            "start=2018-02-10",
            "end=2018-02-15",
            "test_end=2018-02-17",
            *SMALL[3:],
        )
    else:
        small = SMALL
    command = "simulate" if fixed(name) else "train"
    answer = toy.call(command, f"conf={name}", *small, *SMALL_FIT, "--json", folder=tmp_path)
    assert answer.code == 0, answer.err
    assert answer.json["final"]["value"] > 0
    if fixed(name):
        toy.call("train", f"conf={name}", *small, folder=tmp_path).one_line(
            2, "has nothing to train; use qsim simulate"
        )


def test_every_experiment_says_how_it_is_run(call: Call) -> None:
    for name in EXPERIMENTS:
        first = (FOLDER / f"{name}.yaml").read_text().splitlines()[0]
        assert first.startswith("# qsim "), name
        assert f"conf={name}" in first, name
    assert [
        item["name"] for item in call("show", "experiments", "--json").json["found"]
    ] == EXPERIMENTS
