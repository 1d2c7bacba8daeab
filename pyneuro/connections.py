"""The connections of a projection, in arrays; connection objects are made when they are asked for.

A weight, a delay or another parameter that is the same for all connections is one number.  Arrays are read-only
once the network has been frozen, because the frozen network shares them; the first change after that works on a copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import common

from toolchain.network import Values

Indices = NDArray[np.int32]


class Connections:
    """Connections as they are appended: in blocks, which are joined when they are read.

    Parameters
    ----------
    names : tuple of str
        What each connection has: ``weight``, ``delay`` and the other parameters of the synapse type.
    common : mapping of str to Values
        Values that count as long as there is no connection.
    """

    def __init__(self, names: tuple[str, ...], common: Mapping[str, Values]) -> None:
        self.names = names
        self._common = dict(common)
        self._blocks: list[tuple[Indices, Indices, dict[str, Values]]] = []

    def append(self, pre: Indices, post: Indices, values: Mapping[str, Values]) -> None:
        """Append connections.

        Parameters
        ----------
        pre, post : int32[connections]
            Indices of cells in what is connected.
        values : mapping of str to (float or float64[connections])
            A value for each of `names`.
        """
        if len(pre):
            self._blocks.append((pre, post, {name: values[name] for name in self.names}))

    def _joined(self) -> tuple[Indices, Indices, dict[str, Values]]:
        if len(self._blocks) != 1:
            self._blocks = [self._join()]
        return self._blocks[0]

    def _join(self) -> tuple[Indices, Indices, dict[str, Values]]:
        if not self._blocks:
            return np.zeros(0, np.int32), np.zeros(0, np.int32), self._common
        pre, post, values = zip(*self._blocks, strict=True)
        sizes = [len(p) for p in pre]
        joined = {name: _join([v[name] for v in values], sizes) for name in self.names}
        return np.concatenate(pre), np.concatenate(post), joined

    def __len__(self) -> int:
        """Return the number of connections."""
        return sum(len(pre) for pre, _, _ in self._blocks)

    @property
    def pre(self) -> Indices:
        """Indices of the pre-synaptic cells."""
        return self._joined()[0]

    @property
    def post(self) -> Indices:
        """Indices of the post-synaptic cells."""
        return self._joined()[1]

    def __getitem__(self, name: str) -> Values:
        """Return the values of `name`."""
        return self._joined()[2][name]

    def __setitem__(self, name: str, value: Values) -> None:
        """Give all connections other values of `name`."""
        self._joined()[2][name] = value

    def array(self, name: str) -> NDArray[np.float64]:
        """Return the values of `name`, one for each connection."""
        return np.broadcast_to(np.asarray(self[name], float), len(self))

    def change(self, name: str, index: int, value: float) -> None:
        """Give one connection another value of `name`."""
        values = self[name]
        if not isinstance(values, np.ndarray) or not values.flags.writeable:
            self[name] = values = self.array(name).copy()
        values[index] = value


def _join(values: list[Values], sizes: list[int]) -> Values:
    """Join the values of blocks; one number if they are all the same number."""
    first = values[0]
    if all(isinstance(value, float) and value == first for value in values):
        return first
    return np.concatenate([np.broadcast_to(value, n) for value, n in zip(values, sizes, strict=True)])


class Connection(common.Connection):
    """One connection of a projection."""

    def __init__(self, projection: Any, index: int) -> None:
        self.index = index
        self.projection = projection

    @property
    def presynaptic_index(self) -> int:
        """Index of the pre-synaptic cell."""
        return int(self.projection.present.pre[self.index])

    @property
    def postsynaptic_index(self) -> int:
        """Index of the post-synaptic cell."""
        return int(self.projection.present.post[self.index])

    @property
    def presynaptic_cell(self) -> Any:
        """The pre-synaptic cell."""
        return self.projection.pre[self.presynaptic_index]

    @property
    def postsynaptic_cell(self) -> Any:
        """The post-synaptic cell."""
        return self.projection.post[self.postsynaptic_index]

    source, target = presynaptic_cell, postsynaptic_cell

    def __getattr__(self, name: str) -> float:
        """Return the present value of an attribute: weight (nA, uS), delay (ms) or another parameter."""
        if name not in self.projection.arrays.names:
            raise AttributeError(f"a connection of {self.projection.label!r} has no {name!r}")
        return float(self.projection.values(name)[self.index])

    def __setattr__(self, name: str, value: Any) -> None:
        """Give an attribute another value."""
        if "projection" in vars(self) and name in self.projection.arrays.names:
            self.projection.change(name, self.index, value)
        else:
            super().__setattr__(name, value)

    def as_tuple(self, *attribute_names: str) -> tuple[Any, ...]:
        """Return the values of the attributes."""
        return tuple(getattr(self, name) for name in attribute_names)
