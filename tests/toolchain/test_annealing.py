"""Placement by annealing: the cost is that of real trees, and no placement gets worse."""

from __future__ import annotations

from dataclasses import replace
from math import exp

import numpy as np
from constrained import Case, cases
from graphs import graphs_on_machines, machines, populations
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from emulator.machine import Machine, hops, spin5, torus
from toolchain.constraints import FREE, Apart, Constraints
from toolchain.graph import Graph, Net, Vertex
from toolchain.place import Placement
from toolchain.place.annealing import _annealed, _annealing, _cost, _entries, _ways, place
from toolchain.place.check import check
from toolchain.place.compact import place as compact
from toolchain.place.hilbert import place as hilbert
from toolchain.place.scatter import place as scatter
from toolchain.place.units import units_of
from toolchain.route.ner import route


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
    steps = int(effort * 200_000 * len(units))
    return _annealed(graph, start, units, 1, steps=steps, cold=0.05, entries=1.0, spread=True)


def hops_of(graph: Graph, placement: Placement) -> float:
    """Packets times links."""
    return exp(_cost(graph, placement, 0.0))


@given(drawn=graphs_on_machines(), seed=st.integers(0, 5), entries=st.sampled_from([0.0, 1.0, 2.0]))
@settings(max_examples=25, deadline=None)
def test_it_is_never_worse_than_where_it_starts(drawn: tuple[Graph, Machine], seed: int, entries: float) -> None:
    graph, machine = drawn
    found = place(graph, machine, effort=0.1, entries=entries, seed=seed)
    starts = hilbert(graph, machine), compact(graph, machine, effort=0.1, seed=seed)
    assert _cost(graph, found, entries) <= min(_cost(graph, start, entries) for start in starts)


@given(drawn=graphs_on_machines(faults=False), data=st.data())
@settings(max_examples=40, deadline=None)
def test_it_counts_the_entries_that_routes_need(drawn: tuple[Graph, Machine], data: st.DataObject) -> None:
    graph, machine = drawn
    assume(graph.nets)
    ends = st.integers(0, len(graph.vertices) - 1)
    # Nets to one vertex: which way the branches of others go is left to the router.
    nets = tuple(replace(net, sinks=np.array([data.draw(ends)], np.int32), weight=1.0) for net in graph.nets)
    graph = replace(graph, nets=nets, together=())
    start = scatter(graph, machine)
    annealing, _ = _annealing(graph, start, units_of(graph, machine, FREE), True)
    assert annealing.entries() == _entries(machine, route(graph, start).trees)


def test_entries_count_where_they_are_dear() -> None:
    graph = grid(16)
    routed = {dear: route(graph, place(graph, spin5(), effort=0.3, entries=dear)).trees for dear in (0.0, 10.0)}
    assert _entries(spin5(), routed[10.0]) < 0.97 * _entries(spin5(), routed[0.0])


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
    short = hops_of(graph, anneal(graph, start, 1))
    assert short < 0.3 * hops_of(graph, start)
    assert short < 0.6 * hops_of(graph, hilbert(graph, spin5()))


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
