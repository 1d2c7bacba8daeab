"""Rules of placement: what they mean for vertices, and how contradictions are told."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from graphs import populations

import toolchain.contradictions
from emulator.machine import board_of, boards, spin5, without
from toolchain.constraints import FREE, Constraints
from toolchain.contradictions import Limit
from toolchain.errors import MappingError
from toolchain.graph import Graph, Vertex
from toolchain.place.check import check
from toolchain.place.hilbert import place
from toolchain.problems import SettingsError
from toolchain.rules import MOST_TOLD, constraints_of
from toolchain.settings import Origin, PlaceRule, Region

GRAPH = populations({"retina": 2, "LGN": 2, "V1 E": 3, "V1 I": 1})
RETINA, LGN, V1 = (0, 1), (2, 3), (4, 5, 6, 7)


def rule(line: int, kind: Any, pattern: str, other: str = "", **place: Any) -> PlaceRule:
    return PlaceRule(kind, pattern, other, origin=Origin("r.map", line), **place)


def problems(*rules: PlaceRule, graph: Graph = GRAPH) -> list[str]:
    with pytest.raises(SettingsError) as error:
        constraints_of(graph, spin5(), rules)
    return [f"{found.origin}: {'; '.join([found.message, *found.hints])}" for found in error.value.problems]


def test_no_rules_are_no_constraints() -> None:
    assert constraints_of(GRAPH, spin5(), ()) is FREE


def test_rules_become_constraints_on_slices() -> None:
    rules = (
        rule(1, "on", "retina", chip=(3, 3)),
        rule(2, "on", "LGN[[]0]", chip=(1, 0), core=4),
        rule(3, "with", "V1 I", "V1 E[[]1]"),
        rule(4, "near", "V1*", "LGN", hops=2),
        rule(5, "apart", "retina", "V1 E"),
    )
    found = constraints_of(GRAPH, spin5(), rules)
    assert {vertex: np.argwhere(chips).tolist() for vertex, chips in found.chips.items()} == {
        0: [[3, 3]],
        1: [[3, 3]],
        2: [[1, 0]],
    }
    assert found.core == {2: 4}
    assert found.origins == {0: ("r.map:1",), 1: ("r.map:1",), 2: ("r.map:2",)}
    assert (found.together, found.together_origins) == (((5, 7),), (("r.map:3",),))
    assert [(near.these, near.those, near.hops, near.origin) for near in found.near] == [(V1, LGN, 2, "r.map:4")]
    assert [(apart.these, apart.those, apart.origin) for apart in found.apart] == [(RETINA, (4, 5, 6), "r.map:5")]
    check(GRAPH, place(GRAPH, spin5(), found), found)


def test_regions_and_boards_are_their_chips_and_rules_of_one_vertex_intersect() -> None:
    machine = boards(3)
    rules = (rule(1, "on", "LGN", board=1), rule(2, "on", "L*", region=Region(5, 9, 6, 30)))
    found = constraints_of(GRAPH, machine, rules)
    for vertex in LGN:
        expected = board_of(machine) == 1
        expected[:5], expected[7:], expected[:, :9] = False, False, False
        assert (found.chips[vertex] == expected).all()
        assert expected.any()
    assert found.origins[2] == ("r.map:1", "r.map:2")


def test_pairs_that_share_a_slice_are_one_group() -> None:
    rules = (rule(1, "with", "retina", "LGN"), rule(2, "with", "LGN[[]1]", "V1 I"), rule(3, "with", "LGN", "LGN"))
    found = constraints_of(GRAPH, spin5(), rules)
    assert found.together == ((0, 2), (1, 3, 7))
    assert found.together_origins == (("r.map:1",), ("r.map:1", "r.map:2"))


def test_stages_that_delay_are_placed_with_their_population_but_are_no_slices() -> None:
    names = ["a[0:5]", "a[5:9]", "a[0:5] delayed", "b[0:5]", "b[5:9]"]
    graph = Graph("g", tuple(Vertex(name, 5) for name in names), ())
    found = constraints_of(graph, spin5(), (rule(1, "with", "a", "b"), rule(2, "on", "a", chip=(0, 0))))
    assert found.together == ((0, 3), (1, 4))
    assert sorted(found.chips) == [0, 1, 2]


# --- what is wrong ----------------------------------------------------------------------------------------------


def test_unknown_labels_suggest_the_nearest() -> None:
    assert problems(rule(1, "on", "retinna", chip=(0, 0)), rule(2, "near", "LGN", "V2")) == [
        "r.map:1: no population is called 'retinna'; did you mean 'retina'?",
        "r.map:2: no population is called 'V2'; there are retina, LGN, V1 E, V1 I",
    ]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"chip": (7, 0)}, "r.map:1: 'retina' cannot be on chip (7, 0), which spin5 lacks"),
        ({"chip": (99, 0)}, "r.map:1: 'retina' cannot be on chip (99, 0), which spin5 lacks"),
        (
            {"chip": (0, 0), "core": 16},
            "r.map:1: 'retina' cannot be on core 16 of chip (0, 0), which has cores 1 to 15",
        ),
        ({"board": 1}, "r.map:1: 'retina' cannot be on board 1: spin5 has no chips there"),
        (
            {"region": Region(7, 0, 9, 1)},
            "r.map:1: 'retina' cannot be on chips (7, 0) to (9, 1): spin5 has no chips there",
        ),
        ({}, "r.map:1: 'retina' is to be on no place; say a chip, a chip and a core, a board or a region"),
    ],
)
def test_places_that_the_machine_lacks_are_refused(where: dict[str, Any], message: str) -> None:
    assert problems(rule(1, "on", "retina", **where)) == [message]


def test_a_dead_chip_is_lacking() -> None:
    with pytest.raises(MappingError, match=r"cannot be on chip \(1, 1\), which spin5 lacks"):
        constraints_of(GRAPH, without(spin5(), [(1, 1)]), (rule(1, "on", "LGN", chip=(1, 1)),))


def test_contradictions_are_named_in_pairs_and_all_at_once() -> None:
    found = problems(
        rule(1, "on", "retina[[]0]", chip=(0, 0)),
        rule(2, "on", "retina*", chip=(1, 1)),
        rule(3, "on", "LGN[[]0]", chip=(2, 2), core=3),
        rule(4, "on", "LGN[[]1]", chip=(2, 2), core=3),
        rule(5, "on", "V1 I", chip=(5, 5), core=1),
        rule(6, "on", "V1*", chip=(5, 5), core=2),
    )
    assert found == [
        "r.map:2: 'retina[[]0]' on chip (0, 0) (r.map:1) contradicts 'retina*' on chip (1, 1) (r.map:2)",
        "r.map:6: 'V1 I' on core 1 of chip (5, 5) (r.map:5) contradicts 'V1*' on core 2 of chip (5, 5) (r.map:6)",
        "r.map:4: 'LGN[[]0]' on core 3 of chip (2, 2) (r.map:3) contradicts 'LGN[[]1]' on core 3 of chip (2, 2) "
        "(r.map:4): a core takes one slice",
        "r.map:6: 'V1*' on core 2 of chip (5, 5) (r.map:6): a core takes one slice, and several match",
    ]


def test_relations_that_contradict_places_or_each_other() -> None:
    on = (rule(1, "on", "retina", chip=(0, 0)), rule(2, "on", "LGN", chip=(7, 7)))
    assert problems(*on, rule(3, "with", "retina[[]0]", "LGN[[]0]")) == [
        "r.map:3: 'retina' on chip (0, 0) (r.map:1) contradicts 'LGN' on chip (7, 7) (r.map:2): "
        "'retina[0]' and 'LGN[0]' share a chip (r.map:3)"
    ]
    assert problems(*on, rule(3, "near", "LGN", "retina", hops=6)) == [
        "r.map:3: 'LGN' on chip (7, 7) (r.map:2) is not within 6 hops (r.map:3) of 'retina' on chip (0, 0) (r.map:1)"
    ]
    assert problems(rule(1, "with", "retina", "LGN"), rule(2, "apart", "LGN", "retina[[]1]")) == [
        "r.map:2: 'retina[1]' and 'LGN[1]' share a chip (r.map:1) contradicts that they are apart (r.map:2)"
    ]
    assert problems(on[0], rule(2, "on", "V1 I", chip=(0, 0)), rule(3, "apart", "V1*", "retina")) == [
        "r.map:3: 'retina' on chip (0, 0) (r.map:1) and 'V1 I' on chip (0, 0) (r.map:2) contradict that "
        "they are apart (r.map:3)"
    ]
    assert problems(on[0], rule(3, "apart", "retina", "retina")) == [
        "r.map:3: 'retina' on chip (0, 0) (r.map:1) contradicts that they are apart (r.map:3)"
    ]


def test_a_large_region_is_widened() -> None:
    rules = (rule(1, "on", "LGN", region=Region(0, 0, 200, 250)), rule(2, "near", "retina", "LGN", hops=200))
    far = rule(3, "on", "retina", chip=(2, 2))
    assert constraints_of(GRAPH, boards(1200), (*rules, far)).near


def test_a_near_that_is_kept_whatever_the_places_is_no_contradiction() -> None:
    rules = (rule(1, "on", "retina", chip=(0, 0)), rule(2, "on", "LGN", chip=(7, 7)))
    assert constraints_of(GRAPH, spin5(), (*rules, rule(3, "near", "LGN", "retina", hops=7))).near
    assert constraints_of(GRAPH, spin5(), (*rules, rule(3, "near", "LGN", "V1 I", hops=0))).near


def test_places_that_are_too_small_are_refused() -> None:
    graph = populations({"a": 10, "b": 9, "c": 1})
    assert problems(rule(1, "on", "a", chip=(0, 0)), rule(2, "on", "b", chip=(0, 0)), graph=graph) == [
        "r.map:2: 'a' on chip (0, 0) (r.map:1) and 'b' on chip (0, 0) (r.map:2): that needs 19 cores, there are 15",
    ]
    heavy = replace(graph, vertices=tuple(replace(vertex, sdram_bytes=30_000_000) for vertex in graph.vertices))
    assert problems(rule(1, "on", "a", region=Region(1, 1, 1, 2)), graph=heavy) == [
        "r.map:1: 'a' on chips (1, 1) to (1, 2) (r.map:1): that needs 300,000,000 bytes of SDRAM, there are 246,939,584"
    ]
    many = tuple(rule(i + 1, "with", f"a[[]{i}]", f"b[[]{i}]") for i in range(9))
    chain = tuple(rule(10 + i, "with", f"a[[]{i}]", f"a[[]{i + 1}]") for i in range(8))
    assert problems(*many, *chain, graph=graph) == [
        "r.map:17: 'a[0]', 'a[1]', 'a[2]' and others on one chip "
        f"({' and '.join(f'r.map:{i}' for i in [1, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15, 8, 16, 9, 17])}): "
        "that needs 18 cores, there are 16"
    ]


def test_with_wants_as_many_slices_on_both_sides() -> None:
    assert problems(rule(1, "with", "V1 I", "V1 E")) == [
        "r.map:1: 'V1 I' has 1 slice and 'V1 E' 3 slices, and 'with' puts slice i of the one with slice i of the "
        "other; cells are cut by neurons_per_core, spike sources by sources_per_core: make both the same"
    ]


def test_rules_that_can_only_together_not_be_kept_are_told_by_the_placer() -> None:
    rules = (
        rule(1, "on", "V1 E", region=Region(0, 0, 1, 0)),
        rule(2, "apart", "V1 E", "V1 E"),
        rule(3, "near", "LGN", "retina"),
    )
    found: Constraints = constraints_of(GRAPH, spin5(), rules)
    with pytest.raises(MappingError, match=r"of r\.map:1 and r\.map:2 together"):
        place(GRAPH, spin5(), found)


def test_of_many_contradictions_some_are_told_and_not_every_pair_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked at grows with the rules, not with their pairs."""
    graph = populations({"a": 400})
    looked = Counter[str]()

    def exclude(one: Limit, other: Limit, cores: bool) -> bool:
        looked["pairs"] += 1
        return not np.any(one.chips & other.chips)

    monkeypatch.setattr(toolchain.contradictions, "_exclude", exclude)
    apart = [rule(2 * i + 1, "apart", "a", "a") for i in range(150)]
    on = [rule(2 * i + 2, "on", "a", chip=(0, 0)) for i in range(150)]
    found = problems(*on, *apart, graph=graph)
    assert len(found) == MOST_TOLD
    assert found[-1].endswith(f"; there may be more: the first {MOST_TOLD} contradictions are told")
    assert not any(one.endswith("are told") for one in found[:-1])
    assert looked["pairs"] == 0
    chips = [(x, y) for x in range(5) for y in range(4)]
    scattered = [rule(i + 1, "on", "a", chip=chip) for i, chip in enumerate(chips * 10)]
    assert len(problems(*scattered, graph=populations({"a": 2}))) == MOST_TOLD
    assert looked["pairs"] == len(chips) - 1, "each place is held against the first of those that contradict it"


