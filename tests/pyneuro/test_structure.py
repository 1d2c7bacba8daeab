"""Structural plasticity through scripts: what they give arrives, and what there is now can be read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pyneuro as sim
from pyneuro.errors import RunWarning, UnsupportedError
from pyneuro.freeze import freeze
from toolchain import network
from toolchain.errors import NetworkError

CERTAIN = {"p_form_forward": 1.0, "sigma_form_forward": 1e6, "p_form_lateral": 1.0, "sigma_form_lateral": 1e6}


@pytest.fixture(autouse=True, params=["reference", "emulator"])
def backend(request: pytest.FixtureRequest) -> str:
    """The simulator, set up."""
    sim.setup(timestep=1.0, backend=request.param, seed=1)
    return str(request.param)


def mechanism(kind: str = "StructuralMechanismStatic", lost: float = 0.0, formed: bool = True, **given: Any) -> Any:
    """A structural synapse type that forms synapses always or never."""
    chances = CERTAIN if formed else {"p_form_forward": 0.0, "p_form_lateral": 0.0}
    rules: dict[str, Any] = {
        "partner_selection": sim.RandomSelection(),
        "formation": sim.DistanceDependentFormation((4, 4), **chances),
        "elimination": sim.RandomByWeightElimination(0.4, lost, lost),
    }
    if kind == "StructuralMechanismSTDP":
        rules |= {
            "timing_dependence": sim.SpikePairRule(),
            "weight_dependence": sim.AdditiveWeightDependence(w_max=2.0),
        }
    return getattr(sim, kind)(**rules, **{"initial_weight": 0.25, "initial_delay": 3.0, "s_max": 4} | given)


def connected(synapse: Any, pairs: list[tuple[int, int]], pre: Any = None, post: Any = None) -> Any:
    """A projection from ten busy sources to five cells."""
    pre = pre or sim.Population(10, sim.SpikeSourcePoisson(rate=100.0))
    return sim.Projection(pre, post or sim.Population(5, sim.IF_curr_exp()), sim.FromListConnector(pairs), synapse)


def frozen() -> network.Projection:
    """What becomes of the only projection."""
    [made] = freeze(sim.simulator.state).projections
    return made


# --- what a script gives ----------------------------------------------------------------------------------


def test_arguments_and_defaults_are_spynnakers() -> None:
    """Arguments by name and by place, pairs and single numbers; what is left out has the declared default."""
    synapse = sim.StructuralMechanismSTDP(
        sim.LastNeuronSelection(16),
        sim.DistanceDependentFormation([2, 8], 0.5, 3.0),
        sim.RandomByWeightElimination(0.75, prob_elim_depressed=0.5),
        sim.SpikePairRule(tau_plus=10.0),
        sim.AdditiveWeightDependence(w_max=3.0),
        f_rew=1000,
        initial_delay=(2.0, 5.0),
        with_replacement=False,
        weight=1.5,
        delay=4.0,
    )
    connected(synapse, [(0, 0)])
    made = frozen()
    assert made.synapse == "StructuralMechanismSTDP"
    assert made.rules == (
        "SpikePairRule",
        "AdditiveWeightDependence",
        "LastNeuronSelection",
        "DistanceDependentFormation",
        "RandomByWeightElimination",
    )
    assert (made.weight, made.delay) == (1.5, 4.0)
    given = {"spike_buffer_size": 16.0, "grid_x": 2.0, "grid_y": 8.0, "p_form_forward": 0.5, "sigma_form_forward": 3.0}
    given |= {"threshold": 0.75, "prob_elim_depressed": 0.5, "tau_plus": 10.0, "w_max": 3.0, "f_rew": 1000.0}
    given |= {"initial_delay_low": 2.0, "initial_delay_high": 5.0, "with_replacement": 0.0}
    default = {"s_max": 32.0, "initial_weight": 0.0, "p_form_lateral": 1.0, "prob_elim_potentiated": 1.36e-4}
    default |= {"tau_minus": 20.0, "dendritic_delay_fraction": 1.0}
    assert {name: made.parameters[name] for name in given | default} == given | default


def test_no_connection_to_begin_with_leaves_the_parameters() -> None:
    """An empty list is how scripts begin: all synapses are formed."""
    projection = connected(mechanism(), [])
    assert len(projection) == 0
    made = frozen()
    assert made.rules == ("RandomSelection", "DistanceDependentFormation", "RandomByWeightElimination")
    assert (made.parameters["f_rew"], made.parameters["s_max"], made.parameters["grid_x"]) == (1e4, 4.0, 4.0)
    projection.set(f_rew=500.0)
    assert frozen().parameters["f_rew"] == 500.0


def test_what_is_no_rule_or_no_parameter_is_refused() -> None:
    rules = sim.RandomSelection(), sim.DistanceDependentFormation(), sim.RandomByWeightElimination(0.5)
    with pytest.raises(TypeError, match=r"Static.formation must be a rule such as DistanceDependentFormation\(\)"):
        sim.StructuralMechanismStatic(rules[0], rules[0], rules[2])
    with pytest.raises(TypeError, match=r"STDP.timing_dependence must be a rule such as SpikePairRule"):
        sim.StructuralMechanismSTDP(*rules)
    with pytest.raises(UnsupportedError, match="voltage_dependence"):
        sim.StructuralMechanismSTDP(*rules, sim.SpikePairRule(), sim.AdditiveWeightDependence(), voltage_dependence=1)
    with pytest.raises(sim.errors.NonExistentParameterError, match="p_rew"):
        sim.StructuralMechanismStatic(*rules, p_rew=3.0)
    with pytest.raises(TypeError, match="RandomSelection takes no arguments, got 1 values"):
        sim.RandomSelection(3)
    with pytest.raises(TypeError, match=r"DistanceDependentFormation.grid must be a number or a pair of numbers"):
        sim.DistanceDependentFormation((1, 2, 3))
    with pytest.warns(RunWarning, match=r"seed is not used, random numbers follow from setup\(seed=...\)"):
        sim.StructuralMechanismStatic(*rules, seed=0)


def test_what_cannot_be_rewired_is_refused() -> None:
    cells = sim.Population(5, sim.IF_curr_exp())
    with pytest.raises(UnsupportedError, match="rewires whole populations"):
        connected(mechanism(), [], post=cells[:3])
    with pytest.raises(sim.errors.ConnectionError, match="weights must be at least 0 nA"):
        connected(mechanism(initial_weight=-0.5), [])
    with pytest.raises(sim.errors.ConnectionError, match="delays must be at least 0 ms"):
        connected(mechanism(initial_delay=-1.0), [])
    connected(mechanism(s_max=1), [(0, 0), (1, 0)], post=cells)
    with pytest.raises(NetworkError, match="has 2 structural synapses, s_max is 1"):
        sim.run(1.0)


# --- what there is now ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["StructuralMechanismStatic", "StructuralMechanismSTDP"])
def test_connections_are_those_that_there_are_now(kind: str) -> None:
    """All 20 places are filled: by get() as list and array, len() and connection objects; a reset brings back two."""
    projection = connected(mechanism(kind, weight=0.5), [(3, 0), (4, 1)])
    assert projection.get("weight", "list") == [(3, 0, 0.5), (4, 1, 0.5)]
    sim.run(20.0)
    assert len(projection) == len(projection.connections) == 20
    rows = projection.get(["weight", "delay"], "list")
    assert [row[1] for row in rows] == [cell for cell in range(5) for _ in range(4)]
    assert [(pre, post, delay) for pre, post, _, delay in rows if delay == 1.0] == [(3, 0, 1.0), (4, 1, 1.0)]
    assert sum(delay == 3.0 for *_, delay in rows) == 18
    assert [
        c.as_tuple("presynaptic_index", "postsynaptic_index", "weight", "delay") for c in projection.connections
    ] == rows
    matrix = projection.get("weight", "array")
    assert np.nansum(matrix) == pytest.approx(sum(row[2] for row in rows))
    assert {(int(i), int(j)) for i, j in np.argwhere(~np.isnan(matrix))} == {row[:2] for row in rows}
    assert projection.get("s_max", "list", with_address=False) == [4.0] * 20
    sim.reset()
    assert projection.get("weight", "list") == [(3, 0, 0.5), (4, 1, 0.5)]
    sim.run(20.0)
    assert projection.get(["weight", "delay"], "list") == rows


def test_all_connections_can_be_lost() -> None:
    projection = connected(mechanism(lost=1.0, formed=False), [(i, i % 5) for i in range(10)])
    sim.run(50.0)
    assert len(projection) == 0
    assert projection.get("weight", "list") == []
    assert np.isnan(projection.get("weight", "array")).all()
    with pytest.raises(IndexError, match="has 0 connections"):
        projection[0]


def test_plastic_weights_are_the_learnt_ones(backend: str) -> None:
    """With no rewiring at all a structural projection learns what an STDPMechanism does."""
    found = []
    for synapse in (
        mechanism("StructuralMechanismSTDP", formed=False, weight=1.5, s_max=2, initial_delay=1.0),
        sim.STDPMechanism(sim.SpikePairRule(), sim.AdditiveWeightDependence(w_max=2.0), weight=1.5),
    ):
        sim.setup(timestep=1.0, backend=backend, seed=1)
        projection = connected(synapse, [(i, i // 2) for i in range(10)])
        sim.run(200.0)
        found.append(projection.get("weight", "list"))
    assert found[0] == found[1]
    assert np.ptp([weight for *_, weight in found[0]]) > 0.001


def test_attempts_may_be_changed_between_runs_but_not_synapses() -> None:
    """More of them are made from then on, and the synapses stay that there are."""
    projection = connected(mechanism(f_rew=100.0), [])
    sim.run(20.0)
    before = projection.get(["weight", "delay"], "list")
    assert len(before) == 2
    projection.set(f_rew=1e4, initial_weight=0.75)
    assert projection.get(["weight", "delay"], "list") == before
    assert projection.connections[0].f_rew == 1e4
    sim.run(20.0)
    rows = projection.get(["weight", "delay"], "list")
    assert len(rows) == 20
    assert [row[2] for row in rows].count(0.25) == 2
    with pytest.raises(UnsupportedError, match="weight cannot be changed once a run has rewired its connections"):
        projection.set(weight=1.0)
    with pytest.raises(UnsupportedError, match="s_max cannot be changed"):
        projection.set(s_max=5.0)
    with pytest.raises(UnsupportedError, match="delay cannot be changed"):
        projection.connections[0].delay = 2.0
    with pytest.raises(UnsupportedError, match="f_rew is the same for all connections"):
        projection.connections[0].f_rew = 2.0
    with pytest.raises(UnsupportedError, match="must be there from the start"):
        connected(mechanism(), [], pre=projection.pre, post=projection.post)


def test_weights_set_before_the_run_and_after_a_reset_count() -> None:
    projection = connected(mechanism(formed=False), [(0, 0), (1, 1)])
    sim.run(5.0)
    sim.reset()
    projection.set(weight=0.75)
    assert projection.get("weight", "list", with_address=False) == [0.75, 0.75]
    sim.run(5.0)
    assert projection.get("weight", "list", with_address=False) == [0.75, 0.75]


# --- weights over time ------------------------------------------------------------------------------------


def test_recorded_weights_come_and_go_with_connections() -> None:
    """At each sample the channels that are not NaN are the connections of that moment."""
    projection = connected(mechanism(lost=0.5, weight=0.5, f_rew=1000.0), [(3, 0), (4, 1)])
    recorder = sim.WeightRecorder(10.0, projection)
    seen = []

    def look(t: float) -> float:
        seen.append(sorted(projection.get("weight", "list")))
        return t + 10.0

    sim.run(50.0, callbacks=[recorder, look])
    pre, post = recorder.cells
    assert len(seen) == len(recorder.times) > 4
    assert len({len(moment) for moment in seen}) > 2
    for moment, weights in zip(seen, recorder.weights, strict=True):
        there = ~np.isnan(weights)
        assert sorted(zip(pre[there], post[there], weights[there], strict=True)) == moment
    signal = recorder.get_weights()
    assert signal.shape == recorder.weights.shape
    assert signal.array_annotations["presynaptic_index"].tolist() == pre.tolist()
