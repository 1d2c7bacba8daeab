"""Point neurons that a script composes: a membrane, and receptors with names of its own.

Networks refer to such a cell model by a name that says it all, ``PointNeuron(LIF; AMPA=CondAlpha, GABA=CurrExp)``, so
that nothing else need be kept of it: `composed` reads the name and makes the model.  In place of a membrane there may
be a cell model with conductances, whose own receptors stay: ``PointNeuron(HH_cond_exp; slow=NMDA)``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from toolchain.models.adaptive_exponential import AdaptiveExponential
from toolchain.models.conducting import ConductingNeuron
from toolchain.models.conducting_lif import BareLIF
from toolchain.models.declaration import CellModel, SourceModel
from toolchain.models.inputs import ConductanceInput, CurrentInput, Names
from toolchain.models.nmda import NMDA
from toolchain.models.point_neuron import PointNeuron
from toolchain.models.receptors import Receptor
from toolchain.models.rising import FINE_BITS, Alpha, DualExponential
from toolchain.models.synapses import Exponential
from toolchain.registry import Registry

MEMBRANES: Final[Mapping[str, Callable[[], PointNeuron]]] = MappingProxyType(
    {"LIF": BareLIF, "AdExp": lambda: ConductingNeuron("AdExp", AdaptiveExponential(), ())}
)
"""Membranes, as cells without receptors, by PyNN's name."""

RECEPTORS: Final[Mapping[str, Callable[[Names], Receptor]]] = MappingProxyType(
    {
        "CurrExp": lambda names: Exponential(names, CurrentInput()),
        "CurrAlpha": lambda names: Alpha(names, CurrentInput(FINE_BITS)),
        "CurrBeta": lambda names: DualExponential(names, CurrentInput(FINE_BITS)),
        "CondExp": lambda names: Exponential(names, ConductanceInput(0.0)),
        "CondAlpha": lambda names: Alpha(names, ConductanceInput(0.0)),
        "CondBeta": lambda names: DualExponential(names, ConductanceInput(0.0)),
        "NMDA": NMDA,
    }
)
"""Receptors by PyNN's name, without ``PostSynapticResponse``."""

NONE: Final[Mapping[str, CellModel | SourceModel]] = MappingProxyType({})
_NAME = re.compile(r"PointNeuron\((\w+); (.*)\)")


def composed_name(membrane: str, receptors: Mapping[str, str]) -> str:
    """The name of a cell model of a membrane and of receptors, which are given by name and kind."""
    parts = ", ".join(f"{name}={receptors[name]}" for name in sorted(receptors))
    return f"PointNeuron({membrane}; {parts})"


def base(part: str, cells: Mapping[str, CellModel | SourceModel]) -> PointNeuron | None:
    """What receptors are put on: a membrane without any, or one of `cells` with conductances; None if it is neither."""
    if part in MEMBRANES:
        return MEMBRANES[part]()
    cell = cells.get(part)
    return cell if isinstance(cell, PointNeuron) and cell.conductance_based else None


def reserved(cell: PointNeuron) -> frozenset[str]:
    """Names that no further receptor can have, for a core has them for something else."""
    return frozenset({"current", *cell.receptors, *(word.name for word in cell.words)})


def is_inhibitory(receptor: str) -> bool:
    """Whether currents through a receptor of that name are negative: inhibitory, GABA, GABAA and the like."""
    return receptor.lower().startswith(("inh", "gaba"))


def composed(name: str, cells: Mapping[str, CellModel | SourceModel] = NONE) -> PointNeuron | None:
    """The cell model of a `composed_name`; None if it is no such name, or of parts that there are not."""
    found = _NAME.fullmatch(name)
    if not found:
        return None
    pairs = [pair.partition("=") for pair in found[2].split(", ") if pair]
    kinds = {receptor: kind for receptor, _, kind in pairs}
    known = all(kind in RECEPTORS and receptor.isidentifier() for receptor, kind in kinds.items())
    cell = base(found[1], cells)
    if cell is None or not known or composed_name(found[1], kinds) != name or reserved(cell).intersection(kinds):
        return None
    return cell.extended(name, tuple(RECEPTORS[kind](_names(receptor, kind)) for receptor, kind in kinds.items()))


class CellModels(Registry[CellModel | SourceModel]):
    """Cell models by name; composed ones are made when they are looked up, and are not listed."""

    def __init__(self, what: str, items: Iterable[CellModel | SourceModel]) -> None:
        super().__init__(what, items)
        self._composed: dict[str, CellModel | SourceModel] = {}

    def __getitem__(self, name: str) -> CellModel | SourceModel:
        if name not in self._composed:
            made = composed(name, self._items)
            if made is None:
                return super().__getitem__(name)
            self._composed[name] = made
        return self._composed[name]


def _names(receptor: str, kind: str) -> Names:
    """Names as PyNN has them: ``AMPA.tau_syn``, ``AMPA.gsyn``."""
    subtracted = kind.startswith("Curr") and is_inhibitory(receptor)
    pattern = f"{receptor}.{{}}"
    return Names(receptor, pattern.format("state"), pattern, pattern, reversal="e_syn", subtracted=subtracted)
