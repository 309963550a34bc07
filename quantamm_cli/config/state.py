"""``state=FILE``: a simulation that goes on where another run left its pool."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.json_tree import JsonObject

KEY = "state"
_EXPECTED = "expected the JSON of a run, its `final`, or the `state` in that"


def with_state(tree: JsonObject, state: Any) -> JsonObject:
    """The settings of a simulation that begins where a run left its pool.

    ``state``: a file of JSON, or its content.

    Raises:
        ConfigError: it is not what a run leaves.
    """
    from quantamm_cli.engine.left import flat

    left = dict(_content(state) if isinstance(state, str) else state)
    for name in ("final", KEY):
        left = left.get(name, left)
    if not isinstance(left, Mapping) or "end" not in left:
        raise ConfigError(KEY, f"{state}: has no state of a pool; {_EXPECTED}")
    left = dict(left)
    start = left.pop("end")
    try:
        initial_state = flat(left)
    except (TypeError, ValueError):
        raise ConfigError(KEY, f"{state}: has no state of a pool; {_EXPECTED}") from None
    begun = {"start": start, "initial_reserves": None, "initial_state": initial_state}
    return {**tree, **begun, KEY: None}


def refuse_start(tree: JsonObject, overrides: Sequence[str]) -> None:
    """Raise ConfigError if overrides set both a state and a start, which is the state's end."""
    if tree.get(KEY) is not None and any(word.startswith("start=") for word in overrides):
        raise ConfigError(
            "start", f"comes with {KEY}=, at the end of the run that left it; omit it"
        )


def _content(path: str) -> Mapping[str, Any]:
    try:
        document = json.loads(Path(path).read_text("utf-8"))
    except OSError as failure:
        raise ConfigError(KEY, f"{path}: {failure.strerror or failure}; {_EXPECTED}") from None
    except ValueError:
        raise ConfigError(KEY, f"{path}: is not JSON; {_EXPECTED}") from None
    if not isinstance(document, dict):
        raise ConfigError(KEY, f"{path}: has no state of a pool; {_EXPECTED}")
    return document
