"""Populations, views of them and assemblies: PyNN's, with parameters and initial values kept in arrays.

A parameter that is the same for all cells stays one number, as it does in the `Network`.  Views keep
nothing: they read from their population and write to it.
"""

from __future__ import annotations

from abc import abstractmethod
from copy import deepcopy
from inspect import isclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import common, descriptions, errors
from pyNN.common.populations import BasePopulation
from pyNN.models import BaseCellType
from pyNN.parameters import ArrayParameter, LazyArray, ParameterSpace

from pyneuro import simulator
from pyneuro.capacity import require
from pyneuro.errors import UnsupportedError
from pyneuro.recording import Recorder, atomically
from toolchain.errors import ParameterError

Indices = NDArray[np.int64]

CELL_BYTES = 200
"""Memory that the object of a cell takes, at least: 250 bytes were measured with Python 3.11."""


class Assembly(common.Assembly):
    """A group of populations and views that can be connected, recorded and set as one."""

    _simulator = simulator

    @property
    def receptor_types(self) -> list[str]:
        """Receptor types that all members have, in the order of the first; PyNN gives them in any order."""
        first, *others = (population.celltype.receptor_types for population in self.populations)
        return [receptor for receptor in first if all(receptor in other for other in others)]

    def write_data(self, io: Any, *args: Any, **kwargs: Any) -> None:
        """Write recorded data to `io`, a file name or a Neo IO; a file appears whole or not at all."""
        with atomically(io) as target:
            super().write_data(target, *args, **kwargs)


class _Cells(BasePopulation):
    """What populations and views do alike: read and write the parameters and initial values of their cells."""

    @property
    @abstractmethod
    def _root(self) -> Population:
        """The population that the cells are of."""

    @property
    @abstractmethod
    def _where(self) -> Indices | slice:
        """The places of the cells in it."""

    def get(self, parameter_names: str | list[str], gather: bool = False, simplify: bool = True) -> Any:
        """Return the values of a parameter, or a list of the values of several."""
        names = [parameter_names] if isinstance(parameter_names, str) else parameter_names
        for name in names:
            self._require(name, self.celltype.get_parameter_names())
        return super().get(parameter_names, gather=gather, simplify=simplify)

    def initialize(self, **initial_values: Any) -> None:
        """Set the values that state variables have at t = 0; see PyNN."""
        for variable in initial_values:
            self._require(variable, self.celltype.default_initial_values)
        super().initialize(**initial_values)

    def _require(self, name: str, names: Any) -> None:
        if name not in names:
            raise errors.NonExistentParameterError(name, type(self.celltype).__name__, list(names))

    def _get_view(self, selector: Any, label: str | None = None) -> PopulationView:
        return PopulationView(self, selector, label)

    def _get_parameters(self, *names: str) -> ParameterSpace:
        values = {name: self._part(self._root._parameters[name]) for name in names}
        return ParameterSpace(values, self.celltype.get_schema(), shape=(self.size,))

    _get_native_parameters = _get_parameters

    def _part(self, value: Any) -> Any:
        return value[self._where] if isinstance(value, np.ndarray) else value

    def _set_parameters(self, parameter_space: ParameterSpace) -> None:
        for name, value in self._checked(parameter_space).items():
            self._root._parameters[name] = self._merged(self._root._parameters[name], value)
        simulator.state.stale = True

    def _checked(self, parameter_space: ParameterSpace) -> dict[str, Any]:
        """Return the values of parameters, random ones drawn: one for all cells, or one for each."""
        values = {}
        for name, lazy in parameter_space.items():
            try:
                lazy.shape = (self.size,)
                values[name] = lazy.evaluate(simplify=True)
            except (TypeError, ValueError) as error:
                count = np.shape(lazy.base_value)
                got = f", got {count[0]}" if len(count) == 1 and count[0] != self.size else f": {error}"
                raise errors.InvalidParameterValueError(
                    f"{type(self.celltype).__name__}.{name} must be one value or {self.size} values "
                    f"for {self.label!r}{got}"
                ) from error
        self._check(values)
        return values

    def _check(self, values: dict[str, Any]) -> None:
        """Check values of parameters; what is wrong is said of the population."""
        try:
            self.celltype.check(values, self.size)
        except ParameterError as error:
            # The name of a composed cell type says what it is made of, its parameters have names of their own.
            name = self.celltype.model.name
            text = str(error).replace(f"{name}.", "") if "(" in name else str(error)
            raise ParameterError(f"population {self.label!r}: {text}") from None

    def _set_initial_value_array(self, variable: str, initial_values: LazyArray) -> None:
        """Take the values now: what is random is drawn once."""
        if simulator.state.step > 0:
            raise UnsupportedError(
                f"initialize() says what {variable!r} is at t = 0, and t is {simulator.state.t:g} ms: reset() first"
            )
        value = deepcopy(initial_values.evaluate(simplify=True))
        if not np.all(np.isfinite(value)):
            raise errors.InvalidParameterValueError(f"the initial value of {variable!r} must be a finite number")
        initial_values.base_value, initial_values.operations = value, []
        if self._root is not self:
            whole = self._root.initial_values[variable]
            whole.base_value = self._merged(whole.base_value, value)
        simulator.state.stale = True

    def _merged(self, old: Any, new: Any) -> Any:
        """Return `old`, of all cells of the population, with `new` in the place of these cells."""
        if self._root is self:
            return new
        if isinstance(old, np.ndarray):
            merged = old.copy()
        else:
            merged = np.empty(self._root.size, object if isinstance(old, ArrayParameter) else float)
            merged[:] = old
        merged[self._where] = new
        return merged


