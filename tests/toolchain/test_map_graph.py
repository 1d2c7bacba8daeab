"""Mapping as a whole: the machine is chosen, every stage is checked, and the figures are right."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from graphs import NETLISTS, graphs, populations
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import in_new_process

from emulator.errors import MachineError
from emulator.machine import board_of, boards, spin3, spin5, without
from toolchain.algorithms import ALLOCATORS, MINIMISERS, PLACERS, ROUTERS
from toolchain.errors import IllegalProductError, MappingError
from toolchain.graph import Graph, Net, Vertex
from toolchain.keys import Keys
from toolchain.keys.dense import allocate
from toolchain.map_graph import Algorithms, GraphMapping, map_graph
from toolchain.netlist import read
from toolchain.place import Placement
from toolchain.place.hilbert import place
from toolchain.place.scatter import place as scatter
from toolchain.route import Routes
from toolchain.route.ner import route
from toolchain.tables import Tables
from toolchain.tables.generate import generate


def digest(mapping: GraphMapping) -> str:
    """A digest of all products."""
    placement, keys = mapping.placement, mapping.keys
    parts = [a.tobytes() for a in (placement.x, placement.y, placement.p, keys.key, keys.mask)]
    parts += [a.tobytes() for tree in mapping.routes.trees for a in (tree.x, tree.y, tree.arrival, tree.route)]
    tables = mapping.tables.tables + mapping.minimised.tables
    parts += [a.tobytes() for table in tables for a in (table.key, table.mask, table.route)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


@pytest.mark.parametrize(("keys", "minimise"), [*product(ALLOCATORS, MINIMISERS)], ids="-".join)
@given(place=st.sampled_from([*PLACERS]), route=st.sampled_from([*ROUTERS]), graph=graphs(60, fixed=True))
@settings(max_examples=15, deadline=None)
def test_any_choice_of_algorithms_maps_any_graph_alike_each_time(
    keys: str, minimise: str, place: str, route: str, graph: Graph
) -> None:
    algorithms = Algorithms(PLACERS[place], ALLOCATORS[keys], ROUTERS[route], MINIMISERS[minimise])
    mapping = map_graph(graph, "3 boards", algorithms)
    assert digest(mapping) == digest(map_graph(graph, "3 boards", algorithms))


@pytest.mark.parametrize(
    ("cores", "machine"), [(0, "spin3"), (1, "spin3"), (63, "spin3"), (64, "spin5"), (767, "spin5"), (768, "3 boards")]
)
def test_the_smallest_machine_is_chosen(cores: int, machine: str) -> None:
    graph = Graph("g", tuple(Vertex(f"v[{i}]", 1) for i in range(cores)), ())
    assert map_graph(graph).machine.name == machine


def test_a_graph_that_needs_memory_gets_more_chips() -> None:
    assert map_graph(populations({"a": 5}, 100_000_000)).machine.name == "spin5"
    with pytest.raises(MappingError, match="population 'a' needs 200,000,000 bytes of SDRAM for one core, a chip has"):
        map_graph(populations({"a": 5}, 200_000_000))


def test_a_graph_too_large_for_any_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolchain.machines.smallest", lambda cores: iter(()))
    with pytest.raises(MappingError, match="network 'net' needs 5 cores, more than any machine has; try a netlist"):
        map_graph(populations({"a": 5}))


def test_a_machine_can_be_named_or_given() -> None:
    graph = populations({"a": 5})
    assert map_graph(graph, "8x8").machine.name == "8x8"
    machine = spin3(3)
    assert map_graph(graph, machine).machine is machine
    with pytest.raises(MachineError, match="unknown machine 'spin6'"):
        map_graph(graph, "spin6")


def test_chips_that_are_cut_off_are_not_used_and_that_is_said() -> None:
    machine = without(spin5(), links=[(0, 0, link) for link in range(6)])
    mapping = map_graph(populations({"a": 700}), machine)
    assert not np.any((mapping.placement.x == 0) & (mapping.placement.y == 0))
    with pytest.raises(
        MappingError, match=r"760 cores, 752 are free .* \(1 of its 48 chips cannot be reached from the"
    ):
        map_graph(populations({"a": 760}), machine)


def test_figures() -> None:
    # a goes from (0, 0) straight through (1, 0) to c on (2, 0); b, on (0, 0), goes to itself and c. At c they are one.
    nets = (Net(0, np.array([2], np.int32), 4, 4.0), Net(1, np.array([1, 2], np.int32), 4, 1.5))
    graph = Graph("g", tuple(Vertex(name, 4) for name in "abc"), nets)
    x, y, p = np.array([[0, 0, 2], [0, 0, 0], [1, 2, 1]], np.int32)
    mapping = map_graph(graph, "12x12", Algorithms(place=lambda _, machine, constraints: Placement(machine, x, y, p)))
    assert mapping.figures == {
        "cores": 3,
        "chips": 2,
        "boards": 1,
        "entries_generated": 6,
        "entries_minimised": 3,
        "entries_max": 2,
        "hops": 4 * 2 + 1.5 * 2,
    }
    assert list(mapping.seconds) == ["place", "check", "route", "keys", "tables", "minimise"]


def test_hops_count_weights_and_default_routes() -> None:
    graph = populations({"a": 60})
    mapping = map_graph(graph, boards(3), Algorithms(place=partial(scatter, seed=4)))
    links = sum(bin(int(word) & 63).count("1") for tree in mapping.routes.trees for word in tree.route)
    assert mapping.hops == 256.0 * links
    assert mapping.entries_minimised < mapping.entries_generated
    assert mapping.boards == len(set(board_of(mapping.machine)[mapping.placement.x, mapping.placement.y].tolist()))


def test_a_table_that_overflows_is_the_networks_fault() -> None:
    algorithms = Algorithms(minimise=MINIMISERS["default_routes"])
    with pytest.raises(MappingError, match="needs 20 entries, it has 10"):
        map_graph(populations({"a": 20}), replace(spin3(), table_entries=10), algorithms)


BROKEN = {
    "place": Algorithms(place=lambda g, m, c: replace(place(g, m, c), p=np.zeros(len(g.vertices), np.int32))),
    "keys": Algorithms(keys=lambda g, p, r: Keys(allocate(g, p, r).key * 0, allocate(g, p, r).mask)),
    "route": Algorithms(route=lambda g, p: Routes(route(g, p).trees[::-1])),
    "tables": Algorithms(minimise=lambda m, k, r, t: Tables(t.tables[:-1])),
}


@pytest.mark.parametrize("stage", BROKEN)
def test_each_stage_is_checked(stage: str) -> None:
    with pytest.raises(IllegalProductError, match=f"stage '{stage}' made an illegal product: .* defect of pyneuro"):
        map_graph(populations({"a": 40}), "spin3", BROKEN[stage])


def test_an_illegal_graph_is_refused() -> None:
    graph = Graph("g", (Vertex("a", 1),), (Net(0, np.array([3], np.int32), 1, 1.0),))
    with pytest.raises(IllegalProductError, match="stage 'graph'"):
        map_graph(graph)


def test_hash_seeds_change_nothing() -> None:
    program = (
        "from test_map_graph import digest, map_graph, populations\n"
        "print(digest(map_graph(populations({'a': 90, 'b': 30}))))"
    )
    digests = {in_new_process(program, hash_seed=seed, places=(Path(__file__).parent,)) for seed in ("1", "2")}
    assert digests == {digest(map_graph(populations({"a": 90, "b": 30}))) + "\n"}


@pytest.mark.parametrize(
    ("name", "hops", "chips"), [("microcircuit-462", 1_700_000, 29), ("brunel100k-592", 2_880_000, 38)]
)
def test_shared_netlists_map_well(name: str, hops: float, chips: int) -> None:
    path = NETLISTS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    netlist = read(path)
    mapping = map_graph(netlist.graph)
    assert mapping.machine.name == netlist.machine
    assert mapping.hops <= hops
    assert mapping.chips <= chips
    tables = generate(mapping.machine, mapping.keys, mapping.routes)
    assert tables.entries == mapping.entries_generated
