"""``qsim reproduce``: the same to the last bit, or where not, by how much, and why."""

import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy
from toy import Call

import quantamm_cli as qsim
from quantamm_cli.store.runs import Store
from quantamm_cli.workflows.bitwise import Comparison, ulps

STORED = Path(__file__).resolve().parents[1] / "goldens" / "stored" / "runs"


def altered(folder: Path, change: Callable[[list[Any]], None], **origin: Any) -> str:
    """The finished run stored anew, with other entries and another provenance; its name."""
    store = Store(folder / "runs")
    run = store.load(toy.checkpoint(folder))
    entries, state = run.history(), run.state()
    change(entries)
    run.path.unlink()
    shutil.rmtree(run.folder)
    with store.open(run.settings) as writer:
        steps = {entry["step"] for entry in run.entries}
        kept_entries = [entry for entry in entries if entry["step"] in steps]
        writer.save(entries, kept_entries, state, "finished", {**run.provenance, **origin})
    return run.name


def test_a_training_is_the_same_to_the_last_bit(trained: Path, call: Call) -> None:
    """By what is stored alone; nothing beneath the runs folder changes."""
    name = toy.document(trained)["fingerprint"]
    before = {path: path.stat().st_mtime_ns for path in (trained / "runs").rglob("*")}
    answer = call("reproduce", name[:8], "--json").json
    assert (answer["same"], answer["kind"], answer["differing"]) == (True, "run", 0)
    assert answer["compared"] > 100
    assert {path: path.stat().st_mtime_ns for path in (trained / "runs").rglob("*")} == before
    call("reproduce", name[:8], "fit.steps=9").one_line(2, "fit.steps", "data.dir")
    call("reproduce").one_line(2, "qsim reproduce RUN")


def test_one_bit_is_one_difference(trained: Path, call: Call) -> None:
    """Where, by how many units in the last place, and the version that is different."""

    def change(entries: list[Any]) -> None:
        scores = entries[4]["metrics"]["train"]["returns"]
        scores[1] = math.nextafter(scores[1], math.inf)
        entries[5]["params"]["log_k"][0][1] *= 1.0 + 1e-9

    origin = {"qsim": "0.0.1", "processor": "another"}
    name = altered(trained, change, **origin)
    answer = call("reproduce", name)
    answer.one_line(
        4,
        "is not the same: 2 of ",
        "first step 4.metrics.train.returns[1] was ",
        "(1 ulp); most step 5.params.log_k[0][1] was ",
        "qsim was 0.0.1, is ",
        "processor was another, is ",
    )
    result = qsim.reproduce(name, runs_dir=str(trained / "runs"))
    assert not result.same
    (part,) = result.parts
    assert part.comparison.differing == 2
    assert {cause.what for cause in part.causes} == {"qsim", "processor"}


def test_other_data_is_a_cause(trained: Path, call: Call) -> None:
    """The digests then and now, beside the numbers that differ."""

    def change(entries: list[Any]) -> None:
        entries[0]["objective"][0] += 1.0

    name = altered(trained, change, inputs={"prices": "0" * 64}, data="0" * 64)
    call("reproduce", name).one_line(4, "first step 0.objective[0]", f"prices was {'0' * 64}, is ")


def test_a_simulation_is_run_again(tmp_path: Path, call: Call) -> None:
    """Its scores, its parameters, and the rows of its trajectory that are there."""
    words = ("simulate", *toy.TOY[:4], "end=2021-01-12", "output.every=60", "output.readouts=true")
    run = call(*words, "--json").json
    same = call("reproduce", run["run"], "--json").json
    assert (same["same"], same["kind"]) == (True, "simulation")
    assert same["compared"] > 4 * 24 * 8
    path = tmp_path / run["files"]["trajectory"]
    arrays = dict(np.load(path))
    arrays["value"][7] = np.nextafter(arrays["value"][7], 0.0)
    np.savez(path, **arrays)
    call("reproduce", run["run"]).one_line(4, "1 of ", "trajectory.value[7] was ", "(1 ulp)")


