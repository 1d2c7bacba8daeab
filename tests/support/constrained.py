"""Random placement constraints that can be met: they are read off a placement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from graphs import graphs_on_machines
from hypothesis import strategies as st

from emulator.machine import Machine, hops
from toolchain.constraints import Apart, Constraints, Near
from toolchain.graph import Graph
from toolchain.place import Placement
from toolchain.place.scatter import place


@dataclass(frozen=True, eq=False)
class Case:
    """A graph, a machine, constraints, and a placement that keeps to them."""

    graph: Graph
    machine: Machine
    constraints: Constraints
    witness: Placement


@st.composite
def cases(draw: st.DrawFn, share: float = 0.5) -> Case:
    """A case in which up to `share` of the vertices are in constraints of each kind."""
    graph, machine = draw(graphs_on_machines())
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    witness = place(graph, machine, seed=int(generator.integers(1000)))
    kinds = draw(st.sets(st.sampled_from(["chips", "core", "together", "apart", "near"]), min_size=1))
    return Case(graph, machine, _constraints(generator, witness, share, kinds), witness)


def _constraints(generator: np.random.Generator, witness: Placement, share: float, kinds: set[str]) -> Constraints:
    x, y, p, machine = witness.x, witness.y, witness.p, witness.machine

    def some(kind: str) -> list[int]:
        chosen = generator.random(len(x)) < share * generator.random()
        return np.flatnonzero(chosen).tolist() if kind in kinds else []

    chips = {}
    for vertex in some("chips"):
        chips[vertex] = generator.random(machine.cores.shape) < generator.choice([0.0, 0.1, 0.6])
        chips[vertex][x[vertex], y[vertex]] = True
    return Constraints(
        chips,
        {vertex: int(p[vertex]) for vertex in some("core")},
        _groups(witness, some("together")),
        _aparts(generator, witness) if "apart" in kinds else (),
        _nears(generator, witness) if "near" in kinds else (),
        {vertex: f"limit:{vertex}" for vertex in range(len(x))},
    )


def _groups(witness: Placement, vertices: list[int]) -> tuple[tuple[int, ...], ...]:
    on: dict[tuple[int, int], list[int]] = {}
    for vertex in vertices:
        on.setdefault((int(witness.x[vertex]), int(witness.y[vertex])), []).append(vertex)
    return tuple(tuple(group) for group in on.values() if len(group) > 1)


def _aparts(generator: np.random.Generator, witness: Placement) -> tuple[Apart, ...]:
    chip = witness.x * witness.machine.height + witness.y
    found = []
    for number in range(int(generator.integers(1, 4))):
        these = np.flatnonzero(generator.random(len(chip)) < 0.2)
        those = np.flatnonzero((generator.random(len(chip)) < 0.5) & ~np.isin(chip, chip[these]))
        if generator.random() < 0.5:
            _, first = np.unique(chip[these], return_index=True)
            these = np.sort(these[first])
            those = np.union1d(these, those)
        if len(these) and len(those):
            found.append(Apart(tuple(these.tolist()), tuple(those.tolist()), f"apart:{number}"))
    return tuple(found)


def _nears(generator: np.random.Generator, witness: Placement) -> tuple[Near, ...]:
    x, y, found = witness.x, witness.y, []
    for number in range(int(generator.integers(1, 4))):
        those = np.flatnonzero(generator.random(len(x)) < 0.2)
        radius = int(generator.integers(0, 3))
        if not len(those):
            continue
        near = (hops(witness.machine, x[:, None] - x[those], y[:, None] - y[those]) <= radius).any(axis=1)
        these = np.flatnonzero(near & (generator.random(len(x)) < 0.5))
        if len(these):
            found.append(Near(tuple(these.tolist()), tuple(those.tolist()), radius, f"near:{number}"))
    return tuple(found)
