"""``qsim runs``: what has been trained, what came of it, whether the files are sound, and what others trained."""

from pathlib import Path
from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.cli.selections import selections
from quantamm_cli.errors import ConfigError, StoreError
from quantamm_cli.report.tables import dotted
from quantamm_cli.settings.digest import canonical
from quantamm_cli.store.runs import Run, Store

NAME_DIGITS = 12
"""Digits of a fingerprint that tables show."""


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
            told = _show(store.load(names[0]), options, console)
        case "compare":
            from quantamm_cli.cli.compare import compared

            told = compared(names, tree, options, console)
        case "import":
            from quantamm_cli.cli.imported import imported

            told = imported(names, options, console, store)
        case _:
            told = _verify(store, console)
    return {"command": "runs"} | told


def _list(store: Store, console: Console) -> dict[str, Any]:
    found = store.list()
    rows = [
        [
            item.fingerprint[:NAME_DIGITS],
            item.status,
            item.pool or item.problem or "",
            " ".join(item.tokens),
            item.steps,
            item.metric or "",
            item.best,
            f"{item.modified:%Y-%m-%d %H:%M}",
        ]
        for item in found
    ]
    if rows:
        console.table("", ["run", "status", "pool", "tokens", "step", "metric", ("best", ".4f"), "modified (UTC)"], rows)
    else:
        console.say(f"no runs in {store.root}")
    keys = ("fingerprint", "status", "steps", "best", "metric", "tokens", "pool", "problem")
    return {"runs": [{key: getattr(item, key) for key in keys} | {"checkpoint": str(item.path)} for item in found]}


def _show(found: Run, options: Options, console: Console) -> dict[str, Any]:
    """Settings, where they came from, and what each selection rule chooses."""
    choices = selections(found, options)
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
    if findings:
        console.table("", ["file", "what is wrong"], [[str(Path(item.path)), item.problem] for item in findings])
        raise StoreError(str(store.root), f"{len(findings)} file(s) are damaged: {findings[0].path}: {findings[0].problem}")
    console.say(f"{count} run(s) in {store.root} are sound")
    return {"sound": count}
