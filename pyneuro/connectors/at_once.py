"""How a connector connects that draws all its columns at once.

A projection is connected in three parts: the synapse's parameters are taken (PyNN copies their random
generators at this point), the columns are drawn, and the parameters are evaluated for all connections.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from pyNN.connectors import Connector

from pyneuro.columns import Columns, Counts, Indices
from pyneuro.errors import UnsupportedError
from pyneuro.values import evaluate


class ArrayMixin(Connector):
    """How a connector connects that draws all its columns at once, by `columns`."""

    parameters_first: ClassVar[bool] = True
    """Whether PyNN's code copies the synapse's random generators before it draws the columns."""

    @abstractmethod
    def columns(self, projection: Any) -> Columns:
        """Return the pre-synaptic cells of each column."""

    def takes(self, projection: Any) -> bool:
        """Whether `columns` can do it; if not, PyNN's own code does."""
        return True

    def connect(self, projection: Any) -> None:
        """Connect `projection`."""
        if self.location_selector is not None:
            raise UnsupportedError("location_selector is for cells with several compartments, which pyneuro lacks")
        if not self.takes(projection):
            super().connect(projection)
            return
        columns = None if self.parameters_first else self.columns(projection)
        distance = self._generate_distance_map(projection)
        space = self._parameters_from_synapse_type(projection, distance)
        pre, counts = columns or self.columns(projection)
        post = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        values = evaluate(space, projection, pre=pre, post=post, counts=counts, distance=distance)
        self.finish(projection, pre, post, values, counts)

    def finish(self, projection: Any, pre: Indices, post: Indices, values: Any, counts: Counts) -> None:
        """Hand the connections over, check the signs of the weights if that is wished, tell the callback."""
        projection.append(pre, post, values)
        if self.safe and len(pre):
            for name, check in projection.synapse_type.parameter_checks.items():
                check(values[name], projection)
        if self.callback:
            for column in np.flatnonzero(counts):
                self.callback(int(column) / projection.post.local_size)
