"""All of PyNN's interface in one place: what ``import pyneuro as sim`` gives."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Any

from pyNN import errors, random, space
from pyNN.network import Network
from pyNN.parameters import Sequence
from pyNN.space import Cuboid, Grid2D, Grid3D, Line, RandomStructure, Space, Sphere
from pyNN.standardmodels import StandardCellType

from pyneuro import connectors, control, extra_models, procedural_api, simulator
from pyneuro.populations import Assembly, Population, PopulationView
from pyneuro.projections import Projection
from pyneuro.random import GSLRNG, NativeRNG, NumpyRNG, RandomDistribution
from pyneuro.standardmodels import cells, composed, electrodes, structure, synapses
from pyneuro.standardmodels.unsupported import UNSUPPORTED
from pyneuro.weight_recorder import WeightRecorder


def list_standard_models() -> list[str]:
    """Return the names of the cell types that pyneuro has."""
    return list(cells.__all__)


def get_simulator(*arguments: tuple[Any, ...]) -> tuple[Any, argparse.Namespace]:
    """Return the back end that the command line of the script names, and the other arguments.

    Parameters
    ----------
    *arguments : tuple
        Name and help text of further arguments, and a dict of options for argparse.

    Returns
    -------
    module, argparse.Namespace
        ``pyNN.NAME``, or the module NAME if there is a dot in it.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("simulator", help="pyneuro, nest, neuron, brian2, or a module's dotted name")
    for name, text, *options in arguments:
        parser.add_argument(name, help=text, **(options[0] if options else {}))
    chosen = parser.parse_args()
    name = chosen.simulator
    return import_module(name if "." in name else f"pyNN.{name}"), chosen


_MODULES = (connectors, control, procedural_api, cells, composed, extra_models, synapses, structure, electrodes)
_NAMES = [(module, module.__all__) for module in _MODULES]
INTERFACE: dict[str, Any] = {name: getattr(module, name) for module, names in _NAMES for name in names}
INTERFACE |= UNSUPPORTED
INTERFACE |= {
    thing.__name__: thing
    for thing in (
        Assembly,
        Cuboid,
        GSLRNG,
        Grid2D,
        Grid3D,
        Line,
        NativeRNG,
        Network,
        NumpyRNG,
        Population,
        PopulationView,
        Projection,
        RandomDistribution,
        RandomStructure,
        Sequence,
        Space,
        Sphere,
        StandardCellType,
        WeightRecorder,
        get_simulator,
        list_standard_models,
    )
}
INTERFACE |= {"errors": errors, "random": random, "simulator": simulator, "space": space}
"""What PyNN's interface calls each thing."""
