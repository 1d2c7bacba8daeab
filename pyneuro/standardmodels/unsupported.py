"""PyNN's standard models that neither simulator has: each can be named, and says what there is instead.

The classes are made from PyNN's own lists, so that a model that a later PyNN adds is here, too.
"""

from __future__ import annotations

from inspect import isclass
from types import ModuleType
from typing import Any

from pyNN.standardmodels import StandardModelType, cells, electrodes, ion_channels, receptors, synapses

from pyneuro import extra_models
from pyneuro.errors import UnsupportedError
from pyneuro.standardmodels import cells as our_cells
from pyneuro.standardmodels import composed, structure
from pyneuro.standardmodels import electrodes as our_electrodes
from pyneuro.standardmodels import synapses as our_synapses

_MEMBRANES = [name for name in composed.__all__ if hasattr(getattr(composed, name), "membrane")]
_RECEPTORS = [name for name in composed.__all__ if hasattr(getattr(composed, name), "kind")]
_CELLS = [*our_cells.__all__, *extra_models.__all__, "PointNeuron"]

INSTEAD = (
    (cells, "cell types", [*_CELLS, *_MEMBRANES]),
    (synapses, "synapse types", [*our_synapses.__all__, *structure.__all__]),
    (electrodes, "current sources", our_electrodes.__all__),
    (receptors, "receptor types", _RECEPTORS),
    (ion_channels, "cell types", _CELLS),
)


def _unsupported(base: Any, kind: str, instead: list[str]) -> Any:
    message = f"{base.__name__} is not available in pyneuro; its {kind} are {', '.join(instead)}"

    def refuse(self: Any, *args: Any, **kwargs: Any) -> None:
        raise UnsupportedError(message)

    members = {"__init__": refuse, "__doc__": f"Not available: {message}.", "__module__": __name__}
    return type(base)(base.__name__, (base,), members)


def _lacking(module: ModuleType, kind: str, instead: list[str]) -> dict[str, Any]:
    return {
        name: _unsupported(base, kind, instead)
        for name, base in vars(module).items()
        if isclass(base) and issubclass(base, StandardModelType) and base.__module__ == module.__name__
        if name not in instead
    }


UNSUPPORTED: dict[str, Any] = {
    name: model for module, kind, instead in INSTEAD for name, model in _lacking(module, kind, instead).items()
}
"""Every standard model of PyNN that pyneuro lacks, by name."""
