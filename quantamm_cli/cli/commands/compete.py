"""``qsim compete``: strategies and a normaliser share one flow of orders; what each earns, seed by seed."""

from collections.abc import Callable
from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.errors import ConfigError

Way = Callable[[dict[str, Any], Options, Console], dict[str, Any]]


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """What is asked for: a verb, an option that does something else, or the competition itself; returns the JSON object."""
    return {"command": "compete"} | _way(options)(tree, options, console)


def _way(options: Options) -> Way:
    """Imported only when asked for."""
    if options.words:
        if options.words[0] == "validate":
            from quantamm_cli.cli.compete_validate import validate

            return validate
        from quantamm_cli.cli.compete_leaderboard import leaderboard

        return leaderboard
    if options.verify is not None:
        from quantamm_cli.cli.compete_verify import verify

        return verify
    if options.replay is not None:
        from quantamm_cli.cli.compete_replay import replay

        return replay
    if options.axes is not None:
        from quantamm_cli.cli.compete_sweep import sweep

        return sweep
    if options.tournament is not None:
        from quantamm_cli.cli.compete_tournament import tournament

        return tournament
    if options.optimise:
        from quantamm_cli.cli.compete_optimise import optimise

        return optimise
    return competed


def competed(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Play the seeds that are not played, judge them, keep and show it."""
    from quantamm_cli.cli.compete_judged import finished, planned, until_decided
    from quantamm_cli.cli.competition import Competition, read
    from quantamm_cli.workflows.results import Watch

    watch = Watch()
    settings = read(tree, options)
    competition = Competition(settings, console)
    if options.dry_run:
        return planned(competition, console)
    if options.until_decided and len(settings.names) < 2:
        raise ConfigError("--until-decided", "one strategy alone leads nobody; name another in strategies=[...]")
    watch.lap("start")
    with competition.held(options.fresh):
        before = len(settings.seeds) - len(competition.missing(settings.seeds))
        results = until_decided(competition, console) if options.until_decided else competition.play(settings.seeds)
        watch.lap("play")
        return finished(competition, results, before, watch, console)
