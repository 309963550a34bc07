"""The value of a run."""

from matplotlib.figure import Figure

from quantamm_cli.reporting.benchmarks import rebased
from quantamm_cli.reporting.over_time import value
from quantamm_cli.reporting.plot import plot
from quantamm_cli.reporting.run import Subject


@plot(
    "value",
    of="run",
    caption="Value over time of this pool and of the benchmarks;"
    " at the start of each period all have the same value.",
    order=10,
    heading="Over time",
)
def _value(run: Subject) -> Figure:
    unix, plain = run.trajectory["unix"], run.values
    others = rebased(run.worth, plain["pool"], unix, run.periods)
    return value(unix, plain | others, run.periods, run.subtitle, run.unit)
