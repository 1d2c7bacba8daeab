"""The error budget as rows: the same for text and page."""

from __future__ import annotations

import math
from collections.abc import Iterator

from pyneuro.budget.account import Account, Share, Spread, Step
from pyneuro.report.words import NONE, number

HEADINGS = ("cause", "population", "RMS v", "shift", "parts at", "rate", "CV", "correlation")
UNITS = ("", "", "mV", "ms", "ms", "Hz", "", "")
NEGLIGIBLE = 1e-12
HELP = (
    "Delays rounded to the timestep; weights rounded to 16 bits; the program of the core and the machine's delays, in "
    "real numbers; the same in fixed point; ring buffers that saturate and packets that are lost, and the core's "
    "arithmetic of synapses that change. "
    "What each adds to the run before it: difference of v until the runs part, of spike times as long as the spikes "
    "of a cell are at most 5 ms apart, and of mean rate, CV and correlation over the whole run. "
    "Where cells excite each other, runs that have parted "
    "are two samples of the same statistics: a difference counts if it exceeds the spread of the reference over seeds."
)


def budget_rows(budget: Account) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table: a row a cause and population, the total, and the spread."""
    for step in (*budget.steps, budget.total):
        yield from _step(step)
    for spread in budget.spread:
        yield _spread(spread)


def _step(step: Step) -> Iterator[tuple[str, ...]]:
    if not step.shares:
        yield (step.cause, "all", *("0",) * 2, "never", *("0",) * 3)
    for share in step.shares:
        yield (step.cause, *_share(share))


def _share(share: Share) -> tuple[str, ...]:
    return (
        share.label,
        number(share.voltage_rms, 3),
        number(share.shift_ms, 3),
        "never" if share.diverges_ms is None else f"{share.diverges_ms:g}",
        *map(_growth, (share.rate_hz, share.cv, share.correlation)),
    )


def _growth(value: float) -> str:
    """``+0.25``; 0 where there is nothing but the rounding of means."""
    return "0" if abs(value) < NEGLIGIBLE else NONE if math.isnan(value) else f"{value:+.3g}"


def _spread(spread: Spread) -> tuple[str, ...]:
    deviations = (spread.rate_hz, spread.cv, spread.correlation)
    shown = [NONE if math.isnan(value) else f"± {value:.3g}" for value in deviations]
    return (f"{spread.runs} seeds", spread.label, NONE, NONE, NONE, *shown)
