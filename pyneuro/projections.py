"""Projections: PyNN's, with their connections in arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import common, errors
from pyNN.core import IndexBasedExpression
from pyNN.parameters import LazyArray, ParameterSpace

from pyneuro import simulator
from pyneuro.connections import Connection, Connections
from pyneuro.errors import UnsupportedError
from pyneuro.freeze import Part, parts
from pyneuro.learning import Learning
from pyneuro.populations import members
from pyneuro.rewired import Rewired, check_change, check_rewired, check_single, present_connections
from pyneuro.standardmodels.synapses import StaticSynapse, SynapseType
from pyneuro.values import connection_distances, of_pairs
from toolchain.network import Values

ADDRESS = {"presynaptic_index": "pre", "postsynaptic_index": "post"}


class Projection(common.Projection):
    """The connections of one kind from cells to cells."""

    __doc__ = common.Projection.__doc__
    _simulator = simulator
    _static_synapse_class = StaticSynapse
    receptor_type: str

    def __init__(
        self, presynaptic_population: Any, postsynaptic_population: Any, connector: Any, *args: Any, **kwargs: Any
    ) -> None:
        """Connect; the arguments are PyNN's."""
        synapse_type = kwargs.get("synapse_type", args[0] if args else None)
        sizes = [getattr(cells, "size", None) for cells in (presynaptic_population, postsynaptic_population)]
        if isinstance(synapse_type, SynapseType) and None not in sizes:
            _check_shapes(synapse_type, tuple(sizes))
        if not getattr(postsynaptic_population, "receptor_types", True):
            raise errors.ConnectionError(
                f"no projection can lead to {postsynaptic_population.label!r}: spike sources have no synapses"
            )
        receptor = _own_receptor(synapse_type, kwargs)
        super().__init__(presynaptic_population, postsynaptic_population, connector, *args, **kwargs)
        if receptor is not None:
            self.receptor_type = receptor
        if not isinstance(self.synapse_type, SynapseType):
            raise UnsupportedError(
                f"projection {self.label!r}: {type(self.synapse_type).__name__} is not a synapse type of pyneuro; "
                "use one of pyneuro's, such as pyneuro.StaticSynapse"
            )
        self.arrays = Connections(tuple(self.synapse_type.get_parameter_names()), _common(self))
        self.parts: tuple[Part, ...] | None = None
        self._learning = Learning(self)
        self._rewired: Rewired | None = None
        self._frozen_at = 0
        if self.synapse_type.rewired:
            check_rewired(self)
        connector.connect(self)
        simulator.state.projections.append(self)
        simulator.state.stale = True

    @property
    def weight_unit(self) -> str:
        """Unit of the weights: nA, uS or mV; that of gap junctions is uS."""
        weights = members(self.post)[0][0].celltype.model.weights.get(self.receptor_type)
        return weights.unit if weights else "uS"

    # --- making connections -----------------------------------------------------------------------------

    def append(self, pre: NDArray[np.int32], post: NDArray[np.int32], values: dict[str, Values]) -> None:
        """Append connections, after a check of weights and delays; see `Connections.append`."""
        self._check_weights(values["weight"])
        if "delay" in values:
            self.check_delays(values["delay"])
        self.arrays.append(pre, post, values)

    def _convergent_connect(
        self, presynaptic_indices: Any, postsynaptic_index: Any, location_selector: Any = None, **parameters: Any
    ) -> None:
        """Connect some cells to one: the way by which PyNN's own connectors connect."""
        if location_selector is not None:
            raise UnsupportedError("location_selector is for cells with several compartments, which pyneuro lacks")
        pre = np.asarray(_indices(self.pre, presynaptic_indices), np.int32)
        post = np.full(len(pre), _indices(self.post, [postsynaptic_index])[0], np.int32)
        self.append(pre, post, {name: _numbers(parameters[name]) for name in self.arrays.names})

    def _check_weights(self, weight: Values) -> None:
        if not np.all(np.isfinite(weight)):
            raise errors.ConnectionError(f"projection {self.label!r}: weights must be finite numbers")

    def check_delays(self, delay: Values) -> None:
        """Check delays (ms) against the limits of ``setup()``; ConnectionError if one is beyond them."""
        low, high, options = np.min(delay, initial=np.inf), np.max(delay, initial=-np.inf), simulator.state.options
        if not np.all(np.isfinite(delay)) or low < 0:
            raise errors.ConnectionError(f"projection {self.label!r}: delays must be at least 0 ms, got {low:g} ms")
        for name, limit, worst in (("min_delay", options.min_delay, low), ("max_delay", options.max_delay, high)):
            sign = 1 if name == "min_delay" else -1
            if limit != "auto" and sign * (worst - float(limit)) < -options.timestep / 2:
                raise errors.ConnectionError(
                    f"projection {self.label!r}: a delay of {worst:g} ms is beyond {name}, {limit:g} ms; "
                    f"change the delay, or {name} in setup()"
                )

    def delay_range(self) -> tuple[float, float]:
        """Return the least and the greatest delay, in whole timesteps but at least one, ms."""
        dt = simulator.state.dt
        delay = self.arrays["delay"] if "delay" in self.arrays.names else dt
        least, greatest = (max(1, round(float(d) / dt)) * dt for d in (np.min(delay), np.max(delay)))
        return least, greatest

    # --- connections as objects -------------------------------------------------------------------------

    @property
    def present(self) -> Connections:
        """The connections that there are now: those that were made, or those of the simulation if runs change them."""
        state = simulator.state
        if not self.synapse_type.rewired or state.simulation is None or state.step == 0:
            return self.arrays
        if self._rewired is None or self._rewired.step != state.step:
            self._rewired = Rewired(state.step, present_connections(self))
        return self._rewired.connections

    def __len__(self) -> int:
        """Return the number of connections."""
        return len(self.present)

    def __getitem__(self, index: int) -> Connection:
        """Return one connection."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"projection {self.label!r} has {len(self)} connections, there is none at {index}")
        return Connection(self, index % len(self))

    @property
    def connections(self) -> list[Connection]:
        """All connections, in the order in which they were made; once rewired, target cell after target cell."""
        return [Connection(self, index) for index in range(len(self))]

    # --- getting and setting -----------------------------------------------------------------------------

    def get(self, attribute_names: str | list[str], *args: Any, **kwargs: Any) -> Any:
        """Return weights, delays or other parameters; see PyNN.

        Weights of plastic synapses are those of the present moment, as of the latest spike of each source cell: both
        simulators change a weight when its source spikes.
        """
        for name in [attribute_names] if isinstance(attribute_names, str) else attribute_names:
            if name in self.synapse_type.default_initial_values:
                raise UnsupportedError(
                    f"projection {self.label!r}: {name!r} is a state variable of {type(self.synapse_type).__name__}, "
                    "which initialize() can set and PyNN cannot read; record what arrives at the target instead"
                )
            if name not in self.arrays.names:
                raise errors.NonExistentParameterError(name, type(self.synapse_type).__name__, list(self.arrays.names))
        return super().get(attribute_names, *args, **kwargs)

    def values(self, name: str) -> NDArray[np.float64]:
        """Return the present values of an attribute, one for each connection."""
        return self.weights() if name == "weight" else self.present.array(name)

    def weights(self) -> NDArray[np.float64]:
        """Return the present weights, one for each connection; those of plastic synapses are the simulation's."""
        return self._learning.weights() if self._learning.begun else self.present.array("weight")

    def _get_attributes_as_list(self, names: list[str]) -> list[tuple[Any, ...]]:
        arrays = [getattr(self.present, ADDRESS[name]) if name in ADDRESS else self.values(name) for name in names]
        return list(zip(*(array.tolist() for array in arrays), strict=True))

    def _get_attributes_as_arrays(self, names: list[str], multiple_synapses: str = "sum") -> list[NDArray[np.float64]]:
        flat = self.present.pre.astype(np.int64) * self.post.size + self.present.post
        return [_matrix(flat, self.values(name), self.shape, multiple_synapses) for name in names]

    def set(self, **attributes: Any) -> None:
        """Set weights or delays; see PyNN.  A list goes to the connected pairs, row after row."""
        schema = self.synapse_type.get_schema()
        for name in attributes:
            if name not in schema:
                raise errors.NonExistentParameterError(name, type(self.synapse_type).__name__, list(schema))
        changes = {name: self._evaluated(name, value) for name, value in attributes.items()}
        for name, value in changes.items():
            self._check(name, value)
        learnt = self._keep_learnt()
        for name, value in changes.items():
            self.arrays[name] = self.present[name] = value
        if learnt is not None and "weight" in changes:
            learnt[:] = changes["weight"]

    def initialize(self, **initial_values: Any) -> None:
        """Set the values that state variables of the synapses have at t = 0; see PyNN."""
        known = self.synapse_type.default_initial_values
        for variable in initial_values:
            if variable not in known:
                raise errors.NonExistentParameterError(variable, type(self.synapse_type).__name__, list(known))
        super().initialize(**initial_values)

    def _set_initial_value_array(self, variable: str, initial_values: LazyArray) -> None:
        """Take the values now: what is random is drawn once."""
        if simulator.state.step > 0:
            raise UnsupportedError(
                f"projection {self.label!r}: initialize() says what {variable!r} is at t = 0, and t is "
                f"{simulator.state.t:g} ms: reset() first"
            )
        initial_values.base_value, initial_values.operations = initial_values.evaluate(simplify=True), []
        self.parts = None
        simulator.state.stale = True

    def _evaluated(self, name: str, value: Any) -> Values:
        """Return the `value` for `name` of each connection, or the one for all."""
        pre, post = self.arrays.pre, self.arrays.post
        if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1):
            return self._listed(name, np.asarray(value, float))
        space = ParameterSpace({name: value}, self.synapse_type.get_schema(), self.shape)
        lazy = space[name]
        if callable(lazy.base_value) and not isinstance(lazy.base_value, IndexBasedExpression):
            result = LazyArray(lazy.base_value(connection_distances(self, pre, post)), shape=(len(pre),), dtype=float)
            result.operations = lazy.operations
            return np.asarray(result.evaluate(), float)
        return of_pairs(self._handle_distance_expressions(space)[name], self, pre, post)

    def _listed(self, name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the value of each connection, given one for each connected pair, row after row."""
        flat = self.arrays.pre.astype(np.int64) * self.post.size + self.arrays.post
        pairs, which = np.unique(flat, return_inverse=True)
        if len(values) != len(pairs):
            raise errors.InvalidDimensionsError(
                f"projection {self.label!r}: {name} needs one value for each of {len(pairs)} connected pairs, "
                f"got {len(values)}"
            )
        return np.asarray(values[which])

    def _check(self, name: str, value: Values) -> None:
        if self.synapse_type.rewired:
            check_change(self, name, value)
        if name == "delay":
            self.check_delays(value)
        elif len(self) and name == "weight":
            self._check_weights(value)
            for check in self.synapse_type.parameter_checks.values():
                check(value, self)

    def change(self, name: str, index: int, value: float) -> None:
        """Give one connection another weight or delay."""
        if self.synapse_type.rewired:
            check_single(self, name)
        self._check(name, float(value))
        learnt = self._keep_learnt()
        self.arrays.change(name, index, float(value))
        if learnt is not None and name == "weight":
            learnt[index] = value

    def _keep_learnt(self) -> NDArray[np.float64] | None:
        """Prepare a change: the network is to be frozen anew, with the weights that plastic synapses have now.

        Returns
        -------
        float64[connections] or None
            These weights, which may be written to; None if the present weights are those that were given.
        """
        learnt = self._learning.to_change() if self._learning.begun else None
        self.parts = None
        simulator.state.stale = True
        return learnt

    def restart(self) -> None:
        """Go back, at a reset, to the weights and connections that were given."""
        if self._frozen_at:
            self.parts = None
            simulator.state.stale = True
        self._learning.forget()
        self._rewired = None

    def freeze(self) -> tuple[Part, ...]:
        """Return what the projection is in the frozen network; the same objects until something changes.

        A simulator that goes on with another network takes the weights in it: there are those that have been learnt.
        """
        learnt = self._learning.begun
        if self.parts is None or learnt:
            self.parts = tuple(parts(self, self._learning.weights() if learnt else self.arrays["weight"]))
            self._frozen_at = simulator.state.step if learnt else 0
        return self.parts


def _common(projection: Projection) -> dict[str, Values]:
    """Return what the synapse type says of all connections alike, 0 for what it does not."""
    space = projection.synapse_type.native_parameters
    space.shape = projection.shape
    return {name: float(lazy.evaluate(simplify=True)) if lazy.is_homogeneous else 0.0 for name, lazy in space.items()}


def _own_receptor(synapse_type: Any, arguments: dict[str, Any]) -> str | None:
    """Take the receptor type out of the `arguments` of a projection, if it is the synapse type's, not the target's."""
    own = getattr(synapse_type, "receptors", ())
    if not own:
        return None
    receptor = arguments.pop("receptor_type", None) or own[0]
    if receptor not in own:
        raise errors.ConnectionError(
            f"receptor_type of {type(synapse_type).__name__} must be {' or '.join(map(repr, own))}, got {receptor!r}"
        )
    return str(receptor)


def _check_shapes(synapse_type: SynapseType, shape: tuple[Any, ...]) -> None:
    for name, lazy in synapse_type.parameter_space.items():
        if isinstance(lazy.base_value, np.ndarray) and lazy.base_value.shape != shape:
            raise errors.InvalidDimensionsError(
                f"{type(synapse_type).__name__}.{name} must be a number, a function of distance, a random distribution "
                f"or an array of shape {shape} (pre, post), got shape {lazy.base_value.shape}; values in a list go "
                f"with a FromListConnector, or with set({name}=...) of the projection"
            )


def _indices(cells: Any, given: Any) -> Any:
    """Return indices in `cells`; PyNN's CSAConnector gives IDs, the other connectors indices."""
    return cells.id_to_index(given) if len(given) and isinstance(given[0], simulator.ID) else given


def _numbers(value: Any) -> Values:
    """Return an array of numbers, or the one number that they all are."""
    numbers = np.asarray(value, float)
    return float(numbers.flat[0]) if numbers.size and np.all(numbers == numbers.flat[0]) else numbers


def _matrix(
    flat: NDArray[np.int64], values: NDArray[np.float64], shape: tuple[int, int], several: str
) -> NDArray[np.float64]:
    """Return the matrix of `values` at the places `flat`; NaN where there is none."""
    size = shape[0] * shape[1]
    if several in ("last", "first"):
        order = slice(None) if several == "last" else slice(None, None, -1)
        result = np.full(size, np.nan)
        result[flat[order]] = values[order]
        return result.reshape(shape)
    result = np.full(size, {"sum": 0.0, "min": np.inf, "max": -np.inf}[several])
    {"sum": np.add, "min": np.minimum, "max": np.maximum}[several].at(result, flat, values)
    there = np.zeros(size, bool)
    there[flat] = True
    result[~there] = np.nan
    return result.reshape(shape)
