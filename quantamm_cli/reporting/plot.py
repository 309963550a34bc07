"""The register of plots: named functions that draw a result of one kind.

A plot is one file: of ``reporting/plots``, of a plugin, or of a folder of the user. Registered
plots appear on the page of their kind of result and are written as ``NAME.png`` beside it.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, get_args

from quantamm_cli.reporting.page import Picture, Section
from quantamm_cli.settings.suggestions import did_you_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Kind = Literal["run", "walk", "competition", "replay", "grid"]
"""The kinds of results.

The argument of a plot is ``run.Subject``, ``walk.WalkSubject``,
``competition.CompetitionSubject`` or ``grid.Grid`` of ``quantamm_cli.reporting``; of a replay it is
``quantamm_cli.competition.replay_record.Replay``.
"""
Draw = TypeVar("Draw", bound=Callable[[Any], "Figure | None"])


class Plot(NamedTuple):
    """A declared plot."""

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
    """Register a function of a result that returns a figure, or ``None`` if there is nothing to
    draw.

    It is drawn in the style of all reports, without ``pyplot``: ``reporting.style.panels`` makes a
    figure.

    Args:
        name: of the PNG file, without its suffix.
        caption: a sentence on what the plot shows.
        order: plots appear in ascending order, ours at 10, 20, ...
        heading: the section of the page; a new one is added.

    Raises:
        ValueError: a name that is no identifier, or an unknown kind of result.
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
    """The plots of a kind of result, in order."""
    return sorted(PLOTS[kind].values(), key=lambda each: (each.order, each.name))


def images(kind: Kind, result: Any) -> dict[str, bytes]:
    """The PNG files of all plots of a result, by name and in order."""
    from quantamm_cli.reporting import style

    files: dict[str, bytes] = {}
    for each in plots_of(kind):
        figure = style.styled(each.draw)(result)
        if figure is not None:
            files[each.name] = style.png(figure)
    return files


def pictures(kind: Kind, drawn: Mapping[str, bytes]) -> dict[str, tuple[Picture, ...]]:
    """The images that ``images`` made, with captions, by the heading of their section."""
    by_heading: dict[str, tuple[Picture, ...]] = {}
    for each in plots_of(kind):
        if each.name in drawn:
            picture = Picture(drawn[each.name], each.caption)
            by_heading[each.heading] = (*by_heading.get(each.heading, ()), picture)
    return by_heading


def other_sections(by_heading: Mapping[str, tuple[Picture, ...]]) -> list[Section]:
    """A section for each heading that a page does not have by itself."""
    return [Section(heading, pictures=group) for heading, group in by_heading.items()]
