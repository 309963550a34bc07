"""``qsim simulate grid.NAME=…``: many parameters as one batch."""

from pathlib import Path

import numpy as np
import pytest
import toy
from toy import TOY, Call


def test_every_point_scores_as_it_does_alone_and_the_best_comes_first(call: Call) -> None:
    told = call(
        "simulate",
        *TOY,
        "grid.k_per_day=[1,100,3,log]",
        "grid.memory_days.choices=[5,20]",
        "--json",
    ).json
    assert told["metric"] == "daily_log_sharpe"
    points = [tuple(point["params"].values()) for point in told["grid"]]
    assert sorted(points) == [(k, days) for k in (1, 10, 100) for days in (5, 20)]
    scores = [point["metrics"]["daily_log_sharpe"] for point in told["grid"]]
    assert scores == sorted(scores, reverse=True)
    for point in told["grid"][::3]:
        alone = call(
            "simulate",
            *TOY,
            *(f"params.{name}={value}" for name, value in point["params"].items()),
            "--json",
        ).json
        for name, score in point["metrics"].items():
            assert score == pytest.approx(alone["metrics"][name], rel=1e-9, abs=1e-12), name


def test_it_sorts_by_any_metric_with_frictions_and_given_parameters(call: Call) -> None:
    words = ("fees=flat", "fees.fee=0.003", "params.memory_days=[3,7]", "metric=calmar")
    told = call("simulate", *TOY, *words, "grid.log_k.choices=[1,5]", "--json").json
    assert {tuple(point["params"]) for point in told["grid"]} == {("log_k",)}
    assert told["metric"] == "calmar"
    alone = call("simulate", *TOY, *words, "params.k_per_day=32", "--json").json
    found = next(point for point in told["grid"] if point["params"]["log_k"] == 5)
    assert found["metrics"]["calmar"] == pytest.approx(alone["metrics"]["calmar"], rel=1e-9)


def test_a_count_is_points_of_the_declared_range(call: Call) -> None:
    answer = call("simulate", *TOY, "grid.k_per_day=3")
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert lines[1].split()[:2] == ["k_per_day", "daily_log_sharpe"]
    assert sorted(float(line.split()[0]) for line in lines[2:]) == [0.1, 10, 1000]


def test_parameters_of_a_run_give_way_to_the_grid(trained: Path, call: Call) -> None:
    told = call(
        "simulate",
        "--run",
        toy.checkpoint(trained).stem[4:14],
        "grid.k_per_day.choices=[3,4]",
        "--json",
    ).json
    assert told["selection"]["run"] == toy.checkpoint(trained).stem
    assert sorted(point["params"]["k_per_day"] for point in told["grid"]) == [3, 4]


