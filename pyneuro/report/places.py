"""The sections that tell populations on the machine: their chips, the links of their packets, and their keys."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emulator.machine import LINKS, board_of
from pyneuro.report.columns import ROWS, digest
from pyneuro.report.schema.mapping import PlaceRow, PlacesSection
from pyneuro.report.schema.routing import KeyRow, KeysSection
from pyneuro.report.survey import Survey
from pyneuro.report.trees import links_of
from toolchain.map_graph import GraphMapping

LISTED = 40_000
"""Chips and links that are listed, for all populations together."""

Integers = NDArray[np.int64]


def places_section(mapping: GraphMapping, found: Survey) -> PlacesSection:
    """Tell where each population is, and where its packets go."""
    place, machine = mapping.placement, mapping.machine
    size, shown = machine.width * machine.height, min(len(found.populations), ROWS)
    chip = place.x.astype(np.int64) * machine.height + place.y
    pairs, cores = np.unique(found.population * size + chip, return_counts=True)
    neurons = np.bincount(found.population, [vertex.neurons for vertex in mapping.graph.vertices], shown)
    sender = found.population[np.array([net.source for net in mapping.graph.nets], np.int64)]
    packets = [net.weight * tree.links for net, tree in zip(mapping.graph.nets, mapping.routes.trees, strict=True)]
    hops = np.bincount(sender, packets, len(found.populations))
    firsts = np.searchsorted(pairs, np.arange(shown + 1) * size)
    ways = np.searchsorted(found.over, np.arange(shown + 1) * size * len(LINKS))
    board, left, rows = board_of(machine).ravel(), LISTED, []
    for number in range(shown):
        here, over = slice(*firsts[number : number + 2]), slice(*ways[number : number + 2])
        chips, links = pairs[here] % size, found.over[over] % (size * len(LINKS))
        left -= len(chips) + len(links)
        row = PlaceRow(
            population=found.populations[number],
            cores=int(cores[here].sum()),
            neurons=int(neurons[number]),
            chips=len(chips),
            boards=len(np.unique(board[chips])),
            on=_cores_on(chips, cores[here], machine.height),
            hops=float(hops[number]),
            links=len(links),
            over=links_of(links, machine.height),
        )
        rows.append(row if left >= 0 else replace(row, on=(), over=()))
    return PlacesSection(tuple(rows), len(found.populations) - shown)


def _cores_on(chips: Integers, cores: Integers, height: int) -> tuple[tuple[int, int, int], ...]:
    """(x, y, cores) of each chip ``x * height + y``."""
    x, y = np.divmod(chips, height)
    return tuple(zip(x.tolist(), y.tolist(), cores.tolist(), strict=True))


def keys_section(mapping: GraphMapping, found: Survey) -> KeysSection:
    """Tell the keys of each population that sends."""
    nets, keys = mapping.graph.nets, mapping.keys
    sources = np.array([net.source for net in nets], np.int64)
    sender = found.population[sources]
    needed = np.array([net.keys for net in nets], np.int64)
    held = (~keys.mask).astype(np.int64) + 1
    order = np.argsort(sender, kind="stable")
    senders, firsts = np.unique(sender[order], return_index=True)
    bounds = [*firsts.tolist(), len(nets)]
    rows = [
        _key_row(mapping, found.populations[number], order[first:last], needed, held)
        for number, first, last in zip(senders[:ROWS].tolist(), bounds, bounds[1:], strict=False)
    ]
    return KeysSection(
        nets=len(nets),
        keys=int(needed.sum()),
        held=int(held.sum()),
        fixed=sum(net.key is not None for net in nets),
        rows=tuple(rows),
        omitted=len(senders) - len(rows),
        digest=digest(*(words.astype("<i8").tobytes() for words in (sources, keys.key, keys.mask))),
    )


def _key_row(mapping: GraphMapping, population: str, nets: Integers, needed: Integers, held: Integers) -> KeyRow:
    first = mapping.keys.key[nets].astype(np.int64)
    return KeyRow(
        population=population,
        nets=len(nets),
        keys=int(needed[nets].sum()),
        held=int(held[nets].sum()),
        lowest=f"0x{int(first.min()):08x}",
        highest=f"0x{int((first + held[nets] - 1).max()):08x}",
    )
