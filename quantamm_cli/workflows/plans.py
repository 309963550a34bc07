"""What would be run or scored, and where; nothing is touched."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.run import Simulate
from quantamm_cli.store.runs import Store
from quantamm_cli.workflows.results import Result

if TYPE_CHECKING:
    from quantamm_cli.workflows.evaluate import Chosen


@dataclass(frozen=True)
class PlannedRun(Result):
    """Settings, fingerprint and place of a run."""

    settings: Simulate

    def to_dict(self) -> dict[str, Json]:
        files = {"checkpoint": str(Store(self.settings.runs_dir).path(self.settings.fingerprint))}
        named = {"run": f"run_{self.settings.fingerprint}", "fingerprint": self.settings.fingerprint}
        return {**named, "settings": self.settings.identity(), "files": files}

    def tables(self) -> Sequence[Table | str]:
        path = Store(self.settings.runs_dir).path(self.settings.fingerprint)
        place = f"fingerprint {self.settings.fingerprint}\ncheckpoint  {path}{' (exists)' if path.exists() else ''}"
        return [json.dumps(self.settings.identity(), indent=2), place]


@dataclass(frozen=True)
class PlannedEvaluation(Result):
    """What would be scored."""

    chosen: "Chosen"

    def to_dict(self) -> dict[str, Json]:
        return self.chosen.to_dict()

    def tables(self) -> Sequence[Table | str]:
        return ()
