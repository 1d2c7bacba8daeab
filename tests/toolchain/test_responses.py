"""Remarks on spikes of whose input a core makes too little or too much."""

from __future__ import annotations

import numpy as np
import pytest

from emulator.emulator import Emulator
from tests.support.networks import array_source, cells, connect
from toolchain.compile import compile_network
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Recording, Values
from toolchain.responses import lossy_responses


def one_spike(cell: str, timestep: float, weight: Values, **parameters: Values) -> Network:
    """A network of a source and two cells, the first of which gets a spike."""
    recordings = (Recording("isyn_exc" if "curr" in cell else "gsyn_exc", np.arange(2, dtype=np.int32)),)
    few = cells("few", 2, cell=cell, parameters=parameters, recordings=recordings)
    pairs = [(0, 0)] if np.ndim(weight) == 0 else [(0, 0), (0, 1), (0, 0)]
    made = connect((0, 1), pairs, weight)
    return Network("one", timestep, (array_source("source", [[1.0]]), few), (made,))


def remarks(network: Network) -> list[str]:
    """What is said of the responses."""
    return [str(remark) for remark in lossy_responses(network, compile_network(network).shifts)]


@pytest.mark.parametrize(("weight", "tau"), [(0.001, 20.0), (0.1, 60.0)])
def test_ramps_that_never_rise(weight: float, tau: float) -> None:
    [remark] = remarks(one_spike("IF_curr_alpha", 0.1, weight, tau_syn_E=tau))
    assert f"0-1: a spike of weight {weight:g} nA that comes alone leaves no input at all" in remark
    assert f"with tau_syn_E = {tau:g} ms at a timestep of 0.1 ms" in remark


def test_another_receptor_is_named_where_it_is_better() -> None:
    [remark] = remarks(one_spike("IF_curr_alpha", 1.0, 0.1, tau_syn_E=0.5))
    assert "has 72% of the effect meant" in remark
    assert "a PointNeuron with a CurrAlphaPostSynapticResponse has 100%" in remark
    composed = one_spike("PointNeuron(LIF; excitatory=CurrAlpha)", 1.0, 0.1, **{"excitatory.tau_syn": 0.5})
    assert lossy_responses(composed, [[], [0]]) == ()


@pytest.mark.parametrize("cell", ["IF_curr_exp", "IF_cond_exp", "IF_cond_alpha", "HH_cond_exp", "Izhikevich_cond"])
@pytest.mark.parametrize("timestep", [1.0, 0.1])
def test_usual_weights_are_passed_over(cell: str, timestep: float) -> None:
    assert remarks(one_spike(cell, timestep, 0.5, tau_syn_E=5.0)) == []


def test_steps_of_the_voltage_are_passed_over() -> None:
    network = Network(
        "delta", 0.1, (array_source("s", [[1.0]]), cells("few", 1, "IF_curr_delta")), (connect((0, 1), [(0, 0)], 0.01),)
    )
    assert remarks(network) == []


def test_weights_of_zero_are_passed_over() -> None:
    assert remarks(one_spike("IF_curr_exp", 0.1, 0.0)) == []


@pytest.mark.parametrize(("cell", "weight"), [("IF_curr_exp", 0.01), ("IF_cond_exp", 0.0005), ("IF_curr_alpha", 0.002)])
def test_the_part_is_what_the_emulator_records(cell: str, weight: float) -> None:
    network = one_spike(cell, 0.1, weight, tau_syn_E=5.0)
    mapping = compile_network(network)
    emulator = Emulator(mapping.image)
    emulator.run(1500)
    variable = network.populations[1].recordings[0].variable
    model = CELL_MODELS[cell]
    assert isinstance(model, CellModel)
    [core] = mapping.cores_of(1)
    area = 0.1 * float(model.decode(variable, emulator.recording(core, variable))[:, 0].sum())
    meant = weight * 5.0 * (np.e if cell == "IF_curr_alpha" else 1.0)
    [remark] = [str(found) for found in mapping.diagnostics if "comes alone" in str(found)]
    assert f"has {area / meant:.0%} of the effect" in remark


def test_the_worst_of_weights_and_cells_is_told() -> None:
    [remark] = remarks(one_spike("IF_curr_exp", 0.1, np.array([0.5, 0.01, 0.0]), tau_syn_E=np.array([5.0, 2.0])))
    assert "a spike of weight 0.01 nA" in remark
    assert "tau_syn_E = 2 ms" in remark


def test_very_long_responses_are_compared_in_part() -> None:
    network = one_spike("PointNeuron(LIF; excitatory=CurrAlpha)", 0.1, 20.0, **{"excitatory.tau_syn": 500.0})
    assert lossy_responses(network, [[], [6]]) == ()
