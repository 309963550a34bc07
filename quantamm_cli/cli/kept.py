"""Walk-forwards, competitions and studies by their names: shown, and drawn from what is kept of them."""

from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.competition.documents import Receipt
from quantamm_cli.errors import ConfigError
from quantamm_cli.reporting.standings import breaches, said_gap, standings_tables
from quantamm_cli.reporting.study_tables import trials_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.reporting.tables import settings
from quantamm_cli.reporting.walk_tables import cycles_table, together_table, verdict_lines
from quantamm_cli.store.named import Held
from quantamm_cli.store.others import competition_place, read_study, walk_place
from quantamm_cli.store.receipts import read_receipt
from quantamm_cli.store.walks import Walk, WalkPlace, read_walk

Told = dict[str, Any]
_WALK = ("run", "fingerprint", "cycles", "aggregate", "verdict")


def show(held: Held, options: Options, console: Console) -> Told:
    """What ``qsim runs show`` says of what is no run; the JSON object."""
    if held.kind == "study":
        return _study(held, console)
    if held.kind == "walk":
        place = _place(held, options)
        found = read_walk(place)
        _print(console, settings(f"{held.short}…", found.settings))
        return _walk(place, found, console)
    receipt = _receipt(held)
    if receipt is not None:
        own = {each["name"]: each["settings"] for each in receipt["strategies"]}
        _print(console, settings(f"{held.short}…", {**receipt["settings"], "strategy": own}))
    return _competition(held, receipt, console)


def report(held: Held, options: Options, console: Console) -> Told:
    """The plots and the page of what is kept of it; the JSON object. Raises ConfigError where there are none."""
    from quantamm_cli.workflows import plots

    if any(word for word in options.overrides if word.partition("=")[0] not in ("runs_dir", "plugins")):
        raise ConfigError(held.short, "is drawn from what is kept of it; for other settings write all of the words, and no name")
    for name in ("periods", "sets", "curvature"):
        if getattr(options, name):
            raise ConfigError(f"--{name}", f"is for a run, and {held.short}… is none; name a run")
    if held.kind == "study":
        raise ConfigError(held.short, f"is a study: `qsim runs show {held.short}` shows its trials, `qsim report RUN` draws the run of one")
    if held.kind == "walk":
        walk = _place(held, options)
        told = _walk(walk, read_walk(walk), console)
        return told if options.dry_run else told | {"files": told["files"] | plots.draw_walk(walk.result, walk.daily)}
    receipt = _receipt(held)
    if receipt is None:
        cure = f"`qsim runs show {held.short}` shows what there is of it"
        raise ConfigError(held.short, f"has no receipt to draw from, as a sweep or a competition that was broken off; {cure}")
    told, scores = _competition(held, receipt, console), competition_place(held).read_scores()
    if options.dry_run or "sweep" in scores:
        return told
    return told | {"files": told["files"] | plots.draw_competition(scores, receipt, held.path)}


def _receipt(held: Held) -> Receipt | None:
    """That of a competition, if it has one."""
    path = competition_place(held).receipt
    return read_receipt(path) if path.exists() else None


def _place(held: Held, options: Options) -> WalkPlace:
    """The files of the choice that ``--load`` names."""
    chosen = "" if options.load is None else f"-{options.load}"
    return walk_place(held, chosen + (f"-{options.minimum:g}" if chosen and "_min_" in chosen else ""))


def _walk(place: WalkPlace, found: Walk, console: Console) -> Told:
    walk = found.result
    told: Told = {key: value for key, value in walk.items() if key in _WALK}
    console.show(cycles_table(walk), together_table(walk))
    runs = [[each["cycle"], each["run"][:16], each["selection"]["step"], each["selection"]["set"]] for each in walk["cycles"]]
    console.table("chosen in each cycle", ["cycle", "run", "step", "set"], runs)
    console.show(*verdict_lines(walk))
    return told | {"status": "finished", "settings": found.settings, "files": {"result": str(place.result), "daily": str(place.daily)}}


def _competition(held: Held, receipt: Receipt | None, console: Console) -> Told:
    place = competition_place(held)
    scores = place.read_scores()
    told: Told = {key: value for key, value in scores.items() if not key.endswith("sha256")}
    seeds, steps = scores["seeds"], "" if "sweep" in scores else f", {scores['steps']} steps each"
    console.say(f"{held.short}…: seeds {seeds['first']} to {seeds['first'] + seeds['count'] - 1}{steps}")
    console.show(*standings_tables(scores))
    for line in breaches(scores):
        console.warn(line)
    if "sweep" not in scores and "gap" in scores:
        console.say(said_gap(scores["gap"]))
    files = {"scores": place.scores, "seeds": place.table, "receipt": place.receipt}
    if receipt is not None:
        told |= {"settings": receipt["settings"], "strategies": receipt["strategies"], "provenance": receipt["versions"]}
    return told | {"status": "finished", "files": {name: str(path) for name, path in files.items() if path.exists()}}


def _study(held: Held, console: Console) -> Told:
    study = read_study(held)
    told: Told = {key: value for key, value in study.items() if key not in ("schema", "sha256")}
    best = study["best"]["number"] if "best" in study else None
    caption = f"{held.short}…  {study['identity']['objective']}"
    console.show(trials_table(caption, study["trials"], list(study["identity"]["space"]), best))
    return {"run": held.name, "fingerprint": held.fingerprint, "status": "finished"} | told


def _print(console: Console, *tables: Table) -> None:
    for table in tables:
        console.table(table.caption, list(table.heads), table.rows)
