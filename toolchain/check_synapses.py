"""The check of synapses: their types, rules and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolchain.did_you_mean import did_you_mean
from toolchain.errors import NetworkError, ParameterError
from toolchain.models.parameters import Parameter, check_initial, check_parameters
from toolchain.network import Network, Projection
from toolchain.synapses import ELECTRICAL, PLASTIC, STATIC, parameters_of, synapse_types
from toolchain.synapses.declaration import ReleaseModel
from toolchain.synapses.modulation import NEUROMODULATION
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.structure import (
    ELIMINATIONS,
    FORMATIONS,
    PARTNER_SELECTIONS,
    STRUCTURAL,
    STRUCTURAL_PLASTIC,
    STRUCTURAL_STATIC,
    structure_of,
)
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES

REGISTRIES: Mapping[str, Mapping[str, object]] = {
    "timing rule": TIMING_RULES,
    "weight rule": WEIGHT_RULES,
    "partner selection": PARTNER_SELECTIONS,
    "formation": FORMATIONS,
    "elimination": ELIMINATIONS,
}
RULES = {
    PLASTIC: ("timing rule", "weight rule"),
    STRUCTURAL_STATIC: ("partner selection", "formation", "elimination"),
    STRUCTURAL_PLASTIC: tuple(REGISTRIES),
}
"""What kinds of rules synapse types have."""


@dataclass(frozen=True)
class Owner:
    """Whose parameters are checked, for messages."""

    name: str
    parameters: tuple[Parameter, ...]


def check_synapses(made: Projection) -> None:
    """Check the synapse type of a projection, its rules and its parameters besides weight and delay.

    Raises
    ------
    NetworkError
        If the type or a rule is unknown, or rules do not go together.
    ParameterError
        If it is a parameter, or a first value of a state variable.
    """
    who = f"projection '{made.label}'"
    if made.synapse not in (known := synapse_types()):
        raise NetworkError(f"{who}: there is no synapse type '{made.synapse}'{did_you_mean(made.synapse, known)}")
    kinds = RULES.get(made.synapse)
    if kinds:
        _check_rules(who, made, kinds)
        return
    if made.rules:
        raise NetworkError(f"{who}: {made.synapse} has no rules, got {', '.join(made.rules)}; they go with {PLASTIC}")
    if made.synapse in (STATIC, ELECTRICAL):
        for names in (made.parameters, made.initial):
            if names:
                raise ParameterError(f"{who}: {made.synapse} has no parameter '{next(iter(names))}'")
        return
    if made.synapse == NEUROMODULATION:
        _check_shared(who, made)
        return
    _check_release(who, made, RELEASE_MODELS[made.synapse])


def _check_release(who: str, made: Projection, model: ReleaseModel) -> None:
    owner = Owner(f"{who}: {model.name}", model.parameters)
    check_parameters(owner, made.parameters, len(made), "synapse")
    check_initial(owner.name, model.state, made.initial, len(made), "synapse")
    _check_whole(owner.name, model.counts, made)


def _check_whole(owner: str, names: tuple[str, ...], made: Projection) -> None:
    for name in names:
        values = np.asarray(made.parameters.get(name, made.initial.get(name, 0.0)), np.float64)
        if wrong := values[values != np.rint(values)].tolist():
            raise ParameterError(f"{owner}.{name} must be a whole number, got {wrong[0]:g}")


def _check_rules(who: str, made: Projection, kinds: tuple[str, ...]) -> None:
    if len(made.rules) != len(kinds):
        raise NetworkError(f"{who}: {made.synapse} needs {', '.join(kinds)}, got {', '.join(made.rules) or 'none'}")
    for name, kind in zip(made.rules, kinds, strict=True):
        if name not in REGISTRIES[kind]:
            raise NetworkError(f"{who}: there is no {kind} '{name}'{did_you_mean(name, REGISTRIES[kind])}")
    if kinds[:2] == RULES[PLASTIC]:
        _check_amplitudes(who, made, {parameter.name for parameter in parameters_of(made.synapse, made.rules)})
    _check_shared(who, made)


def _check_shared(who: str, made: Projection) -> None:
    """Parameters that are the same for all synapses of a projection."""
    parameters = parameters_of(made.synapse, made.rules)
    for name, values in made.parameters.items():
        if np.ndim(values):
            raise ParameterError(
                f"{who}: {made.synapse}.{name} must be one number, the same for all synapses of a projection; "
                "make a projection for each value"
            )
    owner = Owner(f"{who}: {made.synapse}", parameters)
    check_parameters(owner, made.parameters, len(made), "synapse")
    _check_whole(owner.name, ("s_max", "with_replacement", "spike_buffer_size", "grid_x", "grid_y"), made)
    limits = {parameter.name: parameter.default for parameter in parameters} | dict(made.parameters)
    if {"w_min", "w_max"} <= limits.keys() and not 0.0 <= limits["w_min"] <= limits["w_max"]:
        raise ParameterError(
            f"{who}: {made.synapse} needs 0 <= w_min <= w_max, got {limits['w_min']:g} and {limits['w_max']:g}; "
            "they are magnitudes, also of inhibitory weights"
        )


def _check_amplitudes(who: str, made: Projection, parameters: set[str]) -> None:
    timing, weight = made.rules[:2]
    for amplitude in TIMING_RULES[timing].amplitudes:
        if amplitude not in parameters:
            fitting = [n for n, rule in WEIGHT_RULES.items() if amplitude in {p.name for p in rule.parameters}]
            raise NetworkError(f"{who}: {weight} has no {amplitude}, which {timing} needs; use {' or '.join(fitting)}")


def check_modulation(network: Network) -> None:
    """Check what brings dopamine against each other, and against what it modulates.

    Raises
    ------
    NetworkError
        If projections that bring dopamine to a population differ, or its plastic synapses cannot be modulated.
    """
    bringing: dict[int, Projection] = {}
    for made in network.projections:
        if made.synapse == NEUROMODULATION:
            first = bringing.setdefault(made.target, made)
            for parameter in parameters_of(NEUROMODULATION):
                one, other = (p.parameters.get(parameter.name, parameter.default) for p in (first, made))
                if one != other:
                    raise NetworkError(
                        f"projections '{first.label}' and '{made.label}' bring dopamine to the same population with "
                        f"{parameter.name} of {one:g} and {other:g}; give them the same"
                    )
    for made in network.projections:
        if made.synapse == STRUCTURAL_PLASTIC and made.target in bringing:
            raise NetworkError(
                f"projection '{made.label}': {STRUCTURAL_PLASTIC} cannot be modulated by dopamine, which "
                f"'{bringing[made.target].label}' brings to its targets; use {PLASTIC}"
            )
        if made.synapse == PLASTIC and made.target in bringing and not WEIGHT_RULES[made.rules[1]].additive:
            raise NetworkError(
                f"projection '{made.label}': {made.rules[1]} needs the weight, which an eligibility trace does not "
                f"know; use AdditiveWeightDependence, as '{bringing[made.target].label}' brings dopamine to its targets"
            )


def check_structure(network: Network) -> None:
    """Check that structural projections onto one population have the same structure, and room for their synapses.

    Raises
    ------
    NetworkError
        If they differ, or a cell has more synapses than places.
    """
    first: dict[int, Projection] = {}
    used: dict[int, NDArray[np.int64]] = {}
    for made in network.projections:
        if made.synapse in STRUCTURAL:
            one, p = first.setdefault(made.target, made), structure_of(made)
            if one.rules[-3:] != made.rules[-3:] or structure_of(one) != p:
                raise NetworkError(
                    f"projections '{one.label}' and '{made.label}' rewire the same population in different ways; give "
                    "them the same partner selection, formation, elimination and parameters"
                )
            low, high = p["initial_delay_low"], p["initial_delay_high"]
            if low > high:
                raise NetworkError(
                    f"projection '{made.label}': {made.synapse} needs initial_delay_low <= initial_delay_high, got "
                    f"{low:g} and {high:g} ms"
                )
            size = network.populations[made.target].size
            used[made.target] = used.get(made.target, np.zeros(size, np.int64)) + np.bincount(made.post, minlength=size)
            if (most := int(used[made.target].max())) > p["s_max"]:
                cell = f"cell {int(used[made.target].argmax())} of '{network.populations[made.target].label}'"
                raise NetworkError(
                    f"projection '{made.label}': {cell} has {most} structural synapses, s_max is {p['s_max']:g}; raise "
                    "s_max or connect fewer"
                )
