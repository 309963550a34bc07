"""A walk-forward as tables: its cycles, and what they come to. Nothing here draws."""

import math
from collections.abc import Mapping
from typing import Any

from quantamm_cli.reporting.names import STRATEGIES
from quantamm_cli.reporting.table import Column, Table


def outside(told: Mapping[str, Any]) -> str:
    """What the test blocks are called: out of sample, unless the choice was made on them."""
    return "out of sample" if told["verdict"]["out_of_sample"] else "on the test blocks"


def compared(told: Mapping[str, Any]) -> dict[str, str]:
    """The periods whose scores stand beside each other, by what they are called."""
    return {"in sample": "train", outside(told): "test"}


def score(cycle: Mapping[str, Any], period: str, told: Mapping[str, Any]) -> Any:
    """Of one cycle, by the metric that selects."""
    return cycle["metrics"][period][told["aggregate"]["metric"]]


def cycles_table(told: Mapping[str, Any]) -> Table:
    """A row a cycle: dates, scores in and out of sample (IS, OOS), walk-forward efficiency (WFE), and what the test block earned."""
    metric = told["aggregate"]["metric"]
    unseen = told["verdict"]["out_of_sample"]
    meaning = "IS in sample, OOS out of sample" if unseen else "chosen on the test blocks: nothing is out of sample"
    heads: list[Column] = ["cycle", "trains from", "tests from", "to", ("IS", ".3f"), ("OOS" if unseen else "test", ".3f"), ("WFE", ".0%")]
    heads += [("gap", ".3f"), "regime", ("return", "+.2%"), ("vs HODL", "+.2%"), ("vs constant", "+.2%"), ("beats random", ".0%")]
    return Table.of(f"{told['run'][:17]}  {metric}  ({meaning})", heads, [_cycle(each, metric) for each in told["cycles"]])


def _cycle(each: Mapping[str, Any], metric: str) -> list[Any]:
    test, constant = each["metrics"]["test"], each["benchmarks"]["constant_weight"]["test"]
    above = None if None in (test["returns"], constant["returns"]) else (1 + test["returns"]) / (1 + constant["returns"]) - 1
    scores = [each["metrics"]["train"][metric], test[metric], each["efficiency"], each["gap"]]
    regime = f"{each['regime']['trend']}, {each['regime']['volatility']} volatility"
    earned = [test["returns"], test["returns_over_hodl"], above, each["random"][metric]["beaten"]]
    return [each["cycle"], each["start"], each["end"], each["test_end"], *scores, regime, *earned]


def together_table(told: Mapping[str, Any]) -> Table:
    """What the cycles come to; intervals are of 95 %."""
    found = told["aggregate"]
    out = "OOS" if told["verdict"]["out_of_sample"] else "test"
    intervals, deflated, trials = found["intervals"], found["deflated_sharpe"], found["trials"]
    rows: list[list[Any]] = [
        [f"mean {out} {found['metric']}", found["outside"], None, f"in sample {_fixed(found['inside'])}"],
        ["walk-forward efficiency", found["efficiency"], None, f"gap {_fixed(found['gap'])}"],
        [f"worst {out}", found["worst"], None, f"cycle {found['worst_cycle']}"],
        ["untrained random parameters beaten", found["random"][found["metric"]]["beaten"], None, "share of them, mean of the cycles"],
        [f"yearly Sharpe ratio, {deflated['days']} days", *_between(intervals["sharpe"]), f"blocks of {intervals['block_days']:.3g} days"],
    ]
    for name in (name for name in STRATEGIES if name in intervals):
        for what, said in (("sharpe", "Sharpe ratio"), ("mean", "yearly return")):
            each = intervals[name][what]
            rows.append([f"{said} above {STRATEGIES[name]}", *_between(each), _positive(each)])
    luck = f"{trials['total']} tried, as {trials['effective']:.3g} independent; luck alone {_fixed(deflated['benchmark'])}"
    rows.append(["deflated Sharpe ratio (probability)", deflated["probability"], None, luck])
    rows.append(["Sharpe ratio after haircut", found["haircut"]["adjusted"], None, f"for sure above {_fixed(found['haircut']['bound'])}"])
    return Table.of("all cycles", ["", ("", ".3f"), "95 % interval", ""], rows)


def chosen_table(told: Mapping[str, Any]) -> Table:
    """The run of each cycle, and the set that was chosen of it."""
    rows = [[each["cycle"], each["run"][:16], each["selection"]["step"], each["selection"]["set"]] for each in told["cycles"]]
    return Table.of("chosen in each cycle", ["cycle", "run", "step", "set"], rows)


def verdict_lines(told: Mapping[str, Any]) -> list[str]:
    """The verdict, and a line for each of its reasons."""
    return [f"verdict: {told['verdict']['finding']}", *(f"  {reason}" for reason in told["verdict"]["reasons"])]


def _known(number: float | None) -> bool:
    return number is not None and math.isfinite(number)


def _fixed(number: float | None) -> str:
    """JSON has ``null`` for what is not finite."""
    return f"{number:.3f}" if number is not None else "nan"


def _between(found: Mapping[str, Any]) -> tuple[Any, str | None]:
    return found["estimate"], f"{found['low']:.3f} to {found['high']:.3f}" if _known(found["low"]) else found["reason"]


def _positive(found: Mapping[str, Any]) -> str:
    return f"above 0 in {found['positive']:.0%} of the resamples" if _known(found["positive"]) else ""
