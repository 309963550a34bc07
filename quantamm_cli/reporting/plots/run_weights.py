"""The weights of a run."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from quantamm_cli.reporting import style
from quantamm_cli.reporting.over_time import over_time
from quantamm_cli.reporting.periods import Numbers, Period, Unix
from quantamm_cli.reporting.plot import plot
from quantamm_cli.reporting.run import Subject


@plot(
    "weights", of="run", caption="Weights of the tokens over time.", order=20, heading="Over time"
)
def _weights(run: Subject) -> Figure:
    trajectory = run.trajectory
    return weights(trajectory["unix"], trajectory["weights"], run.tokens, run.periods, run.said)


@style.styled
def weights(
    unix: Unix,
    weights: Numbers,
    tokens: Sequence[str],
    periods: Sequence[Period] = (),
    subtitle: str = "",
) -> Figure:
    """Weights (t, n), fractions, over ``unix`` (t,) ms: a line a token."""
    figure, axes = over_time(
        "Weights", subtitle, unix, dict(zip(tokens, weights.T, strict=True)), periods
    )
    axes.set_ylabel("weight (%)")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=None))
    return figure
