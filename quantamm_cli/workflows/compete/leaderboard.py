"""Receipts of one configuration, ranked, as one static page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quantamm_cli.competition.documents import Receipt
from quantamm_cli.competition.ranking import Ranked, conflict, ranking
from quantamm_cli.errors import ConfigError
from quantamm_cli.reporting.leaderboard import leaderboard_page, ranking_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.history import Older, older_json
from quantamm_cli.settings.json_tree import Json, finite
from quantamm_cli.store.files import write_files
from quantamm_cli.store.receipts import find_receipts, older_definitions, read_receipt
from quantamm_cli.workflows.results import Result

PAGE = "leaderboard.html"


@dataclass(frozen=True)
class Leaderboard(Result):
    """Strategies of several receipts, the best first."""

    receipts: dict[str, Receipt]
    ranking: tuple[Ranked, ...]
    page: str
    """The path of the page, once it is written."""

    def to_dict(self) -> dict[str, Json]:
        one = self._one
        receipts: list[Json] = [
            {
                "name": name,
                "fingerprint": each["fingerprint"],
                "sha256": each["sha256"],
                "versions": each["versions"],
                **older_json(self.older.get(name, ())),
            }
            for name, each in self.receipts.items()
        ]
        return {
            "configuration": one["configuration"],
            "settings": one["settings"],
            "seeds": finite(one["seeds"]),
            "ranking": [_ranked(each) for each in self.ranking],
            "receipts": receipts,
            "files": {"page": self.page},
        }

    def tables(self) -> Sequence[Table | str]:
        return [self.table, self.page]

    @property
    def table(self) -> Table:
        """The ranking."""
        title = (
            f"{len(self.receipts)} receipts, {self._one['seeds']['count']} seeds; edge in Y a seed"
        )
        marks = (f"\n{name}* {each}" for name, found in self.older.items() for each in found)
        return ranking_table(title + "".join(marks), self.ranking, self.older)

    @property
    def older(self) -> dict[str, tuple[Older, ...]]:
        """The receipts that were made by definitions that have changed since, and those."""
        changed = {name: older_definitions(each) for name, each in self.receipts.items()}
        return {name: found for name, found in changed.items() if found}

    @property
    def _one(self) -> Receipt:
        """Any receipt: all have one configuration."""
        return next(iter(self.receipts.values()))


def leaderboard(asked: Sequence[str], runs_dir: str) -> Leaderboard:
    """Rank the receipts of some files and folders, and write the page into the first
    folder, or into ``runs_dir``.
    """
    paths = find_receipts(asked)
    receipts = {_name(path, paths): read_receipt(path) for path in paths}
    apart = conflict(receipts)
    if apart:
        raise ConfigError(
            "leaderboard",
            f"receipts of more than one configuration cannot be ranked: {apart}; "
            "name receipts that agree",
        )
    folder = Path(asked[0]) if Path(asked[0]).is_dir() else Path(runs_dir)
    ranked = tuple(ranking(receipts))
    text = leaderboard_page(Leaderboard(receipts, ranked, "").table, ranked, receipts)
    return Leaderboard(receipts, ranked, write_files(folder, {PAGE: text.encode("utf-8")})[PAGE])


def _ranked(each: Ranked) -> dict[str, Json]:
    tree = each._asdict()
    for key in ("edge", "behind"):
        tree[key] = None if tree[key] is None else tree[key]._asdict()
    return {key: value for key, value in tree.items() if value is not None}


def _name(path: Path, paths: list[Path]) -> str:
    """What a receipt is called: its competition in short, or its own path."""
    parent = path.parent.name
    short = (
        parent[:20] if parent.startswith("compete_") and path.name == "receipt.json" else str(path)
    )
    return (
        short if sum(other.parent.name[:20] == parent[:20] for other in paths) == 1 else str(path)
    )
