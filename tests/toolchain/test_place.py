"""Placement: every placer makes legal placements, and what does not fit is said in the user's words."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from graphs import NETLISTS, graphs_on_machines, populations
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.machine import Machine, named, spin3, spin5, torus, without
from toolchain.algorithms import PLACERS
from toolchain.errors import IllegalProductError, MappingError
from toolchain.graph import Graph, Net, Vertex
from toolchain.map_graph import Placer
from toolchain.netlist import read
from toolchain.place import Placement
from toolchain.place.check import check
from toolchain.place.fill import fill
from toolchain.place.follow import sources_after_sinks
from toolchain.place.hilbert import chips, curve
from toolchain.place.scatter import place as scatter

every_placer = pytest.mark.parametrize("place", PLACERS.values(), ids=PLACERS)


def as_lists(placement: Placement) -> list[list[int]]:
    """Coordinates and cores."""
    return [array.tolist() for array in (placement.x, placement.y, placement.p)]


# --- contract of every placer ------------------------------------------------------------------------------


@every_placer
@given(drawn=graphs_on_machines())
@settings(max_examples=40, deadline=None)
def test_placements_are_legal_and_repeat(place: Placer, drawn: tuple[Graph, Machine]) -> None:
    graph, machine = drawn
    placement = place(graph, machine)
    check(graph, placement)
    assert placement.x.dtype == placement.y.dtype == placement.p.dtype == np.int32
    assert as_lists(place(graph, machine)) == as_lists(placement)


@every_placer
@given(sdram=st.lists(st.integers(0, 100), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None)
def test_sdram_of_chips_is_kept(place: Placer, sdram: list[int]) -> None:
    machine = replace(torus(4, 4), sdram_bytes=200)
    vertices = tuple(Vertex(f"v{i}", 1, need) for i, need in enumerate(sdram))
    graph = Graph("g", vertices, ())
    check(graph, place(graph, machine))


@every_placer
def test_a_full_machine_can_be_placed(place: Placer) -> None:
    graph = populations({"all": spin3().application_cores})
    check(graph, place(graph, spin3()))


@every_placer
def test_an_empty_graph_can_be_placed(place: Placer) -> None:
    placement = place(Graph("empty", (), ()), spin3())
    check(Graph("empty", (), ()), placement)


@every_placer
def test_too_many_cores_are_refused_in_the_words_of_the_user(place: Placer) -> None:
    with pytest.raises(MappingError) as error:
        place(populations({"L23E": 40, "L4E": 73, "L5E": 1}), spin3())
    assert str(error.value) == "population 'L4E' needs 73 cores, 23 are free on spin3; try machine='spin5'"
    with pytest.raises(MappingError, match=r"population 'b' needs 1 core, 0 are free on spin3; try machine='spin5'"):
        place(populations({"a": 63, "b": 1}), spin3())
    with pytest.raises(MappingError, match=r"population 'b' needs 2 cores, 1 is free on spin3"):
        place(populations({"a": 62, "b": 2}), spin3())
    with pytest.raises(MappingError, match=r"network 'bare' needs 800 cores, spin5 has 767; try machine='3 boards'"):
        place(Graph("bare", tuple(Vertex(f"v{i}", 1) for i in range(800)), ()), spin5())


@every_placer
def test_too_much_sdram_is_refused_in_the_words_of_the_user(place: Placer) -> None:
    message = "population 'E' needs 200,000,000 bytes of SDRAM for one core, a chip has 123,469,792; try fewer neurons"
    with pytest.raises(MappingError, match=message):
        place(replace(populations({"E": 2}, 200_000_000), cut=True), spin3())
    with pytest.raises(MappingError, match="vertex 'v' needs 200,000,000 bytes"):
        place(Graph("g", (Vertex("v", 1, 200_000_000),), ()), spin3())
    message = r"population 'E' needs 70,000,000 bytes .* no chip of spin3 with a free core has as much left .*'spin5'"
    with pytest.raises(MappingError, match=message):
        place(populations({"E": 5}, 70_000_000), spin3())


def test_where_no_machine_is_large_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolchain.place.fits.smallest", lambda cores: iter(()))
    graph = populations({"a": 70})
    for cut, remedy in ((True, "more neurons a core"), (False, "a netlist of fewer vertices")):
        with pytest.raises(MappingError, match=f"no machine is as large; try {remedy}"):
            fill(replace(graph, cut=cut), spin3(), chips(spin3()))


# --- the algorithms ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", range(7))
def test_the_curve_visits_every_cell_and_goes_to_neighbours_only(order: int) -> None:
    cells = curve(1 << order)
    assert sorted(map(tuple, cells.tolist())) == [(x, y) for x in range(1 << order) for y in range(1 << order)]
    assert (np.abs(np.diff(cells, axis=0)).sum(axis=1) == 1).all()
    assert cells[[0, -1]].tolist() == [[0, 0], [(1 << order) - 1, 0]] or order % 2


def test_the_curve_skips_chips_that_are_absent() -> None:
    machine = without(spin5(), [(1, 0), (4, 4)])
    order = chips(machine)
    assert sorted(map(tuple, order.tolist())) == sorted(map(tuple, np.argwhere(machine.cores > 0).tolist()))


def test_the_seed_decides_a_random_placement() -> None:
    graph = populations({"a": 20})
    placements = [as_lists(partial(scatter, seed=seed)(graph, spin5())) for seed in (1, 1, 2)]
    assert placements[0] == placements[1] != placements[2]


def test_sources_come_after_their_last_sink_and_are_of_their_own_kind() -> None:
    vertices = tuple(Vertex(name, 1) for name in ("noise a", "a", "b", "noise b", "alone", "loop"))
    sinks = {0: [1], 1: [1, 2], 3: [1, 2], 5: [5]}
    graph = Graph("g", vertices, tuple(Net(i, np.array(s, np.int32), 1, 1.0) for i, s in sinks.items()))
    order, kind = sources_after_sinks(graph)
    assert [vertices[i].name for i in order] == ["a", "noise a", "b", "noise b", "alone", "loop"]
    assert kind.tolist() == [1, 0, 0, 1, 0, 0]


def test_kinds_fill_different_chips_but_open_no_more_than_needed() -> None:
    kind = np.array([0, 1] * 20)
    graph = populations({"a": 40})
    placement = fill(graph, torus(2, 4), np.argwhere(torus(2, 4).cores > 0).astype(np.int32), kind=kind)
    check(graph, placement)
    on = {k: set(zip(placement.x[kind == k].tolist(), placement.y[kind == k].tolist(), strict=True)) for k in (0, 1)}
    assert len(on[0] | on[1]) == 3
    assert len(on[0] & on[1]) == 1


@pytest.mark.parametrize(("name", "most"), [("microcircuit-462", 29), ("brunel100k-592", 38)])
def test_shared_netlists_use_few_chips(name: str, most: int) -> None:
    path = NETLISTS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    placement = PLACERS["hilbert"](read(path).graph, named("spin5"))
    assert len(set(zip(placement.x.tolist(), placement.y.tolist(), strict=True))) <= most


# --- the checker ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "vertex", "value", "message"),
    [
        ("x", 3, 8, r"vertex 'a\[3\]' at \(8, 0\) core 4 is outside the machine"),
        ("y", 3, -1, "is outside the machine"),
        ("x", 3, 5, "is on a chip that is absent"),
        ("p", 3, 0, "is on the monitor core"),
        ("p", 3, 16, r"at \(0, 0\) core 16 is on a core that is absent"),
        ("p", 3, -1, "is on a core that is absent"),
        ("p", 3, 1, r"vertex 'a\[3\]' at \(0, 0\) core 1 shares its core with an earlier one"),
    ],
)
def test_a_broken_placement_is_caught(field: str, vertex: int, value: int, message: str) -> None:
    graph = populations({"a": 10})
    placement = PLACERS["hilbert"](graph, spin5())
    array = getattr(placement, field).copy()
    array[vertex] = value
    with pytest.raises(IllegalProductError, match=message):
        check(graph, replace(placement, **{field: array}))


def test_missing_vertices_and_exceeded_sdram_are_caught() -> None:
    graph = populations({"a": 10})
    placement = PLACERS["hilbert"](graph, spin5())
    with pytest.raises(IllegalProductError, match="10 vertices have 9 x, 10 y and 10 p"):
        check(graph, replace(placement, x=placement.x[:-1]))
    with pytest.raises(IllegalProductError, match=r"chip \(0, 0\) holds 200000000 bytes of SDRAM, it has 123469792"):
        check(populations({"a": 10}, 20_000_000), placement)
