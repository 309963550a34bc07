"""``--dry-run``: what would be run, and where it would be; nothing is touched."""

import json
from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.settings.run import Simulate
from quantamm_cli.store.runs import Store


def planned(command: str, settings: Simulate, console: Console) -> dict[str, Any]:
    """Settings, fingerprint and place of a run; the JSON object."""
    path = Store(settings.runs_dir).path(settings.fingerprint)
    console.say(json.dumps(settings.identity(), indent=2))
    console.say(f"fingerprint {settings.fingerprint}\ncheckpoint  {path}{' (exists)' if path.exists() else ''}")
    named = {"run": f"run_{settings.fingerprint}", "fingerprint": settings.fingerprint}
    return {"command": command, **named, "settings": settings.identity(), "files": {"checkpoint": str(path)}}
