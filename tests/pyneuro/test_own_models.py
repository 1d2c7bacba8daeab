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
