"""How every figure looks: sizes, colours, dates, shading of periods, a legend below."""

import io
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from functools import wraps
from typing import Any, ParamSpec, TypedDict, TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from quantamm_cli.reporting.periods import Numbers, Period, Unix, pieces
from quantamm_cli.reporting.thinning import isolated, thinned

WIDTH, DPI = 6.4, 160
"""Inches, and 1024 pixels: large letters, so that they can still be
read at the width of a phone.
"""

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#000000", "#8c7a00")
"""Told apart by the colour-blind (Okabe & Ito, with olive for their yellow,
which is faint on white).
"""
QUIET, QUIET_TEXT = "#8a8a8a", "#444444"
MARK = "mark"
"""The group id of lines that mark a place and show no data."""
_TINTS = {"train": "#ffffff", "validation": "#e4edf5", "test": "#f8ead9"}
_OTHER_TINT = "#eeeeee"
_LETTER = 0.0138
"""Width of a letter of a period's label, as a share of the axes."""
_NAMED = 2
_LEGEND = 88
"""Letters that fit beside each other in a legend; a line's sample takes the place of six."""
_DAY = 86_400_000

_STYLE: Any = {
    "font.size": 11,
    "axes.grid": True,
    "axes.grid.axis": "both",
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.xmargin": 0.01,
    "axes.axisbelow": True,
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
    "figure.facecolor": "white",
    "grid.color": "#000000",
    "grid.alpha": 0.12,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    "legend.columnspacing": 1.3,
    "legend.handlelength": 2.2,
    "legend.handletextpad": 0.5,
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
    "text.parse_math": False,  # names are anybody's: a dollar sign is a dollar sign
}


class Look(TypedDict, total=False):
    """How a line looks, as matplotlib names it."""

    color: str
    linestyle: str
    ls: str
    lw: float
    alpha: float
    zorder: float


P = ParamSpec("P")
R = TypeVar("R")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Draw in this style whatever the user's own settings of matplotlib are,
    which are left as they were.
    """

    @wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(_STYLE)
            return draw(*args, **kwargs)

    return inside


@styled
def png(figure: Figure) -> bytes:
    """The figure as a PNG file: the same bytes for the same figure, without a date."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def panels(title: str, subtitle: str, count: int, height: float) -> tuple[Figure, list[Axes]]:
    """A figure of ``count`` axes below each other, each ``height`` inches
    high, that share their x-axis.
    """
    figure = Figure(figsize=(WIDTH, count * height + 1.2), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, x=0.013, ha="left")
    axes: list[Axes] = list(figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0])
    if subtitle:
        axes[0].set_title(subtitle + "\n" * (count > 1))
    return figure, axes


def look(index: int) -> Look:
    """Colour and dashes of the line of this index: eight that differ,
    in colour and, four by four, in dashes.
    """
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": ("-", "--", "-.", ":")[index // 4 % 4],
    }


def line(axes: Axes, x: Any, y: Numbers, **how: Any) -> Line2D:
    """A line through the finite values; one that stands alone is a dot."""
    alone = isolated(y).tolist()
    (drawn,) = axes.plot(x, y, **(how | {"marker": "o", "markevery": alone} if alone else how))
    return drawn


def whole_steps(axes: Axes) -> None:
    """An axis of steps: there is none between two."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlabel("step")


def unmagnified(axes: Axes, values: Numbers) -> None:
    """Numbers that differ by rounding alone look alike."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return
    middle, size = float(np.median(finite)), float(np.abs(finite).max())
    if np.ptp(finite) <= 1e-9 * size:
        axes.set_ylim(middle - 0.05 * size, middle + 0.05 * size) if size else axes.set_ylim(-1, 1)


def timeline(
    axes: Axes, unix: Unix, values: Numbers, periods: Sequence[Period], **how: Any
) -> Line2D:
    """A line over time, thinned, and broken between periods, where a benchmark starts again.

    ``unix`` (t,) ms, ``values`` (t,).
    """
    xs, ys = [], []
    for rows in pieces(unix, periods):
        kept = rows.start + thinned(values[rows])
        xs += [unix[kept], unix[kept[-1:]]]
        ys += [values[kept], [np.nan]]
    x = np.concatenate(xs[:-1]) if xs else np.empty(0, np.int64)
    y = np.concatenate(ys[:-1]) if ys else np.empty(0)
    return line(axes, days(x), np.where(np.isfinite(y), y, np.nan), **how)


