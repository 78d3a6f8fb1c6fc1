"""Charts as inline SVG that take their colours from the page, so that they follow its light or dark scheme.

Nothing untrusted is drawn: titles, aspects and ids appear in the page's own HTML, where the template escapes them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from explainer.datareport.figures import Counts, bin_labels, log_bins, lorenz
from explainer.datareport.summary import Summary
from explainer.datareport.timeline import Timeline
from explainer.datareport.wording import number

# Colours that stand for the page's variables until the SVG is written.
INK, SOFT, LINE, ACCENT, WARM = "#010201", "#010202", "#010203", "#010204", "#010205"
_VARIABLES = {INK: "--ink", SOFT: "--soft", LINE: "--line", ACCENT: "--accent", WARM: "--warn"}
_SIZE = (4.9, 2.9)  # inches; at a phone's width the text is still about 11 px
_MOST_TICKS = 5
_WIDE = 2.1  # a picture across the page; phones get a second one, of the usual size
_STYLE = {
    "svg.fonttype": "none",
    "font.size": 10.5,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.labelcolor": SOFT,
    "axes.edgecolor": LINE,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "grid.color": LINE,
    "text.parse_math": False,
}


def draw_all(summary: Summary, on_progress: Callable[[int, int], None] | None = None) -> dict[str, str]:
    """Return every picture that the data allows, as SVG text by name."""
    pictures: dict[str, Callable[[], str]] = {
        "per_user": lambda: histogram("user", summary.per_user, "users", "behaviours of one user"),
        "per_item": lambda: histogram("item", summary.per_item, "items", "behaviours of one item"),
        "lorenz": lambda: concentration(summary),
        "screening": lambda: screening(summary),
        "screening_wide": lambda: screening(summary, _WIDE),
    }
    if len(summary.values.counts) > 1:
        pictures["values"] = lambda: value_bars(summary)
    if summary.time.known:
        pictures["timeline"] = lambda: timeline(summary.time)
        pictures["timeline_wide"] = lambda: timeline(summary.time, _WIDE)
    if summary.time.sessions is not None:
        sizes, per_user = summary.time.sessions.sizes, summary.time.sessions.per_user
        pictures["session_sizes"] = lambda: histogram("size", sizes, "sessions", "behaviours in one session")
        pictures["sessions_per_user"] = lambda: histogram("sessions", per_user, "users", "sessions of one user")
    drawn = {}
    for n, (name, draw) in enumerate(pictures.items(), start=1):
        drawn[name] = draw()
        if on_progress is not None:
            on_progress(n, len(pictures))
    return drawn


@contextmanager
def _canvas(name: str, width: float = 1.0) -> Iterator[tuple[Axes, list[str]]]:
    """Yield axes in the report's style and a list that receives the SVG text at the end."""
    out: list[str] = []
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):  # a salt of its own: ids must not clash on the page
        figure = Figure(figsize=(_SIZE[0] * width, _SIZE[1]), layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_axisbelow(True)
        yield axes, out
        text = io.StringIO()
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    out.append(_inline(text.getvalue()))


def _inline(svg: str) -> str:
    """Return an SVG document as an element of a page: no prolog, no fixed size, colours and font from the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    opening = re.match(r"<svg[^>]*>", svg)
    box = re.search(r'viewBox="([^"]*)"', svg)
    if opening is None or box is None:  # matplotlib always writes both
        raise AssertionError
    svg = f'<svg viewBox="{box[1]}" aria-hidden="true" focusable="false">' + svg[opening.end() :]
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    return re.sub(r"(font: [\d.]+px) [^;\"]+", r"\1 var(--font)", svg)


def histogram(name: str, counts: Counts, what: str, label: str) -> str:
    """Return bars over bins that double: how many users (items, sessions) have so many."""
    edges = log_bins(int(counts.max()))
    heights, _ = np.histogram(counts, edges)
    labels = bin_labels(edges)
    zeros = int((counts == 0).sum())
    if zeros:
        heights, labels = np.concatenate([[zeros], heights]), ["0", *labels]
    with _canvas(name) as (axes, out):
        bars = axes.bar(range(len(heights)), heights, color=ACCENT, width=0.86)
        if zeros:
            bars[0].set_color(WARM)
        step = -(-len(labels) // _MOST_TICKS)
        axes.set_xticks(range(0, len(labels), step), labels[::step])
        _counted(axes, what)
        axes.set_xlabel(label)
    return out[0]


def _counted(axes: Axes, what: str) -> None:
    axes.grid(axis="y", linewidth=0.8)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_ylabel(what)


def concentration(summary: Summary) -> str:
    """Return the Lorenz curves of items and users, largest first, with the line of equality."""
    with _canvas("lorenz") as (axes, out):
        axes.plot([0, 100], [0, 100], color=SOFT, linestyle=":", linewidth=1.2, label="all equal")
        for counts, colour, style, label in (
            (summary.per_item, ACCENT, "-", "items"),
            (summary.per_user, WARM, "--", "users"),
        ):
            shares, held = lorenz(counts)
            axes.plot(100 * shares, 100 * held, color=colour, linestyle=style, linewidth=2, label=label)
        axes.set(xlim=(0, 100), ylim=(0, 102), xlabel="share, most active first (%)", ylabel="behaviours held (%)")
        axes.grid(linewidth=0.8)
        axes.legend(frameon=False, loc="lower right")
    return out[0]


def screening(summary: Summary, width: float = 1.0) -> str:
    """Return behaviours per user on a log axis, before bots were dropped, with the limits drawn."""
    counts = summary.screened_counts
    drop = summary.limits[1]
    top = max(float(counts.max()), drop if np.isfinite(drop) else 1.0, 10.0) * 1.6
    edges = np.geomspace(0.9, top, 42)
    with _canvas(f"screening{width}", width) as (axes, out):
        heights, _ = np.histogram(counts, edges)
        over = edges[:-1] > drop
        axes.bar(edges[:-1], heights, np.diff(edges), align="edge", color=np.where(over, WARM, ACCENT))
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value >= 1 else "")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(axis="x", which="minor", length=0)
        axes.set_xlim(0.9, top)
        axes.margins(y=0.12)
        _counted(axes, "users")
        axes.set_xlabel("behaviours of one user (log scale)")
        if np.isfinite(drop):
            axes.axvline(drop, color=WARM, linewidth=1.6, linestyle="--")
            axes.annotate(
                f"limit {number(drop)}",
                (drop, 0.97),
                xycoords=("data", "axes fraction"),
                xytext=(-5, 0),
                textcoords="offset points",
                ha="right",
                va="top",
                color=WARM,
            )
    return out[0]


def value_bars(summary: Summary) -> str:
    """Return how often each value was given; a histogram where there are many different ones."""
    found = summary.values.counts
    with _canvas("values") as (axes, out):
        numbers, counts = np.array([v for v, _ in found]), np.array([n for _, n in found])
        if len(found) <= 21:  # noqa: PLR2004  ten stars in halves, and 0
            labels = [number(v) for v in numbers]
            axes.bar(range(len(found)), counts, color=ACCENT, width=0.86)
            step = -(-len(labels) // 11)
            axes.set_xticks(range(0, len(labels), step), labels[::step])
        else:
            axes.hist(numbers, bins=30, weights=counts, color=ACCENT)
        _counted(axes, "behaviours")
        axes.set_xlabel("value")
    return out[0]


def timeline(time: Timeline, width: float = 1.0) -> str:
    """Return behaviours per period from first to last."""
    with _canvas(f"timeline{width}", width) as (axes, out):
        starts = date2num(time.starts)
        if len(starts) == 1:
            axes.bar([0], time.counts, color=ACCENT, width=0.2)
            axes.set_xticks([0], [f"{time.starts[0]:%Y-%m-%d}"])
            axes.set_xlim(-1, 1)
        else:
            widths = np.diff(np.append(starts, 2 * starts[-1] - starts[-2]))
            axes.bar(starts, time.counts, width=widths * 0.9, align="edge", color=ACCENT)
            locator = AutoDateLocator(minticks=3, maxticks=5 if width == 1 else 9)
            axes.xaxis.set_major_locator(locator)
            axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        _counted(axes, f"behaviours per {time.period}")
    return out[0]
