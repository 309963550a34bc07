"""``qsim runs compare``: what each run earned above the first, day by day,
on the test days they have in common.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import toy
from numpy.typing import NDArray
from toy import TOY, Call

from quantamm_cli.store.checksummed_json import with_digest

LONGER = (*TOY, "test_end=2021-02-18")  # 25 test days: enough for an interval
OTHER = (*LONGER, "params.k_per_day=500", "params.memory_days=1")


def earned(folder: Path, told: dict[str, Any]) -> NDArray[np.float64]:
    """Daily returns of the test period, from the trajectory a training wrote."""
    with np.load(folder / told["files"]["trajectory"], allow_pickle=False) as file:
        midnights = file["value"][toy.ROWS - 1 :: 1440]
    return np.asarray(midnights[1:] / midnights[:-1] - 1)


def test_differences_are_paired_by_day(tmp_path: Path, call: Call) -> None:
    """The estimate is that of the trajectories; the interval is around it;
    a run beside itself earned nothing more.
    """
    one, other = (call("train", *words, "--json").json for words in (LONGER, OTHER))
    told = call("runs", "compare", one["run"], other["run"], one["run"], "--json").json
    first, same = told["paired"]
    gap = earned(tmp_path, other) - earned(tmp_path, one)
    assert (first["run"], first["against"], first["days"]) == (other["run"], one["run"], 25)
    assert (first["from"], first["to"]) == ("2021-01-24", "2021-02-18")
    np.testing.assert_allclose(first["mean"]["estimate"], 365 * gap.mean(), rtol=1e-9)
    assert first["mean"]["low"] < first["mean"]["estimate"] < first["mean"]["high"]
    assert (same["mean"]["estimate"], same["mean"]["low"], same["mean"]["high"]) == (0, 0, 0)
    assert told["differences"] == {
        "params.k_per_day": [None, 500, None],
        "params.memory_days": [None, 1, None],
    }
    out = call("runs", "compare", one["run"], other["run"]).out
    assert "paired differences on common test days" in out
    assert "nan" not in out


def test_what_cannot_be_paired_is_one_line_each(trained: Path, call: Call) -> None:
    """No test period, or no day of it in common; the rest of the comparison stands."""
    own = toy.checkpoint(trained).stem
    none = call("train", *TOY, "test_end=null", "--json").json["run"]
    later = call(
        "train", *TOY, "start=2021-01-12", "end=2021-01-28", "test_end=2021-02-01", "--json"
    ).json["run"]
    answer = call("runs", "compare", own, none, later, "--json")
    reasons = [each["reason"] for each in answer.json["paired"]]
    assert reasons == [f"{none[4:16]}: has no test period", "they have no test day in common"]
    assert answer.err.count("no paired difference") == 2


def test_a_walk_forward_stands_beside_the_run_of_its_cycle(trained: Path, call: Call) -> None:
    """By six digits of its name; on the days of that cycle they earned the same."""
    walk = call(
        "train", *TOY, "test_end=2021-02-01", "split=walk_forward", "split.cycles=2", "--json"
    ).json
    (told,) = call("runs", "compare", walk["run"][:11], walk["cycles"][0]["run"], "--json").json[
        "paired"
    ]
    assert (told["against"], told["days"], told["mean"]["estimate"]) == (walk["run"], 4, 0)
    call("runs", "compare", "walk_000000", walk["run"]).one_line(
        4, "no walk-forward begins with walk_000000"
    )
    result = trained / walk["files"]["result"]
    result.write_text(json.dumps(with_digest(json.loads(result.read_text()) | {"settings": {}})))
    call("runs", "compare", walk["run"], walk["cycles"][0]["run"]).one_line(
        4, "was cut or altered (its settings do not fit its fingerprint)"
    )
