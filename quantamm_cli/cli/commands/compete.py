"""``qsim compete``: strategies and a normaliser share one flow of orders; what each earns, seed by seed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.monitor import ConsoleMonitor
from quantamm_cli.cli.options import Options
from quantamm_cli.config.competition import read_competition, read_entrant
from quantamm_cli.config.components import load_strategies
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.compete import Compete
from quantamm_cli.workflows.results import Result, Watch

Way = Callable[[dict[str, Any], Options, Console], Result]


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """What is asked for: a verb, an option that does something else, or the competition itself; returns the JSON object."""
    result = _way(options)(tree, options, console)
    return {"command": "compete"} | result.to_dict()


def _way(options: Options) -> Way:
    if options.words:
        return _validate if options.words[0] == "validate" else _leaderboard
    ways: dict[str, Way] = {"verify": _verify, "replay": _replay, "axes": _sweep, "tournament": _tournament, "optimise": _optimise}
    return next((way for name, way in ways.items() if getattr(options, name) not in (None, False)), _compete)


def _shown(result: Result, console: Console) -> Result:
    console.show(*result.tables())
    return result


def _settings(tree: dict[str, Any], options: Options) -> Compete:
    return read_competition(tree, options.overrides, options.config_dir)


def _compete(tree: dict[str, Any], options: Options, console: Console) -> Result:
    watch, settings, monitor = Watch(), _settings(tree, options), ConsoleMonitor(console)
    from quantamm_cli.workflows.compete.competition import Competition
    from quantamm_cli.workflows.compete.standings import PlannedCompetition, compete

    if options.dry_run:
        return _shown(PlannedCompetition(Competition(settings, monitor)), console)
    return _shown(compete(settings, options.until_decided, options.fresh, monitor, watch), console)


def _sweep(tree: dict[str, Any], options: Options, console: Console) -> Result:
    watch, settings, monitor = Watch(), _settings(tree, options), ConsoleMonitor(console)
    from quantamm_cli.workflows.compete.sweep import PlannedSweep, Sweep, swept

    sweep = Sweep(settings, options.axes or "", monitor)
    return _shown(PlannedSweep(sweep) if options.dry_run else swept(sweep, options.fresh, monitor, watch), console)


def _tournament(tree: dict[str, Any], options: Options, console: Console) -> Result:
    watch, settings = Watch(), _settings(tree, options)
    from quantamm_cli.workflows.compete.tournament import PlannedTournament, Tournament, played

    kind: Any = options.tournament
    tournament = Tournament(kind, settings, ConsoleMonitor(console))
    return _shown(PlannedTournament(tournament) if options.dry_run else played(tournament, options.fresh, watch), console)


def _optimise(tree: dict[str, Any], options: Options, console: Console) -> Result:
    watch, settings = Watch(), _settings(tree, options)
    from quantamm_cli.workflows.compete.optimise import optimise, plan

    planned = plan(settings)
    return _shown(planned if options.dry_run else optimise(planned, options.fresh, ConsoleMonitor(console), watch), console)


def _replay(tree: dict[str, Any], options: Options, console: Console) -> Result:
    watch, settings = Watch(), _settings(tree, options)
    from quantamm_cli.workflows.compete.replay import ReplayPlace, replay

    place = ReplayPlace(settings, _steps(options.replay or "", settings))
    return _shown(place if options.dry_run else replay(place, watch), console)


def _steps(text: str, settings: Compete) -> Any:
    """What ``--replay`` says: a seed, first and last step. Raises ConfigError."""
    from quantamm_cli.workflows.compete.replay import Asked

    parts = text.split(":")
    if len(parts) not in (1, 3) or not all(part.isdecimal() for part in parts):
        raise ConfigError("--replay", f"'{text}' is not SEED or SEED:FIRST:LAST, such as 7:100:200 (steps from 0, both included)")
    seed, *ends = map(int, parts)
    return Asked(seed, *(ends or (0, settings.steps - 1)))


def _verify(tree: dict[str, Any], options: Options, console: Console) -> Result:
    load_strategies(tuple(tree.get("plugins") or ()))
    from quantamm_cli.workflows.compete.verify import verify

    return _shown(verify(Path(options.verify or "").expanduser(), tree, ConsoleMonitor(console)), console)


def _validate(tree: dict[str, Any], options: Options, console: Console) -> Result:
    if len(options.words) != 2:
        raise ConfigError("validate", "takes one strategy: qsim compete validate NAME, or FILE.py:Class")
    load_strategies(tuple(tree.get("plugins") or ()))
    entry = read_entrant(options.words[1], tree["strategy"], options.config_dir)
    from quantamm_cli.workflows.compete.validate import validate

    validation = validate(entry)
    console.show(*validation.tables())
    validation.refuse()
    return validation


def _leaderboard(tree: dict[str, Any], options: Options, console: Console) -> Result:
    from quantamm_cli.workflows.compete.leaderboard import leaderboard

    return _shown(leaderboard(options.words[1:] or (tree["runs_dir"],), tree["runs_dir"]), console)
