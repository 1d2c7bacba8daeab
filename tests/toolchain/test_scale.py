"""Scale: memory of mapping grows with what is used, on machines up to the one with a million cores.

Time does, too, as ``benchmarks/mapping_scale.py`` measures.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from microcircuit import microcircuit
from processes import in_new_process

from emulator.machine import named
from toolchain.algorithms import PLACERS, ROUTERS
from toolchain.netlist import Netlist, write

SUPPORT = Path(__file__).parents[1] / "support"
MEASURE = """
import json, sys
from emulator.machine import named
from graphs import populations
from pyneuro.cli.figures import peak_rss_mb
from toolchain.algorithms import PLACERS, ROUTERS
from toolchain.map_graph import Algorithms, map_graph

graph = populations({"a": int(sys.argv[1])})
placer, router = sys.argv[3:]
before = peak_rss_mb()
mapping = map_graph(graph, named(sys.argv[2]), Algorithms(place=PLACERS[placer], route=ROUTERS[router]))
print(json.dumps({**mapping.figures, "more_mb": peak_rss_mb() - before}))
"""


def measured(cores: int, placer: str = "hilbert", router: str = "ner") -> dict[str, float]:
    """Figures of a mapping of so many cores onto the largest machine, made in a process of its own."""
    return dict(json.loads(in_new_process(MEASURE, str(cores), "1200 boards", placer, router, places=(SUPPORT,))))


def test_the_machine_with_a_million_cores() -> None:
    machine = named("1200 boards")
    assert (machine.chips, machine.width, machine.height, machine.boards) == (57_600, 240, 240, 1200)
    assert machine.application_cores == 57_600 * 16 - 1200


@pytest.mark.parametrize("placer", PLACERS)
def test_a_small_network_costs_little_on_a_million_cores(placer: str) -> None:
    assert measured(40, placer)["more_mb"] < 60.0


@pytest.mark.parametrize("router", ROUTERS)
def test_every_router_copes_with_a_million_cores(router: str) -> None:
    assert measured(100, "scatter", router)["more_mb"] < 200.0


def test_the_full_microcircuit_at_64_neurons_a_core(tmp_path: Path) -> None:
    path = tmp_path / "microcircuit.json"
    write(Netlist(microcircuit()), path)
    command = "import sys; from pyneuro.cli import main; main(['map', '--json', '--netlist', sys.argv[1]])"
    found = json.loads(in_new_process(command, str(path)).splitlines()[-1])
    assert 6500 < found["cores"] < 6700
    assert found["peak_rss_mb"] < 500.0
    assert found["entries_max"] <= 1023
