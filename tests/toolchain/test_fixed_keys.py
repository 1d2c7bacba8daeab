"""Fixed keys: blocks of populations, divided among slices."""

from __future__ import annotations

import numpy as np
import pytest

from emulator.machine import spin3
from toolchain.algorithms import ALLOCATORS
from toolchain.fixed_keys import fix_keys
from toolchain.graph import Graph, Net, Vertex
from toolchain.keys.check import check
from toolchain.map_graph import map_graph
from toolchain.problems import SettingsError
from toolchain.settings import KeyRule, Origin


def graph(**slices: list[int]) -> Graph:
    """Populations with slices of so many neurons, each with a net to the first."""
    vertices = tuple(Vertex(f"{name}[{i}]", n) for name, sizes in slices.items() for i, n in enumerate(sizes))
    sink = np.zeros(1, np.int32)
    return Graph("g", vertices, tuple(Net(i, sink, vertex.neurons, 1.0) for i, vertex in enumerate(vertices)))


def rule(pattern: str, key: int, mask: int, line: int = 1) -> KeyRule:
    return KeyRule(pattern, key, mask, Origin("r.map", line))


def blocks(found: Graph) -> list[tuple[int | None, int | None]]:
    return [(net.key, net.mask) for net in found.nets]


def problems(of: Graph, *rules: KeyRule) -> list[str]:
    with pytest.raises(SettingsError) as error:
        fix_keys(of, rules)
    return [f"{found.origin}: {'; '.join([found.message, *found.hints])}" for found in error.value.problems]


def test_slices_divide_the_block_of_their_population() -> None:
    found = fix_keys(graph(a=[256, 100], b=[9]), (rule("a", 0x12340000, 0xFFFF0000),))
    assert blocks(found) == [(0x12340000, 0xFFFFFF00), (0x12340100, 0xFFFFFF80), (None, None)]


def test_slices_come_in_their_order_and_a_single_one_has_the_whole_block() -> None:
    found = fix_keys(graph(a=[3, 256], b=[9]), (rule("a", 0x400, 0xFFFFFC00), rule("b", 0xFF00, 0xFFFFFF00)))
    assert blocks(found) == [(0x400, 0xFFFFFFFC), (0x500, 0xFFFFFF00), (0xFF00, 0xFFFFFF00)]


def delayed(keys: int = 1024) -> Graph:
    """A population of two slices; the delay stages of the first, which need more keys, stand between them."""
    vertices = tuple(Vertex(name, 256) for name in ("a[0:256]", "a[0:256] delayed", "a[256:400]"))
    sink = np.zeros(1, np.int32)
    return Graph("g", vertices, tuple(Net(i, sink, size, 1.0) for i, size in ((2, 144), (1, keys), (0, 256))))


def test_delay_stages_come_after_all_cells() -> None:
    """Which those outside know by their keys: cell i of `a` has key 0x10000 + i."""
    found = fix_keys(delayed(), (rule("a", 0x10000, 0xFFFF0000),))
    assert blocks(found) == [(0x10100, 0xFFFFFF00), (0x10400, 0xFFFFFC00), (0x10000, 0xFFFFFF00)]


def test_keys_of_delay_stages_are_told_apart() -> None:
    assert problems(delayed(512), rule("a", 0x10000, 0xFFFFFE00)) == [
        "r.map:1: 'a' needs 1,024 keys, 512 of them for the delay stages that repeat its spikes; its block has 512; "
        "try mask 0xfffffc00; delays of 16 timesteps and less need no stages: longest_delay cuts others"
    ]


def test_populations_that_match_one_rule_take_blocks_one_after_the_other() -> None:
    found = fix_keys(graph(a=[9], b=[9], c=[9]), (rule("[ac]", 0x100, 0xFFFFFF00),))
    assert blocks(found) == [(0x100, 0xFFFFFF00), (None, None), (0x200, 0xFFFFFF00)]


@pytest.mark.parametrize("name", ALLOCATORS)
def test_allocators_keep_fixed_blocks(name: str) -> None:
    network = fix_keys(graph(a=[200, 200], b=[50]), (rule("a", 0x0, 0xFFFFFE00),))
    mapping = map_graph(network, spin3())
    keys = ALLOCATORS[name](network, mapping.placement, mapping.routes)
    check(network, keys)
    assert keys.key[:2].tolist() == [0x0, 0x100]
    assert keys.key[2] >= 0x200


def test_what_is_wrong_is_told_all_at_once_with_both_origins() -> None:
    assert problems(
        graph(alpha=[300], beta=[9], gamma=[9]),
        rule("alpha", 0x100, 0xFFFFFF00, 1),
        rule("beta", 0x180, 0xFFFFFF80, 2),
        rule("gamma", 0x1000, 0xFFFFF000, 3),
        rule("g*", 0x2000, 0xFFFFF000, 4),
        rule("bta", 0x1, 0xFFFFFFFF, 5),
    ) == [
        "r.map:4: 'gamma' has keys from 0x1000 (r.map:3) and from 0x2000 (r.map:4)",
        "r.map:5: no population is called 'bta'; did you mean 'beta'?",
        "r.map:2: the keys of 'alpha' (r.map:1) and 'beta' (r.map:2) overlap at 0x180",
        "r.map:1: 'alpha' needs 512 keys; its block has 256; try mask 0xfffffe00",
    ]


def test_blocks_that_are_none_are_refused() -> None:
    assert problems(graph(a=[1]), rule("a", 0x0, 0xFFFF00FF)) == [
        "r.map:1: mask 0xffff00ff is not 32 bits, ones followed by zeros"
    ]
    assert problems(graph(a=[1]), rule("a", 0x1, 0xFFFFFF00)) == [
        "r.map:1: key 0x00000001 has bits outside mask 0xffffff00"
    ]
    assert problems(graph(a=[1], b=[1]), rule("*", 0xFFFFFF00, 0xFFFFFF00)) == [
        "r.map:1: keys of 32 bits are too few for all that match '*'"
    ]
