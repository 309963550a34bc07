"""Record what version 9274b26 prints of the results that it stored.

``python tests/goldens/record.py QSIM``, where QSIM is the command of a checkout of that commit
(``stored/README.md``). Each command is a process of its own, which compiles as users' do.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from goldens import EXPECTED, text
from scene import Scene, words
from scenes import SCENES


def printed(qsim: str, command: str, folder: Path, cache: str) -> dict[str, Any]:
    """Exit code and JSON of a command."""
    own = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    done = subprocess.run(
        [qsim, *words(command), "--json"],
        cwd=folder,
        env=own | {"QSIM_CACHE": cache},
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.returncode, command, file=sys.stderr)
    answer = json.loads(done.stdout)
    answer.pop("seconds", None)
    return {"exit": done.returncode, "json": answer}


def recorded(qsim: str, scene: Scene, cache: str) -> dict[str, Any]:
    """What it prints of a scene."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        scene.furnish(folder)
        return {line: printed(qsim, line, folder, cache) for line in scene.commands}


if __name__ == "__main__":
    numbered = {name: scene for name, scene in SCENES.items() if scene.numbers}
    with tempfile.TemporaryDirectory() as programs:
        answers = {name: recorded(sys.argv[1], scene, programs) for name, scene in numbered.items()}
    EXPECTED.write_text(text(answers), "utf-8")
