"""Cutting a line: consecutive items into parts whose fullest is as empty as can be.

Each item takes something of several resources, of which every part has the same, and no part may have more than so
many items.  The *share* of a part is what it takes of the resource of which it takes most.  Whether parts of some
share suffice is found by filling one after the other; the smallest such share by bisection.  What freedom is left then
goes into parts of equal load.

Source: A. Pinar, C. Aykanat 2004, "Fast optimal load balancing algorithms for 1D partitioning", Journal of Parallel
and Distributed Computing 64: the probe, and the bisection over it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

PRECISION: Final = 1e-6
"""Of the smallest share, as a part of it."""

Loads = NDArray[np.float64]
"""What each item takes, as shares of what a part has: float64[resources, items]."""


def parts_needed(loads: Loads) -> int:
    """How few parts will do of which none exceeds what it has; an item that does has a part of its own."""
    return len(_filled(_sums(loads), 1.0, loads.shape[1]))


def cut(loads: Loads, parts: int, most: int | None = None) -> tuple[int, ...]:
    """The first item of each of `parts` parts, or of as many as there are items, none of them empty.

    Parameters
    ----------
    most : int, optional
        Items of a part at the most; so many parts must hold all items.
    """
    items = loads.shape[1]
    parts, most = min(parts, items), most or items
    sums = _sums(loads)
    share = _smallest_share(sums, parts, most)
    filled, turned = _filled(sums, share, most), _filled(_sums(loads[:, ::-1]), share, most)
    latest = filled + [items] * (parts - len(filled))
    earliest = [0] * (parts + 1 - len(turned)) + [items - start for start in turned[:0:-1]]
    fullest = sums[int(sums[:, -1].argmax())]
    starts = [0]
    for part in range(1, parts):
        ideal = int(np.abs(fullest - fullest[-1] * part / parts).argmin())
        low = max(earliest[part], starts[-1] + 1)
        high = min(_reach(sums, starts[-1], share, most), latest[part], items - (parts - part))
        starts.append(min(max(ideal, low), max(high, low)))
    return tuple(starts)


def _sums(loads: Loads) -> Loads:
    """What all items before each take: float64[resources, items + 1]."""
    sums: Loads = np.concatenate([np.zeros((len(loads), 1)), np.cumsum(loads, axis=1)], axis=1)
    return sums


def _smallest_share(sums: Loads, parts: int, most: int) -> float:
    """The smallest share, within `PRECISION`, of which so many parts suffice."""
    low, high = 0.0, float(sums[:, -1].max())
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        low, high = (low, middle) if len(_filled(sums, middle, most)) <= parts else (middle, high)
    return high


def _filled(sums: Loads, share: float, most: int) -> list[int]:
    """The first items of parts that are filled one after the other, each up to `share`."""
    starts, items = [0], sums.shape[1] - 1
    while (end := _reach(sums, starts[-1], share, most)) < items:
        starts.append(end)
    return starts


def _reach(sums: Loads, start: int, share: float, most: int) -> int:
    """Where a part ends that begins at `start` and takes `share` at the most; it has one item at least."""
    ends = (
        np.searchsorted(resource, resource[start] + share * (1 + PRECISION**2), side="right") - 1 for resource in sums
    )
    return max(start + 1, min(start + most, int(min(ends))))
