"""The page of a walk-forward: the verdict and its reasons, tables and plots of its cycles."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from quantamm_cli.evaluation.walk_document import WalkDocument
from quantamm_cli.reporting.page import Section, page
from quantamm_cli.reporting.plot import other_sections, pictures
from quantamm_cli.reporting.tables import leaves_table
from quantamm_cli.reporting.walk_tables import chosen_table, cycles_table, together_table

_IN_SAMPLE = "Chosen on the test blocks: nothing here is out of sample."


class WalkSubject(NamedTuple):
    """A stored walk-forward, as its plots take it."""

    walk: WalkDocument
    daily: Mapping[str, np.ndarray]
    """``unix`` (t,) ms, the midnight at which a day begins; its ``cycle`` (t,); returns (t,) by
    strategy.
    """


def walk_page(walk: WalkDocument, drawn: Mapping[str, bytes]) -> str:
    """The page of a walk-forward with its images by name."""
    shown = pictures("walk", drawn)
    verdict, cycles = walk["verdict"], walk["cycles"]
    dates = f"from {cycles[0]['end']} to {cycles[-1]['test_end']} (UTC, end not included)"
    facts = [walk["run"], f"{len(cycles)} cycles, tested {dates}"]
    by_cycle = (cycles_table(walk), chosen_table(walk))
    sections = [
        Section(f"Verdict: {verdict['finding']}", tuple(verdict["reasons"])),
        Section("Cycles", tables=by_cycle, pictures=shown.pop("Cycles", ())),
        Section("All cycles", tables=(together_table(walk),)),
        *other_sections(shown),
    ]
    if "settings" in walk:
        settings = leaves_table("Settings", walk["settings"])
        sections.append(Section("Settings", tables=(settings,), folded=True))
    warning = "" if verdict["out_of_sample"] else _IN_SAMPLE
    return page(f"{walk['run'][:17]}…", facts, sections, warning)
