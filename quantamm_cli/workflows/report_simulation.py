"""The page of a stored simulation, which is simulated once more, as it draws every minute."""

from dataclasses import replace
from typing import Any

from quantamm_cli.reporting.periods import Period, dated
from quantamm_cli.reporting.run import Subject
from quantamm_cli.settings.run import Output, Simulate
from quantamm_cli.settings.types import minute
from quantamm_cli.store.inputs import differences
from quantamm_cli.store.recorded import SimulationDocument, SimulationPlace
from quantamm_cli.store.result_names import StoredResult
from quantamm_cli.workflows import plots
from quantamm_cli.workflows.data import load_market
from quantamm_cli.workflows.inputs import inputs_of
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.report import Report
from quantamm_cli.workflows.report_subjects import pool_subject
from quantamm_cli.workflows.simulate import SimulationResult, simulate


def report_simulation(
    result: StoredResult, settings: Simulate, other_data: bool, monitor: Monitor
) -> Report:
    """Draw a simulation and write its page beside its trajectory.

    ``settings`` are those that are stored, with the places of files.

    Raises:
        DataError: an input has changed since it was stored, unless ``other_data``.
    """
    plots.check()
    again = simulate_again(result, settings, other_data, monitor)
    spans = ((settings.end, 0, settings.rows),)
    subject = _subject(again, dated(spans, minute(settings.start)))
    return Report(again, again.files | plots.draw_page(subject, again.place.folder))


def simulate_again(
    result: StoredResult, settings: Simulate, other_data: bool, monitor: Monitor
) -> SimulationResult:
    """Simulate a stored simulation once more, for its page, which draws every minute.

    Raises:
        DataError: an input has changed since it was stored, unless ``other_data``.
    """
    stored: Any = check_simulation(result, settings, other_data, monitor)
    return simulate(
        settings.model_copy(update={"output": Output(**stored["provenance"].get("output", {}))}),
        monitor=monitor,
    )


def check_simulation(
    result: StoredResult, settings: Simulate, other_data: bool, monitor: Monitor
) -> SimulationDocument:
    """Compare what a stored simulation was made from with what there is now; returns its document.

    Raises:
        DataError: an input has changed since it was stored, unless ``other_data``.
    """
    place = SimulationPlace.of(result)
    document = place.read()
    now = inputs_of(settings, load_market(settings, settings.end))
    apart = differences(document["provenance"], now)
    if not other_data:
        apart.refuse(str(place.document))
    for change in apart.changes:
        monitor.warn(f"{result.short}… was made from other data: {change}")
    return document


def _subject(result: SimulationResult, periods: tuple[Period, ...]) -> Subject:
    """A simulation over its one period."""
    document = result.place.read()
    return replace(
        pool_subject(result.scored, result.name, periods),
        tables=tuple(result.tables()),
        status="finished",
        settings=document["settings"],
        provenance=document["provenance"],
    )
