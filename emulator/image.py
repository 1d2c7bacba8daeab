"""The machine image: what the host loads into a machine, and all that the emulator needs to run it.

An image is a machine, the routing table of each chip that has one, and the cores.  A core of neurons
holds a program, its registers, a master population table and synaptic rows of 32-bit words, as a
SpiNNaker core does (`emulator.synaptic_rows`).  Sources and delay stages are cores of their own kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emulator import archive
from emulator.machine import Machine
from emulator.program import Program
from emulator.renewal import Intervals
from emulator.rewiring import Rewiring
from emulator.synaptic_rows import Dopamine, DynamicRows, History, PopulationTable
from emulator.waves import Wave

IMAGE_FORMAT = "pyneuro machine image"
IMAGE_VERSION = 2
DELAY_SLOTS = 16
"""Ring-buffer slots; the longest delay that needs no delay stage."""


@dataclass(frozen=True, eq=False)
class RoutingTable:
    """The table of chip (x, y): entry i matches a key if ``key & mask[i] == key[i]``; lowest i wins."""

    x: int
    y: int
    key: NDArray[np.uint32]
    mask: NDArray[np.uint32]
    route: NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Recording:
    """Record `variable` of the neurons `index` (of this core) every `interval` ticks, from tick 0."""

    variable: str
    index: NDArray[np.int32]
    interval: int


@dataclass(frozen=True, eq=False)
class Injected:
    """A current injected into the neurons `index` of a core."""

    index: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Current(Injected):
    """A current in steps: from ``tick[i]`` on it is ``amplitude[i]`` (s16.15)."""

    tick: NDArray[np.int32]
    amplitude: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class WaveCurrent(Injected):
    """A current that may change in every tick; its value is rounded to s16.15 in each."""

    wave: Wave


@dataclass(frozen=True, eq=False)
class Core:
    """What all cores have.

    Parameters
    ----------
    label : str
        The slice it holds, for messages: ``L4E[256:512]``.
    x, y, p : int
        Chip and core.
    n : int
        Neurons (sources, ...) on the core.
    key, mask : int
        Neuron i sends ``key | i``; every key it sends matches ``key`` under ``mask``. Mask 0 and key 0
        mean that it sends nothing.
    dtcm_bytes, sdram_bytes : int
        Memory laid out for it.
    record_spikes : int32[m]
        The neurons whose spikes are recorded, ascending.
    """

    label: str
    x: int
    y: int
    p: int
    n: int
    key: int
    mask: int
    dtcm_bytes: int
    sdram_bytes: int
    record_spikes: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class NeuronCore(Core):
    """A core of neurons with their synapses.

    Parameters
    ----------
    program : int
        Index into the programs of the image.
    registers : mapping of str to int32[n]
        First value of every STATE and PARAMETER register.
    shift : tuple of int
        Ring buffer to s16.15: left shift of each synapse type, in the order of the RECEPTOR registers, then of those
        that bring dopamine.
    index_bits, type_bits : int
        Layout of the low bits of a synaptic word.
    table : PopulationTable
        The master population table.
    rows : uint32[words]
        All synaptic rows.
    recordings, currents : tuple of Recording, tuple of Current
        What is recorded besides spikes; what is injected.
    seed : uint32[n, 4]
        Seed of the KISS-64 stream of each neuron, before validation; uint32[0, 4] if the program takes no random
        numbers.
    histories : tuple of History
        What plastic rows need of the neurons' spikes.
    dynamic : tuple of DynamicRows
        Rows of synapses with dynamics.
    dopamine : Dopamine or None
        What modulated rows need.
    rewiring : Rewiring, optional
        Which of them come and go, and how.
    """

    program: int
    registers: Mapping[str, NDArray[np.int32]]
    shift: tuple[int, ...]
    index_bits: int
    type_bits: int
    table: PopulationTable
    rows: NDArray[np.uint32]
    recordings: tuple[Recording, ...] = ()
    currents: tuple[Injected, ...] = ()
    seed: NDArray[np.uint32] = field(default_factory=lambda: np.zeros((0, 4), dtype=np.uint32))
    histories: tuple[History, ...] = ()
    dynamic: tuple[DynamicRows, ...] = ()
    dopamine: Dopamine | None = None
    rewiring: Rewiring | None = None


@dataclass(frozen=True, eq=False)
class SynapseCore(Core):
    """A core that takes over synapses of a core of neurons on the same chip, and hands it their inputs.

    It has rows and a ring buffer of its own, whose words are laid out as those of the neurons.  At the end of each tick
    it writes the next slot to SDRAM, and at the beginning of the next the core of neurons adds it to its own.  The sum
    goes by words of two neurons and saturates nowhere, as sPyNNaker's does (``c_main_neurons.c``): what is too much for
    a neuron of even index is carried over to the next one, what is too much for one of odd index is lost.

    Parameters
    ----------
    neurons : int
        Number of the core of neurons among the cores of the image; `n` is that of its neurons.
    table : PopulationTable
        The master population table.
    rows : uint32[words]
        All synaptic rows.
    """

    neurons: int
    table: PopulationTable
    rows: NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class PoissonCore(Core):
    """Poisson sources: independent trains of `rate` Hz between two ticks.

    Each source has its own random stream, so the trains depend neither on the partition nor on the
    placement.

    Parameters
    ----------
    rate : float64[n]
        Rate in Hz.
    start, stop : int32[n]
        The source may spike in ticks ``start <= t < stop``.
    seed : uint32[n, 4]
        Seed of the KISS-64 stream of each source, before validation.
    """

    rate: NDArray[np.float64]
    start: NDArray[np.int32]
    stop: NDArray[np.int32]
    seed: NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class RenewalCore(Core):
    """Renewal sources: independent trains between two ticks, with given distributions of intervals.

    Parameters
    ----------
    intervals : Intervals
        How the intervals of each source are drawn.
    start, stop : int32[n]
        The source may spike in ticks ``start <= t < stop``.
    seed : uint32[n, 4]
        Seed of the KISS-64 stream of each source, before validation.
    """

    intervals: Intervals
    start: NDArray[np.int32]
    stop: NDArray[np.int32]
    seed: NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class ArrayCore(Core):
    """Spike sources with given times: source ``index[i]`` spikes in tick ``tick[i]``; sorted by tick, index."""

    tick: NDArray[np.int32]
    index: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class DelayCore(Core):
    """Delay stages of one source slice: repeats what it hears 16, 32, ... ticks later.

    It hears keys that match ``source_key`` under ``source_mask``; neuron i, heard in tick t, is sent as
    ``key | (s << stage_shift) | i`` in tick ``t + 16 * (s + 1)`` where ``send[s, i]`` is set.
    """

    source_key: int
    source_mask: int
    stage_shift: int
    send: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class MachineImage:
    """All that is loaded.

    Parameters
    ----------
    label : str
        The network it came from.
    machine : Machine
        The machine it is for.
    timestep : float
        Biological milliseconds a tick.
    time_scale_factor : float
        Wall-clock time is biological time times this; it sets the cycles of a tick.
    programs : tuple of Program
        Shared by the cores.
    tables : tuple of RoutingTable
        One a chip at the most; a chip without one default-routes everything.
    cores : tuple of Core
        In the order of their slices in the partition, which no placement changes.
    """

    label: str
    machine: Machine
    timestep: float
    time_scale_factor: float
    programs: tuple[Program, ...]
    tables: tuple[RoutingTable, ...]
    cores: tuple[Core, ...]
    version: int = IMAGE_VERSION

    @property
    def cycles_per_tick(self) -> float:
        """Cycles a core has for one tick."""
        return self.machine.clock_hz * self.timestep * 1e-3 * self.time_scale_factor


def save_image(path: str | Path, image: MachineImage) -> None:
    """Write `image` to `path` (``.npz``); the same image gives the same bytes."""
    archive.save(path, image, IMAGE_FORMAT, IMAGE_VERSION)


def load_image(path: str | Path) -> MachineImage:
    """Read the image at `path`; ArchiveError if the file is truncated, foreign or of another version."""
    return archive.load(path, MachineImage, IMAGE_FORMAT, IMAGE_VERSION)
