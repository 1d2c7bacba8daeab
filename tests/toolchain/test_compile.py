"""From a network to an image that runs: spikes arrive when and where the synapses say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from declared import same
from networks import array_source, cells, connect, poisson_source
from processes import in_new_process

from emulator.emulator import Emulator
from emulator.image import ArrayCore, NeuronCore, PoissonCore
from emulator.machine import boards, spin3, spin5
from toolchain.compile import Mapping, compile_network
from toolchain.errors import MappingError, ParameterError
from toolchain.network import Current, Network, Population, Projection, Recording, Values
from toolchain.options import MappingOptions
from toolchain.settings import Algorithm, Choice, Origin, Rule, Settings

RELAY = {"tau_syn_E": 0.5, "tau_refrac": 1000.0}
"""Fires once, in the tick in which a large current comes in."""


def everyone(size: int, variable: str = "spikes") -> Recording:
    return Recording(variable, np.arange(size, dtype=np.int32))


def relays(label: str, size: int) -> Population:
    return cells(label, size, parameters=RELAY, recordings=(everyone(size),))


def spikes_of(emulator: Emulator, mapping: Mapping, population: int) -> list[tuple[int, int]]:
    """(tick, cell) of all recorded spikes of a population."""
    found = []
    for core in mapping.cores_of(population):
        tick, index = emulator.spikes(core)
        found += list(zip(tick.tolist(), (index + mapping.partition.slices[core].start).tolist(), strict=True))
    return sorted(found)


def run(network: Network, ticks: int, **how: object) -> tuple[Emulator, Mapping]:
    mapping = compile_network(network, **how)  # type: ignore[arg-type]  # keywords as they come
    emulator = Emulator(mapping.image)
    emulator.run(ticks)
    return emulator, mapping


@pytest.mark.parametrize("delay", [1, 2, 15, 16, 17, 32, 33, 40, 144])
@pytest.mark.parametrize("timestep", [1.0, 0.1])
def test_a_spike_takes_effect_after_its_delay(delay: int, timestep: float) -> None:
    chain = connect((1, 2), [(0, 0)], 2000.0, delay * timestep)
    source = array_source("s", [[3 * timestep]])
    feed = connect((0, 1), [(0, 0)], 2000.0, timestep)
    network = Network("n", timestep, (source, relays("a", 1), relays("b", 1)), (feed, chain))
    emulator, mapping = run(network, 200)
    assert spikes_of(emulator, mapping, 1) == [(4, 0)]
    assert spikes_of(emulator, mapping, 2) == [(4 + delay, 0)]


@pytest.mark.parametrize("longest", [1, 16, 17, 39])
def test_a_delay_that_is_cut_takes_effect_when_the_rule_says(longest: int) -> None:
    chain = connect((1, 2), [(0, 0)], 2000.0, 40.0)
    network = Network(
        "n",
        1.0,
        (array_source("s", [[3.0]]), relays("a", 1), relays("b", 1)),
        (connect((0, 1), [(0, 0)], 2000.0, 1.0), chain),
    )
    rule = Rule("projection", "1-2", "longest_delay", float(longest), Origin("a.map", 1))
    emulator, mapping = run(network, 200, options=MappingOptions(rules=(rule,)))
    assert spikes_of(emulator, mapping, 2) == [(4 + longest, 0)]
    assert len(mapping.partition.slices) == (3 if longest <= 16 else 4)
    assert [str(remark) for remark in mapping.diagnostics if remark.stage == "delays"] == [
        f"1-2: 1 of 1 delays are longer than {longest} ms and were cut to it (a.map:1)"
    ]


def test_each_cell_hears_its_own_synapses_at_their_delays() -> None:
    rng = np.random.default_rng(5)
    sources, targets, synapses = 700, 520, 300
    pre = rng.permutation(sources)[:synapses].astype(np.int32)
    post = rng.permutation(targets)[:synapses].astype(np.int32)
    steps = rng.integers(1, 145, synapses)
    made = Projection("p", 0, 1, "excitatory", pre, post, 2000.0, steps.astype(np.float64))
    network = Network("n", 1.0, (array_source("s", [[5.0]] * sources), relays("r", targets)), (made,))
    emulator, mapping = run(network, 160)
    expected = sorted(zip((5 + steps).tolist(), post.tolist(), strict=True))
    assert spikes_of(emulator, mapping, 1) == expected
    assert emulator.statistics().packets_dropped == 0


def balanced(seed: int = 3) -> Network:
    """Some hundred cells that keep each other firing, with long and short delays."""
    rng = np.random.default_rng(seed)

    def random(source: int, sizes: tuple[int, int], target: int, weight: float) -> Projection:
        n = 10 * sizes[1]
        ends = rng.integers(0, sizes[0], n, dtype=np.int32), rng.integers(0, sizes[1], n, dtype=np.int32)
        receptor = "excitatory" if weight > 0 else "inhibitory"
        return Projection("p", source, target, receptor, *ends, rng.normal(weight, 0.02, n), rng.uniform(0.1, 4.0, n))

    populations = (
        cells("E", 400, recordings=(everyone(400),)),
        cells("I", 100, recordings=(everyone(100),)),
        poisson_source("noise", 400, 300.0, recordings=(everyone(400),)),
    )
    one_to_one = np.arange(400, dtype=np.int32)
    drive = Projection("drive", 2, 0, "excitatory", one_to_one, one_to_one, 5.0, 1.0)
    projections = (drive, random(0, (400, 100), 1, 2.5), random(1, (100, 400), 0, -2.0), random(0, (400, 400), 0, 0.3))
    return Network("balanced", 0.1, populations, projections, seed=7)


SMALL = MappingOptions(neurons_per_core=64, sources_per_core=50)


@pytest.fixture(scope="module")
def activity() -> list[list[tuple[int, int]]]:
    emulator, mapping = run(balanced(), 500, options=SMALL)
    return [spikes_of(emulator, mapping, population) for population in range(3)]


@pytest.mark.parametrize("machine", ["spin3", "spin5", "3 boards"])
@pytest.mark.parametrize("placer", ["hilbert", "sequential", "scatter"])
def test_spikes_depend_neither_on_placement_nor_on_machine(
    activity: list[list[tuple[int, int]]], machine: str, placer: str
) -> None:
    settings = Settings(stages={"place": Choice((Algorithm(placer),))})
    emulator, mapping = run(balanced(), 500, machine=machine, options=SMALL, settings=settings)
    assert [trial.algorithms["place"].name for trial in mapping.trials if trial.kept] == [placer]
    assert mapping.machine.name == machine
    assert all(len(found) > 30 for found in activity)
    for population in range(3):
        assert spikes_of(emulator, mapping, population) == activity[population]


def test_spikes_do_not_depend_on_the_partition(activity: list[list[tuple[int, int]]]) -> None:
    emulator, mapping = run(balanced(), 500, options=MappingOptions(neurons_per_core=200))
    assert [spikes_of(emulator, mapping, population) for population in range(3)] == activity


def test_the_same_network_gives_the_same_image() -> None:
    one, other = (compile_network(balanced(), "spin5").image for _ in range(2))
    assert same(one, other)


def test_the_machine_is_the_smallest_that_fits() -> None:
    few = Network("few", 1.0, (cells("a", 63 * 256),), ())
    many = Network("many", 1.0, (cells("a", 64 * 256),), ())
    assert compile_network(few).machine.name == "spin3"
    assert compile_network(many).machine.name == "spin5"
    with pytest.raises(MappingError, match=r"population 'a' needs 64 cores, 63 are free on spin3; try machine='spin5'"):
        compile_network(many, machine="spin3")
    assert compile_network(many, machine=boards(3)).machine.name == "3 boards"


def test_ticks_last_a_millisecond_unless_told() -> None:
    network = Network("n", 0.1, (cells("a", 1),), ())
    assert compile_network(network).image.time_scale_factor == pytest.approx(10.0)
    assert compile_network(replace(network, timestep=2.0)).time_scale_factor == 1.0
    assert compile_network(network, time_scale_factor=20).image.cycles_per_tick == pytest.approx(400_000.0)
    with pytest.raises(MappingError, match="time_scale_factor must be > 0, got -1"):
        compile_network(network, time_scale_factor=-1.0)


def test_a_mapping_holds_every_product() -> None:
    mapping = compile_network(balanced())
    assert mapping.network == "balanced"
    assert len(mapping.memory) == len(mapping.partition.slices) == len(mapping.placement.x) == len(mapping.image.cores)
    assert len(mapping.keys.key) == len(mapping.routes.trees) == len(mapping.partition.graph.nets)
    assert mapping.minimised.entries <= mapping.tables.entries
    assert mapping.image.tables == mapping.minimised.tables
    assert [report.label for report in mapping.quantisation] == ["drive", "p", "p", "p"]
    assert set(mapping.seconds) >= {"partition", "place", "keys", "route", "tables", "weights", "image", "check"}
    assert [core.label for core in mapping.image.cores] == [part.label for part in mapping.partition.slices]
    assert any("no multiple of the timestep" in str(remark) for remark in mapping.diagnostics)


def test_cuts_can_be_kept() -> None:
    mapping = compile_network(balanced(), options=SMALL)
    again = compile_network(balanced(4), machine=mapping.machine, like=mapping)
    assert [part.label for part in again.partition.slices] == [part.label for part in mapping.partition.slices]
    with pytest.raises(MappingError, match="not those that were mapped before"):
        compile_network(Network("n", 1.0, (cells("a", 1),), ()), like=mapping)


def test_registers_recordings_and_currents_are_cut_like_the_cells() -> None:
    size = 300
    offsets = np.linspace(0.0, 0.3, size)
    step = Current(np.array([5, 260], dtype=np.int32), np.array([1.0, 1.2, 3.0]), np.array([0.5, 0.25, 0.0]))
    recordings = (Recording("v", np.array([1, 255, 256, 299], dtype=np.int32), 2),)
    population = cells("a", size, parameters={"i_offset": offsets}, currents=(step,), recordings=recordings)
    first, second = compile_network(Network("n", 1.0, (population,), ())).image.cores
    assert isinstance(first, NeuronCore)
    assert isinstance(second, NeuronCore)
    joined = np.concatenate([first.registers["i_offset"], second.registers["i_offset"]])
    assert np.array_equal(joined, np.rint(offsets * 32768))
    assert [found.index.tolist() for core in (first, second) for found in core.currents] == [[5], [4]]
    assert first.currents[0].tick.tolist() == [1, 3]
    assert first.currents[0].amplitude.tolist() == [8192, 0]
    assert [found.index.tolist() for core in (first, second) for found in core.recordings] == [[1, 255], [0, 43]]
    assert first.recordings[0].interval == 2


def test_a_current_that_does_not_fit() -> None:
    current = Current(np.zeros(1, np.int32), np.zeros(1), np.array([1e6]))
    with pytest.raises(ParameterError, match="population 'a': an injected current must be within"):
        compile_network(Network("n", 1.0, (cells("a", 1, currents=(current,)),), ()))


def test_spike_times_become_ticks_and_none_is_lost() -> None:
    source = array_source("s", [[0.04, 0.06, 0.11, 0.14], [0.1], [0.1, 0.3]], recordings=(everyone(3),))
    network = Network("n", 0.1, (source,), ())
    first, second = compile_network(network, options=MappingOptions(sources_per_core=2)).image.cores
    assert isinstance(first, ArrayCore)
    assert isinstance(second, ArrayCore)
    assert (first.tick.tolist(), first.index.tolist()) == ([0, 1, 1, 1, 1], [0, 0, 0, 0, 1])
    assert (second.tick.tolist(), second.index.tolist()) == ([1, 3], [0, 0])
    emulator, mapping = run(network, 10)
    assert spikes_of(emulator, mapping, 0) == [(0, 0), (1, 0), (1, 0), (1, 0), (1, 1), (1, 2), (3, 2)]


def test_poisson_sources_start_and_stop() -> None:
    parameters: dict[str, Values] = {
        "rate": np.array([10.0, 20.0, 30.0]),
        "start": 5.0,
        "duration": np.array([10.0, 1e10, 0.0]),
    }
    source = Population("p", 3, "SpikeSourcePoisson", parameters)
    mapping = compile_network(Network("n", 0.5, (source,), (), seed=1), options=MappingOptions(sources_per_core=2))
    first, second = mapping.image.cores
    assert isinstance(first, PoissonCore)
    assert isinstance(second, PoissonCore)
    assert (first.rate.tolist(), second.rate.tolist()) == ([10.0, 20.0], [30.0])
    assert (first.start.tolist(), first.stop.tolist()) == ([10, 10], [30, 2**31 - 1])
    assert second.stop.tolist() == [10]
    assert len(np.unique(np.concatenate([first.seed, second.seed]), axis=0)) == 3
    assert (first.key, first.mask) == (0, 0)


def test_a_network_without_cells_maps_to_nothing() -> None:
    mapping = compile_network(Network("empty", 1.0, (), ()))
    assert mapping.image.cores == ()
    assert mapping.machine.name == "spin3"


@pytest.mark.parametrize("machine", [spin3(), spin5()])
def test_conductances_and_several_programs(machine: object) -> None:
    populations = (
        array_source("s", [[1.0]]),
        relays("a", 1),
        cells("b", 1, "IF_cond_exp", recordings=(everyone(1),)),
        cells("c", 1, "Izhikevich", recordings=(everyone(1),)),
    )
    feeds = tuple(connect((0, i), [(0, 0)], weight) for i, weight in ((1, 2000.0), (2, 5.0), (3, 500.0)))
    emulator, mapping = run(Network("n", 1.0, populations, feeds), 10, machine=machine)
    assert [program.name for program in mapping.image.programs] == ["IF_curr_exp", "IF_cond_exp", "Izhikevich"]
    assert all(spikes_of(emulator, mapping, i)[0] == (2, 0) for i in (1, 2, 3))


def test_an_image_has_the_same_bytes_whatever_the_hash_seed(tmp_path: Path) -> None:
    script = """
