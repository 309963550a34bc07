"""``qsim compete``: strategies and a normaliser share one flow of orders; what each earns, seed by seed."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantamm_cli.cli.options import Options
from quantamm_cli.config.competition import read_entrant
from quantamm_cli.config.components import load_strategies
from quantamm_cli.config.composed import Composed
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.compete import Compete
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result, Watch

if TYPE_CHECKING:
    from quantamm_cli.workflows.compete.replay import Asked

Way = Callable[[Composed, Options, Monitor], Result]


def run(composed: Composed, options: Options, monitor: Monitor) -> Result:
    """What is asked for: a verb, an option that does something else, or the competition itself."""
    if options.words:
        way: Way = _validate if options.words[0] == "validate" else _leaderboard
    else:
        asked = (way for name, way in _WAYS.items() if getattr(options, name) not in (None, False))
        way = next(asked, _compete)
    return way(composed, options, monitor)


def _compete(composed: Composed, options: Options, monitor: Monitor) -> Result:
    watch, settings = Watch(), composed.read_competition()
    from quantamm_cli.workflows.compete.competition import Competition
    from quantamm_cli.workflows.compete.standings import PlannedCompetition, compete

    if options.dry_run:
        return PlannedCompetition(Competition(settings, monitor))
    return compete(settings, options.until_decided, options.fresh, monitor, watch)


def _sweep(composed: Composed, options: Options, monitor: Monitor) -> Result:
    watch, settings = Watch(), composed.read_competition()
    from quantamm_cli.workflows.compete.sweep import PlannedSweep, Sweep, swept

    sweep = Sweep(settings, options.axes or "", monitor)
    return PlannedSweep(sweep) if options.dry_run else swept(sweep, options.fresh, monitor, watch)


def _tournament(composed: Composed, options: Options, monitor: Monitor) -> Result:
    watch, settings = Watch(), composed.read_competition()
    from quantamm_cli.workflows.compete.tournament import PlannedTournament, Tournament, played

    kind: Any = options.tournament
    tournament = Tournament(kind, settings, monitor)
    return PlannedTournament(tournament) if options.dry_run else played(tournament, options.fresh, watch)


def _optimise(composed: Composed, options: Options, monitor: Monitor) -> Result:
    watch, settings = Watch(), composed.read_competition()
    from quantamm_cli.workflows.compete.optimise import optimise, plan

    planned = plan(settings)
    return planned if options.dry_run else optimise(planned, options.fresh, monitor, watch)


def _replay(composed: Composed, options: Options, monitor: Monitor) -> Result:
    watch, settings = Watch(), composed.read_competition()
    from quantamm_cli.workflows.compete.replay import ReplayPlace, replay

    place = ReplayPlace(settings, _steps(options.replay or "", settings))
    return place if options.dry_run else replay(place, watch)


def _steps(text: str, settings: Compete) -> "Asked":
    """What ``--replay`` says: a seed, first and last step. Raises ConfigError."""
    from quantamm_cli.workflows.compete.replay import Asked

    parts = text.split(":")
    if len(parts) not in (1, 3) or not all(part.isdecimal() for part in parts):
        raise ConfigError("--replay", f"'{text}' is not SEED or SEED:FIRST:LAST, such as 7:100:200 (steps from 0, both included)")
    seed, *ends = map(int, parts)
    return Asked(seed, *(ends or (0, settings.steps - 1)))


def _verify(composed: Composed, options: Options, monitor: Monitor) -> Result:
    load_strategies(composed.plugins)
    from quantamm_cli.workflows.compete.verify import verify

    return verify(Path(options.verify or "").expanduser(), composed.tree, monitor)


def _validate(composed: Composed, options: Options, monitor: Monitor) -> Result:
    if len(options.words) != 2:
        raise ConfigError("validate", "takes one strategy: qsim compete validate NAME, or FILE.py:Class")
    load_strategies(composed.plugins)
    entry = read_entrant(options.words[1], composed.group("strategy"), options.config_dir)
    from quantamm_cli.workflows.compete.validate import validate

    return validate(entry)


def _leaderboard(composed: Composed, options: Options, monitor: Monitor) -> Result:
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
