"""The value of one unit over all test blocks of a walk-forward."""

from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

from quantamm_cli.reporting.names import STRATEGIES
from quantamm_cli.reporting.over_time import value
from quantamm_cli.reporting.periods import Numbers, Period
from quantamm_cli.reporting.plot import plot
from quantamm_cli.reporting.walk import WalkSubject
from quantamm_cli.reporting.walk_tables import test_label

_DAY = 86_400_000


@plot(
    "value",
    of="walk",
    caption="Value: the compounded daily returns of the test blocks, of this pool and of the"
    " benchmarks.",
    order=10,
    heading="Cycles",
)
def _value(subject: WalkSubject) -> Figure:
    """A line for each strategy, a tint for each cycle."""
    daily = subject.daily
    days, cycles = np.asarray(daily["unix"]), np.asarray(daily["cycle"])
    unix = np.append(days[:1], days + _DAY)
    values: dict[str, Numbers] = {}
    for name in filter(daily.__contains__, STRATEGIES):
        values[name] = np.cumprod(np.append(1.0, 1 + np.asarray(daily[name], float)))
    numbers, firsts = np.unique(cycles, return_index=True)
    edges = [*days[firsts].tolist(), int(unix[-1]) + 1]
    spans = zip(numbers, pairwise(edges), strict=True)
    periods = [Period(f"cycle {cycle}", first, end) for cycle, (first, end) in spans]
    return value(unix, values, periods, test_label(subject.walk), "1 at the start")
