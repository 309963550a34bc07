"""A competition on one core, played again and again. Prints the processor's seconds a step, and how long the first time took."""

import contextlib
import json
import os
import sys
import time
from typing import Any

with contextlib.suppress(AttributeError):  # where processes cannot be held on a core
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

from quantamm_cli.config.components import load_components
from quantamm_cli.workflows.runtime import start_jax

SIMULATIONS, STEPS, TIMES = 512, 1000, 5


def line_up(what: str, count: int) -> list[Any]:
    """Entrants of a kind, no two alike."""
    from quantamm_cli.competition.types import Entrant
    from quantamm_cli.settings.component import component

    def one(place: int) -> Any:
        fee = 20.0 + 10.0 * place
        if what == "fixed fees":
            return component("strategy", "fixed_fee")(fee_bps=fee)
        if what == "with state":
            return component("strategy", "vol_adaptive")(base_bps=fee, vol_bps=1e4)
        return component("strategy", "concentrated")(low=50.0 - place, high=1e4 / (50.0 - place), fee_bps=fee)

    return [Entrant(f"{what} {place}", one(place)) for place in range(count)]


def main(what: str, count: int) -> None:
    """Play, and say how long it took."""
    start_jax()
    load_components()
    import quantamm_cli.competition.strategies  # noqa: F401
    from quantamm_cli.competition.engine import compete
    from quantamm_cli.competition.market import MarketSettings, markets
    from quantamm_cli.competition.types import Rules
    from quantamm_cli.settings.component import component

    settings = component("market", "lognormal")()
    assert isinstance(settings, MarketSettings)
    market, entrants, rules = markets(settings, range(SIMULATIONS), STEPS), line_up(what, count), Rules(epoch_length=STEPS // 4)
    began = time.perf_counter()
    compete(entrants, market, rules)
    first, taken = time.perf_counter() - began, []
    for _ in range(TIMES):
        began = time.process_time()
        compete(entrants, market, rules)
        taken.append(time.process_time() - began)
    print(json.dumps({"step": min(taken) / SIMULATIONS / STEPS, "first": first}))


main(sys.argv[1], int(sys.argv[2]))
