"""A ranking of the receipts of one configuration, as one static page."""

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
    """The strategies of several receipts, best first."""

    receipts: dict[str, Receipt]
    ranking: tuple[Ranked, ...]
    page: str
    """The path of the page; empty until it is written."""

    def to_dict(self) -> dict[str, Json]:
        one = self._one
        return {
            "configuration": one["configuration"],
            "settings": one["settings"],
            "seeds": finite(one["seeds"]),
            "ranking": [_ranked(each) for each in self.ranking],
            "receipts": [self._receipt(name) for name in self.receipts],
            "files": {"page": self.page},
        }

    def _receipt(self, name: str) -> dict[str, Json]:
        receipt = self.receipts[name]
        return {
            "name": name,
            "fingerprint": receipt["fingerprint"],
            "sha256": receipt["sha256"],
            "versions": receipt["versions"],
            **older_json(self.older.get(name, ())),
        }

    def tables(self) -> Sequence[Table | str]:
        return [self.table, self.page]

    @property
    def table(self) -> Table:
        """The ranking."""
        title = (
            f"{len(self.receipts)} receipts, {self._one['seeds']['count']} seeds; edge in Y a seed"
        )
        for name, changes in self.older.items():
            title += "".join(f"\n{name}* {change}" for change in changes)
        return ranking_table(title, self.ranking, self.older)

    @property
    def older(self) -> dict[str, tuple[Older, ...]]:
        """The definitions that have changed since a receipt was made, by receipt."""
        older = {}
        for name, receipt in self.receipts.items():
            if changes := older_definitions(receipt):
                older[name] = changes
        return older

    @property
    def _one(self) -> Receipt:
        """Any receipt: all have one configuration."""
        return next(iter(self.receipts.values()))


def leaderboard(names: Sequence[str], runs_dir: str) -> Leaderboard:
    """Rank the receipts of some files and folders, and write the page.

    The page goes into the first name if that is a folder, else into ``runs_dir``.
    """
    paths = find_receipts(names)
    receipts = {_name(path, paths): read_receipt(path) for path in paths}
    difference = conflict(receipts)
    if difference:
        raise ConfigError(
            "leaderboard",
            f"receipts of more than one configuration cannot be ranked: {difference}; "
            "name receipts that agree",
        )
    folder = Path(names[0]) if Path(names[0]).is_dir() else Path(runs_dir)
    ranked = tuple(ranking(receipts))
    text = leaderboard_page(Leaderboard(receipts, ranked, "").table, ranked, receipts)
    return Leaderboard(receipts, ranked, write_files(folder, {PAGE: text.encode("utf-8")})[PAGE])


def _ranked(each: Ranked) -> dict[str, Json]:
    tree = {key: value for key, value in each._asdict().items() if value is not None}
    for key in ("edge", "behind"):
        if key in tree:
            tree[key] = tree[key]._asdict()
    return tree


def _name(path: Path, paths: list[Path]) -> str:
    """The name of a receipt: that of its competition if no other has it, else its path."""
    name = path.parent.name[:20]
    alone = sum(other.parent.name[:20] == name for other in paths) == 1
    if alone and name.startswith("compete_") and path.name == "receipt.json":
        return name
    return str(path)
