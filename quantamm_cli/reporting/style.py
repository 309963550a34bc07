"""The style of every figure: sizes, colours, dates, shading of periods, a legend below."""

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
"""Inches, and dots per inch: 1024 pixels with letters that can be read on a phone."""

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#000000", "#8c7a00")
"""Colours that the colour-blind can distinguish (Okabe & Ito, with olive for their yellow, which is
faint on white).
"""
QUIET, QUIET_TEXT = "#8a8a8a", "#444444"
MARK = "mark"
"""The group id of lines that mark a position and have no data."""
DIAMOND: Any = {"marker": "D", "ls": "", "mfc": "none", "mec": "black", "mew": 1.4, "gid": MARK}
"""A marker of a selected point."""
_TINTS = {"train": "#ffffff", "validation": "#e4edf5", "test": "#f8ead9"}
_OTHER_TINT = "#eeeeee"
_LETTER = 0.0138
"""Width of a letter of a period's label, as a share of the axes."""
_NAMED = 2
_LEGEND = 88
"""Letters that fit in a row of a legend; the sample of a line takes the place of six."""
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
    "text.parse_math": False,  # names may contain dollar signs
}


_CENTRED: Any = {"ha": "center", "va": "center", "color": QUIET_TEXT}


class Look(TypedDict, total=False):
    """Properties of a line, named as matplotlib does."""

    color: str
    linestyle: str
    ls: str
    lw: float
    alpha: float
    zorder: float


P = ParamSpec("P")
R = TypeVar("R")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Draw in this style, whatever the user's settings of matplotlib, which do not change."""

    @wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(_STYLE)
            return draw(*args, **kwargs)

    return inside


@styled
def png(figure: Figure) -> bytes:
    """The figure as a PNG file without a date, so that equal figures give equal bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def panels(title: str, subtitle: str, count: int, height: float) -> tuple[Figure, list[Axes]]:
    """A figure of ``count`` axes below each other, each ``height`` inches high, with a shared
    x-axis.
    """
    figure = Figure(figsize=(WIDTH, count * height + 1.2), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, x=0.013, ha="left")
    axes: list[Axes] = list(figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0])
    if subtitle:
        axes[0].set_title(subtitle + "\n" * (count > 1))
    return figure, axes


def look(index: int) -> Look:
    """Colour and dashes of the line of this index: eight colours, and dashes that change after
    every four lines.
    """
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": ("-", "--", "-.", ":")[index // 4 % 4],
    }


def line(axes: Axes, x: Any, y: Numbers, **how: Any) -> Line2D:
    """A line through the finite values; a value between two that are not finite is a dot."""
    dots = isolated(y).tolist()
    if dots:
        how |= {"marker": "o", "markevery": dots}
    (drawn,) = axes.plot(x, y, **how)
    return drawn


def whole_steps(axes: Axes) -> None:
    """An axis of steps, without ticks between whole steps."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlabel("step")


def unmagnified(axes: Axes, values: Numbers) -> None:
    """Widen the y-axis if values differ by rounding errors only."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return
    middle, size = float(np.median(finite)), float(np.abs(finite).max())
    if np.ptp(finite) <= 1e-9 * size:
        margin = 0.05 * size or 1.0
        axes.set_ylim(middle - margin, middle + margin)


def timeline(
    axes: Axes, unix: Unix, values: Numbers, periods: Sequence[Period], **how: Any
) -> Line2D:
    """A line over time, thinned, and broken between periods, where benchmarks restart.

    ``unix`` (t,) ms, ``values`` (t,).
    """
    xs, ys = [np.empty(0, np.int64)], [np.empty(0)]
    for rows in pieces(unix, periods):
        drawn = rows.start + thinned(values[rows])
        xs += [unix[drawn], unix[drawn[-1:]]]
        ys += [values[drawn], np.full(1, np.nan)]
    x, y = np.concatenate(xs)[:-1], np.concatenate(ys)[:-1]
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
    """A tint and a label for each period within ``unix``; returns patches for the legend if the
    labels do not fit.
    """
    if not len(unix):
        return []
    spans: list[tuple[Period, slice]] = []
    for period in periods:
        spans += [(period, rows) for rows in pieces(unix, [period])]
    duration = max(int(unix[-1] - unix[0]), 1)
    fits = all(
        (unix[rows.stop - 1] - unix[rows.start]) / duration > _LETTER * len(period.name)
        for period, rows in spans
    )
    patches = []
    for period, rows in spans:
        left, right = days(unix[[rows.start, rows.stop - 1]])
        tint = _TINTS.get(period.name, _OTHER_TINT)
        axes.axvspan(left, right, color=tint, lw=0, zorder=0)
        if rows.start > 0:
            axes.axvline(left, color=QUIET, lw=0.8, ls=(0, (1, 2)), gid=MARK)
        if fits:
            axes.text(
                (left + right) / 2,
                1.01,
                period.name,
                transform=axes.get_xaxis_transform(),
                fontsize=9.5,
                **(_CENTRED | {"va": "bottom"}),
            )
        label = f"{period.name} period"
        patches.append(Patch(facecolor=tint, edgecolor=QUIET, lw=0.6, label=label))
    return [] if fits else patches


def days(unix: Unix) -> Numbers:
    """Times (t,) in ms as matplotlib counts them, in days."""
    return unix / _DAY


def legend(figure: Figure, handles: Sequence[Artist]) -> None:
    """A legend below the axes."""
    if handles:
        figure.legend(handles=list(handles), loc="outside lower center", ncols=_columns(handles))


def _columns(handles: Sequence[Artist]) -> int:
    """The number of columns that fit, with rows of about equal length."""
    longest = max(len(str(handle.get_label())) for handle in handles)
    most = max(min(int(_LEGEND / (longest + 6)), len(handles)), 1)
    return -(-len(handles) // -(-len(handles) // most))


def left_out(columns: Mapping[str, Numbers]) -> str:
    """A note on columns with rows that are not finite and hence not drawn; empty if there are
    none, or if no row at all is finite.
    """
    rows = max(map(len, columns.values()), default=0)
    missing = {name: int((~np.isfinite(column)).sum()) for name, column in columns.items()}
    counts = [f"{name} {count:,}" for name, count in missing.items() if count]
    if not counts or set(missing.values()) == {rows}:
        return ""
    names = ", ".join(counts[:_NAMED])
    if len(counts) > _NAMED:
        names += f" and {len(counts) - _NAMED} more"
    return f"not finite: {names}, of {rows:,}"


def _has_values(line: Line2D) -> bool:
    """Whether a line has finite values and is not a mark."""
    return line.get_gid() != MARK and bool(np.isfinite(np.asarray(line.get_ydata(), float)).any())


def note(axes: Axes, *lines: str, above: float = 4) -> None:
    """Lines of text between the title and the axes, which are ``above`` points below; and a text
    in the middle of axes without finite values.
    """
    title = "\n".join(filter(None, (axes.get_title(loc="left"), *lines)))
    axes.set_title(title, pad=above, color=QUIET_TEXT)
    if not any(map(_has_values, axes.get_lines())):
        text = "nothing to draw: no finite value"
        axes.text(0.5, 0.5, text, transform=axes.transAxes, **_CENTRED)
        axes.set_yticks([])
