"""Cell models: what both their sides promise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from emulator import interpreter, update
from emulator.conversion import host_to_accum
from emulator.errors import ProgramError
from emulator.program import Program, Role
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel

MODELS = [model for model in CELL_MODELS.values() if isinstance(model, CellModel)]
by_name = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


def cell(name: str) -> CellModel:
    model = CELL_MODELS[name]
    assert isinstance(model, CellModel)
    return model


def step_of(model: CellModel) -> float:
    """A length of a step (ms) that the model allows."""
    return model.longest_step or 0.5


def core(program: Program, words: dict[str, Any], n: int) -> dict[str, Any]:
    """Registers by name, as views of one array."""
    registers = update.allocate(program, words, n)
    return {register.name: row for register, row in zip(program.registers, registers, strict=True)} | {"": registers}


# --- contract of the registry -----------------------------------------------------------------------


@by_name
def test_the_program_takes_the_registers_that_the_model_makes(model: CellModel) -> None:
    words = model.registers({}, {}, 5, step_of(model))
    program = model.program()
    given = [r for r in program.registers if r.role in (Role.STATE, Role.PARAMETER)]
    assert {r.name for r in given} == set(words)
    assert all(word.dtype == np.int32 and word.shape == (5,) and word.flags.writeable for word in words.values())
    assert [program.registers[r].name for r in program.numbers(Role.RECEPTOR)] == list(model.receptors)
    assert len(program.numbers(Role.CURRENT)) == 1


@by_name
def test_what_is_declared_can_be_recorded_and_integrated(model: CellModel) -> None:
    states = [variable.name for variable in model.state]
    shown = [variable.name for variable in model.state if not variable.hidden]
    assert set(model.recordable) == {"spikes", *shown}
    assert set(shown) <= {variable for variable, _, _ in model.program().recorded}
    assert set(model.receptors.values()) <= set(states)
    assert list(model.weights) == list(model.receptors)
    assert set(model.clamped) <= set(states)
    s = {name: np.zeros(3) for name in states}
    p = {parameter.name: np.full(3, parameter.default) for parameter in model.parameters}
    assert set(model.derivatives(s, p, np.zeros(3))) == set(states)
    assert set(model.after_spike(s, p)) <= set(states)
    assert model.threshold(s, p).dtype == np.bool_


@by_name
def test_arrays_are_cells_side_by_side(model: CellModel) -> None:
    given = {p.name: np.array([1.0, 1.25, 3.0]) * (p.default or 1.0) for p in model.parameters}
    first = model.state[0]
    states = {first.name: float(first.initial) * np.array([1.0, 0.875, 0.75])}
    step = step_of(model)
    together = model.registers(given, states, 3, step)
    for i in range(3):
        alone = model.registers({k: v[i] for k, v in given.items()}, {first.name: states[first.name][i]}, 1, step)
        assert {name: word[i] for name, word in together.items()} == {name: word[0] for name, word in alone.items()}


@by_name
def test_state_survives_the_way_to_the_core_and_back(model: CellModel) -> None:
    values = {variable.name: np.array([0.0, 0.125, 1.5]) for variable in model.state if not variable.hidden}
    if "isyn_inh" in values:
        values["isyn_inh"] = -values["isyn_inh"]
    words = model.registers({}, values, 3, step_of(model))
    for name, value in values.items():
        assert model.read(name, words).tolist() == value.tolist()


@pytest.mark.parametrize("name", ["IF_curr_exp", "IF_cond_exp"])
def test_recorded_synapses_are_in_units_of_pynn(name: str) -> None:
    """What arrives is recorded as the weight times its mean decay in the step of arrival, with PyNN's sign."""
    model = cell(name)
    scale = 1024 if model.conductance_based else 1
    expected = 0.5 * 50.0 * (1.0 - math.exp(-1.0 / 50.0))
    program = model.program()
    registers = core(program, model.registers({"tau_syn_E": 50.0, "tau_syn_I": 50.0}, {}, 1, 1.0), 1)
    registers["excitatory"][:] = registers["inhibitory"][:] = host_to_accum(0.5 * scale)
    update.run(program, registers[""])
    recorded = {name: model.decode(name, registers[""][register]) for name, register, _ in program.recorded}
    exc, inh = (recorded[name][0] for name in model.receptors.values())
    assert exc == pytest.approx(expected, abs=1e-3)
    assert inh == pytest.approx(expected if model.conductance_based else -expected, abs=1e-3)


# --- sub-steps --------------------------------------------------------------------------------------


ON_THE_GRID = ("EIF_cond_exp_isfa_ista", "EIF_cond_alpha_isfa_ista", "IF_cond_exp_gsfa_grr", "GIF_cond_exp")
"""Models that count refractory times in whole timesteps, or spike at their ends only."""


