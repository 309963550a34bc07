"""The results in a folder: listed, verified, and one of the runs shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quantamm_cli.errors import StoreError
from quantamm_cli.reporting import stored_tables
from quantamm_cli.reporting.stored_tables import Chosen, Line
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.store.named import KINDS, NAME_DIGITS
from quantamm_cli.store.runs import Finding, Other, Run, Store, Summary
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.selection import all_selections

OTHERS = {"walk": "walk_forwards", "compete": "competitions", "study": "studies"}
"""What is no run, by its key in JSON."""
_RUN = ("fingerprint", "status", "steps", "best", "metric", "tokens", "pool", "problem")


@dataclass(frozen=True)
class Folder(Result):
    """Runs, walk-forwards, competitions and studies, each with a few facts."""

    root: Path
    runs: tuple[Summary, ...]
    others: tuple[Other, ...]

    def to_dict(self) -> dict[str, Json]:
        listed: dict[str, Json] = {"runs": [_run(each) for each in self.runs]}
        for kind, key in OTHERS.items():
            listed[key] = [_other(each) for each in self.others if each.held.kind == kind]
        return listed

    def tables(self) -> Sequence[Table | str]:
        lines = [*map(_run_line, self.runs), *map(_other_line, self.others)]
        return [stored_tables.folder_table(lines)] if lines else [f"no runs in {self.root}"]


def list_results(runs_dir: str) -> Folder:
    """Everything in a folder; damaged results are listed as such."""
    store = Store(runs_dir)
    return Folder(store.root, tuple(store.list()), tuple(store.others()))


def _run(run: Summary) -> dict[str, Json]:
    return {key: getattr(run, key) for key in _RUN} | {"checkpoint": str(run.path)}


def _run_line(run: Summary) -> Line:
    return Line(
        name=run.fingerprint[:NAME_DIGITS],
        kind="run",
        status=run.status,
        what=run.pool or run.problem or "",
        tokens=run.tokens,
        size=None if run.steps is None else f"{run.steps} steps",
        metric=run.metric or "",
        best=run.best,
        modified=run.modified,
    )


def _other(other: Other) -> dict[str, Json]:
    named = {"run": other.held.name, "fingerprint": other.held.fingerprint, "status": other.status}
    return {**named, **other.told, "problem": other.problem, "file": str(other.file)}


def _other_line(other: Other) -> Line:
    facts, sizes = other.told, ("cycles", "seeds", "trials")
    what = facts.get("pool") or ", ".join(facts.get("strategies", ())) or other.problem or ""
    if "sweep" in facts:
        axes = ", ".join(facts["sweep"]["axes"])
        what = f"{facts['sweep']['strategy']}: {facts['points']} points of {axes}"
    return Line(
        name=other.held.fingerprint[:NAME_DIGITS],
        kind=KINDS[other.held.kind],
        status=other.status,
        what=what,
        tokens=facts.get("tokens", ()),
        size=next((f"{facts[size]} {size}" for size in sizes if size in facts), None),
        metric=facts.get("metric", ""),
        best=facts.get("best"),
        modified=other.modified,
    )


@dataclass(frozen=True)
class Verification(Result):
    """Whether every file is as it was written."""

    root: Path
    damages: tuple[Finding, ...]
    runs: int
    others: dict[str, int]
    """How many there are of everything else, by kind."""

    def to_dict(self) -> dict[str, Json]:
        return {"sound": self.runs, **{key: self.others[kind] for kind, key in OTHERS.items()}}

    def tables(self) -> Sequence[Table | str]:
        if self.damages:
            damages = [(each.path, each.problem) for each in self.damages]
            return [stored_tables.damages_table(damages)]
        counted = {kind: count for kind, count in self.others.items() if count}
        others = "".join(f", {count} {_called(kind, count)}" for kind, count in counted.items())
        return [f"{self.runs} run(s){others} in {self.root} are sound"]

    def refuse(self) -> None:
        if self.damages:
            first = f"{self.damages[0].path}: {self.damages[0].problem}"
            raise StoreError(str(self.root), f"{len(self.damages)} file(s) are damaged: {first}")


def verify_results(runs_dir: str) -> Verification:
    """Read everything in a folder again."""
    store = Store(runs_dir)
    damages, runs = tuple(store.verify()), len(store.list())
    kinds = [each.kind for each in store.holdings()]
    return Verification(store.root, damages, runs, {kind: kinds.count(kind) for kind in OTHERS})


def _called(kind: str, count: int) -> str:
    return KINDS[kind] if count == 1 else OTHERS[kind].replace("_", "-")


@dataclass(frozen=True)
class StoredRun(Result):
    """A run's settings, where they came from, and what each selection rule chooses."""

    run: Run
    minimum: float = 0.0
    """Least score on the other period, for the rules that ask one."""

    def to_dict(self) -> dict[str, Json]:
        return {
            "run": self.run.name,
            "fingerprint": self.run.fingerprint,
            "status": self.run.status,
            "step": self.run.step,
            "settings": self.run.settings,
            "provenance": self.run.provenance,
            "selections": all_selections(self.run, self.minimum),
            "files": {"checkpoint": str(self.run.path)},
        }

    def tables(self) -> Sequence[Table | str]:
        run, choices = self.run, all_selections(self.run, self.minimum)
        origin = {name: value for name, value in run.provenance.items() if name != "data"}
        shown = [
            stored_tables.leaves_table(f"{run.name}  {run.status}", "setting", run.settings),
            stored_tables.leaves_table("made by", "", origin),
        ]
        if choices:
            chosen = [Chosen(rule, choice["step"], choice["set"], choice["scores"]) for rule, choice in choices.items()]
            metric = next(iter(choices.values()))["metric"]
            shown.append(stored_tables.choices_table(metric, chosen))
        return shown
