"""Structural plasticity on the emulated machine: the reference's decisions, closed forms, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from driven import driven
from networks import cells
from rewired import (
    ALWAYS,
    ALWAYS_LOST,
    LAST,
    NEVER_FORMED,
    NEVER_LOST,
    OFTEN_LOST,
    RULES,
    STDP,
    Pairs,
    network,
    structural,
)

import pyneuro as sim
from emulator.cycles import ATTEMPT_CYCLES, OWN_ATTEMPT_CYCLES
from emulator.statistics import Statistics
from pyneuro.budget.networks import Quantiser
from pyneuro.budget.simulations import ProgramSimulation
from pyneuro.emulated import EmulatedSimulation
from pyneuro.errors import RunWarning
from pyneuro.reference import ReferenceSimulation
from pyneuro.report.running import execution_section
from toolchain.compile import compile_network
from toolchain.delays import rounding_remarks
from toolchain.errors import IllegalProductError, MappingError
from toolchain.network import Network, Projection
from toolchain.options import MappingOptions
from toolchain.partition.check import check as check_partition
from toolchain.settings import Origin, Rule

PAIRS: Pairs = [(i % 50, i // 4) for i in range(80)]
SOME = {"p_form_forward": 0.8, "sigma_form_forward": 3.0, "grid_x": 7.0, "grid_y": 5.0}
pytestmark = pytest.mark.filterwarnings("ignore::pyneuro.errors.MappingWarning")


def emulated(given: Network, steps: int = 0, **mapping: Any) -> EmulatedSimulation:
    simulation = EmulatedSimulation(given, mapping=mapping)
    simulation.run(steps)
    return simulation


def reference(given: Network, steps: int) -> ReferenceSimulation:
    simulation = ReferenceSimulation(given)
    simulation.run(steps)
    return simulation


def synapses(made: Projection) -> list[tuple[int, int, float, float]]:
    """Source, target, weight and delay of each synapse, in order."""
    columns = [made.pre, made.post, np.asarray(made.weight), np.asarray(made.delay)]
    return list(zip(*(column.tolist() for column in columns), strict=True))


# --- the decisions of the reference -----------------------------------------------------------------------


@pytest.mark.parametrize("rules", [RULES, LAST])
def test_scripts_are_rewired_alike_however_they_are_cut(rules: tuple[str, ...]) -> None:
    """Two projections that share places, from sources that spike the same: the same synapses on all machines."""
    found = []
    for backend, per_core in (("reference", 0), ("emulator", 256), ("emulator", 9), ("emulator", 1)):
        mapping = {"neurons_per_core": per_core, "sources_per_core": 4 * per_core} if per_core else {}
        sim.setup(timestep=1.0, backend=backend, seed=4, **({"mapping": mapping} if per_core else {}))
        cells_ = sim.Population(20, sim.IF_curr_exp())
        projections = []
        for rate, pairs in ((60.0, [(1, 1), (2, 1), (1, 1)]), (90.0, [(5, 19)])):
            kind = sim.StructuralMechanismStatic(
                getattr(sim, rules[0])(),
                sim.DistanceDependentFormation((5, 7), 0.7, 2.0),
                sim.RandomByWeightElimination(0.5, 0.2, 0.2),
                initial_weight=0.25,
                initial_delay=(1.0, 40.0),
                s_max=6,
                f_rew=5000.0,
                with_replacement=rules == RULES,
                weight=0.5,
                delay=3.0,
            )
            source = sim.Population(35, sim.SpikeSourcePoisson(rate=rate))
            projections.append(sim.Projection(source, cells_, sim.FromListConnector(pairs), kind))
        sim.run(40.0)
        sim.run(160.0)
        found.append([projection.get(["weight", "delay"], "list") for projection in projections])
    assert found[0] == found[1] == found[2] == found[3]
    assert min(map(len, found[0])) > 10
    delays = [row[3] for rows in found[0] for row in rows]
    assert min(delays) < 5.0
    assert max(delays) > 33.0


def test_partners_among_cells_that_spike() -> None:
    """With the core's own arithmetic outside of any machine even lateral synapses come and go alike."""
    noise = Projection("noise", 2, 1, "excitatory", *np.arange(20, dtype=np.int32)[None].repeat(2, 0), 4.0, 1.0)
    parameters = SOME | OFTEN_LOST | {"p_form_lateral": 0.9, "sigma_form_lateral": 3.0}
    forward = structural(2, 1, PAIRS, *LAST, **parameters)
    lateral = structural(1, 1, [(0, 1)], *LAST, **parameters)
    given = network(forward, lateral, noise, seed=8)
    machine = emulated(given, 200, neurons_per_core=6)
    program = ProgramSimulation(given, MappingOptions(), in_words=True)
    program.run(200)
    assert machine.statistics().saturations == 0
    for one, other in zip(machine.spikes(1), program.spikes(1), strict=True):
        np.testing.assert_array_equal(one, other)
    for number in range(2):
        assert synapses(machine.present(number)) == synapses(program.present(number))
        assert len(machine.present(number)) > 5


