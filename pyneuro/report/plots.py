"""Plots in SVG: rasters, rates, traces, and what cores take of their limits.  Colours come from the page's style."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pyneuro.report.markup import Markup, element, join, short
from pyneuro.report.schema.mapping import CoreRow
from pyneuro.report.schema.runs import ActivityPlot, SpikeSample, Trace
from pyneuro.report.words import number, percent

WIDTH = 1080.0
LABELS = 120.0
"""Space for names on the left."""
GAP = 44.0
EDGE = 34.0
"""Space on the right for the last number of an axis."""
QUIET = 0.4
"""Where no core needs more of a tick, the axis of the load plot ends below the whole tick."""
WIDEST_BAR = 48.0
BARS = 360
"""Bars of the load plot; with more cores a bar stands for several."""

BACKENDS = {"reference": "reference", "emulated": "emulator"}


@dataclass(frozen=True)
class Panel:
    """A rectangle that shows x from `low` to `high` and y from `bottom` to `top`."""

    left: float
    upper: float
    width: float
    height: float
    low: float
    high: float
    bottom: float = 0.0
    top: float = 1.0

    def x(self, value: float) -> float:
        """Position of a value along the horizontal axis."""
        return self.left + self.width * (value - self.low) / ((self.high - self.low) or 1.0)

    def y(self, value: float) -> float:
        """Position of a value along the vertical axis, which points up."""
        return self.upper + self.height * (1 - (value - self.bottom) / ((self.top - self.bottom) or 1.0))

    def frame(self, unit: str = "", labelled: bool = True) -> Markup:
        """The frame, and the horizontal axis with its ticks."""
        ground = self.upper + self.height
        ticks = nice_ticks(self.low, self.high, max(2, int(self.width / 75)))
        marks = [element("line", x1=self.x(t), x2=self.x(t), y1=ground, y2=ground + 4, class_="tick") for t in ticks]
        texts = [
            element("text", number(t) + (f" {unit}" if t == ticks[-1] else ""), x=self.x(t), y=ground + 16)
            for t in ticks
        ]
        box = element("rect", x=self.left, y=self.upper, width=self.width, height=self.height, class_="frame")
        return join((box, *marks, element("g", *texts, class_="axis") if labelled else ""))

    def scale(self, unit: str, count: int = 3) -> Markup:
        """The vertical axis with faint lines across."""
        parts = []
        for tick in nice_ticks(self.bottom, self.top, count):
            parts.append(
                element(
                    "line", x1=self.left, x2=self.left + self.width, y1=self.y(tick), y2=self.y(tick), class_="grid"
                )
            )
            parts.append(element("text", number(tick), x=self.left - 6, y=self.y(tick) + 3.5))
        parts.append(element("text", unit, x=self.left - 22, y=self.upper - 8, class_="unit"))
        return element("g", *parts, class_="scale")

    def path(self, points: Iterable[tuple[float, float]], **attributes: str | float | None) -> Markup:
        """A line through `points`."""
        steps = (f"{'L' if i else 'M'}{short(self.x(x))} {short(self.y(y))}" for i, (x, y) in enumerate(points))
        return element("path", d="".join(steps), **attributes)


def nice_ticks(low: float, high: float, count: int) -> list[float]:
    """About `count` round numbers from `low` to `high`: multiples of 1, 2 or 5 times a power of ten."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    rough = span / max(count, 1)
    decade = 10.0 ** math.floor(math.log10(rough))
    step = next(decade * factor for factor in (1, 2, 5, 10) if decade * factor >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def figure_svg(height: float, title: str, *parts: str) -> Markup:
    """A picture across the whole page."""
    return element(
        "svg",
        element("title", title),
        *parts,
        viewBox=f"0 0 {short(WIDTH)} {short(height)}",
        class_="plot",
        role="img",
    )


# --- rasters and rates -----------------------------------------------------------------------------------


def raster(plots: Sequence[ActivityPlot]) -> Markup:
    """Spikes of all populations, a band each, reference on the left and emulator on the right."""
    sides = [side for side in ("reference", "emulated") if any(getattr(plot, side) for plot in plots)]
    rows = [max(1, math.ceil(plot.cells / plot.stride)) for plot in plots]
    heights = [max(22.0, min(300.0, 420.0 * row / sum(rows))) for row in rows]
    total = sum(heights) + 4 * (len(heights) - 1)
    width = (WIDTH - LABELS - EDGE - GAP * (len(sides) - 1)) / max(len(sides), 1)
    parts: list[str] = []
    for i, side in enumerate(sides):
        left = LABELS + i * (width + GAP)
        parts.append(element("text", BACKENDS[side], x=left, y=14, class_=f"heading {side}"))
        parts += _raster_bands(plots, heights, side, left, width)
    parts += _band_labels(plots, heights)
    return figure_svg(total + 46, "Spikes of each population over time", *parts)


def _raster_bands(
    plots: Sequence[ActivityPlot], heights: Sequence[float], side: str, left: float, width: float
) -> list[str]:
    parts: list[str] = []
    upper = 22.0
    for plot, height in zip(plots, heights, strict=True):
        panel = Panel(left, upper, width, height, 0, plot.duration_ms, 0, plot.cells)
        parts.append(panel.frame("ms", labelled=plot is plots[-1]))
        sample: SpikeSample | None = getattr(plot, side)
        if sample:
            thickness = max(1.5, min(3.5, height * plot.stride / plot.cells))
            parts.append(element("path", d=_dots(panel, sample), class_=f"dots {side}", stroke_width=thickness))
        upper += height + 4
    return parts


def _dots(panel: Panel, sample: SpikeSample) -> str:
    """A dot a spike; spikes that fall on the same point of the picture are one dot."""
    points = {
        (round(panel.x(t) * 2), round(panel.y(row + 0.5) * 2))
        for t, row in zip(sample.times_ms, sample.rows, strict=True)
    }
    return "".join(f"M{short(x / 2)} {short(y / 2)}h0" for x, y in sorted(points))


def _band_labels(plots: Sequence[ActivityPlot], heights: Sequence[float]) -> list[str]:
    parts: list[str] = []
    upper = 22.0
    for plot, height in zip(plots, heights, strict=True):
        name = plot.label if len(plot.label) <= 16 else plot.label[:15] + "…"
        middle = upper + height / 2
        parts.append(element("text", element("title", plot.label), name, x=LABELS - 8, y=middle, class_="band"))
        if height >= 30:
            shown = f"{plot.cells:,} cells" if plot.stride == 1 else f"1 in {plot.stride} of {plot.cells:,}"
            parts.append(element("text", shown, x=LABELS - 8, y=middle + 13, class_="band small"))
        upper += height + 4
    return parts


def rates(plots: Sequence[ActivityPlot]) -> Markup:
    """Mean rate of each population over time, both simulators in one panel, two panels a row."""
    width, height, pitch = (WIDTH - 60 - 64 - 2 * EDGE) / 2, 96.0, 150.0
    parts: list[str] = []
    for i, plot in enumerate(plots):
        samples = [(side, getattr(plot, side)) for side in ("reference", "emulated") if getattr(plot, side)]
        top = max((rate for _, sample in samples for rate in sample.rate_hz), default=0.0) or 1.0
        left, upper = 60 + (i % 2) * (width + EDGE + 64), 26 + (i // 2) * pitch
        panel = Panel(left, upper, width, height, 0, plot.duration_ms, 0, top * 1.08)
        parts += [panel.scale("Hz"), panel.frame("ms")]
        parts.append(element("text", plot.label, x=left, y=upper - 6, class_="heading"))
        parts += [panel.path(_steps(sample, plot), class_=f"curve {side}") for side, sample in samples]
    return figure_svg(26 + math.ceil(len(plots) / 2) * pitch - 18, "Mean rate of each population over time", *parts)


def _steps(sample: SpikeSample, plot: ActivityPlot) -> list[tuple[float, float]]:
    """The outline of a histogram."""
    points = []
    for i, rate in enumerate(sample.rate_hz):
        points.append((i * plot.bin_ms, rate))
        points.append((min((i + 1) * plot.bin_ms, plot.duration_ms), rate))
    return points


# --- traces ----------------------------------------------------------------------------------------------


def trace(found: Trace) -> Markup:
    """A recorded variable of one cell on both simulators, and where the spikes of its population part."""
    sides = [(side, getattr(found, side)) for side in ("reference", "emulated") if getattr(found, side)]
    values = [value for _, samples in sides for value in samples if math.isfinite(value)]
    bottom, top = min(values, default=0.0), max(values, default=1.0)
    margin = 0.06 * (top - bottom) or 0.5
    length = max(len(samples) for _, samples in sides)
    end = found.start_ms + max(length - 1, 1) * found.interval_ms
    panel = Panel(60, 24, WIDTH - 60 - EDGE, 130, found.start_ms, end, bottom - margin, top + margin)
    parts: list[str] = [panel.scale(found.unit), panel.frame("ms")]
    for side, samples in sides:
        points = ((found.start_ms + i * found.interval_ms, v) for i, v in enumerate(samples) if math.isfinite(v))
        parts.append(panel.path(points, class_=f"curve {side}"))
    if found.divergence_ms is not None and panel.low <= found.divergence_ms <= panel.high:
        x = panel.x(found.divergence_ms)
        parts.append(element("line", x1=x, x2=x, y1=panel.upper, y2=panel.upper + panel.height, class_="mark"))
        parts.append(element("text", "first divergence", x=x + 4, y=panel.upper + 11, class_="note"))
    title = f"{found.variable} of cell {found.cell} of {found.label}"
    parts.append(element("text", title, x=60, y=14, class_="heading"))
    return figure_svg(178, title, *parts)


# --- shares of limits ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shares:
    """What `share_bars` shows of each core: shares of a limit, a bar within a bar if there are two.

    `each` tells the shares of a core, largest first; `unit` is that of the axis, `limit` the name of the whole.
    """

    title: str
    unit: str
    limit: str
    each: Callable[[CoreRow], tuple[float | None, ...]]
    names: tuple[str, ...]


def _ran(row: CoreRow) -> tuple[float | None, ...]:
    return row.largest, row.mean


def _expected(row: CoreRow) -> tuple[float | None, ...]:
    return (row.expected,)


LOAD = Shares("Share of a tick that each core needs", "% of a tick", "a whole tick", _ran, ("fullest tick", "mean"))
EXPECTED = Shares(
    "Share of a tick that each core is expected to need", "% of a tick", "a whole tick", _expected, ("expected",)
)


def dtcm_shares(limit: int) -> Shares:
    """DTCM of each core."""
    title = "Share of its DTCM that each core takes"
    return Shares(title, "% of DTCM", "all DTCM", lambda row: ((row.dtcm_bytes or 0) / limit,), ("DTCM",))


def share_bars(rows: Sequence[CoreRow], shares: Shares) -> Markup:
    """What each core takes, against its limit; of many cores a bar stands for several, and shows the fullest."""
    each = max(1, math.ceil(len(rows) / BARS))
    groups = [rows[i : i + each] for i in range(0, len(rows), each)]
    fullest_of_all = max(shares.each(row)[0] or 0.0 for row in rows)
    top = 1.1 * (max(fullest_of_all, 1.0) if fullest_of_all > QUIET else fullest_of_all) or 1.0
    panel = Panel(60, 20, min(WIDTH - 60 - EDGE, WIDEST_BAR * len(groups)), 130, 0, len(groups), 0, top * 100)
    parts: list[str] = [panel.scale(shares.unit)]
    parts += [_group(panel, i, group, shares) for i, group in enumerate(groups)]
    if top >= 1:
        right, limit = panel.left + panel.width, panel.y(100)
        parts.append(element("line", x1=panel.left, x2=right, y1=limit, y2=limit, class_="mark"))
        parts.append(element("text", shares.limit, x=right, y=limit - 4, class_="note end"))
    return figure_svg(162, shares.title, *parts)


def _group(panel: Panel, number: int, group: Sequence[CoreRow], shares: Shares) -> Markup:
    fullest = max(group, key=lambda row: shares.each(row)[0] or 0.0)
    wide = panel.width / panel.high
    left, width = panel.x(number) + wide * 0.08, wide * 0.84
    largest = [max(shares.each(row)[i] or 0.0 for row in group) for i in range(len(shares.names))]
    kinds = ("fullest", "mean") if len(largest) > 1 else ("mean",)
    bars = (_bar(panel, left, width, share, kind) for share, kind in zip(largest, kinds, strict=True))
    kind = f"bar {fullest.kind}" + (" over" if largest[0] > 1 else "")
    return element("g", element("title", _bar_title(fullest, len(group), shares)), *bars, class_=kind)


def _bar(panel: Panel, left: float, width: float, share: float, kind: str) -> Markup:
    upper = panel.y(100 * share)
    return element("rect", x=left, y=upper, width=width, height=panel.y(0) - upper, class_=kind)


def _bar_title(row: CoreRow, cores: int, shares: Shares) -> str:
    others = "" if cores == 1 else f" (the fullest of {cores} cores)"
    told = zip(shares.names, shares.each(row), strict=True)
    figures = ", ".join(f"{name} {percent(share or 0.0)}" for name, share in told)
    return f"{row.label}{others}\nchip ({row.x}, {row.y}), core {row.p}\n{figures}"
