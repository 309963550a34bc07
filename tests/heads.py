"""The headings of all tables, read out of the code that makes them."""

import ast
from collections.abc import Iterator
from pathlib import Path

NAMES = ("heads", "columns", "_COLUMNS")
"""Variables that hold headings, besides constants declared as columns."""


def heads(root: Path) -> set[str]:
    """Every heading that is written out; those of tokens, metrics,
    settings and strategies are not.
    """
    found: set[str] = set()
    for room in ("reporting", "workflows"):
        for path in (root / "quantamm_cli" / room).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found |= {head for node in ast.walk(tree) for head in _of(node)}
    return found - {""}


def _of(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="Table"), attr="of")):
            yield from _listed(node.args[1])
        case ast.Call(func=ast.Name(id="Column"), args=[ast.Constant(value=str(head)), *_]):
            yield head
        case ast.AnnAssign(target=ast.Name(), value=ast.expr()) if "Column" in ast.dump(
            node.annotation
        ):
            yield from _listed(node.value)
        case ast.Assign(targets=[ast.Name(id=name)]) if name in NAMES or name.isupper():
            if name in NAMES or name in (
                "SHOWN",
                "PARTS",
                "_EARNED",
                "_LISTED",
                "_PARAMETER",
                "_NAMED",
            ):
                yield from _listed(node.value)
        case ast.AugAssign(target=ast.Name(id="heads")):
            yield from _listed(node.value)


def _listed(node: ast.expr) -> Iterator[str]:
    """Of a list or tuple each text, and the first of each pair."""
    for item in getattr(node, "elts", ()):
        first = item.elts[0] if isinstance(item, ast.Tuple) and item.elts else item
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value
