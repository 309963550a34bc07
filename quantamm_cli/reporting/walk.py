"""A walk-forward to look at: its plots, cycle by cycle, the verdict and its reasons."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from quantamm_cli.evaluation.walk_document import WalkDocument
from quantamm_cli.reporting import tables
from quantamm_cli.reporting.page import Section, page
from quantamm_cli.reporting.plot import further, pictures
from quantamm_cli.reporting.walk_tables import chosen_table, cycles_table, together_table

_SEEN = "Chosen on the test blocks: nothing here is out of sample."


class WalkSubject(NamedTuple):
    """What is stored of a walk-forward."""

    walk: WalkDocument
    daily: Mapping[str, np.ndarray]
    """``unix`` (t,) ms, the midnight a day begins at, its ``cycle`` (t,),
    returns (t,) by strategy.
    """


def walk_page(walk: WalkDocument, drawn: Mapping[str, bytes]) -> str:
    """The page of a walk-forward with the images that were drawn of it."""
    shown = pictures("walk", drawn)
    verdict, cycles = walk["verdict"], walk["cycles"]
    facts = [
        walk["run"],
        (
            f"{len(cycles)} cycles, tested from {cycles[0]['end']} to {cycles[-1]['test_end']} "
            "(UTC, end not included)"
        ),
    ]
    sections = [
        Section(f"Verdict: {verdict['finding']}", tuple(verdict["reasons"])),
        Section(
            "Cycles",
            tables=(cycles_table(walk), chosen_table(walk)),
            pictures=shown.pop("Cycles", ()),
        ),
        Section("All cycles", tables=(together_table(walk),)),
        *further(shown),
    ]
    if "settings" in walk:
        sections.append(
            Section(
                "Settings", tables=(tables.leaves_table("Settings", walk["settings"]),), folded=True
            )
        )
    return page(f"{walk['run'][:17]}…", facts, sections, "" if verdict["out_of_sample"] else _SEEN)
