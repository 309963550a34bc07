"""Results as Markdown."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- bench: written by make bench -->", "<!-- /bench -->"
Row = dict[str, Any]


def markdown(result: dict[str, Any]) -> str:
    """All tables of a run."""
    rows = result["rows"]
    parts = [_head(result)]
    if len(result["trees"]) > 1:
        parts += [_compared(rows, result["trees"])]
    parts += [_processes(rows), _steps(rows), _paths(rows), _competitions(rows)]
    return "\n\n".join(part for part in parts if part) + "\n"


def short(result: dict[str, Any]) -> str:
    """What the manual shows: processes, steps, and paths with a fee over thirty days."""
    rows = [
        row
        for row in result["rows"]
        if row["kind"] != "path" or (row["fee"], row["days"], row["chunk"]) == (True, 30, 1440)
    ]
    return "\n\n".join(
        part
        for part in (
            _head(result),
            _processes(rows),
            _steps(rows),
            _paths(rows),
            _competitions(rows),
        )
        if part
    )


def into(readme: Path, text: str) -> str:
    """Put a text between the marks of a file; what was done."""
    old = readme.read_text(encoding="utf-8")
    if BEGIN not in old or END not in old:
        return f"{readme.name} has no marks '{BEGIN}' and '{END}'; left as it is"
    before, _, rest = old.partition(BEGIN)
    new = f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}"
    if new != old:
        readme.write_text(new, encoding="utf-8")
    return f"{readme.name} has the new table"


def _head(result: dict[str, Any]) -> str:
    machine = result["machine"]
    return (
        f"{result['revision']}, {result['date']}: {machine['processor']}, {machine['cores']} "
        f"cores, Python {machine['python']}, JAX {machine['jax']}; load {result['load'][0]} "
        f"before, {result['load'][1]} after. Best of the rounds. Peak: what XLA sets aside / the "
        "process's resident memory."
    )


def _processes(rows: Sequence[Row]) -> str:
    columns = ["from the start of the process", "wanted, s", "s", "of the processor, s", "peak, MB"]
    body = [
        [
            row["name"],
            _number(row["target"]),
            *(_each(row, shown) for shown in (_seconds, _processor, _peak)),
        ]
        for row in rows
        if row["kind"] == "process"
    ]
    return _table(columns, body)


def _steps(rows: Sequence[Row]) -> str:
    columns = [
        "training step: gradient, metrics, validation",
        "executor",
        "wanted, ms",
        "ms",
        "first step, s",
        "compile, s",
        "peak, MB",
    ]
    body = []
    for row in (row for row in rows if row["kind"] == "step"):
        for label, result in row["results"].items():
            tail = (
                [
                    _number(result["first_seconds"]),
                    _number(result["compile_seconds"]),
                    _peak(result),
                ]
                if "seconds" in result
                else ["", "", ""]
            )
            body.append(
                [
                    row["name"],
                    _executor(label),
                    _scaled(row["target"], 1e3),
                    _milliseconds(result),
                    *tail,
                ]
            )
    return _table(columns, body)


def _paths(rows: Sequence[Row]) -> str:
    """One row a shape and executor, value and gradient side by side."""
    columns = [
        "tokens",
        "lanes",
        "days",
        "chunks",
        "fee",
        "executor",
        "wanted, ns",
        "value, ns",
        "value + gradient, ns",
        "× scan",
        "compile, s",
        "peak, MB",
    ]
    shapes: dict[tuple[Any, ...], dict[bool, Row]] = {}
    for row in (row for row in rows if row["kind"] == "path"):
        shapes.setdefault((row["tokens"], row["lanes"], row["days"], row["chunk"], row["fee"]), {})[
            row["gradient"]
        ] = row
    body = []
    for (tokens, lanes, days, chunk, fee), pair in sorted(
        shapes.items(), key=lambda item: (item[0][4], item[0][3], item[0][:3])
    ):
        shape = [
            str(tokens),
            str(lanes),
            str(days),
            "daily" if chunk == 1440 else "hourly",
            "30 bp" if fee else "none",
        ]
        wanted = " / ".join(
            _number(pair[g]["target"]) for g in (False, True) if g in pair and pair[g]["target"]
        )
        for label in next(iter(pair.values()))["results"]:
            both = [
                pair[gradient]["results"].get(label, {}) if gradient in pair else {}
                for gradient in (False, True)
            ]
            times = [_number(_nanoseconds(one, tokens, lanes, days)) for one in both]
            last = next((one for one in reversed(both) if "seconds" in one), {})
            compiling = " / ".join(
                _number(one["compile_seconds"]) for one in both if "seconds" in one
            )
            body.append(
                [
                    *shape,
                    _executor(label),
                    wanted,
                    *times,
                    _against_scan(pair, label),
                    compiling,
                    _peak(last),
                ]
            )
    title = "A path, ns a simulated minute and lane (lanes: parameter sets side by side)"
    return _table(columns, body) and f"{title}:\n\n{_table(columns, body)}"


def _competitions(rows: Sequence[Row]) -> str:
    """One row a line-up."""
    columns = [
        "a competition on one core",
        "strategies",
        "wanted, µs",
        "of the processor, µs a step",
        "first time, s",
    ]
    body = []
    for row in (row for row in rows if row["kind"] == "competition"):
        times = [_each(row, lambda one: _number(one["step"] * 1e6) if "step" in one else "–")]
        times += [_each(row, lambda one: _number(one["first"]) if "first" in one else "–")]
        body.append([row["what"], str(row["strategies"]), _number(row["wanted"]), *times])
    return _table(columns, body)


def _compared(rows: Sequence[Row], trees: Sequence[str]) -> str:
    """Ratios of the second tree to the first, where both could; why not, where one could not."""
    old, new = trees[:2]
    body = []
    for row in rows:
        executors = dict.fromkeys(label.partition("/")[2] for label in row["results"])
        for executor in executors:
            labels = [f"{tree}/{executor}" if executor else tree for tree in (old, new)]
            one, other = (row["results"][label] for label in labels)
            if row["kind"] == "competition":
                keys, shown = ("step", "first"), _microseconds
            else:
                memory = "peak_rss" if row["kind"] == "process" else "working_rss"
                keys, shown = ("seconds", "compile_seconds", memory), _seconds
            why = [f"skipped: {each['skipped']}" for each in (one, other) if "skipped" in each]
            ratios = why[:1] or [_ratio(other, one, key) for key in keys]
            blanks = [""] * (3 - len(ratios))
            body.append([row["name"], executor, shown(one), shown(other), *ratios, *blanks])
    columns = ["line", "executor", f"{old}, s", f"{new}, s", "time ×", "compile ×", "memory ×"]
    return _table(columns, body)


def _against_scan(pair: dict[bool, Row], label: str) -> str:
    """Time over the scan's of the same tree in the same run, for value and gradient."""
    tree, _, executor = label.partition("/")
    if not executor or executor == "scan":
        return ""
    found = [
        (row["results"][label], row["results"].get(f"{tree}/scan", {}))
        for row in pair.values()
        if label in row["results"]
    ]
    return " / ".join(
        _ratio(one, scan, "seconds")
        for one, scan in found
        if "seconds" in one and "seconds" in scan
    )


