"""pyneuro: SpiNNaker without the board, as a back end of PyNN.

``import pyneuro as sim`` gives PyNN's interface, which `pyneuro.front_end` lists.  It is imported when it is
first used, so that importing pyneuro costs nothing and does nothing, except that from then on PyNN's
``get_simulator()`` and ``import pyNN.pyneuro`` find it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

sys.modules.setdefault("pyNN.pyneuro", sys.modules[__name__])


def __getattr__(name: str) -> Any:
    """Return a module of this package, or what PyNN's interface calls `name`."""
    if find_spec(f"pyneuro.{name}") is not None:
        return import_module(f"pyneuro.{name}")
    missing = AttributeError(f"module 'pyneuro' has no attribute {name!r}")
    if name.startswith("_") and name != "__all__":
        raise missing
    interface: dict[str, Any] = import_module("pyneuro.front_end").INTERFACE
    value = list(interface) if name == "__all__" else interface.get(name, missing)
    if value is missing:
        raise missing
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *import_module("pyneuro.front_end").INTERFACE})
