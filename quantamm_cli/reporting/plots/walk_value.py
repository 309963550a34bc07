"""What one unit became over all test blocks of a walk-forward."""

import numpy as np
from matplotlib.figure import Figure

from quantamm_cli.reporting.names import STRATEGIES
from quantamm_cli.reporting.over_time import value
from quantamm_cli.reporting.periods import Numbers, Period
from quantamm_cli.reporting.plot import plot
from quantamm_cli.reporting.walk import WalkSubject
from quantamm_cli.reporting.walk_tables import outside

_DAY = 86_400_000


@plot(
    "value",
    of="walk",
    caption=(
        "Value: the daily returns of the test blocks, one after the other, of this pool and of "
        "what anyone could have had."
    ),
    order=10,
    heading="Cycles",
)
def _value(subject: WalkSubject) -> Figure:
    """Strategy by strategy; a tint a cycle."""
    daily = subject.daily
    days, cycles = np.asarray(daily["unix"]), np.asarray(daily["cycle"])
    unix = np.append(days[:1], days + _DAY)
    grown: dict[str, Numbers] = {
        name: np.cumprod(np.append(1.0, 1 + np.asarray(daily[name], float)))
        for name in STRATEGIES
        if name in daily
    }
    edges = [int(days[cycles == cycle][0]) for cycle in np.unique(cycles)] + [int(unix[-1]) + 1]
    periods = [
        Period(f"cycle {cycle}", *edges[index : index + 2])
        for index, cycle in enumerate(np.unique(cycles))
    ]
    return value(unix, grown, periods, outside(subject.walk), "1 at first")
