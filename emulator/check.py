"""Checks of a machine image: whoever made it, it is not run unless it makes sense.

`check` looks at what stands in the image; `check_rows` follows the links to the synaptic rows, so that no packet
can fetch a row from outside the memory of its core, nor a row name a neuron that is not there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emulator.check_dynamic import check_dynamic
from emulator.check_rewiring import check_rewiring, plastic_part, rewired_banks
from emulator.check_shared import check_blocks, check_shared, first, name, require
from emulator.conversion import ACCUM_MAX
from emulator.errors import ImageError, ProgramError
from emulator.fabric import key_limit, neuron_mask
from emulator.image import (
    IMAGE_VERSION,
    ArrayCore,
    Core,
    Current,
    DelayCore,
    MachineImage,
    NeuronCore,
    PoissonCore,
    RenewalCore,
    SynapseCore,
    WaveCurrent,
)
from emulator.link import Feeds
from emulator.poisson import LAMBDA_MAX
from emulator.program import NO_SPIKE, Kind, Program, Role
from emulator.renewal import fault
from emulator.rows import OUTSIDE, TOO_LONG, UNKNOWN_TARGET, WRONG_PART, first_bad_row
from emulator.synaptic_rows import ROW_HEADER_WORDS, PopulationTable
from emulator.waves import Wave

WORD_BITS = 32
LOW_BITS = 16
"""Bits of a synaptic word below its weight."""
DELAY_BITS = 4
ROW_FAULTS = {
    OUTSIDE: "lies outside its rows",
    TOO_LONG: "is longer than its population-table entry allows",
    UNKNOWN_TARGET: "names a synapse type or a neuron that the core does not have",
    WRONG_PART: "has a plastic part of a size that its synapses do not explain, or fixed words beside it",
}


def check(image: MachineImage) -> None:
    """Raise ImageError, naming chip or core and value, at the first thing that contradicts the rest."""
    if image.version != IMAGE_VERSION:
        raise ImageError(f"the image has format {image.version}, this emulator reads format {IMAGE_VERSION}")
    if not 0 < image.cycles_per_tick < np.inf:
        raise ImageError(
            f"a tick has {image.cycles_per_tick} cycles; timestep and time_scale_factor must be > 0, and finite"
        )
    check_shared(image)
    for program in image.programs:
        _check_program(program)
    for core in image.cores:
        if isinstance(core, NeuronCore):
            _check_neurons(image, core)
        elif isinstance(core, PoissonCore):
            _check_poisson(core, image.timestep)
        elif isinstance(core, RenewalCore):
            _check_renewal(core, image.timestep)
        elif isinstance(core, ArrayCore):
            _check_array(core)
        elif isinstance(core, DelayCore):
            _check_delay(core)
        elif isinstance(core, SynapseCore):
            _check_synapses(image, core)
        else:
            raise ImageError(f"{name(core)}: no core is a {type(core).__name__}")
        _check_core(core)
    check_blocks(image)


def check_rows(image: MachineImage, feeds: Feeds) -> None:
    """Raise ImageError if a packet would fetch a row that is not there, or that names what is not there."""
    limits = np.array([key_limit(core) for core in image.cores], dtype=np.int64)
    neuron_masks = np.array([neuron_mask(core) for core in image.cores], dtype=np.uint32)
    neurons = np.array([core.n for core in image.cores], dtype=np.int64)
    for number, core in enumerate(image.cores):
        span = slice(*feeds.start[number : number + 2])
        if isinstance(core, DelayCore):
            _check_heard(core, feeds, span, limits)
        if not isinstance(core, NeuronCore | SynapseCore) or span.start == span.stop:
            continue
        targets = image.cores[core.neurons] if isinstance(core, SynapseCore) else core
        assert isinstance(targets, NeuronCore), "its image has been checked"
        for bank in range(1 + (len(core.dynamic) if isinstance(core, NeuronCore) else 0)):
            mine = span.start + np.flatnonzero(feeds.bank[span] == bank)
            source = feeds.source[mine]
            rows = targets.dynamic[bank - 1].rows if bank else core.rows
            header, words = plastic_part(targets.dynamic[bank - 1]) if bank else (-1, 0)
            spare = bank > 0 and bank - 1 in rewired_banks(targets.rewiring)
            fault, feed, index = first_bad_row(
                rows, header, words, spare, core.n, len(targets.shift), targets.index_bits, targets.type_bits,
                feeds.base[mine], feeds.stride[mine], feeds.index_mask[mine],
                feeds.filter_mask[mine], feeds.filter_key[mine], limits[source], neuron_masks[source], neurons[source],
            )  # fmt: skip
            if fault:
                sender = image.cores[source[feed]].label
                raise ImageError(f"{name(core)}: the row of neuron {index} of {sender!r} {ROW_FAULTS[fault]}")


def _check_program(program: Program) -> None:
    """The program can be packed, and reads no scratch register before it has written it."""
    try:
        _ = program.code
    except ProgramError as error:
        raise ImageError(str(error)) from error
    written = {n for n, register in enumerate(program.registers) if register.role != Role.SCRATCH}
    for number, instruction in enumerate(program.instructions):
        for read in instruction.reads:
            if read not in written:
                name = program.registers[read].name
                raise ImageError(f"program {program.name!r}: instruction {number} reads {name!r} before it is written")
        written.add(instruction.out)
    if program.spike != NO_SPIKE and program.spike not in written:
        raise ImageError(f"program {program.name!r}: register {program.spike}, which tells the spikes, is not written")
    for variable, register, shift in program.recorded:
        if not (0 <= register < len(program.registers) and register in written and 0 <= shift < WORD_BITS):
            raise ImageError(f"program {program.name!r}: {variable!r} cannot be read from register {register}")
    if any(program.registers[number].kind != Kind.UNIT for number in program.numbers(Role.RANDOM)):
        raise ImageError(f"program {program.name!r} has a register of random numbers that is not s0.31")
    if len(program.numbers(Role.CURRENT)) > 1:
        raise ImageError(f"program {program.name!r} has several registers for injected current")


def _check_core(core: Core) -> None:
    """What all cores have."""
    require(core.n >= 1, core, f"it has {core.n} neurons")
    require(0 <= core.key < 1 << WORD_BITS and 0 <= core.mask < 1 << WORD_BITS, core, "key or mask is no 32-bit word")
    require(core.key & ~core.mask == 0, core, f"key {core.key:#010x} lies outside its mask {core.mask:#010x}")
    if core.key or core.mask:
        numbers = (1 << max(key_limit(core) - 1, 0).bit_length()) - 1
        require(core.mask & numbers == 0, core, f"mask {core.mask:#010x} leaves no room for {key_limit(core)} keys")
    _check_index(core, core.record_spikes, "record_spikes")
    require(bool(np.all(np.diff(core.record_spikes) > 0)), core, "record_spikes does not ascend")


def _check_index(core: Core, index: NDArray[np.int32], what: str) -> None:
    """All of `index` name neurons of the core."""
    if (wrong := first((index < 0) | (index >= core.n))) is not None:
        raise ImageError(f"{name(core)}: {what} names neuron {index[wrong]}, it has 0 to {core.n - 1}")


def _check_neurons(image: MachineImage, core: NeuronCore) -> None:
    require(0 <= core.program < len(image.programs), core, f"there is no program {core.program}")
    program = image.programs[core.program]
    require(program.spike != NO_SPIKE, core, f"program {program.name!r} has no spikes: it runs over synapses")
    receptors = len(program.numbers(Role.RECEPTOR))
    for register in program.registers:
        if register.role in (Role.STATE, Role.PARAMETER):
            words = core.registers.get(register.name)
            require(words is not None, core, f"register {register.name!r} has no values")
            require(words is None or words.shape == (core.n,), core, f"register {register.name!r} is not [{core.n}]")
    types = receptors + (len(core.dopamine.signs) if core.dopamine else 0)
    streams = core.n if program.numbers(Role.RANDOM) else 0
    require(core.seed.shape == (streams, 4), core, f"seeds of shape {core.seed.shape} for {streams} random streams")
    require(len(core.shift) == types, core, f"{len(core.shift)} shifts for {types} synapse types")
    require(all(0 <= shift < WORD_BITS for shift in core.shift), core, f"shifts {core.shift} are not all 0 to 31")
    require(core.n <= 1 << core.index_bits, core, f"{core.index_bits} index bits for {core.n} neurons")
    require(types <= 1 << core.type_bits, core, f"{core.type_bits} type bits for {types} synapse types")
    bits = DELAY_BITS + core.index_bits + core.type_bits
    require(bits <= LOW_BITS, core, f"delay, type and index take {bits} bits of a synaptic word, which has {LOW_BITS}")
    for table in (core.table, *(rows.table for rows in core.dynamic)):
        _check_population_table(core, table)
    check_dynamic(image, core, lambda holds, violation: require(holds, core, violation))
    check_rewiring(core, lambda holds, violation: require(holds, core, violation))
    _check_recordings(core, program)
    check_currents(core, program)


def _check_synapses(image: MachineImage, core: SynapseCore) -> None:
    neurons = image.cores[core.neurons] if 0 <= core.neurons < len(image.cores) else None
    if not isinstance(neurons, NeuronCore):
        raise ImageError(f"{name(core)}: core {core.neurons}, for which it has synapses, is none of neurons")
    require((core.x, core.y) == (neurons.x, neurons.y), core, f"{neurons.label!r} is on another chip")
    require(core.n == neurons.n, core, f"{neurons.label!r} has {neurons.n} neurons, not {core.n}")
    require(neurons.index_bits >= 1, core, f"inputs of {neurons.label!r} are no whole words")
    require(core.key == core.mask == 0 and len(core.record_spikes) == 0, core, "it sends or records spikes")
    _check_population_table(core, core.table)


def _check_population_table(core: Core, table: PopulationTable) -> None:
    lengths = {len(table.key), len(table.mask), len(table.address), len(table.stride)}
    require(len(lengths) == 1, core, "the columns of its population table differ in length")
    free = (~table.mask).astype(np.uint64)
    end = table.key | ~table.mask
    _refuse(core, free & (free + np.uint64(1)) != 0, table, "has a mask that is not leading ones")
    _refuse(core, table.key & ~table.mask != 0, table, "has a key outside its mask")
    _refuse(core, table.stride < ROW_HEADER_WORDS, table, "has rows shorter than their header")
    unordered = np.append(False, table.key[1:] <= end[:-1])
    _refuse(core, unordered, table, "overlaps the one before it, or stands behind it")


def _refuse(core: Core, wrong: NDArray[np.bool_], table: PopulationTable, violation: str) -> None:
    if (entry := first(wrong)) is not None:
        key, mask = table.key[entry], table.mask[entry]
        raise ImageError(f"{name(core)}: population-table entry {entry} ({key:#010x}/{mask:#010x}) {violation}")


def _check_recordings(core: NeuronCore, program: Program) -> None:
    known = [name for name, _, _ in program.recorded]
    for recording in core.recordings:
        require(recording.variable in known, core, f"{program.name} cannot record {recording.variable!r}, only {known}")
        require(recording.interval >= 1, core, f"it records {recording.variable!r} every {recording.interval} ticks")
        require(len(recording.index) > 0, core, f"the recording of {recording.variable!r} names no neuron")
        _check_index(core, recording.index, f"the recording of {recording.variable!r}")
    names = [recording.variable for recording in core.recordings]
    require(len(set(names)) == len(names), core, "it records a variable twice")


def check_currents(core: NeuronCore, program: Program) -> None:
    """Raise ImageError at the first violation of what is injected into a core that runs `program`."""
    takes = bool(program.numbers(Role.CURRENT))
    require(takes or not core.currents, core, f"{program.name} takes no injected current")
    for current in core.currents:
        _check_index(core, current.index, "an injected current")
        if isinstance(current, WaveCurrent):
            _check_wave(core, current.wave)
        elif isinstance(current, Current):
            _check_steps(core, current)
        else:
            raise ImageError(f"{name(core)}: no injected current is a {type(current).__name__}")


def _check_wave(core: NeuronCore, wave: Wave) -> None:
    fault = wave.fault()
    require(fault is None, core, f"an injected wave {fault}")
    require(wave.highest <= ACCUM_MAX, core, f"an injected wave of up to {wave.highest:g} nA does not fit s16.15")


def _check_steps(core: NeuronCore, current: Current) -> None:
    require(len(current.tick) == len(current.amplitude), core, "an injected current has not one amplitude a tick")
    require(bool(np.all(np.diff(current.tick) > 0)), core, "the ticks of an injected current do not ascend")


def _check_poisson(core: PoissonCore, timestep: float) -> None:
    shapes = (core.rate.shape, core.start.shape, core.stop.shape, core.seed.shape)
    require(shapes == (*3 * ((core.n,),), (core.n, 4)), core, f"arrays of shapes {shapes} for {core.n} sources")
    fits = (core.rate >= 0) & (core.rate * timestep * 1e-3 < LAMBDA_MAX)
    if (wrong := first(~fits)) is not None:
        raise ImageError(f"{name(core)}: source {wrong} has a rate of {core.rate[wrong]} Hz")


def _check_renewal(core: RenewalCore, timestep: float) -> None:
    shapes = (core.start.shape, core.stop.shape, core.seed.shape)
    require(shapes == ((core.n,), (core.n,), (core.n, 4)), core, f"arrays of shapes {shapes} for {core.n} sources")
    found = fault(core.intervals, core.n, timestep)
    require(found is None, core, str(found))


def _check_array(core: ArrayCore) -> None:
    require(len(core.tick) == len(core.index), core, f"{len(core.tick)} ticks for {len(core.index)} spikes")
    _check_index(core, core.index, "its list of spikes")
    require(bool(np.all(np.diff(core.tick) >= 0)), core, "its spikes are not sorted by tick")
    first = core.tick.min(initial=0)
    require(first >= 0, core, f"it has a spike in tick {first}, before tick 0")


def _check_delay(core: DelayCore) -> None:
    shape = core.send.shape
    require(len(shape) == 2 and shape[0] >= 1 and shape[1] == core.n, core, f"send is {shape}, not [stages, {core.n}]")
    fits = 0 <= core.stage_shift < WORD_BITS and core.n <= 1 << core.stage_shift
    require(fits, core, f"a stage shift of {core.stage_shift} for {core.n} neurons")
    require(shape[0] << core.stage_shift < 1 << WORD_BITS, core, f"{shape[0]} stages do not fit in a key")
    require(len(core.record_spikes) == 0, core, "delay stages have no spikes of their own to record")
    outside = core.source_key & ~core.source_mask
    require(outside == 0, core, f"source key {core.source_key:#010x} lies outside its mask {core.source_mask:#010x}")


def _check_heard(core: DelayCore, feeds: Feeds, span: slice, limits: NDArray[np.int64]) -> None:
    """No sender has more neurons than the stage repeats."""
    for feed in span.start + np.flatnonzero(feeds.base[span] >= 0):
        number = np.arange(limits[feeds.source[feed]], dtype=np.uint32)
        number = number[number & feeds.filter_mask[feed] == feeds.filter_key[feed]]
        heard = feeds.base[feed] + (number & feeds.index_mask[feed])
        last = int(heard.max(initial=-1))
        require(last < core.n, core, f"it hears neuron {last} of its source slice, which has {core.n}")
