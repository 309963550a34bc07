"""Plots and pages, written into the folders of the results they show."""

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from quantamm_cli.errors import ConfigError
from quantamm_cli.store.files import write_files
from quantamm_cli.store.trajectory import read_arrays

if TYPE_CHECKING:
    from quantamm_cli.competition.documents import CompetitionScores, Receipt
    from quantamm_cli.reporting.run import Subject


def check() -> None:
    """Raise ConfigError, before anything is computed, if nothing can be drawn."""
    if find_spec("matplotlib") is None:
        raise ConfigError(
            "matplotlib", "plots need it, and it is not installed; pip install matplotlib"
        )


def draw(subject: "Subject", folder: Path) -> dict[str, str]:
    """Write the plots into a folder; their paths by name."""
    from quantamm_cli.reporting.run import plots

    return _written(plots(subject), folder)


def draw_page(subject: "Subject", folder: Path) -> dict[str, str]:
    """Write the plots and the page that holds them into a folder; their paths by name."""
    from quantamm_cli.reporting.run import plots, run_page

    drawn = plots(subject)
    return _page(run_page(subject, drawn), folder) | _written(drawn, folder)


def draw_walk(result: Path, daily: Path) -> dict[str, str]:
    """Write the plots and the page of a walk-forward beside its result; their paths by name."""
    from quantamm_cli.reporting.walk import walk_page, walk_plots

    told, chosen = (
        json.loads(result.read_text(encoding="utf-8")),
        result.stem.removeprefix("result"),
    )
    drawn = walk_plots(told, read_arrays(daily))
    return _page(walk_page(told, drawn), result.parent, chosen) | _written(
        drawn, result.parent, chosen
    )


def draw_competition(
    scores: "CompetitionScores", receipt: "Receipt", folder: Path
) -> dict[str, str]:
    """Write the plots and the page of a competition into its folder; their paths by name."""
    from quantamm_cli.reporting.competition import competition_page, competition_plots

    drawn = competition_plots(scores, receipt["edges"])
    return _page(competition_page(scores, receipt, drawn), folder) | _written(drawn, folder)


def _page(text: str, folder: Path, chosen: str = "") -> dict[str, str]:
    name = f"report{chosen}.html"
    return {"report": write_files(folder, {name: text.encode("utf-8")})[name]}


def _written(drawn: Mapping[str, bytes], folder: Path, chosen: str = "") -> dict[str, str]:
    paths = write_files(folder, {f"{name}{chosen}.png": image for name, image in drawn.items()})
    return {f"{name}_plot": path for name, path in zip(drawn, paths.values(), strict=True)}
