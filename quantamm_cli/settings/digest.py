"""Canonical JSON and its SHA-256, which names a run.

Keys sorted, no spaces, ASCII, shortest round-trip floats, no NaN. Whole numbers in float fields
were widened when the settings were validated, so ``0`` and ``0.0`` give one name.
"""

import hashlib
import json
from collections.abc import Container
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from quantamm_cli.settings.component import Component


def plain(value: Any) -> Any:
    """Settings as the plain tree they came from; components have their kind.

    Left out are paths, and settings that were added later (``since``) and have their default.
    """
    if isinstance(value, Component):
        return {"kind": value.kind} | fields(value, value.paths)
    if isinstance(value, BaseModel):
        return fields(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return list(map(plain, value))
    return value


def fields(settings: BaseModel, left_out: Container[str] = ()) -> dict[str, Any]:
    """The plain values of settings by name without ``left_out``, and their meaning if above 1."""
    tree: dict[str, Any] = {}
    meaning = getattr(settings, "meaning", 1)
    if meaning > 1:
        tree["meaning"] = meaning
    for name, field in type(settings).model_fields.items():
        if name not in left_out:
            value = plain(getattr(settings, name))
            if not (_came_later(field) and value == _default(field)):
                tree[name] = value
    return tree


def _came_later(field: FieldInfo) -> bool:
    return isinstance(field.json_schema_extra, dict) and "since" in field.json_schema_extra


def _default(field: FieldInfo) -> Any:
    return plain(field.get_default(call_default_factory=True))


def canonical(tree: Any) -> str:
    """The one JSON text of a plain tree. Raises ValueError on NaN and infinities."""
    return json.dumps(
        tree, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def sha256(tree: Any) -> str:
    """64 hex digits naming a plain tree."""
    return hashlib.sha256(canonical(tree).encode("ascii")).hexdigest()