class Stopping(qsim.Monitor):
    """Stops a training after its third entry."""

    def __init__(self) -> None:
        self.done = 0

    def step(self, done: int, total: int | None, text: str = "") -> None:
        self.done = done

    def stop(self) -> bool:
        return self.done >= 2


def test_other_kinds_are_run_again(tmp_path: Path, call: Call) -> None:
    """A walk-forward, the trials of a study, and a training that was stopped, up to its step."""
    words = (*toy.TOY, "fit.steps=3")
    settings = qsim.compose("train", *words, f"runs_dir={tmp_path / 'runs'}")
    with pytest.raises(qsim.Interrupted):
        qsim.train(settings, monitor=Stopping())
    stopped = call("reproduce", settings.fingerprint[:12], "--json").json
    assert (stopped["same"], stopped["compared"]) == (True, stopped["compared"])
    cycles = ("split=walk_forward", "split.cycles=2", "test_end=2021-02-01")
    walk = call("train", *words, *cycles, "--json").json
    again = call("reproduce", walk["run"], "--json").json
    assert (again["same"], again["kind"]) == (True, "walk-forward")
    assert again["compared"] > stopped["compared"] > 50
    space = ("space=none", "space.fit.learning_rate=[0.01,1,log]", "study.trials=2")
    study = call("tune", *words, *space, "--json").json
    trials = call("reproduce", study["study"], "--json").json
    assert trials["same"]
    assert [each["run"] for each in trials["parts"]] == [each["run"] for each in study["trials"]]


def test_a_version_of_the_environment_is_a_cause(tmp_path: Path, call: Call) -> None:
    """Results of an older version say what they know; flags of the compiler are named."""
    shutil.copytree(STORED, tmp_path / "runs")
    answer = call("reproduce", "8a5c77")
    assert answer.code in (0, 4)
    shown = answer.out + answer.err
    assert "environment.XLA_FLAGS" in shown
    assert os.environ["XLA_FLAGS"] in shown


def test_units_in_the_last_place() -> None:
    """How many numbers lie between two, across zero and powers of two, of both precisions."""
    tiny = 5e-324
    assert ulps(1.0, math.nextafter(1.0, 2.0)) == 1
    assert ulps(2.0, math.nextafter(2.0, 0.0)) == 1
    assert (ulps(-tiny, tiny), ulps(0.0, -0.0), ulps(-1.0, math.nextafter(-1.0, 0))) == (2, 0, 1)
    single = float(np.nextafter(np.float32(0.1), np.float32(1)))
    assert ulps(float(np.float32(0.1)), single, single=True) == 1
    assert (ulps(1.0, math.inf), ulps(1.0, None), ulps("a", 1.0)) == (None, None, None)
    assert (ulps(0, 10), ulps(True, False)) == (None, None)


def test_trees_are_compared_value_by_value() -> None:
    """What is lost, longer or of another type differs; what is new does not."""
    stored = {"a": [1.0, None], "b": {"c": "x"}, "d": np.array([1.0, math.nan]), "e": [1, 2]}
    again = {"a": [1.0, None], "b": {"c": "x", "new": 1}, "d": np.array([1.0, math.nan])}
    compared = Comparison()
    compared.add(stored, {**again, "e": [1, 2]}, "")
    assert (compared.compared, compared.differing) == (7, 0)
    compared.add(stored, again, "")
    assert (compared.differing, compared.first and compared.first.where) == (1, "e")
    for key, other in (("a", [1.0]), ("b", {}), ("d", np.array([1.0, 2.0])), ("e", [1.0, 2])):
        each = Comparison()
        each.add(stored, {**again, "e": [1, 2], key: other}, "")
        assert each.differing >= 1, key


@pytest.mark.parametrize("form", [float, np.array, lambda value: [value]])
def test_zeros_of_both_signs_are_two_values(form: Callable[[float], Any]) -> None:
    """In arrays as in trees."""
    compared = Comparison()
    compared.add(form(0.0), form(-0.0), "")
    compared.add(form(-0.0), form(-0.0), "")
    assert (compared.compared, compared.differing) == (2, 1)
