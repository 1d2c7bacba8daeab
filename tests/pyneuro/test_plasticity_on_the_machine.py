"""STDP on the emulated machine: against formulas and against the reference, within what 16 bits allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from driven import driven
from numpy.typing import NDArray

from pyneuro.emulated import EmulatedSimulation
from pyneuro.reference.simulation import ReferenceSimulation
from toolchain.errors import MappingError
from toolchain.network import Network, Projection
from toolchain.options import MappingOptions
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES

PAIR = ("SpikePairRule", "AdditiveWeightDependence")
TRIPLET = ("PfisterSpikeTriplet", "WeightDependenceAdditiveTriplet")
ACCUM = 2.0**-15
TRACE = 2.0**-11
pytestmark = pytest.mark.filterwarnings("ignore::pyneuro.errors.MappingWarning")


def plastic(pairs: Sequence[tuple[int, int]], rules: tuple[str, str] = PAIR, **more: Any) -> Projection:
    pre, post = np.array(pairs, dtype=np.int32).T.copy()
    made = Projection("plastic", 0, 1, "excitatory", pre, post, 0.5, 1.0, "STDPMechanism", rules)
    return replace(made, **more)


def network(pre: Sequence[Sequence[int]], post: Sequence[Sequence[int]], *projections: Projection) -> Network:
    return Network("stdp", 1.0, (driven("pre", pre), driven("post", post)), projections)


def quantum(simulation: EmulatedSimulation, population: int = 1) -> float:
    """The resolution of a stored excitatory weight."""
    return float(2.0 ** (simulation.mapping.shifts[population][0] - 15))


def test_the_window_point_by_point() -> None:
    """A pair for each interval from -60 to 60 ms; a spike of the source long after has the weight updated."""
    delay, tau_plus, tau_minus, a_plus, a_minus = 3, 17.0, 31.0, 0.05, 0.04
    intervals = np.array([dt for dt in range(-60, 61) if dt])
    pre = [[200, 1000] for _ in intervals]
    # A spike of the target counts a delay later; it is then `dt` after that of the source.
    post = [[200 + int(dt) - delay] for dt in intervals]
    parameters = {"tau_plus": tau_plus, "tau_minus": tau_minus, "A_plus": a_plus, "A_minus": a_minus}
    ends = [(i, i) for i in range(len(intervals))]
    net = network(pre, post, plastic(ends, delay=float(delay), parameters=parameters))
    simulation = EmulatedSimulation(net)
    simulation.run(1010)
    up, down = a_plus * np.exp(-intervals / tau_plus), -a_minus * np.exp(intervals / tau_minus)
    wanted = 0.5 + np.where(intervals > 0, up, down)
    # The table is floored and so are the product and the weight, in both updates; amplitudes are rounded.
    tolerance = a_plus * TRACE + 3 * ACCUM + 2 * quantum(simulation)
    assert np.abs(simulation.weights(0) - wanted).max() < tolerance
    assert tolerance < 0.01 * a_plus


def random_trains(rng: np.random.Generator, cells: int, spikes: int, odd: int) -> list[list[int]]:
    """Even or odd timesteps from 200 to 1,800, so that no spike of one kind coincides with one of the other.

    None is early, for a core takes the first pair of the nearest-pair rule for one with a spike in tick 0.
    """
    return [(2 * np.sort(rng.choice(800, spikes, replace=False)) + 200 + odd).tolist() for _ in range(cells)]


@pytest.mark.parametrize("fraction", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("timing", list(TIMING_RULES))
@pytest.mark.parametrize("weight", ["AdditiveWeightDependence", "MultiplicativeWeightDependence"])
def test_the_machine_learns_what_the_reference_learns(timing: str, weight: str, fraction: float) -> None:
    if timing == "PfisterSpikeTriplet":
        weight = "WeightDependenceAdditiveTriplet"
    nearest = timing == "SpikeNearestPairRule"
    if nearest and fraction == 1.0:
        pytest.skip("on a core the interval between spikes of the target takes in what delays them")
    rng = np.random.default_rng(3)
    ends = [(i, j) for i in range(8) for j in range(5)]
    parameters = {p.name: p.default for p in (*TIMING_RULES[timing].parameters, *WEIGHT_RULES[weight].parameters)}
    parameters |= {"eta": 0.01} if "eta" in parameters else {}
    made = plastic(
        ends,
        (timing, weight),
        weight=rng.uniform(0.2, 0.8, len(ends)),
        delay=2.0 * rng.integers(1, 9 if nearest else 20, len(ends)),
        parameters=parameters | {"dendritic_delay_fraction": fraction},
    )
    net = network(random_trains(rng, 8, 40, 0), random_trains(rng, 5, 40, 1), made)
    machine, reference = EmulatedSimulation(net), ReferenceSimulation(net)
    machine.run(2000)
    reference.run(2000)
    for population in range(2):
        assert np.array_equal(machine.spikes(population)[0], reference.spikes(population)[0])
    moved = np.abs(reference.weights(0) - made.weight).max()
    # 41 updates each lose up to a quantum; traces of 11 bits, and tables with an entry every 4 ms, are off a little.
    lost = machine.weights(0) - reference.weights(0) + 41 / 2 * quantum(machine)
    assert np.abs(lost).max() < 41 * quantum(machine) + 0.05 * moved
    assert moved > 0.03


def test_uncorrelated_spikes_make_weights_drift() -> None:
    """The mean drift is r_pre r_post (A_plus tau_plus - A_minus tau_minus) w_max."""
    rng = np.random.default_rng(5)
    cells, spikes, seconds = 12, 150, 6.0
    steps = int(1000 * seconds)
    pre, post = (
        [(2 * np.sort(rng.choice(steps // 2 - 50, spikes, replace=False)) + odd).tolist() for _ in range(cells)]
        for odd in (0, 1)
    )
    parameters = {"A_plus": 0.002, "A_minus": 0.003}
    ends = [(i, j) for i in range(cells) for j in range(cells)]
    net = network(pre, post, plastic(ends, delay=2.0, parameters=parameters))
    simulation = EmulatedSimulation(net, mapping={"spikes_per_second": 5.0})
    simulation.run(steps)
    rate = spikes / seconds
    wanted = rate**2 * seconds * (0.002 - 0.003) * 0.020
    drift = simulation.weights(0).mean() - 0.5 + spikes / 2 * quantum(simulation)
    assert drift == pytest.approx(wanted, rel=0.1)


def mixed() -> Network:
    """Static and plastic projections of two kinds, with delays of several stages, onto one population."""
    rng = np.random.default_rng(8)
    ends = [(i, j) for i in range(30) for j in range(20) if rng.random() < 0.5]
    delays = rng.integers(1, 60, len(ends)).astype(float)
    shared: dict[str, Any] = {"delay": delays, "weight": rng.uniform(0.1, 0.5, len(ends))}
    return network(
        random_trains(rng, 30, 40, 0),
        random_trains(rng, 20, 40, 1),
        plastic(ends, **shared, parameters={"dendritic_delay_fraction": 0.3}),
        plastic(ends, TRIPLET, **shared),
        replace(plastic(ends, (), **shared), synapse="StaticSynapse"),
        plastic(ends, **shared, parameters={"dendritic_delay_fraction": 0.3}),
    )


def learnt(net: Network, **options: Any) -> list[NDArray[np.float64]]:
    simulation = EmulatedSimulation(net, **options)
    simulation.run(1900)
    return [simulation.weights(number) for number in range(len(net.projections))]


def test_neither_threads_nor_partition_nor_placement_change_weights() -> None:
    net = mixed()
    wanted = learnt(net)
    assert np.array_equal(wanted[2], net.projections[2].weight)
    for options in ({"threads": 2}, {"mapping": {"neurons_per_core": 7}}, {"mapping": {"place": "scatter"}}):
        assert all(np.array_equal(a, b) for a, b in zip(learnt(net, **options), wanted, strict=True)), options


def test_projections_of_one_kind_learn_alike() -> None:
    first, _, _, again = learnt(mixed())
    assert np.array_equal(first, again)


def test_a_run_in_parts_with_new_images_learns_the_same() -> None:
    net = mixed()
    whole, parts = EmulatedSimulation(net), EmulatedSimulation(net)
    whole.run(1900)
    for steps in (500, 7, 1393):
        parts.run(steps)
        present = [replace(made, weight=parts.weights(number)) for number, made in enumerate(net.projections)]
        parts.update(replace(net, projections=tuple(present)))
    for number in range(len(net.projections)):
        assert np.abs(parts.weights(number) - whole.weights(number)).max() == pytest.approx(0.0, abs=1e-4)
        if number != 2:
            assert np.array_equal(parts.weights(number), whole.weights(number))


def test_reset_restores_weights() -> None:
    net = mixed()
    simulation = EmulatedSimulation(net)
    before = simulation.weights(0)
    simulation.run(500)
    assert not np.array_equal(simulation.weights(0), before)
    simulation.reset()
    assert np.array_equal(simulation.weights(0), before)


def test_ring_buffers_are_scaled_by_the_largest_weight_of_the_rule() -> None:
    ends = [(0, 0)]
    small = EmulatedSimulation(network([[5]], [[9]], plastic(ends, parameters={"w_max": 0.9})))
    large = EmulatedSimulation(network([[5]], [[9]], plastic(ends, parameters={"w_max": 7.9})))
    assert (small.mapping.shifts[1][0], large.mapping.shifts[1][0]) == (0, 3)


def test_plastic_rows_take_memory_and_time() -> None:
    ends = [(i, j) for i in range(20) for j in range(20)]
    trains = [[10]] * 20
    made = plastic(ends)
    fixed = EmulatedSimulation(network(trains, trains, replace(made, synapse="StaticSynapse", rules=())))
    moving = EmulatedSimulation(network(trains, trains, made))
    before, after = (sim.mapping.partition.slices[sim.mapping.cores_of(1)[0]] for sim in (fixed, moving))
    # A history entry has a tick and a trace, and there is a count.
    assert after.dtcm_bytes - before.dtcm_bytes > 20 * (16 * 6 + 4)
    assert after.cycles > before.cycles
    moving.run(20)
    fixed.run(20)
    counted = [sim.statistics().cores[sim.mapping.cores_of(1)[0]] for sim in (fixed, moving)]
    assert [core.dynamic_events for core in counted] == [0, 400]
    assert counted[1].cycles_max > counted[0].cycles_max
    assert MappingOptions().neurons_per_core == 256


def test_tables_that_do_not_fit_are_told_with_what_they_follow_from() -> None:
    with pytest.raises(MappingError, match=r"plasticity rules take .* use shorter time constants or a longer timestep"):
        EmulatedSimulation(network([[5]], [[9]], plastic([(0, 0)], parameters={"tau_plus": 20000.0})))
