"""``qsim evaluate``: a trained run, scored on every period beside its benchmarks, and from whatever other side is asked for."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.dates import Dates, markets, read_dates
from quantamm_cli.cli.options import Options
from quantamm_cli.config.read import read_settings
from quantamm_cli.errors import StoreError
from quantamm_cli.reporting.periods import Selection
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.types import date_text, minute
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.workflows.data import load_market
from quantamm_cli.workflows.runtime import start_jax

if TYPE_CHECKING:
    from quantamm_cli.cli.result import Scored, Watch
    from quantamm_cli.cli.stored import Selected
    from quantamm_cli.market import Market


@dataclass(frozen=True)
class Asked:
    """What is to be evaluated: a parameter set of a run, under settings that may differ from the run's own."""

    settings: Train
    found: Run
    selected: "Selected"
    dates: tuple[Dates, ...] = ()
    sets: tuple[int, ...] = ()
    curvature: bool = False

    @property
    def folder(self) -> Path:
        """A folder for each selection; other settings than the run's own get one of their own."""
        name = f"{self.selected.method}-{self.selected.step}-{self.selected.set}"
        if self.settings.fingerprint != self.found.fingerprint:
            name += "-" + sha256(self.settings.identity())[:12]
        return self.found.folder / name

    @property
    def selection(self) -> Selection:
        """The chosen set as a report names it."""
        return Selection(self.selected.method, self.selected.step, self.selected.set)

    @property
    def told(self) -> dict[str, Any]:
        """What the JSON object begins with."""
        return {"run": self.found.name, "fingerprint": self.found.fingerprint, "selection": self.selected.told}


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Load parameters by a selection rule and score them; returns the JSON object."""
    from quantamm_cli.cli.result import Watch

    if tree["split"]["kind"] == "walk_forward":
        from quantamm_cli.cli.walk_forward import evaluated as walked

        return walked(tree, options, console)
    watch = Watch()
    asked = ask(tree, options)
    if options.dry_run:
        return {"command": "evaluate"} | asked.told
    watch.lap("start")
    told, scored = evaluated(asked, console, watch)
    if options.plots:
        from quantamm_cli.cli.drawing import draw, of_run

        told["files"] |= draw(of_run(asked, scored, told, options), asked.folder)
        watch.lap("plots")
    return {"command": "evaluate"} | told


def ask(tree: dict[str, Any], options: Options) -> Asked:
    """Find the run, what is chosen of it and what else is asked; all that can be wrong with the words is found here."""
    from quantamm_cli.cli.stored import chooser, laid_over
    from quantamm_cli.cli.whole import read_sets

    dates = read_dates(options.periods)
    if options.plots:
        from quantamm_cli.cli.drawing import check

        check()
    start_jax()
    if options.run is not None:
        found = Store(tree["runs_dir"]).load(options.run)
        settings = read_settings(Train, laid_over(found, tree, options.overrides))
        own = read_settings(Train, laid_over(found, tree, ()))
    else:
        settings = own = read_settings(Train, tree)
        found = _trained(settings)
    if not found.entries:
        raise StoreError(str(found.path), "holds no step yet; let qsim train take one")
    return Asked(settings, found, chooser(own, options)(found), dates, read_sets(options.sets, found), options.curvature)


def _trained(settings: Train) -> Run:
    store = Store(settings.runs_dir)
    if not store.path(settings.fingerprint).exists():
        raise StoreError(
            settings.runs_dir, f"no run_{settings.fingerprint[:12]}… of these settings; train it first: qsim train with the same words"
        )
    return store.load(settings.fingerprint)


def evaluated(asked: Asked, console: Console, watch: "Watch") -> tuple[dict[str, Any], "Scored"]:
    """Score what is asked from every side; the JSON object without the command's name, and what it was made from."""
    from quantamm_cli.cli.whole import whole

    settings = asked.settings
    market = load_market(settings, settings.test_end or settings.end)
    own = markets(asked.dates, settings, market)
    scored = closing(asked, market, console, watch, followed=True)
    told = asked.told | scored.told | whole(asked, scored, own, console, watch)
    if asked.curvature:
        from quantamm_cli.cli.curvature import curvature

        told["hessian_trace"] = curvature(settings, market, scored.raw, console)
        watch.lap("curvature")
    told["files"] = {"checkpoint": str(asked.found.path)} | told["files"]
    return told, scored


def assessed(command: str, settings: Train, found: Run, selected: "Selected", console: Console, watch: "Watch", market: "Market") -> Any:
    """Score a selected parameter set as a training ends, write its trajectory, show the tables; the JSON object they come from."""
    asked = Asked(settings, found, selected)
    told = asked.told | closing(asked, market, console, watch).told
    return {"command": command} | told | {"files": {"checkpoint": str(found.path)} | told["files"]}


def closing(asked: Asked, market: "Market", console: Console, watch: "Watch", followed: bool = False) -> "Scored":
    """The chosen set over all periods as one run, beside its benchmarks."""
    from quantamm_cli.cli.result import scored

    settings = asked.settings
    dates = ", ".join(f"{name} from {date_text(minute(settings.start) + first)}" for name, first, _ in settings.spans)
    title = f"{asked.found.name[:16]}  {asked.selection.said}\n{dates}"
    return scored(settings, asked.selected.params, settings.spans, market, asked.folder, title, console, watch, followed)
