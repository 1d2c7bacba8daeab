"""A user's own models: what to derive them from, and `declare`, which makes them known to PyNN and both simulators.

A neuron is a membrane and receptors (`PointNeuron`); a membrane is given by its equations (`Equations`), or by
equations and a core's step of its own (`Membrane`).  A plastic synapse is a timing rule and a weight rule
(`TimingRule`, `WeightRule`), one with short-term dynamics a `ReleaseModel`.  ``examples/own_model.py`` shows both.

Networks refer to what is declared by its name, so the declaration has to be run again where a saved one is loaded.
"""

from __future__ import annotations

from typing import Any

from pyneuro.standardmodels.cells import cell_type
from pyneuro.standardmodels.synapses import release_type, rule_type
from toolchain.errors import ModelError
from toolchain.models import CELL_MODELS, COND_EXP, CURR_EXP
from toolchain.models.checks import check_declaration
from toolchain.models.declaration import CellModel, Parameter, Variable
from toolchain.models.equations import Equations
from toolchain.models.membrane import Membrane
from toolchain.models.point_neuron import PointNeuron
from toolchain.models.receptors import Receptor
from toolchain.models.tracing import select
from toolchain.synapses.checks import check_release_model, check_timing_rule, check_weight_rule
from toolchain.synapses.declaration import Release, ReleaseModel, TimingRule, WeightRule
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES

__all__ = [
    "Equations",
    "Membrane",
    "Parameter",
    "PointNeuron",
    "Release",
    "ReleaseModel",
    "TimingRule",
    "Variable",
    "WeightRule",
    "declare",
    "exponential_conductances",
    "exponential_currents",
    "select",
]


def exponential_currents() -> tuple[Receptor, ...]:
    """Receptors ``excitatory`` and ``inhibitory`` as IF_curr_exp has them: currents (nA) that decay."""
    return CURR_EXP


def exponential_conductances() -> tuple[Receptor, ...]:
    """Receptors ``excitatory`` and ``inhibitory`` as IF_cond_exp has them: conductances (uS) that decay."""
    return COND_EXP


def declare(model: CellModel | TimingRule | WeightRule | ReleaseModel) -> Any:
    """Make a model known to both simulators, and return the class that stands for it in PyNN scripts.

    Parameters
    ----------
    model : CellModel, TimingRule, WeightRule or ReleaseModel
        An instance; its name must be one that no model of pyneuro has.

    Returns
    -------
    type
        A PyNN cell type, rule or synapse type, with the model's parameters.

    Raises
    ------
    ModelError
        If the name is taken, one is declared twice, or the formulas use one that is not declared; if it is a class or
        a membrane without receptors.
    ProgramError
        If the formulas need what a core cannot do; names the model and the remedy.
    """
    if isinstance(model, type):
        raise ModelError(f"declare() takes an instance: declare({model.__name__}()), not the class {model.__name__}")
    if isinstance(model, Membrane):
        name = type(model).__name__
        raise ModelError(
            f"{name} is a membrane, which is a cell with a name and receptors: "
            f"declare(PointNeuron('My{name}', {name}(), exponential_currents()))"
        )
    if isinstance(model, CellModel):
        check_declaration(model)
        model.program(1)
        CELL_MODELS.add(model)
        return cell_type(model.name)
    if isinstance(model, ReleaseModel):
        check_release_model(model)
        RELEASE_MODELS.add(model)
        return release_type(model.name)
    if isinstance(model, TimingRule):
        check_timing_rule(model)
        TIMING_RULES.add(model)
        return rule_type(model.name)
    if isinstance(model, WeightRule):
        check_weight_rule(model)
        WEIGHT_RULES.add(model)
        return rule_type(model.name)
    raise TypeError(f"declare() takes a cell model, a rule or a release model, got {model!r}")
