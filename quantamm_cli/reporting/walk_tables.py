"""A walk-forward as tables: its cycles, and what they come to. Nothing here draws."""

import math

from quantamm_cli.evaluation.walk_document import CycleRecord, IntervalRecord, WalkDocument
from quantamm_cli.reporting.names import STRATEGIES
from quantamm_cli.reporting.table import Column, Table

Cell = float | str | None


def outside(walk: WalkDocument) -> str:
    """What the test blocks are called: out of sample, unless the choice was made on them."""
    return "out of sample" if walk["verdict"]["out_of_sample"] else "on the test blocks"


def compared(walk: WalkDocument) -> dict[str, str]:
    """The periods whose scores stand beside each other, by what they are called."""
    return {"in sample": "train", outside(walk): "test"}


def cycles_table(walk: WalkDocument) -> Table:
    """A row a cycle: dates, scores in and out of sample (IS, OOS), walk-forward efficiency (WFE),
    and what the test block earned.
    """
    metric = walk["aggregate"]["metric"]
    unseen = walk["verdict"]["out_of_sample"]
    meaning = (
        "IS in sample, OOS out of sample"
        if unseen
        else "chosen on the test blocks: nothing is out of sample"
    )
    heads: list[Column] = [
        "cycle",
        "trains from",
        "tests from",
        "to",
        ("IS", ".3f"),
        ("OOS" if unseen else "test", ".3f"),
        ("WFE", ".0%"),
    ]
    heads += [
        ("gap", ".3f"),
        "regime",
        ("return", "+.2%"),
        ("vs HODL", "+.2%"),
        ("vs constant", "+.2%"),
        ("beats random", ".0%"),
    ]
    return Table.of(
        f"{walk['run'][:17]}  {metric}  ({meaning})",
        heads,
        [_cycle(each, metric) for each in walk["cycles"]],
    )


def _cycle(each: CycleRecord, metric: str) -> list[Cell]:
    test, constant = each["metrics"]["test"], each["benchmarks"]["constant_weight"]["test"]
    earned, other = test["returns"], constant["returns"]
    above = None if earned is None or other is None else (1 + earned) / (1 + other) - 1
    scores = [each["metrics"]["train"][metric], test[metric], each["efficiency"], each["gap"]]
    regime = f"{each['regime']['trend']}, {each['regime']['volatility']} volatility"
    returns = [earned, test["returns_over_hodl"], above, each["random"][metric]["beaten"]]
    return [each["cycle"], each["start"], each["end"], each["test_end"], *scores, regime, *returns]


def together_table(walk: WalkDocument) -> Table:
    """What the cycles come to; intervals are of 95 %."""
    together = walk["aggregate"]
    out = "OOS" if walk["verdict"]["out_of_sample"] else "test"
    intervals, deflated, trials = (
        together["intervals"],
        together["deflated_sharpe"],
        together["trials"],
    )
    rows: list[list[Cell]] = [
        [
            f"mean {out} {together['metric']}",
            together["outside"],
            None,
            f"in sample {_fixed(together['inside'])}",
        ],
        ["walk-forward efficiency", together["efficiency"], None, f"gap {_fixed(together['gap'])}"],
        [f"worst {out}", together["worst"], None, f"cycle {together['worst_cycle']}"],
        [
            "untrained random parameters beaten",
            together["random"][together["metric"]]["beaten"],
            None,
            "share of them, mean of the cycles",
        ],
        [
            f"yearly Sharpe ratio, {deflated['days']} days",
            *_between(intervals["sharpe"]),
            f"blocks of {intervals['block_days']:.3g} days",
        ],
    ]
    for name in ("hodl", "uniform_hodl", "constant_weight"):
        if name in intervals:
            mean, sharpe = intervals[name]["mean"], intervals[name]["sharpe"]
            rows.append(
                [f"Sharpe ratio above {STRATEGIES[name]}", *_between(sharpe), _positive(sharpe)]
            )
            rows.append(
                [f"yearly return above {STRATEGIES[name]}", *_between(mean), _positive(mean)]
            )
    luck = (
        f"{trials['total']} tried, as {trials['effective']:.3g} independent; luck alone "
        f"{_fixed(deflated['benchmark'])}"
    )
    rows.append(["deflated Sharpe ratio (probability)", deflated["probability"], None, luck])
    haircut = together["haircut"]
    rows.append(
        [
            "Sharpe ratio after haircut",
            haircut["adjusted"],
            None,
            f"for sure above {_fixed(haircut['bound'])}",
        ]
    )
    return Table.of("all cycles", ["", ("", ".3f"), "95 % interval", ""], rows)


def chosen_table(walk: WalkDocument) -> Table:
    """The run of each cycle, and the set that was chosen of it."""
    rows = [
        [each["cycle"], each["run"][:16], each["selection"]["step"], each["selection"]["set"]]
        for each in walk["cycles"]
    ]
    return Table.of("chosen in each cycle", ["cycle", "run", "step", "set"], rows)


def verdict_lines(walk: WalkDocument) -> list[str]:
    """The verdict, and a line for each of its reasons."""
    return [
        f"verdict: {walk['verdict']['finding']}",
        *(f"  {reason}" for reason in walk["verdict"]["reasons"]),
    ]


def _fixed(number: float | None) -> str:
    """JSON has ``null`` for what is not finite."""
    return f"{number:.3f}" if number is not None else "nan"


def _between(interval: IntervalRecord) -> tuple[Cell, str]:
    low, high = interval["low"], interval["high"]
    known = low is not None and math.isfinite(low)
    return interval["estimate"], f"{low:.3f} to {high:.3f}" if known else interval["reason"]


def _positive(interval: IntervalRecord) -> str:
    share = interval["positive"]
    return (
        f"above 0 in {share:.0%} of the resamples"
        if share is not None and math.isfinite(share)
        else ""
    )
