"""``qsim compete``: strategies and a normaliser share one flow of orders;
what each earns, seed by seed.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantamm_cli.cli import flags
from quantamm_cli.cli.command import RUNS, Command, Flag
from quantamm_cli.errors import ConfigError

if TYPE_CHECKING:
    from quantamm_cli.cli.options import Options
    from quantamm_cli.config.composed import Composed
    from quantamm_cli.settings.compete import Compete
    from quantamm_cli.workflows.compete.replay import ReplayRequest
    from quantamm_cli.workflows.monitor import Monitor
    from quantamm_cli.workflows.results import Result

Way = Callable[["Composed", "Options", "Monitor"], "Result"]
_KINDS = ("pairs", "leave-one-out", "copies")


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """What is asked for: a verb, an option that does something else, or the competition itself."""
    if options.words:
        way: Way = _validate if options.words[0] == "validate" else _leaderboard
    else:
        asked = (way for name, way in _WAYS.items() if options.on(name))
        way = next(asked, _compete)
    return way(composed, options, monitor)


def _compete(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.workflows.results import Watch

    watch, settings = Watch(), composed.read_competition()
    from quantamm_cli.workflows.compete.competition import Competition
    from quantamm_cli.workflows.compete.standings import PlannedCompetition, compete

    if options.dry_run:
        return PlannedCompetition(Competition(settings, monitor))
    return compete(settings, options.on("until_decided"), options.fresh, monitor, watch)


def _sweep(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.workflows.results import Watch

    watch, settings = Watch(), composed.read_competition()
    from quantamm_cli.workflows.compete.sweep import PlannedSweep, Sweep, run_sweep

    sweep = Sweep(settings, options.text("axes") or "", monitor)
    return (
        PlannedSweep(sweep) if options.dry_run else run_sweep(sweep, options.fresh, monitor, watch)
    )


def _tournament(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.workflows.results import Watch

    watch, settings = Watch(), composed.read_competition()
    from quantamm_cli.workflows.compete.tournament import (
        PlannedTournament,
        Tournament,
        run_tournament,
    )

    kind: Any = options.text("tournament")
    tournament = Tournament(kind, settings, monitor)
    return (
        PlannedTournament(tournament)
        if options.dry_run
        else run_tournament(tournament, options.fresh, watch)
    )


def _optimise(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.workflows.results import Watch

    watch, settings = Watch(), composed.read_competition()
    from quantamm_cli.workflows.compete.optimise import optimise, plan

    planned = plan(settings)
    return planned if options.dry_run else optimise(planned, options.fresh, monitor, watch)


def _replay(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.workflows.results import Watch

    watch, settings = Watch(), composed.read_competition()
    from quantamm_cli.workflows.compete.replay import ReplayPlace, replay

    place = ReplayPlace(settings, _steps(options.text("replay") or "", settings))
    return place if options.dry_run else replay(place, watch)


def _steps(text: str, settings: "Compete") -> "ReplayRequest":
    """What ``--replay`` says: a seed, first and last step. Raises ConfigError."""
    from quantamm_cli.workflows.compete.replay import ReplayRequest

    parts = text.split(":")
    if len(parts) not in (1, 3) or not all(part.isdecimal() for part in parts):
        raise ConfigError(
            "--replay",
            f"'{text}' is not SEED or SEED:FIRST:LAST, such as 7:100:200 (steps "
            "from 0, both included)",
        )
    seed, *ends = map(int, parts)
    return ReplayRequest(seed, *(ends or (0, settings.steps - 1)))


def _verify(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.config.components import load_strategies

    load_strategies(composed.plugins)
    from quantamm_cli.workflows.compete.verify import verify

    return verify(Path(options.text("verify") or "").expanduser(), composed.tree, monitor)


def _validate(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    if len(options.words) != 2:
        raise ConfigError(
            "validate", "takes one strategy: qsim compete validate NAME, or FILE.py:Class"
        )
    from quantamm_cli.config.competition import read_entrant
    from quantamm_cli.config.components import load_strategies

    load_strategies(composed.plugins)
    entry = read_entrant(options.words[1], composed.group("strategy"), options.config_dir)
    from quantamm_cli.workflows.compete.validate import validate

    return validate(entry)


def _leaderboard(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.workflows.compete.leaderboard import leaderboard

    return leaderboard(options.words[1:] or (composed.runs_dir,), composed.runs_dir)


_WAYS: dict[str, Way] = {
    "verify": _verify,
    "replay": _replay,
    "axes": _sweep,
    "tournament": _tournament,
    "optimise": _optimise,
}
"""Something else than the competition itself, by the option that asks for it."""

COMMAND = Command(
    "compete",
    "strategies share one flow of orders: who earns, and how sure that is",
    f"[validate STRATEGY | leaderboard [FOLDER|RECEIPT ...]] {RUNS}",
    place=5,
    run=run,
    flags=(
        Flag(
            "until_decided",
            ("--until-decided",),
            "more seeds until the leader is surely ahead",
            instead="way",
        ),
        Flag(
            "axes",
            ("--sweep",),
            "points of a setting: [STRATEGY.]KEY=FIRST:LAST:STEP,...",
            "AXES",
            instead="way",
        ),
        Flag(
            "tournament",
            ("--tournament",),
            "many line-ups: pairs, leave-one-out, copies",
            "KIND",
            _KINDS,
            instead="way",
        ),
        Flag(
            "optimise",
            ("--optimise",),
            "train the first strategy's parameters, judge them on other seeds",
            instead="way",
        ),
        Flag(
            "verify",
            ("--verify",),
            "run a receipt again and compare every seed",
            "RECEIPT",
            instead="way",
        ),
        Flag(
            "replay",
            ("--replay",),
            "one seed step by step, as JSON and HTML: SEED[:FIRST:LAST]",
            "SEED",
            instead="way",
        ),
        flags.DRY_RUN,
        flags.FRESH,
    ),
    notes=(
        (
            "strategies=[fixed_fee,my_file.py:MyStrategy]    names (qsim show strategies) and "
            "classes of your own files"
        ),
        (
            "'strategies=[{kind: fixed_fee, fee_bps: 45}]'    with settings; name: NAME gives "
            "it a name of its own"
        ),
        (
            "'strategies=[{kind: pool, pool: gyroscope}]'     a pool of the simulator; one of your "
            "own by its name alone"
        ),
        "strategy.fixed_fee.fee_bps=45                   the same for one that is named",
        (
            "class MyStrategy(Strategy):                     from "
            "quantamm_cli.competition.strategy import Strategy"
        ),
        (
            "    fees(self, state) or quote(self, state, side, amount, reserves); init, on_step, "
            "after_swap, on_epoch if it remembers"
        ),
        (
            "market=history data=parquet data.dir=PATH       minute prices of yours: "
            "market.base=ETH market.start=... market.end=..."
        ),
        "qsim compete validate STRATEGY                  does it quote as the rules want",
        (
            "qsim compete leaderboard [FOLDER|RECEIPT ...]   receipts of one configuration, "
            "ranked, as one HTML page"
        ),
        (
            "as often as you like the same command goes on; simulations=N more seeds go on with "
            "the same competition"
        ),
    ),
    beside=("validate", "leaderboard"),
)
