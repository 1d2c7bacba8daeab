"""Freezing: from the objects that a script has made to the `Network` that both simulators take.

A projection between views or assemblies becomes one network projection for each pair of populations that it
connects, with indices in the populations.  Their arrays are shared, not copied, and read-only from here on.
Projections that have not changed since the last freezing stay the same objects, so that a simulator can see it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pyNN.parameters import Sequence

from pyneuro.errors import UnsupportedError
from pyneuro.populations import members
from pyneuro.standardmodels.arrays import elements
from toolchain import network
from toolchain.errors import NetworkError
from toolchain.models.declaration import CellModel, SourceModel
from toolchain.network import Histogram, Injected, Network, Recording, SpikeTimes, Values
from toolchain.synapses.release import RELEASE_MODELS

if TYPE_CHECKING:
    from pyneuro.populations import Population
    from pyneuro.projections import Projection
    from pyneuro.simulator import State


@dataclass(frozen=True, eq=False)
class Part:
    """What a projection is in the frozen network: a projection between two populations, and which connections it has.

    Parameters
    ----------
    frozen : toolchain.network.Projection
    connections : int64[synapses], optional
        Their numbers in the script's projection, if it has others, too.
    """

    frozen: network.Projection
    connections: NDArray[np.intp] | None


Ragged = tuple[NDArray[np.int64], NDArray[np.float64]]


def freeze(state: State) -> Network:
    """Return the network that the script has built so far."""
    currents = _currents(state)
    return Network(
        label=Path(sys.argv[0]).stem or "network",
        timestep=float(state.dt),
        populations=tuple(_population(*each) for each in zip(state.populations, _labels(state), currents, strict=True)),
        projections=tuple(part.frozen for projection in state.projections for part in projection.freeze()),
        seed=int(state.options.seed),
    )


def with_currents(network: Network, state: State) -> Network:
    """Return `network` with the currents that are injected now; populations whose currents are the same stay so."""
    populations = tuple(
        population if _same(population.currents, currents) else replace(population, currents=tuple(currents))
        for population, currents in zip(network.populations, _currents(state), strict=True)
    )
    return replace(network, populations=populations)


def _currents(state: State) -> list[list[Injected]]:
    """Return what is injected into each population."""
    found: list[list[Injected]] = [[] for _ in state.populations]
    for source in state.current_sources:
        for population, current in source.injected():
            found[population.index].append(current)
    return found


def _same(left: Iterable[Injected], right: Iterable[Injected]) -> bool:
    return [id(current) for current in left] == [id(current) for current in right]


def _labels(state: State) -> list[str]:
    """Return the labels of the populations, made unique."""
    taken: dict[str, int] = {}
    labels = []
    for population in state.populations:
        taken[population.label] = count = taken.get(population.label, 0) + 1
        labels.append(population.label if count == 1 else f"{population.label} ({count})")
    return labels


def _population(population: Population, label: str, currents: list[Injected]) -> network.Population:
    values = dict(population._parameters)
    sequences = _sequences(values, population)
    if isinstance(population.celltype.model, CellModel):
        values = elements(population.celltype.model, values)
    recorder = population.recorder
    return network.Population(
        label=label,
        size=population.size,
        cell=population.celltype.model.name,
        parameters={name: _frozen(np.copy(value)) for name, value in values.items()},
        initial={name: _frozen(np.copy(lazy.base_value)) for name, lazy in population.initial_values.items()},
        spike_times=SpikeTimes(*sequences["spike_times"]) if "spike_times" in sequences else None,
        histogram=_histogram(label, sequences) if "tbins" in sequences else None,
        currents=tuple(currents),
        recordings=tuple(
            Recording(name, recorder.indices(name), 1 if name == "spikes" else recorder.interval_steps)
            for name in recorder.variables
        ),
    )


def _frozen(value: Any) -> Values:
    """Return a number, or a read-only array of numbers."""
    if not isinstance(value, np.ndarray) or value.ndim == 0:
        return float(value)
    array = np.asarray(value, np.float64)
    array.flags.writeable = False
    return array


def _sequences(values: dict[str, Any], population: Population) -> dict[str, Ragged]:
    """Take the parameters that are a sequence for each cell out of `values`: offsets, and values end to end."""
    model = population.celltype.model
    names = [name for name, _ in model.sequences] if isinstance(model, SourceModel) else []
    return {name: _joined(values.pop(name), population.size) for name in names}


def _joined(value: Any, size: int) -> Ragged:
    sequences: list[Sequence] = [value] * size if isinstance(value, Sequence) else list(value)
    arrays = [np.asarray(sequence.value, np.float64) for sequence in sequences]
    return np.cumsum([0, *(len(array) for array in arrays)], dtype=np.int64), np.concatenate(arrays)


def _histogram(label: str, sequences: Mapping[str, Ragged]) -> Histogram:
    offsets, tbins = sequences["tbins"]
    for name in ("a", "b"):
        differs = np.diff(sequences[name][0]) != np.diff(offsets)
        if differs.any():
            wrong = int(np.argmax(differs))
            got, bins = (int(np.diff(found)[wrong]) for found in (sequences[name][0], offsets))
            raise NetworkError(
                f"population '{label}': SpikeSourceInhGamma.{name} must have as many values as tbins, "
                f"got {got} and {bins} for source {wrong}"
            )
    return Histogram(offsets, tbins, sequences["a"][1], sequences["b"][1])


def parts(projection: Projection, weight: Values) -> list[Part]:
    """Return the connections between each pair of populations; pairs of an assembly without any are left out.

    Parameters
    ----------
    projection : Projection
        The script's.
    weight : float or float64[connections]
        The weights to begin with.
    """
    arrays, kind = projection.arrays, projection.synapse_type
    values = {name: arrays[name] for name in arrays.names} | {"weight": weight}
    initial = {name: lazy.base_value for name, lazy in projection.initial_values.items()}
    before, after = _Parts(projection.pre), _Parts(projection.post)
    result = []
    for a, b in product(range(len(before.members)), range(len(after.members))):
        some = None
        if len(before.members) > 1 or len(after.members) > 1:
            some = np.flatnonzero((before.of(arrays.pre) == a) & (after.of(arrays.post) == b))
            if not len(some):
                continue
        chosen = {name: _frozen(_chosen(value, some)) for name, value in values.items()}
        target = after.members[b][0]
        frozen = network.Projection(
            label=projection.label,
            source=before.members[a][0].index,
            target=target.index,
            receptor=projection.receptor_type,
            pre=before.places(_chosen(arrays.pre, some), a),
            post=(post := after.places(_chosen(arrays.post, some), b)),
            weight=chosen.pop("weight"),
            delay=chosen.pop("delay", projection.delay_range()[0]),
            synapse=type(kind).__name__,
            rules=kind.rules,
            parameters=chosen | _of_target(projection, target, post),
            initial={name: _frozen(_chosen(value, some)) for name, value in initial.items()},
        )
        result.append(Part(frozen, some))
    return result


def _of_target(projection: Projection, target: Population, post: NDArray[np.int32]) -> dict[str, Values]:
    """Return the parameters of the synapse type that are the target's: a time constant of its receptor."""
    model = RELEASE_MODELS.get(type(projection.synapse_type).__name__)
    if model is None or not model.of_target:
        return {}
    name = target.celltype.model.receptor_tau(projection.receptor_type)
    if name is None:
        raise UnsupportedError(
            f"projection {projection.label!r}: {model.name} needs to know how long a synaptic current lasts, and the "
            f"{projection.receptor_type} receptor of {type(target.celltype).__name__} has no time constant; use "
            "Tsodyks2Synapse"
        )
    return {parameter: _frozen(_chosen(target._parameters[name], post)) for parameter in model.of_target}


def _chosen(values: Any, some: NDArray[np.integer] | None) -> Any:
    """Return the elements `some` of an array; all of them if it is None; a number as it is."""
    return values if some is None or not isinstance(values, np.ndarray) else values[some]


class _Parts:
    """The populations that are behind a population, view or assembly, and where its indices lead in them."""

    def __init__(self, cells: Any) -> None:
        self.members = members(cells)
        sizes = [population.size if where is None else len(where) for population, where in self.members]
        self.starts = np.cumsum([0, *sizes])[:-1]

    def of(self, indices: NDArray[np.int32]) -> NDArray[np.intp]:
        """Return which member each index is of."""
        return np.searchsorted(self.starts, indices, side="right") - 1

    def places(self, indices: NDArray[np.int32], member: int) -> NDArray[np.int32]:
        """Return the places of the cells `indices`, which are of one member, in its population."""
        start, where = int(self.starts[member]), self.members[member][1]
        local = indices - np.int32(start) if start else indices
        places = local if where is None else where[local].astype(np.int32)
        places.flags.writeable = False
        return places
