"""The Network: what a model is before any machine is thought of; both simulators take it.

A network is populations of cells and projections between them, in PyNN's names and units (ms, mV, nA,
nF, uS, Hz), with every random choice already made.  Values that are the same for all stay scalars.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emulator import archive
from emulator.waves import Wave

NETWORK_FORMAT = "pyneuro network"
NETWORK_VERSION = 1

Values = float | NDArray[np.float64]
"""One value for all, or an array with one for each."""


@dataclass(frozen=True, eq=False)
class SpikeTimes:
    """Times of a SpikeSourceArray: source i spikes at ``times[offsets[i]:offsets[i + 1]]`` (ms, ascending)."""

    offsets: NDArray[np.int64]
    times: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Histogram:
    """Parameters of a SpikeSourceInhGamma: source i has from ``tbins[k]`` (ms, ascending) on ``a[k]`` and ``b[k]``.

    k goes from ``offsets[i]`` to ``offsets[i + 1] - 1``; `a` is a shape, `b` a scale in seconds.
    """

    offsets: NDArray[np.int64]
    tbins: NDArray[np.float64]
    a: NDArray[np.float64]
    b: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Injected:
    """A current injected into the cells `indices` of a population."""

    indices: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Current(Injected):
    """A current in steps: from ``times[i]`` (ms) on it is ``amplitudes[i]`` (nA)."""

    times: NDArray[np.float64]
    amplitudes: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WaveCurrent(Injected):
    """A current that may change in every timestep: a sine, noise or both."""

    wave: Wave


@dataclass(frozen=True, eq=False)
class Recording:
    """Record `variable` of the cells `indices` (ascending), every `interval_steps` timesteps from step 0."""

    variable: str
    indices: NDArray[np.int32]
    interval_steps: int = 1


@dataclass(frozen=True, eq=False)
class Population:
    """Cells of one type.

    Parameters
    ----------
    label : str
        Unique within the network.
    size : int
        Number of cells.
    cell : str
        Name of the cell model, a key of ``toolchain.models.CELL_MODELS``.
    parameters, initial : mapping of str to Values
        Parameters, and first values of the state variables, in PyNN's names and units.
    spike_times : SpikeTimes, optional
        For SpikeSourceArray.
    currents, recordings : tuple
        Injected currents; what is recorded (``spikes`` is a variable too).
    histogram : Histogram, optional
        For SpikeSourceInhGamma.
    """

    label: str
    size: int
    cell: str
    parameters: Mapping[str, Values]
    initial: Mapping[str, Values] = field(default_factory=dict)
    spike_times: SpikeTimes | None = None
    currents: tuple[Injected, ...] = ()
    recordings: tuple[Recording, ...] = ()
    histogram: Histogram | None = None


@dataclass(frozen=True, eq=False)
class Projection:
    """Synapses of one kind from one population to another.

    Parameters
    ----------
    label : str
        For messages and reports; need not be unique.
    source, target : int
        Indices into the populations.
    receptor : str
        Receptor type of the target cells that the synapses act on.
    pre, post : int32[synapses]
        Cell indices. The order is the order in which they were made.
    weight : Values
        nA (negative for inhibitory ones) or uS.
    delay : Values
        ms, as asked for; each simulator rounds to its timestep.
    synapse : str
        Synapse type, one of ``toolchain.synapses.synapse_types()``.
    rules : tuple of str
        Of STDPMechanism: names of its timing rule and of its weight rule. Of StructuralMechanismStatic: names of its
        partner selection, formation and elimination; of StructuralMechanismSTDP: all five.
    parameters : mapping of str to Values
        Parameters of the synapse type and its rules besides weight and delay, in PyNN's names and units; a rule's are
        the same for all synapses. ``dendritic_delay_fraction`` is one of STDPMechanism.
    initial : mapping of str to Values
        First values of the state variables of a release model.
    """

    label: str
    source: int
    target: int
    receptor: str
    pre: NDArray[np.int32]
    post: NDArray[np.int32]
    weight: Values
    delay: Values
    synapse: str = "StaticSynapse"
    rules: tuple[str, ...] = ()
    parameters: Mapping[str, Values] = field(default_factory=dict)
    initial: Mapping[str, Values] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of synapses."""
        return len(self.pre)


@dataclass(frozen=True, eq=False)
class Network:
    """A network: populations, projections, the timestep (ms) and the seed of what is drawn while it runs."""

    label: str
    timestep: float
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    seed: int = 0

    def __str__(self) -> str:
        """Return the network in words."""
        from toolchain.describe import describe

        return describe(self)

    def name_of(self, projection: Projection) -> str:
        """What messages call a projection: its label, and its receptor and number where others have the same label."""
        same = [other for other in self.projections if other.label == projection.label]
        alike = [other for other in same if other.receptor == projection.receptor]
        if len(same) < 2:
            return projection.label
        number = f" {alike.index(projection) + 1}" if len(alike) > 1 else ""
        return f"{projection.label} ({projection.receptor}{number})"

    @property
    def cells(self) -> int:
        """Number of cells, sources included."""
        return sum(population.size for population in self.populations)

    @property
    def synapses(self) -> int:
        """Number of synapses."""
        return sum(len(projection) for projection in self.projections)


def alike(one: Projection, other: Projection) -> bool:
    """Whether two projections connect the same cells in the same order by synapses of the same kind."""
    kinds = [(p.source, p.target, p.receptor, p.synapse, p.rules, len(p)) for p in (one, other)]
    return kinds[0] == kinds[1] and np.array_equal(one.pre, other.pre) and np.array_equal(one.post, other.post)


def save_network(path: str | Path, network: Network) -> None:
    """Write `network` to `path` (``.npz``); ArchiveError if a value has not the type that is declared."""
    archive.save(path, network, NETWORK_FORMAT, NETWORK_VERSION)


def load_network(path: str | Path) -> Network:
    """Read the network at `path`; ArchiveError if the file is truncated, foreign or of another version."""
    return archive.load(path, Network, NETWORK_FORMAT, NETWORK_VERSION)
