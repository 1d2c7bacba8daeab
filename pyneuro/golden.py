"""Golden traces: results of SpiNNaker's own arithmetic as raw integers, read from a directory.

``index.json`` lists the files, each with its kind and what is needed to reproduce it; the files are tables
of integers with a header line.  A file that is truncated or foreign is one `GoldenError` that names file and
line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyneuro.errors import GoldenError

INDEX = "index.json"


@dataclass(frozen=True, eq=False)
class Table:
    """The columns of a file, and the text of its first column where that is no number."""

    path: Path
    columns: Mapping[str, NDArray[np.int64]]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of rows."""
        return max(len(self.labels), *(len(column) for column in self.columns.values()))


@dataclass(frozen=True)
class Event:
    """A spike in a trace of plastic synapses, and what it left.

    Parameters
    ----------
    time : int
        Timestep.
    post_index : int or None
        The neuron that spiked; None for a spike of the source.
    a : int
        Spikes that the neuron remembers; for the source, the time stored.
    b : tuple of int
        Traces stored.
    weights : tuple of int
        Stored weights after a spike of the source.
    """

    time: int
    post_index: int | None
    a: int
    b: tuple[int, ...]
    weights: tuple[int, ...]


def read_index(directory: Path) -> tuple[Mapping[str, Any], ...]:
    """The entries of ``index.json`` in `directory`.

    Raises
    ------
    GoldenError
        If there is none, or it is not a list of objects with ``file`` and ``kind``.
    """
    path = directory / INDEX
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise GoldenError(f"{path}, line {error.lineno}: not JSON: {error.msg}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise GoldenError(f"{path}: cannot be read: {error}") from None
    if not isinstance(entries, list):
        raise GoldenError(f"{path}: must be a list of files")
    for number, entry in enumerate(entries):
        if not (isinstance(entry, dict) and all(isinstance(entry.get(key), str) for key in ("file", "kind"))):
            raise GoldenError(f"{path}: entry {number} must be an object with 'file' and 'kind'")
    return tuple(entries)


def field(entry: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    """A field of an index entry, which must be a `kind`."""
    if not isinstance(entry.get(name), kind):
        raise GoldenError(
            f"{INDEX}, entry of {entry['file']}: '{name}' must be {kind.__name__}, got {entry.get(name)!r}"
        )
    return entry[name]


def integers(entry: Mapping[str, Any], name: str) -> dict[str, int]:
    """A field of an index entry, which must be an object of integers."""
    values: dict[str, int] = field(entry, name, dict)
    if wrong := [key for key, value in values.items() if not isinstance(value, int)]:
        raise GoldenError(f"{INDEX}, entry of {entry['file']}: '{name}' must hold integers, got {values[wrong[0]]!r}")
    return dict(values)


def read_table(path: Path, *, labelled: bool = False) -> Table:
    """The table in `path`; if `labelled`, the first column is text.

    Raises
    ------
    GoldenError
        If the file cannot be read, has no row, or a line does not have an integer in each column.
    """
    lines = _lines(path)
    header = next(lines)[1]
    labels: list[str] = []
    rows: list[list[int]] = []
    for number, fields in lines:
        if len(fields) != len(header):
            raise GoldenError(f"{path}, line {number}: {len(header)} columns expected, got {len(fields)}")
        if labelled:
            labels.append(fields.pop(0))
        try:
            rows.append([_integer(text) for text in fields])
        except ValueError:
            raise GoldenError(f"{path}, line {number}: not all integers: {','.join(fields)[:80]}") from None
    if not rows:
        raise GoldenError(f"{path}, line 2: no row after the header")
    names = header[1:] if labelled else header
    values = np.array(rows, dtype=np.int64)
    return Table(path, dict(zip(names, values.T, strict=True)), tuple(labels))


def read_events(path: Path) -> tuple[Event, ...]:
    """The events in `path`, which ascend in time, spikes of the targets first.

    Raises
    ------
    GoldenError
        If the file cannot be read, has no row, or a line is no event.
    """
    lines = _lines(path)
    next(lines)
    events: list[Event] = []
    for number, fields in lines:
        try:
            events.append(_event(*fields))
        except (TypeError, ValueError):
            raise GoldenError(f"{path}, line {number}: no event: {','.join(fields)[:80]}") from None
        if events[-1].time < (events[-2].time if len(events) > 1 else 0):
            raise GoldenError(f"{path}, line {number}: time {events[-1].time} is before that of the line above")
    if not events:
        raise GoldenError(f"{path}, line 2: no row after the header")
    return tuple(events)


def _event(time: str, kind: str, post_index: str, a: str, b: str, *weights: str) -> Event:
    if kind not in ("pre", "post"):
        raise ValueError(kind)
    traces = tuple(_integer(text) for text in b.split(":")) if b else ()
    neuron = _integer(post_index) if kind == "post" else None
    return Event(_integer(time), neuron, _integer(a), traces, tuple(_integer(text) for text in weights if text))


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise GoldenError(f"{path}: cannot be read: {error}") from None
    if not text.strip():
        raise GoldenError(f"{path}, line 1: empty")
    for number, line in enumerate(text.splitlines(), start=1):
        yield number, line.split(",")


def _integer(text: str) -> int:
    value = int(text)
    if not -(2**63) <= value < 2**63:
        raise ValueError(text)
    return value