@pytest.mark.parametrize("model", [m for m in MODELS if m.name not in ON_THE_GRID], ids=lambda model: model.name)
def test_four_substeps_are_two_timesteps_of_two(model: CellModel) -> None:
    """Inputs come in the first of them, and a spike in either counts."""
    n, random = 20, np.random.default_rng(3)
    whole, half = model.program(4), model.program(2)
    step = step_of(model)
    both = core(whole, model.registers({}, {}, n, 4.0 * step, 4), n)
    each = core(half, model.registers({}, {}, n, 2.0 * step, 2), n)
    states = [word.name for word in model.words if word.role == Role.STATE]
    fired = 0
    if "h" in states:
        each["h"][:] = both["h"]
    for _ in range(round(100.0 / step)):
        drive = (random.random((2, n)) < 0.05) * random.integers(0, 1 << 22, (2, n))
        both["excitatory"][:], both["inhibitory"][:] = each["excitatory"][:], each["inhibitory"][:] = drive
        both["current"][:] = each["current"][:] = random.integers(0, 1 << 20, n)
        update.run(whole, both[""])
        update.run(half, each[""])
        spikes = each[""][half.spike].copy()
        each["excitatory"][:] = each["inhibitory"][:] = 0
        update.run(half, each[""])
        np.testing.assert_array_equal(both[""][whole.spike], spikes | each[""][half.spike])
        for state in states:
            np.testing.assert_array_equal(both[state], each[state])
        fired -= int(both[""][whole.spike].sum())
    assert fired > n


def test_a_timestep_has_substeps() -> None:
    with pytest.raises(ProgramError, match="at least one sub-step, got 0"):
        cell("IF_curr_exp").program(0)


# --- closed forms -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dt", [1.0, 0.1])
def test_lif_fires_at_the_rate_of_its_closed_form(dt: float) -> None:
    """T = tau_refrac + tau_m ln(R I / (R I - (v_thresh - v_rest))), in steps, on the core."""
    model, current, n = cell("IF_curr_exp"), np.linspace(0.8, 2.0, 9), 9
    p = {"tau_refrac": 2.0, "cm": 1.0, "i_offset": current}
    program = model.program()
    registers = core(program, model.registers(p, {}, n, dt), n)
    steps = round(1000 / dt)
    counts = np.zeros(n, np.int64)
    for _ in range(steps):
        update.run(program, registers[""])
        counts -= registers[""][program.spike]
    for count, i in zip(counts, current, strict=True):
        crossing = math.ceil(round(20.0 * math.log(20 * i / (20 * i - 15.0)) / dt, 6))
        period = 2.0 / dt + crossing
        assert count == pytest.approx(steps / period, rel=0.02, abs=1)


def test_lif_in_real_numbers_is_the_exact_solution() -> None:
    """The program without the error of fixed point: V' = a + (V - a) exp(-dt / tau_m)."""
    model = cell("IF_curr_exp")
    program = model.program()
    words = update.allocate(program, model.registers({"i_offset": 0.5, "cm": 2.0}, {"v": -60.0}, 1, 1.0), 1)
    values = interpreter.real_registers(program, words)
    interpreter.run_real(program, values)
    a = -65.0 + 0.5 * 20.0 / 2.0
    exact = a + (-60.0 - a) * math.exp(-1.0 / 20.0)
    assert values[program.register("v"), 0] == pytest.approx(exact, abs=2e-4)


@pytest.mark.parametrize("name", ["IF_curr_exp", "IF_cond_exp"])
def test_float_lif_rests_where_its_currents_cancel(name: str) -> None:
    model = cell(name)
    p = {parameter.name: np.array([parameter.default]) for parameter in model.parameters}
    exc, inh = model.receptors.values()
    s = {"v": np.array([-60.0]), exc: np.array([0.0]), inh: np.array([0.0])}
    rest = {"v": np.array([-65.0]), exc: np.array([0.0]), inh: np.array([0.0])}
    assert model.derivatives(rest, p, np.zeros(1))["v"] == 0
    assert model.derivatives(s, p, np.array([0.25]))["v"] == pytest.approx((-65 + 60) / 20 + 0.25)
    drive = {"IF_curr_exp": (0.3, -0.1, 0.2), "IF_cond_exp": (0.01, 0.03, 0.01 * 60 + 0.03 * -10)}[name]
    s |= {exc: np.array([drive[0]]), inh: np.array([drive[1]])}
    assert model.derivatives(s, p, np.zeros(1))["v"] == pytest.approx((-65 + 60) / 20 + drive[2])
    assert model.derivatives(s, p, np.zeros(1))[exc] == pytest.approx(-drive[0] / 5)
    assert model.refractory_ms(p) == 0.1


def test_izhikevich_has_its_equations() -> None:
    model = cell("Izhikevich_curr_exp")
    p = {parameter.name: np.array([parameter.default]) for parameter in model.parameters}
    s = {"v": np.array([-60.0]), "u": np.array([-10.0]), "isyn_exc": np.array([2.0]), "isyn_inh": np.array([-1.0])}
    moved = model.derivatives(s, p, np.array([3.0]))
    assert moved["v"] == pytest.approx(0.04 * 3600 - 300 + 140 + 10 + 2 - 1 + 3)
    assert moved["u"] == pytest.approx(0.02 * (0.2 * -60 + 10))
    assert model.after_spike(s, p) == {"v": -65.0, "u": -8.0}
    assert not model.threshold(s, p)
    assert model.threshold(s | {"v": np.array([30.0])}, p)
    assert model.refractory_ms(p) is None
