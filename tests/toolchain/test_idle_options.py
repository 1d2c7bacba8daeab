"""Options that do nothing for what they are said of are told before anything is mapped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from graphs import populations
from networks import array_source, cells, connect, poisson_source

from toolchain.idle_options import NOT_OF_SOURCES, OF_SOURCES_ALONE, idle, without_effect
from toolchain.language import read_text
from toolchain.map_network import map_netlist, map_network
from toolchain.network import Network
from toolchain.options import POPULATION_OPTIONS, mapping_options
from toolchain.problems import SettingsError
from toolchain.workload import prepare

NETWORK = Network(
    "n",
    1.0,
    (cells("E", 4), poisson_source("noise", 4, 5.0), array_source("noted", [[1.0]])),
    (connect((1, 0), [(0, 0)]),),
)


def told(text: str) -> list[tuple[str, int, int, str]]:
    """Message, line, column and hint of each problem that `text` has in the network."""
    problems = idle(read_text(text), NETWORK)
    return [(found.message, found.origin.line, found.origin.column, found.hints[0]) for found in problems]


def test_options_of_cells_are_told_where_sources_alone_have_the_label() -> None:
    text = 'population "noise": cycles_margin = 5 %, neurons_per_core = 64\npopulation "no*": weight_shift = 3'
    assert told(text) == [
        (
            "'neurons_per_core' does nothing for 'noise': these are spike sources",
            1,
            42,
            "'sources_per_core' is the option for them",
        ),
        (
            "'weight_shift' does nothing for 'no*': these are spike sources",
            2,
            19,
            "nothing arrives at sources: say it of a population that they project to",
        ),
    ]


def test_options_of_sources_are_told_where_neurons_alone_have_the_label() -> None:
    ((message, line, column, hint),) = told('population "E": sources_per_core = 10')
    assert message == "'sources_per_core' does nothing for 'E': these are neurons"
    assert (line, column, hint) == (1, 17, "'neurons_per_core' is the option for them")


@pytest.mark.parametrize("option", POPULATION_OPTIONS)
def test_every_option_does_something_for_some_population(option: str) -> None:
    one = "100 %" if POPULATION_OPTIONS[option].unit == "share" else "1"
    of_cells, of_sources = (told(f'population "{label}": {option} = {one}') for label in ("E", "noise"))
    assert bool(of_sources) == (option in NOT_OF_SOURCES)
    assert bool(of_cells) == (option in OF_SOURCES_ALONE)
    assert not told(f'population "*": {option} = {one}')


def test_a_netlist_is_cut_already() -> None:
    text = """
        set neurons_per_core = 64
        population "a": spikes_per_second = 3
        partition using resource_balanced
        population "nobody": weight_shift = 3
    """
    graph = populations({"a": 2, "b": 2})
    problems = idle(read_text(text), graph)
    assert [(found.message.partition(":")[0], found.origin.line) for found in problems] == [
        ("option 'neurons_per_core' does nothing", 2),
        ("option 'spikes_per_second' does nothing", 3),
        ("partition using does nothing", 4),
    ]
    with pytest.raises(SettingsError, match="is cut into cores already"):
        map_netlist(graph, read_text("set neurons_per_core = 64"))


def test_mapping_refuses_them() -> None:
    with pytest.raises(SettingsError, match="'synapse_cores' does nothing for 'noise'"):
        map_network(NETWORK, read_text('population "noise": synapse_cores = 2'))
    assert map_network(NETWORK, read_text('population "*": synapse_cores = 1, sources_per_core = 2')).passed


@pytest.mark.parametrize(
    "text",
    [
        "set ring_buffer_sigma = 2",
        'population "E": ring_buffer_sigma = 2',
        'projection "drive": ring_buffer_sigma = 2',
        'projection "E -> *": spikes_per_second = 1',
    ],
)
def test_where_delays_are_the_same_deviations_change_nothing(text: str) -> None:
    """So the user is told; not so where delays vary, or a rate says how much a Poisson source sends in a tick."""
    options = mapping_options(read_text(text))
    for delay, many in ((1.0, 1), (np.array([1.0, 2.0]), 0)):
        drive = replace(connect((1, 0), [(0, 0), (1, 0)], delay=delay), label="drive")
        made = drive, connect((0, 0), [(0, 0), (1, 0)], delay=delay)
        remarks = without_effect(prepare(replace(NETWORK, projections=made), options), options)
        assert [remark.stage for remark in remarks] == ["weights"] * many
        assert all("changes no weight_shift" in str(remark) for remark in remarks)
    of_source = mapping_options(read_text('projection "drive": spikes_per_second = 3'))
    assert without_effect(prepare(replace(NETWORK, projections=(drive,)), of_source), of_source) == ()
    of_all = mapping_options(read_text('projection "*": spikes_per_second = 3'))
    among = connect((0, 0), [(0, 0), (1, 0)])
    assert without_effect(prepare(replace(NETWORK, projections=(drive, among)), of_all), of_all) == ()
