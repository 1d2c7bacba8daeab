"""A network in words: populations, parameters, projections, for people to read and to diff."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Current, Injected, Network, Population, Projection, Recording, Values, WaveCurrent
from toolchain.synapses import ELECTRICAL, parameters_of
from toolchain.synapses.modulation import NEUROMODULATION


class Spread(NamedTuple):
    """Smallest, mean and largest of some values."""

    smallest: float
    mean: float
    largest: float

    def __str__(self) -> str:
        """Return one number if all are equal, else the range and the mean."""
        if self.smallest == self.largest:
            return f"{self.smallest:.6g}"
        return f"{self.smallest:.6g} ... {self.largest:.6g} (mean {self.mean:.6g})"


def spread(values: Values) -> Spread | None:
    """Smallest, mean and largest of `values`; None if there are none."""
    array = np.asarray(values, np.float64)
    if not array.size:
        return None
    return Spread(float(array.min()), float(array.mean()), float(array.max()))


def units(cell: str) -> dict[str, str]:
    """Units of the parameters and state variables of a cell model, by name; none for an unknown model."""
    model = CELL_MODELS.get(cell)
    if model is None:
        return {}
    found = {parameter.name: parameter.unit for parameter in model.parameters}
    if isinstance(model, CellModel):
        found.update({variable.name: variable.unit for variable in model.state})
    else:
        found.update(model.sequences)
    return found


def weight_unit(network: Network, projection: Projection) -> str:
    """Unit of the weights of `projection`; none for an unknown model or receptor."""
    if projection.synapse in (ELECTRICAL, NEUROMODULATION):
        return "uS" if projection.synapse == ELECTRICAL else ""
    model = CELL_MODELS.get(network.populations[projection.target].cell)
    found = model.weights.get(projection.receptor) if isinstance(model, CellModel) else None
    return found.unit if found else ""


def parameter_texts(population: Population) -> tuple[tuple[str, str], ...]:
    """Name and value of each parameter and initial value of `population`, with its unit."""
    unit = units(population.cell)
    named = [(name, name, values) for name, values in population.parameters.items()]
    named += [(f"{name} at 0 ms", name, values) for name, values in population.initial.items()]
    texts = [(shown, f"{spread(values)} {unit.get(name, '')}".strip()) for shown, name, values in named]
    if population.spike_times is not None:
        texts.append(("spike_times", f"{len(population.spike_times.times):,} spikes"))
    if population.histogram is not None:
        for name in ("a", "b", "tbins"):
            texts.append((name, f"{spread(getattr(population.histogram, name))} {unit[name]}".strip()))
    return tuple(texts)


def current_text(current: Injected) -> str:
    """What a current does in time."""
    if isinstance(current, Current):
        return f"{len(current.times):,} steps, {spread(current.amplitudes)} nA"
    assert isinstance(current, WaveCurrent), "there are steps and waves"
    wave = current.wave
    parts = [f"{wave.offset:.6g} nA"]
    if wave.amplitude:
        parts.append(f"a sine of {wave.amplitude:.6g} nA and {wave.frequency:.6g} Hz")
    if wave.deviation:
        parts.append(f"noise of {wave.deviation:.6g} nA")
    return f"{' and '.join(parts)} every {wave.interval:g} ms from {wave.start:g} to {wave.stop:g} ms"


def recording_text(recording: Recording, size: int) -> str:
    """What is recorded, of how many cells, how often."""
    cells = "" if len(recording.indices) == size else f" ({len(recording.indices):,} cells)"
    interval = "" if recording.interval_steps == 1 else f" every {recording.interval_steps} steps"
    return f"{recording.variable}{cells}{interval}"


def describe(network: Network) -> str:
    """Return the network as text, a line for each population, parameter and projection."""
    head = f"network '{network.label}': {network.cells:,} cells, {network.synapses:,} synapses"
    lines = [f"{head}, timestep {network.timestep:g} ms, seed {network.seed}"]
    for population in network.populations:
        lines += _describe_population(population)
    for projection in network.projections:
        lines += _describe_projection(network, projection)
    return "\n".join(lines) + "\n"


def _describe_population(population: Population) -> list[str]:
    lines = [f"population '{population.label}': {population.size:,} {population.cell}"]
    lines += [f"  {name} = {text}" for name, text in parameter_texts(population)]
    for current in population.currents:
        lines.append(f"  current into {len(current.indices):,} cells, {current_text(current)}")
    if population.recordings:
        texts = [recording_text(recording, population.size) for recording in population.recordings]
        lines.append(f"  records {', '.join(texts)}")
    return lines


def synapse_text(projection: Projection) -> str:
    """Synapse type, with the rules that it is made of."""
    rules = f" ({', '.join(projection.rules)})" if projection.rules else ""
    return projection.synapse + rules


def synapse_parameter_texts(projection: Projection) -> tuple[tuple[str, str], ...]:
    """Name and value of each parameter of the synapses besides weight and delay, and of what state they begin in."""
    unit = {parameter.name: parameter.unit for parameter in parameters_of(projection.synapse, projection.rules)}
    named = [(name, name, values) for name, values in projection.parameters.items()]
    named += [(f"{name} at 0 ms", name, values) for name, values in projection.initial.items()]
    return tuple((shown, f"{spread(values)} {unit.get(name, '')}".strip()) for shown, name, values in named)


def _describe_projection(network: Network, projection: Projection) -> list[str]:
    source, target = (network.populations[number].label for number in (projection.source, projection.target))
    electrical = projection.synapse == ELECTRICAL
    kind = synapse_text(projection) + ("" if electrical else f", {projection.receptor}")
    lines = [f"projection '{projection.label}': '{source}' -> '{target}', {len(projection):,} {kind}"]
    if len(projection):
        lines.append(f"  weight = {spread(projection.weight)} {weight_unit(network, projection)}".rstrip())
        if not electrical:
            lines.append(f"  delay = {spread(projection.delay)} ms")
        lines += [f"  {name} = {text}" for name, text in synapse_parameter_texts(projection)]
    return lines
