"""Groups of vertices that share a chip: in graphs, in netlists, and by every placer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import populations
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.machine import spin3, spin5
from toolchain.algorithms import PLACERS
from toolchain.constraints import FREE, Constraints, with_graph
from toolchain.errors import IllegalProductError, MappingError, NetlistError
from toolchain.graph import Graph, check
from toolchain.map_graph import Algorithms, map_graph, only
from toolchain.netlist import Netlist, form, parse, read, write
from toolchain.place.check import check as check_placement
from toolchain.place.fill import fill
from toolchain.place.keep import keep
from toolchain.search import search
from toolchain.settings import Algorithm, Choice

GROUPS = ((0, 5, 9), (2, 30), (11, 12, 13, 14, 15, 16, 17, 18))


def grouped(groups: tuple[tuple[int, ...], ...] = GROUPS) -> Graph:
    return replace(populations({"a": 20, "b": 20}), together=groups)


@pytest.mark.parametrize("name", PLACERS)
def test_placers_keep_groups_together_without_being_told(name: str) -> None:
    graph = grouped()
    placement = map_graph(graph, spin5(), Algorithms(place=PLACERS[name])).placement
    for group in GROUPS:
        assert len({(int(placement.x[i]), int(placement.y[i])) for i in group}) == 1
    mapping, _ = search(graph, only(spin3()), {"place": Choice((Algorithm(name),))})
    check_placement(graph, mapping.placement)


@given(st.lists(st.integers(2, 16), min_size=1, max_size=12), st.integers(0, 10))
@settings(max_examples=20, deadline=None)
def test_groups_of_any_size_are_placed(sizes: list[int], alone: int) -> None:
    starts = np.cumsum([0, *sizes]).tolist()
    groups = tuple(tuple(range(start, start + size)) for start, size in zip(starts, sizes, strict=False))
    graph = replace(populations({"a": sum(sizes) + alone}), together=groups)
    placement = map_graph(graph, "spin5").placement
    check_placement(graph, placement)


def test_groups_fill_chips_in_their_order() -> None:
    """Two groups of seven fill a chip as well as they can; what is alone goes where there is room left."""
    groups = tuple(tuple(range(7 * i, 7 * i + 7)) for i in range(6))
    graph = replace(populations({"a": 42, "b": 6}), together=groups)
    chips = np.stack([np.repeat(np.arange(2), 2), np.tile(np.arange(2), 2)], axis=1).astype(np.int32)
    constraints = with_graph(FREE, graph)
    placement = fill(graph, spin3(), chips, constraints=constraints)
    check_placement(graph, placement, constraints)
    at = (2 * placement.x + placement.y).tolist()
    assert [at[group[0]] for group in groups] == [0, 0, 1, 1, 2, 2]
    assert at[42:] == [2, 2, 3, 3, 3, 3]
    again = keep(graph, placement, constraints)
    assert np.array_equal(again.x, placement.x)
    assert np.array_equal(again.y, placement.y)


def test_a_group_that_no_chip_holds() -> None:
    graph = grouped((tuple(range(17)),))
    with pytest.raises(MappingError, match=r"not with the placement constraint of the synapse cores of a\[0\]"):
        map_graph(graph, spin5())


def test_the_checker_of_placements_knows_the_groups_of_a_graph() -> None:
    graph = grouped()
    placement = map_graph(graph, spin5()).placement
    away = replace(placement, x=placement.x.copy(), y=placement.y.copy(), p=placement.p.copy())
    taken = set(zip(placement.x.tolist(), placement.y.tolist(), placement.p.tolist(), strict=True))
    away.x[9], away.y[9], away.p[9] = next(
        (x, y, p)
        for x, y in np.argwhere(spin5().cores > 0).tolist()
        for p in range(1, 16)
        if (x, y, p) not in taken and (x, y) != (placement.x[0], placement.y[0])
    )
    with pytest.raises(IllegalProductError, match="is not on the chip of"):
        check_placement(graph, away)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (((0, 40),), "are not there, or in two groups"),
        (((-1, 3),), "are not there, or in two groups"),
        (((0, 1), (1, 2)), "are not there, or in two groups"),
        (((0, 0),), "are not there, or in two groups"),
        (((3, 1),), "do not ascend"),
    ],
)
def test_groups_that_make_no_sense(groups: tuple[tuple[int, ...], ...], message: str) -> None:
    with pytest.raises(IllegalProductError, match=message):
        check(grouped(groups))


def test_groups_of_the_graph_join_those_of_the_user() -> None:
    said = Constraints(together=((1, 2), (3, 4)), together_origins=(("m:1",), ("m:2",)))
    found = with_graph(said, grouped())
    assert found.together == ((0, 5, 9), (1, 2, 30), (3, 4), GROUPS[2])
    assert found.together_origins[2] == ("m:2",)
    assert "m:1" in found.together_origins[1]
    assert with_graph(found, grouped()).together == found.together
    assert with_graph(FREE, populations({"a": 3})) is FREE


def test_netlists_keep_groups(tmp_path: Path) -> None:
    write(Netlist(grouped()), tmp_path / "n.json")
    assert read(tmp_path / "n.json").graph.together == GROUPS
    assert "together" not in form(Netlist(populations({"a": 2})))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ("x", "'together' of the netlist is"),
        ([3], "group 0 of 'together' is 3, a list is expected"),
        ([[0, "b"]], "a vertex of group 0 of 'together' is"),
        ([[0, 99]], "group 0 of 'together' is vertex 99, the netlist has 40 vertices"),
        ([[0, 1], [1, 2]], "vertex 1 is in groups 0 and 1 of 'together'"),
        ([[4, 4]], "or twice in one"),
    ],
)
def test_netlists_with_wrong_groups_are_refused(groups: Any, message: str) -> None:
    document = form(Netlist(grouped()))
    with pytest.raises(NetlistError, match=message):
        parse({**document, "together": groups})
