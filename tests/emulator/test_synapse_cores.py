"""Cores that take over synapses: the inputs of neurons are the sums of what all their cores have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from images import FULL, Synapse, image, neurons, poisson, route, source, synapses, table

from emulator.cycles import SYNAPSE_CYCLES, gather_cycles, send_cycles
from emulator.emulator import Emulator
from emulator.errors import ImageError
from emulator.image import IMAGE_FORMAT, IMAGE_VERSION, MachineImage, SynapseCore, load_image, save_image

KEY = 0x100
Rows = list[list[Synapse]]


def split(rows: list[Rows], n: int = 4, rate: float = 300.0, **cells: int) -> MachineImage:
    """Neurons with rows for four Poisson sources, on a core of their own for all but the first of `rows`."""
    mask = FULL & ~3
    targets = neurons(n, [(KEY, mask, rows[0])], recordings=[("v", range(n), 1), ("net", range(n), 3)], **cells)
    feeders = [
        synapses(targets, 0, [(KEY, mask, more)], (0, 0, 4 + number), f"synapses {number + 1}")
        for number, more in enumerate(rows[1:])
    ]
    everyone = route(1, *(core.p for core in feeders))
    return image([targets, poisson([rate] * 4, KEY), *feeders], [table(0, 0, (KEY, mask, everyone))])


def together(rows: list[Rows]) -> list[Rows]:
    """The same synapses on one core."""
    return [[[synapse for part in rows for synapse in part[source]] for source in range(4)]]


def outcome(emulator: Emulator) -> list[list[int]]:
    """Spikes and samples of the neurons."""
    tick, index = emulator.spikes(0)
    return [tick.tolist(), index.tolist(), *emulator.recording(0, "v").tolist(), *emulator.recording(0, "net").tolist()]


synapse = st.tuples(st.integers(0, 3), st.integers(0, 1500), st.integers(1, 16), st.integers(0, 1))
rows_of_core = st.lists(st.lists(synapse, max_size=4), min_size=4, max_size=4)


@given(rows=st.lists(rows_of_core, min_size=1, max_size=4), threads=st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_without_saturation_it_does_not_matter_where_synapses_are(rows: list[Rows], threads: int) -> None:
    whole, parts = Emulator(split(together(rows), threshold=9000)), Emulator(split(rows, threshold=9000), threads)
    whole.run(60)
    parts.run(60)
    assert whole.statistics().saturations == parts.statistics().saturations == 0
    assert outcome(whole) == outcome(parts)
    assert whole.statistics().synaptic_events == parts.statistics().synaptic_events


@pytest.mark.parametrize(
    ("own", "others", "sums"),
    [
        ([1, 2, 3, 4], [[10, 20, 30, 40]], [11, 22, 33, 44]),
        ([0xFFFF, 5, 0, 0], [[3, 6, 0, 0]], [2, 12, 0, 0]),  # carried over to the neighbour
        ([0, 0xFFFF, 7, 0], [[0, 2, 1, 0]], [0, 1, 8, 0]),  # lost
        ([0xFFFF, 0xFFFF, 0, 0], [[1, 0, 0, 0]], [0, 0, 0, 0]),  # both
        ([40000, 0, 0, 0], [[30000, 0, 0, 0], [50000, 1, 0, 0]], [120000 & 0xFFFF, 2, 0, 0]),
    ],
)
def test_sums_go_by_words_of_two_neurons(own: list[int], others: list[list[int]], sums: list[int]) -> None:
    def row(weights: list[int]) -> Rows:
        return [[(i, weight, 1, 0) for i, weight in enumerate(weights)]]

    cells = neurons(4, [(KEY, FULL, row(own))], recordings=[("v", range(4), 1)])
    feeders = [synapses(cells, 0, [(KEY, FULL, row(more))], (0, 0, 4 + k)) for k, more in enumerate(others)]
    everyone = route(1, *(core.p for core in feeders))
    emulator = Emulator(image([cells, source(1, [(0, 0)], KEY), *feeders], [table(0, 0, (KEY, FULL, everyone))]))
    emulator.run(3)
    assert emulator.recording(0, "v")[2].tolist() == sums
    carried = sum(sum(column) for column in zip(own, *others, strict=True)) - sum(sums)
    assert (emulator.statistics().saturations > 0) == (carried > 0)


def test_reading_the_present_moment_changes_nothing() -> None:
    rows = [[[(i, 900, 3, 0)] for i in range(4)] for _ in range(3)]
    often, once = Emulator(split(rows)), Emulator(split(rows))
    for _ in range(30):
        often.run(1)
        often.recording(0, "net")
    once.run(30)
    assert outcome(often) == outcome(once)


@given(rows=st.lists(rows_of_core, min_size=2, max_size=4), first=st.integers(0, 30), kept=st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_a_run_goes_on_with_other_cores(rows: list[Rows], first: int, kept: int) -> None:
    """What waits in the ring buffers of cores that are no longer there is taken over by the neurons."""
    whole, before = Emulator(split(rows)), Emulator(split(rows))
    fewer = [*rows[: kept - 1], *together(rows[kept - 1 :])]
    after = Emulator(split(fewer))
    whole.run(60)
    before.run(first)
    after.carry_over(before)
    after.run(60 - first)
    assert after.register(0, "v").tolist() == whole.register(0, "v").tolist()


def test_what_it_costs() -> None:
    """Synapses cost the core that has them; the neurons pay for the sum, by words of a slot."""
    silent: Rows = [[] for _ in range(4)]
    busy = [[(i, 1, 1, 0)] * 20 for i in range(4)]
    emulator = Emulator(split([silent, busy, silent], rate=2000.0))
    emulator.run(100)
    plain = Emulator(split([silent], rate=0.0))
    plain.run(1)
    neurons_, _, most, least = emulator.statistics().cores
    quiet = plain.statistics().cores[0].cycles_mean
    arrivals = (least.cycles_mean - 500 - send_cycles(4)) * 1.0
    assert neurons_.cycles_mean == pytest.approx(quiet + gather_cycles(4, 2) + arrivals)
    assert most.cycles_mean - least.cycles_mean == pytest.approx(SYNAPSE_CYCLES * most.synaptic_events / 100)
    assert (most.spikes, most.packets_sent, most.overruns) == (0, 0, 0)
    assert gather_cycles(4, 0) == 0


def test_an_archive_holds_them(tmp_path: Path) -> None:
    made = split([[[(0, 5, 1, 0)]] * 4] * 2)
    save_image(tmp_path / "image.npz", made)
    again = load_image(tmp_path / "image.npz")
    (core,) = (core for core in again.cores if isinstance(core, SynapseCore))
    (known,) = (core for core in made.cores if isinstance(core, SynapseCore))
    assert (core.label, core.neurons, core.rows.tolist()) == (known.label, 0, known.rows.tolist())
    assert (IMAGE_FORMAT, again.version) == ("pyneuro machine image", IMAGE_VERSION)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"neurons": 1}, "core 1, for which it has synapses, is none of neurons"),
        ({"neurons": 7}, "core 7, for which it has synapses, is none of neurons"),
        ({"neurons": -1}, "core -1, for which it has synapses, is none of neurons"),
        ({"x": 1}, "'cells.0:4.' is on another chip"),
        ({"n": 3}, "'cells.0:4.' has 4 neurons, not 3"),
        ({"key": 0x800, "mask": FULL & ~3}, "it sends or records spikes"),
        ({"record_spikes": np.zeros(1, dtype=np.int32)}, "it sends or records spikes"),
        ({"rows": np.zeros(2, dtype=np.uint32)}, "lies outside its rows"),
        ({"rows": np.array([0, 1, 0, 1 << 16 | 0xFFF] * 4, dtype=np.uint32)}, ""),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, object], message: str) -> None:
    made = split([[[]] * 4, [[(0, 5, 1, 0)]] * 4])
    core = made.cores[2]
    broken = replace(made, cores=(*made.cores[:2], replace(core, **change)))  # type: ignore[arg-type]
    if not message:
        Emulator(broken)
        return
    with pytest.raises(ImageError, match=message):
        Emulator(broken)


def test_a_single_neuron_without_an_index_has_no_whole_words() -> None:
    cells = neurons(1)
    made = image([cells, synapses(cells, 0, [], (0, 0, 2))], [])
    with pytest.raises(ImageError, match="are no whole words"):
        Emulator(made)
