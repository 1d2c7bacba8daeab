"""Mapping options."""

from __future__ import annotations

from typing import Any

import pytest
from networks import cells

from toolchain.compile import compile_network
from toolchain.errors import MappingError
from toolchain.language import given
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network
from toolchain.options import MappingOptions
from toolchain.settings import Rule


def test_defaults_and_a_mapping() -> None:
    assert MappingOptions.from_mapping({}) == MappingOptions()
    options = MappingOptions.from_mapping({"neurons_per_core": 100, "spikes_per_second": 10})
    assert (options.neurons_per_core, options.spikes_per_second) == (100, 10.0)


def test_a_mapping_may_name_the_algorithm_of_a_stage() -> None:
    settings = given({"neurons_per_core": 100, "place": "scatter"})
    assert [algorithm.name for algorithm in settings.stages["place"].algorithms] == ["scatter"]
    assert settings.options == {"neurons_per_core": 100}


def test_the_last_rule_that_matches_holds() -> None:
    rules = (
        Rule("population", "L4*", "neurons_per_core", 64),
        Rule("population", "L4E", "neurons_per_core", 32),
        Rule("population", "L2*", "ring_buffer_sigma", 3.0),
    )
    options = MappingOptions(neurons_per_core=128, rules=rules)
    widths = [options.of(label).neurons_per_core for label in ("L4I", "L4E", "L23E")]
    assert widths == [64, 32, 128]
    assert options.of("L23E").ring_buffer_sigma == 3.0


def test_populations_are_cut_by_their_own_options() -> None:
    network = Network("cut", 1.0, (cells("a", 20), cells("b", 20)), ())
    options = MappingOptions(neurons_per_core=10, rules=(Rule("population", "b", "neurons_per_core", 4),))
    assert compile_network(network, "spin3", options).partition.slicing.per_core == (10, 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"neuron_per_core": 3},
            "no option 'neuron_per_core'\n     | {'neuron_per_core': 3}\n     = did you mean",
        ),
        (
            {"xyz": 3},
            "no option 'xyz'\n     | {'xyz': 3}\n     = there are neurons_per_core, sources_per_core",
        ),
        ({"neurons_per_core": 257}, "'neurons_per_core' must be from 1 to 256, got 257"),
        ({"neurons_per_core": 2.5}, "'neurons_per_core' must be a whole number, got 2.5"),
        ({"substeps": 2.5}, "'substeps' must be a whole number, got 2.5"),
        ({"neurons_per_core": True}, "'neurons_per_core' must be a whole number, got True"),
        ({"spikes_per_second": "fast"}, "'spikes_per_second' must be a number, got 'fast'"),
        ({"ring_buffer_sigma": float("nan")}, "'ring_buffer_sigma' must be from 0 to 100, got nan"),
        ({"place": 5}, "'algorithms' of Using is an algorithm, or a list of some, got 5"),
        ({"place": "hilbrt"}, "script:mapping['place']:1:13: error: stage 'place' has no algorithm 'hilbrt'"),
    ],
)
def test_refused_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(MappingError) as error:
        given(options)
    assert message in str(error.value)


def test_substeps_are_each_population_s_own_unless_given() -> None:
    """As few as a cell model is accurate with, or what the user says, for all."""
    network = Network("mixed", 0.5, (cells("lif", 2), cells("hh", 2, cell="HH_cond_exp")), ())
    for options, expected in (({}, [1, 10]), ({"substeps": 12}, [12, 12])):
        compiled = compile_network(network, "spin3", MappingOptions.from_mapping(options))
        assert [found.substeps for found in compiled.partition.slices] == expected
        lengths = [len(program.instructions) for program in compiled.image.programs]
        models = [CELL_MODELS[population.cell] for population in network.populations]
        programs = [m.program(n) for m, n in zip(models, expected, strict=True) if isinstance(m, CellModel)]
        assert lengths == [len(program.instructions) for program in programs]
