"""Cell types: PyNN's standard cells, derived from the declarations in `toolchain.models`.

Names and units of a declaration are PyNN's, so that PyNN's translation between its own and native
parameters is the identity.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from pyNN import errors
from pyNN.standardmodels import StandardCellType, build_translations, cells

from pyneuro.standardmodels.arrays import defaults_of, elements, names_of
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel, SourceModel
from toolchain.models.parameters import check_parameters

TIMES = {"spike_times", "tbins"}
"""Parameters that are sequences of times."""


class DeclaredCell(StandardCellType):
    """A cell type that is made from a declaration."""

    model: ClassVar[CellModel | SourceModel]
    advice: ClassVar[str] = ""
    """What to say to who gives parameters that it does not have."""

    def __init__(self, *values: Any, **parameters: Any) -> None:
        """Take the parameters; the only one of a cell type need not be named.

        Raises
        ------
        TypeError
            If values are given without names, and it has several.
        NonExistentParameterError
            If the cell type has no parameter of that name.
        """
        names = list(self.default_parameters)
        if len(values) > 1 or (values and (parameters or len(names) > 1)):
            raise TypeError(f"{type(self).__name__} takes parameters by their names, as {names[0]}={values[0]!r}")
        parameters = dict(zip(names, values, strict=False)) | parameters
        try:
            super().__init__(**parameters)
        except errors.NonExistentParameterError as error:
            if self.advice:
                error.parameter_name += f": {self.advice}"
            raise

    @classmethod
    def check(cls, values: Mapping[str, Any], n: int) -> None:
        """Check parameters of `n` cells: one number for all, or `n`.

        Raises
        ------
        ParameterError
            If one is out of its bounds.
        InvalidParameterValueError
            If spike times or the times of bins are not ascending, or not times.
        """
        sequences = {name for name, _ in cls.model.sequences} if isinstance(cls.model, SourceModel) else set()
        for name in TIMES.intersection(sequences, values):
            for sequence in np.atleast_1d(np.array(values[name], object)):
                _check_times(f"{cls.__name__}.{name}", np.asarray(sequence.value, float))
        if isinstance(cls.model, CellModel):
            values = elements(cls.model, values)
        check_parameters(cls.model, {name: value for name, value in values.items() if name not in sequences}, n)


def _check_times(name: str, times: Any) -> None:
    if not np.all(np.isfinite(times)) or np.any(times < 0):
        raise errors.InvalidParameterValueError(f"{name} must be times of at least 0 ms, got {times}")
    if np.any(np.diff(times) < 0):
        at = int(np.argmax(np.diff(times) < 0))
        raise errors.InvalidParameterValueError(
            f"{name} must be ascending, got {times[at]:g} ms before {times[at + 1]:g} ms"
        )


def cell_type(name: str, description: str = "", advice: str = "", module: str = __name__) -> Any:
    """Return the cell type that the declaration `name` makes: a subclass of PyNN's of that name, if it has one.

    Parameters
    ----------
    name : str
        A key of ``CELL_MODELS``.
    description : str
        What to say where PyNN's own description of its cell type would not be true.
    advice : str
        What to say to who gives parameters that it does not have.
    module : str
        The module that the type is defined in.
    """
    known = getattr(cells, name, StandardCellType)
    members = members_of(CELL_MODELS[name], module) | {"__doc__": description or known.__doc__, "advice": advice}
    return type(name, (DeclaredCell,) if known is StandardCellType else (DeclaredCell, known), members)


def members_of(model: CellModel | SourceModel, module: str) -> dict[str, Any]:
    """What PyNN expects of the class of a cell type, from the declaration."""
    parameters: dict[str, Any] = {p.name: p.default for p in model.parameters}
    units = {p.name: p.unit or "dimensionless" for p in model.parameters}
    members: dict[str, Any] = {"recordable": list(model.recordable)}
    if isinstance(model, SourceModel):
        defaults = getattr(cells, model.name).default_parameters
        parameters |= {sequence: defaults[sequence] for sequence, _ in model.sequences}
        units |= {sequence: unit or "dimensionless" for sequence, unit in model.sequences}
        members |= {"injectable": False, "receptor_types": ()}
    else:
        arrays = defaults_of(model)
        units |= {array: units[names[0]] for array, names in names_of(model).items()}
        for name in [element for names in names_of(model).values() for element in names]:
            del parameters[name], units[name]
        parameters |= arrays
        units |= {variable.name: variable.unit or "dimensionless" for variable in model.state if not variable.hidden}
        members |= {
            "conductance_based": model.conductance_based,
            "receptor_types": tuple(model.receptors),
            "voltage_based_synapses": all(weights.unit == "mV" for weights in model.weights.values()),
            "default_initial_values": {v.name: _first(v.initial, parameters) for v in model.state if not v.hidden},
        }
    members |= {
        "__module__": module,
        "model": model,
        "default_parameters": parameters,
        "units": units,
        "translations": build_translations(*((p, p) for p in parameters)),
    }
    return members


def _first(initial: float | str, parameters: Mapping[str, float]) -> float:
    return parameters[initial] if isinstance(initial, str) else initial


IF_curr_exp = cell_type("IF_curr_exp")
IF_curr_alpha = cell_type("IF_curr_alpha")
IF_curr_delta = cell_type("IF_curr_delta")
IF_cond_exp = cell_type("IF_cond_exp")
IF_cond_alpha = cell_type("IF_cond_alpha")
IF_cond_exp_gsfa_grr = cell_type("IF_cond_exp_gsfa_grr")
EIF_cond_exp_isfa_ista = cell_type("EIF_cond_exp_isfa_ista")
EIF_cond_alpha_isfa_ista = cell_type("EIF_cond_alpha_isfa_ista")
GIF_cond_exp = cell_type("GIF_cond_exp")
HH_cond_exp = cell_type("HH_cond_exp")
Izhikevich = cell_type(
    "Izhikevich",
    advice="its synapses are steps of v in mV, and its peak is 30 mV; sPyNNaker's, with synaptic currents that decay "
    "with tau_syn_E and tau_syn_I and with v_thresh, is Izhikevich_curr_exp, in which 1 nA is 1 mV/ms (here 1000)",
)
SpikeSourceArray = cell_type("SpikeSourceArray")
SpikeSourcePoisson = cell_type("SpikeSourcePoisson")
SpikeSourcePoissonRefractory = cell_type("SpikeSourcePoissonRefractory")
SpikeSourceGamma = cell_type("SpikeSourceGamma")
SpikeSourceInhGamma = cell_type("SpikeSourceInhGamma")

__all__ = [
    "EIF_cond_alpha_isfa_ista",
    "EIF_cond_exp_isfa_ista",
    "GIF_cond_exp",
    "HH_cond_exp",
    "IF_cond_alpha",
    "IF_cond_exp",
    "IF_cond_exp_gsfa_grr",
    "IF_curr_alpha",
    "IF_curr_delta",
    "IF_curr_exp",
    "Izhikevich",
    "SpikeSourceArray",
    "SpikeSourceGamma",
    "SpikeSourceInhGamma",
    "SpikeSourcePoisson",
    "SpikeSourcePoissonRefractory",
]
