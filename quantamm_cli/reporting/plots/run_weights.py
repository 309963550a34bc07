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
    unix, columns = run.trajectory["unix"], run.trajectory["weights"]
    return weights(unix, columns, run.tokens, run.periods, run.subtitle)


@style.styled
def weights(
    unix: Unix,
    weights: Numbers,
    tokens: Sequence[str],
    periods: Sequence[Period] = (),
    subtitle: str = "",
) -> Figure:
    """Weights (t, n), fractions, over ``unix`` (t,) ms: a line for each token."""
    columns = dict(zip(tokens, weights.T, strict=True))
    figure, axes = over_time("Weights", subtitle, unix, columns, periods)
    axes.set_ylabel("weight (%)")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, symbol=None))
    return figure
