"""Hodgkin and Huxley's cells: their equations, and what the core's arithmetic makes of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emulator import update
from toolchain.errors import ParameterError
from toolchain.models import CELL_MODELS
from toolchain.models.channels import V_BITS
from toolchain.models.declaration import CellModel
from toolchain.models.hodgkin_huxley import HodgkinHuxleyNeuron, squid_membrane
from toolchain.models.inputs import EXCITATORY, INHIBITORY, CurrentInput
from toolchain.models.kinetics import GATES, SQUID_AXON, TRAUB_MILES, Kinetics, relative
from toolchain.models.point_neuron import PointNeuron
from toolchain.models.relaxation import PHI, Z_SCALE, phi
from toolchain.models.synapses import Exponential
from toolchain.models.tracing import interpolate

Floats = NDArray[np.float64]
CELLS = ("HH_cond_exp", "HH_squid")


def cell(name: str) -> CellModel:
    model = CELL_MODELS[name]
    assert isinstance(model, CellModel)
    return model


def trace_of(of: str | CellModel, steps: int, dt: float, **parameters: Any) -> Floats:
    """V of cells on a core at the start of each of `steps` timesteps: [steps, cells]."""
    model = cell(of) if isinstance(of, str) else of
    n = max(np.size(values) for values in parameters.values())
    substeps = model.substeps(dt)
    program = model.program(substeps)
    registers = update.allocate(program, model.registers(parameters, {}, n, dt, substeps), n)
    voltage = program.register("v")
    trace = np.empty((steps, n))
    for step in range(steps):
        trace[step] = registers[voltage] / 2.0**V_BITS
        update.run(program, registers)
    return trace


# --- equations --------------------------------------------------------------------------------------


def test_rates_have_their_limits() -> None:
    """Where numerator and denominator of a rate vanish it goes on smoothly."""
    assert relative(np.zeros(1)).tolist() == [1.0]
    x = np.array([1e-12, -1e-12, 1e-4, -30.0, 700.0])
    np.testing.assert_allclose(relative(x)[:2], 1.0, rtol=1e-11)
    assert relative(x)[2] == pytest.approx(1.0 - 0.5e-4, rel=1e-8)
    assert relative(x)[3] == pytest.approx(30.0)
    assert relative(x)[4] == pytest.approx(0.0, abs=1e-300)
    for rates, gate, at, limit in (
        (TRAUB_MILES.rates, "m", 13.0, 1.28),
        (TRAUB_MILES.rates, "n", 15.0, 0.16),
        (SQUID_AXON.rates, "m", -40.0, 1.0),
        (SQUID_AXON.rates, "n", -55.0, 0.1),
    ):
        alphas = [float(rates(np.array(v))[gate][0]) for v in (at - 1e-6, at, at + 1e-6)]
        assert alphas == pytest.approx([limit] * 3, rel=1e-6)


def test_gates_of_the_squid_axon_at_rest() -> None:
    """Figures of the textbooks: m 0.053, h 0.596, n 0.318 at -65 mV."""
    steady = [float(SQUID_AXON.target(gate, np.array(-65.0))) for gate in GATES]
    assert steady == pytest.approx([0.0529, 0.5961, 0.3177], abs=1e-4)
    declared = {variable.name: variable.initial for variable in cell("HH_squid").state}
    assert [declared[gate] for gate in GATES] == pytest.approx(steady)


def test_a_leak_of_54_387_mv_rests_at_65() -> None:
    model = cell("HH_squid")
    s = {variable.name: np.array(variable.initial, np.float64) for variable in model.state}
    p = {parameter.name: np.array(parameter.default) for parameter in model.parameters} | {
        "e_rev_leak": np.array(-54.387)
    }
    assert model.derivatives(s, p, np.zeros(()))["v"] == pytest.approx(0.0, abs=5e-3)


@pytest.mark.parametrize("name", CELLS)
def test_a_spike_is_a_maximum_above_the_level(name: str) -> None:
    model = cell(name)
    p = {parameter.name: np.array(parameter.default) for parameter in model.parameters}
    after = {"v": np.array([-10.0, 20.0, 20.0, -64.0])}
    level = 0.0 if name == "HH_squid" else -33.0
    after["v"][0] = level - 1.0
    before = {"v": np.array([0.0, 21.0, 19.0, -63.0])}
    assert model.threshold(after, p).tolist() == [False, True, True, False]
    assert model.spikes(after, p, before).tolist() == [False, True, False, False]
    assert model.after_spike(after, p) == {}


# --- the core ---------------------------------------------------------------------------------------


def test_a_relaxation_is_tabulated_well_enough() -> None:
    z = np.linspace(0.0, 15.9, 5000)
    np.testing.assert_allclose(interpolate(PHI, z * 2.0**Z_SCALE) / 2.0**15, phi(z), rtol=0.0, atol=2e-5)


@pytest.mark.parametrize("kinetics", [TRAUB_MILES, SQUID_AXON])
def test_rates_are_positive_and_end_where_the_tables_do(kinetics: Kinetics) -> None:
    v = np.linspace(kinetics.low, kinetics.high, 500)
    for gate in GATES:
        assert np.all((kinetics.speed(gate, v) > 0.0) & (kinetics.speed(gate, v) < 128.0))
        assert np.all((kinetics.target(gate, v) >= 0.0) & (kinetics.target(gate, v) <= 1.0))


def test_timesteps_are_divided() -> None:
    model = cell("HH_cond_exp")
    assert [model.substeps(dt) for dt in (0.01, 0.05, 0.1, 0.12, 1.0)] == [1, 1, 2, 3, 20]
    assert model.substeps(1.0, 40) == 40
    assert cell("IF_curr_exp").substeps(1.0) == 1


def test_the_passive_membrane_on_the_core_is_exact() -> None:
    """Without channels V relaxes to e_rev_leak + i_offset / g_leak with cm / g_leak."""
    v = trace_of("HH_squid", 101, 0.1, gbar_Na=0.0, gbar_K=0.0, i_offset=np.array([3.0]))[:, 0]
    rest = -54.0 + 3.0 / 0.3
    expected = rest + (-65.0 - rest) * np.exp(-0.3 * 0.1 * np.arange(101))
    np.testing.assert_allclose(v, expected, rtol=0.0, atol=2e-3)


def test_any_receptors_go_with_the_membrane() -> None:
    """Currents as receptors, in a neuron that tells them from conductances and in one that does not."""
    parts = tuple(Exponential(names, CurrentInput()) for names in (EXCITATORY, INHIBITORY))
    neuron = HodgkinHuxleyNeuron(squid_membrane(), parts)
    plain = PointNeuron("plain", squid_membrane(), parts)
    currents = np.array([0.0, 7.0, 10.0])
    traces = [trace_of(model, 1000, 0.1, i_offset=currents) for model in (neuron, plain, "HH_squid")]
    np.testing.assert_array_equal(traces[0], traces[1])
    np.testing.assert_array_equal(traces[0], traces[2])
    assert traces[0].max(axis=0).tolist() == pytest.approx([-64.8, 41.0, 41.0], abs=3.0)


@given(
    st.floats(0.0, 150.0),
    st.floats(0.0, 48.0),
    st.floats(0.5, 2.0),
    st.lists(st.floats(-20.0, 60.0), min_size=3, max_size=3),
)
@settings(deadline=None, max_examples=30)
def test_whatever_the_parameters_v_stays_within_bounds(
    sodium: float, potassium: float, leak: float, current: list[float]
) -> None:
    """Nothing wraps in sub-steps of the longest length that is allowed."""
    conductances = {"gbar_Na": sodium, "gbar_K": potassium, "g_leak": leak}
    v = trace_of("HH_squid", 400, 0.05, i_offset=np.array(current), **conductances)
    assert v.max() < 50.5 + max(0.0, *current) / leak
    assert v.min() > -77.5 + min(0.0, *current) / leak


@pytest.mark.parametrize(
    ("parameters", "substeps", "message"),
    [
        ({}, 1, "sub-steps of 1 ms are too long .* time constant can be 0.00769 ms .* use at least 14 times as many"),
        ({"cm": 0.02}, 20, "use at least 7 times as many"),
        ({"e_rev_Na": 5000.0}, 20, "e_rev_Na must be within -4096 .. "),
        ({"cm": 0.0003, "gbar_Na": 0.0, "gbar_K": 0.0}, 20, "timestep / cm must be within"),
    ],
    ids=["substeps", "cm", "voltage", "gain"],
)
def test_what_the_core_has_no_room_for_is_named(parameters: dict[str, float], substeps: int, message: str) -> None:
    with pytest.raises(ParameterError, match=f"^HH_cond_exp: .*{message}"):
        cell("HH_cond_exp").registers(parameters, {}, 2, 1.0, substeps)


@pytest.mark.parametrize("name", CELLS)
def test_conductances_of_the_host_stand_for_what_they_should(name: str) -> None:
    model = cell(name)
    given = {parameter.name: np.array(parameter.default) for parameter in model.parameters}
    words = model.registers({}, {}, 1, 0.1, 2)
    meant = model.exact(given, 0.05)
    for word in ("gain_Na", "gain_K", "gain_leak"):
        assert words[word][0] / 2.0**15 == pytest.approx(float(meant[word].exact), rel=1e-4)
    gain = float(meant["gain_leak"].figure(meant["gain_leak"].exact))
    assert math.isclose(gain, float(given["g_leak"] * 0.05 / given["cm"]), rel_tol=1e-12)
