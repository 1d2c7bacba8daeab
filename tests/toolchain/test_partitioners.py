"""The contract of all partitioners, and what each is for."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import cells, connect, networks, poisson_source
from numpy.typing import NDArray
from rewired import structural

from emulator.emulator import Emulator
from emulator.machine import Machine, spin3, spin5
from toolchain.algorithms import PARTITIONERS
from toolchain.compile import compile_network
from toolchain.errors import MappingError
from toolchain.network import Network, Population, Recording
from toolchain.options import MappingOptions
from toolchain.partition import Partition
from toolchain.partition.check import check
from toolchain.partition.line import cut as cut_line
from toolchain.settings import Algorithm, Choice, Objective, Rule, Settings
from toolchain.workload import prepare

MACHINE = spin3()
MS = 200_000.0
"""Cycles of a tick of 1 ms."""
BALANCED = "resource_balanced"


def cut(name: str, network: Network, cycles: float = MS, machine: Machine = MACHINE, **said: float) -> Partition:
    """The partition of `network` by the partitioner of that name, checked."""
    options = MappingOptions.from_mapping(said)
    found = PARTITIONERS[name](prepare(network, options), machine, options, cycles, None)
    check(network, found, machine)
    return found


def using(*names: str, objective: Objective | None = None) -> Settings:
    return Settings(stages={"partition": Choice(tuple(map(Algorithm, names)), objective)})


# --- contract ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PARTITIONERS)
@given(network=networks(), per_core=st.integers(1, 50))
@settings(max_examples=25, deadline=None)
def test_slices_are_legal_within_limits_and_always_the_same(name: str, network: Network, per_core: int) -> None:
    found = cut(name, network, neurons_per_core=per_core, sources_per_core=per_core)
    assert max(part.size for part in found.slices) <= per_core
    assert all(part.dtcm_bytes <= MACHINE.dtcm_bytes for part in found.slices)
    again = cut(name, network, neurons_per_core=per_core, sources_per_core=per_core)
    assert again.slices == found.slices
    assert again.graph.vertices == found.graph.vertices


@pytest.mark.parametrize("name", PARTITIONERS)
@given(network=networks())
@settings(max_examples=5, deadline=None)
def test_settled_cuts_are_kept(name: str, network: Network) -> None:
    options = MappingOptions(neurons_per_core=7)
    workload = prepare(network, options)
    found = PARTITIONERS[name](workload, MACHINE, options, MS, None)
    kept = PARTITIONERS["uniform"](workload, MACHINE, MappingOptions(), MS, found.slicing)
    assert kept.slicing == found.slicing


@pytest.mark.parametrize("name", PARTITIONERS)
@given(network=networks())
@settings(max_examples=10, deadline=None)
def test_spikes_do_not_depend_on_the_partition(name: str, network: Network) -> None:
    network = replace(network, populations=tuple(map(_recorded, network.populations)))
    plain = spikes_of(network, Settings(), MappingOptions(spikes_per_second=5.0))
    other = spikes_of(network, using(name), MappingOptions(neurons_per_core=5, spikes_per_second=5.0))
    assert plain == other


def _recorded(population: Population) -> Population:
    return replace(population, recordings=(Recording("spikes", np.arange(population.size, dtype=np.int32)),))


def spikes_of(network: Network, settings: Settings, options: MappingOptions) -> list[list[tuple[int, int]]]:
    """Ticks and cells of the spikes of each population in 60 ticks."""
    mapping = compile_network(network, "spin5", options, settings=settings)
    emulator = Emulator(mapping.image)
    emulator.run(60)
    found = []
    for number in range(len(network.populations)):
        spikes: list[tuple[int, int]] = []
        for core in mapping.cores_of(number):
            tick, index = emulator.spikes(core)
            start = mapping.partition.slices[core].start
            spikes += zip(tick.tolist(), (index + start).tolist(), strict=True)
        found.append(sorted(spikes))
    return found


@pytest.mark.parametrize("name", PARTITIONERS)
def test_options_of_populations_hold(name: str) -> None:
    network = Network("n", 1.0, (cells("a", 100), cells("b", 100)), ())
    options = MappingOptions(rules=(Rule("population", "b", "neurons_per_core", 30),))
    found = PARTITIONERS[name](prepare(network, options), MACHINE, options, MS, None)
    assert [len(found.slices_of(number)) for number in (0, 1)] == [1, 4]


@pytest.mark.parametrize("name", PARTITIONERS)
def test_what_is_too_much_is_refused(name: str) -> None:
    network = Network("n", 1.0, (cells("a", 3),), (connect((0, 0), [(0, 0)]),))
    with pytest.raises(MappingError, match=r"population 'a': one timestep of one IF_curr_exp cell takes"):
        cut(name, network, cycles=100.0)
    with pytest.raises(MappingError, match=r"population 'a' needs [\d,]+ bytes of a core's fast memory"):
        cut(name, network, machine=replace(MACHINE, dtcm_bytes=5000))


# --- resource_balanced ------------------------------------------------------------------------------------------------


def sizes(found: Partition, population: int = 0) -> list[int]:
    return [found.slices[number].size for number in found.slices_of(population)]


def test_cells_that_are_alike_are_cut_evenly() -> None:
    network = Network("n", 1.0, (cells("a", 600), poisson_source("p", 1001, 5.0)), ())
    assert sizes(cut("uniform", network)) == [256, 256, 88]
    assert sizes(cut(BALANCED, network)) == [200, 200, 200]
    assert sizes(cut(BALANCED, network), 1) == [334, 333, 334]


def uneven(neurons: int = 300) -> Network:
    """A third of the cells have all synapses."""
    pairs = [(pre, post) for post in range(neurons // 3) for pre in range(neurons)]
    return Network("n", 1.0, (cells("a", neurons),), (connect((0, 0), pairs),))


def test_cells_with_many_synapses_have_smaller_slices() -> None:
    said = {"spikes_per_second": 250.0, "synapse_cores": 0}
    plain, balanced = (cut(name, uneven(), **said) for name in ("uniform", BALANCED))
    most = [max(part.cycles for part in found.slices) for found in (plain, balanced)]
    least = [min(part.cycles for part in found.slices) for found in (plain, balanced)]
    assert most[1] <= 0.9 * MS < most[0]
    assert most[1] / least[1] < most[0] / least[0]


def test_sources_with_high_rates_have_smaller_slices() -> None:
    source = poisson_source("p", 600, 0.0)
    source = replace(source, parameters={**source.parameters, "rate": np.linspace(0.0, 9000.0, 600)})
    network = Network("n", 1.0, (source,), ())
    plain, balanced = cut("uniform", network), cut(BALANCED, network)
    assert sizes(plain) == [500, 100]
    first, second = balanced.slices
    assert first.size > second.size
    assert abs(first.cycles - second.cycles) < 0.02 * first.cycles


def test_places_of_new_synapses_are_found_by_division() -> None:
    """Sources of structural projections have slices of one size."""
    sources = poisson_source("p", 600, np.linspace(0.0, 400.0, 600))
    made = structural(0, 1, [(0, 0)], s_max=4.0)
    assert sizes(cut(BALANCED, Network("n", 1.0, (sources, cells("c", 10)), (made,)))) == [300, 300]


# --- cutting a line ---------------------------------------------------------------------------------------------------


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=1, max_size=9),
    st.integers(1, 5),
    st.integers(0, 9),
)
@settings(max_examples=100, deadline=None)
def test_a_line_is_cut_as_well_as_by_trying_all_ways(items: list[list[int]], parts: int, more: int) -> None:
    loads = np.array(items, dtype=np.float64).T
    most = -(-len(items) // parts) + more
    found = cut_line(loads, parts, most)
    parts = min(parts, len(items))
    assert len(found) == parts
    assert found[0] == 0
    lengths = np.diff([*found, len(items)])
    assert lengths.min() > 0
    assert lengths.max() <= most
    allowed = [way for way in ways(len(items), parts) if np.diff([*way, len(items)]).max() <= most]
    assert fullest(loads, found) <= min(fullest(loads, way) for way in allowed) + 1e-4


def ways(items: int, parts: int) -> list[tuple[int, ...]]:
    """All ways to cut so many items."""
    return [(0, *cuts) for cuts in combinations(range(1, items), parts - 1)]


def fullest(loads: NDArray[np.float64], starts: tuple[int, ...]) -> float:
    return float(np.add.reduceat(loads, starts, axis=1).max())


# --- choosing ---------------------------------------------------------------------------------------------------------


def test_the_best_partition_is_kept() -> None:
    network = Network("n", 1.0, (cells("a", 600), cells("b", 600)), (connect((0, 1), [(0, 0), (300, 0)]),))
    settings = using("uniform", BALANCED, objective=Objective({"hops": 1.0}))
    mapping = compile_network(network, spin5(), settings=settings)
    tried = {str(trial.algorithms["partition"]) for trial in mapping.trials}
    assert tried == {"uniform", BALANCED}
    (kept,) = [trial for trial in mapping.trials if trial.kept]
    assert kept.figures["hops"] == mapping.graph_mapping.hops == min(trial.figures["hops"] for trial in mapping.trials)