def test_a_limit_against_a_later_one_of_several_that_agree() -> None:
    on = (rule(1, "on", "LGN", region=Region(0, 0, 3, 3)), rule(2, "on", "LGN", region=Region(2, 2, 4, 4)))
    assert problems(*on, rule(3, "on", "LGN[[]0]", chip=(1, 1)), rule(4, "on", "LGN", chip=(3, 3))) == [
        "r.map:3: 'LGN' on chips (2, 2) to (4, 4) (r.map:2) contradicts 'LGN[[]0]' on chip (1, 1) (r.map:3)"
    ]


def test_regions_are_held_against_those_within_them() -> None:
    graph = populations({"a": 10, "b": 20, "c": 35})
    on = (rule(1, "on", "a", chip=(1, 1)), rule(2, "on", "b", region=Region(1, 1, 1, 2)))
    assert constraints_of(graph, spin5(), on)
    assert problems(*on, rule(3, "on", "c", region=Region(1, 1, 2, 2)), rule(4, "on", "c", board=0), graph=graph) == [
        "r.map:3: 'a' on chip (1, 1) (r.map:1) and 'b' on chips (1, 1) to (1, 2) (r.map:2) and "
        "'c' on chips (1, 1) to (2, 2) (r.map:3): that needs 65 cores, there are 64"
    ]
