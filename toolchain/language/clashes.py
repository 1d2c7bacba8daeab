"""Clashes: rules of places and keys that contradict each other, before anything is mapped.

The slices of a netlist are known.  Those of a network are not, for they follow from the algorithms; but what cannot be
true of one slice of each population cannot be true of more.  So contradictions are looked for among as many vertices
as there are populations, and what remains is found in mapping.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from toolchain.fixed_keys import fix_keys
from toolchain.graph import Graph, Net, Vertex
from toolchain.machines import machines_of
from toolchain.network import Network
from toolchain.problems import Problem, SettingsError
from toolchain.rules import constraints_of
from toolchain.settings import Settings


def clashes(settings: Settings, network: Network | Graph) -> tuple[Problem, ...]:
    """The contradictions among what `settings` say of places and keys in `network`."""
    graph = network if isinstance(network, Graph) else _uncut(network)
    return *_of_places(settings, graph), *_of_keys(settings, graph)


def _uncut(network: Network) -> Graph:
    """One vertex for each population."""
    populations = network.populations
    nowhere = np.empty(0, np.int32)
    return Graph(
        network.label,
        tuple(Vertex(f"{population.label}[0:{population.size}]", population.size) for population in populations),
        tuple(Net(number, nowhere, population.size, 1.0) for number, population in enumerate(populations)),
    )


def _of_places(settings: Settings, graph: Graph) -> Sequence[Problem]:
    """Those on the machine that is named, or on the largest of the others that would be tried if there are on each."""
    found: Sequence[Problem] = ()
    try:
        for machine in machines_of(settings)(len(graph.vertices)):
            try:
                constraints_of(graph, machine, settings.placement)
            except SettingsError as error:
                found = error.problems
            else:
                return ()
    except SettingsError as error:
        return error.problems
    return found


def _of_keys(settings: Settings, graph: Graph) -> Sequence[Problem]:
    try:
        fix_keys(graph, settings.keys)
    except SettingsError as error:
        return error.problems
    return ()
