"""Networks: files, and their description."""

from __future__ import annotations

import numpy as np
import pytest
from declared import same, values_of
from hypothesis import given, settings

from emulator.errors import ArchiveError
from tests.support.networks import cells, connect
from toolchain.describe import describe
from toolchain.network import (
    Current,
    Network,
    Population,
    Projection,
    Recording,
    SpikeTimes,
    load_network,
    save_network,
)


@given(network=values_of(Network))
@settings(max_examples=40, deadline=None)
def test_any_network_comes_back(tmp_path_factory: pytest.TempPathFactory, network: Network) -> None:
    path = tmp_path_factory.mktemp("network") / "network.npz"
    save_network(path, network)
    assert same(load_network(path), network)


def test_whole_numbers_and_numpy_scalars_may_stand_for_parameters(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("network") / "network.npz"
    cells = Population("E", 2, "IF_curr_exp", {"tau_m": 20, "v_rest": np.float64(-65)})
    save_network(path, Network("n", 1.0, (cells,), ()))
    assert load_network(path).populations[0].parameters == {"tau_m": 20.0, "v_rest": -65.0}
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ArchiveError, match=r"network\.npz: not a complete pyneuro network file"):
        load_network(path)


def test_a_network_is_described() -> None:
    cells = Population(
        "E",
        4,
        "IF_cond_exp",
        {"tau_m": 20.0, "v_rest": np.array([-65.0, -65.0, -60.0, -60.0])},
        initial={"v": -70.0},
        currents=(Current(np.array([1], np.int32), np.array([5.0, 9.0]), np.array([0.1, 0.3])),),
        recordings=(
            Recording("spikes", np.arange(4, dtype=np.int32)),
            Recording("v", np.array([2], np.int32), 10),
        ),
    )
    source = Population("in", 2, "SpikeSourceArray", {}, spike_times=SpikeTimes(np.array([0, 1, 3]), np.ones(3)))
    one, two = np.array([0, 1], np.int32), np.array([2, 2], np.int32)
    made = Projection("in->E", 1, 0, "excitatory", one, two, 0.01, np.array([1.0, 2.0]))
    empty = Projection("E->E", 0, 0, "inhibitory", one[:0], two[:0], 0.5, 1.0)
    assert describe(Network("n", 0.1, (cells, source), (made, empty), 7)).splitlines() == [
        "network 'n': 6 cells, 2 synapses, timestep 0.1 ms, seed 7",
        "population 'E': 4 IF_cond_exp",
        "  tau_m = 20 ms",
        "  v_rest = -65 ... -60 (mean -62.5) mV",
        "  v at 0 ms = -70 mV",
        "  current into 1 cells, 2 steps, 0.1 ... 0.3 (mean 0.2) nA",
        "  records spikes, v (1 cells) every 10 steps",
        "population 'in': 2 SpikeSourceArray",
        "  spike_times = 3 spikes",
        "projection 'in->E': 'in' -> 'E', 2 StaticSynapse, excitatory",
        "  weight = 0.01 uS",
        "  delay = 1 ... 2 (mean 1.5) ms",
        "projection 'E->E': 'E' -> 'E', 0 StaticSynapse, inhibitory",
    ]


def test_unknown_cells_are_described_without_units() -> None:
    assert "  a = 1\n" in describe(Network("n", 1.0, (Population("E", 1, "unheard", {"a": 1.0}),), ()))


def test_synapses_with_dynamics_are_described() -> None:
    populations = tuple(Population(label, 2, "IF_curr_exp", {}) for label in "ab")
    ends = np.zeros(2, np.int32)
    rules = ("SpikePairRule", "AdditiveWeightDependence")
    plastic = Projection(
        "p", 0, 1, "excitatory", ends, ends, 0.5, 1.0, "STDPMechanism", rules, {"tau_plus": 20.0, "w_max": 1.0}
    )
    given, first = {"U": np.array([0.2, 0.4])}, {"u": 0.1}
    depressing = Projection("d", 0, 1, "excitatory", ends, ends, 0.5, 1.0, "TsodyksMarkramSynapse", (), given, first)
    gap = Projection("g", 0, 1, "excitatory", ends, ends, 0.01, 1.0, "ElectricalSynapse")
    assert describe(Network("n", 1.0, populations, (plastic, depressing, gap))).splitlines()[3:] == [
        "projection 'p': 'a' -> 'b', 2 STDPMechanism (SpikePairRule, AdditiveWeightDependence), excitatory",
        "  weight = 0.5 nA",
        "  delay = 1 ms",
        "  tau_plus = 20 ms",
        "  w_max = 1",
        "projection 'd': 'a' -> 'b', 2 TsodyksMarkramSynapse, excitatory",
        "  weight = 0.5 nA",
        "  delay = 1 ms",
        "  U = 0.2 ... 0.4 (mean 0.3)",
        "  u at 0 ms = 0.1",
        "projection 'g': 'a' -> 'b', 2 ElectricalSynapse",
        "  weight = 0.01 uS",
    ]


def test_messages_tell_projections_of_one_label_apart() -> None:
    alike = [connect((0, 1), [(0, 0)], receptor=name) for name in ("excitatory", "inhibitory", "inhibitory")]
    other = connect((1, 0), [(0, 0)])
    network = Network("labels", 1.0, (cells("a", 1), cells("b", 1)), (*alike, other))
    names = [network.name_of(made) for made in network.projections]
    assert names == ["0-1 (excitatory)", "0-1 (inhibitory 1)", "0-1 (inhibitory 2)", "1-0"]
