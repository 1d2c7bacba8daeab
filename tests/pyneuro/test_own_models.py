"""Models of a user's own: declared in Python, run on both simulators."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pyneuro as sim
from emulator.errors import ProgramError
from pyneuro.own_models import (
    Equations,
    Parameter,
    PointNeuron,
    TimingRule,
    Variable,
    declare,
    exponential_conductances,
    exponential_currents,
)
from toolchain.errors import ModelError
from toolchain.models import CELL_MODELS
from toolchain.models.checks import check_declaration
from toolchain.models.declaration import CellModel
from toolchain.synapses.timing import TIMING_RULES

README = Path(__file__).parents[2] / "README.md"


class Leaky(Equations):
    """A leaky membrane; as `IF_curr_exp` with these parameters."""

    parameters = (
        Parameter("tau_m", "ms", 20.0, above=0.0),
        Parameter("v_thresh", "mV", -50.0),
        Parameter("v_reset", "mV", -65.0),
        Parameter("tau_refrac", "ms", 2.0, minimum=0.0),
    )
    state = (Variable("v", "mV", -65.0),)
    refractory = "tau_refrac"

    def slopes(self, s: Mapping[str, Any], p: Mapping[str, Any], current: Any) -> Mapping[str, Any]:
        return {"v": (-65.0 - s["v"]) / p["tau_m"] + current}

    def threshold(self, s: Mapping[str, Any], p: Mapping[str, Any]) -> Any:
        return s["v"] >= p["v_thresh"]

    def after_spike(self, s: Mapping[str, Any], p: Mapping[str, Any]) -> dict[str, Any]:
        return {"v": p["v_reset"]}


def spikes_and_voltages(cell: Any, backend: str, timestep: float) -> tuple[Any, Any]:
    """A run of three cells under different currents, with a spike that arrives."""
    sim.setup(timestep=timestep, backend=backend)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[20.0]))
    cells = sim.Population(3, cell)
    cells.set(i_offset=[0.3, 0.85, 1.3])
    sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=1.0, delay=1.0))
    cells.record(["spikes", "v"])
    sim.run(200.0)
    data = cells.get_data().segments[0]
    return [len(train) for train in data.spiketrains], data.analogsignals[0].magnitude


@pytest.fixture(scope="module")
def leaky() -> Any:
    return declare(PointNeuron("OwnLeaky", Leaky(), exponential_currents()))


@pytest.mark.parametrize("backend", ["reference", "emulator"])
@pytest.mark.parametrize("timestep", [1.0, 0.1])
def test_equations_are_what_they_say(leaky: Any, backend: str, timestep: float) -> None:
    """A leaky membrane written down anew does what IF_curr_exp does on the reference."""
    known = sim.IF_curr_exp(cm=1.0, tau_m=20.0, tau_refrac=2.0, v_reset=-65.0)
    wanted, exact = spikes_and_voltages(known, "reference", timestep)
    counts, voltages = spikes_and_voltages(leaky(), backend, timestep)
    assert np.abs(np.subtract(counts, wanted)).max() <= 1
    until = round(20.0 / timestep)
    assert np.abs(voltages[:until, 0] - exact[:until, 0]).max() < (0.02 if backend == "emulator" else 1e-6)


def test_conductances_go_with_any_membrane() -> None:
    """The same membrane with conductances is conductance-based."""
    made = declare(PointNeuron("OwnLeakyCond", Leaky(), exponential_conductances()))
    assert made.conductance_based
    assert {"e_rev_E", "tau_syn_I", "i_offset"} <= set(made.default_parameters)


def test_a_name_that_is_taken_is_refused_but_an_own_one_can_be_declared_again(leaky: Any) -> None:
    """pyneuro's models cannot be replaced, a script's can."""
    with pytest.raises(ModelError, match="there is a cell model 'IF_curr_exp' already"):
        declare(PointNeuron("IF_curr_exp", Leaky(), exponential_currents()))
    assert declare(PointNeuron("OwnLeaky", Leaky(), exponential_currents())) is not leaky


def test_what_a_core_cannot_do_is_said_at_once() -> None:
    """An `if` on a value of the core is refused when the model is declared, with the remedy."""

    class Branching(Leaky):
        def slopes(self, s: Mapping[str, Any], p: Mapping[str, Any], current: Any) -> Mapping[str, Any]:
            return {"v": current if s["v"] > 0.0 else 0.0 * current}

    with pytest.raises(ProgramError, match=r"Branching.*use select\(mask, a, b\)"):
        declare(PointNeuron("Branching", Branching(), exponential_currents()))


def test_only_models_can_be_declared() -> None:
    """Anything else is a TypeError that says what can be."""
    with pytest.raises(TypeError, match="declare\\(\\) takes a cell model, a rule or a release model"):
        declare(3)  # type: ignore[arg-type]  # what a user may do


def edited(**members: Any) -> Any:
    """`Leaky` with other members."""
    return type("Edited", (Leaky,), members)


def declared_with(**members: Any) -> Any:
    return declare(PointNeuron("OwnEdited", edited(**members)(), exponential_currents()))


V = Variable("v", "mV", -65.0)
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "slope": (
        {"slopes": lambda self, s, p, current: {"v": current, "vv": current}},
        r"Edited.slopes\(\) returns 'vv', which is not a state variable; did you mean 'v'\?",
    ),
    "no slope": (
        {"state": (V, Variable("w", "mV", 0.0))},
        "there is no slope of 'w'; one that only spikes change has 0.0",
    ),
    "slopes without a dict": (
        {"slopes": lambda self, s, p, current: current},
        r"Edited.slopes\(\) must return a dict, as {'v': ...}",
    ),
    "reset": (
        {"after_spike": lambda self, s, p: {"v": 0.0, "w": 0.0}},
        r"Edited.after_spike\(\) returns 'w', which is not a state variable",
    ),
    "parameter": (
        {"slopes": lambda self, s, p, current: {"v": p["tau"] * current}},
        "there is no parameter 'tau'; declared are tau_m, v_thresh, v_reset, tau_refrac, i_offset",
    ),
    "state variable": (
        {"threshold": lambda self, s, p: s["u"] > 0.0},
        "there is no state variable 'u'; declared are v",
    ),
    "another's state": (
        {"threshold": lambda self, s, p: s["isyn_exc"] > 0.0},
        "Edited: there is no state variable 'isyn_exc'; declared are v$",
    ),
    "refractory": ({"refractory": "tau_r"}, r"refractory = 'tau_r' is not a parameter; add Parameter\('tau_r', 'ms'"),
    "state of a receptor": (
        {"state": (V, Variable("isyn_exc", "nA", 0.0))},
        "'isyn_exc' is declared twice, as a state variable of the membrane and as a state variable of receptor 'exc",
    ),
    "parameter of a receptor": (
        {"parameters": (*Leaky.parameters, Parameter("tau_syn_E", "ms", 1.0))},
        "'tau_syn_E' is declared twice, as a parameter of the membrane and as a parameter of the receptors",
    ),
    "same name": (
        {"parameters": (*Leaky.parameters, Parameter("v", "mV", 1.0))},
        "'v' is declared twice, as a parameter of the membrane and as a state variable of the membrane",
    ),
    "word of a core": (
        {"parameters": (*Leaky.parameters, Parameter("step_ms", "ms", 1.0))},
        "'step_ms', a parameter of the membrane, is a name that a core needs for itself",
    ),
    "no voltage": (
        {"state": (Variable("u", "mV", 0.0),), "refractory": None},
        "the membrane has no state variable 'v', which receptors need",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told_when_the_model_is_declared(mistake: str) -> None:
    """In the words of who made them."""
    members, message = MISTAKES[mistake]
    with pytest.raises(ModelError, match=message):
        declared_with(**members)


def test_a_clamped_variable_is_one_of_the_state() -> None:
    """What holds while a cell is refractory was declared."""
    membrane = Leaky()
    membrane.clamped = ("w",)
    with pytest.raises(ModelError, match="`clamped` names 'w', which is not a state variable of the membrane"):
        declare(PointNeuron("OwnEdited", membrane, exponential_currents()))


def test_what_is_no_cell_is_told_with_the_remedy() -> None:
    """A class for an instance, a membrane for a cell, a receptor for a tuple of them."""
    with pytest.raises(ModelError, match=r"the membrane must be an instance, such as Leaky\(\); got the class"):
        PointNeuron("OwnLeaky", Leaky, exponential_currents())  # type: ignore[arg-type]  # what a user may do
    with pytest.raises(ModelError, match=r"must be an instance, such as Leaky\(\), got 3"):
        PointNeuron("OwnLeaky", 3, exponential_currents())  # type: ignore[arg-type]  # what a user may do
    with pytest.raises(ModelError, match=r"receptors must be a tuple, such as exponential_currents\(\)"):
        PointNeuron("OwnLeaky", Leaky(), exponential_currents()[0])  # type: ignore[arg-type]  # what a user may do
    with pytest.raises(ModelError, match=r"declare\(PointNeuron\('MyLeaky', Leaky\(\), exponential_currents\(\)\)\)"):
        declare(Leaky())  # type: ignore[arg-type]  # what a user may do
    with pytest.raises(ModelError, match=r"takes an instance: declare\(Reward\(\)\)"):
        declare(Reward)  # type: ignore[arg-type]  # what a user may do


@pytest.mark.parametrize("name", [name for name, model in CELL_MODELS.items() if isinstance(model, CellModel)])
def test_no_model_of_pyneuro_has_such_mistakes(name: str) -> None:
    """The checks pass what is right."""
    model = CELL_MODELS[name]
    assert isinstance(model, CellModel)
    check_declaration(model)


@pytest.mark.parametrize("backend", ["reference", "emulator"])
def test_plain_numbers_are_slopes_and_resets(backend: str) -> None:
    """A variable that only spikes change, and a reset to a number."""
    cell = declared_with(
        state=(V, Variable("spent", "", 0.0)),
        slopes=lambda self, s, p, current: {"v": (-65.0 - s["v"]) / p["tau_m"] + current, "spent": 0.0},
        after_spike=lambda self, s, p: {"v": -65.0, "spent": s["spent"] + 1.0},
    )
    sim.setup(timestep=1.0, backend=backend)
    cells = sim.Population(1, cell(i_offset=1.0))
    cells.record(["spikes", "spent"])
    sim.run(100.0)
    data = cells.get_data().segments[0]
    before = sum(1 for time in data.spiketrains[0] if float(time) <= 99.0)
    assert before == data.analogsignals[0].magnitude[-1, 0] > 0


class Reward(TimingRule):
    """Each spike of the target adds A_plus."""

    name = "OwnReward"
    parameters = (Parameter("A_plus", "", 0.1), Parameter("A_minus", "", 0.0))
    time_constants = ()

    def add_pre(self, x: Any) -> dict[str, Any]:
        return {}

    def add_post(self, x: Any) -> dict[str, Any]:
        return {}

    def apply_pre(self, x: Any, weight: Any) -> Any:
        return weight

    def apply_post(self, x: Any, weight: Any) -> Any:
        return x.potentiate(weight, 1)


@pytest.mark.parametrize("backend", ["reference", "emulator"])
def test_a_rule_of_ones_own(backend: str) -> None:
    """Two spikes of the target between two of the source: two steps of A_plus w_max."""
    rule = declare(Reward())
    assert TIMING_RULES["OwnReward"].parameters == Reward.parameters
    sim.setup(timestep=1.0, backend=backend)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0, 60.0]))
    driver = sim.Population(1, sim.SpikeSourceArray(spike_times=[20.0, 40.0]))
    cell = sim.Population(1, sim.IF_curr_exp(tau_refrac=15.0, tau_syn_E=1.0))  # one spike for one of the driver
    plastic = sim.STDPMechanism(rule(), sim.AdditiveWeightDependence(w_max=1.0), weight=0.25, delay=1.0)
    learning = sim.Projection(source, cell, sim.OneToOneConnector(), plastic)
    sim.Projection(driver, cell, sim.OneToOneConnector(), sim.StaticSynapse(weight=40.0, delay=1.0))
    sim.run(50.0)
    assert learning.get("weight", "list", with_address=False) == pytest.approx([0.25], abs=1e-3)
    sim.run(50.0)
    assert learning.get("weight", "list", with_address=False) == pytest.approx([0.45], abs=1e-3)


def test_the_model_of_the_readme() -> None:
    """The README's code runs."""
    [code] = [c for c in re.findall(r"```python\n(.*?)```", README.read_text(), re.S) if "own_models" in c]
    sim.setup(timestep=1.0)
    names: dict[str, Any] = {"__name__": "readme"}
    exec(code, names)  # the project's own text
    names["cells"].record("spikes")
    sim.run(10.0)
