"""The section that tells the multicast trees, and trees as text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from emulator.machine import FIRST_CORE_BIT, LINKS
from pyneuro.report.columns import DIGITS, FURTHER, ROWS, digest
from pyneuro.report.layers import Traffic
from pyneuro.report.schema.columns import NetColumns
from pyneuro.report.schema.routing import NetRow, RoutesSection
from pyneuro.report.survey import Survey
from toolchain.map_graph import GraphMapping
from toolchain.route import Tree

Integers = NDArray[np.int64]

BUSIEST = 10
PATHS = 600_000
"""Letters that all paths together may take; further ones are left out."""


def routes_section(mapping: GraphMapping, found: Survey, traffic: Traffic) -> RoutesSection:
    """Tell the multicast trees."""
    links = np.array([tree.links for tree in mapping.routes.trees], np.int64)
    order = _order(mapping, found)
    rows = _net_rows(mapping, found, order[:ROWS])
    return RoutesSection(
        nets=len(mapping.graph.nets),
        hops=float(traffic.expected.sum()),
        links_used=int(np.count_nonzero(traffic.expected)),
        longest_path=int(found.longest.max(initial=0)),
        mean_links=float(links.mean()) if len(links) else 0.0,
        most_links=int(links.max(initial=0)),
        busiest=traffic.rows(traffic.busiest(BUSIEST)),
        rows=rows,
        omitted=len(mapping.graph.nets) - len(rows),
        more=_columns(mapping, found, links, order[ROWS : ROWS + FURTHER]),
        digest=digest(found.trees.astype("<u8").tobytes()),
    )


def _columns(mapping: GraphMapping, found: Survey, links: Integers, order: Sequence[int]) -> NetColumns | None:
    """Further nets, in this order."""
    if not order:
        return None
    nets, trees = [mapping.graph.nets[net] for net in order], [mapping.routes.trees[net] for net in order]
    return NetColumns(
        label=tuple(mapping.graph.vertices[net.source].name for net in nets),
        weight=tuple(net.weight for net in nets),
        sinks=tuple(found.sinks[order].tolist()),
        chips=tuple(len(tree.x) for tree in trees),
        links=tuple(links[order].tolist()),
        longest=tuple(found.longest[order].tolist()),
        digest=tuple(map(_digits, found.trees[order].tolist())),
    )


def _digits(number: int) -> str:
    return f"{number:0{DIGITS}x}"


def _net_rows(mapping: GraphMapping, found: Survey, order: Sequence[int]) -> tuple[NetRow, ...]:
    left, rows = PATHS, []
    for net in order:
        path = path_text(mapping.routes.trees[net], mapping) if left > 0 else None
        left -= len(path or "")
        rows.append(_net_row(mapping, found, net, path))
    return tuple(rows)


def _net_row(mapping: GraphMapping, found: Survey, net: int, path: str | None) -> NetRow:
    made, place, tree = mapping.graph.nets[net], mapping.placement, mapping.routes.trees[net]
    return NetRow(
        label=mapping.graph.vertices[made.source].name,
        x=int(place.x[made.source]),
        y=int(place.y[made.source]),
        p=int(place.p[made.source]),
        key=f"0x{mapping.keys.key[net]:08x}",
        mask=f"0x{mapping.keys.mask[net]:08x}",
        keys=made.keys,
        weight=made.weight,
        sinks=int(found.sinks[net]),
        chips=len(tree.x),
        links=tree.links,
        longest=int(found.longest[net]),
        path=path,
        digest=_digits(int(found.trees[net])),
    )


def _order(mapping: GraphMapping, found: Survey) -> list[int]:
    """The nets as they are told: many of them one of each population after the other, so that each is there."""
    nets = len(mapping.graph.nets)
    if nets <= ROWS:
        return list(range(nets))
    sender = found.population[[net.source for net in mapping.graph.nets]]
    order = np.argsort(sender, kind="stable")
    first = np.searchsorted(sender[order], np.arange(len(found.populations)))
    turn = np.empty(nets, np.int64)
    turn[order] = np.arange(nets) - first[sender[order]]
    order_of_turns: list[int] = np.lexsort((sender, turn)).tolist()
    return order_of_turns


# --- trees as text ---------------------------------------------------------------------------------------


def path_text(tree: Tree, mapping: GraphMapping) -> str:
    """`tree` as the walk that `pyneuro.report.schema.routing.NetRow` explains."""
    machine = mapping.machine
    route = dict(zip(zip(tree.x.tolist(), tree.y.tolist(), strict=True), tree.route.tolist(), strict=True))
    walk: list[str] = []
    ahead: list[tuple[int, int, str]] = [(int(tree.x[0]), int(tree.y[0]), "")]
    while ahead:
        x, y, step = ahead.pop()
        walk.append(step)
        if step == "^":
            continue
        word = route[x, y]
        walk.append(_letters(word >> FIRST_CORE_BIT))
        for link in reversed(range(len(LINKS))):
            if word >> link & 1:
                dx, dy = LINKS[link]
                ahead.append((x, y, "^"))
                ahead.append(((x + dx) % machine.width, (y + dy) % machine.height, str(link)))
    return "".join(walk).rstrip("^")


@lru_cache(maxsize=4096)
def _letters(cores: int) -> str:
    """A letter for each core whose bit is set; ``a`` is core 0."""
    return "".join(chr(ord("a") + core) for core in range(cores.bit_length()) if cores >> core & 1)


def links_of(codes: NDArray[np.int64], height: int) -> tuple[tuple[int, int, int], ...]:
    """(x, y, link) of each code ``(x * height + y) * 6 + link``."""
    chips, link = np.divmod(codes, len(LINKS))
    x, y = np.divmod(chips, height)
    return tuple(zip(x.tolist(), y.tolist(), link.tolist(), strict=True))
