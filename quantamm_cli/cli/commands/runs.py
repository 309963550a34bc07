"""``qsim runs``: what has been trained, cycled, played and tuned, what came of it, whether the files are sound, what others trained."""

from pathlib import Path
from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.monitor import ConsoleMonitor
from quantamm_cli.cli.options import Options
from quantamm_cli.config.components import load_components
from quantamm_cli.errors import ConfigError, StoreError
from quantamm_cli.settings.digest import canonical
from quantamm_cli.settings.json_tree import dotted
from quantamm_cli.store.named import KINDS, NAME_DIGITS
from quantamm_cli.store.runs import Other, Run, Store, Summary
from quantamm_cli.workflows.results import Result

OTHERS = {"walk": "walk_forwards", "compete": "competitions", "study": "studies"}
"""What is no run, by the key under which it is told."""


def run(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """List, show, compare or verify the runs under ``runs_dir``, or import some; returns the JSON object."""
    store = Store(tree["runs_dir"])
    verb, names = options.words[0], options.words[1:]
    wanted = {"list": (0, 0), "show": (1, 1), "compare": (2, None), "verify": (0, 0), "import": (1, None)}[verb]
    if len(names) < wanted[0] or (wanted[1] is not None and len(names) > wanted[1]):
        cure = {"show": "name one run", "compare": "name two runs or more", "import": "name a result file of quantammsim, or several"}
        raise ConfigError(verb, cure.get(verb, "takes no names"))
    match verb:
        case "list":
            told = _list(store, console)
        case "show":
            told = _show_named(store, names[0], options, console)
        case "compare":
            load_components()
            from quantamm_cli.workflows.compare import compare

            told = _shown(compare(names, tree, options.selection, ConsoleMonitor(console)), console)
        case "import":
            load_components()
            from quantamm_cli.workflows.import_quantammsim import import_quantammsim

            told = _shown(import_quantammsim(names, tree["runs_dir"], options.config_dir, ConsoleMonitor(console)), console)
        case _:
            told = _verify(store, console)
    return {"command": "runs"} | told


def _shown(result: Result, console: Console) -> dict[str, Any]:
    console.show(*result.tables())
    return result.to_dict()


def _list(store: Store, console: Console) -> dict[str, Any]:
    found, others = store.list(), store.others()
    lines = [(item.modified, _run_line(item)) for item in found] + [(item.modified, _other_line(item)) for item in others]
    lines.sort(key=lambda line: (line[0], line[1][0]), reverse=True)
    if lines:
        heads: list[str | tuple[str, str]] = ["run", "kind", "status", "what", "tokens", "of", "metric", ("best", ".4f"), "modified (UTC)"]
        console.table("", heads, [[*line, f"{modified:%Y-%m-%d %H:%M}"] for modified, line in lines])
    else:
        console.say(f"no runs in {store.root}")
    keys = ("fingerprint", "status", "steps", "best", "metric", "tokens", "pool", "problem")
    told = {"runs": [{key: getattr(item, key) for key in keys} | {"checkpoint": str(item.path)} for item in found]}
    return told | {key: [_other(item) for item in others if item.held.kind == kind] for kind, key in OTHERS.items()}


def _run_line(item: Summary) -> list[Any]:
    steps = None if item.steps is None else f"{item.steps} steps"
    what = item.pool or item.problem or ""
    return [item.fingerprint[:NAME_DIGITS], "run", item.status, what, " ".join(item.tokens), steps, item.metric or "", item.best]


def _other_line(item: Other) -> list[Any]:
    told = item.told
    what = told.get("pool") or ", ".join(told.get("strategies", ())) or item.problem or ""
    if "sweep" in told:
        what = f"{told['sweep']['strategy']}: {told['points']} points of {', '.join(told['sweep']['axes'])}"
    count = next((f"{told[key]} {key}" for key in ("cycles", "seeds", "trials") if key in told), None)
    named = [item.held.fingerprint[:NAME_DIGITS], KINDS[item.held.kind], item.status, what]
    return [*named, " ".join(told.get("tokens", ())), count, told.get("metric", ""), told.get("best")]


def _other(item: Other) -> dict[str, Any]:
    named = {"run": item.held.name, "fingerprint": item.held.fingerprint, "status": item.status}
    return named | item.told | {"problem": item.problem, "file": str(item.file)}


def _show_named(store: Store, name: str, options: Options, console: Console) -> dict[str, Any]:
    held = store.named(name)
    if held.kind == "run":
        return _show(store.load(held.path), options, console)
    from quantamm_cli.cli.kept import show

    return show(held, options, console)


def _show(found: Run, options: Options, console: Console) -> dict[str, Any]:
    """Settings, where they came from, and what each selection rule chooses."""
    from quantamm_cli.workflows.selection import all_selections

    choices = all_selections(found, options.minimum)
    settings = dict(dotted(found.settings))
    console.table(f"{found.name}  {found.status}", ["setting", "value"], [[name, canonical(value)] for name, value in settings.items()])
    origin = dict(dotted({name: value for name, value in found.provenance.items() if name != "data"}))
    console.table("made by", ["", "value"], [[name, canonical(value)] for name, value in origin.items()])
    _show_choices(choices, console)
    parts = {"run": found.name, "fingerprint": found.fingerprint, "status": found.status, "step": found.step}
    return parts | {
        "settings": found.settings,
        "provenance": found.provenance,
        "selections": choices,
        "files": {"checkpoint": str(found.path)},
    }


def _show_choices(choices: dict[str, Any], console: Console) -> None:
    if not choices:
        return
    any_one = next(iter(choices.values()))
    periods = list(any_one["scores"])
    rows = [[rule, item["step"], item["set"], *(item["scores"][period] for period in periods)] for rule, item in choices.items()]
    console.table(f"--load chooses ({any_one['metric']})", ["rule", "step", "set", *((period, ".4f") for period in periods)], rows)


def _verify(store: Store, console: Console) -> dict[str, Any]:
    """Read everything again. Raises StoreError if anything is wrong, after telling all of it."""
    findings = store.verify()
    count = len(store.list())
    kinds = [held.kind for held in store.holdings()]
    others = {key: kinds.count(kind) for kind, key in OTHERS.items()}
    if findings:
        console.table("", ["file", "what is wrong"], [[str(Path(item.path)), item.problem] for item in findings])
        raise StoreError(str(store.root), f"{len(findings)} file(s) are damaged: {findings[0].path}: {findings[0].problem}")
    said = {kind: (others[key], KINDS[kind] if others[key] == 1 else key.replace("_", "-")) for kind, key in OTHERS.items()}
    more = "".join(f", {number} {what}" for number, what in said.values() if number)
    console.say(f"{count} run(s){more} in {store.root} are sound")
    return {"sound": count} | others
