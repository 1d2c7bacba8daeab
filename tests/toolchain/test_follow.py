"""Following keys through tables: held against the trees that the tables were made of."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import graphs_on_machines
from hypothesis import given, settings

from emulator.image import RoutingTable
from emulator.machine import Machine, opposite, spin3, spin5
from toolchain.errors import IllegalProductError, MappingError
from toolchain.graph import Graph
from toolchain.map_graph import map_graph
from toolchain.route import LOCAL
from toolchain.tables import Tables
from toolchain.tables.follow import Match, follow


def table(x: int, y: int, *entries: tuple[int, int, int]) -> RoutingTable:
    """A table of (key, mask, route)."""
    return RoutingTable(x, y, *(np.array(column, np.uint32) for column in zip(*entries, strict=True)))


@given(graphs_on_machines())
@settings(max_examples=60, deadline=None)
def test_keys_go_the_ways_of_their_trees(drawn: tuple[Graph, Machine]) -> None:
    try:
        mapping = map_graph(*drawn)
    except MappingError:
        return
    tables = {(table.x, table.y): table for table in mapping.minimised.tables}
    for number, tree in enumerate(mapping.routes.trees):
        key, last = int(mapping.keys.key[number]), mapping.graph.nets[number].keys - 1
        columns = (column.tolist() for column in (tree.x, tree.y, tree.arrival, tree.route))
        wanted = sorted(zip(*columns, strict=True))
        for sent in {key, key | last}:
            hops = follow(mapping.machine, mapping.minimised, int(tree.x[0]), int(tree.y[0]), sent)
            arrivals = [LOCAL if hop.link < 0 else opposite(hop.link) for hop in hops]
            assert sorted((h.x, h.y, came, h.route) for h, came in zip(hops, arrivals, strict=True)) == wanted
            for i, hop in enumerate(hops):
                before = hops[hop.before] if i else None
                assert hop.before < i
                assert hop.depth == (before.depth + 1 if before else 0)
                assert before is None or hop.link in before.links
                if hop.match:
                    entry, there = hop.match, tables[hop.x, hop.y]
                    assert sent & entry.mask == entry.key == there.key[entry.number - 1]
                    assert (there.route[entry.number - 1], len(there.key)) == (hop.route, entry.entries)


def test_the_first_entry_that_matches_counts_and_what_matches_none_goes_straight_on() -> None:
    tables = Tables((table(0, 0, (4, 0xFF, 64), (0, 0xF0, 1 | 128)), table(2, 0, (0, 0, 1 << 8))))
    source, straight, sink = follow(spin5(), tables, 0, 0, 3)
    assert source.match == Match(2, 2, 0, 0xF0)
    assert (source.links, source.cores) == ((0,), (1,))
    assert (straight.match, straight.links, straight.depth) == (None, (0,), 1)
    assert ((sink.x, sink.y), sink.cores, sink.match) == ((2, 0), (2,), Match(1, 1, 0, 0))
    (alone,) = follow(spin5(), tables, 0, 0, 4)
    assert (alone.match, alone.cores) == (Match(1, 2, 4, 0xFF), (0,))


def test_what_matches_nothing_where_it_is_sent_is_dropped() -> None:
    (hop,) = follow(spin3(), Tables(()), 0, 0, 3)
    assert (hop.match, hop.links, hop.cores) == (None, (), ())


def test_circles_and_absent_links_are_refused() -> None:
    circle = Tables((table(0, 0, (0, 0, 1)), table(1, 0, (0, 0, 1 << 3))))
    with pytest.raises(IllegalProductError, match=r"where it has been, at \(1, 0\)"):
        follow(spin5(), circle, 0, 0, 3)
    away = Tables((table(0, 0, (0, 0, 1 << 3)),))
    with pytest.raises(IllegalProductError, match=r"absent link, at \(0, 0\)"):
        follow(spin5(), away, 0, 0, 3)
