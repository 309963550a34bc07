"""The tables of a walk-forward: its cycles, and their aggregate."""

import math

from quantamm_cli.evaluation.walk_document import CycleRecord, IntervalRecord, WalkDocument
from quantamm_cli.reporting.names import STRATEGIES
from quantamm_cli.reporting.table import MISSING, Column, Table
from quantamm_cli.settings.signs import shown

Cell = float | str | None


def test_label(walk: WalkDocument) -> str:
    """The label of the test blocks: out of sample, unless the choice was made on them."""
    return "out of sample" if walk["verdict"]["out_of_sample"] else "on the test blocks"


def compared(walk: WalkDocument) -> dict[str, str]:
    """The periods whose scores are compared, by their labels."""
    return {"in sample": "train", test_label(walk): "test"}


def cycles_table(walk: WalkDocument) -> Table:
    """A row for each cycle: dates, scores in and out of sample (IS, OOS), walk-forward efficiency
    (WFE), and the returns of the test block.
    """
    metric = walk["aggregate"]["metric"]
    test, meaning = "test", "chosen on the test blocks: nothing is out of sample"
    if walk["verdict"]["out_of_sample"]:
        test, meaning = "OOS", "IS in sample, OOS out of sample"
    scores: list[Column] = [("IS", ".3f"), (test, ".3f"), ("WFE", ".0%"), ("gap", ".3f")]
    returns: list[Column] = [("return", "+.2%"), ("vs HODL", "+.2%"), ("vs constant", "+.2%")]
    dates = ["cycle", "trains from", "tests from", "to"]
    heads: list[Column] = [*dates, *scores, "regime", *returns, ("beats random", ".0%")]
    rows = [_cycle(each, metric) for each in walk["cycles"]]
    return Table.of(f"{walk['run'][:17]}  {metric}  ({meaning})", heads, rows)


def _cycle(each: CycleRecord, metric: str) -> list[Cell]:
    test, constant = each["metrics"]["test"], each["benchmarks"]["constant_weight"]["test"]
    earned, other = test["returns"], constant["returns"]
    above = None
    if earned is not None and other is not None:
        above = (1 + earned) / (1 + other) - 1
    inside, outside = shown(metric, each["metrics"]["train"][metric]), shown(metric, test[metric])
    scores = [inside, outside, each["efficiency"], shown(metric, each["gap"])]
    regime = f"{each['regime']['trend']}, {each['regime']['volatility']} volatility"
    returns = [earned, test["returns_over_hodl"], above, each["random"][metric]["beaten"]]
    return [each["cycle"], each["start"], each["end"], each["test_end"], *scores, regime, *returns]


def together_table(walk: WalkDocument) -> Table:
    """The aggregate of the cycles, with intervals of 95 %."""
    together = walk["aggregate"]
    out = "OOS" if walk["verdict"]["out_of_sample"] else "test"
    intervals, deflated = together["intervals"], together["deflated_sharpe"]
    trials, haircut = together["trials"], together["haircut"]
    rows: list[tuple[Cell, Cell, Cell, Cell]] = []

    def add(name: str, value: Cell, remark: str, between: str | None = None) -> None:
        rows.append((name, value, between, remark))

    def add_interval(name: str, interval: IntervalRecord, remark: str) -> None:
        add(name, interval["estimate"], remark, _between(interval))

    metric = together["metric"]
    beaten = together["random"][metric]["beaten"]
    inside, gap = (_fixed(shown(metric, together[name])) for name in ("inside", "gap"))
    add(f"mean {out} {metric}", shown(metric, together["outside"]), f"in sample {inside}")
    add("walk-forward efficiency", together["efficiency"], f"gap {gap}")
    add(f"worst {out}", shown(metric, together["worst"]), f"cycle {together['worst_cycle']}")
    add("untrained random parameters beaten", beaten, "share of them, mean of the cycles")
    blocks = f"blocks of {intervals['block_days']:.3g} days"
    add_interval(f"yearly Sharpe ratio, {deflated['days']} days", intervals["sharpe"], blocks)
    for name in ("hodl", "uniform_hodl", "constant_weight"):
        if name in intervals:
            mean, sharpe = intervals[name]["mean"], intervals[name]["sharpe"]
            add_interval(f"Sharpe ratio above {STRATEGIES[name]}", sharpe, _positive(sharpe))
            add_interval(f"yearly return above {STRATEGIES[name]}", mean, _positive(mean))
    independent = f"{trials['total']} tried, as {trials['effective']:.3g} independent"
    benchmark = f"{independent}; by chance alone {_fixed(deflated['benchmark'])}"
    add("deflated Sharpe ratio (probability)", deflated["probability"], benchmark)
    bound = f"certainly above {_fixed(haircut['bound'])}"
    add("Sharpe ratio after haircut", haircut["adjusted"], bound)
    return Table.of("all cycles", ["", ("", ".3f"), "95 % interval", ""], rows)


def chosen_table(walk: WalkDocument) -> Table:
    """The run of each cycle, and its chosen set."""
    rows = [
        [each["cycle"], each["run"][:16], each["selection"]["step"], each["selection"]["set"]]
        for each in walk["cycles"]
    ]
    return Table.of("chosen in each cycle", ["cycle", "run", "step", "set"], rows)


def verdict_lines(walk: WalkDocument) -> list[str]:
    """The verdict, and a line for each of its reasons."""
    verdict = walk["verdict"]
    return [f"verdict: {verdict['finding']}", *(f"  {reason}" for reason in verdict["reasons"])]


def _fixed(number: float | None) -> str:
    """Three decimals; JSON has ``null`` for a number that is not finite."""
    return f"{number:.3f}" if number is not None else MISSING


def _between(interval: IntervalRecord) -> str:
    low, high = interval["low"], interval["high"]
    if low is None or not math.isfinite(low):
        return interval["reason"]
    return f"{low:.3f} to {high:.3f}"


def _positive(interval: IntervalRecord) -> str:
    share = interval["positive"]
    if share is None or not math.isfinite(share):
        return ""
    return f"above 0 in {share:.0%} of the resamples"
