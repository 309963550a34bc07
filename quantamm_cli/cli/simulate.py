"""``qsim simulate``: one pool with given parameters over [start, end)."""

from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.train import planned
from quantamm_cli.config.read import read_settings
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.store.runs import Store
from quantamm_cli.workflows.data import describe_market, load_market
from quantamm_cli.workflows.runtime import start_jax


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Simulate with the parameters of the settings, or with those of a stored run; returns the JSON object."""
    selected = None
    if options.run is not None:
        from quantamm_cli.cli.stored import chooser, laid_over

        found = Store(tree["runs_dir"]).load(options.run)
        own = read_settings(Train, laid_over(found, tree, ()))
        selected = chooser(own, options)(found)
        tree = laid_over(found, tree, options.overrides) | {"params": selected.params, "grid": tree["grid"]}
    elif options.load is not None:
        raise ConfigError("--load", "needs --run RUN, the run to load from; without it the parameters are params.NAME=…")
    settings = read_settings(Simulate, tree)
    if options.dry_run:
        return planned("simulate", settings, console)
    if options.plots:
        from quantamm_cli.cli.drawing import check

        check()
    start_jax()
    chosen = {"selection": selected.told | {"run": found.name}} if selected is not None else {}
    if tree["grid"]:
        from quantamm_cli.cli.gridded import gridded

        return gridded(settings, tree, options, console, stored=selected is not None) | chosen
    return _simulated(settings, options, console) | chosen


def _simulated(settings: Simulate, options: Options, console: Console) -> dict[str, Any]:
    from quantamm_cli.cli.result import Watch, scored
    from quantamm_cli.core.params import initial, readable
    from quantamm_cli.pools.base import AbstractPool

    pool = AbstractPool.typed(settings.pool)
    assets = len(settings.tokens)
    given = initial(pool.parameters(assets), settings.params, 1, assets, 0.0, 0)
    pool.check_parameters(readable(pool.parameters(assets), given))
    raw = {name: values[0] for name, values in given.items()}
    watch = Watch()
    market = load_market(settings, settings.end)
    for line in describe_market(market):
        console.note(line)
    folder = Store(settings.runs_dir).folder(settings.fingerprint)
    title = f"{pool.kind} from {settings.start} to {settings.end}"
    found = scored(settings, raw, ((settings.end, 0, settings.rows),), market, folder, title, console, watch)
    named = {"run": f"run_{settings.fingerprint}", "fingerprint": settings.fingerprint}
    told = found.told | {"metrics": found.told["metrics"][settings.end]}
    told["benchmarks"] = {name: scores[settings.end] for name, scores in told["benchmarks"].items()}
    if options.plots:
        from quantamm_cli.cli.drawing import draw, of_pool

        told["files"] |= draw(of_pool(settings, found, named["run"], ()), folder)
        watch.lap("plots")
    return {"command": "simulate"} | named | told
