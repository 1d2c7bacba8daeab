"""PointNeuron: a cell type that a script composes of a membrane and of receptors with names of its own.

``PointNeuron(LIF(tau_m=10.0), AMPA=ExpPSR(tau_syn=1.0), GABA=AlphaPSR(e_syn=-70.0))`` has the parameters of the
membrane, and ``AMPA.tau_syn`` and the like.  PyNN keeps the parts apart, each with its parameters; here they are put
into one declared cell type, made for this composition.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from functools import cache
from typing import Any

from pyNN import errors
from pyNN.parameters import ParameterSpace
from pyNN.standardmodels import (
    StandardCellType,
    StandardCellTypeComponent,
    StandardPostSynapticResponse,
    build_translations,
    cells,
    receptors,
)

from pyneuro.standardmodels.cells import DeclaredCell, members_of
from toolchain.models import CELL_MODELS
from toolchain.models.composed import MEMBRANES, RECEPTORS, base, composed_name, reserved
from toolchain.models.declaration import CellModel
from toolchain.models.inputs import Names

SUFFIX = "PostSynapticResponse"


def _membrane(name: str) -> Any:
    """The class of a membrane: PyNN's, with its parameters as they are."""
    base = getattr(cells, name)
    members = {"__doc__": base.__doc__, "__module__": __name__, "membrane": name}
    return type(name, (base,), members | {"translations": _as_they_are(base.default_parameters)})


def _receptor(kind: str) -> Any:
    """The class of a kind of receptor, from its declaration: a subclass of PyNN's of that name, if it has one."""
    name = kind + SUFFIX
    base = getattr(receptors, name, StandardPostSynapticResponse)
    declared = RECEPTORS[kind](Names("receptor", "state", "{}", "{}", reversal="e_syn"))
    parameters = [*declared.input.parameters(declared.names), *declared.parameters]
    units = {parameter.name: parameter.unit for parameter in parameters}
    defaults: dict[str, Any] = {"locations": 0.5} | {parameter.name: parameter.default for parameter in parameters}
    members = {
        "__doc__": base.__doc__ if base is not StandardPostSynapticResponse else type(declared).__doc__,
        "__module__": __name__,
        "kind": kind,
        "default_parameters": defaults,
        "default_initial_values": {declared.variable: 0.0},
        "units": units | {declared.variable: declared.state[0].unit},
        "conductance_based": declared.weights.unit == "uS",
        "recordable": [declared.variable],
        "translations": _as_they_are(defaults),
    }
    return type(name, (base,), members)


def _as_they_are(parameters: Iterable[str]) -> Any:
    return build_translations(*((parameter, parameter) for parameter in parameters))


class PointNeuron(DeclaredCell, cells.PointNeuron):
    """A cell of a membrane and any number of receptors, each with a name.

    Parameters
    ----------
    neuron : LIF, AdExp or a cell type with conductances
        The membrane; a cell type keeps its own receptors besides.
    **post_synaptic_receptors : receptor types
        Receptors by name. Weights of currents are at least 0, or at most 0 for receptors whose name begins with
        ``inh`` or ``GABA``.
    """

    simple_parameters = StandardCellType.simple_parameters
    scaled_parameters = StandardCellType.scaled_parameters
    computed_parameters = StandardCellType.computed_parameters
    computed_parameters_include = StandardCellType.computed_parameters_include

    def __new__(cls, neuron: Any, **post_synaptic_receptors: Any) -> PointNeuron:
        """Make an object of the class that is made for the composition."""
        part = _part(neuron)
        found = base(part, CELL_MODELS)
        if found is None:
            raise errors.InvalidModelError(
                f"PointNeuron needs a membrane, such as {next(iter(MEMBRANES))}(), or a cell type with conductances, "
                f"got {neuron!r}"
            )
        kinds = {}
        for name, receptor in post_synaptic_receptors.items():
            if not isinstance(receptor, StandardPostSynapticResponse) or not hasattr(receptor, "kind"):
                raise errors.InvalidModelError(
                    f"PointNeuron: {name} must be a receptor type, such as ExpPSR(), got {receptor!r}"
                )
            kinds[name] = receptor.kind
        if taken := sorted(reserved(found).intersection(kinds)):
            raise errors.InvalidModelError(f"PointNeuron: no receptor can be called '{taken[0]}'; give it another name")
        made: PointNeuron = object.__new__(_composition(composed_name(part, kinds)))
        return made

    def __init__(self, neuron: Any, **post_synaptic_receptors: Any) -> None:
        """Take over the parameters of the parts."""
        self.neuron = neuron
        self.post_synaptic_receptors = post_synaptic_receptors
        values = dict(neuron.parameter_space.items())
        for name, receptor in post_synaptic_receptors.items():
            own = receptor.parameter_space.items()
            values |= {f"{name}.{parameter}": value for parameter, value in own if parameter != "locations"}
        super(cells.PointNeuron, self).__init__(**values)

    def translate(self, parameters: ParameterSpace, copy: bool = True) -> ParameterSpace:
        """Return the parameters as they are: PyNN's own way reads their names as expressions."""
        return ParameterSpace(dict((deepcopy(parameters) if copy else parameters).items()), shape=parameters.shape)

    def reverse_translate(self, native_parameters: ParameterSpace) -> ParameterSpace:
        """Return the parameters as they are."""
        return ParameterSpace(dict(native_parameters.items()), self.get_schema(), native_parameters.shape)


def _part(neuron: Any) -> str:
    """The name of a membrane or a cell type, as `composed_name` takes it; empty if it is neither."""
    if isinstance(neuron, StandardCellTypeComponent):
        return str(getattr(neuron, "membrane", ""))
    return neuron.model.name if isinstance(neuron, DeclaredCell) else ""


@cache
def _composition(name: str) -> Any:
    """The cell type of a composed model."""
    model = CELL_MODELS[name]
    assert isinstance(model, CellModel)
    return type("PointNeuron", (PointNeuron,), {**members_of(model, __name__), "__doc__": PointNeuron.__doc__})


AdExp = _membrane("AdExp")
LIF = _membrane("LIF")
CurrExpPostSynapticResponse = _receptor("CurrExp")
CurrAlphaPostSynapticResponse = _receptor("CurrAlpha")
CurrBetaPostSynapticResponse = _receptor("CurrBeta")
CondExpPostSynapticResponse = ExpPSR = _receptor("CondExp")
CondAlphaPostSynapticResponse = AlphaPSR = _receptor("CondAlpha")
CondBetaPostSynapticResponse = BetaPSR = _receptor("CondBeta")
NMDAPostSynapticResponse = NMDA = _receptor("NMDA")

__all__ = [
    "LIF",
    "NMDA",
    "AdExp",
    "AlphaPSR",
    "BetaPSR",
    "CondAlphaPostSynapticResponse",
    "CondBetaPostSynapticResponse",
    "CondExpPostSynapticResponse",
    "CurrAlphaPostSynapticResponse",
    "CurrBetaPostSynapticResponse",
    "CurrExpPostSynapticResponse",
    "ExpPSR",
    "NMDAPostSynapticResponse",
    "PointNeuron",
]
