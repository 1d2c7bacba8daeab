"""Receptors on a core: their words, their shapes, and how their weights are scaled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import array_source, cells, connect
from numpy.typing import NDArray
from scipy.linalg import expm

from emulator import update
from emulator.conversion import host_to_accum
from emulator.image import NeuronCore
from toolchain.compile import compile_network
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.models.rising import _coefficients, _gain
from toolchain.network import Network, Projection
from toolchain.options import MappingOptions
from toolchain.targets import input_scale, relative_weights
from toolchain.weights import ring_buffer_shifts, weight_scale
from toolchain.workload import prepare

TAUS = st.floats(0.05, 200.0)


def respond(
    name: str, inputs: Mapping[int, Mapping[str, float]], steps: int, dt: float = 0.1, substeps: int = 1, **rest: Any
) -> dict[str, NDArray[np.float64]]:
    """What a cell on a core records when it gets `inputs`, in PyNN's units, in some steps."""
    model = CELL_MODELS[name]
    assert isinstance(model, CellModel)
    parameters = {key: value for key, value in rest.items() if key in {p.name for p in model.parameters}}
    initial = {key: value for key, value in rest.items() if key not in parameters}
    program = model.program(substeps)
    core = update.allocate(program, model.registers(parameters, initial, 1, dt, substeps), 1)
    values = {p.name: np.asarray(parameters.get(p.name, p.default), np.float64) for p in model.parameters}
    seen: dict[str, list[float]] = {variable: [] for variable, _, _ in program.recorded}
    for step in range(steps):
        for receptor, weights in model.weights.items():
            factor = model.weight_factor(receptor, values)
            scale = weights.sign * 2.0**weights.scale_bits * (1.0 if factor is None else float(factor))
            core[program.register(receptor)] = host_to_accum(inputs.get(step, {}).get(receptor, 0.0) * scale)
        before = core.copy()
        update.run(program, core)
        for variable, register, _ in program.recorded:
            words = before[register] if variable == "v" else core[register]
            seen[variable].append(float(model.decode(variable, words)[0]))
    return {variable: np.array(values) for variable, values in seen.items()}


# --- responses that rise --------------------------------------------------------------------------------


@given(rise=TAUS, fall=TAUS, dt=st.sampled_from([0.05, 0.1, 1.0]))
def test_coefficients_solve_the_equations(rise: float, fall: float, dt: float) -> None:
    """One step as the matrix exponential has it, and the means over it as its integral has them."""
    gain = float(_gain(np.asarray(rise), np.asarray(fall)))
    system = np.zeros((4, 4))  # of g, y and their integrals
    system[0, :2], system[1, 1] = (-1.0 / fall, gain), -1.0 / rise
    system[2, 0] = system[3, 1] = 1.0 / dt
    solved = expm(dt * system)
    made = _coefficients(np.asarray(rise), np.asarray(fall), dt)
    expected = (solved[0, 0], solved[1, 1], solved[0, 1], solved[2, 1], solved[3, 1])
    np.testing.assert_allclose(np.array(made, np.float64), expected, rtol=1e-6, atol=1e-9)
    assert all(0.0 <= coefficient <= 1.0 for coefficient in made)


@given(rise=TAUS, fall=TAUS)
def test_the_gain_makes_the_peak_the_weight(rise: float, fall: float) -> None:
    """At the peak g' = 0, so that g = k tau_decay y there."""
    gain = float(_gain(np.asarray(rise), np.asarray(fall)))
    ratio = fall / rise
    peak = rise if abs(ratio - 1.0) < 1e-9 else rise * np.log(ratio) / (1.0 - 1.0 / ratio)
    assert gain * fall * np.exp(-peak / rise) == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("dt", [1.0, 0.1])
@pytest.mark.parametrize(("name", "receptor"), [("IF_cond_alpha", "excitatory"), ("PointNeuron(LIF; a=CurrBeta)", "a")])
def test_the_charge_is_right_however_long_the_step(name: str, receptor: str, dt: float) -> None:
    """What is recorded of a step is the mean over it, so that the sum is the area under the curve."""
    times = {"tau_syn_E": 3.0} if receptor == "excitatory" else {"a.tau_rise": 1.0, "a.tau_decay": 6.0}
    variable = "gsyn_exc" if receptor == "excitatory" else "a.isyn"
    found = respond(name, {3: {receptor: 0.5}}, round(150.0 / dt), dt, cm=1000.0, **times)[variable]
    area = np.e * 3.0 if receptor == "excitatory" else float(_gain(np.asarray(1.0), np.asarray(6.0))) * 1.0 * 6.0
    assert dt * found.sum() == pytest.approx(0.5 * area, rel=2e-3)
    assert found[:3].tolist() == [0.0, 0.0, 0.0]


# --- sPyNNaker's alpha function -------------------------------------------------------------------------


