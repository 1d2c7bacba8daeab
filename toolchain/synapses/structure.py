"""Structural plasticity: synapses that are formed and eliminated while a network runs, as sPyNNaker has it.

A target population has ``s_max`` places for synapses in each cell, which its structural projections share; the
synapses that a connector makes take the first of them.  ``f_rew`` times a second the population makes an attempt: a
cell is drawn, and one of its places.  If a synapse is there it may be eliminated.  If not, a partner is chosen
(partner selection), and a synapse of the partner's projection may be formed there (formation), with
``initial_weight`` and a delay between ``initial_delay_low`` and ``initial_delay_high`` (Bogdan et al. 2018, Frontiers
in Neuroscience 12:434; sPyNNaker's ``structural_plasticity/synaptogenesis``).

Random numbers are words of `emulator.draws`: the key is that of projection ``-1 - n`` for target population n, the
stream is `emulator.rewiring.Draw`, the number is that of the attempt.  A word decides for what has probability p if it
is below `threshold(p)`, so that both simulators decide alike.  Partners are drawn from spikes in the order of
projections and cells.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from emulator.rewiring import CERTAIN
from toolchain.models.parameters import Parameter
from toolchain.network import Projection

Floats = NDArray[np.float64]
Parameters = Mapping[str, float]

STRUCTURAL_STATIC = "StructuralMechanismStatic"
STRUCTURAL_PLASTIC = "StructuralMechanismSTDP"
"""Synapse types: `Projection.rules` has names of a partner selection, a formation and an elimination, and before
them, for the second, those of a timing rule and a weight rule."""

PARAMETERS = (
    Parameter("f_rew", "Hz", 1e4, above=0.0),
    Parameter("s_max", "", 32.0, minimum=1.0),
    Parameter("initial_weight", "", 0.0),
    Parameter("initial_delay_low", "ms", 1.0, minimum=0.0),
    Parameter("initial_delay_high", "ms", 1.0, minimum=0.0),
    Parameter("with_replacement", "", 1.0, minimum=0.0, maximum=1.0),
)
"""Those of every structural projection; all onto one population have the same.  ``with_replacement`` is 1 if a cell may
have several synapses from the same source cell, else 0."""


STRUCTURAL = (STRUCTURAL_STATIC, STRUCTURAL_PLASTIC)


def below(words: NDArray[np.uint32], n: int) -> NDArray[np.int64]:
    """Random words as whole numbers from 0 to ``n - 1``."""
    return (words.astype(np.uint64) * np.uint64(n) >> np.uint64(32)).astype(np.int64)


def threshold(probability: float) -> int:
    """How many of all random words decide for what has this probability: those below."""
    return round(probability * CERTAIN)


def attempts_before(step: int, f_rew: float, timestep: float) -> int:
    """How many attempts are made before `step`, at `f_rew` Hz in timesteps of so many ms."""
    return math.floor(step * attempts_each(f_rew, timestep))


def attempts_each(f_rew: float, timestep: float) -> float:
    """Attempts a timestep (ms) at `f_rew` Hz."""
    return f_rew * timestep / 1e3


@dataclass(frozen=True)
class PartnerSelection:
    """How a source cell is chosen.

    Parameters
    ----------
    name : str
        sPyNNaker's.
    of_spikes : bool
        Whether one of the spikes that came in the timestep before is drawn (and nothing happens if there was none),
        or first one of the structural projections and then any of its source cells.
    """

    name: str
    parameters: tuple[Parameter, ...]
    of_spikes: bool


class DistanceDependentFormation:
    """Formation with a probability that falls with the distance on a torus of ``grid_x`` by ``grid_y`` places.

    Cell i stands at (i // grid_x, i mod grid_y).  The probability is p exp(-d^2 / (2 sigma^2)), with p and sigma of
    lateral connections where the source population is the target, else of forward ones.
    """

    name = "DistanceDependentFormation"
    parameters = (
        Parameter("grid_x", "", 16.0, minimum=1.0),
        Parameter("grid_y", "", 16.0, minimum=1.0),
        Parameter("p_form_forward", "", 0.16, minimum=0.0, maximum=1.0),
        Parameter("sigma_form_forward", "", 2.5, above=0.0),
        Parameter("p_form_lateral", "", 1.0, minimum=0.0, maximum=1.0),
        Parameter("sigma_form_lateral", "", 1.0, above=0.0),
    )

    def probability(self, source: int, target: int, lateral: bool, p: Parameters) -> float:
        """Probability that an attempt to connect two cells succeeds."""
        return self.of_distance(squared_distance(source, target, int(p["grid_x"]), int(p["grid_y"])), lateral, p)

    def of_distance(self, squared: int, lateral: bool, p: Parameters) -> float:
        """The same by their squared distance."""
        kind = "lateral" if lateral else "forward"
        return p[f"p_form_{kind}"] * math.exp(-squared / (2.0 * p[f"sigma_form_{kind}"] ** 2))


def largest_squared_distance(cells: int, width: int, height: int) -> int:
    """A bound of the squared distances of two of so many cells."""

    def longest(places: int, size: int) -> int:
        apart = np.arange(places if size > 1 else 1)
        return int(np.abs(np.where(apart > size // 2, apart - size, apart)).max())

    return longest(-(-cells // width), width) ** 2 + longest(min(cells, height), height) ** 2


def squared_distance(source: int, target: int, width: int, height: int) -> int:
    """Squared distance of two cells on a torus."""
    across = abs(source // width - target // width) if width > 1 else 0
    along = abs(source % height - target % height) if height > 1 else 0
    across = across - width if across > width // 2 else across
    along = along - height if along > height // 2 else along
    return across * across + along * along


class RandomByWeightElimination:
    """Elimination with one of two probabilities: of depressed synapses, below ``threshold``, and of the others.

    Synapses that are not plastic count as not depressed.
    """

    name = "RandomByWeightElimination"
    parameters = (
        Parameter("threshold", "", 0.5),
        Parameter("prob_elim_depressed", "", 0.0245, minimum=0.0, maximum=1.0),
        Parameter("prob_elim_potentiated", "", 1.36e-4, minimum=0.0, maximum=1.0),
    )

    def probability(self, weight: float, plastic: bool, p: Parameters) -> float:
        """Probability that an attempt at a synapse of this weight (magnitude) eliminates it."""
        return p["prob_elim_depressed" if plastic and weight < p["threshold"] else "prob_elim_potentiated"]


def structure_of(projection: Projection) -> dict[str, float]:
    """The parameters of a structural projection but for those of STDP, by name."""
    given = {name: float(np.asarray(value)) for name, value in projection.parameters.items()}
    return {p.name: given.get(p.name, p.default) for p in structure_parameters(projection.rules)}


LAST_NEURON_SELECTION = PartnerSelection(
    "LastNeuronSelection", (Parameter("spike_buffer_size", "", 64.0, minimum=1.0),), of_spikes=True
)
RANDOM_SELECTION = PartnerSelection("RandomSelection", (), of_spikes=False)

PARTNER_SELECTIONS: Mapping[str, PartnerSelection] = MappingProxyType(
    {rule.name: rule for rule in (LAST_NEURON_SELECTION, RANDOM_SELECTION)}
)
FORMATIONS: Mapping[str, DistanceDependentFormation] = MappingProxyType(
    {rule.name: rule for rule in (DistanceDependentFormation(),)}
)
ELIMINATIONS: Mapping[str, RandomByWeightElimination] = MappingProxyType(
    {rule.name: rule for rule in (RandomByWeightElimination(),)}
)


def structure_parameters(rules: tuple[str, ...]) -> tuple[Parameter, ...]:
    """Parameters of the three last of `rules`, a partner selection, a formation and an elimination, and of all."""
    known: dict[str, tuple[Parameter, ...]] = {name: rule.parameters for name, rule in PARTNER_SELECTIONS.items()}
    known |= {name: rule.parameters for name, rule in FORMATIONS.items()}
    known |= {name: rule.parameters for name, rule in ELIMINATIONS.items()}
    return (*PARAMETERS, *(parameter for name in rules[-3:] for parameter in known.get(name, ())))
