"""Banks: how delays are served, and which synapses share rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import array_source, cells, connect

from toolchain.banks import banks_of, histories, rounded_dendrites, split_delay
from toolchain.delays import in_steps
from toolchain.errors import MappingError
from toolchain.network import Network, Projection
from toolchain.synapses.mechanism import Plasticity
from toolchain.synapses.releasing import Releasing

STDP = {"synapse": "STDPMechanism", "rules": ("SpikePairRule", "AdditiveWeightDependence")}
PAIRS = [(0, 0), (0, 1), (1, 1), (2, 0)]


@given(st.integers(1, 144), st.floats(0.0, 1.0))
def test_a_split_delay_is_the_delay(steps: int, fraction: float) -> None:
    """A packet sent in tick 0 arrives right, and spikes of the two sides meet as the fractions say."""
    stage, ring, defer, back, lag = (int(x[0]) for x in split_delay(np.array([steps]), fraction))
    dendritic = round(fraction * steps)
    assert 16 * stage + defer + ring == steps
    assert 0 <= stage <= 8
    assert 1 <= ring <= 16
    assert defer >= 0
    # A spike of the target in tick p counts at p + dendritic, that of the source at `steps` - dendritic.
    assert 16 * stage + defer - back == steps - dendritic - dendritic
    assert back >= (0 if dendritic else -1)
    assert back - lag == dendritic


@given(st.integers(1, 144), st.floats(0.0, 1.0))
def test_rows_that_wait_for_dopamine_know_it(steps: int, fraction: float) -> None:
    """They are fetched when the spike is at the synapse, or a step before if it is there when the weight acts."""
    stage, ring, defer, back, lag = (int(x[0]) for x in split_delay(np.array([steps]), fraction, wait=True))
    dendritic = round(fraction * steps)
    assert 16 * stage + defer + ring == steps
    assert 1 <= ring <= 16
    assert defer >= 0
    assert 16 * stage + defer - lag == steps - dendritic
    assert back - lag == dendritic
    assert lag >= (0 if dendritic else -1)
    assert lag <= 0 or stage


def test_all_dendritic_delays_wait_for_nothing() -> None:
    stage, ring, defer, back, lag = split_delay(np.arange(1, 17), 1.0)
    assert not lag.any()
    assert not stage.any()
    assert not defer.any()
    assert np.array_equal(ring, back)


def network(*projections: Projection) -> Network:
    return Network("net", 1.0, (array_source("in", [[1.0]] * 3), cells("out", 2)), projections)


def made(**more: Any) -> Projection:
    return replace(connect((0, 1), PAIRS, weight=0.5, delay=np.array([1.0, 5.0, 20.0, 20.0])), **more)


def banks(*projections: Projection) -> list[tuple[tuple[int, ...], int, list[int]]]:
    net = network(*projections)
    found = banks_of(net, in_steps(net)[0])
    return [(bank.numbers, bank.defer, [len(part) for part, _ in bank.synapses]) for bank in found]


def test_static_projections_make_no_bank() -> None:
    assert banks(made()) == []


def test_a_bank_for_each_stage_and_wait() -> None:
    assert banks(made(**STDP)) == [((0,), 0, [2]), ((0,), 0, [2])]
    axonal = made(**STDP, parameters={"dendritic_delay_fraction": 0.0})
    assert banks(axonal) == [((0,), 0, [1]), ((0,), 4, [1]), ((0,), 3, [2])]


def test_projections_of_one_kind_share_a_bank() -> None:
    assert banks(made(**STDP), made(), made(**STDP)) == [((0, 2), 0, [2, 2]), ((0, 2), 0, [2, 2])]
    other = made(**STDP, parameters={"A_plus": 0.5})
    assert [numbers for numbers, _, _ in banks(made(**STDP), other)] == [(0,), (0,), (1,), (1,)]


def test_a_release_model_has_one_bank_a_projection() -> None:
    found = banks(made(synapse="Tsodyks2Synapse"), made(synapse="Tsodyks2Synapse"))
    assert found == [((0,), 0, [4]), ((1,), 0, [4])]


def test_histories_are_shared_where_the_traces_are() -> None:
    same_post = made(**STDP, parameters={"A_plus": 0.5, "tau_plus": 11.0})
    other = made(**STDP, parameters={"tau_minus": 11.0})
    net = network(made(**STDP), same_post, other, made(synapse="Tsodyks2Synapse"))
    found = banks_of(net, in_steps(net)[0])
    assert len(histories(found)) == 2
    assert {type(bank.mechanism) for bank in found} == {Plasticity, Releasing}


@pytest.mark.parametrize(("fraction", "count"), [(1.0, 0), (0.4, 1), (0.5, 2), (0.0, 0)])
def test_dendritic_delays_that_are_rounded_are_told_of(fraction: float, count: int) -> None:
    net = network(made(**STDP, parameters={"dendritic_delay_fraction": fraction}), made())
    remarks = [str(remark) for remark in rounded_dendrites(net, in_steps(net)[0])]
    worst = 0.5 if fraction == 0.5 else 0.4
    text = f"{count} of 4 dendritic delays are no multiple of the timestep (1 ms) and were rounded, by {worst:g} ms"
    assert [text in remark for remark in remarks] == [True] * bool(count)


def test_plastic_weights_need_one_scale() -> None:
    target = cells("out", 2, "IF_curr_alpha", parameters={"tau_syn_E": np.array([1.0, 2.0])})
    net = Network("net", 1.0, (array_source("in", [[1.0]] * 3), target), (made(**STDP),))
    with pytest.raises(MappingError, match=r"weights of excitatory synapses .* cells of 'out'"):
        banks_of(net, in_steps(net)[0])
