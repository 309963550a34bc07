"""A walk-forward as tables: its cycles, and what they come to. Nothing here draws."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from quantamm_cli.reporting.names import STRATEGIES
from quantamm_cli.reporting.tables import Table, number


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
    """A row a cycle."""
    metric = told["aggregate"]["metric"]
    heads = ("cycle", "trains from", "tests from", "to", *compared(told), "efficiency", "gap", "regime")
    heads = (*heads, "return", "vs HODL", "beats random")
    rows = []
    for each in told["cycles"]:
        test, regime = each["metrics"]["test"], each["regime"]
        scores = [number(score(each, period, told), ".3f") for period in compared(told).values()]
        rows.append(
            (
                str(each["cycle"]),
                *(each[name] for name in ("start", "end", "test_end")),
                *scores,
                number(each["efficiency"], ".0%"),
                number(each["gap"], ".3f"),
                f"{regime['trend']}, {regime['volatility']} volatility",
                number(test["returns"], "+.2%"),
                number(test["returns_over_hodl"], "+.2%"),
                number(each["random"][metric]["beaten"], ".0%"),
            )
        )
    return Table(f"Cycles, by {metric}", heads, tuple(rows))


def together_table(told: Mapping[str, Any]) -> Table:
    """What the cycles come to; intervals are of 95 %."""
    found = told["aggregate"]
    intervals, deflated = found["intervals"], found["deflated_sharpe"]
    rows = [
        (f"mean {found['metric']}, {outside(told)}", number(found["outside"], ".3f"), f"in sample {number(found['inside'], '.3f')}"),
        ("walk-forward efficiency", number(found["efficiency"], ".3f"), f"gap {number(found['gap'], '.3f')}"),
        ("worst cycle", number(found["worst"], ".3f"), f"cycle {found['worst_cycle']}" if found["worst_cycle"] else ""),
        ("yearly Sharpe ratio", number(intervals["sharpe"]["estimate"], ".3f"), _interval(intervals["sharpe"])),
    ]
    for name in (name for name in STRATEGIES if name in intervals):
        for what, said in (("sharpe", "Sharpe ratio"), ("mean", "yearly return")):
            each = intervals[name][what]
            rows.append((f"{said} above {STRATEGIES[name]}", number(each["estimate"], ".3f"), _interval(each)))
    luck = f"best of {deflated['trials']} by luck alone, {deflated['days']} days"
    rows.append(("deflated Sharpe ratio, probability", number(deflated["probability"], ".3f"), luck))
    rows.append(("Sharpe ratio after its haircut", number(found["haircut"]["adjusted"], ".3f"), ""))
    return Table("All cycles together", ("", "value", "interval, note"), tuple(rows))


def _interval(found: Mapping[str, Any]) -> str:
    if found["low"] is None or not np.isfinite(found["low"]):
        return str(found["reason"])
    return f"{number(found['low'], '.3f')} to {number(found['high'], '.3f')}, positive in {number(found['positive'], '.0%')}"