def test_the_machines_alpha_function_is_one_where_spikes_do_not_overlap() -> None:
    """A ramp times an exponential, of the area of an alpha function that peaks at the weight."""
    found = respond("IF_curr_alpha", {5: {"excitatory": 0.75}}, 300, 0.1, tau_syn_E=2.0)["isyn_exc"]
    t = 0.1 * np.maximum(np.arange(300) - 5, 0)
    np.testing.assert_allclose(found, 0.75 * t / 2.0 * np.exp(1.0 - t / 2.0), atol=0.01)
    assert found.max() == pytest.approx(0.75, abs=2e-3)


def test_the_machines_alpha_function_takes_over_the_slope_of_the_latest_input() -> None:
    """Equal inputs add up; of unequal ones the later has its slope for both: a defect of the machine's."""
    alone = respond("IF_curr_alpha", {5: {"excitatory": 0.2}}, 200, tau_syn_E=2.0)["isyn_exc"]
    shifted = np.concatenate([np.zeros(10), alone[:-10]])
    equal = respond("IF_curr_alpha", {n: {"excitatory": 0.2} for n in (5, 15)}, 200, tau_syn_E=2.0)["isyn_exc"]
    np.testing.assert_allclose(equal, alone + shifted, atol=0.01)
    inputs = {5: {"excitatory": 0.2}, 15: {"excitatory": 0.4}}
    unequal = respond("IF_curr_alpha", inputs, 200, tau_syn_E=2.0)["isyn_exc"]
    assert unequal.max() > (alone + 2.0 * shifted).max() + 0.1


def test_a_first_value_decays() -> None:
    """A response that is there at the start has no ramp, only its exponential."""
    found = respond("IF_curr_alpha", {}, 50, 0.1, tau_syn_I=2.0, isyn_inh=-1.5)["isyn_inh"]
    np.testing.assert_allclose(found, -1.5 * np.exp(-0.05 * np.arange(50)), atol=2e-3)


# --- steps of the voltage -------------------------------------------------------------------------------


@pytest.mark.parametrize(("dt", "substeps"), [(0.1, 1), (1.0, 1), (1.0, 4)])
@pytest.mark.parametrize("cm", [0.25, 1.0, 3.0])
def test_a_delta_synapse_moves_v_by_the_weight(cm: float, dt: float, substeps: int) -> None:
    """Less what leaks while its current flows, one step: half of dt / tau_m of it."""
    v = respond("IF_curr_delta", {4: {"inhibitory": -6.0}}, 8, dt, substeps, cm=cm)["v"]
    assert (v[:5] == -65.0).all()
    lost = dt / 20.0
    assert v[5] == pytest.approx(-65.0 - 6.0 * (1.0 - lost * (1.0 - 0.5 / substeps)), abs=0.02)
    assert v[6] == pytest.approx(-65.0 + (v[5] + 65.0) * np.exp(-dt / 20.0), abs=0.01)


# --- scales ---------------------------------------------------------------------------------------------


def onto(cell: str, parameters: Mapping[str, Any], weight: Any, receptor: str = "excitatory") -> Network:
    """Two sources onto two cells."""
    pairs = [(0, 0), (1, 1)]
    populations = (cells("cells", 2, cell, parameters=parameters), array_source("source", [[1.0], [2.0]]))
    return Network("n", 1.0, populations, (connect((1, 0), pairs, weight, 1.0, receptor),))


def scales(network: Network) -> tuple[float, float, Projection]:
    (projection,) = network.projections
    shifts = ring_buffer_shifts(prepare(network, MappingOptions()), MappingOptions())
    return input_scale(network, projection), weight_scale(network, projection, shifts), projection


def test_weights_are_scaled_by_what_the_machine_makes_of_them() -> None:
    assert scales(onto("IF_curr_delta", {"cm": 0.5}, 3.0))[:2] == (0.5, 0.5 * 2.0**14)
    assert scales(onto("IF_curr_alpha", {"tau_syn_E": 2.0}, 0.1))[0] == pytest.approx(np.e * 2.0)
    assert scales(onto("IF_cond_alpha", {}, 0.1))[0] == 1024.0


def test_cells_may_differ_in_scale() -> None:
    """The largest scale is the projection's; weights onto other cells are lower by so much."""
    network = onto("IF_curr_delta", {"cm": np.array([0.5, 2.0])}, 3.0)
    scale, _, projection = scales(network)
    assert scale == 2.0
    assert relative_weights(network, projection).tolist() == [0.75, 3.0]
    rows = next(core.rows for core in compile_network(network).image.cores if isinstance(core, NeuronCore))
    stored = sorted(int(word) >> 16 for word in rows if word >> 16)
    assert stored == [round(0.75 * 2.0 * 2.0**12), round(3.0 * 2.0 * 2.0**12)]
