"""Synapse types of the front end: what a script gives arrives in the frozen network, and what is wrong is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pyneuro as sim
from pyneuro.errors import UnsupportedError
from pyneuro.freeze import freeze
from pyneuro.standardmodels.synapses import STDPMechanism
from toolchain import network
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES


@pytest.fixture(autouse=True)
def _setup() -> None:
    sim.setup(timestep=1.0)


def cells(n: int = 3, **parameters: Any) -> Any:
    """A population of integrate-and-fire cells."""
    return sim.Population(n, sim.IF_curr_exp(**parameters))


def connected(synapse: Any, connector: Any = None, pre: Any = None, post: Any = None) -> Any:
    """A projection with that synapse type."""
    return sim.Projection(pre or cells(), post or cells(), connector or sim.AllToAllConnector(), synapse)


def frozen(projection: Any) -> network.Projection:
    """What becomes of the only projection."""
    [made] = freeze(sim.simulator.state).projections
    assert len(made) == len(projection)
    return made


@pytest.mark.parametrize("name", RELEASE_MODELS)
def test_release_types_have_the_declared_parameters(name: str) -> None:
    """Every release model has a synapse type, whose parameters are those of the declaration."""
    model = RELEASE_MODELS[name]
    made = frozen(connected(getattr(sim, name)(weight=0.5, delay=2.0)))
    assert made.synapse == name
    assert set(made.parameters) == {parameter.name for parameter in model.parameters}
    assert {key: made.parameters[key] for key in made.parameters if key not in model.of_target} == {
        parameter.name: parameter.default for parameter in model.parameters if parameter.name not in model.of_target
    }


@pytest.mark.parametrize("timing", TIMING_RULES)
@pytest.mark.parametrize("weight", WEIGHT_RULES)
def test_every_rule_goes_with_every_other(timing: str, weight: str) -> None:
    """STDPMechanism takes any two rules; their parameters are in the network."""
    made = frozen(connected(STDPMechanism(getattr(sim, timing)(), getattr(sim, weight)(w_max=2.0), weight=0.5)))
    assert made.rules == (timing, weight)
    assert made.parameters["w_max"] == 2.0
    assert made.parameters["dendritic_delay_fraction"] == 1.0


def test_rules_take_their_parameters_by_place() -> None:
    """PyNN's rules can be given their parameters without names."""
    made = frozen(connected(STDPMechanism(sim.SpikePairRule(10.0, 30.0, 0.1), sim.AdditiveWeightDependence(0.0, 3.0))))
    assert [made.parameters[name] for name in ("tau_plus", "tau_minus", "A_plus", "w_max")] == [10.0, 30.0, 0.1, 3.0]
    with pytest.raises(TypeError, match="SpikePairRule takes tau_plus, tau_minus, A_plus, A_minus, got 5 values"):
        sim.SpikePairRule(1, 2, 3, 4, 5)


def test_parameters_may_differ_between_connections() -> None:
    """A random U is drawn for each connection; get() and connection objects show it, set() changes it."""
    projection = connected(sim.TsodyksMarkramSynapse(U=sim.RandomDistribution("uniform", (0.1, 0.9)), weight=0.1))
    drawn = projection.get("U", "array")
    assert np.array_equal(np.sort(frozen(projection).parameters["U"]), np.sort(drawn.ravel()))
    assert len(set(drawn.ravel())) == 9
    projection.set(U=0.25, tau_rec=50.0)
    assert projection.connections[0].U == 0.25
    projection.connections[1].U = 0.75
    made = frozen(projection)
    assert np.array_equal(made.parameters["U"], [0.25, 0.75, *[0.25] * 7])
    assert made.parameters["tau_rec"] == 50.0


def test_the_time_constant_of_the_target_is_filled_in() -> None:
    """TsodyksMarkramSynapse takes tau_psc from the receptor that it acts on, cell by cell."""
    target = cells(tau_syn_E=[2.0, 3.0, 4.0])
    made = frozen(connected(sim.TsodyksMarkramSynapse(weight=0.1), sim.OneToOneConnector(), post=target))
    assert np.array_equal(made.parameters["tau_psc"], [2.0, 3.0, 4.0])


def test_initial_values_of_synapses() -> None:
    """Projection.initialize() sets the first values of the synapses' state, and knows their names."""
    projection = connected(sim.TsodyksMarkramSynapse(weight=0.1))
    projection.initialize(u=0.3)
    assert frozen(projection).initial == {"u": 0.3}
    with pytest.raises(sim.errors.NonExistentParameterError, match="v"):
        projection.initialize(v=0.3)


def test_state_variables_of_synapses_cannot_be_read() -> None:
    """PyNN sets them and has no way to read them; it is said so, by name."""
    with pytest.raises(UnsupportedError, match=r"'u' is a state variable of TsodyksMarkramSynapse, .* record what"):
        connected(sim.TsodyksMarkramSynapse(weight=0.5)).get("u", "list")


def test_lists_give_parameters_of_synapses() -> None:
    """Columns of FromListConnector may be parameters of the synapse type."""
    rows = [(0, 1, 0.1, 0.2), (1, 0, 0.3, 0.4)]
    connector = sim.FromListConnector(rows, column_names=["weight", "U"])
    projection = connected(sim.TsodyksMarkramSynapse(), connector)
    assert sorted(projection.get(["weight", "U"], "list")) == [(0, 1, 0.1, 0.2), (1, 0, 0.3, 0.4)]


