"""The machine graph of the full-scale cortical microcircuit, with synapse cores: a large graph that needs no synapses.

Each slice of cells takes a neuron core, a Poisson core, and as many synapse cores as the synapses on it ask for.  What
comes in is dealt out among the synapse cores by source slice, as sPyNNaker does; so a neuron core sends to one synapse
core of every slice of each population that it projects to.

As a script it writes the netlist: ``python tests/support/microcircuit.py FILE [NEURONS_PER_CORE]``.

Source of the sizes and probabilities: T. C. Potjans, M. Diesmann 2014, "The cell-type specific cortical
microcircuit: relating structure and activity in a full-scale spiking network model", Cerebral Cortex 24, table 5.
"""

from __future__ import annotations

import sys

import numpy as np

from toolchain.graph import Graph, Net, Vertex
from toolchain.netlist import Netlist, write

SIZES = {"L23E": 20683, "L23I": 5834, "L4E": 21915, "L4I": 5479, "L5E": 4850, "L5I": 1065, "L6E": 14395, "L6I": 2948}
PROBABILITIES = np.array(
    [
        [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0000, 0.0076, 0.0000],
        [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0000, 0.0042, 0.0000],
        [0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0.0000],
        [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0000, 0.1057, 0.0000],
        [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0000],
        [0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0.0000],
        [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
        [0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443],
    ]
)
"""That a cell of a population (row) hears a cell of another (column)."""
SYNAPSES_A_CELL = 1230
"""On one synapse core."""
RATES = (0.86, 2.8, 4.45, 5.93, 7.59, 8.63, 1.09, 7.85)
"""Spikes a second of the cells of each population."""


def microcircuit(neurons_per_core: int = 64) -> Graph:
    """The graph: about 6,600 vertices for 64 neurons a core."""
    sizes = np.array(list(SIZES.values()))
    synapse_cores = np.ceil(PROBABILITIES @ sizes / SYNAPSES_A_CELL).astype(int)
    vertices: list[Vertex] = []
    slices: list[tuple[int, int]] = []
    for population, (label, size) in enumerate(SIZES.items()):
        for start in range(0, size, neurons_per_core):
            slices.append((population, len(vertices)))
            cells = range(start, min(start + neurons_per_core, size))
            where = f"[{cells.start}:{cells.stop}]"
            vertices.append(Vertex(label + where, len(cells)))
            vertices += [Vertex(f"{label} synapses{where}{i}", len(cells)) for i in range(synapse_cores[population])]
            vertices.append(Vertex(f"{label} noise{where}", len(cells)))
    nets = []
    for number, (population, vertex) in enumerate(slices):
        heard = [(t, core) for t, core in slices if PROBABILITIES[t, population] > 0]
        sinks = np.array([core + 1 + number % synapse_cores[t] for t, core in heard], np.int32)
        cells_here = vertices[vertex].neurons
        noise = vertex + synapse_cores[population] + 1
        nets.append(Net(vertex, sinks, cells_here, float(cells_here), rate=cells_here * RATES[population]))
        nets.append(Net(int(noise), np.array([vertex + 1], np.int32), cells_here, float(cells_here)))
    return Graph("microcircuit", tuple(vertices), tuple(nets))


if __name__ == "__main__":
    write(Netlist(microcircuit(*map(int, sys.argv[2:])), description="the cortical microcircuit"), sys.argv[1])
