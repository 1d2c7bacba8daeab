"""Idle options: what would do nothing for what it is said of, and what was probably meant.

Options of cells mean nothing to spike sources, and the other way round; none means anything to a netlist, whose
vertices are cut already.  A pattern may match both kinds: its options hold for those that have a use for them.

What only the synapses tell is no error but a remark: how far the input of a ring buffer deviates from its mean counts
only where its delays vary (`weights`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from toolchain.diagnostics import Diagnostic
from toolchain.graph import Graph, population_name
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Population, Projection
from toolchain.options import OF_ALL, MappingOptions
from toolchain.patterns import matches, projection_labels
from toolchain.problems import Problem, short
from toolchain.settings import DEFAULT, Rule, Settings
from toolchain.synapses.structure import STRUCTURAL
from toolchain.workload import Workload

_HEARD: Final = "nothing arrives at sources: say it of a population that they project to"
NOT_OF_SOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "neurons_per_core": "'sources_per_core' is the option for them",
        "spikes_per_second": "how often they spike follows from their parameters",
        "ring_buffer_sigma": _HEARD,
        "weight_shift": _HEARD,
        "synapse_cores": _HEARD,
    }
)
"""Options of populations that do nothing for spike sources, and what to say instead."""
OF_SOURCES_ALONE: Final[Mapping[str, str]] = MappingProxyType(
    {"sources_per_core": "'neurons_per_core' is the option for them"}
)


def idle(settings: Settings, network: Network | Graph) -> tuple[Problem, ...]:
    """A problem for each option that does nothing for what it is said of in `network`."""
    if isinstance(network, Graph):
        return tuple(_of_netlist(settings, network))
    return tuple(problem for rule in settings.rules if rule.kind == "population" for problem in _of_rule(rule, network))


def _of_netlist(settings: Settings, graph: Graph) -> Iterator[Problem]:
    """All that is said of cutting and of cells; not of labels that there are not, for that is told elsewhere."""
    names = [name for vertex in graph.vertices for name in (population_name(vertex), vertex.name)]
    said = [(f"option '{name}'", settings.origins.get(name, DEFAULT)) for name in settings.options]
    said += [
        (f"option '{rule.option}'", rule.said)
        for rule in settings.rules
        if rule.kind == "population" and matches(rule.pattern, *names)
    ]
    said += [(f"{stage} using", choice.origin) for stage, choice in settings.stages.items() if stage == "partition"]
    for what, origin in said:
        hint = "leave it out; placement, routes, keys and tables can be chosen"
        yield Problem(f"{what} does nothing: netlist {graph.name!r} is cut into cores already", origin, (hint,))


def _of_rule(rule: Rule, network: Network) -> Iterator[Problem]:
    """That all that matches is of the other kind."""
    found = [population for population in network.populations if matches(rule.pattern, population.label)]
    for options, kind, wrong in ((NOT_OF_SOURCES, "spike sources", True), (OF_SOURCES_ALONE, "neurons", False)):
        if found and rule.option in options and all(is_source(population) is wrong for population in found):
            who = f"'{short(rule.pattern)}'"
            yield Problem(
                f"'{rule.option}' does nothing for {who}: these are {kind}", rule.said, (options[rule.option],)
            )


def is_source(population: Population) -> bool:
    """Whether its cells are spike sources."""
    return not isinstance(CELL_MODELS[population.cell], CellModel)


def without_effect(workload: Workload, options: MappingOptions) -> tuple[Diagnostic, ...]:
    """A remark for each rule about ring buffers onto which all delays are the same, so that it changes no shift."""
    network = workload.network
    made = [
        (projection, delays.shortest != delays.longest or projection.synapse in STRUCTURAL)
        for projection, delays in zip(network.projections, workload.delays, strict=True)
    ]
    vary = {(projection.target, projection.receptor) for projection, varies in made if varies}
    whole = options.ring_buffer_sigma != MappingOptions.ring_buffer_sigma
    rules = [Rule("population", "*", "ring_buffer_sigma", options.ring_buffer_sigma, OF_ALL)] if whole else []
    found = []
    for rule in (*rules, *options.rules):
        about = [one for one in network.projections if _is_about(rule, network, one)]
        by_rate = rule.option == "spikes_per_second"  # of sources it also bounds what comes in one moment
        if by_rate and any(is_source(network.populations[one.source]) for one in about):
            continue
        heard = [(one.target, one.receptor) for one in about]
        if heard and not vary.intersection(heard):
            text = (
                f"'{rule.option}' ({rule.origin}) changes no weight_shift: delays onto the same receptor are the same "
                "here, so that all spikes of a moment arrive at once, and the ring buffer holds their sum"
            )
            found.append(Diagnostic("weights", rule.pattern, text))
    return tuple(found)


def _is_about(rule: Rule, network: Network, projection: Projection) -> bool:
    """Whether a rule is about how far the input by a projection deviates from its mean."""
    if rule.kind == "population":
        target = network.populations[projection.target].label
        return rule.option == "ring_buffer_sigma" and matches(rule.pattern, target)
    said = rule.option in ("spikes_per_second", "ring_buffer_sigma")
    return said and matches(rule.pattern, *projection_labels(network, projection))
