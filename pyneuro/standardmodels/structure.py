"""Structural plasticity: synapse types and rules by which synapses are formed and eliminated while a network runs.

PyNN has none.  Names and arguments are sPyNNaker's, so that its scripts run here; parameters and their defaults come
from the declarations in `toolchain.synapses.structure`.  Two arguments of sPyNNaker's are pairs, which are declared as
two parameters: ``grid`` and ``initial_delay``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from pyNN.standardmodels import StandardModelType, build_translations

from pyneuro.errors import RunWarning, UnsupportedError, warn_user
from pyneuro.standardmodels.synapses import SynapseType, TimingDependence, WeightDependence, check_rule
from toolchain.synapses import parameters_of
from toolchain.synapses.structure import ELIMINATIONS, FORMATIONS, PARTNER_SELECTIONS

PAIRS = {"grid": ("grid_x", "grid_y"), "initial_delay": ("initial_delay_low", "initial_delay_high")}


def _apart(owner: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as they are declared: those of a pair apart, the same one twice if one number is given."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name not in PAIRS:
            found[name] = value
            continue
        numbers = np.ravel(np.asarray(value, float)).tolist()
        if len(numbers) not in (1, 2):
            raise TypeError(f"{owner}.{name} must be a number or a pair of numbers, got {value!r}")
        found |= zip(PAIRS[name], (numbers[0], numbers[-1]), strict=True)
    return found


class PartnerSelection(StandardModelType):
    """Base of the rules that choose the source cell of a new synapse."""

    example: ClassVar[str] = "LastNeuronSelection()"


class Formation(StandardModelType):
    """Base of the rules that say how likely a synapse is formed."""

    example: ClassVar[str] = "DistanceDependentFormation()"


class Elimination(StandardModelType):
    """Base of the rules that say how likely a synapse is eliminated."""

    example: ClassVar[str] = "RandomByWeightElimination()"


def rule_type(base: Any, declared: Any) -> Any:
    """Return the class of a rule that is declared."""
    name, defaults = declared.name, {parameter.name: parameter.default for parameter in declared.parameters}
    pair_of = {part: pair for pair, parts in PAIRS.items() for part in parts}
    arguments = list(dict.fromkeys(pair_of.get(parameter, parameter) for parameter in defaults))

    def take(self: Any, *args: Any, **parameters: Any) -> None:
        if len(args) > len(arguments):
            raise TypeError(f"{name} takes {', '.join(arguments) or 'no arguments'}, got {len(args)} values")
        base.__init__(self, **_apart(name, dict(zip(arguments, args, strict=False)) | parameters))

    members = {
        "__doc__": type(declared).__doc__,
        "__module__": __name__,
        "__init__": take,
        "rule": declared,
        "default_parameters": defaults,
        "translations": build_translations(*((parameter, parameter) for parameter in defaults)),
    }
    return type(name, (base,), members)


class StructuralMechanism(SynapseType):
    """What both structural synapse types do alike: their parameters are those of all their rules.

    Parameters
    ----------
    rules : mapping of str to (rule, class)
        The rules by the names of their arguments, in the order of `toolchain.network.Projection.rules`, and the base
        that each must have.
    parameters : mapping of str to object
        What else is given; random numbers follow from the seed of ``setup()``, not from ``seed``.
    """

    rewired: ClassVar[bool] = True

    def __init__(self, rules: Mapping[str, tuple[Any, Any]], parameters: Mapping[str, Any]) -> None:
        name = type(self).__name__
        for argument, (rule, base) in rules.items():
            check_rule(name, argument, rule, base)
        self._rules = tuple(rule for rule, _ in rules.values())
        given = _apart(name, parameters)
        if given.pop("seed", None) is not None:
            warn_user(f"{name}: seed is not used, random numbers follow from setup(seed=...); leave it out", RunWarning)
        declared = {parameter.name: parameter.default for parameter in parameters_of(name, self.rules)}
        self.default_parameters: dict[str, float | None] = {"weight": 0.0, "delay": None, **declared}
        self.translations = build_translations(*((each, each) for each in self.default_parameters))
        of_rules = {each: value for rule in self._rules for each, value in rule.parameter_space.items()}
        super().__init__(**of_rules | given)

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of the rules."""
        return tuple(type(rule).__name__ for rule in self._rules)

    def get_parameter_names(self) -> list[str]:
        """Return the names of the parameters, those of the rules included."""
        return list(self.default_parameters)

    def has_parameter(self, name: str) -> bool:
        """Return whether there is a parameter with that name."""
        return name in self.default_parameters


def _structure(partner_selection: Any, formation: Any, elimination: Any) -> dict[str, tuple[Any, Any]]:
    return {
        "partner_selection": (partner_selection, PartnerSelection),
        "formation": (formation, Formation),
        "elimination": (elimination, Elimination),
    }


class StructuralMechanismStatic(StructuralMechanism):
    """Synapses of fixed weight that are formed and eliminated while the network runs.

    Parameters
    ----------
    partner_selection, formation, elimination : rules
        Such as LastNeuronSelection(), DistanceDependentFormation() and RandomByWeightElimination(threshold=0.5).
    **parameters : float
        `weight` (nA, uS) and `delay` (ms) of what the connector connects; `f_rew`, attempts a second (Hz);
        `initial_weight` and `initial_delay` (ms, one or the least and the greatest) of what is formed; `s_max`, most
        synapses of a target cell; `with_replacement`, whether a pair of cells may have several.
    """

    def __init__(self, partner_selection: Any, formation: Any, elimination: Any, **parameters: Any) -> None:
        super().__init__(_structure(partner_selection, formation, elimination), parameters)


class StructuralMechanismSTDP(StructuralMechanism):
    """Plastic synapses that are formed and eliminated while the network runs.

    Parameters
    ----------
    partner_selection, formation, elimination : rules
        See StructuralMechanismStatic.
    timing_dependence, weight_dependence : rules
        Those of an STDPMechanism.
    **parameters : float
        Those of StructuralMechanismStatic, and `dendritic_delay_fraction`.
    """

    plastic: ClassVar[bool] = True

    def __init__(
        self,
        partner_selection: Any,
        formation: Any,
        elimination: Any,
        timing_dependence: Any = None,
        weight_dependence: Any = None,
        *,
        voltage_dependence: Any = None,
        **parameters: Any,
    ) -> None:
        if voltage_dependence is not None:
            raise UnsupportedError("StructuralMechanismSTDP: voltage_dependence is not available; leave it out")
        stdp = {
            "timing_dependence": (timing_dependence, TimingDependence),
            "weight_dependence": (weight_dependence, WeightDependence),
        }
        super().__init__(stdp | _structure(partner_selection, formation, elimination), parameters)


_RULES: dict[str, Any] = {
    declared.name: rule_type(base, declared)
    for base, registry in ((PartnerSelection, PARTNER_SELECTIONS), (Formation, FORMATIONS), (Elimination, ELIMINATIONS))
    for declared in registry.values()
}
STRUCTURE: dict[str, Any] = {
    "StructuralMechanismStatic": StructuralMechanismStatic,
    "StructuralMechanismSTDP": StructuralMechanismSTDP,
    **_RULES,
}
"""Every structural synapse type and rule, by its name."""
globals().update(_RULES)
__all__ = list(STRUCTURE)
