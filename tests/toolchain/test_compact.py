"""Compact placement: packing by affinity, and annealing of bundles against networkx."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from graphs import NETLISTS, graphs_on_machines, populations
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.machine import Machine, hops, named, spin3, spin5, torus
from toolchain.algorithms import ROUTERS
from toolchain.constraints import Constraints, Near
from toolchain.graph import Graph, Net, Vertex
from toolchain.joined import Joined, joined
from toolchain.netlist import read
from toolchain.place import Placement, compact
from toolchain.place.affinity import by_affinity
from toolchain.place.arrange import Arrangement
from toolchain.place.check import check
from toolchain.place.compact import place
from toolchain.place.hilbert import place as hilbert


def cost(graph: Graph, placement: Placement) -> float:
    """Packets times links of minimum spanning trees, as networkx finds them."""
    total = 0.0
    for net in graph.nets:
        at = np.unique(np.stack([placement.x, placement.y], axis=1)[[net.source, *net.sinks]], axis=0)
        ends = nx.Graph()
        ends.add_nodes_from(range(len(at)))
        for i in range(len(at)):
            distance = hops(placement.machine, *(at - at[i]).T)
            ends.add_weighted_edges_from((i, j, int(distance[j])) for j in range(i))
        total += net.weight * nx.minimum_spanning_tree(ends).size("weight")
    return total


def connected(sinks: list[list[int]]) -> Graph:
    """Vertex i sends to sinks[i]."""
    vertices = tuple(Vertex(f"v{i}", 100) for i in range(len(sinks)))
    nets = tuple(Net(i, np.array(sorted(ends), np.int32), 100, 100.0) for i, ends in enumerate(sinks) if ends)
    return Graph("g", vertices, nets)


def chips_of(placement: Placement, vertices: list[int]) -> set[tuple[int, int]]:
    """The chips that `vertices` are on."""
    return set(zip(placement.x[vertices].tolist(), placement.y[vertices].tolist(), strict=True))


# --- netlists ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "most_hops", "most_chips"), [("microcircuit-462", 1_620_000, 29), ("brunel100k-592", 2_600_000, 37)]
)
def test_shared_netlists_take_few_chips_and_links(name: str, most_hops: int, most_chips: int) -> None:
    path = NETLISTS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    graph = read(path).graph
    placement = place(graph, named("spin5"))
    check(graph, placement)
    assert len(chips_of(placement, list(range(len(graph.vertices))))) <= most_chips
    trees = ROUTERS["trunk"](graph, placement).trees
    assert sum(net.weight * tree.links for net, tree in zip(graph.nets, trees, strict=True)) <= most_hops


# --- arranging -----------------------------------------------------------------------------------------------


@given(drawn=graphs_on_machines(), seed=st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_the_cost_that_is_annealed_is_that_of_spanning_trees(drawn: tuple[Graph, Machine], seed: int) -> None:
    graph, machine = drawn
    packed = hilbert(graph, machine)
    _, bundle = np.unique(packed.x.astype(np.int64) * machine.height + packed.y, return_inverse=True)
    nets = joined(graph, bundle, int(bundle.max()) + 1)
    chips = compact._chips(machine)
    arrangement = compact._arrangement(packed, bundle, nets, np.empty(0, np.int64), chips)
    before = cost(graph, packed)
    assert arrangement.total == pytest.approx(before)
    arrangement.typical_change(50, seed)
    assert arrangement.total == pytest.approx(before)
    assert (chips[arrangement.position[bundle]] == np.stack([packed.x, packed.y], axis=1)).all()
    arrangement.anneal(20_000, before + 1.0, 1.0, seed)
    at = chips[arrangement.position[bundle]]
    moved = Placement(machine, at[:, 0].copy(), at[:, 1].copy(), packed.p)
    check(graph, moved)
    assert arrangement.total == pytest.approx(cost(graph, moved))


@given(drawn=graphs_on_machines())
@settings(max_examples=20, deadline=None)
def test_arranging_costs_no_more_than_packing(drawn: tuple[Graph, Machine]) -> None:
    graph, machine = drawn
    packed, arranged = (place(graph, machine, effort=effort) for effort in (0.0, 0.1))
    assert cost(graph, arranged) <= cost(graph, packed)


def test_neighbours_come_to_lie_side_by_side() -> None:
    """A ring of 16 populations that fill a chip each needs a link for each net, and has one on a torus."""
    size = 15
    machine = torus(6, 6, cores=size)
    graph = connected([[(i // size + 1) % 16 * size + j for j in range(size)] for i in range(16 * size)])
    placement = place(graph, machine, effort=0.2)
    assert cost(graph, placement) == sum(net.weight for net in graph.nets)


def test_bundles_go_only_where_they_fit() -> None:
    cores = np.array([[2, 5], [3, 4]], np.uint8)
    machine = replace(spin3(), cores=cores)
    graph = populations({"a": 14})
    placement = place(graph, machine)
    check(graph, placement)


@pytest.mark.parametrize("bundle", [0, 1, 2])
def test_a_bundle_that_is_held_stays(bundle: int) -> None:
    machine = torus(4, 4)
    chips = np.ascontiguousarray(np.argwhere(machine.cores > 0), np.int32)
    nets = Joined(3, np.array([0, 3], np.int32), np.arange(3, dtype=np.int32), np.array([1.0]))
    at = np.arange(16, dtype=np.int32).reshape(4, 4)
    offsets = np.mgrid[-3:4, -3:4].astype(np.int32)
    fixed = np.zeros(3, np.int8)
    fixed[bundle] = 1
    start = np.array([0, 2, 10], np.int32)
    arrangement = Arrangement(
        chips, np.full(16, 16, np.int32), np.full(3, 16, np.int32), fixed, at, hops(machine, *offsets).astype(np.int16),
        nets.start, nets.member, *nets.of_places(), nets.weight, start,
    )  # fmt: skip
    assert arrangement.total == 4
    arrangement.anneal(100_000, 1.0, 0.01, 1)
    assert arrangement.total == 2
    assert arrangement.position[bundle] == start[bundle]


def test_constraints_are_kept_when_bundles_are_arranged() -> None:
    machine = spin5()
    where = np.zeros((8, 8), np.bool_)
    where[7, 7] = True
    graph = populations({"a": 200})
    rules = Constraints(chips={3: where}, core={3: 9}, together=((5, 150),), near=(Near((20,), (190,)),))
    placement = place(graph, machine, rules, effort=0.2)
    check(graph, placement, rules)


def test_chips_with_fewer_cores_are_taken_last() -> None:
    full = populations({"a": 32 * 16})
    placement = place(full, spin5())
    assert len(chips_of(placement, list(range(512)))) == 32
    assert (0, 0) not in chips_of(placement, list(range(512)))


def test_the_seed_draws_the_moves() -> None:
    generator = np.random.default_rng(0)
    graph = connected([generator.choice(200, 5, replace=False).tolist() for _ in range(200)])
    first, again, other = (place(graph, spin5(), effort=0.01, seed=seed).x.tolist() for seed in (1, 1, 2))
    assert first == again != other


# --- packing -------------------------------------------------------------------------------------------------


@given(drawn=graphs_on_machines())
@settings(max_examples=50, deadline=None)
def test_affinity_orders_all_vertices(drawn: tuple[Graph, Machine]) -> None:
    graph, _ = drawn
    receives = np.zeros(len(graph.vertices), np.bool_)
    for net in graph.nets:
        receives[net.sinks] = True
    order = by_affinity(graph, receives, np.array([3, 2, 5], np.int32))
    assert sorted(order.tolist()) == list(range(len(order)))
    assert receives[order[: receives.sum()]].all()


@pytest.mark.parametrize("seed", range(3))
def test_modules_are_found_whatever_the_order(seed: int) -> None:
    """Twenty modules of a chip each, every fourth member of which also sends to another module."""
    generator = np.random.default_rng(seed)
    name = generator.permutation(320)
    sinks: list[list[int]] = [[] for _ in range(320)]
    for i in range(320):
        inside = range(i // 16 * 16, i // 16 * 16 + 16)
        outside = generator.integers(320, size=2 * (i % 4 == 0)).tolist()
        sinks[name[i]] = sorted({int(name[j]) for j in [*inside, *outside]})
    placement = place(connected(sinks), spin5(), effort=0.1)
    for module in range(20):
        assert len(chips_of(placement, name[module * 16 : module * 16 + 16].tolist())) == 1


def test_a_graph_that_takes_too_long_keeps_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolchain.place.affinity.MOST_STEPS", 10)
    graph = connected([[(i + 7) % 20] for i in range(20)])
    order = by_affinity(graph, np.ones(20, np.bool_), np.array([16, 16], np.int32))
    assert order.tolist() == list(range(20))


def test_sources_are_beside_their_sinks() -> None:
    cells = list(range(64))
    graph = connected([cells] * 64 + [[i] for i in range(64)])
    placement = place(graph, spin5())
    assert len(chips_of(placement, cells)) == 4
    assert cost(graph, placement) == 64 * 100 * 3 + 64 * 100
