"""The emulator on images whose behaviour is known by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from images import (
    FULL,
    INTEGRATOR,
    Synapse,
    image,
    ints,
    mask_for,
    neurons,
    poisson,
    renewal,
    route,
    source,
    stages,
    table,
)
from random_images import all_to_all, random_image

from emulator.carry_over import rescaled
from emulator.cycles import (
    INTERVAL_CYCLES,
    PACKET_CYCLES,
    ROW_CYCLES,
    SOURCE_CYCLES,
    SPIKE_CYCLES,
    SYNAPSE_CYCLES,
    TICK_CYCLES,
    program_cycles,
)
from emulator.emulator import Emulator
from emulator.errors import EmulatorError
from emulator.image import Current, MachineImage, SynapseCore
from emulator.machine import torus
from emulator.renewal import RenewalTrains
from emulator.statistics import together

KEY = 0x1000


def one_source(
    synapses: Sequence[Synapse], spikes: Sequence[tuple[int, int]], n: int = 2, shift: tuple[int, int] = (0, 0)
) -> MachineImage:
    """A source of one neuron on processor 2 feeds `n` cells on processor 1."""
    cells = neurons(n, [(KEY, FULL, [synapses])], shift=shift, recordings=[("v", range(n), 1)])
    return image([cells, source(1, spikes, KEY)], [table(0, 0, (KEY, FULL, route(1)))])


def voltages(made: MachineImage, ticks: int, threads: int = 1) -> np.ndarray:
    emulator = Emulator(made, threads)
    emulator.run(ticks)
    return emulator.recording(0, "v")


@pytest.mark.parametrize("delay", [1, 2, 15, 16])
@pytest.mark.parametrize("tick", [0, 5, 15, 16, 31, 1000])
def test_a_spike_acts_after_its_delay(delay: int, tick: int) -> None:
    """A packet of tick t with delay d is taken in at tick t + d, so sample t + d + 1 is the first to show it."""
    v = voltages(one_source([(1, 7, delay, 0)], [(tick, 0)]), tick + 40)
    assert not v[:, 0].any()
    assert np.flatnonzero(v[:, 1]).min() == tick + delay + 1
    assert v[-1, 1] == 7


def test_types_and_shifts() -> None:
    v = voltages(one_source([(0, 5, 1, 0), (0, 3, 2, 1), (1, 9, 3, 1)], [(0, 0)], shift=(2, 4)), 6)
    assert v[:, 0].tolist() == [0, 0, 20, 20 - 48, 20 - 48, 20 - 48, 20 - 48]
    assert v[:, 1].tolist() == [0, 0, 0, 0, -144, -144, -144]


def test_sums_saturate_and_are_counted() -> None:
    made = one_source([(0, 0xFFFF, 4, 0), (1, 0x8000, 4, 0), (0, 1, 4, 0), (1, 0x7FFF, 4, 0)], [(0, 0)])
    emulator = Emulator(made)
    emulator.run(6)
    assert emulator.recording(0, "v")[-1].tolist() == [0xFFFF, 0xFFFF]
    counts = emulator.statistics().cores[0]
    assert (counts.saturations, counts.synaptic_events, counts.rows, counts.packets_received) == (1, 4, 1, 1)


def delayed(n: int, total: int, spikes: Sequence[tuple[int, int]]) -> MachineImage:
    """A source of `n` neurons, whose neuron 1 acts on the cell after `total` > 16 ticks by a delay stage."""
    stage = (total - 1) // 16 - 1
    sender = source(n, spikes, KEY)
    send = np.zeros((stage + 1, n), dtype=bool)
    send[stage, 1] = True
    delay = stages(sender, send, KEY + 0x100)
    rows: list[list[Synapse]] = [[] for _ in range(len(send) << 2)]
    rows[stage << 2 | 1] = [(0, 7, total - 16 * (stage + 1), 0)]
    cells = neurons(1, [(delay.key, delay.mask, rows)] if n > 1 else [])
    tables = [table(0, 0, (KEY, sender.mask, route(3)), (delay.key, delay.mask, route(1)))]
    return image([cells, sender, delay], tables)


@pytest.mark.parametrize("total", [17, 31, 32, 33, 48, 49, 64, 65, 144])
def test_delay_stages(total: int) -> None:
    v = voltages(delayed(4, total, [(3, 1), (4, 1), (4, 2), (20, 1)]), 200)[:, 0]
    assert (np.flatnonzero(np.diff(v)) + 1).tolist() == [t + total + 1 for t in (3, 4, 20)]
    assert v[-1] == 21


def test_the_queue_of_a_delay_core_stays_short() -> None:
    """Six thousand spikes go through it, and all of them come out."""
    spikes = [(t, 1) for t in range(0, 12000, 2)]
    emulator = Emulator(delayed(4, 40, spikes))
    emulator.run(12050)
    assert emulator.recording(0, "v")[-1, 0] == 7 * 6000
    assert len(emulator._engine.heard(2)[0]) < 5000


def test_default_route_and_links_are_counted() -> None:
    """From (0, 0) east through (1, 0), which has no table, to (2, 0)."""
    cells = neurons(1, [(KEY, FULL, [[(0, 2, 1, 0)]])], place=(2, 0, 1))
    tables = [table(0, 0, (KEY, FULL, route(links=[0]))), table(2, 0, (KEY, FULL, route(1)))]
    emulator = Emulator(image([cells, source(1, [(0, 0), (7, 0)], KEY)], tables))
    emulator.run(20)
    counted = emulator.statistics()
    assert emulator.recording(0, "v")[-1, 0] == 4
    assert counted.link_packets[0, 0, 0] == counted.link_packets[1, 0, 0] == 2
    assert counted.hops == 4
    assert (counted.packets_sent, counted.packets_received, counted.packets_dropped) == (2, 2, 0)


def test_local_packets_without_a_route_are_dropped() -> None:
    emulator = Emulator(image([neurons(1), source(3, [(0, 0), (0, 2), (7, 1)], KEY)], []))
    emulator.run(10)
    counted = emulator.statistics()
    assert (counted.packets_sent, counted.packets_received, counted.packets_dropped) == (3, 0, 3)
    assert counted.drops[0, 0] == 3


def test_packets_that_no_entry_serves_are_counted() -> None:
    cells = neurons(1, [(KEY, FULL, [[(0, 2, 1, 0)]])])
    sender = source(2, [(0, 0), (1, 1), (2, 1)], KEY)
    emulator = Emulator(image([cells, sender], [table(0, 0, (KEY, mask_for(2), route(1, 2)))]))
    emulator.run(5)
    hearer, talker = emulator.statistics().cores
    assert (hearer.packets_received, hearer.unmatched, hearer.rows) == (3, 2, 1)
    assert (talker.packets_received, talker.unmatched) == (3, 3)


def test_a_core_without_key_sends_nothing() -> None:
    emulator = Emulator(image([neurons(1, v=5, threshold=1)], [table(0, 0, (0, 0, route(1)))]))
    emulator.run(3)
    counted = emulator.statistics()
    assert counted.spikes == 1
    assert counted.packets_sent == counted.packets_received == counted.packets_dropped == 0


def test_several_spikes_of_a_poisson_source_in_a_tick() -> None:
    """Every spike is a packet: the cell, which a packet raises by 1, counts them."""
    cells = neurons(2, [(KEY, mask_for(2), [[(0, 1, 1, 0)], [(1, 1, 1, 0)]])], recordings=[("v", (0, 1), 1)])
    emulator = Emulator(image([cells, poisson([5000.0, 50.0], KEY)], [table(0, 0, (KEY, mask_for(2), route(1)))]))
    emulator.run(200)
    tick, index = emulator.spikes(1)
    v = emulator.recording(0, "v")
    assert v[-1].tolist() == [np.count_nonzero((index == i) & (tick < 199)) for i in (0, 1)]
    assert v[-1, 0] == pytest.approx(1000, rel=0.15)
    assert np.diff(v[:, 0]).max() > 5
    counted = emulator.statistics()
    assert counted.packets_sent == counted.packets_received == counted.cores[1].spikes == len(tick)


def test_renewal_sources() -> None:
    """Their trains, whose intervals have their price, go on in another image, and begin anew after a reset."""
    core = renewal(5, KEY)
    emulator = Emulator(image([core], []))
    emulator.run(100)
    found = emulator.spikes(0)
    expected = RenewalTrains(core.intervals, core.start, core.stop, core.seed, timestep=1.0).run(150)
    assert all(np.array_equal(a, b[expected[0] < 100]) for a, b in zip(found, expected, strict=True))
    cycles = emulator.statistics().cores[0].cycles_mean * 100
    assert cycles == 100 * (TICK_CYCLES + 5 * SOURCE_CYCLES) + len(found[0]) * (SPIKE_CYCLES + INTERVAL_CYCLES)
    again = Emulator(image([renewal(5, KEY)], []))
    again.carry_over(emulator)
    again.run(50)
    assert all(np.array_equal(a, b[expected[0] >= 100]) for a, b in zip(again.spikes(0), expected, strict=True))
    again.reset()
    again.run(100)
    assert all(map(np.array_equal, again.spikes(0), found))


def test_recorded_spikes_are_those_asked_for() -> None:
    sender = replace(source(4, [(0, 0), (0, 3), (2, 1), (2, 2), (5, 3)], KEY), record_spikes=ints(1, 3))
    emulator = Emulator(image([neurons(1), sender], []))
    emulator.run(10)
    tick, index = emulator.spikes(1)
    assert tick.tolist() == [0, 2, 5]
    assert index.tolist() == [3, 1, 3]
    emulator.clear(1)
    assert len(emulator.spikes(1)[0]) == 0
    assert [len(column) for column in Emulator(image([neurons(1)], [])).spikes(0)] == [0, 0]


def test_injected_currents_step_and_add_up() -> None:
    currents = [
        Current(ints(0, 1), ints(2, 4), ints(10, 0)),
        Current(ints(1), ints(3), ints(-1)),
        Current(ints(1, 1), ints(5), ints(100)),
    ]
    made = image([neurons(2, recordings=[("v", (0, 1), 1)], currents=currents)], [])
    v = voltages(made, 7)
    assert np.diff(v, axis=0).T.tolist() == [[0, 0, 10, 10, 0, 0, 0], [0, 0, 10, 9, -1, 199, 199]]


@pytest.mark.parametrize(("interval", "ticks"), [(1, 7), (3, 6), (3, 7), (5, 0), (5, 4)])
def test_samples_at_intervals(interval: int, ticks: int) -> None:
    """Every interval-th state from tick 0 on, that of the present moment included."""
    currents = [Current(ints(0), ints(0), ints(1))]
    made = image([neurons(1, recordings=[("v", (0,), interval)], currents=currents)], [])
    assert voltages(made, ticks)[:, 0].tolist() == list(range(0, ticks + 1, interval))


def test_what_a_tick_computes_is_known_before_it_is_run() -> None:
    """The last sample of an input is what the next tick will take in; asking for it changes nothing."""
    spikes = [(0, 0), (2, 0), (9, 0)]
    cells = neurons(1, [(KEY, FULL, [[(0, 3, 2, 0)]])], recordings=[("net", (0,), 1), ("v", (0,), 1)])
    made = image([cells, source(1, spikes, KEY)], [table(0, 0, (KEY, FULL, route(1)))])
    asked, whole = Emulator(made), Emulator(made)
    seen = []
    for _ in range(15):
        seen.append(int(asked.recording(0, "net")[-1, 0]))
        asked.run(1)
    whole.run(15)
    assert seen == whole.recording(0, "net")[:15, 0].tolist()
    assert np.flatnonzero(seen).tolist() == [2, 4, 11]
    assert seen[2] == 3 << 1
    assert np.array_equal(asked.recording(0, "v"), whole.recording(0, "v"))


def test_samples_of_a_current_that_is_about_to_change() -> None:
    program = replace(INTEGRATOR, recorded=(("current", 4, 0),))
    currents = [Current(ints(0), ints(0, 3, 5), ints(1, 2, 3))]
    made = image([neurons(1, recordings=[("current", (0,), 1)], currents=currents)], [], programs=[program])
    emulator = Emulator(made)
    for _ in range(6):
        emulator.recording(0, "current")
        emulator.run(1)
    assert emulator.recording(0, "current")[:, 0].tolist() == [1, 1, 1, 2, 2, 3, 3]


def test_registers_are_read_as_they_are() -> None:
    """Cores share the words of parameters that are the same for all their neurons, and of no others."""
    own = {"v": ints(1, 2, 3), "threshold": ints(50, 2, 50)}
    emulator = Emulator(image([neurons(3, registers=own), neurons(3, place=(0, 0, 2), threshold=50)], []))
    before = emulator.register(0, "v")
    assert before.tolist() == [1, 2, 3]
    before[:] = 9
    emulator.run(1)
    assert emulator.register(0, "v").tolist() == [1, 0, 3]
    assert emulator.register(0, "threshold").tolist() == [50, 2, 50]
    assert emulator.register(1, "threshold").tolist() == [50, 50, 50]
    assert emulator.spikes(0)[1].tolist() == [1]


def test_names_that_are_not_there() -> None:
    emulator = Emulator(image([neurons(1), source(1, [], KEY)], []))
    for name in ("w", "net", "exc"):
        with pytest.raises(KeyError, match=rf"'cells\[0:1\]' has no register '{name}' that outlives a tick"):
            emulator.register(0, name)
    with pytest.raises(KeyError, match=r"'input\[0:1\]' runs no program"):
        emulator.register(1, "v")
    for core in (0, 1):
        with pytest.raises(KeyError, match="does not record 'net'"):
            emulator.recording(core, "net")


def test_cycles_and_overruns() -> None:
    """A tick costs the same until packets come; where a tick has fewer cycles than that, every tick overruns."""
    made = one_source([(0, 1, 1, 0), (1, 1, 1, 0)], [(2, 0)])
    emulator = Emulator(made)
    emulator.run(4)
    counts = emulator.statistics().cores[0]
    idle = TICK_CYCLES + 2 * program_cycles(INTEGRATOR)
    busy = idle + PACKET_CYCLES + ROW_CYCLES + 2 * SYNAPSE_CYCLES
    assert counts.cycles_max == busy
    assert counts.cycles_mean == (3 * idle + busy) / 4
    assert counts.overruns == 0
    for cycles, overruns in ((idle, 1), (idle - 1, 4), (busy, 0)):
        tight = Emulator(replace(made, time_scale_factor=cycles / made.cycles_per_tick))
        tight.run(4)
        assert tight.statistics().cores[0].overruns == overruns
        assert tight.statistics().overruns >= overruns


def test_progress_and_pieces() -> None:
    calls: list[int] = []
    emulator = Emulator(one_source([(0, 1, 1, 0)], []))
    emulator.run(1000, calls.append)
    assert calls == sorted(set(calls))
    assert calls[-1] == 1000
    assert emulator.tick == 1000
    emulator.run(0, calls.append)
    assert emulator.tick == 1000
    for ticks in (-1, 2**31):
        with pytest.raises(ValueError, match=f"ticks must be from 0 to [0-9]+, got {ticks}"):
            emulator.run(ticks)
    for threads in (0, -3, 5000):
        with pytest.raises(ValueError, match=f"threads must be from 1 to 1024, got {threads}"):
            Emulator(emulator.image, threads)


def test_reset_is_a_fresh_start() -> None:
    made = random_image(5, 60)
    emulator = Emulator(made)
    emulator.run(60)
    first = [emulator.spikes(number) for number in range(len(made.cores))], emulator.statistics()
    emulator.reset()
    assert emulator.tick == emulator.statistics().ticks == emulator.statistics().spikes == 0
    emulator.run(60)
    for number, spikes in enumerate(first[0]):
        assert all(map(np.array_equal, emulator.spikes(number), spikes))
    assert emulator.statistics().cores == first[1].cores


@pytest.mark.parametrize("at", [0, 1, 37])
@pytest.mark.parametrize("seed", range(4))
def test_carried_over_to_the_same_image_a_run_goes_on(seed: int, at: int) -> None:
    made = random_image(seed, 90)
    whole, first, second = Emulator(made), Emulator(made), Emulator(made, threads=2)
    whole.run(90)
    first.run(at)
    second.carry_over(first)
    assert second.tick == at
    second.run(90 - at)
    for number, core in enumerate(made.cores):
        both = [np.concatenate(pair) for pair in zip(first.spikes(number), second.spikes(number), strict=True)]
        assert all(map(np.array_equal, both, whole.spikes(number)))
        for recording in getattr(core, "recordings", ()):
            past = first._engine.samples(number, first._recording(number, recording.variable))
            samples = np.concatenate([past, second.recording(number, recording.variable)])
            assert np.array_equal(samples, whole.recording(number, recording.variable))
    counted, wanted = together(first.statistics(), second.statistics()), whole.statistics()
    assert [replace(core, cycles_mean=0) for core in counted.cores] == [
        replace(core, cycles_mean=0) for core in wanted.cores
    ]
    means = [core.cycles_mean for core in counted.cores], [core.cycles_mean for core in wanted.cores]
    assert means[0] == pytest.approx(means[1])
    assert (counted.ticks, counted.packets_dropped) == (wanted.ticks, wanted.packets_dropped)
    assert np.array_equal(counted.link_packets, wanted.link_packets)
    assert np.array_equal(counted.drops, wanted.drops)
    second.reset()
    assert second.statistics().ticks == second.statistics().packets_sent == 0


def test_carried_over_with_other_weights() -> None:
    """What is under way keeps its size in s16.15, as far as the new scale can hold it."""
    synapses = [(0, 6, 5, 0), (1, 0xFFFF, 5, 0), (0, 5, 5, 1)]
    first = Emulator(one_source(synapses, [(0, 0)], shift=(2, 1)))
    first.run(2)
    second = Emulator(one_source([(1, 1, 1, 0)], [(0, 0), (2, 0)], shift=(1, 3)))
    second.carry_over(first)
    second.run(10)
    assert second.recording(0, "v")[-1].tolist() == [24 - 8, (0xFFFF << 1) + (1 << 1)]


def test_carried_over_with_other_parameters() -> None:
    first = Emulator(image([neurons(2, threshold=40, v=7), poisson([40.0, 400.0], KEY)], []))
    first.run(50)
    second = Emulator(image([neurons(2, threshold=7), poisson([40.0, 0.0], KEY)], []))
    second.carry_over(first)
    assert second.register(0, "v").tolist() == [7, 7]
    second.run(450)
    assert second.spikes(0)[0].tolist() == [50, 50]
    assert set(second.spikes(1)[1].tolist()) == {0}


def test_carried_over_to_another_machine() -> None:
    """Counts of cores go on; links and chips are others."""
    made = random_image(2, 60)
    first, second = Emulator(made), Emulator(moved(replace(made, machine=torus(4, 4)), 1))
    first.run(30)
    second.carry_over(first)
    second.run(30)
    whole = Emulator(made)
    whole.run(60)
    counted = together(first.statistics(), second.statistics())
    assert counted.spikes == whole.statistics().spikes
    assert counted.saturations == whole.statistics().saturations
    assert counted.link_packets.shape == (4, 4, 6)


def repeated(*sends: int) -> MachineImage:
    """One source that spikes in ticks 0 and 20; delay stage s repeats them to a cell if ``sends[s]``."""
    sender = source(1, [(0, 0), (20, 0)], KEY)
    send = np.array(sends, dtype=bool).reshape(-1, 1)
    delay = stages(sender, send, 0x200)
    rows = [[(0, 1, 1, 0)] for _ in sends]
    cells = neurons(1, [(0x200, delay.mask, rows)])
    entries = [(KEY, FULL, route(3)), (0x200, delay.mask, route(1))]
    return image([cells, sender, delay], [table(0, 0, *entries)])


@pytest.mark.parametrize(
    ("old", "new", "at", "dropped", "arrivals"),
    [
        ((1,), (1,), 5, 0, [17, 37]),
        ((1,), (0, 1), 5, 1, [33, 53]),
        ((1,), (0, 1), 16, 1, [33, 53]),
        ((1,), (0, 1), 17, 0, [17, 53]),
        ((1, 1), (1,), 21, 2, [17, 37]),
        ((1, 0, 1), (0, 0, 1), 21, 1, [17, 49, 69]),
    ],
)
def test_what_waits_in_delay_stages_is_repeated_where_the_new_stages_are(
    old: tuple[int, ...], new: tuple[int, ...], at: int, dropped: int, arrivals: list[int]
) -> None:
    first, second = Emulator(repeated(*old)), Emulator(repeated(*new))
    first.run(at)
    assert second.carry_over(first) == dropped
    second.run(90 - at)
    past = first._engine.samples(0, 0)
    v = np.concatenate([past, second.recording(0, "v")])[:, 0]
    assert (np.flatnonzero(np.diff(v))).tolist() == arrivals


def test_other_cores_are_not_carried_over() -> None:
    first, second = Emulator(image([neurons(2)], [])), Emulator(image([neurons(3)], []))
    with pytest.raises(EmulatorError, match="only with the same slices"):
        second.carry_over(first)


def test_rescaled() -> None:
    ring = np.array([0, 1, 2, 3, 0x8000, 0xFFFF], dtype=np.uint16)
    assert rescaled(ring, 0).tolist() == ring.tolist()
    assert rescaled(ring, 1).tolist() == [0, 2, 4, 6, 0xFFFF, 0xFFFF]
    assert rescaled(ring, -1).tolist() == [0, 1, 1, 2, 0x4000, 0x8000]


def moved(made: MachineImage, seed: int) -> MachineImage:
    """The image with all cores elsewhere, and a tree of its own for each sender; groups of cores stay together."""
    rng = np.random.default_rng(seed)
    free = [(x, y, p) for x in range(3) for y in range(3) for p in range(1, 8)]
    places = [free[k] for k in rng.permutation(len(free))[: len(made.cores)]]
    feeders = [(number, core) for number, core in enumerate(made.cores) if isinstance(core, SynapseCore)]
    for k, (number, core) in enumerate(feeders):
        places[number] = (*places[core.neurons][:2], 8 + k)
    cores = [replace(core, x=x, y=y, p=p) for core, (x, y, p) in zip(made.cores, places, strict=True)]
    return replace(made, cores=tuple(cores), tables=tuple(all_to_all(made.machine, cores)))


@pytest.mark.parametrize("seed", range(3))
def test_placement_changes_nothing(seed: int) -> None:
    made = random_image(seed, 90)
    results = []
    for k in range(3):
        emulator = Emulator(moved(made, k))
        emulator.run(90)
        counts = [replace(core, x=0, y=0, p=0) for core in emulator.statistics().cores]
        results.append((counts, [[c.tolist() for c in emulator.spikes(n)] for n in range(len(made.cores))]))
    assert results[0] == results[1] == results[2]
    assert sum(core.saturations for core in results[0][0]) > 0