def test_large_grids_go_in_batches(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = call("simulate", *TOY, "grid.k_per_day=5", "--json").json["grid"]
    monkeypatch.setattr("quantamm_cli.evaluation.batch.MINUTES", 2 * toy.ROWS)
    parts = call("simulate", *TOY, "grid.k_per_day=5", "--json").json["grid"]
    assert [point["params"] for point in parts] == [point["params"] for point in whole]
    for one, other in zip(parts, whole, strict=True):
        np.testing.assert_allclose(
            list(one["metrics"].values()), list(other["metrics"].values()), rtol=1e-12
        )


def test_settings_that_are_only_numbers_are_axes_too(call: Call, tmp_path: Path) -> None:
    """Each point, beside a parameter's, scores as a run with these settings does;
    free ones stand beside costly ones.
    """
    axes = (
        "grid.fees.fee.choices=[0,0.003]",
        "grid.initial_pool_value.choices=[1e4,1e6]",
        "grid.pool.guard.maximum_change.choices=[1e-4,3e-4]",
    )
    told = call(
        "simulate",
        *TOY,
        "fees=flat",
        "fees.gas_cost=1",
        *axes,
        "grid.k_per_day.choices=[3,30]",
        "--plots",
        "--json",
    ).json
    assert set(told["files"]) == {"result"}
    assert len(told["grid"]) == 16
    for point in (told["grid"][0], told["grid"][-1]):
        words = [f"{name}={value}" for name, value in point["settings"].items()] + [
            f"params.k_per_day={point['params']['k_per_day']}"
        ]
        alone = call("simulate", *TOY, "fees=flat", "fees.gas_cost=1", *words, "--json").json
        for name, score in point["metrics"].items():
            assert score == pytest.approx(alone["metrics"][name], rel=1e-8), name
    two = call("simulate", *TOY, "fees=flat", axes[0], "grid.k_per_day.choices=[3,30]", "--plots")
    assert "fees.fee down, k_per_day across" in two.out
    (image,) = tmp_path.glob("runs/grid_*/grid.png")
    assert image.read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        (
            "grid.fees.fee.choices=[0.001]",
            "fees.fee: is 0.001, but fees=none has no frictions",
        ),
        (
            "grid.fees.fe.choices=[0.001]",
            "grid.fees.fe: no such setting (did you mean 'fees.fee'?)",
        ),
        (
            "grid.fees.arb_frequency.choices=[1,2]",
            "run each of its values: -m fees.arb_frequency=...",
        ),
        (
            "grid.pool.max_memory_days.choices=[30,60]",
            "more than a number to the program; run each of its values",
        ),
        ("grid.initial_pool_value=3", "no range is declared for this name"),
        ("grid.initial_pool_value.choices=[-1]", "initial_pool_value: -1.0 is not above 0"),
        ("grid.k_pr_day=3", "did you mean 'k_per_day'"),
        ("grid.k_per_day=[1,2]", "is not an axis; write [low,high,count]"),
        ("grid.k_per_day=[1,2,3,lg]", "is not an axis"),
        ("grid.k_per_day=[2,1,3]", "low below high"),
        ("grid.k_per_day=[1,2,1]", "two points or more"),
        ("grid.k_per_day=[1,2,2.5]", "two points or more"),
        ("grid.k_per_day=[0,2,3,log]", "which log needs"),
        ("grid.k_per_day=many", "is not an axis"),
        ("grid.k_per_day.choices=[]", "is not an axis"),
        ("grid.k_per_day.choices=[1,x]", "x is not a finite number"),
        ("grid.log_k=3", "no range is declared for this name"),
        ("grid.k_per_day=[-1,1,2]", "params.k_per_day: -1 is not zero or more"),
    ],
)
def test_what_is_no_grid_is_one_line(word: str, said: str, call: Call) -> None:
    call("simulate", *TOY, word).one_line(2, said)


def test_a_parameter_is_given_once(call: Call) -> None:
    call("simulate", *TOY, "grid.k_per_day=3", "params.k_per_day=1").one_line(
        2, "grid.k_per_day: params.k_per_day is also set"
    )
    call("simulate", *TOY, "grid.k_per_day=3", "params.log_k=1").one_line(
        2, "they are one parameter"
    )
    call("train", *TOY, "grid.k_per_day=3").one_line(2, "grid.k_per_day: no such setting")


@pytest.mark.parametrize("init", ["gaussian", "sobol", "lhs", "centred_lhs", "grid"])
def test_training_begins_where_init_says(init: str, tmp_path: Path, call: Call) -> None:
    assert (
        call(
            "train",
            *TOY,
            "fit.steps=0",
            "fit.parameter_sets=5",
            "fit.noise_scale=0.3",
            f"fit.init={init}",
        ).code
        == 0
    )
    first = toy.history(tmp_path)[0]["readable"]
    np.testing.assert_allclose(first["k_per_day"][0], 20, rtol=1e-12)
    assert len(np.unique(np.round(first["k_per_day"], 9), axis=0)) == (
        5 if init != "grid" else len(np.unique(first["k_per_day"], axis=0))
    )
    if init == "grid":
        assert set(np.round(np.ravel(first["k_per_day"][1:]), 6)) <= {0.1, 1000.0}
    else:
        assert 0 < np.abs(np.log2(np.array(first["k_per_day"][1:]) / 20)).max() < 1.5
