"""What a step of a competition costs on one core: strategies and the
normaliser, the market given.
"""

import json
from typing import Any

from trees import Tree, TreeError, last_line


def played(tree: Tree, one: dict[str, Any]) -> dict[str, Any]:
    """Seconds of a ``step``, of the processor, and of the ``first`` time; or why there are none."""
    try:
        done = tree.python(tree.script("played.py"), one["what"], str(one["strategies"]))
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except TreeError as failure:
        return {"skipped": str(failure)}
    except (ValueError, IndexError):
        return {"skipped": last_line(done.stderr) or "nothing was said"}
    return result
