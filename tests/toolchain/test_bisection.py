"""Placement by recursive bisection: cuts are counted right, get smaller, and leave what belongs together."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emulator.machine import Machine, boards, spin5, without
from toolchain.constraints import Constraints
from toolchain.graph import Graph, Net, Vertex
from toolchain.place.bisection import place
from toolchain.place.check import check
from toolchain.place.halves import Halves
from toolchain.place.metis import metis_sides


def starts(counts: list[int]) -> NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)


class Problem:
    """Nets between units of several sizes, some of them held, some nets anchored."""

    def __init__(self, seed: int, units: int) -> None:
        generator = np.random.default_rng(seed)
        self.sets = [np.flatnonzero(generator.random(units) < 0.4).astype(np.int32) for _ in range(2 * units)]
        self.weight = generator.integers(1, 9, len(self.sets)).astype(np.float64)
        self.anchors = (generator.random((len(self.sets), 2)) < 0.2).astype(np.int8)
        self.size = generator.integers(1, 3, units).astype(np.int32)
        self.held = np.where(generator.random(units) < 0.2, generator.integers(0, 2, units), -1).astype(np.int8)
        self.most = np.full(2, -(-int(self.size.sum()) // 2) + 2, np.int32)
        inside = [[n for n, one in enumerate(self.sets) if unit in one] for unit in range(units)]
        self.halves = Halves(
            starts([len(one) for one in self.sets]), np.concatenate(self.sets),
            starts([len(one) for one in inside]), np.array([n for one in inside for n in one], np.int32),
            self.weight, self.anchors, self.size, self.held, self.most,
        )  # fmt: skip

    def cut(self, side: NDArray[np.int8]) -> float:
        """The weight of the nets that are on both sides."""
        on = [[bool(anchors[half]) or bool((side[one] == half).any()) for half in (0, 1)]
              for one, anchors in zip(self.sets, self.anchors, strict=True)]  # fmt: skip
        return sum((w for w, both in zip(self.weight.tolist(), on, strict=True) if all(both)), 0.0)

    def fits(self, side: NDArray[np.int8]) -> bool:
        kept = (self.held < 0) | (self.held == side)
        return bool(kept.all()) and all(self.size[side == half].sum() <= self.most[half] for half in (0, 1))


@given(seed=st.integers(0, 10**6), units=st.integers(2, 9))
@settings(max_examples=100, deadline=None)
def test_a_refined_cut_is_counted_right_and_no_larger(seed: int, units: int) -> None:
    problem = Problem(seed, units)
    sides = [np.array(side, np.int8) for side in product((0, 1), repeat=units)]
    legal = [side for side in sides if problem.fits(side)]
    if legal:
        begin = legal[seed % len(legal)]
        side, cut = problem.halves.refine(begin, 8)
        assert problem.fits(side)
        assert problem.halves.is_balanced()
        assert cut == problem.cut(side)
        assert min(map(problem.cut, legal)) <= cut <= problem.cut(begin)


@given(seed=st.integers(0, 10**6), units=st.integers(2, 9))
@settings(max_examples=50, deadline=None)
def test_what_grows_keeps_what_is_held_and_side_0_within_its_bounds(seed: int, units: int) -> None:
    problem = Problem(seed, units)
    side = problem.halves.grow(seed % units)
    assert ((problem.held < 0) | (problem.held == side)).all()
    assert problem.size[(side == 0) & (problem.held < 0)].sum() <= problem.most[0]


def cliques(number: int, size: int) -> Graph:
    """Groups that talk among themselves, in random order, with a word to the next group."""
    member = np.random.default_rng(3).permutation(number * size).reshape(number, size)
    nets = []
    for group, those in enumerate(member):
        for i, vertex in enumerate(those):
            sinks = set(those.tolist()) | ({int(member[(group + 1) % number, 0])} if i == 0 else set())
            nets.append(Net(int(vertex), np.array(sorted(sinks), np.int32), 1, 1.0))
    return Graph("cliques", tuple(Vertex(f"v{i}", 1) for i in range(number * size)), tuple(nets))


@pytest.mark.parametrize(
    "machine", [spin5(), boards(3), without(spin5(), [(4, 4), (3, 3)])], ids=["spin5", "boards", "holes"]
)
def test_groups_that_fill_chips_are_not_torn(machine: Machine) -> None:
    graph = cliques(12, 15)
    placement = place(graph, machine)
    check(graph, placement)
    chip = placement.x * machine.height + placement.y
    assert np.mean([len(np.unique(chip[net.sinks])) for net in graph.nets]) < 3


def test_sources_lie_beside_and_receivers_on_the_fewest_chips() -> None:
    cells, noise = np.arange(60), np.arange(60, 120)
    nets = [Net(int(i), cells.astype(np.int32), 1, 1.0) for i in cells]
    nets += [Net(int(i), np.array([i - 60], np.int32), 1, 1.0) for i in noise]
    graph = Graph("noise", tuple(Vertex(f"v{i}", 1) for i in range(120)), tuple(nets))
    placement = place(graph, spin5())
    check(graph, placement)
    assert len(np.unique(placement.x[:60] * 8 + placement.y[:60])) == 4


def test_limits_decide_a_side() -> None:
    graph, machine = cliques(10, 16), spin5()
    low, high = np.zeros((2, 8, 8), np.bool_)
    low[:, :4], high[:, 4:] = True, True
    constraints = Constraints({v: low if v % 2 else high for v in range(100)})
    check(graph, place(graph, machine, constraints), constraints)


# --- METIS ------------------------------------------------------------------------------------------------------


def test_without_metis_there_is_no_such_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    two = np.array([0, 3], np.int32), np.array([0, 1, 2], np.int32)
    assert metis_sides(*two, np.ones(1), np.ones(3, np.int32), np.array([2, 2], np.int32)) is None


def test_metis_parts_two_groups() -> None:
    pytest.importorskip("pymetis", reason="METIS is optional")
    groups = np.array([[0, 2, 4, 6, 8], [1, 3, 5, 7, 9], [0, 1, -1, -1, -1]])
    unit = groups[groups >= 0].astype(np.int32)
    side = metis_sides(
        starts([5, 5, 2]), unit, np.array([9.0, 9, 1]), np.ones(10, np.int32), np.array([5, 5], np.int32)
    )
    assert side is not None
    assert len(set(side[groups[0]].tolist())) == len(set(side[groups[1]].tolist())) == 1 != len(set(side.tolist()))


@pytest.mark.parametrize("sides", ["all 1", "alternate"])
def test_a_candidate_of_metis_is_only_one_of_several(monkeypatch: pytest.MonkeyPatch, sides: str) -> None:
    def candidate(*problem: NDArray[np.int32]) -> NDArray[np.int8]:
        units = len(problem[3])
        return np.ones(units, np.int8) if sides == "all 1" else (np.arange(units) % 2).astype(np.int8)

    monkeypatch.setattr("toolchain.place.bisection.metis_sides", candidate)
    graph = cliques(6, 15)
    check(graph, place(graph, spin5()))
