"""Random numbers of neurons: the streams that the image seeds, whatever runs beside them and in however many pieces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from images import image, neurons
from kiss import Kiss

from emulator import cycles
from emulator.check import check
from emulator.emulator import Emulator
from emulator.errors import ImageError
from emulator.image import MachineImage, NeuronCore
from emulator.program import Instruction, Kind, Op, Program, Register, Role
from emulator.random import UniformStreams

N = 19
NOISE = Program(
    "noise",
    (
        Register("sum", Role.STATE, 0, Kind.UNIT),
        Register("first", Role.RANDOM, 0, Kind.UNIT),
        Register("second", Role.RANDOM, 0, Kind.UNIT),
        Register("exc", Role.RECEPTOR),
        Register("inh", Role.RECEPTOR),
        Register("i", Role.CURRENT),
        Register("spike", Role.SCRATCH),
    ),
    (Instruction(Op.ADD, 0, 0, 2), Instruction(Op.GE, 6, 1, 2)),
    spike=6,
    recorded=(("sum", 0, 0), ("first", 1, 0)),
)
"""Adds up its second random number, and spikes where the first is not below it."""
SEED = np.random.default_rng(1).integers(0, 2**32, (N, 4), dtype=np.uint32)


def noise(seed: np.ndarray = SEED, cores: int = 1) -> MachineImage:
    made = neurons(N, registers={"sum": np.zeros(N, np.int32)}, recordings=[("sum", range(N), 1), ("first", (0, 3), 2)])
    each = [replace(made, p=p, seed=seed + np.uint32(p - 1)) for p in range(1, cores + 1)]
    return image(each, [], programs=[NOISE])


def drawn(seed: np.ndarray, ticks: int) -> np.ndarray:
    """Both numbers of each tick, by another implementation: int64[ticks, 2, neurons]."""
    streams = [Kiss(words) for words in seed.tolist()]
    return np.array([[[s.draw() >> 1 for s in streams] for _ in range(2)] for _ in range(ticks)])


def sums(numbers: np.ndarray) -> np.ndarray:
    """What the register holds at the start of each tick and at the end."""
    total = np.concatenate([np.zeros((1, N), np.int64), np.cumsum(numbers[:, 1], axis=0)])
    return (total & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


@pytest.mark.parametrize("threads", [1, 3])
def test_every_neuron_draws_from_its_stream(threads: int) -> None:
    emulator = Emulator(noise(cores=3), threads)
    for ticks in (1, 5, 14):
        emulator.run(ticks)
        assert len(emulator.recording(1, "first")) == emulator.tick // 2 + (emulator.tick % 2 or 1)
    for core in range(3):
        numbers = drawn(SEED + np.uint32(core), 21)
        np.testing.assert_array_equal(emulator.recording(core, "sum"), sums(numbers[:20]))
        np.testing.assert_array_equal(emulator.recording(core, "first"), numbers[:21:2, 0][:, [0, 3]])
        tick, index = emulator.spikes(core)
        wanted = np.argwhere(numbers[:20, 0] >= numbers[:20, 1])
        np.testing.assert_array_equal(np.stack([tick, index], axis=-1), wanted)


def test_a_reset_draws_the_same_again() -> None:
    emulator = Emulator(noise())
    emulator.run(7)
    first = emulator.recording(0, "sum")
    emulator.reset()
    emulator.run(7)
    np.testing.assert_array_equal(emulator.recording(0, "sum"), first)


def test_a_run_that_is_carried_over_goes_on_drawing() -> None:
    whole, before, after = Emulator(noise()), Emulator(noise()), Emulator(noise(SEED[::-1].copy()))
    whole.run(20)
    before.run(8)
    assert after.carry_over(before) == 0
    before.run(5)
    after.run(12)
    np.testing.assert_array_equal(after.register(0, "sum"), whole.register(0, "sum"))


def test_streams_in_python_are_those_of_the_machine() -> None:
    streams, numbers = UniformStreams(SEED), drawn(SEED, 3)
    assert streams.n == N
    np.testing.assert_array_equal(streams.draw(), numbers[0, 0])
    fork = streams.copy()
    np.testing.assert_array_equal(streams.draw(), numbers[0, 1])
    np.testing.assert_array_equal(streams.draw(), numbers[1, 0])
    np.testing.assert_array_equal(fork.draw(), numbers[0, 1])
    assert UniformStreams(np.zeros((0, 4), np.uint32)).draw().shape == (0,)
    with pytest.raises(ValueError, match=r"seeds of shape \[n, 4\]"):
        UniformStreams(SEED[0])


def test_numbers_are_uniform() -> None:
    """Mean and variance of 95,000 numbers between 0 and 1, within four standard errors; no two neurons go together."""
    streams = UniformStreams(SEED)
    numbers = np.array([streams.draw() for _ in range(5000)]) / 2.0**31
    assert 0.0 <= numbers.min() < numbers.max() < 1.0
    assert numbers.mean() == pytest.approx(0.5, abs=4 * (1 / 12 / numbers.size) ** 0.5)
    assert numbers.var() == pytest.approx(1 / 12, abs=4 * (1 / 180 / numbers.size) ** 0.5)
    together = np.corrcoef(numbers.T) - np.eye(N)
    assert np.abs(together).max() < 5 / 5000**0.5


@pytest.mark.parametrize("seed", [SEED[:-1], np.zeros((0, 4), np.uint32), SEED[:, :3].copy()])
def test_streams_are_as_many_as_neurons(seed: np.ndarray) -> None:
    made = noise()
    [core] = made.cores
    assert isinstance(core, NeuronCore)
    with pytest.raises(ImageError, match=r"seeds of shape .* for 19 random streams"):
        check(replace(made, cores=(replace(core, seed=seed),)))


def test_random_numbers_are_of_one_kind_and_only_read() -> None:
    made = noise()
    accum = replace(NOISE, registers=tuple(replace(r, kind=Kind.ACCUM) for r in NOISE.registers))
    with pytest.raises(ImageError, match=r"a register of random numbers that is not s0\.31"):
        check(replace(made, programs=(accum,)))
    with pytest.raises(ImageError, match="writes register 'first' of role RANDOM"):
        check(replace(made, programs=(replace(NOISE, instructions=(Instruction(Op.ADD, 1, 0, 0),)),)))


def test_random_numbers_cost_cycles() -> None:
    without = replace(
        NOISE, registers=tuple(replace(r, role=Role.CONSTANT) if r.role == Role.RANDOM else r for r in NOISE.registers)
    )
    assert cycles.program_cycles(NOISE) - cycles.program_cycles(without) == 2 * cycles.RANDOM_CYCLES
