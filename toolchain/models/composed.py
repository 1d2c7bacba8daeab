"""Point neurons that a script composes: a membrane, and receptors with names of its own.

Networks refer to such a cell model by a name that says it all, ``PointNeuron(LIF; AMPA=CondAlpha, GABA=CurrExp)``, so
that nothing else need be kept of it: `composed` reads the name and makes the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from toolchain.models.adaptive_exponential import AdaptiveExponential
from toolchain.models.declaration import CellModel, SourceModel
from toolchain.models.inputs import ConductanceInput, CurrentInput, Names
from toolchain.models.lif import LeakyIntegrateAndFire
from toolchain.models.membrane import Membrane
from toolchain.models.nmda import NMDA
from toolchain.models.point_neuron import PointNeuron
from toolchain.models.receptors import Receptor
from toolchain.models.rising import FINE_BITS, Alpha, DualExponential
from toolchain.models.synapses import Exponential
from toolchain.registry import Registry

MEMBRANES: Final[Mapping[str, Callable[[], Membrane]]] = MappingProxyType(
    {"LIF": LeakyIntegrateAndFire, "AdExp": AdaptiveExponential}
)
"""Membranes by PyNN's name."""

RECEPTORS: Final[Mapping[str, Callable[[Names], Receptor]]] = MappingProxyType(
    {
        "CurrExp": lambda names: Exponential(names, CurrentInput()),
        "CurrAlpha": lambda names: Alpha(names, CurrentInput(FINE_BITS)),
        "CurrBeta": lambda names: DualExponential(names, CurrentInput(FINE_BITS)),
        "CondExp": lambda names: Exponential(names, ConductanceInput(0.0)),
        "CondAlpha": lambda names: Alpha(names, ConductanceInput(0.0)),
        "NMDA": NMDA,
        "CondBeta": lambda names: DualExponential(names, ConductanceInput(0.0)),
    }
)
"""Receptors by PyNN's name, without ``PostSynapticResponse``."""

_NAME = re.compile(r"PointNeuron\((\w+); (.*)\)")


def composed_name(membrane: str, receptors: Mapping[str, str]) -> str:
    """The name of a cell model of a membrane and of receptors, which are given by name and kind."""
    parts = ", ".join(f"{name}={receptors[name]}" for name in sorted(receptors))
    return f"PointNeuron({membrane}; {parts})"


def reserved(membrane: str) -> frozenset[str]:
    """Names that no receptor can have, for a core has them for something else."""
    return frozenset({"current", *(word.name for word in MEMBRANES[membrane]().words)})


def is_inhibitory(receptor: str) -> bool:
    """Whether currents through a receptor of that name are negative: inhibitory, GABA, GABAA and the like."""
    return receptor.lower().startswith(("inh", "gaba"))


@cache
def composed(name: str) -> PointNeuron | None:
    """The cell model of a `composed_name`; None if it is no such name, or of parts that there are not."""
    found = _NAME.fullmatch(name)
    if not found:
        return None
    membrane = found[1]
    pairs = [pair.partition("=") for pair in found[2].split(", ") if pair]
    kinds = {receptor: kind for receptor, _, kind in pairs}
    known = membrane in MEMBRANES and all(kind in RECEPTORS and r.isidentifier() for r, kind in kinds.items())
    if not known or composed_name(membrane, kinds) != name or reserved(membrane).intersection(kinds):
        return None
    parts = (RECEPTORS[kind](_names(receptor, kind)) for receptor, kind in kinds.items())
    return PointNeuron(name, MEMBRANES[membrane](), tuple(parts))


class CellModels(Registry[CellModel | SourceModel]):
    """Cell models by name; composed ones are made when they are looked up, and are not listed."""

    def __getitem__(self, name: str) -> CellModel | SourceModel:
        found = composed(name)
        return super().__getitem__(name) if found is None else found


def _names(receptor: str, kind: str) -> Names:
    """Names as PyNN has them: ``AMPA.tau_syn``, ``AMPA.gsyn``."""
    subtracted = kind.startswith("Curr") and is_inhibitory(receptor)
    pattern = f"{receptor}.{{}}"
    return Names(receptor, pattern.format("state"), pattern, pattern, reversal="e_syn", subtracted=subtracted)
