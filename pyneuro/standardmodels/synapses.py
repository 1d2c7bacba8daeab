"""Synapse types: PyNN's, derived from the declarations in `toolchain.synapses`.

Names and units of a declaration are PyNN's, so that PyNN's translation between its own and native parameters is
the identity.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pyNN import errors
from pyNN.standardmodels import (
    StandardSynapseType,
    STDPTimingDependence,
    STDPWeightDependence,
    build_translations,
    synapses,
)

from pyneuro import simulator
from pyneuro.errors import UnsupportedError
from pyneuro.populations import members
from toolchain.network import Values
from toolchain.synapses.modulation import PARAMETERS as MODULATION
from toolchain.synapses.modulation import RECEPTORS
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES

KINDS = {"nA": "currents", "uS": "conductances", "mV": "steps of the voltage"}


def check_weights(weights: Values, projection: Any) -> None:
    """Check the sign of weights: conductances and excitatory currents are at least 0, inhibitory ones at most 0.

    Raises
    ------
    ConnectionError
        PyNN's, if one has the wrong sign for a cell type of the target.
    """
    receptor = projection.receptor_type
    models = (population.celltype.model for population, _ in members(projection.post))
    for kind in dict.fromkeys(model.weights[receptor] for model in models):
        worst = float(np.max(weights) if kind.sign < 0 else np.min(weights))
        if worst * kind.sign < 0:
            raise errors.ConnectionError(
                f"projection {projection.label!r}: weights must be {'at most' if kind.sign < 0 else 'at least'} 0 "
                f"{kind.unit}, as its {receptor} synapses are {KINDS[kind.unit]}, got {worst:g}"
                + _sign_rule(receptor, kind.unit)
            )


def _sign_rule(receptor: str, unit: str) -> str:
    """Where the sign of currents comes from if it is not plain from the name."""
    if unit != "nA" or receptor.startswith(("excitatory", "inhibitory")):
        return ""
    return "; name receptors whose currents are negative inhibitory, GABA..., and others otherwise"


class SynapseType(StandardSynapseType):
    """What all our synapse types do alike."""

    parameter_checks: ClassVar[dict[str, Any]] = {**StandardSynapseType.parameter_checks, "weight": check_weights}

    @property
    def plastic(self) -> bool:
        """Whether a run changes weights."""
        return False

    rewired: ClassVar[bool] = False
    """Whether a run changes connections."""
    receptors: ClassVar[tuple[str, ...]] = ()
    """Receptor types that belong to the synapse type and not to the target; the first is the default."""

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of the rules of a plastic or structural synapse; see `toolchain.network.Projection`."""
        return ()

    def _get_minimum_delay(self) -> float:
        return simulator.state.least_delay


class StaticSynapse(SynapseType, synapses.StaticSynapse):
    """Synapse with a fixed weight (nA, uS) and delay (ms)."""

    __doc__ = synapses.StaticSynapse.__doc__
    translations = build_translations(("weight", "weight"), ("delay", "delay"))


class ElectricalSynapse(SynapseType, synapses.ElectricalSynapse):
    """Gap junction: a conductance (uS) between two cells, both ways."""

    __doc__ = synapses.ElectricalSynapse.__doc__
    translations = build_translations(("weight", "weight"))
    parameter_checks: ClassVar[dict[str, Any]] = {}

    def get_schema(self) -> dict[str, Any]:
        """Return the types of the parameters; there is no delay."""
        return {"weight": float}


class Neuromodulation(SynapseType):
    """Dopamine: spikes of the source turn what STDP has marked on the target's plastic synapses into weight changes.

    A projection with `receptor_type` ``reward`` (the default) adds `weight` to the concentration at the target at each
    spike, one with ``punishment`` takes it off.  The concentration decays with `tau_d` (ms), the marks with `tau_c`
    (ms); weights stay between `w_min` and `w_max`.  Parameters are sPyNNaker's; the STDP rule must be additive.
    """

    parameter_checks: ClassVar[dict[str, Any]] = {}
    default_parameters: ClassVar[dict[str, Any]] = {
        "weight": 1.0,
        "delay": None,
        **{parameter.name: parameter.default for parameter in MODULATION},
    }
    translations = build_translations(*((name, name) for name in default_parameters))
    receptors: ClassVar[tuple[str, ...]] = tuple(RECEPTORS)


