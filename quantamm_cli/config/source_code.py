"""The Python files that a user's file consists of: itself and what it imports beside itself."""

import ast
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from quantamm_cli.errors import ConfigError


def code_digest(path: Path, folder: Path | None = None) -> str:
    """The SHA-256 of a Python file and of the files in ``folder`` (its own) that it imports.

    That of the file's bytes alone if it imports none. Imports inside functions and constant names
    passed to ``import_module`` count; what is outside of the folder does not.

    Raises:
        ConfigError: a file cannot be read.
    """
    folder = (folder or path.parent).resolve()
    files = _with_imports(path.resolve(), folder)
    if len(files) == 1:
        return hashlib.sha256(next(iter(files.values()))).hexdigest()
    digest = hashlib.sha256()
    for file, content in sorted(files.items()):
        name = file.relative_to(folder).as_posix().encode()
        digest.update(b"%d %s %d\n" % (len(name), name, len(content)) + content)
    return digest.hexdigest()


def _with_imports(path: Path, folder: Path) -> dict[Path, bytes]:
    """A file and all files in ``folder`` that it imports, also through each other."""
    files: dict[Path, bytes] = {}
    waiting = [path]
    while waiting:
        file = waiting.pop()
        if file in files:
            continue
        try:
            files[file] = file.read_bytes()
        except OSError as failure:
            raise ConfigError("plugins", f"{file} cannot be read ({failure.strerror})") from None
        for parts in _imported(files[file], file.parent, folder):
            waiting += _files(folder, parts)
    return files


def _imported(source: bytes, home: Path, folder: Path) -> Iterator[Sequence[str]]:
    """The dotted names that a source imports, as parts below ``folder``."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # whoever executes it reports that
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")
        elif isinstance(node, ast.ImportFrom):
            base = node.module.split(".") if node.module else []
            if node.level:
                package = home.relative_to(folder).parts
                base = [*package[: len(package) - node.level + 1], *base]
            for alias in node.names:
                yield [*base, alias.name]
        elif isinstance(node, ast.Call) and node.args and _names_module(node.func):
            (name, *_) = node.args
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value.lstrip(".").split(".")


def _names_module(function: ast.expr) -> bool:
    """Whether a call of it imports the module that its first argument names."""
    name = getattr(function, "attr", None) or getattr(function, "id", None)
    return name in ("import_module", "__import__")


def _files(folder: Path, parts: Sequence[str]) -> list[Path]:
    """The files in a folder that importing a dotted name executes: its packages and the module.

    The folder may itself be the package that the name begins with.
    """
    files: list[Path] = []
    starts = [parts, parts[1:]] if parts and parts[0] == folder.name else [parts]
    for names in starts:
        place = folder
        for name in names:
            place = place / name
            files += filter(Path.is_file, (place.with_name(f"{name}.py"), place / "__init__.py"))
    return files