class PopulationView(_Cells, common.PopulationView):
    """Some cells of a population, consecutive or not."""

    __doc__ = common.PopulationView.__doc__
    _assembly_class = Assembly
    _simulator = simulator

    @property
    def _root(self) -> Population:
        root: Population = self.grandparent
        return root

    @property
    def _where(self) -> Indices:
        return np.asarray(self.index_in_grandparent(np.arange(self.size)))

    @property
    def initial_values(self) -> dict[str, LazyArray]:
        """Values of the state variables at t = 0, of the cells of the view."""
        return {
            name: LazyArray(self._part(whole.base_value), shape=(self.size,))
            for name, whole in self._root.initial_values.items()
        }


class Population(_Cells, common.Population):
    """A group of cells of one type."""

    __doc__ = common.Population.__doc__
    _simulator = simulator
    _recorder_class = Recorder
    _assembly_class = Assembly

    def __init__(self, size: Any, cellclass: Any, *args: Any, **kwargs: Any) -> None:
        """Make the cells; the arguments are PyNN's.  What is refused leaves nothing behind."""
        if not isinstance(cellclass, BaseCellType) and not isclass(cellclass):
            raise TypeError(f"a population needs a cell type, such as IF_curr_exp(), got {cellclass!r}")
        super().__init__(size, cellclass, *args, **kwargs)
        state = simulator.state
        self.index = len(state.populations)
        state.populations.append(self)
        state.recorders.add(self.recorder)
        state.stale = True

    @property
    def _root(self) -> Population:
        return self

    @property
    def _where(self) -> slice:
        return slice(None)

    def _create_cells(self) -> None:
        state = simulator.state
        if state.step > 0:
            raise UnsupportedError(
                f"population {self.label!r} cannot be added at t = {state.t:g} ms: call reset() first"
            )
        if not hasattr(self.celltype, "check"):
            raise UnsupportedError(f"{type(self.celltype).__name__} is not a cell type of pyneuro")
        if self.size < 1:
            raise ValueError(f"population {self.label!r} must have at least 1 cell, got {self.size}")
        require(self.size * CELL_BYTES, f"population {self.label!r} of {self.size} cells")
        self._parameters = self._checked(self.celltype.native_parameters)
        self.all_cells = np.empty(self.size, object)
        self.all_cells[:] = [simulator.ID(state.id_counter + i) for i in range(self.size)]
        for cell in self.all_cells:
            cell.parent = self
        self._mask_local = np.ones(self.size, bool)
        state.id_counter += self.size

    def describe(self, template: Any = "population_default.txt", engine: Any = "default") -> Any:
        """Return the population in words, the parameters of its first cell included; see PyNN."""
        first = {k: v.item() if isinstance(v, np.generic) else v for k, v in self[0].get_parameters().items()}
        context = super().describe(template=None) | {"cell_parameters": first}
        return descriptions.render(engine, template, context)

    def _set_cell_initial_value(self, cell: Any, variable: str, value: float) -> None:
        self[[self.id_to_index(cell)]].initialize(**{variable: value})


def members(cells: Any) -> list[tuple[Population, Indices | None]]:
    """Return the populations that a population, view or assembly is made of, in order.

    Returns
    -------
    list of (Population, indices or None)
        With each the places of its cells in the population, or None for all of them in order.
    """
    parts = cells.populations if isinstance(cells, common.Assembly) else [cells]
    return [(part._root, part._where if isinstance(part, common.PopulationView) else None) for part in parts]
