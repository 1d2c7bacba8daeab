"""Placement under constraints: every placer keeps to them, and names those that cannot be met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from constrained import Case, cases
from graphs import populations
from hypothesis import given, settings

from emulator.machine import Machine, spin3, spin5, torus, without
from toolchain.algorithms import PLACERS
from toolchain.constraints import FREE, Apart, Constraints, Near
from toolchain.errors import IllegalProductError, MappingError
from toolchain.graph import Graph, Vertex
from toolchain.map_graph import Placer, map_graph
from toolchain.place import Placement
from toolchain.place.check import check
from toolchain.place.exact import solve
from toolchain.place.hilbert import place as hilbert
from toolchain.place.settle import settle
from toolchain.place.units import units_of

every_placer = pytest.mark.parametrize("place", PLACERS.values(), ids=PLACERS)


def chips_of(machine: Machine, *chips: tuple[int, int]) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """A set of chips."""
    found = np.zeros((machine.width, machine.height), np.bool_)
    for chip in chips:
        found[chip] = True
    return found


def places(placement: Placement) -> list[tuple[int, int, int]]:
    return list(zip(placement.x.tolist(), placement.y.tolist(), placement.p.tolist(), strict=True))


# --- contract of every placer ----------------------------------------------------------------------------------


@every_placer
@given(case=cases())
@settings(max_examples=40, deadline=None)
def test_constraints_that_can_be_met_are_met(place: Placer, case: Case) -> None:
    check(case.graph, case.witness, case.constraints)
    placement = place(case.graph, case.machine, case.constraints)
    check(case.graph, placement, case.constraints)
    assert places(place(case.graph, case.machine, case.constraints)) == places(placement)


@every_placer
def test_a_constraint_that_cannot_be_met_is_named(place: Placer) -> None:
    graph, machine = populations({"a": 20, "b": 5}), spin3()
    chips = {vertex: chips_of(machine, (0, 0)) for vertex in range(20)}
    far = {24: chips_of(machine, (1, 1))}
    constraints = Constraints({**chips, **far}, origins={**dict.fromkeys(range(20), ("r.map:7",)), 24: ("r.map:8",)})
    with pytest.raises(MappingError) as error:
        place(graph, machine, constraints)
    assert str(error.value) == (
        "network 'net' fits spin3, but not with the placement constraint of r.map:7; leave it out, or allow more chips"
    )


@every_placer
def test_constraints_that_cannot_be_met_together_are_named(place: Placer) -> None:
    graph, machine = populations({"a": 2, "b": 5}), spin5()
    constraints = Constraints(
        {0: chips_of(machine, (0, 0)), 1: chips_of(machine, (7, 7)), 5: chips_of(machine, (3, 3))},
        near=(Near((0,), (1,), 2, "r.map:9"), Near((5,), (0, 1), 5, "r.map:10")),
        origins={0: ("r.map:7",), 1: ("r.map:8",), 5: ("r.map:6",)},
    )
    with pytest.raises(MappingError, match=r"constraints of r\.map:7, r\.map:8 and r\.map:9 together; leave one"):
        place(graph, machine, constraints)


@every_placer
def test_what_has_no_origin_is_described(place: Placer) -> None:
    graph = populations({"a": 3, "b": 2})
    with pytest.raises(MappingError, match=r"of with \(a\[0\], \.\.\.\) and apart \(a\[1\]; b\[0\], \.\.\.\) together"):
        place(graph, spin3(), Constraints(together=((0, 1, 4),), apart=(Apart((1,), (3, 4)),)))
    with pytest.raises(MappingError, match=r"the placement constraint of on \(a\[2\]\);"):
        place(graph, spin3(), Constraints({2: chips_of(spin3())}))
    with pytest.raises(MappingError, match=r"of with \(a\[0\], \.\.\.\) and on \(a\[0\]\) together|of on .* and with"):
        place(graph, spin3(), Constraints(core={0: 1, 1: 1}, together=((0, 1),)))


@every_placer
def test_every_chip_full_of_groups(place: Placer) -> None:
    machine = without(torus(2, 3), [(0, 1)])
    graph = populations({"a": machine.application_cores})
    together, first = [], 0
    for free in sorted(machine.cores[machine.cores > 0].tolist()):
        together += [tuple(range(first, first + 7)), tuple(range(first + 7, first + free))]
        first += free
    constraints = Constraints(together=tuple(together))
    check(graph, place(graph, machine, constraints), constraints)


# --- kinds of constraint ----------------------------------------------------------------------------------------


def test_a_vertex_goes_on_its_chip_and_core_and_others_round_it() -> None:
    graph, machine = populations({"a": 40}), spin3()
    constraints = Constraints({7: chips_of(machine, (1, 1))}, {7: 9})
    placement = hilbert(graph, machine, constraints)
    assert places(placement)[7] == (1, 1, 9)
    assert {(x, y) for x, y, _ in places(placement)} == {(0, 0), (0, 1), (1, 1)}


def test_slices_that_are_apart_from_each_other_take_a_chip_each() -> None:
    graph = populations({"a": 4, "b": 56})
    constraints = Constraints(apart=(Apart((0, 1, 2, 3), (0, 1, 2, 3)),))
    placement = hilbert(graph, spin3(), constraints)
    check(graph, placement, constraints)
    assert len({(x, y) for x, y, _ in places(placement)[:4]}) == 4


def test_few_vertices_move_for_a_constraint() -> None:
    graph = populations({"a": 100})
    free = hilbert(graph, spin5())
    kept = hilbert(graph, spin5(), Constraints({50: chips_of(spin5(), (7, 7))}))
    moved = np.flatnonzero((free.x != kept.x) | (free.y != kept.y))
    assert moved.tolist() == [50]


def test_greedy_filling_that_fails_is_mended() -> None:
    machine = replace(spin3(), sdram_bytes=10)
    graph = Graph("g", tuple(Vertex(f"v{i}", 1, need) for i, need in enumerate([4, 4, 4, 4, 6, 6, 6, 6])), ())
    check(graph, hilbert(graph, machine))


@given(case=cases())
@settings(max_examples=40, deadline=None)
def test_the_integer_programme_finds_what_there_is(case: Case) -> None:
    room = solve(units_of(case.graph, case.machine, case.constraints), case.machine)
    assert room is not None
    check(case.graph, room.placement(), case.constraints)


def test_the_integer_programme_proves_that_there_is_nothing() -> None:
    # Every chip takes one of three, and there are two in reach of the third.
    machine = torus(2, 2, cores=2)
    all_of = (0, 1, 2)
    graph = populations({"a": 3})
    mask = chips_of(machine, (0, 1), (1, 1))
    constraints = Constraints(dict.fromkeys(all_of, mask), apart=(Apart(all_of, all_of),))
    units = units_of(graph, machine, constraints)
    assert solve(units, machine) is None
    assert settle(units, machine, np.zeros(3, np.int64)) is None
    assert solve(units_of(populations({"a": 9}), boards_of_many_chips(), FREE), boards_of_many_chips()) is None


def boards_of_many_chips() -> Machine:
    return torus(150, 150)


def test_a_mapping_keeps_to_constraints() -> None:
    graph = populations({"a": 20})
    constraints = Constraints({3: chips_of(spin5(), (4, 4))})
    placement = map_graph(graph, spin5(), constraints=constraints).placement
    assert (placement.x[3], placement.y[3]) == (4, 4)


# --- the checker ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda c: replace(c, chips={3: ~c.chips[3]}), r"'a\[3\]' at \(0, 0\) core 4 is on a chip where it may not be"),
        (lambda c: replace(c, core={3: 5}), r"'a\[3\]' .* is on a core other than the one that it must have"),
        (lambda c: replace(c, together=((1, 2, 17),)), r"'a\[17\]' .* is not on the chip of 'a\[1\]'"),
        (
            lambda c: replace(c, apart=(Apart((1,), (16, 2)),)),
            r"'a\[1\]' .* shares its chip with what it must be apart",
        ),
        (lambda c: replace(c, apart=(Apart((1, 2), (1, 2)),)), "shares its chip"),
        (
            lambda c: replace(c, near=(Near((17,), (1, 2), 0),)),
            r"'a\[17\]' .* is more than 0 hops from what it must be",
        ),
    ],
)
def test_broken_constraints_are_caught(broken: Callable[[Constraints], Constraints], message: str) -> None:
    graph = populations({"a": 20})
    placement = PLACERS["sequential"](graph, spin5())
    kept = Constraints(
        {3: chips_of(spin5(), (0, 0))},
        {3: 4},
        together=((1, 2, 3),),
        apart=(Apart((1,), (1, 16)),),
        near=(Near((17,), (1, 2), 1),),
    )
    check(graph, placement, kept)
    with pytest.raises(IllegalProductError, match=message):
        check(graph, placement, broken(kept))
