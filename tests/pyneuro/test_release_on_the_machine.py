"""Synapses with short-term dynamics on the emulated machine: closed forms, statistics, and the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from driven import driven
from networks import array_source, cells
from slow_dynamics import Row, unpacked

from emulator.image import NeuronCore
from pyneuro.emulated import EmulatedSimulation
from pyneuro.reference.simulation import ReferenceSimulation
from toolchain.network import Network, Projection, Recording
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.releasing import decay_tables

UNIT = 2.0**31
pytestmark = pytest.mark.filterwarnings("ignore::pyneuro.errors.MappingWarning")


def only_row(simulation: EmulatedSimulation) -> Row:
    """The row of the only source, on the only core of the last population."""
    number = simulation.mapping.cores_of(len(simulation.network.populations) - 1)[0]
    core = simulation.mapping.image.cores[number]
    assert isinstance(core, NeuronCore)
    return unpacked(core.dynamic[0], 0, simulation.emulator.dynamic_rows(number, 0))


@pytest.mark.parametrize("own", [False, True], ids=["tables", "powers"])
@pytest.mark.parametrize(("use", "tau_rec", "tau_facil"), [(0.5, 800.0, 0.0), (0.1, 100.0, 1000.0), (0.45, 50.0, 20.0)])
@pytest.mark.parametrize("interval", [10, 50])
def test_tsodyks_and_markram_reach_their_steady_state(
    own: bool, use: float, tau_rec: float, tau_facil: float, interval: int
) -> None:
    """The recurrences' fixed point u*, x*, within 1e-6, although a core has numbers of 31 bits."""
    spikes = np.arange(1, 250 * interval, interval, dtype=float)
    ends = np.zeros(2, dtype=np.int32), np.arange(2, dtype=np.int32)
    # Of two synapses with time constants of their own each raises a factor to a power.
    taus: dict[str, Any] = {"tau_rec": np.array([tau_rec, 77.0]), "tau_facil": np.array([tau_facil, 33.0])}
    parameters = {"U": use, **(taus if own else {"tau_rec": tau_rec, "tau_facil": tau_facil})}
    made = Projection("r", 0, 1, "excitatory", *ends, 0.01, 1.0, "Tsodyks2Synapse", (), parameters)
    simulation = EmulatedSimulation(Network("tm", 1.0, (array_source("in", [spikes]), cells("out", 2)), (made,)))
    simulation.run(250 * interval)
    row = only_row(simulation)
    u, depleted = (row.words[number][0] / UNIT for number in range(2))
    decay_u = np.exp(-interval / tau_facil) if tau_facil else 0.0
    decay_x = np.exp(-interval / tau_rec)
    wanted_u = use / (1 - (1 - use) * decay_u)
    wanted_x = (1 - decay_x) / (1 - (1 - wanted_u) * decay_x)
    assert u == pytest.approx(wanted_u, abs=1e-6)
    assert depleted == pytest.approx(1 - wanted_x * (1 - wanted_u), abs=1e-6)
    assert len(simulation.mapping.image.programs[1].tables) == (0 if own else 4 if tau_facil else 2)


@pytest.mark.parametrize("tau", [0.5, 5.0, 131.0, 100_000.0])
def test_tables_of_decays(tau: float) -> None:
    tables = decay_tables({"tau": tau}, 0.1)["tau"]
    assert tables is not None
    fine, coarse = (np.array(table.values) / UNIT for table in (tables.fine, tables.coarse))
    steps = np.unique(np.geomspace(1, 30 * tau / 0.1, 500).astype(int))
    entries = np.minimum(steps >> tables.coarse.shift, len(coarse) - 1)
    product = fine[steps & (1 << tables.coarse.shift) - 1] * coarse[entries]
    assert np.abs(product - np.exp(-0.1 * steps / tau)).max() < 2.0**-30
    assert len(fine) + len(coarse) < 4 * np.sqrt(32 * tau / 0.1) + 40


