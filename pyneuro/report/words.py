"""Figures in words, the same in text and page."""

from __future__ import annotations

import math
import re

from emulator.machine import LINK_NAMES
from pyneuro.report.schema.board import LinkTraffic
from pyneuro.report.schema.flow import RequirementRow
from pyneuro.report.schema.runs import Counter

NONE = "–"
SYMBOLS = {"good": "✓", "note": "!", "bad": "✗"}
JUDGED_BY_COMPARE = "`pyneuro compare SCRIPT` judges requirements on runs of both simulators"
NUMBER = re.compile(r"(< )?[-+]?[\d.,]*(e[-+]?\d+)?[–∞]?( (%|B|KiB|MiB|ms|s|n?W|mW|µW|[kMG]))?")


def is_number(text: str) -> bool:
    """Whether a column of such texts should be set to the right."""
    return NUMBER.fullmatch(text) is not None


def amount(number: int, thing: str) -> str:
    """``1 chip``, ``1,234 chips``, ``2 entries``."""
    several = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{number:,} {thing if number == 1 else several}"


def percent(share: float) -> str:
    """A share as a percentage of up to three digits; never rounded to 0 or 100 unless it is."""
    if not math.isfinite(share):
        return NONE if math.isnan(share) else "∞ %"
    value = 100 * share
    if value and abs(value) < 0.01:
        return "< 0.01 %"
    if 99.9 <= value < 100:
        return f"{math.floor(value * 100) / 100:g} %"
    return f"{value:.3g} %" if value < 1000 else f"{value:,.0f} %"


def number(value: float | None, digits: int = 4) -> str:
    """A number to some significant digits; a dash where it is not defined."""
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:,.0f}" if abs(value) >= 10**digits else f"{value:.{digits}g}"


def count(value: float | None) -> str:
    """A count in full: ``25,345``; what is not whole to four digits, a dash where there is none."""
    if value is None or not math.isfinite(value):
        return number(value)
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 1e4 else f"{value:.4g}"


def spread(values: tuple[float, float, float] | None) -> str:
    """The mean of values, and their range; `values` are the smallest, the mean and the largest."""
    if values is None:
        return NONE
    smallest, mean, largest = values
    if smallest == largest:
        return number(mean)
    return f"{number(mean)} ({number(smallest)} … {number(largest)})"


def compact(value: float) -> str:
    """A count to three digits: ``950``, ``12.3 k``, ``2.4 M``."""
    for factor, letter in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= factor:
            return f"{value / factor:.3g}{letter}"
    return f"{value:.3g}"


def memory(size: int | None) -> str:
    """Bytes as B, KiB or MiB."""
    if size is None:
        return NONE
    if size < 1024:
        return f"{size} B"
    return f"{size / 1024:.1f} KiB" if size < 1 << 20 else f"{size / (1 << 20):.1f} MiB"


def signed(shift: int) -> str:
    """``+1``, ``0``, ``-1``."""
    return f"{shift:+d}" if shift else "0"


def link_name(traffic: LinkTraffic) -> str:
    """``(3, 4) NE``."""
    return f"({traffic.x}, {traffic.y}) {LINK_NAMES[traffic.link]}"


def measured(row: RequirementRow) -> str:
    """What was measured for a requirement, and where."""
    where = f" ({row.where})" if row.where else ""
    if row.measured is None:
        return "nothing to measure"
    if row.truth:
        return f"{'yes' if row.measured else 'no'}{where}"
    return f"{percent(row.measured) if row.share else number(row.measured)}{where}"


def meaning_of(counter: Counter) -> str:
    """What was counted, and on which core most."""
    return f"{counter.meaning}; most on '{counter.most_on}'" if counter.most_on else counter.meaning


def untraced(trees: int) -> str:
    """That so many trees are left out, and how to see them."""
    return f"{amount(trees, 'tree')} left out of this report: `pyneuro map --trace KEY` prints the way of any key"


def watts(value: float) -> str:
    """Power to three digits: ``2.61 W``, ``34 mW``, ``1 nW``."""
    return _scaled(value, "W")


def joules(value: float) -> str:
    """Energy to three digits."""
    return _scaled(value, "J")


def _scaled(value: float, unit: str) -> str:
    for factor, prefix in ((1.0, ""), (1e-3, "m"), (1e-6, "µ")):
        if value >= factor:
            return f"{value / factor:,.0f} {unit}" if value >= 1e3 else f"{value / factor:.3g} {prefix}{unit}"
    return f"{value / 1e-9:.3g} n{unit}"