def date_axis(axes: Axes, unix: Unix) -> None:
    """Dates in UTC, from the first row to the last."""
    locator = AutoDateLocator(tz=UTC, minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=UTC, show_offset=False))
    axes.set_xlabel("date (UTC)")
    if len(unix) > 1:
        first, last = unix[[0, -1]].astype("datetime64[ms]").astype("datetime64[D]")
        axes.set_xlabel(f"date (UTC), {first} to {last}")
        axes.set_xlim(*days(unix[[0, -1]]))


def shade(axes: Axes, unix: Unix, periods: Sequence[Period]) -> list[Patch]:
    """A tint and a label for each period, within the rows of ``unix``;
    patches for the legend where labels would not fit.
    """
    here = [(period, rows) for period in periods for rows in pieces(unix, [period])]
    whole = max(int(unix[-1] - unix[0]), 1) if len(unix) else 1
    fits = all(
        (unix[rows.stop - 1] - unix[rows.start]) / whole > _LETTER * len(period.name)
        for period, rows in here
    )
    patches = []
    for period, rows in here:
        left, right = days(unix[[rows.start, rows.stop - 1]])
        tint = _TINTS.get(period.name, _OTHER_TINT)
        axes.axvspan(left, right, color=tint, lw=0, zorder=0)
        if rows.start > 0:
            axes.axvline(left, color=QUIET, lw=0.8, ls=(0, (1, 2)), gid=MARK)
        if fits:
            place = axes.get_xaxis_transform()
            axes.text(
                (left + right) / 2,
                1.01,
                period.name,
                transform=place,
                ha="center",
                va="bottom",
                fontsize=9.5,
                color=QUIET_TEXT,
            )
        patches.append(
            Patch(facecolor=tint, edgecolor=QUIET, lw=0.6, label=f"{period.name} period")
        )
    return [] if fits else patches


def days(unix: Unix) -> Numbers:
    """Moments (t,) in ms as matplotlib counts them: days."""
    return unix / _DAY


def legend(figure: Figure, handles: Sequence[Artist]) -> None:
    """All lines' names below everything, where they cover nothing."""
    if handles:
        figure.legend(handles=list(handles), loc="outside lower center", ncols=_columns(handles))


def _columns(handles: Sequence[Artist]) -> int:
    """As many as fit below a figure, and no row of one if that can be helped."""
    longest = max(len(str(handle.get_label())) for handle in handles)
    most = max(min(int(_LEGEND / (longest + 6)), len(handles)), 1)
    return -(-len(handles) // -(-len(handles) // most))


def left_out(columns: Mapping[str, Numbers]) -> str:
    """How many of the rows of which columns are not drawn because they are not finite; empty if
    none, or if nothing is drawn at all.
    """
    rows = max((len(column) for column in columns.values()), default=0)
    missing = {name: int((~np.isfinite(column)).sum()) for name, column in columns.items()}
    told = [f"{name} {count:,}" for name, count in missing.items() if count]
    if not told or all(count == rows for count in missing.values()):
        return ""
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return f"not finite: {', '.join(told[:_NAMED])}{more}, of {rows:,}"


def note(axes: Axes, *told: str, above: float = 4) -> None:
    """Lines ``above`` an axes, in points, below its title; if nothing is drawn in it,
    that is said in its middle.
    """
    axes.set_title(
        "\n".join(text for text in (axes.get_title(loc="left"), *told) if text),
        pad=above,
        color=QUIET_TEXT,
    )
    if not any(
        np.isfinite(np.asarray(drawn.get_ydata(), float)).any()
        for drawn in axes.get_lines()
        if drawn.get_gid() != MARK
    ):
        axes.text(
            0.5,
            0.5,
            "nothing to draw: no finite value",
            transform=axes.transAxes,
            ha="center",
            va="center",
            color=QUIET_TEXT,
        )
        axes.set_yticks([])