def _ratio(new: Row, old: Row, key: str) -> str:
    return f"{new[key] / old[key]:.2f}" if new.get(key) and old.get(key) else ""


def _nanoseconds(result: Row, tokens: int, lanes: int, days: int) -> float | None:
    return result["seconds"] / (lanes * days * 1440) * 1e9 if "seconds" in result else None


def _executor(label: str) -> str:
    """The executor, with the tree's name unless it is the one that is here."""
    tree, _, executor = label.partition("/")
    return " ".join(part for part in (executor, f"({tree})" if tree != "now" else "") if part)


def _each(row: Row, shown: Callable[[Row], str]) -> str:
    return " / ".join(shown(result) for result in row["results"].values())


def _seconds(result: Row) -> str:
    return _number(result["seconds"]) if "seconds" in result else "–"


def _microseconds(result: Row) -> str:
    return f"{_number(result['step'] * 1e6)} µs" if "step" in result else "–"


def _processor(result: Row) -> str:
    return _number(result["processor_seconds"]) if "processor_seconds" in result else "–"


def _milliseconds(result: Row) -> str:
    return _number(result["seconds"] * 1e3) if "seconds" in result else "–"


def _scaled(value: float | None, scale: float) -> str:
    return _number(None if value is None else value * scale)


def _peak(result: Row) -> str:
    sizes = [f"{result[key] / 2**20:.0f}" for key in ("xla_bytes", "peak_rss") if result.get(key)]
    return " / ".join(sizes)


def _number(value: float | None) -> str:
    """Three significant digits, no exponent."""
    if value is None:
        return ""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:.{digits}f}"


def _table(columns: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    if not body:
        return ""
    lines = [columns, ["---"] * len(columns), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
