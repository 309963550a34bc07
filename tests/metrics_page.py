"""The manual's page of metrics, written out of the metrics: python tests/metrics_page.py"""

from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "quantamm_cli" / "docs" / "metrics.md"
HEAD = """# Metrics

Every metric with its unit and its definition; this page is written by `make docs` out of the code.

All are such that higher is better: losses and drawdowns are negative. Those that are minus what
they are called (volatility, beta, tracking error, down capture, ulcer, LVR, turnover) are so in
JSON, which says it under `signs`; tables and pages show them positive. A year is 365 days, and
ratios are above the riskless rate, which is zero unless `scoring.riskless` sets it. `metric=NAME`
trains for one, `qsim show metrics NAME` has its formula.

A metric does not exist on a window that is too short for it, without two returns, where what it
divides by does not vary or is no loss, or beyond 1e12: it is `null` in JSON, where `undefined`
has the reason by `period.metric`, and a dash in tables. What needs more minutes than there are is
refused before prices are read. Training leaves out windows on which its metric does not exist,
and the history counts them (`undefined`); yearly numbers of less than 30 days are marked.
"""


def text() -> str:
    """The page."""
    from quantamm_cli.workflows.components import show_components

    shipped = {path.stem for path in (PAGE.parents[2] / "conf" / "metric").glob("*.yaml")}
    metrics = [each for each in show_components("metrics").items if each.name in shipped]
    entries = [f"- **{each.name}** ({each.unit}): {each.summary}" for each in metrics]
    return "\n".join([HEAD, *entries, ""])


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
