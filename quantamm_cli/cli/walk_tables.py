"""What people read of a walk-forward."""

import math
from collections.abc import Mapping
from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.evaluation.bootstrap import Interval
from quantamm_cli.evaluation.sharpe import ANNUAL
from quantamm_cli.evaluation.walk_forward import BENCHMARKS, Aggregate


def show(console: Console, name: str, told: Mapping[str, Any], found: Aggregate) -> None:
    """The cycles, what they come to, the verdict and its reasons."""
    unseen = told["verdict"]["out_of_sample"]
    out = "OOS" if unseen else "test"
    warning = "" if unseen else "  (chosen on the test blocks: nothing is out of sample)"
    heads: list[str | tuple[str, str]] = [
        "cycle",
        "trains from",
        "tests from",
        "to",
        ("IS", ".3f"),
        (out, ".3f"),
        ("WFE", ".0%"),
        ("gap", ".3f"),
    ]
    heads += ["regime", ("return", "+.2%"), ("vs HODL", "+.2%"), ("vs constant", "+.2%"), ("beats random", ".0%")]
    console.table(f"{name[:17]}  {found.metric}{warning}", heads, [_row(each, found) for each in told["cycles"]])
    console.table("all cycles", ["", ("", ".3f"), "95 % interval", ""], _rows(told["aggregate"], found, out))
    console.say(f"verdict: {told['verdict']['finding']}")
    for reason in told["verdict"]["reasons"]:
        console.say(f"  {reason}")


def _row(each: Mapping[str, Any], found: Aggregate) -> list[Any]:
    test, held = each["metrics"]["test"], each["benchmarks"]["constant_weight"]["test"]
    above = (1 + test["returns"]) / (1 + held["returns"]) - 1
    scores = [each["metrics"]["train"][found.metric], test[found.metric], each["efficiency"], each["gap"]]
    regime = f"{each['regime']['trend']}, {each['regime']['volatility']} volatility"
    dates = [each[name] for name in ("start", "end", "test_end")]
    return [
        each["cycle"],
        *dates,
        *scores,
        regime,
        test["returns"],
        test["returns_over_hodl"],
        above,
        each["random"][found.metric]["beaten"],
    ]


def _rows(told: Mapping[str, Any], found: Aggregate, out: str) -> list[list[Any]]:
    deflated, trials = found.deflated, told["trials"]
    rows: list[list[Any]] = [
        [f"mean {out} {found.metric}", found.cycles.outside, None, f"in sample {found.cycles.inside:.3f}"],
        ["walk-forward efficiency", found.cycles.efficiency, None, f"gap {found.cycles.gap:.3f}"],
        [f"worst {out}", found.cycles.worst, None, f"cycle {told['worst_cycle']}"],
        ["untrained random parameters beaten", told["random"][found.metric]["beaten"], None, "share of them, mean of the cycles"],
        [f"yearly Sharpe ratio, {deflated.days} days", *_between(found.sharpe), f"blocks of {found.block:.3g} days"],
    ]
    for name, said in BENCHMARKS.items():
        each = found.differences[name]
        rows.append([f"Sharpe ratio above {said}", *_between(each.sharpe), _positive(each.sharpe)])
        rows.append([f"yearly return above {said}", *_between(each.mean), _positive(each.mean)])
    luck = f"{trials['total']} tried, as {trials['effective']:.3g} independent; luck alone {ANNUAL * deflated.benchmark:.3f}"
    rows.append(["deflated Sharpe ratio (probability)", deflated.probability, None, luck])
    rows.append(["Sharpe ratio after haircut", found.adjusted, None, f"for sure above {found.bound:.3f}"])
    return rows


def _between(found: Interval) -> tuple[float, str | None]:
    return found.estimate, f"{found.low:.3f} to {found.high:.3f}" if not math.isnan(found.low) else found.reason


def _positive(found: Interval) -> str:
    return "" if math.isnan(found.positive) else f"above 0 in {found.positive:.0%} of the resamples"
