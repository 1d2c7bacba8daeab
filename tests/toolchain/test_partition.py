"""Partition: slices, nets, loads and the checker that finds what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import array_source, cells, connect, networks, poisson_source

from emulator.cycles import SPIKE_CYCLES, TICK_CYCLES
from emulator.machine import Machine, spin3
from toolchain.errors import IllegalProductError, MappingError
from toolchain.graph import Net
from toolchain.network import Network, Recording
from toolchain.options import MappingOptions
from toolchain.partition import Partition
from toolchain.partition.check import check
from toolchain.partition.load import overloads
from toolchain.partition.traffic import traffic_pairs
from toolchain.partition.uniform import partition
from toolchain.rows import Slicing
from toolchain.settings import Rule
from toolchain.workload import prepare

MACHINE = spin3()
MS = 200_000.0
"""Cycles of a tick of 1 ms."""


def cut(network: Network, cycles: float = MS, machine: Machine = MACHINE, **options: float) -> Partition:
    """The partition of `network`, checked."""
    return cut_by(network, MappingOptions.from_mapping(options), cycles, machine)


def cut_by(network: Network, options: MappingOptions, cycles: float = MS, machine: Machine = MACHINE) -> Partition:
    """The same by options with rules."""
    found = partition(prepare(network, options), machine, options, cycles)
    check(network, found, machine, options)
    return found


@given(network=networks(), per_core=st.integers(1, 50))
@settings(max_examples=50, deadline=None)
def test_any_network_is_cut_legally(network: Network, per_core: int) -> None:
    found = cut(network, neurons_per_core=per_core)
    held = [sum(part.size for part in found.slices if part.population == i and part.kind != "delay") for i in range(9)]
    assert held[: len(network.populations)] == [population.size for population in network.populations]
    sinks = {(net.source, sink) for net in found.graph.nets for sink in net.sinks.tolist()}
    direct = set()
    for made in network.projections:
        delays = np.broadcast_to(made.delay, len(made))
        for pre, post, delay in zip(made.pre.tolist(), made.post.tolist(), delays.tolist(), strict=True):
            source = found.slices_of(made.source)[pre // found.slicing.per_core[made.source]]
            target = found.slices_of(made.target)[post // found.slicing.per_core[made.target]]
            direct |= {(source + 1, target), (source, source + 1)} if round(delay) > 16 else {(source, target)}
    assert sinks == direct


def test_slices_have_one_size_and_follow_each_other() -> None:
    network = Network("n", 1.0, (cells("a", 600), poisson_source("p", 1001, 5.0), array_source("s", [[1.0]] * 3)), ())
    found = cut(network)
    assert [part.label for part in found.slices] == [
        "a[0:256]", "a[256:512]", "a[512:600]", "p[0:500]", "p[500:1000]", "p[1000:1001]", "s[0:3]",
    ]  # fmt: skip
    assert [part.kind for part in found.slices] == ["neurons"] * 3 + ["poisson"] * 3 + ["array"]
    assert found.slices_of(1) == (3, 4, 5)
    assert found.graph.nets == ()


def test_long_delays_get_stages_beside_their_slice() -> None:
    made = connect((0, 1), [(0, 0), (3, 1), (3, 0)], delay=np.array([16.0, 17.0, 49.0]))
    found = cut(Network("n", 1.0, (cells("a", 4), cells("b", 2)), (made,)), neurons_per_core=2)
    assert [part.label for part in found.slices] == ["a[0:2]", "a[2:4]", "a[2:4] delayed", "b[0:2]"]
    assert (found.slices[2].source, found.slices[2].stages, found.slices[2].kind) == (1, 3, "delay")
    nets = [(net.source, net.sinks.tolist(), net.keys, net.weight) for net in found.graph.nets]
    assert nets == [(0, [3], 2, 2.0), (1, [2], 2, 2.0), (2, [3], 3 << 1, 2.0)]
    assert [net.rate for net in found.graph.nets] == [60.0, 60.0, 60.0]
    assert np.argwhere(found.sends[2]).tolist() == [[0, 1], [2, 1]]


@pytest.mark.parametrize(("longest", "stages"), [(49, 3), (33, 2), (32, 1), (17, 1), (16, 0), (5, 0), (0.3, 0)])
def test_delays_that_a_rule_cuts_save_their_stages(longest: float, stages: int) -> None:
    made = connect((0, 1), [(0, 0), (3, 1), (3, 0)], delay=np.array([16.0, 17.0, 49.0]))
    network = Network("n", 1.0, (cells("a", 4), cells("b", 2)), (made,))
    options = MappingOptions(neurons_per_core=2, rules=(Rule("projection", "0-1", "longest_delay", longest),))
    found = cut_by(network, options)
    assert [part.stages for part in found.slices if part.kind == "delay"] == [stages] * (stages > 0)
    if not stages:
        with pytest.raises(IllegalProductError, match="needs delay stages that its source slice lacks"):
            check(network, found, MACHINE)


def test_memory_is_laid_out_for_what_is_recorded() -> None:
    everyone = np.arange(300, dtype=np.int32)
    recordings = (Recording("v", everyone[:10], 2), Recording("spikes", everyone))
    found = cut(Network("n", 1.0, (cells("a", 300, recordings=recordings),), ()), recording_ticks=100)
    first, last = ({region.name: region.bytes for region in memory.sdram} for memory in found.memory)
    assert first["recorded v"] == 50 * 4 * 11
    assert first["recorded spikes"] == 100 * 4 * (1 + 8)
    assert "recorded v" not in last
    assert {region.name for region in found.memory[0].dtcm} >= {"ring buffers", "neuron state", "population table"}
    assert found.slices[0].dtcm_bytes == sum(region.bytes for region in found.memory[0].dtcm)


def dense(neurons: int, cell: str = "IF_curr_exp") -> Network:
    pairs = [(pre, post) for post in range(neurons) for pre in range(neurons)]
    return Network("n", 1.0, (cells("a", neurons, cell),), (connect((0, 0), pairs),))


def test_the_expected_load_makes_slices_smaller_but_not_tiny() -> None:
    assert cut(dense(200)).slicing.per_core == (200,)
    assert cut(dense(200), spikes_per_second=1000.0, synapse_cores=0).slicing.per_core == (64,)
    assert cut(dense(20), spikes_per_second=1e6, synapse_cores=0).slicing.per_core == (20,)
    medium = cut(dense(200), spikes_per_second=200.0)
    assert 64 < medium.slicing.per_core[0] < 200
    assert max(part.cycles for part in medium.slices) <= 0.95 * MS


def test_rows_that_padding_makes_too_large_are_cut_again() -> None:
    """One source with 64 synapses makes all 250 rows of its block as long as its own."""
    pairs = [(0, post) for post in range(64)] + [(pre, 0) for pre in range(1, 500)]
    network = Network("n", 1.0, (cells("s", 500), cells("t", 64)), (connect((0, 1), pairs),))
    small = replace(MACHINE, sdram_bytes=60_000)
    roomy, tight = cut(network, neurons_per_core=250), cut(network, machine=small, neurons_per_core=250)
    assert roomy.slicing.per_core == (250, 64)
    assert tight.slicing.per_core == (250, 32)
    assert max(part.sdram_bytes for part in roomy.slices) > 60_000 >= max(part.sdram_bytes for part in tight.slices)


@given(slices=st.integers(1, 200), seed=st.integers(0, 99), synapses=st.integers(0, 5000))
@settings(max_examples=30, deadline=None)
def test_traffic_is_found_as_by_a_set(slices: int, seed: int, synapses: int) -> None:
    random = np.random.default_rng(seed)
    pre, post, of_source, of_target = random.integers(0, slices, (4, max(synapses, slices))).astype(np.int32)
    stages, delay = of_source + np.int32(slices), random.choice([1.0, 16.5, 17.0], len(pre))
    pairs, stuck = traffic_pairs(pre, post, delay, 1.0, of_source, stages, of_target, 2 * slices)
    late = delay > 16.5
    sender = np.where(late, stages[pre], of_source[pre])
    assert sorted(pairs.tolist()) == sorted(set((sender * np.int64(2 * slices) + of_target[post]).tolist()))
    assert stuck == -1
    none = np.full_like(stages, -1)
    first_late = int(late.argmax()) if late.any() else -1
    assert traffic_pairs(pre, post, delay, 1.0, of_source, none, of_target, slices)[1] == first_late


def test_the_estimated_cycles_are_those_of_the_parts() -> None:
    network = Network("n", 1.0, (poisson_source("p", 10, 100.0), array_source("s", [[0.0, 999.0], [1.0, 3.0]])), ())
    found = cut(network)
    assert found.slices[0].cycles == TICK_CYCLES + 40 * 10 + SPIKE_CYCLES * 1
    assert found.slices[1].cycles == TICK_CYCLES


def test_cores_that_take_more_than_their_margin_are_told_and_how_to_keep_it() -> None:
    """For their synapses slices are not cut below 64 cells; with what the remark says they keep to the margin."""
    network = dense(200)
    options = MappingOptions(cycles_margin=0.05, synapse_cores=0)
    found = cut_by(network, options)
    assert found.slicing.per_core == (64,)
    (remark,) = overloads(network, found, MS, options)
    share = 100 * max(part.cycles for part in found.slices) / MS
    told = (
        f"a: at the assumed rates a core needs {share:.3g} % of its tick, and cycles_margin is 5 %: to keep to it lower"
    )
    assert str(remark).startswith(told)
    for kept in (replace(options, neurons_per_core=16), replace(options, synapse_cores=4)):
        assert overloads(network, cut_by(network, kept), MS, kept) == ()


def test_overloads_are_told() -> None:
    network = dense(100)
    found = cut(network, spikes_per_second=2000.0, synapse_cores=0)
    (remark,) = overloads(network, found, MS)
    assert str(remark).startswith("a: at the assumed rates a core needs ")
    assert "expect overruns; a time_scale_factor 2.3 times as large would do" in str(remark)
    assert overloads(network, found, 1e9) == ()


def test_a_cell_that_takes_longer_than_a_tick() -> None:
    with pytest.raises(MappingError, match=r"population 'a': one timestep of one IF_cond_exp cell takes \d+ cycles"):
        cut(dense(3, "IF_cond_exp"), cycles=600.0)


def test_memory_that_does_not_suffice() -> None:
    with pytest.raises(MappingError, match=r"population 'a' needs [\d,]+ bytes of a core's fast memory .DTCM."):
        cut(dense(3), machine=replace(MACHINE, dtcm_bytes=5000))
    with pytest.raises(MappingError, match=r"population 'a' needs [\d,]+ bytes of a chip's memory .* 500 are there; "):
        cut(dense(3), machine=replace(MACHINE, sdram_bytes=500))


def test_little_fast_memory_makes_slices_smaller() -> None:
    found = cut(dense(200), machine=replace(MACHINE, dtcm_bytes=20_000))
    assert found.slicing.per_core[0] < 200
    assert all(part.dtcm_bytes <= 20_000 for part in found.slices)


def test_some_fast_memory_is_kept_off() -> None:
    whole, kept = cut(dense(200)), cut(dense(200), dtcm_margin=0.3)
    assert len(kept.slices) > len(whole.slices)
    assert all(part.dtcm_bytes <= 0.3 * MACHINE.dtcm_bytes for part in kept.slices)


def test_settled_cuts_are_kept() -> None:
    options = MappingOptions()
    found = partition(prepare(dense(9), options), MACHINE, options, MS, Slicing.uniform((9,), (4,)))
    assert [part.size for part in found.slices] == [4, 4, 1]


DELAYED = Network(
    "n", 1.0, (cells("a", 4), cells("b", 2)), (connect((0, 1), [(0, 0), (3, 1)], delay=np.array([1.0, 20.0])),)
)


def _slice(broken: Partition, number: int, **changes: int) -> Partition:
    slices = list(broken.slices)
    slices[number] = replace(slices[number], **changes)  # type: ignore[arg-type]  # the fields differ in type
    return replace(broken, slices=tuple(slices))


def _more_sinks(broken: Partition) -> Partition:
    first = broken.graph.nets[0]
    more = Net(first.source, np.array([1, 3], dtype=np.int32), first.keys, first.weight)
    return replace(broken, graph=replace(broken.graph, nets=(more, *broken.graph.nets[1:])))


def _keep(broken: Partition, keep: Sequence[int]) -> Partition:
    """Some of the slices, in that order, and no nets."""
    graph = replace(broken.graph, vertices=tuple(broken.graph.vertices[i] for i in keep), nets=())
    slices, memory = tuple(broken.slices[i] for i in keep), tuple(broken.memory[i] for i in keep)
    return replace(broken, slices=slices, memory=memory, graph=graph)


BREAKS: dict[str, Callable[[Partition], Partition]] = {
    "cover": lambda p: _slice(p, 0, stop=1),
    "consecutive": lambda p: _keep(p, (3, 0, 1, 2)),
    "is not vertex": lambda p: replace(p, graph=replace(p.graph, vertices=p.graph.vertices[::-1])),
    "exceeds the DTCM": lambda p: _slice(p, 0, dtcm_bytes=1),
    "delays": lambda p: _slice(p, 2, source=0),
    "has 9 stages": lambda p: _slice(p, 2, stages=9),
    "lacks its packets": lambda p: replace(p, graph=replace(p.graph, nets=p.graph.nets[1:])),
    "has no synapse for its packets": _more_sinks,
    "needs delay stages": lambda p: _keep(p, (0, 1, 3)),
}


@pytest.mark.parametrize("violation", BREAKS)
def test_the_checker_finds_what_is_broken(violation: str) -> None:
    good = cut(DELAYED, neurons_per_core=2)
    with pytest.raises(IllegalProductError, match=violation):
        check(DELAYED, BREAKS[violation](good), MACHINE)
