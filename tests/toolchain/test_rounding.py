"""Remarks on numbers that the machine does not hold, and on time constants below the timestep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.networks import array_source, cells, connect
from toolchain.network import Network, Projection
from toolchain.rounding import coarse_steps, rounded_amplitudes, rounded_parameters, short_time_constants


def one(parameters: dict[str, object], timestep: float = 1.0) -> Network:
    """A network of one population."""
    return Network("one", timestep, (cells("few", 3, parameters=parameters),), ())


def test_parameters_that_fit_are_passed_over() -> None:
    assert rounded_parameters(one({"i_offset": 0.5, "v_rest": -64.9, "tau_m": 20.0})) == ()


def test_a_parameter_far_from_a_multiple_is_told_once_with_figures() -> None:
    [remark] = rounded_parameters(one({"i_offset": 0.0001}))
    assert str(remark) == (
        "few: i_offset = 0.0001 nA becomes 9.16e-05 nA: the machine holds multiples of 2^-15 (3.05e-05)"
    )


def test_one_remark_a_population() -> None:
    values = np.array([0.0, 1e-6, 2e-6])
    [remark] = rounded_parameters(one({"i_offset": values, "v_rest": 1e-5}))
    assert "v_rest = 1e-05 mV becomes 0 mV" in str(remark)
    assert "i_offset = 1e-06 nA of cell 1 (and 1 other) becomes 0 nA" in str(remark)


@pytest.mark.parametrize(("timestep", "told"), [(1.0, True), (0.1, False)])
def test_time_constants_below_the_timestep(timestep: float, told: bool) -> None:
    remarks = short_time_constants(one({"tau_syn_E": np.array([5.0, 0.5, 5.0]), "tau_refrac": 0.0}, timestep))
    assert [str(remark) for remark in remarks] == [
        "few: tau_syn_E = 0.5 ms: below the timestep, 1 ms, in which most of it decays; use a shorter timestep"
    ] * told


def test_substeps_make_room_for_short_time_constants() -> None:
    short = one({"tau_syn_E": 0.2})
    assert len(short_time_constants(short, 4)) == 1
    assert short_time_constants(short, 5) == ()
    fast = Network("fast", 1.0, (cells("few", 3, cell="HH_cond_exp"),), ())
    assert short_time_constants(fast) == ()


def plastic(parameters: dict[str, float]) -> Network:
    """A network of one plastic synapse."""
    made = connect((0, 1), [(0, 0)])
    learning = Projection(
        *(made.label, 0, 1, made.receptor, made.pre, made.post, 1.0, 1.0, "STDPMechanism"),
        rules=("SpikePairRule", "AdditiveWeightDependence"),
        parameters=parameters,
    )
    return Network("rule", 1.0, (array_source("source", [[1.0]]), cells("few", 1)), (learning,))


def test_time_constants_of_rules() -> None:
    [remark] = short_time_constants(plastic({"tau_plus": 0.2}))
    assert str(remark).startswith("0-1: tau_plus = 0.2 ms: below the timestep, 1 ms")


@pytest.mark.parametrize(
    ("synapse", "receptor", "given", "said"),
    [
        ("TsodyksMarkramSynapse", "excitatory", {"tau_rec": 0.3, "tau_facil": 0.0, "tau_psc": 0.1}, "tau_rec = 0.3 ms"),
        ("MultiQuantalSynapse", "excitatory", {"tau_rec": 9.0, "tau_facil": 0.5}, "tau_facil = 0.5 ms"),
        ("Neuromodulation", "reward", {"tau_c": 0.5, "tau_d": 0.2}, "tau_c = 0.5 ms and tau_d = 0.2 ms"),
    ],
)
def test_time_constants_of_synapses(synapse: str, receptor: str, given: dict[str, float], said: str) -> None:
    """Of 0 are those of what there is not."""
    network = plastic({})
    made = replace(network.projections[0], synapse=synapse, receptor=receptor, rules=(), parameters=given)
    [remark] = short_time_constants(replace(network, projections=(made,)))
    assert str(remark).startswith(f"0-1: {said}: below the timestep, 1 ms")


def test_steps_of_weights_that_vanish() -> None:
    assert rounded_amplitudes(plastic({})) == ()
    [remark] = rounded_amplitudes(plastic({"w_max": 0.01, "A_minus": 0.001, "A_plus": 1.0}))
    assert str(remark) == (
        "0-1: A_minus = 0.001 stands for 1e-05, which becomes 0: the machine holds multiples of 3.05e-05; "
        "use larger weights"
    )


def test_weights_that_are_stored_too_coarsely_for_their_rule() -> None:
    network = plastic({"w_max": 1.0, "A_plus": 0.01, "A_minus": 0.012})
    assert coarse_steps(network, ((), (1, 1))) == ()
    [remark] = coarse_steps(network, ((), (9, 1)))
    assert "moves a weight by 0.012 at the most, and the machine holds weights in steps of 0.0156" in str(remark)


def test_currents_are_judged_as_the_cell_keeps_them() -> None:
    """Izhikevich's cell keeps them in mV/ms, of which 1 nA is 1000."""
    small = cells("a", 1, "Izhikevich", parameters={"i_offset": 1e-4})
    assert rounded_parameters(Network("n", 1.0, (small,), ())) == ()
    (remark,) = rounded_parameters(Network("n", 1.0, (replace(small, parameters={"i_offset": 2e-7}),), ()))
    assert "i_offset = 2e-07 nA becomes 2.14e-07 nA" in remark.message
