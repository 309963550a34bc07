"""Trees of numbers as JSON: arrays become lists, NaN and infinities null, floats keep every bit."""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

_INDENT = "  "
_ENCODER = json.JSONEncoder(allow_nan=False)  # json.dumps would build one for each list


def finite(tree: Any) -> Any:
    """The tree as JSON: dicts with text keys, lists, text, numbers, null.

    Arrays and scalars of numpy and JAX are converted; NaN and infinities become null. Keys are
    sorted, so that a tree that is read and written again gives the same bytes. Raises TypeError
    for anything else.
    """
    if tree is None or isinstance(tree, str) or type(tree) in (bool, int):
        return tree
    if type(tree) is float:
        return tree if math.isfinite(tree) else None
    if isinstance(tree, Mapping):
        return {key: finite(tree[key]) for key in sorted(map(_key, tree))}
    if isinstance(tree, list | tuple):
        return list(map(finite, tree))
    return _array(np.asarray(tree))


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key of a stored tree is text, not {key!r}")
    return key


def _array(array: np.ndarray) -> Any:
    if array.dtype.kind not in "fiub":
        raise TypeError(f"cannot be stored as JSON: {array.dtype} of shape {array.shape}")
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return array.tolist()
    objects = array.astype(object)
    objects[~np.isfinite(array)] = None
    return objects.tolist()


def render(tree: Any, indent: str = "") -> str:
    """Readable JSON: one key or object a line, lists of numbers on one line.

    ``tree`` must be ``finite``.
    """
    deeper = indent + _INDENT
    if isinstance(tree, dict) and tree:
        lines = [f"{json.dumps(key)}: {render(value, deeper)}" for key, value in tree.items()]
        opening, closing = "{", "}"
    elif isinstance(tree, list) and _has_dict(tree):
        lines = [render(value, deeper) for value in tree]
        opening, closing = "[", "]"
    else:
        return _ENCODER.encode(tree)
    separator = f",\n{deeper}"
    return f"{opening}\n{deeper}{separator.join(lines)}\n{indent}{closing}"


def _has_dict(tree: Any) -> bool:
    return isinstance(tree, dict) or (isinstance(tree, list) and any(map(_has_dict, tree)))


def parse(text: str) -> Any:
    """The tree of a JSON text. Raises ValueError if it is not strict JSON."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def same_spelling(text: str, tree: Any) -> bool:
    """Whether ``text`` spells ``tree`` as ``render`` does, except for white space.

    A digest of values does not detect ``1E-05`` in place of ``1e-05`` or a key that occurs twice;
    the spelling does, so that every altered byte is detected.
    """
    return _dense(json.dumps(tree, separators=(",", ":"))) == _dense(text)


def _dense(text: str) -> str:
    return "".join(text.split())


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
