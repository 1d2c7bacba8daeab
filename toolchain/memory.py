"""Memory layout: which regions a core has in its DTCM and in the SDRAM of its chip, and how large they are.

DTCM (64 KB a core) holds what the core touches in every tick; SDRAM what it fetches, and what it records
until the host reads it.  The regions are those of a sPyNNaker core (``population_vertex.py``, ``c_main.c``);
where this project's image packs a table differently, the size is that of the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from emulator.image import DELAY_SLOTS
from emulator.machine import Machine
from emulator.program import Program, Role
from toolchain.errors import LIMITS_OF_SDRAM, MappingError

WORD: Final = 4
STACK_BYTES: Final = 4096
"""Kept for stack, heap and globals of a core."""
SYSTEM_BYTES: Final = 512
"""SDRAM kept for the set-up and provenance of a core."""
TABLE_ENTRY_BYTES: Final = 4 * WORD
"""Key, mask, address and stride."""
PACKET_BUFFER_BYTES: Final = 256 * WORD
"""Incoming packets wait in a buffer of 256 keys."""
SOURCE_BYTES: Final = 8 * WORD
"""A random source: rate or interval, next spike, start, stop and the four words of its random numbers."""
STREAM_BYTES: Final = 4 * WORD
"""The state of a stream of random numbers."""
BIN_BYTES: Final = 3 * WORD
"""Time, shape and scale in the histogram of a SpikeSourceInhGamma."""
SPIKE_BYTES: Final = 2 * WORD
"""Tick and index of a spike of an array source."""

RULES: Final = "plasticity rules"
TABLE: Final = "population table"
SPIKE_TIMES: Final = "spike times"
STACK: Final = "stack and globals"
RECORDED: Final = "recorded "
REMEDIES: Final = {
    RULES: "use shorter time constants or a longer timestep, as their tables reach over them",
    TABLE: "have fewer cores send to it, with more neurons or sources on each",
    SPIKE_TIMES: "give it fewer spikes, or divide them among more sources",
    STACK: "raise 'dtcm_margin'",
}
"""What to do about a region that is too large for a core with a single cell."""
RECORDING_REMEDY: Final = "lower 'recording_ticks', or record less often"


@dataclass(frozen=True)
class Region:
    """A piece of memory: its name and size."""

    name: str
    bytes: int


@dataclass(frozen=True)
class CoreMemory:
    """The regions of one core."""

    dtcm: tuple[Region, ...]
    sdram: tuple[Region, ...]

    @property
    def dtcm_bytes(self) -> int:
        """Bytes of DTCM."""
        return sum(region.bytes for region in self.dtcm)

    @property
    def sdram_bytes(self) -> int:
        """Bytes of SDRAM."""
        return sum(region.bytes for region in self.sdram)


@dataclass(frozen=True)
class Recorded:
    """How many cells of a core are recorded, and how often; ``spikes`` take a bit a cell."""

    variable: str
    cells: int
    interval: int = 1

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample, with its time."""
        return WORD * (1 + (bits_to_words(self.cells) if self.variable == "spikes" else self.cells))

    def region(self, ticks: int) -> Region:
        """The SDRAM that `ticks` of recording take."""
        return Region(f"{RECORDED}{self.variable}", self.sample_bytes * -(-ticks // self.interval))


def bits_for(values: int) -> int:
    """Bits that tell `values` things apart, at least 1."""
    return max(1, (values - 1).bit_length())


def bits_to_words(bits: int) -> int:
    """Words that a field of `bits` takes."""
    return -(-bits // 32)


@dataclass(frozen=True)
class DynamicMemory:
    """What a core of neurons needs for synapses with dynamics besides rows.

    Parameters
    ----------
    history_bytes : int
        For the spikes that a cell remembers.
    parameter_bytes : int
        For tables and parameters of the rules.
    dopamine_types : int
        Synapse types that bring dopamine.
    place_bytes : int
        SDRAM for the places that a cell has for synapses that come and go.
    rewiring_bytes : int
        SDRAM for what says how they do.
    """

    history_bytes: int = 0
    parameter_bytes: int = 0
    dopamine_types: int = 0
    place_bytes: int = 0
    rewiring_bytes: int = 0


NO_DYNAMICS: Final = DynamicMemory()


def neuron_core(
    program: Program,
    cells: int,
    *,
    per_core: int,
    entries: int,
    stride: int,
    row_words: int,
    recorded: Sequence[Recorded],
    ticks: int,
    dynamic: DynamicMemory = NO_DYNAMICS,
    feeders: int = 0,
) -> CoreMemory:
    """Memory of a core of `cells` neurons.

    Parameters
    ----------
    per_core : int
        Cells on the fullest core of the population, which sets the width of the index field.
    entries : int
        Entries of the population table.
    stride : int
        Words of the longest row.
    row_words : int
        Words of all rows.
    ticks : int
        Ticks of recording to keep SDRAM for.
    dynamic : DynamicMemory
        For synapses with dynamics.
    feeders : int
        Cores that have synapses of these neurons. It keeps two buffers for what they send, and one for the sum
        (sPyNNaker ``c_main_neurons.c``), but no ring buffers if it has no synapses itself.
    """
    receptors = len(program.numbers(Role.RECEPTOR))
    kept = len(program.numbers(Role.STATE)) + len(program.numbers(Role.PARAMETER))
    slot = slot_bytes(program, per_core, dynamic)
    hears = entries > 0 or not feeders
    state = Region("neuron state", WORD * kept * cells)
    streams = Region("random streams", STREAM_BYTES * cells if program.numbers(Role.RANDOM) else 0)
    functions = Region("tables of functions", WORD * sum(len(table.words) for table in program.tables))
    table = Region(TABLE, TABLE_ENTRY_BYTES * entries)
    rules = Region(RULES, dynamic.parameter_bytes)
    fast = (
        state,
        streams,
        functions,
        Region("synaptic input", WORD * receptors * cells),
        Region("ring buffers", DELAY_SLOTS * slot if hears else 0),
        *([Region("inputs of synapse cores", 3 * slot)] if feeders else []),
        table,
        Region("incoming packets", PACKET_BUFFER_BYTES if hears else 0),
        Region("row buffers", 2 * WORD * stride),
        Region("spike histories", dynamic.history_bytes * cells),
        rules,
    )
    places = Region("places of rewired synapses", dynamic.place_bytes * cells)
    rewiring = Region("rules of rewiring", dynamic.rewiring_bytes)
    slow = (state, streams, functions, rules, places, rewiring, table, Region("synaptic rows", WORD * row_words))
    return _core(fast, slow, recorded, ticks)


def slot_bytes(program: Program, per_core: int, dynamic: DynamicMemory = NO_DYNAMICS) -> int:
    """Bytes of a slot of the ring buffers: 16 bits for each synapse type and cell, both counted in powers of two."""
    receptors = len(program.numbers(Role.RECEPTOR))
    return 2 << (bits_for(receptors + dynamic.dopamine_types) + bits_for(per_core))


def synapse_core(slot: int, *, entries: int, stride: int, row_words: int) -> CoreMemory:
    """Memory of a synapse core whose ring buffers have slots of so many bytes; the rest as of `neuron_core`."""
    table = Region(TABLE, TABLE_ENTRY_BYTES * entries)
    fast = (
        Region("ring buffers", DELAY_SLOTS * slot),
        table,
        Region("incoming packets", PACKET_BUFFER_BYTES),
        Region("row buffers", 2 * WORD * stride),
    )
    rows = Region("synaptic rows", WORD * row_words)
    return _core(fast, (table, rows, Region("inputs for the neurons", slot)), (), 0)


def random_core(cells: int, bins: int, recorded: Sequence[Recorded], ticks: int) -> CoreMemory:
    """Memory of a core of random sources that have `bins` of histograms in all."""
    sources = Region("sources", SOURCE_BYTES * cells)
    histograms = (Region("histograms", BIN_BYTES * bins),) if bins else ()
    return _core((sources,), (sources, *histograms), recorded, ticks)


def array_core(cells: int, spikes: int, recorded: Sequence[Recorded], ticks: int) -> CoreMemory:
    """Memory of a core of sources with given spike times: they lie in SDRAM and are read a tick at a time."""
    buffer = Region("spikes of a tick", WORD * bits_to_words(cells))
    return _core((buffer,), (Region(SPIKE_TIMES, SPIKE_BYTES * spikes),), recorded, ticks)


def delay_core(cells: int, stages: int) -> CoreMemory:
    """Memory of a core of delay stages: a bit a cell for every tick it remembers, and one for every stage."""
    field = WORD * bits_to_words(cells)
    members = Region("cells of each stage", field * stages)
    remembered = Region("spikes to repeat", field * DELAY_SLOTS * stages)
    return _core((Region("incoming packets", PACKET_BUFFER_BYTES), remembered, members), (members,), (), 0)


def _core(dtcm: tuple[Region, ...], sdram: tuple[Region, ...], recorded: Sequence[Recorded], ticks: int) -> CoreMemory:
    """The given regions, those that every core has, and those for recording."""
    samples = (Region(f"recording of {found.variable}", found.sample_bytes) for found in recorded)
    return CoreMemory(
        dtcm=(Region(STACK, STACK_BYTES), *dtcm, *samples),
        sdram=(Region("system", SYSTEM_BYTES), *sdram, *(found.region(ticks) for found in recorded)),
    )


def check_fits(memory: CoreMemory, label: str, machine: Machine, remedy: str) -> None:
    """Raise a MappingError if a core does not fit, naming its largest region and what to do.

    Parameters
    ----------
    remedy : str
        What to do about regions that have no remedy of their own.
    """
    for name, regions, needed, limit, limits in (
        ("core's fast memory (DTCM)", memory.dtcm, memory.dtcm_bytes, machine.dtcm_bytes, ("dtcm_margin",)),
        ("chip's memory (SDRAM)", memory.sdram, memory.sdram_bytes, machine.sdram_bytes, LIMITS_OF_SDRAM),
    ):
        if needed > limit:
            largest = max(regions, key=lambda region: region.bytes)
            own = RECORDING_REMEDY if largest.name.startswith(RECORDED) and regions is memory.sdram else remedy
            raise MappingError(
                f"population '{label}' needs {needed:,} bytes of a {name} for one core, {limit:,} are there; "
                f"{largest.name} take {largest.bytes:,} of them: {REMEDIES.get(largest.name, own)}",
                limits=limits,
            )
