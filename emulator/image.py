"""The machine image: what the host loads into a machine, and all that the emulator needs to run it.

An image is a machine, the routing table of each chip that has one, and the cores.  A core of neurons
holds a program, its registers, a master population table and synaptic rows of 32-bit words, as a
SpiNNaker core does.  Sources and delay stages are cores of their own kinds.

A synaptic word is, from the top: weight (16 bits), unused, delay (4 bits, 0 stands for 16), synapse type
(``type_bits``), target index (``index_bits``); the low three fields together fit 16 bits.
A row is ``[0, n, 0, word 0 .. word n-1, padding]``: plastic size, fixed count, plastic control count,
then the fixed words (sPyNNaker ``synapse_row.h``).  All rows of one population-table entry have the same stride.

Synapses with dynamics have rows of their own, in which there are no fixed words: ``[p, plastic part of p words, 0, n,
controls, padding]``.  The controls are the low 16 bits of synaptic words, two a word, low half first; so are the
weights, which stand at the end of the header of the plastic part.  (Where synapses come and go, `emulator.rewiring`,
p is that of a full row, so that nothing else moves when they do.)  A core runs programs over all synapses of the rows
that are fetched in a tick.  What a program gets is bound by the names of its INPUT registers, and of its STATE
registers: ``weight`` (s16.15, the stored weight shifted left), what the last spike left, as ``pre_<trace>`` and
``post_<trace>`` (s4.11), ticks since then, ``since_pre`` and ``since_post``, and ``seen_pre`` and ``seen_post``, which
are 1 (s4.11) if it was in another tick than 0.  Rows that dopamine modulates have more of them, see `ModulatedRows`.
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
from emulator.waves import Wave

IMAGE_FORMAT = "pyneuro machine image"
IMAGE_VERSION = 2
ROW_HEADER_WORDS = 3
DELAY_SLOTS = 16
"""Ring-buffer slots; the longest delay that needs no delay stage."""
HISTORY = 16
"""Entries of the history of a neuron. The first stands for the time before any spike, so 15 spikes are kept."""
MOST_TRACES = 4
"""Traces that a spike may leave on either side."""


@dataclass(frozen=True, eq=False)
class RoutingTable:
    """The table of chip (x, y): entry i matches a key if ``key & mask[i] == key[i]``; lowest i wins."""

    x: int
    y: int
    key: NDArray[np.uint32]
    mask: NDArray[np.uint32]
    route: NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class PopulationTable:
    """Where the rows of an incoming key are: entry i serves keys with ``key & mask[i] == key[i]``.

    The row of a packet starts at word ``address[i] + (key & ~mask[i]) * stride[i]`` of the core's rows.
    Entries are sorted by key and do not overlap.
    """

    key: NDArray[np.uint32]
    mask: NDArray[np.uint32]
    address: NDArray[np.uint32]
    stride: NDArray[np.uint32]


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
class History:
    """What a core keeps of the spikes of its neurons for plastic rows: their times and the traces that they left.

    Parameters
    ----------
    program : int
        Index into the programs of the image; it is run for the neurons that spike. Its STATE registers are the traces.
    traces : tuple of str
        Their names.
    """

    program: int
    traces: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class DynamicRows:
    """Rows of synapses with dynamics of one kind.

    Parameters
    ----------
    table : PopulationTable
        Where the row of a packet is; a packet may find one here and others elsewhere.
    rows : uint32[words]
        All rows, as they are in the beginning.
    shift : int
        A weight is its stored word shifted left by this, as s16.15.
    defer : int
        Ticks from the arrival of a packet to the fetch of its row.
    """

    table: PopulationTable
    rows: NDArray[np.uint32]
    shift: int
    defer: int


@dataclass(frozen=True, eq=False)
class FixedRows(DynamicRows):
    """Rows of synapses that come and go, but whose weights stay: the plastic part is ``[weights]``."""


@dataclass(frozen=True, eq=False)
class PlasticRows(DynamicRows):
    """Rows of synapses whose weights follow from the spikes of both sides.

    The plastic part is ``[tick of the last spike, traces that it left (16 bits, two a word), weights]``.  When a row
    is fetched, each spike of the target since the last fetch is applied, then the spike of the source; a spike of the
    target counts as later by some ticks.

    Parameters
    ----------
    history : int
        Which history of the core it reads.
    traces : tuple of str
        Names of the traces that a spike of the source leaves.
    add_pre, apply_pre, apply_post : int
        Programs: new traces (STATE) of a row that is fetched; new weights (STATE) after a spike of the source, if the
        target has spiked before, and after one of the target.
    back : int32[16]
        For each delay (16 is at 0): by how many ticks spikes of the target count as later.
    """

    history: int
    traces: tuple[str, ...]
    add_pre: int
    apply_pre: int
    apply_post: int
    back: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Dopamine:
    """Dopamine of the neurons of a core, for modulated rows.

    It comes through the ring buffer, under synapse types of its own behind those of the receptors.  What arrives in a
    tick changes the concentration at the neuron, of which the core remembers the tick and what it is then.

    Parameters
    ----------
    add : int
        Program: the concentration (STATE ``dopamine``) after an arrival of ``dose``, or of 0, ``since`` ticks after it
        was such.
    merge : int
        Program: the concentration that has the same effect as such a one and, after a ``gap``, a ``next`` for another
        ``since`` ticks.
    signs : tuple of int
        For each of the synapse types, 1 if it adds and -1 if it takes off.
    """

    add: int
    merge: int
    signs: tuple[int, ...]


MOST_SIGNS = 2
"""Synapse types that may bring dopamine."""


@dataclass(frozen=True, eq=False)
class ModulatedRows(PlasticRows):
    """Plastic rows whose spikes change eligibilities, which with dopamine change the weights.

    Behind the weights each synapse has two words: what the weight is above the stored one, in 2^-15 of its step, from
    -1/2 to 1/2; and its eligibility.  Between two events, be they spikes or arrivals of dopamine, time goes by: the
    program `elapse` moves weight, eligibility and concentration.  Its ``weight`` is in steps of the stored weight,
    s16.15, and the state of `apply_pre` and `apply_post` is ``eligibility``.

    Parameters
    ----------
    elapse : int
        Program: ``weight``, ``eligibility`` and ``dopamine`` (STATE) after ``since`` ticks.
    lag : int32[16]
        For each delay (16 is at 0): by how many ticks dopamine counts as later.
    bits : int
        The words of eligibilities stand for 2^-bits, for who takes them over.
    """

    elapse: int
    lag: NDArray[np.int32]
    bits: int


MODULATED_WORDS = 2
"""Words that a modulated synapse has besides its weight."""
MOST_LEARNT = 2**30 - 1
"""Words of eligibilities and concentrations go up to this, and down to its negative, so that sums have room."""


@dataclass(frozen=True, eq=False)
class ReleaseRows(DynamicRows):
    """Rows of synapses that send what follows from the spikes of their source alone, and from chance.

    The plastic part is ``[tick of the last spike, spikes so far, weights, words]``: for each name of `words` a word a
    synapse.  In the beginning the tick is the one from which first values decay.

    Parameters
    ----------
    program : int
        What is sent, s16.15, as its recorded ``sent``, and new states.
    words : tuple of str
        Registers that each synapse has words for: the STATE registers, then the PARAMETER registers. If the program has
        INPUT registers ``draw_0`` and so on, which are given random words, the last is `STREAM`, the number of the
        synapse's stream.
    key : int
        Of the streams; see `emulator.draws`.
    """

    program: int
    words: tuple[str, ...]
    key: int


STREAM = "stream"
RELEASE_HEADER_WORDS = 2
"""Words of the plastic part of such a row before its weights."""
MOST_WORDS = 12
"""Words that a synapse may have besides its weight."""
MOST_DRAWS = 4
"""Random words that a spike of a synapse may take."""


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
