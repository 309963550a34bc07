"""Trees of numbers as JSON: numpy becomes lists, what is not finite becomes
null, floats keep every bit.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

_INDENT = "  "
_ENCODER = json.JSONEncoder(allow_nan=False)  # json.dumps would build one for each list


def finite(tree: Any) -> Any:
    """The tree as JSON has it: dicts with text keys, lists, text, numbers, null;
    NaN and infinities become null.

    Takes numpy and JAX arrays and scalars. Keys are sorted: a tree read back and written again
    gives the same bytes. Raises TypeError for anything else.
    """
    if tree is None or isinstance(tree, str) or type(tree) in (bool, int):
        return tree
    if type(tree) is float:
        return tree if math.isfinite(tree) else None
    if isinstance(tree, Mapping):
        return {key: finite(tree[key]) for key in sorted(map(_key, tree))}
    if isinstance(tree, list | tuple):
        return [finite(value) for value in tree]
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
    """JSON for people: a key a line, an entry a block, lists of numbers on one line.

    ``tree`` is already ``finite``.
    """
    deeper = indent + _INDENT
    if isinstance(tree, dict) and tree:
        lines = (
            f"{deeper}{json.dumps(key)}: {render(value, deeper)}" for key, value in tree.items()
        )
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(tree, list) and _has_dict(tree):
        return "[\n" + ",\n".join(deeper + render(value, deeper) for value in tree) + f"\n{indent}]"
    return _ENCODER.encode(tree)


def _has_dict(tree: list[Any]) -> bool:
    return any(
        isinstance(value, dict) or (isinstance(value, list) and _has_dict(value)) for value in tree
    )


def parse(text: str) -> Any:
    """The tree of a JSON text. Raises ValueError for what is not strict JSON."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def same_spelling(text: str, tree: Any) -> bool:
    """Whether ``text`` spells ``tree`` as ``render`` does, white space between tokens apart.

    A digest of values does not see ``1e-05`` become ``1E-05`` or a key given twice; the spelling
    does, so that every altered byte is found.
    """
    return _dense(json.dumps(tree, separators=(",", ":"))) == _dense(text)


def _dense(text: str) -> str:
    return "".join(text.split())


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
