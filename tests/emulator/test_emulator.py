"""The emulator on images whose behaviour is known by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from images import FULL, Synapse, image, neurons, route, source, table

from emulator.emulator import Emulator
from emulator.image import MachineImage

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
