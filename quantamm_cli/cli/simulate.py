"""``qsim simulate``: one pool with given parameters over [start, end)."""

from typing import Any

from quantamm_cli.cli import app
from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.train import planned
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.store.runs import Store


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Simulate with the parameters of the settings, or with those of a stored run; returns the JSON object."""
    selected = None
    if options.run is not None:
        from quantamm_cli.cli.stored import chooser, laid_over

        found = Store(tree["runs_dir"]).load(options.run)
        own = app.read_settings(Train, laid_over(found, tree, ()))
        selected = chooser(own, options)(found)
        tree = laid_over(found, tree, options.overrides) | {"params": selected.params}
    elif options.load is not None:
        raise ConfigError("--load", "needs --run RUN, the run to load from; without it the parameters are params.NAME=…")
    settings = app.read_settings(Simulate, tree)
    if options.dry_run:
        return planned("simulate", settings, console)
    app.start_jax()
    told = {"selection": selected.told | {"run": found.name}} if selected is not None else {}
    return _simulated(settings, console) | told


def _simulated(settings: Simulate, console: Console) -> dict[str, Any]:
    from quantamm_cli.cli.result import Watch, both_forms, write_trajectory
    from quantamm_cli.cli.tables import show_params, show_scores
    from quantamm_cli.core.params import initial
    from quantamm_cli.engine.feed import feed
    from quantamm_cli.evaluation.assess import POOL, assess
    from quantamm_cli.pools.base import AbstractPool

    pool = settings.pool
    assert isinstance(pool, AbstractPool)
    assets = len(settings.tokens)
    specs = pool.parameters(assets)
    raw = {name: values[0] for name, values in initial(specs, settings.params, 1, assets, 0.0, 0).items()}
    watch = Watch()
    market = app.load_market(settings, settings.end)
    for line in app.describe_market(market):
        console.note(line)
    given = feed(settings, market)
    watch.lap("data")
    found = assess(pool, raw, given, ((settings.end, 0, settings.rows),))
    watch.lap("run")
    folder = Store(settings.runs_dir).folder(settings.fingerprint)
    trajectory = write_trajectory(folder / "trajectory.npz", settings.start, found.trajectory, settings.output.every)
    watch.lap("write")
    params = both_forms(specs, raw)
    show_scores(console, f"{pool.kind} from {settings.start} to {settings.end}", found.scores)
    show_params(console, settings.tokens, params["readable"], {spec.readable: spec.unit for spec in specs})
    return {
        "command": "simulate",
        "run": f"run_{settings.fingerprint}",
        "fingerprint": settings.fingerprint,
        "metrics": found.scores[POOL][settings.end],
        "benchmarks": {name: scores[settings.end] for name, scores in found.scores.items() if name != POOL},
        "final": found.final,
        "params": params,
        "seconds": watch.seconds,
        "files": {"trajectory": trajectory},
    }