def release_type(name: str) -> Any:
    """Return the synapse type that the declaration `name` makes: a subclass of PyNN's of that name, if there is one."""
    model = RELEASE_MODELS[name]
    known = getattr(synapses, name, None)
    shown = [parameter for parameter in model.parameters if parameter.name not in model.of_target]
    defaults = {"weight": 0.0, "delay": None} | {parameter.name: parameter.default for parameter in shown}
    members = {
        "__doc__": model.__doc__,
        "__module__": __name__,
        "model": model,
        "default_parameters": defaults,
        "default_initial_values": {v.name: defaults.get(str(v.initial), v.initial) for v in model.state},
        "translations": build_translations(*((p, p) for p in defaults)),
    }
    return type(name, (SynapseType, known) if known else (SynapseType,), members)


class STDPMechanism(SynapseType, synapses.STDPMechanism):
    """Synapse whose weight follows from the timing of spikes, by a timing rule and a weight rule."""

    __doc__ = synapses.STDPMechanism.__doc__
    base_translations = build_translations(
        ("weight", "weight"), ("delay", "delay"), ("dendritic_delay_fraction", "dendritic_delay_fraction")
    )

    def __init__(
        self,
        timing_dependence: Any = None,
        weight_dependence: Any = None,
        voltage_dependence: Any = None,
        dendritic_delay_fraction: Any = 1.0,
        **parameters: Any,
    ) -> None:
        """Take the rules; the arguments are PyNN's."""
        for name, rule, base in (
            ("timing_dependence", timing_dependence, TimingDependence),
            ("weight_dependence", weight_dependence, WeightDependence),
        ):
            check_rule("STDPMechanism", name, rule, base)
        if voltage_dependence is not None:
            raise UnsupportedError("STDPMechanism: voltage_dependence is not available in pyneuro; leave it out")
        one = isinstance(dendritic_delay_fraction, (int, float, np.floating))
        if not one or not 0 <= dendritic_delay_fraction <= 1:
            raise errors.InvalidParameterValueError(
                "STDPMechanism.dendritic_delay_fraction must be one number from 0 to 1, the share of the delay that is "
                f"between synapse and soma, got {dendritic_delay_fraction!r}"
            )
        super().__init__(timing_dependence, weight_dependence, None, float(dendritic_delay_fraction), **parameters)

    def _build_translations(self) -> None:
        rules = (self.timing_dependence.translations, self.weight_dependence.translations)
        self.translations = {name: how for part in (self.base_translations, *rules) for name, how in part.items()}

    @property
    def plastic(self) -> bool:
        """Whether a run changes weights."""
        return True

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of the timing rule and the weight rule."""
        return type(self.timing_dependence).__name__, type(self.weight_dependence).__name__


def check_rule(owner: str, argument: str, rule: Any, base: Any) -> None:
    """Check that what is given as an argument of a synapse type is a rule with that base; TypeError if not."""
    if not isinstance(rule, base):
        raise TypeError(f"{owner}.{argument} must be a rule such as {base.example}, got {rule!r}")


class TimingDependence(STDPTimingDependence):
    """Base of the timing rules."""

    example: ClassVar[str] = "SpikePairRule()"
    possible_models: ClassVar[set[str]] = {"STDPMechanism"}


class WeightDependence(STDPWeightDependence):
    """Base of the weight rules."""

    example: ClassVar[str] = "AdditiveWeightDependence()"
    possible_models: ClassVar[set[str]] = {"STDPMechanism"}


def rule_type(name: str) -> Any:
    """Return the class of the timing or weight rule that is declared as `name`."""
    base, rule = (
        (TimingDependence, TIMING_RULES[name]) if name in TIMING_RULES else (WeightDependence, WEIGHT_RULES[name])
    )
    defaults = {parameter.name: parameter.default for parameter in rule.parameters}

    def take(self: Any, *args: Any, **parameters: Any) -> None:
        if len(args) > len(defaults):
            raise TypeError(f"{name} takes {', '.join(defaults)}, got {len(args)} values")
        base.__init__(self, **defaults | dict(zip(defaults, args, strict=False)) | parameters)

    known = getattr(synapses, name, None)
    members = {
        "__doc__": type(rule).__doc__,
        "__module__": __name__,
        "__init__": take,
        "rule": rule,
        "default_parameters": defaults,
        "translations": build_translations(*((p, p) for p in defaults)),
    }
    return type(name, (base, known) if known else (base,), members)


_RELEASE: dict[str, Any] = {name: release_type(name) for name in RELEASE_MODELS}
_RULES: dict[str, Any] = {name: rule_type(name) for name in (*TIMING_RULES, *WEIGHT_RULES)}
SYNAPSES: dict[str, Any] = {
    "StaticSynapse": StaticSynapse,
    "STDPMechanism": STDPMechanism,
    "ElectricalSynapse": ElectricalSynapse,
    "Neuromodulation": Neuromodulation,
    **_RELEASE,
    **_RULES,
}
"""Every synapse type and rule, by its name."""
globals().update(SYNAPSES)
__all__ = list(SYNAPSES)