@pytest.mark.parametrize(("sites", "chance"), [(5, 0.3), (10, 0.5), (100, 0.05)])
def test_quanta_vary_as_binomials_do(sites: int, chance: float) -> None:
    """The coefficient of variation of what arrives is sqrt((1 - p) / (n p)), within 2 %."""
    targets, interval, spikes = 250, 20, 160
    times = np.arange(1, interval * spikes, interval, dtype=float)
    ends = np.zeros(targets, dtype=np.int32), np.arange(targets, dtype=np.int32)
    parameters = {"U": chance, "n": float(sites), "tau_rec": 0.5, "tau_facil": 0.0}
    made = Projection("q", 0, 1, "excitatory", *ends, 0.01, 1.0, "MultiQuantalSynapse", (), parameters)
    out = cells("out", targets, recordings=(Recording("v", ends[1], 1),), parameters={"tau_m": 1.0, "tau_syn_E": 0.5})
    simulation = EmulatedSimulation(Network("q", 1.0, (array_source("in", [times]), out), (made,), seed=4))
    simulation.run(interval * spikes)
    # All is over before the next spike; the voltage in the timestep after the arrival is in proportion to it.
    arrived = simulation.signal(1, "v")[3::interval] + 65.0
    assert arrived.shape == (spikes, targets)
    assert arrived.std() / arrived.mean() == pytest.approx(np.sqrt((1 - chance) / (sites * chance)), rel=0.02)


def random_parameters(name: str, n: int, rng: np.random.Generator, own: bool) -> Mapping[str, Any]:
    parameters: dict[str, Any] = {p.name: p.default for p in RELEASE_MODELS[name].parameters}
    parameters |= {"tau_facil": 50.0} if "tau_facil" in parameters else {}
    parameters |= {"n": 5.0} if "n" in parameters else {}
    if own:
        parameters |= {known: rng.uniform(0.1, 0.9, n) for known in {"U", "p"} & set(parameters)}
        parameters |= {"tau_rec": rng.uniform(20.0, 500.0, n)} if "tau_rec" in parameters else {}
    return parameters


@pytest.mark.parametrize("own", [False, True], ids=["same", "own"])
@pytest.mark.parametrize("name", list(RELEASE_MODELS))
def test_what_arrives_is_what_the_reference_sends(name: str, own: bool) -> None:
    """Chance included: both draw the same numbers, whatever the delay and wherever a synapse is."""
    rng = np.random.default_rng(6)
    sources, targets, steps = 10, 8, 3000
    times = [np.sort(rng.choice(np.arange(1, steps), 25, replace=False)) / 10 for _ in range(sources)]
    pre, post = (ends.astype(np.int32) for ends in np.nonzero(rng.random((sources, targets)) < 0.6))
    made = Projection(
        *(
            "r",
            0,
            1,
            "excitatory",
            pre,
            post,
            rng.uniform(0.1, 0.3, len(pre)),
            rng.integers(1, 60, len(pre)) / 10,
            name,
        ),
        parameters=random_parameters(name, len(pre), rng, own),
        initial={"u": 0.3} if "U" in {p.name for p in RELEASE_MODELS[name].parameters} else {},
    )
    index = np.arange(targets, dtype=np.int32)
    out = cells("out", targets, parameters={"v_thresh": 1000.0}, recordings=(Recording("v", index),))
    net = Network("r", 0.1, (array_source("in", [t.tolist() for t in times]), out), (made,), seed=9)
    machine, reference = EmulatedSimulation(net, mapping={"neurons_per_core": 3}), ReferenceSimulation(net)
    machine.run(steps)
    reference.run(steps)
    seen, wanted = machine.signal(1, "v"), reference.signal(1, "v")
    assert np.abs(seen - wanted).max() < 0.005 * np.ptp(wanted) + 0.01
    assert np.array_equal(machine.weights(0), made.weight)


def test_cells_release_too_and_a_changed_network_goes_on() -> None:
    pairs = np.array([(i, j) for i in range(6) for j in range(5)], dtype=np.int32)
    trains = [list(range(3 + i, 400, 17)) for i in range(6)]

    def net(weight: float) -> Network:
        made = Projection(
            *("r", 0, 1, "excitatory", *pairs.T.copy(), weight, 20.0, "StochasticTsodyksMarkramSynapse"),
            parameters={"U": 0.4, "tau_rec": 60.0},
        )
        out = cells("out", 5, recordings=(Recording("v", np.arange(5, dtype=np.int32)),))
        return Network("r", 1.0, (driven("in", trains), out), (made,), seed=2)

    whole, parts = EmulatedSimulation(net(0.1)), EmulatedSimulation(net(0.1), threads=2)
    whole.run(400)
    for steps in (111, 89, 200):
        parts.run(steps)
        parts.update(net(0.1))
    assert np.array_equal(whole.signal(1, "v"), parts.signal(1, "v"))
