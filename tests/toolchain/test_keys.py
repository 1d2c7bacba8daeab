"""Keys: blocks are disjoint, aligned and large enough, and fixed ones stay."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from graphs import graphs_on_machines, populations
from hypothesis import assume, given, settings

from emulator.machine import Machine, spin3, spin5
from toolchain.algorithms import ALLOCATORS
from toolchain.errors import IllegalProductError, MappingError
from toolchain.graph import Graph, Net, Vertex
from toolchain.keys import Keys, along
from toolchain.keys.along import allocate as along_trees
from toolchain.keys.check import check
from toolchain.keys.dense import allocate, order
from toolchain.map_graph import Allocator
from toolchain.place import Placement
from toolchain.place.hilbert import place
from toolchain.route import Routes
from toolchain.route.ner import route
from toolchain.tables import prefixes
from toolchain.tables.generate import generate

NOWHERE = Routes(())
every_allocator = pytest.mark.parametrize("allocate", ALLOCATORS.values(), ids=ALLOCATORS)


def nets(*blocks: tuple[int, int | None, int | None]) -> Graph:
    """A graph of vertices without sinks that need so many keys, at a key and mask fixed for some."""
    vertices = tuple(Vertex(f"v{i}", 1) for i in range(len(blocks)))
    none = np.empty(0, np.int32)
    return Graph("g", vertices, tuple(Net(i, none, n, 1.0, key, mask) for i, (n, key, mask) in enumerate(blocks)))


def routed(graph: Graph, placement: Placement) -> Routes:
    """The trees of a graph; those that cannot be routed are not looked at."""
    try:
        return route(graph, placement)
    except MappingError:
        assume(False)
        raise


def allocated(graph: Graph) -> Keys:
    """Dense keys of a graph on spin5."""
    return allocate(graph, place(graph, spin5()), NOWHERE)


@every_allocator
@given(drawn=graphs_on_machines(fixed=True))
@settings(max_examples=60, deadline=None)
def test_keys_are_legal_and_repeat(allocate: Allocator, drawn: tuple[Graph, Machine]) -> None:
    graph, machine = drawn
    placement = place(graph, machine)
    routes = routed(graph, placement)
    keys = allocate(graph, placement, routes)
    check(graph, keys)
    # Stronger than the checker: no key of any block matches another block.
    blocks = [set(range(k, k + (1 << 32) - m)) for k, m in zip(keys.key.tolist(), keys.mask.tolist(), strict=True)]
    assert len(set().union(*blocks)) == sum(map(len, blocks))
    again = allocate(graph, placement, routes)
    assert (again.key.tobytes(), again.mask.tobytes()) == (keys.key.tobytes(), keys.mask.tobytes())


@every_allocator
def test_no_nets_need_no_keys(allocate: Allocator) -> None:
    graph = Graph("silent", (Vertex("v", 1),), ())
    check(graph, allocate(graph, place(graph, spin3()), NOWHERE))


def test_keys_are_packed_in_the_order_of_the_placement() -> None:
    keys = allocated(nets((200, None, None), (256, None, None), (1, None, None), (3, None, None)))
    assert keys.key.tolist() == [0, 256, 512, 516]
    assert keys.mask.tolist() == [0xFFFFFF00, 0xFFFFFF00, 0xFFFFFFFF, 0xFFFFFFFC]


def test_nets_of_one_chip_and_the_same_sinks_are_neighbours() -> None:
    graph = populations({"a": 40})
    alternating = tuple(replace(net, sinks=net.sinks[: 20 + net.source % 2]) for net in graph.nets)
    graph = replace(graph, nets=alternating)
    placement = place(graph, spin5())
    groups = [(int(placement.x[i]), int(placement.y[i]), len(graph.nets[i].sinks)) for i in order(graph, placement)]
    changes = sum(one != other for one, other in pairwise(groups))
    assert changes == len(set(groups)) - 1


def test_free_blocks_go_round_fixed_ones() -> None:
    graph = nets((256, None, None), (256, 0x100, 0xFFFFFF00), (512, None, None), (16, 0x200, 0xFFFFFFF0))
    keys = allocated(graph)
    check(graph, keys)
    assert keys.key.tolist() == [0, 0x100, 0x400, 0x200]


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        ([(1, 0x10, None)], "the key fixed for 'v0' needs a key and a mask of 32 bits, got 16 and None"),
        ([(1, 1 << 32, 0xFFFFFFFF)], "needs a key and a mask of 32 bits"),
        ([(1, 0, 0xFFFFFF0F)], "the mask 0xffffff0f fixed for 'v0' is not ones followed by zeros"),
        ([(1, 0, 0)], "the mask 0x00000000 fixed for 'v0' is not ones followed by zeros"),
        ([(1, 0x18, 0xFFFFFFF0)], "the key 0x00000018 fixed for 'v0' has bits outside its mask 0xfffffff0"),
        ([(17, 0x10, 0xFFFFFFF0)], "the keys fixed for 'v0' are 16, it needs 17; try a wider mask"),
        ([(1, 0, 0xFFFFFF00), (1, 0x80, 0xFFFFFFF0)], "the keys fixed for 'v0' and 'v1' overlap at key 0x80"),
        (
            [(1 << 31, None, None)] * 3,
            "needs 6,442,450,944 routing keys in blocks of powers of two, there are 4,294,967",
        ),
        ([(1 << 32, None, None)], "needs 4,294,967,296 routing keys"),
        ([(1 << 31, 0, 0x80000000), (1 << 31, 1 << 31, 0x80000000), (1, None, None)], "routing keys"),
    ],
)
def test_keys_that_cannot_be(blocks: list[tuple[int, int | None, int | None]], message: str) -> None:
    with pytest.raises(MappingError) as error:
        allocated(nets(*blocks))
    assert message in str(error.value)


def test_all_32_bits_can_be_used() -> None:
    graph = nets((1 << 31, None, None), (1 << 30, None, None), (1 << 30, None, None))
    keys = allocated(graph)
    check(graph, keys)
    assert keys.key.tolist() == [0, 1 << 31, 3 << 30]


@pytest.mark.parametrize(
    ("key", "mask", "message"),
    [
        (0x100, 0xFFFFFF80, "holds 128 keys, 256 are needed"),
        (0x180, 0xFFFFFF00, "is not aligned"),
        (0x100, 0xFFFFF0FF, "has a mask that is not ones followed by zeros"),
        (0, 0, "has a mask that is not ones followed by zeros"),
        (0x000, 0xFFFFFF00, r"the blocks of 'a\[0\]' and 'a\[1\]' overlap"),
        (0x000, 0xFFFFF000, "overlap"),
    ],
)
def test_broken_keys_are_caught(key: int, mask: int, message: str) -> None:
    graph = populations({"a": 3})
    keys = allocated(graph)
    keys = Keys(keys.key.copy(), keys.mask.copy())
    keys.key[1], keys.mask[1] = key, mask
    with pytest.raises(IllegalProductError, match=message):
        check(graph, keys)


def test_keys_other_than_the_fixed_ones_and_too_few_are_caught() -> None:
    free, fixed = nets((4, None, None)), nets((4, 0x40, 0xFFFFFFFC))
    with pytest.raises(IllegalProductError, match="block 0x0/0xfffffffc of 'v0' was fixed to 0x40/0xfffffffc"):
        check(fixed, allocated(free))
    with pytest.raises(IllegalProductError, match="1 nets have 0 keys and 0 masks"):
        check(free, allocated(nets()))


# --- along the trees -------------------------------------------------------------------------------------------


def along_keys(graph: Graph, effort: float = 1.0) -> Keys:
    """Keys of a graph on spin5 along its trees, checked."""
    placement = place(graph, spin5())
    keys = along_trees(graph, placement, route(graph, placement), effort=effort)
    check(graph, keys)
    return keys


def test_nets_that_are_routed_alike_share_a_block_of_their_own() -> None:
    graph = populations({"a": 200})
    placement = place(graph, spin5())
    keys = along_keys(graph)
    for chip in {*zip(placement.x.tolist(), placement.y.tolist(), strict=True)}:
        here = (placement.x == chip[0]) & (placement.y == chip[1])
        first, last = keys.key[here].min(), keys.key[here].max() | 0xFF
        assert int(first ^ last).bit_length() <= 12
        assert not np.any((keys.key[~here] >= first) & (keys.key[~here] <= last))


def test_free_nets_take_one_block_beside_those_that_are_fixed() -> None:
    graph = populations({"a": 40})
    fixed = tuple(replace(n, key=n.source << 20, mask=0xFFF00000) if n.source % 3 == 0 else n for n in graph.nets)
    keys = along_keys(replace(graph, nets=fixed))
    free = np.array([n.key is None for n in fixed])
    assert keys.key[~free].tolist() == [n.key for n in fixed if n.key is not None]
    low, high = keys.key[free].min(), keys.key[free].max() | 0xFF
    assert not np.any((keys.key[~free] >= low) & (keys.key[~free] <= high))


def test_only_fixed_keys_stay() -> None:
    assert along_keys(nets((4, 0x40, 0xFFFFFFFC), (4, 0x80, 0xFFFFFFFC))).key.tolist() == [0x40, 0x80]


@pytest.mark.parametrize(
    "blocks",
    [
        [(1 << 30, None, None), (1 << 31, None, None), (1 << 30, None, None)],
        [(1 << 30, 1 << 31, 0xC0000000), (1 << 30, 0, 0xC0000000), (1 << 29, None, None), (1 << 30, None, None)],
        [(1 << 29, 1 << 31, 0xE0000000), (1 << 30, 0, 0xC0000000), (1 << 30, None, None), (1 << 30, None, None)],
    ],
)
def test_large_blocks_are_fitted_in_where_they_fit(blocks: list[tuple[int, int | None, int | None]]) -> None:
    along_keys(nets(*blocks))


@pytest.mark.parametrize("blocks", [[(1 << 31, None, None)] * 3, [(1 << 32, None, None)]])
def test_keys_run_out(blocks: list[tuple[int, int | None, int | None]]) -> None:
    with pytest.raises(MappingError, match="routing keys in blocks of powers of two"):
        along_keys(nets(*blocks))


def test_no_block_is_deeper_than_keys_are_long() -> None:
    """Random nets make long chains of clusters; keys of 20 bits leave them 12."""
    generator = np.random.default_rng(3)
    vertices = tuple(Vertex(f"v[{i}]", 1) for i in range(400))
    sinks = [np.sort(generator.choice(400, 6, replace=False)).astype(np.int32) for _ in vertices]
    along_keys(Graph("random", vertices, tuple(Net(i, s, 1 << 20, 1.0) for i, s in enumerate(sinks))))


def test_not_all_pairs_of_many_clusters_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = populations({"a": 300, "b": 200})
    placement = place(graph, spin5())
    routes = route(graph, placement)
    lengths = []
    for most in (along.ALL_PAIRS, 10):
        monkeypatch.setattr(along, "ALL_PAIRS", most)
        keys = along_trees(graph, placement, routes)
        check(graph, keys)
        tables = generate(placement.machine, keys, routes)
        lengths.append(prefixes.minimise(placement.machine, keys, routes, tables).entries)
    assert lengths[1] <= 1.2 * lengths[0]
