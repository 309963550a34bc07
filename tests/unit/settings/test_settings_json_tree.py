"""Trees of JSON read by their keys."""

import pytest

from quantamm_cli.settings.json_tree import JsonObject, branch, text

TREE: JsonObject = {"split": {"kind": "holdout", "days": 3}, "tokens": ["BTC"]}


def test_a_branch_is_the_object_at_a_place() -> None:
    """Of no keys it is the tree itself."""
    assert branch(TREE) is TREE
    assert branch({"run": TREE}, "run", "split") == {"kind": "holdout", "days": 3}
    assert text(branch(TREE, "split"), "kind") == "holdout"


def test_what_is_missing_or_something_else_is_an_error_that_names_the_key() -> None:
    """Readers of stored files tell a damaged one by it."""
    with pytest.raises(KeyError, match="pool"):
        branch(TREE, "pool")
    with pytest.raises(TypeError, match="tokens is not an object"):
        branch(TREE, "tokens")
    with pytest.raises(TypeError, match="days is not text"):
        text(branch(TREE, "split"), "days")