def test_what_is_no_rule_is_refused() -> None:
    """STDPMechanism says what it needs."""
    with pytest.raises(TypeError, match=r"STDPMechanism.timing_dependence must be a rule such as SpikePairRule\(\)"):
        STDPMechanism(None, sim.AdditiveWeightDependence())
    with pytest.raises(UnsupportedError, match="voltage_dependence"):
        STDPMechanism(sim.SpikePairRule(), sim.AdditiveWeightDependence(), voltage_dependence=1)


@pytest.mark.parametrize("fraction", [1.5, -0.1, [0.1, 0.2, 0.3]])
def test_the_share_of_the_dendrite_is_a_share(fraction: Any) -> None:
    """It is refused by name, with its limits."""
    with pytest.raises(ValueError, match=r"dendritic_delay_fraction must be one number from 0 to 1, .* got"):
        STDPMechanism(sim.SpikePairRule(), sim.AdditiveWeightDependence(), dendritic_delay_fraction=fraction)


def test_lists_of_pairs_go_with_random_weights() -> None:
    """What is one number for all stays one, though PyNN's own code gives it connection by connection."""
    weight = sim.RandomDistribution("uniform", (0.0, 1.0), rng=sim.NumpyRNG(3))
    mechanism = STDPMechanism(sim.SpikePairRule(A_plus=0.05), sim.AdditiveWeightDependence(w_max=2.0), weight=weight)
    made = frozen(connected(mechanism, sim.FromListConnector([(0, 0), (1, 0), (2, 2)])))
    assert np.shape(made.weight) == (3,)
    assert made.parameters["A_plus"] == 0.05


def test_electrical_synapses_have_no_delay() -> None:
    """Gap junctions have a weight and nothing else."""
    post = sim.Population(3, sim.IF_cond_exp())
    projection = connected(sim.ElectricalSynapse(weight=0.01), pre=sim.Population(3, sim.IF_cond_exp()), post=post)
    assert projection.get("weight", "array").sum() == pytest.approx(0.09)
    with pytest.raises(sim.errors.NonExistentParameterError, match="delay"):
        projection.get("delay", "array")


def rewarded(dopamine_times: list[float], backend: str, receptor: str | None = None) -> float:
    """Weight at the end of a run in which a pair of spikes is followed by dopamine."""
    sim.setup(timestep=1.0, backend=backend)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[10.0, 290.0]))
    driver = sim.Population(1, sim.SpikeSourceArray(spike_times=[14.0]))
    dopamine = sim.Population(1, sim.SpikeSourceArray(spike_times=dopamine_times))
    cell = sim.Population(1, sim.IF_curr_exp(tau_refrac=50.0))
    rule = sim.STDPMechanism(sim.SpikePairRule(), sim.AdditiveWeightDependence(w_max=1.0), weight=0.5, delay=1.0)
    learning = sim.Projection(source, cell, sim.OneToOneConnector(), rule)
    sim.Projection(driver, cell, sim.OneToOneConnector(), sim.StaticSynapse(weight=40.0, delay=1.0))
    modulation = sim.Neuromodulation(weight=0.05, tau_c=100.0, tau_d=50.0)
    chosen = {"receptor_type": receptor} if receptor else {}
    sim.Projection(dopamine, cell, sim.OneToOneConnector(), modulation, **chosen)
    sim.run(300.0)
    [weight] = learning.get("weight", "list", with_address=False)
    return float(weight)


@pytest.mark.filterwarnings("ignore::pyneuro.errors.MappingWarning")
@pytest.mark.parametrize("backend", ["reference", "emulator"])
def test_dopamine_turns_marks_into_weights(backend: str) -> None:
    """Without dopamine nothing is learnt; a reward keeps what the pair of spikes marked, a punishment the opposite."""
    assert rewarded([], backend) == 0.5
    rise = rewarded([100.0], backend) - 0.5
    assert rise > 0.001
    assert rewarded([100.0], backend, "punishment") - 0.5 == pytest.approx(-rise)
    with pytest.raises(sim.errors.ConnectionError, match="must be 'reward' or 'punishment', got 'excitatory'"):
        rewarded([], backend, "excitatory")


@pytest.mark.parametrize("backend", ["reference", "emulator"])
def test_weights_that_multiply_cannot_be_modulated(backend: str) -> None:
    """It is said before anything runs, on either simulator."""
    rule = sim.STDPMechanism(sim.SpikePairRule(), sim.MultiplicativeWeightDependence(), weight=0.5, delay=1.0)
    sim.setup(timestep=1.0, backend=backend)
    source, cell = sim.Population(1, sim.SpikeSourceArray()), sim.Population(1, sim.IF_curr_exp())
    for synapse in (rule, sim.Neuromodulation(weight=0.1)):
        sim.Projection(source, cell, sim.OneToOneConnector(), synapse)
    with pytest.raises(ValueError, match="MultiplicativeWeightDependence needs the weight"):
        sim.run(1.0)
