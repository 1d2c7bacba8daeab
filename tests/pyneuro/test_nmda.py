"""NMDA receptors: the block by magnesium, on both simulators, beside other receptors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import pyneuro as sim
from emulator import update
from toolchain.models.composed import composed

Floats = NDArray[np.float64]
CELL = "PointNeuron(LIF; slow=NMDA)"


def unblocked(v: Floats, mg: float) -> Floats:
    """Jahr and Stevens's curve."""
    return np.asarray(1.0 / (1.0 + mg / 3.57 * np.exp(-0.062 * v)))


def test_jahr_and_stevens_curve() -> None:
    """Half of the receptors are open at 0 mV with 3.57 mM, and at -20.5 mV with 1 mM."""
    assert unblocked(np.asarray(0.0), 3.57) == 0.5
    assert unblocked(np.asarray(np.log(1.0 / 3.57) / 0.062), 1.0) == pytest.approx(0.5)


@pytest.mark.parametrize("mg", [0.0, 0.1, 1.0, 2.5])
def test_the_block_on_the_reference(mg: float) -> None:
    model = composed(CELL)
    assert model is not None
    v = np.linspace(-120.0, 60.0, 37)
    p = {parameter.name: np.asarray(parameter.default) for parameter in model.parameters}
    p |= {"slow.mg": np.asarray(mg), "slow.e_syn": np.asarray(5.0), "tau_m": np.asarray(1e9)}
    s = {"v": v, "slow.gsyn": np.full(37, 0.02), "slow.gsyn.rise": np.zeros(37)}
    slope = model.derivatives(s, p, np.asarray(0.0))["v"]
    np.testing.assert_allclose(slope, 0.02 * unblocked(v, mg) * (5.0 - v), rtol=1e-7, atol=1e-6)


@pytest.mark.parametrize("mg", [0.0, 0.1, 1.0, 2.5])
def test_the_block_on_a_core(mg: float) -> None:
    """A step of 1 ms in which V relaxes with the conductance g B(V) that is open at its start."""
    model = composed(CELL)
    assert model is not None
    v = np.linspace(-120.0, 60.0, 37)
    parameters = {"slow.mg": mg, "slow.e_syn": 5.0, "tau_m": 50.0, "cm": 1.0, "v_thresh": 1000.0, "v_rest": 0.0}
    registers = model.registers(parameters, {"v": v, "slow.gsyn": 0.02}, 37, 1.0)
    program = model.program()
    core = update.allocate(program, registers, 37)
    update.run(program, core)
    opened = 0.02 * unblocked(v, mg)
    total = 1.0 / 50.0 + opened
    expected = 5.0 * opened / total + np.exp(-total) * (v - 5.0 * opened / total)
    found = model.read("v", {word.name: core[program.register(word.name)] for word in model.words})
    np.testing.assert_allclose(found, expected, atol=0.01)


def responses(backend: str, holding: float) -> dict[str, Any]:
    """Two spikes into a cell with both kinds of receptors, held at some voltage by a current."""
    sim.setup(timestep=0.1, min_delay=0.1, backend=backend, seed=1)
    membrane = sim.LIF(tau_m=10.0, cm=0.5, v_rest=-70.0, v_thresh=50.0, v_reset=-70.0, i_offset=holding)
    cell = sim.PointNeuron(membrane, AMPA=sim.ExpPSR(tau_syn=2.0, e_syn=0.0), slow=sim.NMDA(tau_decay=50.0, mg=1.2))
    cells = sim.Population(1, cell, initial_values={"v": -70.0 + 20.0 * holding})
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[10.0, 40.0]))
    for receptor, weight in (("AMPA", 0.005), ("slow", 0.03)):
        synapse = sim.StaticSynapse(weight=weight, delay=1.0)
        sim.Projection(source, cells, sim.AllToAllConnector(), synapse, receptor_type=receptor)
    cells.record(["v", "slow.gsyn", "AMPA.gsyn"])
    sim.run(150.0)
    signals = {s.name: np.asarray(s)[:, 0] for s in cells.get_data().segments[0].analogsignals}
    sim.end()
    return signals


def test_a_depolarised_cell_gets_more_of_the_same_spikes() -> None:
    """20 mV higher the same conductance drives more current, though the driving force is less, on both simulators."""
    rises = []
    for holding in (0.0, 1.0):
        reference, emulator = (responses(backend, holding) for backend in ("reference", "emulator"))
        assert set(reference) == {"v", "slow.gsyn", "AMPA.gsyn"}
        assert reference["slow.gsyn"].max() == pytest.approx(0.03 * 1.5, rel=0.1)
        np.testing.assert_allclose(emulator["v"], reference["v"], atol=0.15)
        # A core records what has arrived in the step, and the mean over it.
        np.testing.assert_allclose(emulator["slow.gsyn"][:-1], reference["slow.gsyn"][1:], atol=1.5e-3)
        rises.append(reference["v"][600] - reference["v"][90])
    assert rises[1] > 1.5 * rises[0] > 1.0


@pytest.mark.parametrize(
    ("cell", "weight", "tolerance"),
    [
        ("IF_cond_exp", 0.02, 0.1),
        ("HH_cond_exp", 0.002, 0.1),
        ("EIF_cond_exp_isfa_ista", 0.012, 0.1),
        ("Izhikevich_cond", 0.12, 0.3),
    ],
)
@pytest.mark.filterwarnings("ignore:.*that comes alone:pyneuro.errors.MappingWarning")
def test_any_cell_with_conductances_takes_them(cell: str, weight: float, tolerance: float) -> None:
    """Beside its own receptors, on both simulators."""
    traces = []
    for backend in ("reference", "emulator"):
        sim.setup(timestep=0.1, min_delay=0.1, backend=backend)
        cells = sim.Population(1, sim.PointNeuron(getattr(sim, cell)(), slow=sim.NMDA(mg=0.5)))
        assert cells.celltype.receptor_types == ("excitatory", "inhibitory", "slow")
        source = sim.Population(1, sim.SpikeSourceArray(spike_times=[10.0, 40.0]))
        for receptor in ("slow", "inhibitory"):
            synapse = sim.StaticSynapse(weight=weight if receptor == "slow" else 0.01 * weight, delay=1.0)
            sim.Projection(source, cells, sim.AllToAllConnector(), synapse, receptor_type=receptor)
        cells.record(["v", "spikes"])
        sim.run(150.0)
        (segment,) = cells.get_data().segments
        assert len(segment.spiketrains[0]) == 0
        traces.append(np.asarray(segment.analogsignals[0])[:, 0])
        sim.end()
    assert np.ptp(traces[0][100:]) > 2.0
    np.testing.assert_allclose(*traces, atol=tolerance)


def test_cells_without_conductances_do_not_take_them() -> None:
    with pytest.raises(
        sim.errors.InvalidModelError, match=r"needs a membrane, such as LIF.*, or a cell type with cond"
    ):
        sim.PointNeuron(sim.IF_curr_exp(), slow=sim.NMDA())
    with pytest.raises(sim.errors.InvalidModelError, match="no receptor can be called 'inhibitory'"):
        sim.PointNeuron(sim.IF_cond_exp(), inhibitory=sim.NMDA())
