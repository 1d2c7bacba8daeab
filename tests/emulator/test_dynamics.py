"""Synapses with dynamics on the emulator: against plain Python on random images, and across threads and pieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from images import image, neurons, route, source, table
from numpy.typing import NDArray
from random_dynamics import with_dynamics, with_one_release_model
from random_images import random_image
from slow_dynamics import unpacked
from slow_emulator import SlowEmulator

from emulator.archive import load, save
from emulator.emulator import Emulator
from emulator.errors import ImageError
from emulator.image import IMAGE_FORMAT, IMAGE_VERSION, Core, MachineImage, NeuronCore
from emulator.machine import LINKS
from emulator.synaptic_rows import Dopamine, ModulatedRows

TICKS = 50
COUNTED = ("packets_received", "unmatched", "synaptic_events", "dynamic_events", "saturations")


def assert_alike(slow: SlowEmulator, fast: Emulator) -> None:
    counted = fast.statistics()
    for number, core in enumerate(fast.image.cores):
        tick, index = fast.spikes(number)
        assert list(zip(tick.tolist(), index.tolist(), strict=True)) == slow.spikes[number]
        for name in COUNTED:
            assert getattr(counted.cores[number], name) == slow.counts[number][name], (core.label, name)
        if isinstance(core, NeuronCore):
            dynamics, counts = slow.dynamics[number], counted.cores[number]
            assert (counts.forgotten, counts.merged) == (dynamics.forgotten, dynamics.merged), core.label
            assert_same_memory(slow, fast, number, core)


def assert_same_memory(slow: SlowEmulator, fast: Emulator, number: int, core: NeuronCore) -> None:
    dynamics = slow.dynamics[number]
    for (bank, start), row in dynamics.rows.items():
        assert unpacked(core.dynamic[bank], start, fast.dynamic_rows(number, bank)) == row
    if core.dopamine is not None:
        tick, after, last = fast.doses(number)
        for neuron, doses in enumerate(dynamics.doses):
            assert last[neuron] == len(doses) - 1
            assert tick[neuron, : len(doses)].tolist() == [dose.tick for dose in doses]
            assert after[neuron, : len(doses)].tolist() == [dose.after for dose in doses]
    for history, remembered in enumerate(dynamics.remembered):
        tick, trace, last = fast.history(number, history)
        for neuron, spikes in enumerate(remembered):
            assert last[neuron] == len(spikes) - 1
            assert tick[neuron, : len(spikes)].tolist() == [spike.tick for spike in spikes]
            for place in range(len(core.histories[history].traces)):
                assert trace[place, neuron, : len(spikes)].tolist() == [spike.traces[place] for spike in spikes]


def assert_equals_slow(image: MachineImage) -> None:
    slow, fast = SlowEmulator(image), Emulator(image)
    slow.run(TICKS)
    fast.run(TICKS)
    assert_alike(slow, fast)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_equals_the_slow_emulator(seed: int) -> None:
    assert_equals_slow(with_dynamics(random_image(seed, TICKS), seed))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_cores_that_share_a_program_equal_the_slow_emulator(seed: int) -> None:
    assert_equals_slow(with_one_release_model(random_image(seed, TICKS), seed))


def test_more_cores_than_are_visited_together_equal_the_slow_emulator() -> None:
    """40 cores that all hear one; their rows are processed for 32 at once."""
    key, n, east = 0x100, 8, LINKS.index((1, 0))
    places = [(x, 0, p) for x in range(3) for p in range(1, 15)][:40]
    heard = [(key, 0xFFFFFFF8, [[(0, 1, 1, 0)]] * n)]
    cores: list[Core] = [neurons(2, heard, place=place, label=str(place)) for place in places]
    spikes = [(tick, tick % n) for tick in range(1, 40)]
    onward = [table(x, 0, (key, 0xFFFFFFF8, route(*range(1, 15), links=[east]))) for x in range(2)]
    last = table(2, 0, (key, 0xFFFFFFF8, route(*range(1, 13))))
    made = with_one_release_model(image([*cores, source(n, spikes, key, (0, 0, 15))], [*onward, last]), 1)
    slow, fast = SlowEmulator(made), Emulator(made)
    slow.run(TICKS)
    fast.run(TICKS)
    assert fast.statistics().dynamic_events > 40 * 39
    assert_alike(slow, fast)


def test_release_fills_ring_buffers() -> None:
    """In the images of the test above synapses that release find the ring buffer full."""
    saturations = 0
    for seed in range(6):
        plain = random_image(seed, TICKS)
        fast, without = Emulator(with_one_release_model(plain, seed)), Emulator(plain)
        fast.run(TICKS)
        without.run(TICKS)
        saturations += fast.statistics().saturations - without.statistics().saturations
    assert saturations > 100


def equal(one: Sequence[NDArray[Any]], other: Sequence[NDArray[Any]]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def same(one: Emulator, other: Emulator) -> bool:
    """Whether two emulators have the same spikes, counts, rows and histories."""
    alike = one.statistics().cores == other.statistics().cores
    for number, core in enumerate(one.image.cores):
        alike &= equal(one.spikes(number), other.spikes(number))
        if isinstance(core, NeuronCore):
            for bank in range(len(core.dynamic)):
                alike &= np.array_equal(one.dynamic_rows(number, bank), other.dynamic_rows(number, bank))
            for history in range(len(core.histories)):
                alike &= equal(one.history(number, history), other.history(number, history))
    return alike


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 40), min_size=1, max_size=4))
def test_pieces_and_threads_change_nothing(seed: int, pieces: list[int]) -> None:
    image = with_dynamics(random_image(seed, 100), seed)
    whole, parts = Emulator(image), Emulator(image, threads=2)
    whole.run(sum(pieces))
    for piece in pieces:
        parts.run(piece)
    assert same(whole, parts)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 60))
def test_a_run_goes_on_with_the_same_image(seed: int, first: int) -> None:
    image = with_dynamics(random_image(seed, 100), seed)
    whole, before = Emulator(image), Emulator(image)
    whole.run(100)
    before.run(first)
    after = Emulator(image_of(before))
    after.carry_over(before)
    after.run(100 - first)
    for number, core in enumerate(image.cores):
        if isinstance(core, NeuronCore):
            for bank in range(len(core.dynamic)):
                assert np.array_equal(whole.dynamic_rows(number, bank), after.dynamic_rows(number, bank))


def image_of(emulator: Emulator) -> MachineImage:
    """The image with the rows as they are now."""
    cores: list[Core] = []
    for number, core in enumerate(emulator.image.cores):
        if isinstance(core, NeuronCore):
            banks = (replace(rows, rows=emulator.dynamic_rows(number, b)) for b, rows in enumerate(core.dynamic))
            cores.append(replace(core, dynamic=tuple(banks)))
        else:
            cores.append(core)
    return replace(emulator.image, cores=tuple(cores))


def test_reset_restores_the_rows() -> None:
    image = with_dynamics(random_image(3, TICKS), 3)
    emulator, fresh = Emulator(image), Emulator(image)
    emulator.run(TICKS)
    emulator.reset()
    emulator.run(TICKS)
    fresh.run(TICKS)
    assert same(emulator, fresh)


def test_the_archive_keeps_dynamic_rows(tmp_path: Path) -> None:
    image = with_dynamics(random_image(5, TICKS), 5)
    path = tmp_path / "image.npz"
    save(path, image, IMAGE_FORMAT, IMAGE_VERSION)
    one, other = Emulator(image), Emulator(load(path, MachineImage, IMAGE_FORMAT, IMAGE_VERSION))
    one.run(TICKS)
    other.run(TICKS)
    assert same(one, other)


def test_random_dynamics_are_worth_the_trouble() -> None:
    """Among the images of the tests above rows of all kinds are fetched, weights move and histories overflow."""
    seen: Counter[str] = Counter()
    for seed in range(24):
        image = with_dynamics(random_image(seed, TICKS), seed)
        emulator = Emulator(image)
        emulator.run(TICKS)
        for number, core in enumerate(image.cores):
            counts = emulator.statistics().cores[number]
            seen["events"] += counts.dynamic_events
            seen["forgotten"] += counts.forgotten > 0
            seen["merged"] += counts.merged > 0
            if isinstance(core, NeuronCore):
                for bank, rows in enumerate(core.dynamic):
                    seen[type(rows).__name__] += int((emulator.dynamic_rows(number, bank) != rows.rows).any())
                for history in range(len(core.histories)):
                    seen["full"] += int((emulator.history(number, history)[2] == 15).any())
    wanted = ("events", "PlasticRows", "ModulatedRows", "ReleaseRows", "full", "forgotten", "merged")
    assert min(seen[name] for name in wanted) > 3


def modulated_image() -> tuple[MachineImage, int, ModulatedRows]:
    """An image with a core whose first bank dopamine modulates, the number of that core, and the bank."""
    for seed in range(20):
        image = with_dynamics(random_image(seed, TICKS), seed)
        for number, core in enumerate(image.cores):
            if isinstance(core, NeuronCore) and core.dynamic and isinstance(core.dynamic[0], ModulatedRows):
                return image, number, core.dynamic[0]
    raise AssertionError("random images have modulated rows")


BROKEN: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"elapse": 0}, {}, r"program 'integrator' has the states \['v'\], not \['weight', 'eligibility', 'dopamine'\]"),
    ({"lag": np.full(16, -2, np.int32)}, {}, "dopamine cannot count as .* ticks later"),
    ({"bits": 1000}, {}, "eligibilities cannot stand for"),
    ({}, {"dopamine": None, "shift": (0, 0)}, "nothing brings dopamine"),
    ({}, {"dopamine": Dopamine(0, 0, (1,)), "shift": (0, 0, 0)}, r"dopamine: program 'integrator' has the states"),
    ({}, {"dopamine": Dopamine(0, 0, (2,)), "shift": (0, 0, 0)}, r"signs \(2,\), it takes 1 to 2 of 1 and -1"),
    ({}, {"shift": (0, 0)}, "2 shifts for . synapse types"),
]


@pytest.mark.parametrize(("rows", "core", "message"), BROKEN)
def test_broken_modulated_rows_are_refused(rows: dict[str, Any], core: dict[str, Any], message: str) -> None:
    image, number, bank = modulated_image()
    broken = image.cores[number]
    assert isinstance(broken, NeuronCore)
    broken = replace(broken, dynamic=(replace(bank, **rows), *broken.dynamic[1:]), **core)
    with pytest.raises(ImageError, match=message):
        Emulator(replace(image, cores=(*image.cores[:number], broken, *image.cores[number + 1 :])))