import sys
from dataclasses import replace
from networks import poisson_source, cells, connect
from emulator.image import save_image
from toolchain.compile import compile_network
from toolchain.network import Network
from toolchain.options import MappingOptions
from toolchain.settings import Algorithm, Choice, Origin, Rule, Settings
populations = (poisson_source("in", 40, 20.0), cells("exc", 60), cells("inh", 30, "IF_cond_exp"))
all_ends = [(0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
pairs = [(i % 30, (7 * i) % 30) for i in range(99)]
made = tuple(replace(connect(ends, pairs, delay=5.0 * i), label=str(i)) for i, ends in enumerate(all_ends, 1))
network = Network("n", 1.0, populations, made)
save_image(sys.argv[1], compile_network(network, options=MappingOptions(neurons_per_core=16)).image)
"""
    found = []
    for seed in ("1", "2"):
        path = tmp_path / f"{seed}.npz"
        in_new_process(script, str(path), hash_seed=seed)
        found.append(path.read_bytes())
    assert found[0] == found[1]


def test_gap_junctions_are_refused_with_the_reason() -> None:
    made = replace(connect((0, 0), [(0, 1)], 0.1), synapse="ElectricalSynapse")
    with pytest.raises(MappingError, match="ElectricalSynapse cannot be run on SpiNNaker: a gap junction couples"):
        compile_network(Network("n", 1.0, (cells("a", 2),), (made,)))
