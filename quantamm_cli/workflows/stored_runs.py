"""The results in a folder: listed, verified, and one of the runs shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quantamm_cli.errors import StoreError
from quantamm_cli.reporting.run_tables import selections_table
from quantamm_cli.reporting.stored_tables import Line, damages_table, folder_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.reporting.tables import leaves_table
from quantamm_cli.settings.history import older_json
from quantamm_cli.settings.json_tree import Json, JsonObject, finite
from quantamm_cli.settings.run import Train
from quantamm_cli.store.result_names import KINDS, NAME_DIGITS
from quantamm_cli.store.runs import Finding, Other, Run, Store, Summary
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.selection import all_selections

if TYPE_CHECKING:
    import polars

OTHERS = {"walk": "walk_forwards", "compete": "competitions", "study": "studies"}
"""What is no run, by its key in JSON."""
OLDER = ", older"
_MARKED = "older: a definition has changed since; `qsim runs show` of a result says which"
_RUN = ("fingerprint", "status", "steps", "best", "metric", "tokens", "pool", "problem")


@dataclass(frozen=True)
class Folder(Result):
    """Runs, walk-forwards, competitions and studies, each with a few facts."""

    root: Path
    runs: tuple[Summary, ...]
    others: tuple[Other, ...]

    @property
    def lines(self) -> list[Line]:
        """One a result, as a listing shows it; the last modified first."""
        lines = [*map(_run_line, self.runs), *map(_other_line, self.others)]
        return sorted(lines, key=lambda line: (line.modified, line.name), reverse=True)

    def frame(self) -> "polars.DataFrame":
        """A row a result with the columns of :class:`Line`."""
        import polars

        text, names = polars.String(), polars.List(polars.String)
        types: dict[str, polars.DataType] = {
            "name": text,
            "kind": text,
            "status": text,
            "what": text,
            "tokens": names,
            "size": text,
        }
        types |= {
            "metric": text,
            "best": polars.Float64(),
            "modified": polars.Datetime("ms", "UTC"),
        }
        return polars.DataFrame(
            [line._asdict() | {"tokens": list(line.tokens)} for line in self.lines], schema=types
        )

    def to_dict(self) -> dict[str, Json]:
        kinds: dict[str, Json] = {
            key: [_other(each) for each in self.others if each.held.kind == kind]
            for kind, key in OTHERS.items()
        }
        return {"runs": [_run(each) for each in self.runs], **kinds}

    def tables(self) -> Sequence[Table | str]:
        if not self.lines:
            return [f"no runs in {self.root}"]
        marked = any(map(_older, self.runs)) or any(map(_older, self.others))
        return [folder_table(self.lines), *[_MARKED] * marked]


def list_results(runs_dir: str) -> Folder:
    """Everything in a folder; damaged results are listed as such."""
    store = Store(runs_dir)
    return Folder(store.root, tuple(store.list()), tuple(store.others()))


def _run(each: Summary) -> dict[str, Json]:
    shown = {key: getattr(each, key) for key in _RUN}
    return {**shown, **older_json(each.older), "checkpoint": str(each.path)}


def _older(each: Summary | Other) -> bool:
    return bool(each.older)


def _status(each: Summary | Other) -> str:
    return f"{each.status}{OLDER * bool(each.older)}"


def _run_line(each: Summary) -> Line:
    return Line(
        name=each.fingerprint[:NAME_DIGITS],
        kind="run",
        status=_status(each),
        what=each.pool or each.problem or "",
        tokens=each.tokens,
        size=None if each.steps is None else f"{each.steps} steps",
        metric=each.metric or "",
        best=each.best,
        modified=each.modified,
    )


def _other(each: Other) -> dict[str, Json]:
    named = {"run": each.held.name, "fingerprint": each.held.fingerprint, "status": each.status}
    facts = {**named, **finite(each.facts), **older_json(each.older)}
    return {**facts, "problem": each.problem, "file": str(each.file)}


def _other_line(each: Other) -> Line:
    facts = each.facts
    counted = (f"{facts[key]} {key}" for key in ("cycles", "seeds", "trials") if key in facts)
    what = facts.get("pool") or ", ".join(facts.get("strategies", ())) or each.problem or ""
    if "sweep" in facts:
        axes = ", ".join(facts["sweep"]["axes"])
        what = f"{facts['sweep']['strategy']}: {facts['points']} points of {axes}"
    return Line(
        name=each.held.fingerprint[:NAME_DIGITS],
        kind=KINDS[each.held.kind],
        status=_status(each),
        what=what,
        tokens=facts.get("tokens", ()),
        size=next(counted, None),
        metric=facts.get("metric", ""),
        best=facts.get("best"),
        modified=each.modified,
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
            return [damages_table([(each.path, each.problem) for each in self.damages])]
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
    damages = tuple(store.verify())
    kinds = [held.kind for held in store.holdings()]
    return Verification(
        store.root, damages, len(store.list()), {kind: kinds.count(kind) for kind in OTHERS}
    )


def _called(kind: str, number: int) -> str:
    return KINDS[kind] if number == 1 else OTHERS[kind].replace("_", "-")


@dataclass(frozen=True)
class StoredRun(Result):
    """A run's settings, where they came from, and what each selection rule chooses."""

    run: Run
    minimum: float = 0.0
    """Least score on the other period, for the rules that ask one."""

    @property
    def name(self) -> str:
        """``run_<sha256>``."""
        return self.run.name

    @property
    def status(self) -> str:
        """``running``, ``stopped`` or ``finished``."""
        return self.run.status

    @property
    def settings(self) -> JsonObject:
        """The plain tree that names it."""
        return self.run.settings

    @property
    def history(self) -> "polars.DataFrame":
        """One row a step and parameter set: ``step``, ``set``, ``objective``, ``learning_rate``,
        and ``period.metric`` of each metric.
        """
        import polars

        rows = []
        for entry in self.run.history():
            for one, objective in enumerate(entry["objective"]):
                scores = {
                    f"{period}.{name}": column[one]
                    for period, table in entry["metrics"].items()
                    for name, column in table.items()
                }
                head = {
                    "step": entry["step"],
                    "set": one,
                    "objective": objective,
                    "learning_rate": entry["learning_rate"],
                }
                rows.append(finite(head | scores))
        return polars.DataFrame(rows, infer_schema_length=None)

    def to_dict(self) -> dict[str, Json]:
        run = self.run
        return {
            "run": run.name,
            "fingerprint": run.fingerprint,
            "status": run.status,
            "step": run.step,
            "settings": run.settings,
            "provenance": run.provenance,
            "selections": finite(all_selections(run, self.minimum)),
            **older_json(run.older),
            "files": {"checkpoint": str(run.path)},
        }

    def tables(self) -> Sequence[Table | str]:
        run, choices = self.run, all_selections(self.run, self.minimum)
        origin = {name: value for name, value in run.provenance.items() if name != "data"}
        shown: list[Table | str] = [
            leaves_table(f"{run.name}  {run.status}", run.settings),
            *map(str, run.older),
            leaves_table("made by", origin),
        ]
        if choices:
            shown.append(selections_table(choices))
        return shown


def trained(settings: Train) -> Run:
    """The run of some settings. Raises StoreError if there is none, or it is damaged."""
    store = Store(settings.runs_dir)
    if not store.path(settings.fingerprint).exists():
        cure = "train it first: qsim train with the same words"
        raise StoreError(
            settings.runs_dir, f"no run_{settings.fingerprint[:12]}… of these settings; {cure}"
        )
    return store.load(settings.fingerprint)
