"""The emulator against one in plain Python, on random images."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from random_images import random_image
from slow_emulator import SlowEmulator

from emulator.emulator import Emulator
from emulator.image import DelayCore, NeuronCore
from emulator.statistics import Statistics

COUNTED = ("packets_received", "unmatched", "rows", "synaptic_events", "saturations")


def assert_alike(slow: SlowEmulator, fast: Emulator) -> None:
    counted = fast.statistics()
    for number, core in enumerate(fast.image.cores):
        tick, index = fast.spikes(number)
        assert list(zip(tick.tolist(), index.tolist(), strict=True)) == slow.spikes[number]
        fired = counted.cores[number].packets_sent if isinstance(core, DelayCore) else counted.cores[number].spikes
        assert fired == slow.counts[number]["spikes"]
        for name in COUNTED:
            assert getattr(counted.cores[number], name) == slow.counts[number][name], (core.label, name)
        if isinstance(core, NeuronCore):
            for recording in core.recordings:
                samples = slow.samples[number, recording.variable]
                assert fast.recording(number, recording.variable)[: len(samples)].tolist() == samples
            assert np.array_equal(fast.register(number, "v"), slow.registers[number][0])
    assert crossed(counted) == slow.links
    assert counted.packets_dropped == sum(slow.drops.values())
    assert {(x, y): int(counted.drops[x, y]) for x, y in zip(*np.nonzero(counted.drops), strict=True)} == slow.drops


def crossed(counted: Statistics) -> Counter[tuple[int, int, int]]:
    places = zip(*(axis.tolist() for axis in np.nonzero(counted.link_packets)), strict=True)
    return Counter({place: int(counted.link_packets[place]) for place in places})


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_equals_the_slow_emulator(seed: int) -> None:
    ticks = 90
    image = random_image(seed, ticks)
    slow, fast = SlowEmulator(image), Emulator(image)
    slow.run(ticks)
    fast.run(ticks)
    assert_alike(slow, fast)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 40), min_size=1, max_size=5))
def test_pieces_and_threads_change_nothing(seed: int, pieces: list[int]) -> None:
    image = random_image(seed, 100)
    whole, parts = Emulator(image), Emulator(image, threads=2)
    whole.run(sum(pieces))
    for piece in pieces:
        parts.run(piece)
    assert parts.tick == whole.tick
    for number in range(len(image.cores)):
        assert all(map(np.array_equal, whole.spikes(number), parts.spikes(number)))
    assert whole.statistics().cores == parts.statistics().cores
    assert np.array_equal(whole.statistics().link_packets, parts.statistics().link_packets)


def test_random_images_are_worth_the_trouble() -> None:
    """Among the images of the tests above all counts occur."""
    seen: Counter[str] = Counter()
    for seed in range(8):
        emulator = Emulator(random_image(seed, 90))
        emulator.run(90)
        counted = emulator.statistics()
        seen.update(
            {name: getattr(counted, name) for name in ("spikes", "unmatched", "synaptic_events", "saturations")}
        )
        seen["dropped"] += counted.packets_dropped
        seen["sent"] += counted.packets_sent
        seen["received"] += counted.packets_received
        seen["delayed"] += sum(core.packets_sent for core in counted.cores if core.label.startswith("delays"))
    assert len(seen) == 8
    assert min(seen.values()) > 50
