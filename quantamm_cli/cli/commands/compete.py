"""``qsim compete``: what strategies earn, seed by seed, when they share one flow of orders."""

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

Action = Callable[["Composed", "Options", "Monitor"], "Result"]
_KINDS = ("pairs", "leave-one-out", "copies")


def run(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    """Run the verb or the option that selects another action; else the competition itself."""
    if not options.words:
        requested = (action for name, action in _BY_FLAG.items() if options.on(name))
        action = next(requested, _compete)
    elif options.words[0] == "validate":
        action = _validate
    else:
        action = _leaderboard
    return action(composed, options, monitor)


def _compete(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.workflows.results import Watch

    watch, settings = Watch(), composed.read_competition()
    from quantamm_cli.workflows.compete.competition import Competition
    from quantamm_cli.workflows.compete.standings import (
        PlannedCompetition,
        check_decidable,
        compete,
    )

    if options.dry_run:
        check_decidable(settings, options.on("until_decided"))
        return PlannedCompetition(Competition(settings, monitor))
    return compete(settings, options.on("until_decided"), options.fresh, monitor, watch)


def _sweep(composed: "Composed", options: "Options", monitor: "Monitor") -> "Result":
    from quantamm_cli.workflows.results import Watch

    watch, settings = Watch(), composed.read_competition()
    from quantamm_cli.workflows.compete.sweep import PlannedSweep, Sweep, run_sweep

    sweep = Sweep(settings, options.text("axes") or "", monitor)
    if options.dry_run:
        return PlannedSweep(sweep)
    return run_sweep(sweep, options.fresh, monitor, watch)


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
    if options.dry_run:
        return PlannedTournament(tournament)
    return run_tournament(tournament, options.fresh, watch)


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
    """Parse ``--replay``: a seed, first and last step. Raises ConfigError."""
    from quantamm_cli.workflows.compete.replay import ReplayRequest

    parts = text.split(":")
    if len(parts) not in (1, 3) or not all(map(str.isdecimal, parts)):
        form = "SEED or SEED:FIRST:LAST, such as 7:100:200 (steps from 0, both included)"
        raise ConfigError("--replay", f"'{text}' is not {form}")
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
            "validate", "expected one strategy: qsim compete validate NAME, or FILE.py:Class"
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


_BY_FLAG: dict[str, Action] = {
    "verify": _verify,
    "replay": _replay,
    "axes": _sweep,
    "tournament": _tournament,
    "optimise": _optimise,
}
"""Other actions than the competition itself, by the flag that selects them."""

COMMAND = Command(
    "compete",
    "compare what strategies earn from one shared flow of orders, with intervals",
    f"[validate STRATEGY | leaderboard [FOLDER|RECEIPT ...]] {RUNS}",
    place=5,
    run=run,
    flags=(
        Flag(
            "until_decided",
            ("--until-decided",),
            "add seeds until the leader is significantly ahead",
            exclusive="action",
        ),
        Flag(
            "axes",
            ("--sweep",),
            "run every value of a setting: [STRATEGY.]KEY=FIRST:LAST:STEP,...",
            "AXES",
            exclusive="action",
        ),
        Flag(
            "tournament",
            ("--tournament",),
            "run many line-ups: pairs, leave-one-out, copies",
            "KIND",
            _KINDS,
            exclusive="action",
        ),
        Flag(
            "optimise",
            ("--optimise",),
            "train the first strategy's parameters and evaluate them on other seeds",
            exclusive="action",
        ),
        Flag(
            "verify",
            ("--verify",),
            "run a receipt again and compare every seed",
            "RECEIPT",
            exclusive="action",
        ),
        Flag(
            "replay",
            ("--replay",),
            "show one seed step by step, as JSON and HTML: SEED[:FIRST:LAST]",
            "SEED",
            exclusive="action",
        ),
        flags.DRY_RUN,
        flags.FRESH,
    ),
    notes=(
        "strategies=[fixed_fee,my_file.py:MyStrategy]    names (qsim show strategies) and "
        "classes of your own files",
        "'strategies=[{kind: fixed_fee, fee_bps: 45}]'    with settings; name: NAME renames it",
        "'strategies=[{kind: pool, pool: gyroscope}]'     a pool of the simulator; one of your "
        "own by its name alone",
        "strategy.fixed_fee.fee_bps=45                   a setting of a named strategy",
        "class MyStrategy(Strategy):                     from "
        "quantamm_cli.competition.strategy import Strategy",
        "    fees(self, state) or quote(self, state, side, amount, reserves); init, on_step, "
        "after_swap, on_epoch if it keeps a memory",
        "market=history data=parquet data.dir=PATH       your own minute prices: "
        "market.base=ETH market.start=... market.end=...",
        "qsim compete validate STRATEGY                  check that its quotes follow the rules",
        "qsim compete leaderboard [FOLDER|RECEIPT ...]   rank receipts of one configuration "
        "on one HTML page",
        "run the same command to resume; a larger simulations=N adds seeds to the same competition",
    ),
    optional_verbs=("validate", "leaderboard"),
)
