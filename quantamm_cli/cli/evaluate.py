"""``qsim evaluate``: a trained run, scored on every period beside its benchmarks."""

from pathlib import Path
from typing import Any

from quantamm_cli.cli import app
from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.types import date_text, minute
from quantamm_cli.store.runs import Run, Store


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Load parameters by a selection rule and score them; returns the JSON object."""
    from quantamm_cli.cli.result import Watch
    from quantamm_cli.cli.stored import chooser, laid_over

    app.start_jax()
    watch = Watch()
    if options.run is not None:
        found = Store(tree["runs_dir"]).load(options.run)
        settings = app.read_settings(Train, laid_over(found, tree, options.overrides))
        own = app.read_settings(Train, laid_over(found, tree, ()))
    else:
        settings = own = app.read_settings(Train, tree)
        found = _trained(settings)
    if not found.entries:
        raise StoreError(str(found.path), "holds no step yet; let qsim train take one")
    selected = chooser(own, options)(found)
    if options.dry_run:
        return {"command": "evaluate", "run": found.name, "fingerprint": found.fingerprint, "selection": selected.told}
    watch.lap("start")
    return assessed("evaluate", settings, found, selected, console, watch)


def _trained(settings: Train) -> Run:
    store = Store(settings.runs_dir)
    if not store.path(settings.fingerprint).exists():
        raise StoreError(
            settings.runs_dir, f"no run_{settings.fingerprint[:12]}… of these settings; train it first: qsim train with the same words"
        )
    return store.load(settings.fingerprint)


def assessed(command: str, settings: Train, found: Run, selected: Any, console: Console, watch: Any, market: Any = None) -> dict[str, Any]:
    """Score a selected parameter set, write its trajectory, show the tables; the JSON object they come from."""
    from quantamm_cli.cli.result import told

    if market is None:
        market = app.load_market(settings, settings.test_end or settings.end)
    dates = ", ".join(f"{name} from {date_text(minute(settings.start) + first)}" for name, first, _ in settings.spans)
    chosen = f"{selected.method}: step {selected.step}, set {selected.set}" + (
        " (chosen on the test period)" if "test" in selected.method else ""
    )
    title = f"{found.name[:16]}  {chosen}\n{dates}"
    scored = told(settings, selected.params, settings.spans, market, _folder(settings, found, selected), title, console, watch)
    scored["files"] = {"checkpoint": str(found.path)} | scored["files"]
    return {"command": command, "run": found.name, "fingerprint": found.fingerprint, "selection": selected.told} | scored


def _folder(settings: Train, found: Run, selected: Any) -> Path:
    """A folder for each selection; other settings than the run's own get one of their own."""
    name = f"{selected.method}-{selected.step}-{selected.set}"
    if settings.fingerprint != found.fingerprint:
        name += "-" + sha256(settings.identity())[:12]
    return found.folder / name
