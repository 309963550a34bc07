"""From what a command found to plots and a page in files."""

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantamm_cli.cli.options import Options
from quantamm_cli.errors import ConfigError
from quantamm_cli.reporting.periods import Period, dated
from quantamm_cli.settings.run import Simulate
from quantamm_cli.settings.types import minute
from quantamm_cli.store.files import write_files
from quantamm_cli.store.trajectory import read_arrays

if TYPE_CHECKING:
    from quantamm_cli.cli.evaluate import Asked
    from quantamm_cli.cli.result import Scored
    from quantamm_cli.reporting.run import Subject


def check() -> None:
    """Raise ConfigError, before anything is computed, if nothing can be drawn."""
    if find_spec("matplotlib") is None:
        raise ConfigError("matplotlib", "plots need it, and it is not installed; pip install matplotlib")


def of_pool(settings: Simulate, scored: "Scored", name: str, periods: tuple[Period, ...]) -> "Subject":
    """What there is to see of one pool over its periods."""
    from quantamm_cli.cli.result import columns
    from quantamm_cli.metrics import METRICS
    from quantamm_cli.reporting.run import Subject

    specs = scored.pool.parameters(len(settings.tokens))
    return Subject(
        name=name,
        tokens=settings.tokens,
        periods=periods,
        trajectory=columns(settings, scored.assessment.trajectory),
        worth=scored.assessment.worth,
        strategies=scored.assessment.scores,
        readable=scored.told["params"]["readable"],
        final=scored.told["final"],
        units={name: metric.unit for name, metric in METRICS.items()} | {spec.readable: spec.unit for spec in specs},
        layers={spec.readable: spec.layers for spec in specs if spec.layers},
    )


def of_run(asked: "Asked", scored: "Scored", told: Mapping[str, Any], options: Options) -> "Subject":
    """What there is to see of a trained run and of the set that was chosen."""
    from quantamm_cli.cli.selections import selections
    from quantamm_cli.cli.stored import selection_metric

    settings, found = asked.settings, asked.found
    pool = of_pool(settings, scored, found.name, dated(settings.spans, minute(settings.start)))
    return replace(
        pool,
        status=found.status,
        strategies={"pool": told["metrics"], **told["benchmarks"]},
        selection=asked.selection,
        metric=selection_metric(settings),
        entries=found.history(),
        choices=selections(found, options),
        settings=settings.identity(),
        provenance=found.provenance,
        fresh=told["fresh"],
        parts=told["decomposition"],
        own=told.get("periods", {}),
        sets={str(each["set"]): each["metrics"] for each in told.get("sets", ())},
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

    told, chosen = json.loads(result.read_text(encoding="utf-8")), result.stem.removeprefix("result")
    drawn = walk_plots(told, read_arrays(daily))
    return _page(walk_page(told, drawn), result.parent, chosen) | _written(drawn, result.parent, chosen)


def draw_competition(told: Mapping[str, Any], receipt: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Write the plots and the page of a competition into its folder; their paths by name."""
    from quantamm_cli.reporting.competition import competition_page, competition_plots

    drawn = competition_plots(told, receipt["edges"])
    return _page(competition_page(told, receipt, drawn), folder) | _written(drawn, folder)


def _page(text: str, folder: Path, chosen: str = "") -> dict[str, str]:
    name = f"report{chosen}.html"
    return {"report": write_files(folder, {name: text.encode("utf-8")})[name]}


def _written(drawn: Mapping[str, bytes], folder: Path, chosen: str = "") -> dict[str, str]:
    paths = write_files(folder, {f"{name}{chosen}.png": image for name, image in drawn.items()})
    return {f"{name}_plot": path for name, path in zip(drawn, paths.values(), strict=True)}
