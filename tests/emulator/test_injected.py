"""Injected currents of a loaded image: steps and waves, exchanged while it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from images import image, ints, neurons, source

from emulator.cycles import WAVE_CYCLES
from emulator.emulator import Emulator
from emulator.errors import ImageError
from emulator.image import Current, Injected, MachineImage, WaveCurrent
from emulator.waves import BLOCK, Wave

WAVE = Wave(3.0, 5000.0, 1.0, 0.001, amplitude=0.01, frequency=13.0, deviation=0.02, seed=4)
STEPS = Current(ints(0, 2), ints(2, 50, 51), ints(7, -3, 0))


def made(*currents: Injected, n: int = 4) -> MachineImage:
    """A core of integrators, whose voltage is the sum of what was injected."""
    return image([neurons(n, currents=currents, recordings=[("v", range(n), 1)])], [])


def words(current: Injected, ticks: int) -> np.ndarray:
    """The word of a current in each tick."""
    if isinstance(current, WaveCurrent):
        return np.rint(current.wave.values(0, ticks, 1.0) * 32768).astype(np.int64)
    assert isinstance(current, Current)
    at = np.searchsorted(current.tick, np.arange(ticks), side="right")
    return np.append(0, current.amplitude)[at]


def sums(currents: Sequence[Injected], ticks: int, n: int = 4) -> np.ndarray:
    """What has been injected into each neuron before each tick: [ticks + 1, n]."""
    total = np.zeros((ticks + 1, n), dtype=np.int64)
    for current in currents:
        np.add.at(total[1:].T, current.index, words(current, ticks))
    return np.cumsum(total, axis=0)


EVERYTHING = (
    STEPS,
    WaveCurrent(ints(0, 1, 2, 3), WAVE),
    WaveCurrent(ints(3, 1), replace(WAVE, seed=5, interval=4.0)),
    WaveCurrent(ints(2), replace(WAVE, start=2 * BLOCK - 1.0, stop=2 * BLOCK + 1.0)),
    WaveCurrent(ints(), WAVE),
    Current(ints(1, 1), ints(5), ints(100)),
)


def test_steps_and_waves_add_up() -> None:
    """Over several blocks of ticks, in one run and in pieces that end where blocks do."""
    ticks = 2 * BLOCK + 100
    whole, parts = Emulator(made(*EVERYTHING)), Emulator(made(*EVERYTHING))
    whole.run(ticks)
    assert np.array_equal(whole.recording(0, "v"), sums(EVERYTHING, ticks))
    for piece in (1, BLOCK - 1, 3, BLOCK, ticks - 2 * BLOCK - 3):
        parts.run(piece)
        assert np.array_equal(parts.recording(0, "v"), sums(EVERYTHING, parts.tick))
    whole.reset()
    whole.run(50)
    assert np.array_equal(whole.recording(0, "v"), sums(EVERYTHING, 50))


def test_currents_are_exchanged_while_it_runs() -> None:
    """From the next tick on, as if they had always been; and taken away."""
    first, then = EVERYTHING[:2], (EVERYTHING[2], replace(STEPS, index=ints(1)))
    emulator = Emulator(made(*first))
    emulator.run(40)
    emulator.inject({0: then})
    emulator.run(40)
    expected = sums(then, 80) + sums(first, 40)[-1] - sums(then, 40)[-1]
    expected[:41] = sums(first, 40)
    assert np.array_equal(emulator.recording(0, "v"), expected)
    assert emulator.image.cores[0].currents == then  # type: ignore[attr-defined]
    emulator.inject({0: ()})
    emulator.run(30)
    assert np.all(emulator.recording(0, "v")[80:] == expected[80])
    emulator.reset()
    emulator.run(3)
    assert np.all(emulator.register(0, "v") == 0)


def test_an_exchange_over_and_over() -> None:
    """The same waves, others, none; a wave that two currents have."""
    emulator = Emulator(made())
    total = np.zeros(4, dtype=np.int64)
    for round_ in range(30):
        currents = EVERYTHING[round_ % 5 :] if round_ % 3 else (*EVERYTHING, EVERYTHING[1])
        emulator.inject({0: currents})
        emulator.run(7)
        now = sums(currents, emulator.tick)
        total += now[-1] - now[-8]
        assert np.array_equal(emulator.register(0, "v"), total)


def test_waves_have_their_price() -> None:
    emulator = Emulator(made(*EVERYTHING))
    emulator.run(100)
    before = emulator.statistics().cores[0].cycles_mean
    emulator.inject({0: EVERYTHING[:1]})
    emulator.run(100)
    after = 2 * emulator.statistics().cores[0].cycles_mean - before
    assert before - after == pytest.approx(4 * WAVE_CYCLES)


def test_what_is_wrong_changes_nothing() -> None:
    emulator = Emulator(image([neurons(4, currents=[STEPS]), source(2, [(0, 0)], 0x100)], []))
    before = emulator.image
    with pytest.raises(ImageError, match="an injected current names neuron 9"):
        emulator.inject({0: (Current(ints(9), ints(0), ints(1)),)})
    with pytest.raises(KeyError, match="runs no program"):
        emulator.inject({0: EVERYTHING, 1: EVERYTHING})
    assert emulator.image is before
    emulator.run(10)
    assert np.array_equal(emulator.register(0, "v"), sums([STEPS], 10)[-1])


def test_the_present_sample_needs_the_next_block() -> None:
    """What is computed in a tick can be asked for at the end of a block, and moves nothing."""
    made_ = image([neurons(4, currents=EVERYTHING, recordings=[("net", range(4), 1)])], [])
    emulator, other = Emulator(made_), Emulator(made_)
    emulator.run(BLOCK)
    present = emulator.recording(0, "net")[-1]
    emulator.run(1)
    other.run(BLOCK + 1)
    assert np.array_equal(emulator.recording(0, "net")[BLOCK], present)
    assert np.array_equal(emulator.recording(0, "net"), other.recording(0, "net"))
