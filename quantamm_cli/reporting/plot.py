"""The register of plots: functions that draw something of one kind of result, each under a name.

A plot is one file: of ``reporting/plots``, of a plugin, or of a folder of the user's. What is
registered is drawn on the page of its kind of result and written as ``NAME.png`` beside it.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, get_args

from quantamm_cli.reporting.page import Picture, Section
from quantamm_cli.settings.suggestions import did_you_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Kind = Literal["run", "walk", "competition", "replay", "grid"]
"""The kinds of results. What a plot is given of one is in ``reporting``: ``run.Subject``,
``walk.WalkSubject``, ``competition.CompetitionSubject``, ``grid.Grid``; of a replay it is
``quantamm_cli.competition.replay_record.Replay``."""
Draw = TypeVar("Draw", bound=Callable[[Any], "Figure | None"])


class Plot(NamedTuple):
    """A plot as it was declared."""

    name: str
    of: Kind
    caption: str
    order: float
    heading: str
    draw: Callable[[Any], "Figure | None"]


PLOTS: dict[Kind, dict[str, Plot]] = {kind: {} for kind in get_args(Kind)}
"""All plots, by the kind of result and by name."""


def plot(
    name: str, of: Kind, caption: str, order: float = 100, heading: str = "More"
) -> Callable[[Draw], Draw]:
    """Register a function of a result that gives a figure, or ``None`` if there is nothing to see.

    It is drawn in the style of all reports, without ``pyplot``: ``reporting.style.panels`` makes a
    figure.

    Args:
        name: of the PNG file, without ending.
        caption: a sentence that says what is to be seen.
        order: plots stand in ascending order, ours at 10, 20, ...
        heading: the part of the page it stands in; one there is not yet is added.

    Raises:
        ValueError: a name that is none, or a kind of result that there is not.
    """
    if of not in PLOTS:
        raise ValueError(f"of={of!r}{did_you_mean(of, PLOTS)}; expected one of {', '.join(PLOTS)}")
    if not name.isidentifier():
        raise ValueError(f"name={name!r}; expected letters, digits and _")

    def enrolled(draw: Draw) -> Draw:
        PLOTS[of][name] = Plot(name, of, caption, order, heading, draw)
        return draw

    return enrolled


def plots_of(kind: Kind) -> list[Plot]:
    """Those of a kind of result, in order."""
    return sorted(PLOTS[kind].values(), key=lambda each: (each.order, each.name))


def images(kind: Kind, result: Any) -> dict[str, bytes]:
    """The PNG files of all there is to see of a result, by name and in order."""
    from quantamm_cli.reporting import style

    figures = {each.name: style.styled(each.draw)(result) for each in plots_of(kind)}
    return {name: style.png(figure) for name, figure in figures.items() if figure is not None}


def pictures(kind: Kind, drawn: Mapping[str, bytes]) -> dict[str, tuple[Picture, ...]]:
    """What ``images`` made, with captions, by the heading of the page it belongs under."""
    found: dict[str, tuple[Picture, ...]] = {}
    for each in plots_of(kind):
        if each.name in drawn:
            picture = Picture(drawn[each.name], each.caption)
            found[each.heading] = (*found.get(each.heading, ()), picture)
    return found


def further(shown: Mapping[str, tuple[Picture, ...]]) -> list[Section]:
    """A part of the page a heading, of pictures that are left."""
    return [Section(heading, pictures=those) for heading, those in shown.items()]