@pytest.mark.parametrize("fraction", [1.0, 0.5])
def test_plastic_synapses_learn_where_they_are(fraction: float) -> None:
    """The same synapses as on the reference, with weights off by what 16 bits lose at each spike of a source."""
    rng = np.random.default_rng(1)
    pre, post = (
        [(2 * np.sort(rng.choice(390, 60, replace=False)) + 10 + odd).tolist() for _ in range(n)]
        for n, odd in ((50, 0), (20, 1))
    )
    parameters = ALWAYS | OFTEN_LOST | {"w_max": 0.2, "A_plus": 0.05, "A_minus": 0.04, "f_rew": 300.0}
    parameters |= {"dendritic_delay_fraction": fraction, "initial_delay_low": 2.0, "initial_delay_high": 2.0}
    made = structural(0, 1, PAIRS, *STDP, *RULES, **parameters | {"initial_weight": 0.1})
    made = replace(made, delay=2.0, weight=0.05)
    given = Network("stdp", 1.0, (driven("pre", pre), driven("post", post)), (made,), seed=3)
    machine, found = emulated(given, 800, neurons_per_core=6), reference(given, 800).present(0)
    present = machine.present(0)
    assert np.bincount(machine.spikes(1)[1]).tolist() == [60] * 20
    assert [row[:2] for row in synapses(present)] == [row[:2] for row in synapses(found)]
    np.testing.assert_array_equal(present.delay, found.delay)
    np.testing.assert_array_equal(machine.weights(0), present.weight)
    assert np.ptp(machine.weights(0)) > 0.1
    quantum = 2.0 ** (machine.mapping.shifts[1][0] - 15)
    lost = machine.weights(0) - found.weight + 30 * quantum
    assert np.abs(lost).max() < 60 * quantum
    assert 60 * quantum < 0.01


# --- closed forms -----------------------------------------------------------------------------------------


def counted(simulation: EmulatedSimulation) -> Statistics:
    return simulation.statistics()


def test_counts_are_those_of_synapses() -> None:
    """Ten attempts a step; what was formed, less what was eliminated, is there; never more than s_max a cell."""
    made = structural(2, 1, PAIRS, **ALWAYS, **OFTEN_LOST)
    simulation = emulated(network(made, seed=3), neurons_per_core=7)
    for _ in range(10):
        simulation.run(30)
        present = simulation.present(0)
        assert np.bincount(present.post, minlength=20).max() <= 8
    found = counted(simulation)
    assert (found.attempts, found.full_rows) == (3000, 0)
    assert 80 + found.formed - found.eliminated == len(present)
    assert found.formed > 500
    counters = {counter.name: counter.value for counter in execution_section(found, 1.0).counters}
    assert counters["Attempts to rewire"] == 3000
    assert (counters["Synapses formed"], counters["Synapses eliminated"]) == (found.formed, found.eliminated)
    quiet = emulated(network(made), 0).statistics()
    assert "Attempts to rewire" not in [counter.name for counter in execution_section(quiet, 1.0).counters]


def test_places_come_to_be_filled_as_chances_have_it() -> None:
    """Of 160 places a share p / (p + q) is filled in the long run; the number is binomial."""
    p, q = 0.6, 0.3
    parameters = {"prob_elim_depressed": q, "prob_elim_potentiated": q, "p_form_forward": p, "sigma_form_forward": 1e6}
    filled = [len(emulated(network(structural(0, 1, [], **parameters), seed=n), 300).present(0)) for n in range(12)]
    share = p / (p + q)
    deviation = np.sqrt(160 * share * (1.0 - share))
    assert np.mean(filled) == pytest.approx(160 * share, abs=4.0 * deviation / np.sqrt(12))
    assert 0.4 * deviation < np.std(filled) < 1.8 * deviation


