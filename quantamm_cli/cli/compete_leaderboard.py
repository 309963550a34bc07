"""``qsim compete leaderboard``: receipts of one configuration, ranked, as one static page."""

from pathlib import Path
from typing import Any

from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.competition.ranking import Ranked, conflict, ranking
from quantamm_cli.errors import ConfigError
from quantamm_cli.reporting.standings import between_text
from quantamm_cli.store.files import write_files
from quantamm_cli.store.receipts import find_receipts, read_receipt

PAGE = "leaderboard.html"


def leaderboard(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Rank the receipts that are named, or those of ``runs_dir``; returns the JSON object."""
    asked = options.words[1:] or (tree["runs_dir"],)
    paths = find_receipts(asked)
    receipts = {_name(path, paths): read_receipt(path) for path in paths}
    apart = conflict(receipts)
    if apart:
        raise ConfigError("leaderboard", f"receipts of more than one configuration cannot be ranked: {apart}; name receipts that agree")
    found = ranking(receipts)
    first = next(iter(receipts.values()))
    told: dict[str, Any] = {
        "configuration": first["configuration"],
        "settings": first["settings"],
        "seeds": first["seeds"],
        "ranking": [_told(each) for each in found],
        "receipts": [{"name": name} | {key: each[key] for key in ("fingerprint", "sha256", "versions")} for name, each in receipts.items()],
    }
    console.table(f"{len(receipts)} receipts, {first['seeds']['count']} seeds; edge in Y a seed", _HEADS, [_row(each) for each in found])
    from quantamm_cli.reporting.leaderboard import leaderboard_page

    folder = Path(asked[0]) if Path(asked[0]).is_dir() else Path(tree["runs_dir"])
    written = write_files(folder, {PAGE: leaderboard_page(told).encode("utf-8")})
    console.say(written[PAGE])
    return told | {"files": {"page": written[PAGE]}}


_EDGE = (("edge", ".2f"), ("± s.e.", ".2f"))
_HEADS: tuple[str | tuple[str, str], ...] = ("rank", "strategy", *_EDGE, "behind the first", "rivals", "receipt")


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
