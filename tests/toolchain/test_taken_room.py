"""What does not fit names the lines that leave too little room, and remedies that help."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from graphs import populations
from networks import cells, connect, poisson_source

from toolchain.errors import CoresError, MappingError
from toolchain.graph import Graph
from toolchain.language import read_text
from toolchain.map_network import map_netlist, map_network
from toolchain.network import Network, Recording
from toolchain.problems import Problem, SettingsError
from toolchain.taken_room import HINTS, with_statements

EVERYONE = np.arange(200, dtype=np.int32)
NETWORK = Network(
    "n",
    1.0,
    (
        poisson_source("noise", 400, 5.0),
        cells("E", 200, recordings=(Recording("v", EVERYONE), Recording("spikes", EVERYONE))),
    ),
    (connect((0, 1), [(i, i % 200) for i in range(400)]),),
)


def refused(text: str, network: Network | Graph = NETWORK) -> Problem:
    """Why a network does not fit by a mapping file."""
    how = partial(map_netlist if isinstance(network, Graph) else map_network, network)
    with pytest.raises(SettingsError) as error:
        how(read_text(text))
    (problem,) = error.value.problems
    return problem


def lines(problem: Problem) -> list[int]:
    return [problem.origin.line, *(origin.line for origin in problem.also)]


def test_reserved_entries() -> None:
    text = "machine spin3\nreserve 1022 entries on every chip\nset sources_per_core = 20, neurons_per_core = 20"
    problem = refused(text)
    assert "entries, it has 1; spread what sends" in problem.message
    assert problem.hints == ("reserve fewer table entries", "raise 'sources_per_core'", "raise 'neurons_per_core'")
    assert lines(problem) == [2, 3, 3]
    of_netlist = refused("machine spin3\nreserve 1022 entries on every chip", populations({"a": 40}))
    assert "neurons" not in of_netlist.message
    assert of_netlist.hints == ("reserve fewer table entries",)
    map_network(NETWORK, read_text(text.replace("1022", "900")))


def test_reserved_cores_and_cells_on_each() -> None:
    problem = refused(
        "machine spin3\nreserve 8 cores on every chip\nset sources_per_core = 8\n"
        'population "E": neurons_per_core = 100\npopulation "*": neurons_per_core = 256'
    )
    assert problem.message.startswith("population 'noise' needs 50 cores, ")
    assert problem.hints == ("reserve fewer cores", "raise 'sources_per_core'", "raise 'neurons_per_core'")
    assert lines(problem) == [2, 3, 4], "what leaves as much room as the default is not to blame"


def test_reserved_memory_and_memory_for_recordings() -> None:
    text = "machine spin3\nreserve 117 MB on every chip\nset recording_ticks = 50000"
    problem = refused(text)
    assert problem.hints == ("reserve less SDRAM", "lower 'recording_ticks'")
    assert lines(problem) == [2, 3]
    for kept in (text.replace("117", "7"), text.replace("50000", "100")):
        map_network(NETWORK, read_text(kept))


def test_a_cell_that_is_too_much_is_told_what_would_help() -> None:
    """Slices of single cells have been tried, so that fewer neurons a core are no remedy."""
    problem = refused("set neurons_per_core = 200, dtcm_margin = 5 %")
    assert "stack and globals take 4,096 of them: raise 'dtcm_margin'" in problem.message
    assert (problem.hints, problem.origin.column) == (("raise 'dtcm_margin'",), 29)
    recorded = refused("machine spin3\nset recording_ticks = 10000000")
    assert recorded.message.endswith(
        "recorded v take 80,000,000 of them: lower 'recording_ticks', or record less often"
    )


def test_what_nobody_said_is_not_to_blame() -> None:
    error = CoresError("too many", False, limits=tuple(HINTS))
    assert with_statements(error, read_text("machine spin5")) is error
    assert with_statements(error, read_text("set neurons_per_core = 256, synapse_cores = 0")) is error
    with pytest.raises(MappingError, match="needs 400 cores") as found:
        map_network(Network("n", 1.0, (cells("E", 256 * 400),), ()), read_text("machine spin3"))
    assert not isinstance(found.value, SettingsError)
