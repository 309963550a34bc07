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
from quantamm_cli.settings.json_tree import Json, JsonObject, finite, without
from quantamm_cli.settings.run import Train
from quantamm_cli.store.result_names import KINDS, NAME_DIGITS
from quantamm_cli.store.runs import Finding, Other, Run, Store, Summary
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.selection import all_selections

if TYPE_CHECKING:
    import polars

OTHERS = {"walk": "walk_forwards", "compete": "competitions", "study": "studies"}
"""The JSON keys of the results that are not runs."""
OLDER = ", older"
_MARKED = "older: a definition has changed since; `qsim runs show` of a result says which"
_RUN = ("fingerprint", "status", "steps", "best", "metric", "tokens", "pool", "problem")


@dataclass(frozen=True)
class Folder(Result):
    """The runs, walk-forwards, competitions and studies of a folder, each in a few facts."""

    root: Path
    runs: tuple[Summary, ...]
    others: tuple[Other, ...]

    @property
    def lines(self) -> list[Line]:
        """One for each result, the last modified first."""
        lines = [*map(_run_line, self.runs), *map(_other_line, self.others)]
        return sorted(lines, key=lambda line: (line.modified, line.name), reverse=True)

    def frame(self) -> "polars.DataFrame":
        """A row for each result, with the columns of :class:`Line`."""
        import polars

        text, names = polars.String(), polars.List(polars.String)
        types: dict[str, polars.DataType] = {
            "name": text,
            "kind": text,
            "status": text,
            "what": text,
            "tokens": names,
            "size": text,
            "metric": text,
            "best": polars.Float64(),
            "modified": polars.Datetime("ms", "UTC"),
        }
        rows = [line._asdict() | {"tokens": list(line.tokens)} for line in self.lines]
        return polars.DataFrame(rows, schema=types)

    def to_dict(self) -> dict[str, Json]:
        tree: dict[str, Json] = {"runs": [_run(each) for each in self.runs]}
        for kind, key in OTHERS.items():
            tree[key] = [_other(each) for each in self.others if each.result.kind == kind]
        return tree

    def tables(self) -> Sequence[Table | str]:
        if not self.lines:
            return [f"no runs in {self.root}"]
        marked = any(map(_older, self.runs)) or any(map(_older, self.others))
        return [folder_table(self.lines), *[_MARKED] * marked]


def list_results(runs_dir: str) -> Folder:
    """All results in a folder; damaged ones are listed with their problem."""
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
    return {
        "run": each.result.name,
        "fingerprint": each.result.fingerprint,
        "status": each.status,
        **finite(each.facts),
        **older_json(each.older),
        "problem": each.problem,
        "file": str(each.file),
    }


def _other_line(each: Other) -> Line:
    facts = each.facts
    sizes = (f"{facts[key]} {key}" for key in ("cycles", "seeds", "trials") if key in facts)
    what = facts.get("pool") or ", ".join(facts.get("strategies", ())) or each.problem or ""
    if "sweep" in facts:
        axes = ", ".join(facts["sweep"]["axes"])
        what = f"{facts['sweep']['strategy']}: {facts['points']} points of {axes}"
    return Line(
        name=each.result.fingerprint[:NAME_DIGITS],
        kind=KINDS[each.result.kind],
        status=_status(each),
        what=what,
        tokens=facts.get("tokens", ()),
        size=next(sizes, None),
        metric=facts.get("metric", ""),
        best=facts.get("best"),
        modified=each.modified,
    )


@dataclass(frozen=True)
class Verification(Result):
    """Files that are not as they were written, and how many results there are."""

    root: Path
    damages: tuple[Finding, ...]
    runs: int
    others: dict[str, int]
    """Numbers of other results, by kind."""

    def to_dict(self) -> dict[str, Json]:
        return {"sound": self.runs, **{key: self.others[kind] for kind, key in OTHERS.items()}}

    def tables(self) -> Sequence[Table | str]:
        if self.damages:
            return [damages_table([(each.path, each.problem) for each in self.damages])]
        numbers = [f"{self.runs} run(s)"]
        for kind, count in self.others.items():
            if count:
                numbers.append(f"{count} {_kind_text(kind, count)}")
        return [f"{', '.join(numbers)} in {self.root} are sound"]

    def refuse(self) -> None:
        if self.damages:
            first = f"{self.damages[0].path}: {self.damages[0].problem}"
            raise StoreError(str(self.root), f"{len(self.damages)} file(s) are damaged: {first}")


def verify_results(runs_dir: str) -> Verification:
    """Check every file of the results in a folder."""
    store = Store(runs_dir)
    damages = tuple(store.verify())
    kinds = [result.kind for result in store.stored_results()]
    others = {kind: kinds.count(kind) for kind in OTHERS}
    return Verification(store.root, damages, len(store.list()), others)


def _kind_text(kind: str, number: int) -> str:
    return KINDS[kind] if number == 1 else OTHERS[kind].replace("_", "-")


@dataclass(frozen=True)
class StoredRun(Result):
    """A run: its settings, its provenance, and what each selection rule chooses."""

    run: Run
    minimum: float = 0.0
    """Least score on the other period, for the rules that take one."""

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
        """The plain tree that its name is the digest of."""
        return self.run.settings

    @property
    def history(self) -> "polars.DataFrame":
        """One row for each step and parameter set: ``step``, ``set``, ``objective``,
        ``learning_rate``, and ``period.metric`` of each metric.
        """
        import polars

        rows = []
        for entry in self.run.history():
            for number, objective in enumerate(entry["objective"]):
                row = {
                    "step": entry["step"],
                    "set": number,
                    "objective": objective,
                    "learning_rate": entry["learning_rate"],
                }
                for period, table in entry["metrics"].items():
                    for name, column in table.items():
                        row[f"{period}.{name}"] = column[number]
                rows.append(finite(row))
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
        parts: list[Table | str] = [
            leaves_table(f"{run.name}  {run.status}", run.settings),
            *map(str, run.older),
            leaves_table("made by", without(run.provenance, "data")),
        ]
        if choices:
            parts.append(selections_table(choices))
        return parts


def load_trained(settings: Train) -> Run:
    """The stored run of some settings. Raises StoreError if it is missing or damaged."""
    store = Store(settings.runs_dir)
    if not store.path(settings.fingerprint).exists():
        raise StoreError(
            settings.runs_dir,
            f"has no run_{settings.fingerprint[:12]}… of these settings; train it first: qsim "
            "train with the same arguments",
        )
    return store.load(settings.fingerprint)
