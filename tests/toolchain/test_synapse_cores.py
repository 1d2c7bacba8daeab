"""Synapse cores in the mapping: when there are any, what they take over, and that spikes do not depend on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from dopamine import brought, pair, stdp
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import cells, connect, networks, poisson_source

from emulator.cycles import SYNAPSE_CYCLES
from emulator.emulator import Emulator
from emulator.image import NeuronCore, SynapseCore
from emulator.machine import spin3, spin5
from toolchain.algorithms import PARTITIONERS
from toolchain.compile import Mapping, compile_network
from toolchain.errors import IllegalProductError, MappingError
from toolchain.graph import Net
from toolchain.map_network import map_network
from toolchain.network import Network, Population, Recording
from toolchain.options import MappingOptions
from toolchain.partition import Partition
from toolchain.partition.check import check
from toolchain.partition.load import ARRIVAL_CYCLES, overloads
from toolchain.problems import SettingsError
from toolchain.settings import Algorithm, Choice, Origin, PlaceRule, Rule, Settings
from toolchain.workload import prepare

MS = 200_000.0
"""Cycles of a tick of 1 ms."""


def cut(network: Network, name: str = "uniform", cycles: float = MS, **said: float) -> Partition:
    """The partition of `network`, checked."""
    options = MappingOptions.from_mapping({"sources_per_core": 250, **said})
    found = PARTITIONERS[name](prepare(network, options), spin5(), options, cycles, None)
    check(network, found, spin5())
    return found


def driven(rate: float = 300.0, size: int = 200) -> Network:
    """Cells on which 1,000 sources end, in four slices, and which end on each other."""
    rng = np.random.default_rng(3)
    pairs = np.argwhere(rng.random((1000, size)) < 0.3).tolist()
    among = np.argwhere(rng.random((size, size)) < 0.2).tolist()
    projections = (
        connect((0, 1), pairs, weight=0.02),
        connect((1, 1), among, -0.05, rng.uniform(1.0, 40.0, len(among)), "inhibitory"),
    )
    return Network("driven", 1.0, (poisson_source("noise", 1000, rate), cells("a", size)), projections)


def kinds(found: Partition) -> list[str]:
    return [f"{part.label} {part.kind}" for part in found.slices]


# --- when there are any -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PARTITIONERS)
def test_none_where_no_core_has_too_much_to_do(name: str) -> None:
    assert not cut(driven(10.0), name, spikes_per_second=10.0).synapse_slices


@pytest.mark.parametrize("name", PARTITIONERS)
def test_as_many_as_the_load_asks_for(name: str) -> None:
    alone = cut(driven(), name, synapse_cores=0)
    assert max(part.cycles for part in alone.slices) > MS
    found = cut(driven(), name)
    assert max(part.cycles for part in found.slices) <= 0.9 * MS
    assert len(found.slices) < len(alone.slices)
    assert [found.slices[number].size for number in found.slices_of(1)] == [200]
    assert kinds(found)[4:] == ["a[0:200] neurons", "a[0:200] delayed delay"] + [
        f"a[0:200] synapses {number} synapses" for number in (1, 2, 3, 4)
    ]
    assert found.graph.together == ((4, 6, 7, 8, 9),)
    assert found.synapse_slices == {4: (6, 7, 8, 9)}
    assert {found.slices[number].source for number in (6, 7, 8, 9)} == {4}


def test_as_many_as_are_asked_for() -> None:
    rule = Rule("population", "a", "synapse_cores", 2)
    options = MappingOptions(rules=(rule,), neurons_per_core=100, sources_per_core=250)
    found = PARTITIONERS["uniform"](prepare(driven(1.0), options), spin5(), options, MS, None)
    assert [len(numbers) for numbers in found.synapse_slices.values()] == [2, 2]
    many = cut(driven(1.0), synapse_cores=15)
    assert [len(numbers) for numbers in many.synapse_slices.values()] == [6], "there are no more senders"
    assert cut(Network("n", 1.0, (cells("a", 3),), ()), synapse_cores=3).synapse_slices == {}


def test_where_the_machine_has_no_cores_for_them_cells_keep_their_synapses() -> None:
    network = driven(4000.0)
    outcome = map_network(network, Settings().on_machine("spin3", Origin()))
    assert len(compile_network(network, spin5()).partition.slices) > spin3().application_cores
    assert "try machine='spin5'" in outcome.attempts[0].failure
    assert outcome.attempts[1].changed == "no synapse cores are split off, so that cores fall behind, for cores"
    assert not outcome.mapping.partition.synapse_slices
    assert any("expect overruns" in remark.message for remark in outcome.mapping.diagnostics)


def test_synapse_cores_that_were_asked_for_are_not_given_up() -> None:
    said = Settings(options={"synapse_cores": 15}, origins={"synapse_cores": Origin("a.map", 1)})
    with pytest.raises(SettingsError, match=r"(?s)a.map:1.*try machine='spin5'.*lower 'synapse_cores'"):
        map_network(driven(4000.0), said.on_machine("spin3", Origin()))


def test_sources_are_dealt_out_so_that_no_core_is_the_bottleneck() -> None:
    found = cut(driven(20.0), synapse_cores=2, neurons_per_core=100)
    assert len(found.synapse_slices) == 2
    for piece, numbers in found.synapse_slices.items():
        cycles = [found.slices[number].cycles for number in numbers]
        blocks = found.rows.fixed
        mine = blocks.of_targets(piece, 1)
        assert np.all(np.diff(blocks.core[mine]) >= 0), "in the order of the senders"
        largest = 250 * 20e-3 * (ARRIVAL_CYCLES + SYNAPSE_CYCLES * 0.35 * 100)  # of a slice of sources
        assert max(cycles) <= sum(cycles) / 2 + largest


@pytest.mark.parametrize("name", PARTITIONERS)
def test_what_is_too_much_for_a_core_comes_from_smaller_slices(name: str) -> None:
    network = driven(2000.0)
    found = cut(network, name)
    assert overloads(network, found, MS) == ()
    sources = [found.slices[number].size for number in found.slices_of(0)]
    assert 50 <= max(sources) < 100, "no smaller than need be"
    assert len(found.slices_of(1)) == 2, "15 synapse cores do not suffice"


@pytest.mark.parametrize("name", PARTITIONERS)
def test_fast_cells_are_in_smaller_slices(name: str) -> None:
    """All-to-all at 500 Hz, in steps of 0.1 ms: what 180 cells send is too much for a synapse core."""
    pairs = [(i, j) for i in range(180) for j in range(100)]
    network = Network("fast", 0.1, (cells("a", 180), cells("b", 100)), (connect((0, 1), pairs),))
    options = MappingOptions(spikes_per_second=500.0)
    found = PARTITIONERS[name](prepare(network, options), spin5(), options, MS / 10, None)
    check(network, found, spin5())
    assert overloads(network, found, MS / 10) == ()
    assert len(found.slices_of(0)) == 2


def test_a_single_source_that_is_too_much_for_a_core() -> None:
    """To divide its slice would be of no use, and what might be is told."""
    network = Network(
        "fast",
        1.0,
        (poisson_source("s", 9, 9e4), cells("a", 200)),
        (connect((0, 1), [(i, j) for i in range(9) for j in range(200)]),),
    )
    found = cut(network)
    assert len(found.slices_of(0)) == 1
    (remark,) = overloads(network, found, MS)
    assert "fewer cells a core ('neurons_per_core') and more 'synapse_cores'" in str(remark)


def test_senders_are_not_divided_in_vain() -> None:
    """Two synapse cores have too much to do however the senders are cut."""
    found = cut(driven(2000.0), synapse_cores=2)
    assert [found.slices[number].size for number in found.slices_of(0)] == [250] * 4
    assert {len(numbers) for numbers in found.synapse_slices.values()} == {2}


def test_cells_are_as_many_as_need_the_fewest_cores() -> None:
    """What the fewest cells need, 64 a slice, is more."""
    network = driven(size=640)
    few = cut(network)
    fine = cut(network, neurons_per_core=64)
    assert len(few.slices) < len(fine.slices)
    assert max(part.cycles for part in few.slices) <= 0.9 * MS


# --- memory and cycles ------------------------------------------------------------------------------------------------


def test_memory_is_where_it_is_needed() -> None:
    found = cut(driven())
    own, _, first, *_ = ({r.name: r.bytes for r in memory.dtcm} for memory in found.memory[4:])
    slot = 2 * 2 * 256
    assert own["inputs of synapse cores"] == 3 * slot
    assert own["ring buffers"] == own["population table"] == own["incoming packets"] == 0
    assert first["ring buffers"] == 16 * slot
    slow = [{r.name: r.bytes for r in found.memory[number].sdram} for number in (4, 6, 7, 8, 9)]
    assert slow[0]["synaptic rows"] == 0
    words = np.diff(found.rows.fixed.first_word).sum()
    assert sum(regions["synaptic rows"] for regions in slow) == 4 * words
    assert {regions.get("inputs for the neurons", slot) for regions in slow} == {slot}


def test_the_emulator_charges_what_was_planned() -> None:
    """With rates as they are assumed, each core needs what was expected of it."""
    quiet = driven()
    quiet = replace(quiet, projections=(replace(quiet.projections[0], weight=1e-4),))
    mapping = compile_network(quiet, spin5(), MappingOptions(spikes_per_second=0.0, synapse_cores=2))
    emulator = Emulator(mapping.image)
    emulator.run(400)
    for part, core in zip(mapping.partition.slices, emulator.statistics().cores, strict=True):
        if part.kind == "synapses":
            assert core.cycles_mean == pytest.approx(part.cycles, rel=0.02)
        elif part.kind == "neurons":
            assert core.cycles_mean == part.cycles


# --- spikes -----------------------------------------------------------------------------------------------------------


def recorded(population: Population) -> Population:
    return replace(population, recordings=(Recording("spikes", np.arange(population.size, dtype=np.int32)),))


def outcome(network: Network, options: MappingOptions, name: str = "uniform") -> tuple[list[list[int]], Mapping, int]:
    """Spikes of 60 ticks as (population, tick, cell), the mapping, and saturations."""
    network = replace(network, populations=tuple(map(recorded, network.populations)))
    chosen = Settings(stages={"partition": Choice((Algorithm(name),))})
    mapping = compile_network(network, "spin5", options, settings=chosen)
    emulator = Emulator(mapping.image)
    emulator.run(60)
    found = []
    for number in range(len(network.populations)):
        for core in mapping.cores_of(number):
            start = mapping.partition.slices[core].start
            found += [[number, t, i + start] for t, i in zip(*(a.tolist() for a in emulator.spikes(core)), strict=True)]
    return sorted(found), mapping, emulator.statistics().saturations


@pytest.mark.parametrize("name", PARTITIONERS)
@given(network=networks(), cores=st.integers(1, 15), per_core=st.integers(2, 50))
@settings(max_examples=15, deadline=None)
def test_spikes_do_not_depend_on_synapse_cores(name: str, network: Network, cores: int, per_core: int) -> None:
    said = {"spikes_per_second": 500.0, "neurons_per_core": per_core}
    plain, _, saturated = outcome(network, MappingOptions.from_mapping({**said, "synapse_cores": 0}))
    options = MappingOptions.from_mapping({**said, "synapse_cores": cores})
    spikes, mapping, _ = outcome(network, options, name)
    assert saturated == 0
    assert spikes == plain
    for image_core in mapping.image.cores:
        if isinstance(image_core, SynapseCore):
            neurons = mapping.image.cores[image_core.neurons]
            assert isinstance(neurons, NeuronCore)
            assert len(neurons.rows) == 0


def test_spikes_do_not_depend_on_how_finely_senders_are_cut() -> None:
    network = driven(2000.0)
    plain, alone, _ = outcome(network, MappingOptions(synapse_cores=0))
    spikes, mapping, saturated = outcome(network, MappingOptions())
    assert len(mapping.partition.slices_of(0)) > len(alone.partition.slices_of(0))
    assert saturated == 0
    assert spikes == plain


def test_synapses_with_dynamics_stay_with_the_cells() -> None:
    """Dopamine itself may come by a synapse core; the synapses that it modulates are where the cells are."""
    network = pair([5.0, 20.0, 50.0], [10.0, 25.0], [[12.0, 30.0]], stdp(), brought(3, 2.0))
    plain, alone, _ = outcome(network, MappingOptions(synapse_cores=0))
    spikes, mapping, _ = outcome(network, MappingOptions(synapse_cores=2))
    assert spikes == plain
    assert learnt(network, mapping) == learnt(network, alone) != 1.0
    assert mapping.partition.synapse_slices
    for core in mapping.image.cores:
        if isinstance(core, SynapseCore):
            neurons = mapping.image.cores[core.neurons]
            assert isinstance(neurons, NeuronCore)
            assert neurons.dynamic


def learnt(network: Network, mapping: Mapping) -> float:
    """The weight of the plastic synapse after 60 ticks."""
    emulator = Emulator(mapping.image)
    emulator.run(60)
    return float(mapping.plastic_weights(network, 0, emulator.dynamic_rows)[0])


def test_a_run_goes_on_with_other_synapse_cores() -> None:
    """Nothing that waited for the cells is lost when synapse cores come."""
    network = replace(driven(), populations=tuple(map(recorded, driven().populations)))
    few, many = MappingOptions(synapse_cores=0), MappingOptions(synapse_cores=3)
    whole = Emulator(compile_network(network, "spin5", few).image)
    first = compile_network(network, "spin5", few)
    before = Emulator(first.image)
    whole.run(60)
    before.run(25)
    second = compile_network(network, "spin5", many, like=first)
    after = Emulator(second.image)
    after.carry_over(before)
    after.run(35)
    for one, other in zip(first.cores_of(1), second.cores_of(1), strict=True):
        assert np.array_equal(whole.register(one, "v"), after.register(other, "v"))


# --- placement --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("placer", ["compact", "hilbert", "sequential", "scatter", "annealing"])
def test_they_share_the_chip_of_their_cells(placer: str) -> None:
    options = MappingOptions(neurons_per_core=50, synapse_cores=4)
    chosen = Settings(stages={"place": Choice((Algorithm(placer),))})
    placement = compile_network(driven(), "spin5", options, settings=chosen).placement
    mapping = compile_network(driven(), "spin5", options, settings=chosen)
    assert len(mapping.partition.synapse_slices) == 4
    for group in mapping.partition.graph.together:
        assert len({(int(placement.x[i]), int(placement.y[i])) for i in group}) == 1


def test_rules_and_groups_that_contradict_each_other() -> None:
    options = MappingOptions(synapse_cores=4)
    apart = PlaceRule("apart", "a*synapses 1", "a*synapses 2")
    with pytest.raises(MappingError, match=r"share a chip \(the synapse cores of a\[0:\d+\]\) contradicts"):
        compile_network(driven(), "spin5", options, settings=Settings(placement=(apart,)))


def test_no_more_than_a_chip_has_cores() -> None:
    small = replace(spin3(), cores=np.minimum(spin3().cores, 3))
    mapping = compile_network(driven(20.0), small, MappingOptions(synapse_cores=9))
    assert [len(numbers) for numbers in mapping.partition.synapse_slices.values()] == [2]


# --- the checker ------------------------------------------------------------------------------------------------------


def _synapse_slice(broken: Partition, **changes: int) -> Partition:
    slices = list(broken.slices)
    slices[6] = replace(slices[6], **changes)  # type: ignore[arg-type]  # the fields differ in type
    return replace(broken, slices=tuple(slices))


def _to_two(broken: Partition) -> Partition:
    first = broken.graph.nets[0]
    more = Net(first.source, np.array([6, 7], dtype=np.int32), first.keys, first.weight)
    return replace(broken, graph=replace(broken.graph, nets=(more, *broken.graph.nets[1:])))


def _to_cells(broken: Partition) -> Partition:
    first = broken.graph.nets[0]
    more = Net(first.source, np.array([4], dtype=np.int32), first.keys, first.weight)
    return replace(broken, graph=replace(broken.graph, nets=(more, *broken.graph.nets[1:])))


BREAKS: dict[str, Callable[[Partition], Partition]] = {
    "has synapses of": lambda p: _synapse_slice(p, source=0),
    "need not be on the chip": lambda p: replace(p, graph=replace(p.graph, together=())),
    "go to two synapse cores": _to_two,
    "has no synapse for its packets": _to_cells,
    "lacks its packets": lambda p: replace(p, graph=replace(p.graph, nets=p.graph.nets[1:])),
}


@pytest.mark.parametrize("violation", BREAKS)
def test_the_checker_finds_what_is_broken(violation: str) -> None:
    good = cut(driven())
    with pytest.raises(IllegalProductError, match=violation):
        check(driven(), BREAKS[violation](good), spin5())
