"""Mapping options."""

from __future__ import annotations

from typing import Any

import pytest
from networks import cells

from toolchain.compile import compile_network
from toolchain.errors import MappingError
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network
from toolchain.options import MappingOptions


def test_defaults_and_a_mapping() -> None:
    assert MappingOptions.from_mapping({}) == MappingOptions()
    options = MappingOptions.from_mapping({"neurons_per_core": 100, "spikes_per_second": 10, "placer": "scatter"})
    assert (options.neurons_per_core, options.spikes_per_second, options.placer) == (100, 10.0, "scatter")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"neuron_per_core": 3}, "there is no mapping option 'neuron_per_core'; did you mean 'neurons_per_core'?"),
        ({"xyz": 3}, "there is no mapping option 'xyz'; there are neurons_per_core, sources_per_core"),
        ({"neurons_per_core": 257}, "'neurons_per_core' must be from 1 to 256, got 257"),
        ({"neurons_per_core": 2.5}, "'neurons_per_core' must be a whole number, got 2.5"),
        ({"substeps": 2.5}, "'substeps' must be a whole number, got 2.5"),
        ({"neurons_per_core": True}, "'neurons_per_core' must be a whole number, got True"),
        ({"spikes_per_second": "fast"}, "'spikes_per_second' must be a number, got 'fast'"),
        ({"ring_buffer_sigma": float("nan")}, "'ring_buffer_sigma' must be from 0 to 100, got nan"),
        ({"placer": 5}, "'placer' must be a name in quotes, got 5"),
        ({"placer": "hilbrt"}, "there is no placer 'hilbrt'; did you mean 'hilbert'?"),
    ],
)
def test_refused_options(given: dict[str, Any], message: str) -> None:
    with pytest.raises(MappingError) as error:
        MappingOptions.from_mapping(given)
    assert message in str(error.value)


def test_substeps_are_each_population_s_own_unless_given() -> None:
    """As few as a cell model is accurate with, or what the user says, for all."""
    network = Network("mixed", 0.5, (cells("lif", 2), cells("hh", 2, cell="HH_cond_exp")), ())
    for given, expected in (({}, [1, 10]), ({"substeps": 12}, [12, 12])):
        compiled = compile_network(network, "spin3", MappingOptions.from_mapping(given))
        assert [found.substeps for found in compiled.partition.slices] == expected
        lengths = [len(program.instructions) for program in compiled.image.programs]
        models = [CELL_MODELS[population.cell] for population in network.populations]
        programs = [m.program(n) for m, n in zip(models, expected, strict=True) if isinstance(m, CellModel)]
        assert lengths == [len(program.instructions) for program in programs]
