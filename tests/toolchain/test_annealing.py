"""Placement by annealing: the cost is that of real trees, and no placement gets worse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from constrained import Case, cases
from graphs import graphs_on_machines, machines, populations
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.machine import Machine, hops, spin5, torus
from toolchain.constraints import FREE, Apart, Constraints
from toolchain.graph import Graph, Net, Vertex
from toolchain.place import Placement
from toolchain.place.annealing import _annealed, _hops, _ways, place
from toolchain.place.check import check
from toolchain.place.compact import place as compact
from toolchain.place.hilbert import place as hilbert
from toolchain.place.scatter import place as scatter
from toolchain.place.units import units_of


def grid(side: int) -> Graph:
    """A grid of vertices, each with a net to its four neighbours, in random order."""
    number = np.random.default_rng(1).permutation(side * side).reshape(side, side)
    nets = []
    for (x, y), vertex in np.ndenumerate(number):
        near = [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)]
        sinks = sorted(int(number[i % side, j % side]) for i, j in near)
        nets.append(Net(int(vertex), np.array(sinks, np.int32), 1, 1.0))
    return Graph("grid", tuple(Vertex(f"v{i}", 1) for i in range(side * side)), tuple(nets))


def anneal(graph: Graph, start: Placement, effort: float, constraints: Constraints = FREE) -> Placement:
    """`start`, annealed without a look at what came of it."""
    units = units_of(graph, start.machine, constraints)
    return _annealed(graph, start, units, 1, steps=int(effort * 200_000 * len(units)), cold=0.05, spread=True)


@given(drawn=graphs_on_machines(), seed=st.integers(0, 5))
@settings(max_examples=25, deadline=None)
def test_it_is_never_worse_than_where_it_starts(drawn: tuple[Graph, Machine], seed: int) -> None:
    graph, machine = drawn
    found = _hops(graph, place(graph, machine, effort=0.1, seed=seed))
    starts = hilbert(graph, machine), compact(graph, machine, effort=0.1, seed=seed)
    assert found <= min(_hops(graph, start) for start in starts)


@given(case=cases())
@settings(max_examples=40, deadline=None)
def test_the_moves_keep_to_constraints(case: Case) -> None:
    if any(net.weight > 0 and len(net.sinks) for net in case.graph.nets):
        annealed = anneal(case.graph, case.witness, 0.05, case.constraints)
        check(case.graph, annealed, case.constraints)


def test_more_rules_than_bits_are_kept() -> None:
    graph = grid(8)
    constraints = Constraints(apart=tuple(Apart((i % 64,), ((i * 7 + 1) % 64,)) for i in range(80)))
    check(graph, place(graph, torus(3, 4), constraints, effort=0.1), constraints)


def test_a_random_placement_of_a_local_graph_becomes_short() -> None:
    graph = grid(12)
    start = scatter(graph, spin5())
    short = _hops(graph, anneal(graph, start, 1))
    assert short < 0.3 * _hops(graph, start)
    assert short < 0.6 * _hops(graph, hilbert(graph, spin5()))


@given(machine=machines(faults=False), data=st.data())
@settings(max_examples=50, deadline=None)
def test_the_shortest_ways_are_as_long_as_the_machine_says(machine: Machine, data: st.DataObject) -> None:
    dx = data.draw(st.integers(1 - machine.width, machine.width - 1))
    dy = data.draw(st.integers(1 - machine.height, machine.height - 1))
    links, x, y = _ways(machine)[dx + machine.width - 1, dy + machine.height - 1].tolist()
    assert links == hops(machine, np.array(dx, np.int32), np.array(dy, np.int32)) == max(abs(x), abs(y), abs(x - y))
    assert (x - dx) % machine.width == (y - dy) % machine.height == 0


def test_a_graph_without_packets_stays_where_it_starts() -> None:
    graph = Graph("g", (Vertex("a", 1), Vertex("b", 1)), (Net(0, np.array([1], np.int32), 1, 0.0),))
    assert sorted(place(graph, spin5()).p.tolist()) == [1, 2]


def test_no_chip_is_opened_unless_it_may_spread() -> None:
    graph = populations({"a": 40})
    nets = tuple(replace(net, sinks=np.array([(net.source + 1) % 40], np.int32)) for net in graph.nets)
    ring = replace(graph, nets=nets)
    used = {spread: place(ring, spin5(), spread=spread) for spread in (False, True)}
    chips = {spread: len({*zip(found.x.tolist(), found.y.tolist(), strict=True)}) for spread, found in used.items()}
    assert chips[False] == 3 <= chips[True]
