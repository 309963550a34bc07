"""Receipts of one configuration, ranked, as one static page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantamm_cli.competition.ranking import Ranked, conflict, ranking
from quantamm_cli.errors import ConfigError
from quantamm_cli.reporting.leaderboard import leaderboard_page
from quantamm_cli.reporting.standings import between_text
from quantamm_cli.reporting.table import Column, Table
from quantamm_cli.store.files import write_files
from quantamm_cli.store.receipts import find_receipts, read_receipt
from quantamm_cli.workflows.results import Result

PAGE = "leaderboard.html"


@dataclass(frozen=True)
class Leaderboard(Result):
    """Strategies of several receipts, the best first."""

    receipts: dict[str, dict[str, Any]]
    ranking: tuple[Ranked, ...]
    page: str
    """The path of the page, once it is written."""

    def findings(self) -> dict[str, Any]:
        """What the page is made of."""
        first = next(iter(self.receipts.values()))
        shown = ("fingerprint", "sha256", "versions")
        return {
            "configuration": first["configuration"],
            "settings": first["settings"],
            "seeds": first["seeds"],
            "ranking": [_told(each) for each in self.ranking],
            "receipts": [{"name": name} | {key: each[key] for key in shown} for name, each in self.receipts.items()],
        }

    def to_dict(self) -> dict[str, Any]:
        return self.findings() | {"files": {"page": self.page}}

    def tables(self) -> Sequence[Table | str]:
        count = self.findings()["seeds"]["count"]
        title = f"{len(self.receipts)} receipts, {count} seeds; edge in Y a seed"
        return [Table.of(title, _HEADS, [_row(each) for each in self.ranking]), self.page]


def leaderboard(asked: Sequence[str], runs_dir: str) -> Leaderboard:
    """Rank the receipts of some files and folders, and write the page into the first folder, or into ``runs_dir``."""
    paths = find_receipts(asked)
    receipts = {_name(path, paths): read_receipt(path) for path in paths}
    apart = conflict(receipts)
    if apart:
        raise ConfigError("leaderboard", f"receipts of more than one configuration cannot be ranked: {apart}; name receipts that agree")
    folder = Path(asked[0]) if Path(asked[0]).is_dir() else Path(runs_dir)
    found = tuple(ranking(receipts))
    text = leaderboard_page(Leaderboard(receipts, found, "").findings())
    return Leaderboard(receipts, found, write_files(folder, {PAGE: text.encode("utf-8")})[PAGE])


_EDGE = (("edge", ".2f"), ("± s.e.", ".2f"))
_HEADS: tuple[Column, ...] = ("rank", "strategy", *_EDGE, "behind the first", "rivals", "receipt")


def _row(each: Ranked) -> list[Any]:
    behind = between_text(each.behind and each.behind._asdict())
    name = each.name if each.valid else f"{each.name} (invalid)"
    return [each.rank, name, each.edge.mean, each.edge.error, behind, len(each.rivals), each.receipt]


def _told(each: Ranked) -> dict[str, Any]:
    tree = each._asdict()
    for key in ("edge", "behind"):
        tree[key] = None if tree[key] is None else tree[key]._asdict()
    return {key: value for key, value in tree.items() if value is not None}


def _name(path: Path, paths: list[Path]) -> str:
    """What a receipt is called: its competition in short, or its own path."""
    parent = path.parent.name
    short = parent[:20] if parent.startswith("compete_") and path.name == "receipt.json" else str(path)
    return short if sum(other.parent.name[:20] == parent[:20] for other in paths) == 1 else str(path)
