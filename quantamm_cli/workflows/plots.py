"""Writes plots and HTML pages into the folders of their results."""

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantamm_cli.errors import ConfigError
from quantamm_cli.store.files import write_files
from quantamm_cli.store.trajectory import read_arrays

if TYPE_CHECKING:
    from quantamm_cli.competition.documents import CompetitionScores, Receipt
    from quantamm_cli.reporting.plot import Kind
    from quantamm_cli.reporting.run import Subject


def check() -> None:
    """Raise ConfigError, before anything is computed, if matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        raise ConfigError(
            "matplotlib", "plots need it, and it is not installed; pip install matplotlib"
        )


def plot_names() -> list[str]:
    """``KIND.NAME`` of every plot; empty if matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        return []
    from quantamm_cli.config.components import load_plots
    from quantamm_cli.reporting.plot import PLOTS, plots_of

    load_plots()
    return [f"{kind}.{each.name}" for kind in PLOTS for each in plots_of(kind)]


def images(kind: "Kind", subject: Any) -> dict[str, bytes]:
    """All plots of a kind of result as PNG, by name, including those of plugins."""
    from quantamm_cli.config.components import load_plots
    from quantamm_cli.reporting import plot

    check()
    load_plots()
    return plot.images(kind, subject)


def draw(subject: "Subject", folder: Path) -> dict[str, str]:
    """Write the plots of a run into a folder; returns their paths by name."""
    return written(images("run", subject), folder)


def draw_page(subject: "Subject", folder: Path) -> dict[str, str]:
    """Write the plots and the page of a run into a folder; returns their paths by name."""
    from quantamm_cli.reporting.run import run_page

    drawn = images("run", subject)
    return _page(run_page(subject, drawn), folder) | written(drawn, folder)


def draw_walk(result: Path, daily: Path) -> dict[str, str]:
    """Write the plots and the page of a walk-forward beside its result; returns their paths."""
    from quantamm_cli.reporting.walk import WalkSubject, walk_page

    walk = json.loads(result.read_text(encoding="utf-8"))
    suffix = result.stem.removeprefix("result")
    drawn = images("walk", WalkSubject(walk, read_arrays(daily)))
    page = _page(walk_page(walk, drawn), result.parent, suffix)
    return page | written(drawn, result.parent, suffix)


def draw_competition(
    scores: "CompetitionScores", receipt: "Receipt", folder: Path
) -> dict[str, str]:
    """Write the plots and the page of a competition into its folder; returns their paths."""
    from quantamm_cli.reporting.competition import CompetitionSubject, competition_page

    drawn = images("competition", CompetitionSubject(scores, receipt["edges"]))
    return _page(competition_page(scores, receipt, drawn), folder) | written(drawn, folder)


def _page(text: str, folder: Path, suffix: str = "") -> dict[str, str]:
    name = f"report{suffix}.html"
    return {"report": write_files(folder, {name: text.encode("utf-8")})[name]}


def written(drawn: Mapping[str, bytes], folder: Path, suffix: str = "") -> dict[str, str]:
    """Write images into a folder, with ``suffix`` after their names; returns their paths."""
    paths = write_files(folder, {f"{name}{suffix}.png": image for name, image in drawn.items()})
    return {f"{name}_plot": path for name, path in zip(drawn, paths.values(), strict=True)}