def test_eliminated_places_are_drawn_at_random() -> None:
    """All 160 places are full, and 80 attempts hit (1 - 1/160)^80 of them not at all."""
    full = structural(0, 1, [(i % 50, i // 8) for i in range(160)], **ALWAYS_LOST, **NEVER_FORMED)
    left = [len(emulated(network(full, seed=seed), 8).present(0)) for seed in range(12)]
    assert np.mean(left) == pytest.approx(160.0 * (1.0 - 1.0 / 160.0) ** 80, abs=4.0 * np.std(left) / np.sqrt(12))


# --- a map that is refined --------------------------------------------------------------------------------


def receptive_fields(backend: str) -> tuple[float, float]:
    """Mean squared distance of the synapses of a map of 6 by 6 cells, weighted, before and after it has seen spots."""
    side, rng = 6, np.random.default_rng(1)
    cells_ = np.arange(side * side)

    def squared(one: Any, other: Any) -> Any:
        across, along = (np.abs(f(one, side) - f(other, side)) for f in (np.floor_divide, np.mod))
        return np.minimum(across, side - across) ** 2 + np.minimum(along, side - along) ** 2

    spots = rng.integers(0, side * side, 60)
    times: list[list[float]] = [[] for _ in cells_]
    for number, spot in enumerate(spots.tolist()):
        near = rng.random(side * side) < np.exp(-squared(cells_, spot) / 2.0)
        for cell in np.flatnonzero(near).tolist():
            times[cell] += [25.0 * number + 5.0 + wave for wave in (0.0, 4.0, 8.0)]
    sim.setup(timestep=1.0, backend=backend, seed=2)
    source = sim.Population(side * side, sim.SpikeSourceArray(spike_times=times))
    target = sim.Population(side * side, sim.IF_curr_exp(tau_m=10.0, tau_refrac=5.0))
    kind = sim.StructuralMechanismSTDP(
        sim.LastNeuronSelection(),
        sim.DistanceDependentFormation((side, side), 1.0, 1.2),
        sim.RandomByWeightElimination(1.4, 0.5, 0.02),
        sim.SpikePairRule(tau_plus=10.0, tau_minus=20.0, A_plus=0.04, A_minus=0.06),
        sim.AdditiveWeightDependence(w_max=3.0),
        initial_weight=1.5,
        s_max=12,
        f_rew=10000.0,
        weight=1.5,
    )
    pairs = [(int(pre), post) for post in range(side * side) for pre in rng.integers(0, side * side, 8)]
    projection = sim.Projection(source, target, sim.FromListConnector(pairs), kind)

    def spread() -> float:
        pre, post, weight = np.array(projection.get("weight", "list")).T
        return float(np.average(squared(pre, post), weights=weight))

    before = spread()
    sim.run(1500.0)
    return before, spread()


def test_a_random_map_is_refined_on_both_simulators() -> None:
    """Formation near the ideal place and elimination of what is depressed make receptive fields smaller."""
    (before, machine), (_, found) = (receptive_fields(backend) for backend in ("emulator", "reference"))
    assert max(machine, found) < 0.55 * before
    assert machine == pytest.approx(found, rel=0.25)


# --- full rows, and what does not fit ---------------------------------------------------------------------


def test_rows_that_are_full_are_told_of() -> None:
    """Ten cells have 80 places, and two sources of which each has room for 6 synapses."""
    given = network(structural(0, 1, [], **ALWAYS, **NEVER_LOST), sources=2, targets=10)
    simulation = EmulatedSimulation(given, mapping={"rewired_row_synapses": 6})
    with pytest.warns(RunWarning, match="found no room for it, most on core .* raise .* rewired_row_synapses"):
        simulation.run(200)
    assert len(simulation.present(0)) == 12
    assert counted(simulation).full_rows > 0
    assert len(emulated(given, 200).present(0)) == 80


def test_without_replacement_a_row_needs_no_more_than_one_synapse_a_cell() -> None:
    made = structural(0, 1, [], with_replacement=0.0, **ALWAYS, **NEVER_LOST)
    simulation = emulated(network(made, sources=6), 400, neurons_per_core=5)
    present = simulation.present(0)
    assert len(set(zip(present.pre.tolist(), present.post.tolist(), strict=True))) == len(present) == 20 * 6
    assert counted(simulation).full_rows == 0
    assert max(int(bank.room.most) for bank in simulation.mapping.banks if bank.room) > 5
    sizes = {len(rows.rows) for core in simulation.mapping.cores_of(1) for rows in _dynamic(simulation, core)}
    assert sizes == {6 * (3 + 3 + 3)}


def _dynamic(simulation: EmulatedSimulation, core: int) -> Any:
    return simulation.mapping.image.cores[core].dynamic  # type: ignore[attr-defined]  # of a core of neurons


def refused(given: Network, words: str, **mapping: Any) -> None:
    with pytest.raises(MappingError, match=words):
        compile_network(given, "spin5", MappingOptions(**mapping))


def test_what_the_machine_cannot_hold_is_refused() -> None:
    many = network(structural(0, 1, [], s_max=60000.0), sources=500, targets=20)
    refused(many, r"SDRAM.*synaptic rows take .*'rewired_row_synapses' or s_max|DTCM.*", rewired_row_synapses=0xFFFF)
    late = structural(0, 1, [], initial_delay_high=200.0)
    refused(network(late), "initial_delay of up to 200 ms; the machine's longest delay is 144 steps")
    heavy = structural(0, 1, [], initial_weight=1e6)
    refused(network(heavy), "has a weight of 1e[+]06 nA")
    rules = (Rule("projection", "*", "longest_delay", 16.0, Origin("a.map", 3)),)
    slow = structural(0, 1, [], initial_delay_high=17.0)
    refused(network(slow), "longest_delay is 16 ms .* initial_delay of 17 ms", rules=rules)
    alpha = cells("cells", 20, "IF_curr_alpha", parameters={"tau_syn_E": np.linspace(1.0, 2.0, 20)})
    given = network(structural(0, 1, []))
    mixed = replace(given, populations=(given.populations[0], alpha, given.populations[2]))
    refused(mixed, "for StructuralMechanismStatic must be the same for all cells of 'cells'")


def test_places_take_memory() -> None:
    few, more = (
        compile_network(network(structural(0, 1, [], s_max=n)), options=MappingOptions(rewired_row_synapses=4))
        for n in (8.0, 16.0)
    )
    sizes = [
        {region.name: region.bytes for region in found.memory[found.cores_of(1)[0]].sdram} for found in (few, more)
    ]
    assert [size["places of rewired synapses"] for size in sizes] == [20 * 8 * 8, 20 * 16 * 8]
    assert sizes[0]["rules of rewiring"] > 8
    assert sizes[0]["synaptic rows"] == sizes[1]["synaptic rows"] == 4 * 50 * (3 + 2 + 2)


def test_attempts_take_time() -> None:
    """Each core draws all attempts and makes its own; what was expected is what the emulator counts, and cuts cells."""
    made = structural(0, 1, [], f_rew=40000.0, **NEVER_FORMED)
    simulation = emulated(network(made), 100, neurons_per_core=5)
    still = emulated(network(replace(made, parameters={**made.parameters, "f_rew": 1e-3})), 100, neurons_per_core=5)
    for core in simulation.mapping.cores_of(1):
        busy, idle = (run.statistics().cores[core].cycles_mean for run in (simulation, still))
        own = simulation.statistics().cores[core].attempts
        assert busy - idle == pytest.approx(40 * ATTEMPT_CYCLES + own / 100 * OWN_ATTEMPT_CYCLES)
        planned, before = (run.mapping.partition.slices[core].cycles for run in (simulation, still))
        assert planned - before == pytest.approx(40 * ATTEMPT_CYCLES + 10 * OWN_ATTEMPT_CYCLES, abs=1.0)
    many = network(replace(made, parameters={**made.parameters, "f_rew": 3e5}), targets=256)
    assert len(compile_network(many).cores_of(1)) > 1


def test_a_weight_that_vanishes_is_told_of() -> None:
    made = structural(0, 1, [(0, 0)], initial_weight=1e-7)
    [remark] = [r for r in compile_network(network(replace(made, weight=5.0))).diagnostics if r.stage == "weights"]
    assert "initial_weight of 1e-07 nA is too small for 16 bits and became 0" in str(remark)


def test_the_checker_of_partitions_misses_nets_that_rewiring_needs() -> None:
    given = network(structural(0, 1, [(0, 0)], initial_delay_high=20.0))
    mapping = compile_network(given, options=MappingOptions(neurons_per_core=5))
    parts = mapping.partition
    check_partition(given, parts, mapping.machine)
    one = next(net for net in parts.graph.nets if len(net.sinks) > 1)
    fewer = tuple(replace(net, sinks=net.sinks[1:]) if net is one else net for net in parts.graph.nets)
    with pytest.raises(IllegalProductError, match="lacks its packets"):
        check_partition(given, replace(parts, graph=replace(parts.graph, nets=fewer)), mapping.machine)


# --- several runs -----------------------------------------------------------------------------------------


def whole(**parameters: float) -> Network:
    """Rewired plastic and static projections onto one population."""
    given = ALWAYS | {"prob_elim_depressed": 0.5, "prob_elim_potentiated": 0.2} | parameters
    plastic = structural(2, 1, PAIRS, *STDP, *LAST, **given)
    static = replace(plastic, source=0, synapse="StructuralMechanismStatic", rules=LAST)
    return network(plastic, static, seed=6)


def test_runs_resets_and_updates_are_the_same() -> None:
    one, parts = emulated(whole(), 120, neurons_per_core=6), emulated(whole(), 51, neurons_per_core=6)
    parts.run(9)
    parts.update(whole())
    parts.run(60)
    before = [synapses(one.present(number)) for number in range(2)]
    assert before == [synapses(parts.present(number)) for number in range(2)]
    one.reset()
    assert [len(one.present(number)) for number in range(2)] == [80, 80]
    np.testing.assert_array_equal(np.sort(one.present(0).pre), np.sort(whole().projections[0].pre))
    one.run(120)
    assert before == [synapses(one.present(number)) for number in range(2)]


def test_other_parameters_and_projections_leave_the_synapses() -> None:
    """Attempts may change, and so may the scale of the weights; another projection shifts the banks."""
    machine = emulated(whole(), 60, neurons_per_core=6)
    before = [synapses(machine.present(number)) for number in range(2)]
    ends = np.arange(20, dtype=np.int32)
    stdp = Projection("more", 2, 1, "excitatory", ends, ends, 0.5, 1.0, "STDPMechanism", STDP)
    changed = whole(f_rew=100.0, initial_weight=64.0, initial_delay_high=5.0)
    shifts = machine.mapping.shifts
    machine.update(replace(changed, projections=(stdp, *changed.projections)))
    assert machine.mapping.shifts != shifts
    after = [synapses(machine.present(number)) for number in (1, 2)]
    for old, new in zip(before, after, strict=True):
        assert [(*row[:2], row[3]) for row in old] == [(*row[:2], row[3]) for row in new]
        np.testing.assert_allclose([row[2] for row in new], [row[2] for row in old], rtol=0.0, atol=2.0**-4)
    made = counted(machine).attempts
    machine.run(100)
    assert counted(machine).attempts - made == 10


@pytest.mark.parametrize("change", [{"initial_delay_high": 30.0}, {"with_replacement": 0.0}])
def test_what_would_move_all_synapses_is_refused(change: dict[str, float]) -> None:
    machine = emulated(whole(), 20)
    with pytest.raises(MappingError, match="lays out its synapses in another way; reset"):
        machine.update(whole(**change))
    machine.run(20)
    other = [replace(made, pre=made.pre[:5], post=made.post[:5]) for made in whole(**change).projections]
    machine.update(replace(whole(), projections=tuple(other)))
    assert [len(machine.present(number)) for number in range(2)] == [5, 5]


def test_the_budget_rounds_what_is_formed() -> None:
    made = structural(2, 1, [], initial_weight=0.3)
    [rounded] = Quantiser([(), (5, 0)])(network(made)).projections[:1]
    assert rounded.parameters["initial_weight"] == 307 / 1024


def test_delays_between_timesteps_are_told_of() -> None:
    given = network(structural(2, 1, [], initial_delay_low=0.25, initial_delay_high=2.5))
    said = [str(remark) for remark in compile_network(given).diagnostics]
    assert any("initial_delay of 0.25 ms became 1 ms" in text for text in said)
    assert any("initial_delay of 2.5 ms became 2 ms" in text for text in said)
    assert [str(remark) for remark in rounding_remarks(given)] == [text for text in said if "initial_delay" in text]
