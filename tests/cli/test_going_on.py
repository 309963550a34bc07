"""``state=FILE`` and ``simulate --run RUN --continue``: a pool taken up where a run left it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy
from toy import TOY, Call

TWO = ("tokens=[BTC,ETH]", "start=2021-01-06", "data.burn_in_days=3")
QUICK = ("pool.chunk_period=360", "pool.weight_interpolation_period=240")
FEE = ("fees=flat", "fees.fee=0.003", "fees.gas_cost=1")
WHOLE, CUT = "end=2021-01-08", "2021-01-07T05:17"
KINDS: dict[str, tuple[tuple[str, ...], bool]] = {
    "temporal": ((*QUICK, *FEE), True),
    "reclamm": (("pool=reclamm", *FEE, "fees.arb_frequency=5"), True),
    "lvr": (("pool=lvr",), False),
    "fund": (("pool/rule=trad_hodling_index_market_cap", *QUICK, "fees.arb_frequency=7"), False),
    "given": (("pool=given", *QUICK, *FEE, "data.series.weights=weights.csv"), True),
}
"""The words of a pool, and whether its minutes are stepped."""


def rows(told: Mapping[str, Any], folder: Path) -> dict[str, np.ndarray]:
    with np.load(folder / told["files"]["trajectory"], allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def recorded(path: Path) -> None:
    """Weights every hour of the first half of January."""
    times = np.arange(15 * 24)
    begins = int(np.datetime64("2021-01-01", "s").astype(int))
    weights = 0.5 + 0.2 * np.sin(times / 7)
    lines = [f"{begins + 3600 * k},{w},{1 - w}" for k, w in zip(times, weights, strict=True)]
    path.write_text("\n".join(["unix,BTC,ETH", *lines]))


def same(
    part: dict[str, np.ndarray], whole: dict[str, np.ndarray], exact: bool, at_end: bool = True
) -> None:
    """The part is the end of the whole, or its beginning; one of its days is a part of one, and
    volumes without frictions are differences of reserves.
    """
    for name, column in part.items():
        end = whole[name][-len(column) :] if at_end else whole[name][: len(column)]
        if name.startswith("day_"):
            column, end = (column[1:], end[1:]) if at_end else (column[:-1], end[:-1])
        if exact or name in ("unix", "prices"):
            assert np.array_equal(column, end), name
        elif name.endswith("_volume"):
            np.testing.assert_allclose(column, end, rtol=1e-9, atol=1e-6, err_msg=name)
        else:
            np.testing.assert_allclose(column, end, rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_simulation_goes_on_from_a_file(kind: str, call: Call, tmp_path: Path) -> None:
    """Whole = first part, taken up in the middle of a chunk, and the rest; also in two steps. Its
    scores and benchmarks are those of the rest alone, and its name is of what it began with.
    """
    words, exact = KINDS[kind]
    recorded(tmp_path / "weights.csv")
    whole = rows(call("simulate", *TWO, *words, WHOLE, "--json").json, tmp_path)
    first = call("simulate", *TWO, *words, f"end={CUT}", "--json").json
    assert first["final"]["state"]["end"] == CUT
    same(rows(first, tmp_path), whole, exact, at_end=False)
    (tmp_path / "first.json").write_text(json.dumps(first))
    going = [word for word in (*TWO, *words) if not word.startswith("start=")]
    rest = call("simulate", *going, WHOLE, "state=first.json", "--json").json
    path = rows(rest, tmp_path)
    assert len(path["unix"]) == 1440 * 2 - (1440 + 5 * 60 + 17)
    same(path, whole, exact)
    assert rest["metrics"]["returns"] == pytest.approx(
        path["value"][-1] / path["value"][0] - 1, rel=1e-12
    )
    assert rest["benchmarks"]["hodl"]["returns_over_hodl"] == pytest.approx(0, abs=1e-12)
    half = call("simulate", *going, "end=2021-01-07T12:00", "state=first.json", "--json").json
    (tmp_path / "half.json").write_text(json.dumps(half["final"]))
    later = call("simulate", *going, WHOLE, "state=half.json", "--json").json
    same(rows(later, tmp_path), whole, exact)
    assert len({rest["run"], later["run"], half["run"], first["run"]}) == 4


def test_a_trained_run_goes_on(trained: Path, call: Call) -> None:
    """From the end of its last period, or from any minute of it."""
    run = ("simulate", "--run", toy.checkpoint(trained).stem)
    whole = rows(call(*run, "end=2021-01-30", "--json").json, trained)
    for start in ((), ("start=2021-01-20T03:21",)):
        told = call(*run, "--continue", *start, "end=2021-01-30", "--json").json
        rest = rows(told, trained)
        first = np.datetime64((*start, "start=2021-01-28")[0].removeprefix("start="), "ms")
        assert rest["unix"][0] == first.astype(int)
        same(rest, whole, False)
    assert told["selection"]["load"] == "best_validation"


def test_what_cannot_go_on_is_one_line(trained: Path, call: Call, tmp_path: Path) -> None:
    run, words = ("simulate", "--run", toy.checkpoint(trained).stem), (*TWO[::2], WHOLE)
    call("simulate", "--continue").one_line(2, "--continue: needs --run RUN")
    call(*run, "--continue").one_line(2, "--continue: needs end=DATE")
    call(*run, "--continue", "end=2021-01-20").one_line(
        2, "end: 2021-01-20 is not after start (2021-01-28)"
    )
    call(*run, "--continue", "start=2021-01-01", "end=2021-01-30").one_line(
        2, "start: 2021-01-01 is not after the start of the run"
    )
    told = call("simulate", *TWO, "pool=balancer", f"end={CUT}", "--json").json
    (tmp_path / "b.json").write_text(json.dumps(told["final"]["state"]))
    (tmp_path / "no.json").write_text('{"final": {"value": 1}}')
    (tmp_path / "bad.json").write_text("{")
    balancer = ("simulate", *words, "pool=balancer")
    call(*balancer, "state=b.json", "start=2021-01-06").one_line(2, "start: comes with state=")
    call(*balancer, "state=c.json").one_line(2, "state: c.json: No such file")
    call(*balancer, "state=no.json").one_line(2, "state: no.json: has no state of a pool")
    call(*balancer, "state=bad.json").one_line(2, "state: bad.json: is not JSON")
    call(*balancer, "state=b.json", "grid.fees.fee=[0.1,0.2,2]").one_line(2, "grid: opens a pool")
    call("simulate", *words, "state=b.json").one_line(2, "state: is of another pool than")
    tokens = ("tokens=[BTC,ETH,USDC]", WHOLE, "pool=balancer", "state=b.json")
    call("simulate", *tokens).one_line(2, "state: is of another pool than")
    call("train", *TOY, "state=b.json").one_line(2, "state: no such setting")
    call("train", *TOY, "+state=b.json").one_line(2, "state: ")
    going = call(*run, "state=b.json", "end=2021-01-30")
    going.one_line(2, "state: is of another pool than")
    assert call(*balancer, "state=b.json", "--dry-run").code == 0
