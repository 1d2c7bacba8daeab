"""Scale: time and memory of mapping grow with what is used, on machines up to the one with a million cores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from processes import in_new_process

from emulator.machine import named
from toolchain.algorithms import PLACERS, ROUTERS

SUPPORT = Path(__file__).parents[1] / "support"
MEASURE = """
import json, resource, sys, time
from emulator.machine import named
from graphs import populations
from microcircuit import microcircuit
from toolchain.algorithms import PLACERS, ROUTERS
from toolchain.map_graph import Algorithms, map_graph

graph = microcircuit() if sys.argv[1] == "microcircuit" else populations({"a": int(sys.argv[1])})
placer, router = sys.argv[3:]
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
mapping = map_graph(graph, named(sys.argv[2]), Algorithms(place=PLACERS[placer], route=ROUTERS[router]))
seconds = time.process_time() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({**mapping.figures, "seconds": seconds, "mb": peak / 1e3, "more_mb": (peak - before) / 1e3}))
"""


def measured(graph: str, machine: str, placer: str = "hilbert", router: str = "ner") -> dict[str, float]:
    """Figures of a mapping made in a process of its own."""
    return dict(json.loads(in_new_process(MEASURE, graph, machine, placer, router, places=(SUPPORT,))))


def test_the_machine_with_a_million_cores() -> None:
    machine = named("1200 boards")
    assert (machine.chips, machine.width, machine.height, machine.boards) == (57_600, 240, 240, 1200)
    assert machine.application_cores == 57_600 * 16 - 1200


@pytest.mark.parametrize("placer", [name for name in PLACERS if name not in {"annealing", "bisection"}])
def test_a_small_network_costs_little_on_a_million_cores(placer: str) -> None:
    found = measured("40", "1200 boards", placer)
    assert found["seconds"] < 2.0
    assert found["more_mb"] < 60.0


@pytest.mark.parametrize("router", ROUTERS)
def test_every_router_copes_with_a_million_cores(router: str) -> None:
    found = measured("100", "1200 boards", "scatter", router)
    assert found["seconds"] < 10.0
    assert found["more_mb"] < 200.0


def test_the_full_microcircuit_at_64_neurons_a_core() -> None:
    found = measured("microcircuit", "12 boards")
    assert 6500 < found["cores"] < 6700
    assert found["seconds"] < 10.0
    assert found["mb"] < 500.0
    assert found["entries_max"] <= 1023
