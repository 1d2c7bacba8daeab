"""The check of a network: whatever contradicts itself is refused before anything is built of it.

The messages speak of populations, projections and parameters, for they are the user's to mend.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from toolchain.check_sources import check_source
from toolchain.check_synapses import check_modulation, check_structure, check_synapses
from toolchain.did_you_mean import did_you_mean
from toolchain.errors import NetworkError, ParameterError
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel, SourceModel
from toolchain.models.parameters import check_initial, check_parameters
from toolchain.network import Current, Injected, Network, Population, Projection, Recording, Values, WaveCurrent
from toolchain.synapses import ELECTRICAL
from toolchain.synapses.modulation import NEUROMODULATION, RECEPTORS
from toolchain.synapses.structure import STRUCTURAL, structure_of

CONDUCTANCE = (0.0, np.inf, "be >= 0 uS, as a gap junction is a conductance")
CONCENTRATION = (0.0, np.inf, "be >= 0, as it is a concentration of dopamine")


def check_network(network: Network) -> None:
    """Check `network` as a whole.

    Raises
    ------
    NetworkError
        At the first violation.
    ParameterError
        If it is a parameter of a cell.
    """
    if not (np.isfinite(network.timestep) and network.timestep > 0.0):
        raise NetworkError(f"timestep must be > 0 ms, got {network.timestep}")
    labels: set[str] = set()
    for population in network.populations:
        if population.label in labels:
            raise NetworkError(f"two populations have the label '{population.label}'")
        labels.add(population.label)
        _check_population(population, network.timestep)
    for projection in network.projections:
        _check_projection(network, projection)
    check_modulation(network)
    check_structure(network)


def _check_population(population: Population, timestep: float) -> None:
    who = f"population '{population.label}'"
    if population.size < 1:
        raise NetworkError(f"{who} must have at least 1 cell, got {population.size}")
    model = CELL_MODELS.get(population.cell)
    if model is None:
        raise NetworkError(
            f"{who}: there is no cell type '{population.cell}'{did_you_mean(population.cell, CELL_MODELS)}"
        )
    check_parameters(model, population.parameters, population.size)
    if isinstance(model, CellModel):
        check_initial(model.name, model.state, population.initial, population.size)
        _check_order(who, model, population)
    check_source(who, population, timestep)
    if population.currents and not isinstance(model, CellModel):
        raise NetworkError(f"{who}: a current cannot be injected into {population.cell}, which has no membrane")
    _check_currents(who, population)
    for recording in population.recordings:
        _check_recording(who, population, model, recording)
    recorded = [recording.variable for recording in population.recordings]
    if twice := next((variable for variable in recorded if recorded.count(variable) > 1), None):
        raise NetworkError(f"{who} records '{twice}' twice")


def _check_order(who: str, model: CellModel, population: Population) -> None:
    """Some voltages must be below others: a cell that is reset to its threshold would spike in every timestep."""
    values = {parameter.name: parameter.default for parameter in model.parameters} | dict(population.parameters)
    for name, bound in model.ascending:
        limit = values[bound] if isinstance(bound, str) else bound
        low, high = (np.broadcast_to(value, population.size) for value in (values[name], limit))
        wrong = low >= high
        if wrong.any():
            cell = int(wrong.argmax())
            named, other = (bound, f" and {high[cell]:g}") if isinstance(bound, str) else (f"{bound:g} mV", "")
            raise ParameterError(
                f"{who}: {model.name}.{name} must be < {named}, got {low[cell]:g}{other} mV for cell {cell}"
            )


def check_currents(network: Network) -> None:
    """Check what is injected into the populations of `network`, which is right else.

    Raises
    ------
    NetworkError
        At the first violation.
    """
    for population in network.populations:
        _check_currents(f"population '{population.label}'", population)


def _check_currents(who: str, population: Population) -> None:
    for current in population.currents:
        _check_current(f"{who}: injected current", population.size, current)


def _check_current(who: str, size: int, current: Injected) -> None:
    _check_indices(who, size, current.indices)
    if isinstance(current, WaveCurrent):
        if (fault := current.wave.fault()) is not None:
            raise NetworkError(f"{who} {fault}")
        return
    if not isinstance(current, Current):
        raise NetworkError(f"{who} is a {type(current).__name__}, which is neither steps nor a wave")
    if len(current.times) != len(current.amplitudes):
        raise NetworkError(f"{who} has {len(current.times)} times and {len(current.amplitudes)} amplitudes")
    if not (np.isfinite(current.times).all() and np.isfinite(current.amplitudes).all()):
        raise NetworkError(f"{who}: times and amplitudes must be finite")
    if np.any(np.diff(current.times) < 0.0):
        raise NetworkError(f"{who}: times must ascend, got {current.times.tolist()}")


def _check_recording(who: str, population: Population, model: CellModel | SourceModel, recording: Recording) -> None:
    if recording.variable not in model.recordable:
        raise NetworkError(
            f"{who}: {population.cell} cannot record '{recording.variable}'"
            f"{did_you_mean(recording.variable, model.recordable)}"
        )
    _check_indices(f"{who}: recording of '{recording.variable}'", population.size, recording.indices)
    if np.any(np.diff(recording.indices) <= 0):
        raise NetworkError(f"{who}: recording of '{recording.variable}': cell indices must ascend")
    if recording.interval_steps < 1:
        raise NetworkError(
            f"{who}: recording of '{recording.variable}': the sampling interval must be at least one timestep, "
            f"got {recording.interval_steps} timesteps"
        )


def _check_projection(network: Network, made: Projection) -> None:
    who = f"projection '{made.label}'"
    for end, population in (("source", made.source), ("target", made.target)):
        if not 0 <= population < len(network.populations):
            raise NetworkError(f"{who}: its {end} is population {population} of {len(network.populations)}")
    source, target = network.populations[made.source], network.populations[made.target]
    model = CELL_MODELS[target.cell]
    if not isinstance(model, CellModel):
        raise NetworkError(f"{who}: '{target.label}' is of {target.cell}, which has no synapses")
    receptors = model.receptors
    limits = None
    if made.synapse == ELECTRICAL:
        _check_coupled(who, source, target)
        receptors, limits = {made.receptor: ""}, CONDUCTANCE
    elif made.synapse == NEUROMODULATION:
        receptors, limits = dict.fromkeys(RECEPTORS, ""), CONCENTRATION
    if made.receptor not in receptors:
        what = made.synapse if limits else target.cell
        raise NetworkError(
            f"{who}: {what} has no receptor type '{made.receptor}'{did_you_mean(made.receptor, receptors)}"
        )
    check_synapses(made)
    if made.pre.shape != made.post.shape or made.pre.ndim != 1:
        raise NetworkError(f"{who}: {made.pre.shape} source cells do not match {made.post.shape} target cells")
    _check_indices(f"{who}: source", source.size, made.pre)
    _check_indices(f"{who}: target", target.size, made.post)
    limits = limits or _weight_limits(model, made.receptor)
    _check_range(who, "weight", made.weight, len(made), limits)
    if made.synapse in STRUCTURAL:
        _check_range(who, "initial_weight", structure_of(made)["initial_weight"], len(made), limits)
    _check_range(who, "delay", made.delay, len(made), (0.0, np.inf, "be >= 0 ms"))


def _check_coupled(who: str, *ends: Population) -> None:
    """A gap junction couples the voltages of two cells."""
    for population in ends:
        model = CELL_MODELS[population.cell]
        if not isinstance(model, CellModel) or "v" not in [variable.name for variable in model.state]:
            raise NetworkError(
                f"{who}: '{population.label}' is of {population.cell}, which has no v for ElectricalSynapse to couple"
            )


def _weight_limits(model: CellModel, receptor: str) -> tuple[float, float, str]:
    weights = model.weights[receptor]
    if weights.unit == "uS":
        return 0.0, np.inf, f"be >= 0 uS, as {model.name} has conductances"
    words = f"{weights.unit} for {receptor} synapses on {model.name}"
    return (0.0, np.inf, f"be >= 0 {words}") if weights.sign > 0 else (-np.inf, 0.0, f"be <= 0 {words}")


def _check_range(who: str, what: str, values: Values, synapses: int, limits: tuple[float, float, str]) -> None:
    array = np.asarray(values)
    if array.ndim and array.shape != (synapses,):
        raise NetworkError(f"{who}: {what}s of shape {array.shape} do not match {synapses} synapses")
    low, high, words = limits
    if not array.size:
        return
    least, most = float(array.min()), float(array.max())
    if not (np.isfinite(least) and np.isfinite(most)):
        raise NetworkError(f"{who}: {what} must be finite, got {least if not np.isfinite(least) else most}")
    if least < low or most > high:
        raise NetworkError(f"{who}: {what} must {words}, got {least if least < low else most:g}")


def _check_indices(who: str, size: int, indices: NDArray[np.int32]) -> None:
    if len(indices) and (indices.min() < 0 or indices.max() >= size):
        wrong = int(indices.min()) if indices.min() < 0 else int(indices.max())
        raise NetworkError(f"{who}: there is no cell {wrong} among {size}")
