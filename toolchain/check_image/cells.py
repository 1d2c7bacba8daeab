"""What cores are told of their cells: programs and first words of neurons, sources, currents, what is recorded.

The words of neurons are those that the cell model derives of the parameters (`CellModel.registers`), encoded once more
for each population and held against each core.  Ticks, amplitudes and indices are worked out here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator import image as loaded
from emulator.conversion import host_to_accum
from emulator.image import ArrayCore, Core, MachineImage, NeuronCore, PoissonCore, RenewalCore
from emulator.seeds import source_seeds
from toolchain.check_image.require import name, require
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.models.sources import RENEWAL_SOURCES, SPIKE_SOURCE_POISSON, given, intervals, window
from toolchain.network import Current, Injected, Network, Population, WaveCurrent
from toolchain.options import MappingOptions
from toolchain.partition import Partition

LAST_TICK = np.iinfo(np.int32).max

Cores = Sequence[tuple[slice, Core]]
"""The cores of a population, each with its cells."""


def check_cells(network: Network, partition: Partition, image: MachineImage, options: MappingOptions) -> None:
    """Check what all cores are told of their cells."""
    for number, population in enumerate(network.populations):
        found = [(partition.slices[i], image.cores[i]) for i in partition.slices_of(number)]
        cores = [(slice(one.start, one.stop), core) for one, core in found]
        spikes = [one.indices for one in population.recordings if one.variable == "spikes"]
        every = np.unique(np.concatenate([np.zeros(0, np.int32), *spikes]))
        for cells, core in cores:
            same = np.array_equal(core.record_spikes, _inside(every, cells))
            require(same, f"{name(core)} does not record the spikes that it shall, or others")
        model = CELL_MODELS[population.cell]
        draws = not isinstance(model, CellModel) or bool(model.draws)
        seeds = source_seeds(network.seed, number, 0, population.size if draws else 0)
        if isinstance(model, CellModel):
            _check_neurons(network, population, image, cores, model.substeps(network.timestep, options.substeps))
        else:
            _check_sources(network, population, cores)
        for cells, core in cores:
            if isinstance(core, NeuronCore | PoissonCore | RenewalCore):
                require(np.array_equal(core.seed, seeds[cells]), f"{name(core)} has other seeds than its cells")


def _inside(indices: NDArray[np.int32], cells: slice) -> NDArray[np.int32]:
    """Those of `indices`, which ascend, that are among `cells`, counted from the first of these."""
    low, high = np.searchsorted(indices, (cells.start, cells.stop))
    inside: NDArray[np.int32] = indices[low:high] - np.int32(cells.start)
    return inside


def _check_neurons(network: Network, population: Population, image: MachineImage, cores: Cores, substeps: int) -> None:
    """Programs, first words, currents and recordings."""
    model = CELL_MODELS[population.cell]
    assert isinstance(model, CellModel), "only these have neurons"
    program = model.program(substeps)
    words = model.registers(population.parameters, population.initial, population.size, network.timestep, substeps)
    running = {number for number, one in enumerate(image.programs) if one == program}
    for _, core in cores:
        assert isinstance(core, NeuronCore), "the places have been checked"
        require(core.program in running, f"{name(core)} does not run {program.name!r}")
        require(core.registers.keys() == words.keys(), f"{name(core)} has not the registers of {program.name!r}")
    neurons = [(cells, core) for cells, core in cores if isinstance(core, NeuronCore)]
    for register, wanted in words.items():
        fits = all(len(core.registers[register]) == core.n for _, core in neurons)
        if not fits or not np.array_equal(np.concatenate([core.registers[register] for _, core in neurons]), wanted):
            _raise_first(neurons, register, wanted)
    for cells, core in neurons:
        if population.recordings or core.recordings:
            _check_recordings(population, cells, core)
        if population.currents or core.currents:
            _check_currents(network, population, model, cells, core)


def _raise_first(cores: Sequence[tuple[slice, NeuronCore]], register: str, wanted: NDArray[np.int32]) -> None:
    """Raise for the first word of a register that is another than it is `wanted` to be."""
    for cells, core in cores:
        told, words = core.registers[register], wanted[cells]
        require(told.shape == words.shape, f"{name(core)} has {len(told)} words for {register!r}")
        for cell in np.flatnonzero(told != words)[:1].tolist():
            require(False, f"{name(core)}: {register!r} of neuron {cell} is {told[cell]}, it should be {words[cell]}")


def _check_recordings(population: Population, cells: slice, core: NeuronCore) -> None:
    """Each variable of each of its cells that is to be recorded is, as often as it shall."""
    asked = [(one.variable, one.interval_steps, one.indices) for one in population.recordings]
    wanted = [(variable, often, _inside(index, cells)) for variable, often, index in asked if variable != "spikes"]
    wanted = [one for one in wanted if len(one[2])]
    told = [(one.variable, one.interval, one.index) for one in core.recordings]
    same = [a[:2] == b[:2] and np.array_equal(a[2], b[2]) for a, b in zip(told, wanted, strict=False)]
    require(len(told) == len(wanted) and all(same), f"{name(core)} does not record what it shall")


def _check_currents(network: Network, population: Population, model: CellModel, cells: slice, core: NeuronCore) -> None:
    """What is injected into a core is what is injected into its cells."""
    inside = [
        (one, one.indices[(one.indices >= cells.start) & (one.indices < cells.stop)]) for one in population.currents
    ]
    mine = [(one, index - np.int32(cells.start)) for one, index in inside if len(index)]
    told = len(core.currents)
    require(told == len(mine), f"{name(core)} has {told} injected currents, its cells have {len(mine)}")
    for one, (current, index) in zip(core.currents, mine, strict=True):
        same = np.array_equal(one.index, index)
        same &= _is_current(one, current, network.timestep, model.current_factor)
        require(same, f"{name(core)} has another current injected than its population")


def _is_current(told: loaded.Injected, current: Injected, timestep: float, factor: float) -> bool:
    """Whether a loaded current is one of the network, whose values are multiplied by `factor`."""
    if isinstance(current, Current) and isinstance(told, loaded.Current):
        ticks = np.maximum(_ticks(current.times, timestep), 0)
        last = dict(zip(ticks.tolist(), (current.amplitudes * factor).tolist(), strict=True))
        words = host_to_accum(list(last.values())).tolist()
        return (told.tick.tolist(), told.amplitude.tolist()) == (list(last), words)
    if isinstance(current, WaveCurrent) and isinstance(told, loaded.WaveCurrent):
        a, b = told.wave, current.wave
        scaled = [(a.offset, b.offset), (a.amplitude, b.amplitude), (a.deviation, b.deviation)]
        kept = [(getattr(a, word), getattr(b, word)) for word in ("start", "stop", "interval", "frequency", "phase")]
        return a.seed == b.seed and all(x == y * factor for x, y in scaled) and all(x == y for x, y in kept)
    return False


def _ticks(times: NDArray[np.float64], timestep: float) -> NDArray[np.int64]:
    return np.minimum(np.rint(times / timestep), LAST_TICK).astype(np.int64)


def _check_sources(network: Network, population: Population, cores: Cores) -> None:
    """Spike times, or how they are drawn, and when."""
    start, stop = window(population, network.timestep)
    rate = np.broadcast_to(given(population, SPIKE_SOURCE_POISSON).get("rate", 0.0), population.size)
    drawn = intervals(population) if population.cell in RENEWAL_SOURCES else None
    for cells, core in cores:
        columns: list[tuple[NDArray[Any], NDArray[Any]]] = []
        if isinstance(core, ArrayCore):
            columns = [*zip((core.tick, core.index), _spikes(population, cells, network.timestep), strict=True)]
        if isinstance(core, PoissonCore | RenewalCore):
            columns = [(core.start, start[cells]), (core.stop, stop[cells])]
        if isinstance(core, PoissonCore):
            columns.append((core.rate, rate[cells]))
        if isinstance(core, RenewalCore) and drawn is not None:
            mine = drawn.part(cells.start, cells.stop)
            columns += [(getattr(core.intervals, word), getattr(mine, word)) for word in vars(mine)]
        same = all(np.array_equal(told, wanted) for told, wanted in columns)
        require(same, f"{name(core)} does not spike as its sources do")


def _spikes(population: Population, cells: slice, timestep: float) -> NDArray[np.int64]:
    """Ticks of all spikes of some sources, and which source each is of, counted from the first; ascending."""
    spikes = population.spike_times
    assert spikes is not None, "the slice is one of spike times"
    offsets = spikes.offsets[cells.start : cells.stop + 1]
    ticks = _ticks(spikes.times[offsets[0] : offsets[-1]], timestep)
    pairs = np.stack([ticks, np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))])
    return pairs[:, np.lexsort(pairs[::-1])]
