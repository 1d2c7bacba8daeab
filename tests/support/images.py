"""Small machine images made by hand, for tests of the emulator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.image import (
    ArrayCore,
    Core,
    Current,
    DelayCore,
    MachineImage,
    NeuronCore,
    PoissonCore,
    Recording,
    RenewalCore,
    RoutingTable,
    SynapseCore,
)
from emulator.machine import FIRST_CORE_BIT, LINKS, Machine, torus
from emulator.program import Instruction, Op, Program, Register, Role
from emulator.renewal import Intervals
from emulator.synaptic_rows import PopulationTable

ONE = 1 << 15
NONE = np.zeros(0, dtype=np.int32)
FULL = 0xFFFFFFFF

INTEGRATOR = Program(
    name="integrator",
    registers=(
        Register("v", Role.STATE),
        Register("threshold", Role.PARAMETER),
        Register("exc", Role.RECEPTOR),
        Register("inh", Role.RECEPTOR),
        Register("i", Role.CURRENT),
        Register("zero", Role.CONSTANT, 0),
        Register("net", Role.SCRATCH),
        Register("spike", Role.SCRATCH),
    ),
    instructions=(
        Instruction(Op.SUB, 6, 2, 3),
        Instruction(Op.ADD, 0, 0, 6),
        Instruction(Op.ADD, 0, 0, 4),
        Instruction(Op.GE, 7, 0, 1),
        Instruction(Op.SELECT, 0, 7, 5, 0),
    ),
    spike=7,
    recorded=(("v", 0, 0), ("net", 6, 1)),
)
"""Adds its inputs up; at the threshold it spikes and starts again from 0."""

Synapse = tuple[int, int, int, int]
"""(target, weight, delay, type)."""


def ints(*values: int) -> NDArray[np.int32]:
    return np.array(values, dtype=np.int32)


def words(*values: int) -> NDArray[np.uint32]:
    return np.array(values, dtype=np.uint32)


def bits_for(n: int) -> int:
    return max(n - 1, 0).bit_length()


def mask_for(n: int) -> int:
    """The mask of a block of at least `n` keys."""
    return FULL & ~((1 << bits_for(n)) - 1)


def route(*cores: int, links: Sequence[int] = ()) -> int:
    """A route word."""
    return sum(1 << FIRST_CORE_BIT + p for p in cores) | sum(1 << link for link in links)


def table(x: int, y: int, *entries: tuple[int, int, int]) -> RoutingTable:
    """A routing table of (key, mask, route)."""
    key, mask, routes = zip(*entries, strict=True) if entries else ((), (), ())
    return RoutingTable(x, y, words(*key), words(*mask), words(*routes))


def packed_rows(
    blocks: Sequence[tuple[int, int, Sequence[Sequence[Synapse]]]], index_bits: int, type_bits: int
) -> tuple[PopulationTable, NDArray[np.uint32]]:
    """Population table and rows of blocks (key, mask, synapses of each neuron)."""
    memory: list[int] = []
    entries = []
    for key, mask, rows in sorted(blocks, key=lambda block: block[0]):
        stride = 3 + max((len(row) for row in rows), default=0)
        entries.append((key, mask, len(memory), stride))
        for row in rows:
            packed = [
                weight << 16 | (delay & 15) << index_bits + type_bits | kind << index_bits | target
                for target, weight, delay, kind in row
            ]
            memory += [0, len(row), 0, *packed, *[0] * (stride - 3 - len(row))]
    columns = [words(*column) for column in zip(*entries, strict=True)] or [words() for _ in range(4)]
    return PopulationTable(*columns), words(*memory)


def neurons(
    n: int,
    blocks: Sequence[tuple[int, int, Sequence[Sequence[Synapse]]]] = (),
    *,
    place: tuple[int, int, int] = (0, 0, 1),
    key: int = 0,
    threshold: int = 1 << 30,
    shift: tuple[int, ...] = (0, 0),
    recordings: Sequence[tuple[str, Sequence[int], int]] = (("v", (0,), 1),),
    currents: Sequence[Current] = (),
    v: int = 0,
    label: str = "cells",
    registers: Mapping[str, NDArray[np.int32]] | None = None,
) -> NeuronCore:
    """A core of integrators."""
    index_bits, type_bits = bits_for(n), 1
    population, rows = packed_rows(blocks, index_bits, type_bits)
    x, y, p = place
    return NeuronCore(
        label=f"{label}[0:{n}]",
        x=x, y=y, p=p, n=n, key=key, mask=mask_for(n) if key else 0,
        dtcm_bytes=0,
        sdram_bytes=0,
        record_spikes=np.arange(n, dtype=np.int32),
        program=0,
        registers=registers or {"v": np.full(n, v, np.int32), "threshold": np.full(n, threshold, np.int32)},
        shift=shift,
        index_bits=index_bits,
        type_bits=type_bits,
        table=population,
        rows=rows,
        recordings=tuple(Recording(name, ints(*index), interval) for name, index, interval in recordings),
        currents=tuple(currents),
    )  # fmt: skip


def synapses(
    neurons: NeuronCore,
    number: int,
    blocks: Sequence[tuple[int, int, Sequence[Sequence[Synapse]]]],
    place: tuple[int, int, int],
    label: str = "synapses 1",
) -> SynapseCore:
    """A core with synapses of `neurons`, which is core `number` of the image."""
    population, rows = packed_rows(blocks, neurons.index_bits, neurons.type_bits)
    x, y, p = place
    return SynapseCore(
        label=f"{neurons.label} {label}", x=x, y=y, p=p, n=neurons.n, key=0, mask=0, dtcm_bytes=0, sdram_bytes=0,
        record_spikes=NONE, neurons=number, table=population, rows=rows,
    )  # fmt: skip


def source(
    n: int,
    spikes: Sequence[tuple[int, int]],
    key: int,
    place: tuple[int, int, int] = (0, 0, 2),
    label: str = "input",
) -> ArrayCore:
    """Sources that fire at (tick, index)."""
    x, y, p = place
    ordered = sorted(spikes)
    return ArrayCore(
        label=f"{label}[0:{n}]", x=x, y=y, p=p, n=n, key=key, mask=mask_for(n), dtcm_bytes=0, sdram_bytes=0,
        record_spikes=np.arange(n, dtype=np.int32),
        tick=ints(*(tick for tick, _ in ordered)),
        index=ints(*(index for _, index in ordered)),
    )  # fmt: skip


def poisson(
    rate: Sequence[float], key: int, place: tuple[int, int, int] = (0, 0, 2), stop: int = 1 << 30, seed: int = 1
) -> PoissonCore:
    """Poisson sources."""
    n = len(rate)
    x, y, p = place
    return PoissonCore(
        label=f"poisson[0:{n}]", x=x, y=y, p=p, n=n, key=key, mask=mask_for(n), dtcm_bytes=0, sdram_bytes=0,
        record_spikes=np.arange(n, dtype=np.int32),
        rate=np.array(rate, dtype=np.float64),
        start=np.zeros(n, dtype=np.int32),
        stop=np.full(n, stop, dtype=np.int32),
        seed=np.arange(4 * n, dtype=np.uint32).reshape(n, 4) * np.uint32(747796405) + np.uint32(seed),
    )  # fmt: skip


def renewal(n: int, key: int, place: tuple[int, int, int] = (0, 0, 2), *, scale: float = 4.0) -> RenewalCore:
    """Sources with gamma intervals of shape 2, and from 20 ms on of shape 3, after a dead time of 1 ms."""
    x, y, p = place
    columns = (np.tile(column, n) for column in ([0.0, 20.0], [2.0, 3.0], [scale, scale]))
    return RenewalCore(
        label=f"renewal[0:{n}]", x=x, y=y, p=p, n=n, key=key, mask=mask_for(n), dtcm_bytes=0, sdram_bytes=0,
        record_spikes=np.arange(n, dtype=np.int32),
        intervals=Intervals(np.ones(n), np.arange(n + 1) * 2, *columns),
        start=np.zeros(n, dtype=np.int32),
        stop=np.full(n, 1 << 30, dtype=np.int32),
        seed=np.arange(4 * n, dtype=np.uint32).reshape(n, 4) + np.uint32(1),
    )  # fmt: skip


def stages(heard: Core, send: NDArray[np.bool_], key: int, place: tuple[int, int, int] = (0, 0, 3)) -> DelayCore:
    """Delay stages of the slice `heard`."""
    x, y, p = place
    shift = bits_for(heard.n)
    return DelayCore(
        label=f"delays of {heard.label}", x=x, y=y, p=p, n=heard.n, key=key, mask=mask_for(len(send) << shift),
        dtcm_bytes=0, sdram_bytes=0, record_spikes=NONE,
        source_key=heard.key, source_mask=heard.mask, stage_shift=shift, send=send,
    )  # fmt: skip


def image(
    cores: Sequence[Core],
    tables: Sequence[RoutingTable],
    machine: Machine | None = None,
    programs: Sequence[Program] = (INTEGRATOR,),
    **more: Any,
) -> MachineImage:
    """An image for a torus of 4 x 4 chips unless told otherwise."""
    made = MachineImage(
        label="test",
        machine=machine or torus(4, 4),
        timestep=1.0,
        time_scale_factor=1.0,
        programs=tuple(programs),
        tables=tuple(tables),
        cores=tuple(cores),
    )
    return replace(made, **more)


def all_to_all() -> MachineImage:
    """960 cores on 64 chips, each heard by all: packets go along the row of their chip, from there up the columns."""
    places = [(x, y, p) for x in range(8) for y in range(8) for p in range(1, 16)]
    cores = [neurons(4, place=place, key=(number + 1) << 2, label=str(number)) for number, place in enumerate(places)]
    east, north = LINKS.index((1, 0)), LINKS.index((0, 1))
    tables = []
    for x in range(8):
        for y in range(8):
            onward = [
                ((x + 1) % 8 != sx and y == sy) << east | ((y + 1) % 8 != sy) << north | route(*range(1, 16))
                for sx, sy, _ in places
            ]
            entries = [(core.key, core.mask, word) for core, word in zip(cores, onward, strict=True)]
            tables.append(table(x, y, *entries))
    return image(cores, tables, torus(8, 8))
