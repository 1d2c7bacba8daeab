"""What a netlist does not tell: figures that nothing in it says, so that they can be neither made small nor promised.

A netlist has vertices that are cut already, and nets; of what a core does it knows nothing, of rates and SDRAM only
what its file says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from toolchain.graph import Graph
from toolchain.network import Network
from toolchain.problems import Problem
from toolchain.settings import DEFAULT, Settings


def not_minimised(settings: Settings, network: Network | Graph) -> Iterator[Problem]:
    """A problem for each figure that is to be minimised, and that `network` does not tell."""
    unknown = _unknown(network)
    said = [(settings.objective, settings.origins.get("objective", DEFAULT))]
    said += [(choice.objective, choice.origin) for choice in settings.stages.values()]
    for objective, origin in said:
        for name in objective.weights if objective else ():
            if name in unknown:
                message = f"{name} cannot be minimised: the netlist tells no {unknown[name]}"
                hint = "hops, entries, table entries, chips and boards depend on how it is mapped"
                yield Problem(message, origin, (hint,))


def never_met(settings: Settings, network: Network | Graph) -> Iterator[Problem]:
    """A problem for each requirement that no mapping of `network` can meet, since it does not tell the figure."""
    unknown = _unknown(network)
    for requirement in settings.requirements:
        if requirement.figure in unknown:
            message = f"'{requirement.text}' is never met: the netlist tells no"
            hint = "what was not measured cannot be promised: leave it out"
            yield Problem(f"{message} {unknown[requirement.figure]}", requirement.origin, (hint,))


def _unknown(network: Network | Graph) -> Mapping[str, str]:
    """What `network` lacks for the figures that it does not tell."""
    if isinstance(network, Network):
        return {}
    unknown = {"cycle load": "cycles", "real time": "cycles", "dtcm": "DTCM", "weight error": "weights"}
    if not any(net.rate for net in network.nets):
        unknown["link load"] = "rates"
    if not any(vertex.sdram_bytes for vertex in network.vertices):
        unknown["sdram"] = "SDRAM"
    return unknown
