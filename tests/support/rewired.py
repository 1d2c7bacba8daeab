"""Networks whose synapses come and go, for both simulators."""

from __future__ import annotations

from typing import Any

import numpy as np
from networks import array_source, cells, poisson_source

from toolchain.network import Network, Projection, Recording

RULES = ("RandomSelection", "DistanceDependentFormation", "RandomByWeightElimination")
LAST = ("LastNeuronSelection", *RULES[1:])
STDP = ("SpikePairRule", "AdditiveWeightDependence")
ALWAYS = {"p_form_forward": 1.0, "sigma_form_forward": 1e6, "p_form_lateral": 1.0, "sigma_form_lateral": 1e6}
NEVER_FORMED = {"p_form_forward": 0.0, "p_form_lateral": 0.0}
NEVER_LOST = {"prob_elim_depressed": 0.0, "prob_elim_potentiated": 0.0}
ALWAYS_LOST = {"prob_elim_depressed": 1.0, "prob_elim_potentiated": 1.0}
OFTEN_LOST = {"prob_elim_depressed": 0.4, "prob_elim_potentiated": 0.4}
Pairs = list[tuple[int, int]]


def structural(source: int, target: int, pairs: Pairs, *rules: str, **parameters: float) -> Projection:
    """A structural projection, plastic if `rules` begin with those of STDP."""
    pre, post = np.array(pairs, np.int32).reshape(-1, 2).T.copy()
    kind = "StructuralMechanismSTDP" if rules[:1] == STDP[:1] else "StructuralMechanismStatic"
    given = {"initial_weight": 0.5, "s_max": 8.0} | parameters
    return Projection("made", source, target, "excitatory", pre, post, 0.5, 1.0, kind, rules or RULES, given)


def network(*projections: Projection, sources: int = 50, targets: int = 20, **rest: Any) -> Network:
    """Sources, cells, and sources that spike often."""
    every = np.arange(targets, dtype=np.int32)
    population = cells("cells", targets, recordings=(Recording("isyn_exc", every), Recording("spikes", every)))
    quiet = array_source("quiet", [[] for _ in range(sources)])
    return Network("rewired", 1.0, (quiet, population, poisson_source("busy", sources, 100.0)), projections, **rest)
