"""Drawing columns: which pre-synaptic cells each post-synaptic cell is connected from.

A column is a post-synaptic cell, a row a pre-synaptic one.  Columns come as one array of rows, column after
column, and the number of rows in each; a row may be left out of each column (a cell's connection to itself).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import errors
from pyNN.random import NumpyRNG

from pyneuro.draw import Stream, bernoulli
from pyneuro.errors import UnsupportedError
from pyneuro.random import NativeRNG

Indices = NDArray[np.int32]
Counts = NDArray[np.int64]
Columns = tuple[Indices, Counts]
"""Pre-synaptic indices, column after column, and how many there are in each."""

CHUNK = 1 << 20


def same_cells(projection: Any) -> Indices:
    """Return for each post-synaptic cell its index among the pre-synaptic ones, or -1."""
    before, after = (cells.all_cells.astype(np.int64) for cells in (projection.pre, projection.post))
    order = np.argsort(before, kind="stable")
    at = np.searchsorted(before, after, sorter=order)
    found = order[np.minimum(at, len(before) - 1)]
    return np.where(before[found] == after, found, -1).astype(np.int32)


def none_excluded(projection: Any) -> Indices:
    """Return -1 for each post-synaptic cell."""
    return np.full(projection.post.size, -1, np.int32)


def excluded(connector: Any, projection: Any) -> tuple[Indices, bool]:
    """Return the row left out of each column, and whether only rows above the diagonal's are connected."""
    if connector.allow_self_connections == "NoMutual":
        if projection.pre is not projection.post:
            raise UnsupportedError(
                "allow_self_connections='NoMutual' is for the connections of a population to itself, in PyNN, too"
            )
        return none_excluded(projection), True
    return (none_excluded if connector.allow_self_connections else same_cells)(projection), False


def within(connector: Any, projection: Any) -> bool:
    """Whether a fixed-number connector must avoid the connection of a cell to itself."""
    return not connector.allow_self_connections and projection.pre == projection.post


def is_mersenne(rng: Any) -> bool:
    """Whether `rng` draws from a Mersenne Twister, whose words we can draw ourselves."""
    return type(rng) is NumpyRNG and rng.rng.get_state(legacy=False)["bit_generator"] == "MT19937"


@contextmanager
def stream(rng: NumpyRNG) -> Iterator[Stream]:
    """Give the words of `rng`; afterwards `rng` goes on where they stopped."""
    words = Stream(*_words(rng))
    try:
        yield words
    finally:
        key, position = words.state()
        rng.rng.set_state({**rng.rng.get_state(legacy=False), "state": {"key": key, "pos": position}})


def _words(rng: NumpyRNG) -> tuple[NDArray[np.uint32], int]:
    state = rng.rng.get_state(legacy=False)["state"]
    return state["key"], state["pos"]


def drawn_by_probability(rng: NumpyRNG, p: float, rows: int, left_out: Indices, only_above: bool) -> Columns:
    """Draw one number for each pair, column after column; connect where it is less than `p`.  `rng` stays."""
    limit = ceil(min(p, 1.0) * 2**53)
    expected = rows * len(left_out) * min(p, 1.0)
    chosen = np.empty(int(expected + 6 * expected**0.5) + rows + 1, np.int32)
    counts = np.zeros(len(left_out), np.int64)
    column = filled = 0
    words = Stream(*_words(rng))
    while True:
        column, filled = bernoulli(words, limit, rows, column, left_out, only_above, chosen, counts, filled)
        if column == len(counts):
            break
        chosen = np.concatenate([chosen, np.empty(len(chosen) // 8 + rows + 1, np.int32)])
    return chosen[:filled], counts


def skipped_by_probability(rng: NativeRNG, p: float, rows: int, left_out: Indices, only_above: bool) -> Columns:
    """Draw the distances from one connection to the next, which are geometric, through all columns."""
    pairs_in_all = rows * len(left_out)
    parts, last = [np.zeros(0, np.int64)], -1
    while p > 0 and last < pairs_in_all:
        gaps = rng.generator.geometric(min(p, 1.0), min(CHUNK, int(pairs_in_all * min(p, 1.0)) + 64))
        parts.append(last + np.cumsum(np.minimum(gaps, pairs_in_all + 1)))
        last = int(parts[-1][-1])
    flat = np.concatenate(parts)
    column, row = np.divmod(flat[: np.searchsorted(flat, pairs_in_all)], rows)
    kept = (row != left_out[column]) & ((row > column) if only_above else True)
    return row[kept].astype(np.int32), np.bincount(column[kept], minlength=len(left_out)).astype(np.int64)


def numbers(n: Any, size: int, name: str) -> Counts:
    """Return how many connections each of `size` cells gets, from a number or a random distribution."""
    drawn = np.full(size, n) if isinstance(n, int) else np.asarray(n.next(size))
    if drawn.dtype.kind not in "iu" or np.any(drawn < 0):
        raise errors.ConnectionError(f"{name}.n must be whole numbers of at least 0, got {drawn[:3]}...")
    return drawn.astype(np.int64)


def drawn_with_replacement(rng: Any, counts: Counts, rows: int, left_out: Indices) -> Indices:
    """Draw each connection's row, uniform and independent; draw again what is left out, cell after cell."""

    def draw(n: int) -> NDArray[np.int64]:
        return np.asarray(rng.next(int(n), "uniform_int", {"low": 0, "high": rows}, mask=None), np.int64)

    if np.all(left_out < 0):
        return draw(counts.sum()).astype(np.int32)
    if rows < 2 and counts.sum():
        raise errors.ConnectionError("there is no other cell to connect to")
    chosen = []
    for n, banned in zip(counts, left_out, strict=True):
        row = draw(n)
        again = np.flatnonzero(row == banned)
        while len(again):
            row[again] = draw(len(again))
            again = again[row[again] == banned]
        chosen.append(row)
    return np.concatenate(chosen).astype(np.int32) if chosen else np.zeros(0, np.int32)


def by_column(sources: Indices, targets: Indices, size: int) -> Columns:
    """Sort connections by target, keeping the order of those with the same target."""
    order = np.argsort(targets, kind="stable")
    return sources[order], np.bincount(targets, minlength=size).astype(np.int64)
