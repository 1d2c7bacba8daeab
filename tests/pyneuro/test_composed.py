"""PointNeuron as scripts use it: any receptors on a membrane, on both simulators, under a name that says it all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from processes import in_new_process
from pyNN import errors

import pyneuro as sim
from pyneuro import simulator
from pyneuro.freeze import freeze
from toolchain.errors import ParameterError
from toolchain.models import CELL_MODELS
from toolchain.models.composed import RECEPTORS, composed, composed_name
from toolchain.network import save_network


def cell(**receptors: Any) -> Any:
    return sim.PointNeuron(sim.LIF(tau_m=10.0, v_rest=-60.0), **receptors)


def test_parameters_are_the_membranes_and_the_receptors() -> None:
    made = cell(AMPA=sim.AlphaPSR(tau_syn=1.0), GABA=sim.CurrExpPostSynapticResponse())
    assert isinstance(made, sim.PointNeuron)
    assert made.receptor_types == ("AMPA", "GABA")
    assert made.recordable == ["spikes", "v", "AMPA.gsyn", "GABA.isyn"]
    assert made.units["AMPA.e_syn"] == "mV"
    assert not made.conductance_based
    sim.setup(timestep=0.1, backend="reference")
    cells = sim.Population(3, made)
    assert cells.get(["tau_m", "AMPA.tau_syn", "GABA.tau_syn", "AMPA.e_syn"]) == [10.0, 1.0, 5.0, 0.0]
    cells[1:2].set(**{"AMPA.tau_syn": 2.0})
    assert cells.get("AMPA.tau_syn").tolist() == [1.0, 2.0, 1.0]
    assert freeze(simulator.state).populations[0].cell == "PointNeuron(LIF; AMPA=CondAlpha, GABA=CurrExp)"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sim.PointNeuron(sim.IF_curr_exp()), "needs a membrane, such as LIF"),
        (lambda: cell(A=3), "A must be a receptor type, such as ExpPSR"),
        (lambda: cell(current=sim.ExpPSR()), "no receptor can be called 'current'"),
        (lambda: cell(v=sim.ExpPSR()), "no receptor can be called 'v'"),
    ],
)
def test_what_cannot_be_composed_is_refused(make: Any, message: str) -> None:
    with pytest.raises(errors.InvalidModelError, match=message):
        make()


def test_parameters_of_receptors_are_checked() -> None:
    sim.setup(backend="reference")
    with pytest.raises(ParameterError, match=r"A\.tau_syn must be > 0 ms, got -1"):
        sim.Population(2, cell(A=sim.ExpPSR(tau_syn=-1.0)))
    with pytest.raises(errors.NonExistentParameterError, match="tausyn"):
        sim.ExpPSR(tausyn=1.0)


def test_the_sign_of_currents_follows_from_the_name() -> None:
    sim.setup(backend="reference")
    receptor = sim.CurrExpPostSynapticResponse()
    cells = sim.Population(1, cell(slow=receptor, GABA_A=receptor, inh=receptor))
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0]))
    for name, weight in (("slow", -1.0), ("GABA_A", 1.0), ("inh", 1.0)):
        with pytest.raises(errors.ConnectionError, match=f"as its {name} synapses are currents"):
            sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=weight), receptor_type=name)


def responses(backend: str, timestep: float) -> dict[str, Any]:
    """One spike into each kind of receptor: what each then holds, and the voltage."""
    sim.setup(timestep=timestep, min_delay=timestep, backend=backend)
    kinds = {f"r{kind}": getattr(sim, f"{kind}PostSynapticResponse") for kind in RECEPTORS}
    cells = sim.Population(1, cell(**{name: kind() for name, kind in kinds.items()}))
    for number, name in enumerate(cells.celltype.receptor_types):
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0 + 10.0 * number]))
        weight = 0.5 if "Curr" in name else 0.02
        synapse = sim.StaticSynapse(weight=weight, delay=1.0)
        sim.Projection(source, cells, sim.AllToAllConnector(), synapse, receptor_type=name)
    cells.record(cells.celltype.recordable)
    sim.run(100.0)
    (segment,) = cells.get_data().segments
    return {signal.name: signal.magnitude[:, 0] for signal in segment.analogsignals}


def test_both_simulators_shape_the_response_alike() -> None:
    """The peak is the weight; on a core within what a step of 0.1 ms lasts, and 16 bits."""
    reference, emulator = responses("reference", 0.1), responses("emulator", 0.1)
    assert list(reference) == list(emulator)
    for name, values in reference.items():
        if name != "v":
            weight = 0.5 if name.endswith("isyn") else 0.02
            assert values.max() == pytest.approx(weight, rel=0.01)
            assert emulator[name].max() == pytest.approx(weight, rel=0.03)
    assert np.abs(reference["v"] - emulator["v"]).max() < 0.05
    assert np.ptp(reference["v"]) > 3.0


def test_a_script_composes_what_a_standard_cell_is() -> None:
    """LIF with two exponential currents is IF_curr_exp, on both simulators."""
    for backend in ("reference", "emulator"):
        sim.setup(timestep=0.1, min_delay=0.1, backend=backend)
        current = sim.CurrExpPostSynapticResponse
        composition = sim.PointNeuron(sim.LIF(tau_m=10.0), excitatory=current(tau_syn=1.0), inhibitory=current())
        cells = sim.Population(1, composition) + sim.Population(1, sim.IF_curr_exp(tau_m=10.0, tau_syn_E=1.0))
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0, 7.0, 9.0]))
        for receptor, weight in (("excitatory", 5.0), ("inhibitory", -0.5)):
            synapse = sim.StaticSynapse(weight=weight, delay=1.0)
            sim.Projection(source, cells, sim.AllToAllConnector(), synapse, receptor_type=receptor)
        cells.record("v")
        sim.run(40.0)
        composed_v, standard_v = (part.get_data().segments[0].analogsignals[0].magnitude for part in cells.populations)
        np.testing.assert_array_equal(composed_v, standard_v)
        assert standard_v.max() > -60.0


# --- names ------------------------------------------------------------------------------------------


def test_a_name_says_what_the_model_is() -> None:
    name = composed_name("LIF", {"b": "CondExp", "a": "CurrBeta"})
    assert name == "PointNeuron(LIF; a=CurrBeta, b=CondExp)"
    model = CELL_MODELS[name]
    assert model is CELL_MODELS[name]
    assert model.name == name
    assert name in CELL_MODELS
    assert name not in list(CELL_MODELS)


@pytest.mark.parametrize(
    "name",
    [
        "PointNeuron",
        "PointNeuron(LIV; a=CondExp)",
        "PointNeuron(LIF; a=CondExpo)",
        "PointNeuron(LIF; b=CondExp, a=CondExp)",
        "PointNeuron(LIF; a=CondExp, a=CurrExp)",
        "PointNeuron(LIF; current=CondExp)",
        "PointNeuron(LIF; a b=CondExp)",
    ],
)
def test_other_names_are_none(name: str) -> None:
    assert composed(name) is None
    assert name not in CELL_MODELS


def test_a_network_of_composed_cells_survives_on_disk(tmp_path: Path) -> None:
    """What is read back runs as what was written, in a process that never composed the cell."""
    sim.setup(timestep=0.1, min_delay=0.1, backend="reference")
    cells = sim.Population(1, cell(AMPA=sim.ExpPSR()), label="cells")
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0]))
    sim.Projection(
        source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.1, delay=1.0), receptor_type="AMPA"
    )
    cells.record(["v", "AMPA.gsyn"])
    save_network(tmp_path / "network.npz", freeze(simulator.state))
    sim.run(10.0)
    script = """
import sys
from pyneuro.reference import ReferenceSimulation
from toolchain.network import load_network
simulation = ReferenceSimulation(load_network(sys.argv[1]))
simulation.run(100)
print(simulation.signal(0, "v")[-1, 0])
"""
    (signal, _) = cells.get_data().segments[0].analogsignals
    assert float(in_new_process(script, str(tmp_path / "network.npz"))) == float(signal.magnitude[-1, 0]) > -59.0
