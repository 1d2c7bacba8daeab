"""Connectors: PyNN's, of which the common ones build their connections in arrays.

The network is the one that PyNN's own code builds for the same seed: the same numbers are taken from the
same streams in the same order, column (post-synaptic cell) after column, and the order of the connections
is the same.  What PyNN makes column by column in Python is made here in one go, or in Cython
(`pyneuro.draw`) where numbers are drawn.  Those that are PyNN's own take its way.
"""

from pyNN.connectors import (
    CloneConnector,
    Connector,
    CSAConnector,
    DisplacementDependentProbabilityConnector,
    IndexBasedProbabilityConnector,
    MapConnector,
)

from pyneuro.connectors.drawn import (
    DistanceDependentProbabilityConnector,
    FixedNumberPostConnector,
    FixedNumberPreConnector,
    FixedProbabilityConnector,
    FixedTotalNumberConnector,
    SmallWorldConnector,
)
from pyneuro.connectors.listed import FromFileConnector, FromListConnector
from pyneuro.connectors.regular import AllToAllConnector, ArrayConnector, OneToOneConnector

__all__ = [
    "AllToAllConnector",
    "ArrayConnector",
    "CSAConnector",
    "CloneConnector",
    "Connector",
    "DisplacementDependentProbabilityConnector",
    "DistanceDependentProbabilityConnector",
    "FixedNumberPostConnector",
    "FixedNumberPreConnector",
    "FixedProbabilityConnector",
    "FixedTotalNumberConnector",
    "FromFileConnector",
    "FromListConnector",
    "IndexBasedProbabilityConnector",
    "MapConnector",
    "OneToOneConnector",
    "SmallWorldConnector",
]
