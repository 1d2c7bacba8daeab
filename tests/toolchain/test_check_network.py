"""Networks that contradict themselves, and what the user is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from networks import array_source, cells, connect, networks, poisson_source

from toolchain.check_network import check_network
from toolchain.errors import NetworkError, ParameterError
from toolchain.network import Current, Network, Population, Projection, Recording, SpikeTimes


@given(network=networks())
@settings(max_examples=20, deadline=None)
def test_sound_networks_pass(network: Network) -> None:
    check_network(network)


def refusal(*populations: Population, made: tuple[Projection, ...] = (), timestep: float = 1.0) -> str:
    with pytest.raises(NetworkError) as error:
        check_network(Network("n", timestep, populations, made))
    return str(error.value)


@pytest.mark.parametrize(
    ("population", "message"),
    [
        (cells("a", 0), "population 'a' must have at least 1 cell, got 0"),
        (cells("a", 1, "IF_cur_exp"), "there is no cell type 'IF_cur_exp'; did you mean 'IF_curr_exp'?"),
        (cells("a", 1, parameters={"tau_m": -3.0}), "IF_curr_exp.tau_m must be > 0 ms, got -3"),
        (cells("a", 1, initial={"w": 0.0}), "IF_curr_exp has no state variable 'w'"),
        (
            cells("a", 2, parameters={"v_reset": -50.0, "v_thresh": np.array([-40.0, -55.0])}),
            "population 'a': IF_curr_exp.v_reset must be < v_thresh, got -50 and -55 mV for cell 1",
        ),
        (cells("a", 1, "SpikeSourceArray"), "population 'a' of SpikeSourceArray lacks spike times"),
        (replace(array_source("a", [[1.0]]), cell="IF_curr_exp"), "of IF_curr_exp cannot have spike times"),
        (array_source("a", [[1.0], [5.0, 4.0]]), "must ascend, source 1 has 4 after 5 ms"),
        (array_source("a", [[1.0], [], [-0.5]]), "must be >= 0 ms, got -0.5 for source 2"),
        (array_source("a", [[np.nan]]), "must be >= 0 ms, got nan for source 0"),
        (poisson_source("a", 2, -1.0), "SpikeSourcePoisson.rate must be >= 0 Hz, got -1"),
        (poisson_source("a", 2, 1e9), "a SpikeSourcePoisson must be < 6.5535e+07 Hz at this timestep, got 1e+09"),
    ],
)  # fmt: skip
def test_refused_populations(population: Population, message: str) -> None:
    assert message in refusal(population)


def test_spike_times_of_other_sources() -> None:
    wrong = SpikeTimes(np.array([0, 2]), np.array([1.0, 2.0]))
    assert "not those of 2 sources" in refusal(Population("a", 2, "SpikeSourceArray", {}, spike_times=wrong))


def test_parameters_are_a_kind_of_their_own() -> None:
    with pytest.raises(ParameterError):
        check_network(Network("n", 1.0, (cells("a", 1, parameters={"cm": 0.0}),), ()))


def test_labels_and_timestep() -> None:
    assert "two populations have the label 'a'" in refusal(cells("a", 1), cells("a", 2))
    assert refusal(timestep=0.0) == "timestep must be > 0 ms, got 0.0"


@pytest.mark.parametrize(
    ("indices", "times", "amplitudes", "message"),
    [
        ([3], [1.0], [1.0], "there is no cell 3 among 3"),
        ([-1], [1.0], [1.0], "there is no cell -1 among 3"),
        ([0], [1.0, 2.0], [1.0], "has 2 times and 1 amplitudes"),
        ([0], [2.0, 1.0], [1.0, 1.0], "times must ascend"),
        ([0], [1.0], [np.inf], "must be finite"),
    ],
)
def test_refused_currents(indices: list[int], times: list[float], amplitudes: list[float], message: str) -> None:
    current = Current(np.array(indices, dtype=np.int32), np.array(times), np.array(amplitudes))
    assert message in refusal(cells("a", 3, currents=(current,)))


def test_sources_have_no_membrane() -> None:
    current = Current(np.zeros(1, np.int32), np.zeros(1), np.zeros(1))
    assert "cannot be injected into SpikeSourcePoisson" in refusal(poisson_source("a", 1, 1.0, currents=(current,)))


@pytest.mark.parametrize(
    ("recordings", "message"),
    [
        ([("V", [0], 1)], "IF_curr_exp cannot record 'V'; "),
        ([("v", [5], 1)], "recording of 'v': there is no cell 5 among 3"),
        ([("v", [1, 1], 1)], "cell indices must ascend"),
        ([("v", [1], 0)], "sampling interval must be at least one timestep"),
        ([("v", [1], 1), ("v", [2], 1)], "records 'v' twice"),
    ],
)
def test_refused_recordings(recordings: list[tuple[str, list[int], int]], message: str) -> None:
    made = tuple(Recording(name, np.array(index, dtype=np.int32), interval) for name, index, interval in recordings)
    assert message in refusal(cells("a", 3, recordings=made))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": 7}, "projection '0-1': its source is population 7 of 4"),
        ({"target": 3}, "'noise' is of SpikeSourcePoisson, which has no synapses"),
        ({"receptor": "excitatry"}, "IF_curr_exp has no receptor type 'excitatry'; did you mean 'excitatory'?"),
        ({"synapse": "STDP"}, "there is no synapse type 'STDP'; there are StaticSynapse"),
        ({"pre": np.zeros(3, np.int32)}, "(3,) source cells do not match (2,) target cells"),
        ({"pre": np.array([0, 2], np.int32)}, "source: there is no cell 2 among 2"),
        ({"post": np.array([0, -4], np.int32)}, "target: there is no cell -4 among 2"),
        ({"weight": -1.0}, "weight must be >= 0 nA for excitatory synapses on IF_curr_exp, got -1"),
        ({"weight": np.array([1.0, -0.5])}, "got -0.5"),
        ({"receptor": "inhibitory"}, "weight must be <= 0 nA for inhibitory synapses on IF_curr_exp, got 1"),
        ({"target": 2, "weight": -1.0, "receptor": "inhibitory"}, "weight must be >= 0 uS, as IF_cond_exp has"),
        ({"weight": np.ones(3)}, "weights of shape (3,) do not match 2 synapses"),
        ({"weight": np.nan}, "weight must be finite, got nan"),
        ({"delay": np.array([1.0, np.inf])}, "delay must be finite, got inf"),
        ({"delay": -1.0}, "delay must be >= 0 ms, got -1"),
    ],
)
def test_refused_projections(changes: dict[str, Any], message: str) -> None:
    populations = (cells("a", 2), cells("b", 2), cells("c", 2, "IF_cond_exp"), poisson_source("noise", 2, 1.0))
    made = replace(connect((0, 1), [(0, 0), (1, 1)]), **changes)
    assert message in refusal(*populations, made=(made,))


PAIR = ("SpikePairRule", "AdditiveWeightDependence")
TRIPLET = ("PfisterSpikeTriplet", "AdditiveWeightDependence")


@pytest.mark.parametrize(
    ("synapse", "rules", "parameters", "message"),
    [
        ("StaticSynapse", PAIR, {}, "StaticSynapse has no rules, got SpikePairRule, AdditiveWeightDependence"),
        ("StaticSynapse", (), {"U": 0.5}, "projection '0-1': StaticSynapse has no parameter 'U'"),
        ("STDPMechanism", PAIR[:1], {}, "STDPMechanism needs timing rule, weight rule, got SpikePairRule"),
        (
            "STDPMechanism",
            ("SpikePairRul", PAIR[1]),
            {},
            "no timing rule 'SpikePairRul'; did you mean 'SpikePairRule'?",
        ),
        ("STDPMechanism", PAIR[::-1], {}, "there is no timing rule 'AdditiveWeightDependence'"),
        ("STDPMechanism", PAIR, {"tau_x": 5.0}, "STDPMechanism has no parameter 'tau_x'; did you mean 'tau_plus'?"),
        ("STDPMechanism", PAIR, {"tau_plus": 0.0}, "STDPMechanism.tau_plus must be > 0 ms, got 0"),
        (
            "STDPMechanism",
            PAIR,
            {"tau_plus": np.full(2, 5.0)},
            "tau_plus must be one number, the same for all synapses",
        ),
        ("STDPMechanism", PAIR, {"dendritic_delay_fraction": 1.5}, "dendritic_delay_fraction must be <= 1, got 1.5"),
        ("STDPMechanism", PAIR, {"w_min": 0.5, "w_max": 0.4}, "needs 0 <= w_min <= w_max, got 0.5 and 0.4"),
        ("STDPMechanism", PAIR, {"w_min": -0.5}, "they are magnitudes, also of inhibitory weights"),
        (
            "STDPMechanism",
            TRIPLET,
            {},
            "has no A3_plus, which PfisterSpikeTriplet needs; use WeightDependenceAdditiveTri",
        ),
        ("TsodyksMarkramSynapse", (), {"U": 1.5}, "'0-1': TsodyksMarkramSynapse.U must be <= 1, got 1.5"),
        ("TsodyksMarkramSynapse", (), {"U": np.array([0.5, 2.0])}, "U must be <= 1, got 2 for synapse 1"),
        ("TsodyksMarkramSynapse", (), {"tau_fac": 1.0}, "has no parameter 'tau_fac'; did you mean 'tau_facil'?"),
        ("TsodyksMarkramSynapse", (), {"tau_rec": np.ones(3)}, "must be one value or 2 values, got shape (3,)"),
        ("MultiQuantalSynapse", (), {"n": 2.5}, "MultiQuantalSynapse.n must be a whole number, got 2.5"),
        ("MultiQuantalSynapse", (), {"n": 5000.0}, "MultiQuantalSynapse.n must be <= 1023"),
    ],
)
def test_refused_synapses(synapse: str, rules: tuple[str, ...], parameters: dict[str, Any], message: str) -> None:
    made = replace(connect((0, 1), [(0, 0), (1, 1)]), synapse=synapse, rules=rules, parameters=parameters)
    assert message in refusal(cells("a", 2), cells("b", 2), made=(made,))


def test_refused_state_of_synapses() -> None:
    made = replace(connect((0, 1), [(0, 0)]), synapse="TsodyksMarkramSynapse", initial={"v": 1.0})
    text = "projection '0-1': TsodyksMarkramSynapse has no state variable 'v'"
    assert text in refusal(cells("a", 1), cells("b", 1), made=(made,))


def test_gap_junctions_need_voltages_and_conductances() -> None:
    made = replace(connect((0, 1), [(0, 0)], 0.1, 0.0, "anything"), synapse="ElectricalSynapse")
    check_network(Network("n", 1.0, (cells("a", 1), cells("b", 1, "IF_cond_exp")), (made,)))
    negative = replace(made, weight=-0.1)
    assert "weight must be >= 0 uS, as a gap junction is" in refusal(cells("a", 1), cells("b", 1), made=(negative,))
    source = poisson_source("b", 1, 1.0)
    assert "which has no v for ElectricalSynapse to couple" in refusal(source, cells("a", 1), made=(made,))


def dopamine(**changes: Any) -> Projection:
    """Dopamine for population 1."""
    made = replace(connect((0, 1), [(0, 0)], 0.1, 1.0, "reward"), label="reward", synapse="Neuromodulation")
    return replace(made, **changes)


def plastic(rule: str) -> Projection:
    made = connect((0, 1), [(0, 0)])
    return replace(made, label="plastic", synapse="STDPMechanism", rules=("SpikePairRule", rule))


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            (dopamine(receptor="excitatory"),),
            "Neuromodulation has no receptor type 'excitatory'; there are reward, punish",
        ),
        ((dopamine(weight=-0.1),), "weight must be >= 0, as it is a concentration of dopamine, got -0.1"),
        ((dopamine(parameters={"tau_c": 0.0}),), "'reward': Neuromodulation.tau_c must be > 0 ms, got 0"),
        ((dopamine(parameters={"w_min": 2.0}),), "Neuromodulation needs 0 <= w_min <= w_max, got 2 and 1"),
        (
            (dopamine(), dopamine(label="other", receptor="punishment", parameters={"tau_d": 100.0})),
            "'reward' and 'other' bring dopamine to the same population with tau_d of 200 and 100; give them the same",
        ),
        (
            (dopamine(), plastic("MultiplicativeWeightDependence")),
            "'plastic': MultiplicativeWeightDependence needs the weight, which an eligibility trace does not know",
        ),
    ],
)
def test_refused_neuromodulation(made: tuple[Projection, ...], message: str) -> None:
    assert message in refusal(cells("a", 1), cells("b", 1), made=made)


def test_neuromodulation_of_additive_rules_is_accepted() -> None:
    made = dopamine(), dopamine(receptor="punishment"), plastic("AdditiveWeightDependence")
    check_network(Network("n", 1.0, (cells("a", 1), cells("b", 1)), made))


STRUCTURE = ("RandomSelection", "DistanceDependentFormation", "RandomByWeightElimination")


def structural(rules: tuple[str, ...] = STRUCTURE, **parameters: Any) -> Projection:
    """A projection that is rewired, onto population 1."""
    synapse = "StructuralMechanismStatic" if len(rules) < 5 else "StructuralMechanismSTDP"
    return replace(connect((0, 1), [(0, 0), (1, 0)]), synapse=synapse, rules=rules, parameters=parameters)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            (structural(STRUCTURE[:2]),),
            "StructuralMechanismStatic needs partner selection, formation, elimination, got",
        ),
        (
            (structural(("Random", *STRUCTURE[1:])),),
            "no partner selection 'Random'; there are LastNeuronSelection, RandomSelection",
        ),
        ((structural((STRUCTURE[0], STRUCTURE[0], STRUCTURE[2])),), "there is no formation 'RandomSelection'"),
        ((structural((*PAIR[:1], "Guetig", *STRUCTURE)),), "there is no weight rule 'Guetig'; there are AdditiveW"),
        ((structural(f_rew=0.0),), "StructuralMechanismStatic.f_rew must be > 0 Hz, got 0"),
        ((structural(s_max=2.5),), "StructuralMechanismStatic.s_max must be a whole number, got 2.5"),
        ((structural(tau_plus=2.5),), "StructuralMechanismStatic has no parameter 'tau_plus'"),
        ((structural(s_max=np.full(2, 5.0)),), "s_max must be one number, the same for all synapses of a projection"),
        ((structural(initial_weight=-1.0),), "initial_weight must be >= 0 nA for excitatory synapses on IF_curr_exp"),
        ((structural(initial_delay_low=2.0),), "needs initial_delay_low <= initial_delay_high, got 2 and 1 ms"),
        ((structural(s_max=1.0),), "cell 0 of 'b' has 2 structural synapses, s_max is 1; raise s_max or connect fewer"),
        ((structural(s_max=3.0), structural(s_max=3.0)), "cell 0 of 'b' has 4 structural synapses, s_max is 3"),
        ((structural(), structural(f_rew=5.0)), "'0-1' and '0-1' rewire the same population in different ways"),
        ((dopamine(), structural((*PAIR, *STRUCTURE))), "StructuralMechanismSTDP cannot be modulated by dopamine"),
    ],
)
def test_refused_structure(made: tuple[Projection, ...], message: str) -> None:
    assert message in refusal(cells("a", 2), cells("b", 1), made=made)


def test_structural_projections_with_one_structure_are_accepted() -> None:
    made = structural(s_max=9.0), structural((*PAIR, *STRUCTURE), s_max=9.0, w_max=2.0)
    check_network(Network("n", 1.0, (cells("a", 2), cells("b", 1)), made))
