"""The package in figures: files, functions, rooms, circles of imports,
and what the type checker does not see.

python tests/figures.py [FOLDER] FOLDER holds quantamm_cli; by default the project this file is in
"""

import ast
import re
import statistics
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATTERNS = {
    "dict[str, Any]": r"dict\[str, Any\]",
    "its aliases": r"Mapping\[str, (?:Any|object)\]|dict\[str, object\]|cast\(Any",
    "assert isinstance": r"assert isinstance",
    "type: ignore": r"type: ignore",
}
EXPRESSIONS: dict[str, tuple[type[ast.AST], ...]] = {
    "comprehensions": (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    "conditional expressions": (ast.IfExp,),
}
PRIVATE_WORDS = {"told", "found", "said", "given", "seen", "heard", "kept"}
Edges = Mapping[str, set[str]]


def modules(root: Path) -> dict[str, Path]:
    """The files of the package by dotted name."""
    package = root / "quantamm_cli"
    paths = sorted(package.rglob("*.py"))
    names = (".".join(path.relative_to(root).with_suffix("").parts) for path in paths)
    return dict(zip((name.removesuffix(".__init__") for name in names), paths, strict=True))


def imports(root: Path) -> dict[str, set[str]]:
    """Which modules each module imports, inside functions too."""
    files = modules(root)
    return {name: set(_imported(path, files)) - {name} for name, path in files.items()}


def _imported(path: Path, files: Mapping[str, Path]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield from (
                    name for name in (whole if whole in files else node.module,) if name in files
                )
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in files)


def circles(edges: Edges) -> list[list[str]]:
    """Modules that reach each other, each group once.

    A module is in a circle if it can be reached from what it imports.
    """
    reached = {name: _reached(name, edges) for name in edges}
    groups = {
        tuple(sorted({name} | {other for other in reachable if name in reached[other]}))
        for name, reachable in reached.items()
        if name in reachable
    }
    return sorted(map(list, groups))


def _reached(name: str, edges: Edges) -> set[str]:
    reachable: set[str] = set()
    waiting = [*edges[name]]
    while waiting:
        one = waiting.pop()
        if one not in reachable:
            reachable.add(one)
            waiting += edges[one]
    return reachable


def rooms(root: Path) -> dict[str, int]:
    """Lines of each package below the top, the largest first."""
    sizes: dict[str, int] = {}
    for path in modules(root).values():
        inside = path.relative_to(root / "quantamm_cli").parts
        room = inside[0] if len(inside) > 1 else "(top)"
        sizes[room] = sizes.get(room, 0) + _lines(path)
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def _functions(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1


def counts(root: Path) -> dict[str, int]:
    """How often the type checker is told nothing, by how."""
    text = "\n".join(path.read_text() for path in modules(root).values())
    return {name: len(re.findall(pattern, text)) for name, pattern in PATTERNS.items()}


def densities(root: Path) -> dict[str, float]:
    """Comprehensions and conditional expressions per 1,000 lines."""
    files = modules(root).values()
    thousands = sum(map(_lines, files)) / 1000
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text()))]
    return {
        name: sum(isinstance(node, kinds) for node in nodes) / thousands
        for name, kinds in EXPRESSIONS.items()
    }


def bound_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of each function, class, argument, variable, attribute and alias bound."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            names = [node.id if isinstance(node, ast.Name) else node.attr]
            names = names if isinstance(node.ctx, ast.Store) else []
        elif isinstance(node, ast.alias | ast.arg):
            names = [node.asname if isinstance(node, ast.alias) else node.arg]
        else:  # a function, class, handler of exceptions, pattern, rest of a mapping pattern
            names = [getattr(node, "name", None), getattr(node, "rest", None)]
        yield from ((getattr(node, "lineno", 0), name) for name in names if name)


def private_words(tree: ast.AST) -> list[tuple[int, str]]:
    """Names that say that there is a value, not what it is; leading underscores are ignored."""
    return [pair for pair in bound_names(tree) if pair[1].lstrip("_") in PRIVATE_WORDS]


def main(root: Path) -> None:
    """Print the figures."""
    files = modules(root).values()
    lengths = [_lines(path) for path in files]
    functions = sorted(size for path in files for size in _functions(path))
    total = sum(lengths)
    print(
        f"files      {len(lengths)}, median {statistics.median(lengths):.0f} lines, longest "
        f"{max(lengths)}, {total} in all"
    )
    print(
        f"functions  {len(functions)}, median {statistics.median(functions):.0f} lines, "
        f"longest {functions[-1]}"
    )
    groups = circles(imports(root))
    print(f"circles    {len(groups)}")
    for group in groups:
        print(f"           {' '.join(group)}")
    print(
        "rooms      "
        + ", ".join(
            f"{room} {size / total:.0%}"
            for room, size in rooms(root).items()
            if size / total > 0.01
        )
    )
    print("counts     " + ", ".join(f"{name} {count}" for name, count in counts(root).items()))
    shares = (f"{name} {share:.1f}" for name, share in densities(root).items())
    print("per 1,000  " + ", ".join(shares))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
