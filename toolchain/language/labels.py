"""Labels: whether the patterns of settings match anything in a network or a netlist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from toolchain.graph import Graph, population_name
from toolchain.network import Network
from toolchain.patterns import matches, projection_labels
from toolchain.problems import Problem, nearest, short
from toolchain.settings import Origin, Settings


def unmatched(settings: Settings, network: Network | Graph) -> tuple[Problem, ...]:
    """A problem for each pattern of `settings` that matches nothing."""
    if isinstance(network, Graph):
        names = [vertex.name for vertex in network.vertices]
        populations = [*dict.fromkeys(map(population_name, network.vertices)), *names]
        projections: list[str] = []
    else:
        populations = [population.label for population in network.populations]
        named = (projection_labels(network, projection) for projection in network.projections)
        projections = list(dict.fromkeys(name for names in named for name in names))
    known = {"population": populations, "projection": projections}
    return tuple(
        Problem(f"no {kind} is called '{short(pattern)}'", origin, _hints(kind, pattern, known[kind]))
        for kind, pattern, origin in dict.fromkeys(_patterns(settings))
        if not matches(pattern, *known[kind])
    )


def _patterns(settings: Settings) -> Iterable[tuple[str, str, Origin]]:
    """What each pattern is of, the pattern, and where it was said."""
    for rule in settings.rules:
        yield rule.kind, rule.pattern, rule.origin
    for place in settings.placement:
        yield "population", place.pattern, place.origin
        if place.other:
            yield "population", place.other, place.other_origin
    for keys in settings.keys:
        yield "population", keys.pattern, keys.origin
    for requirement in settings.requirements:
        if requirement.pattern:
            kind = "projection" if requirement.figure == "weight error" else "population"
            yield kind, requirement.pattern, requirement.pattern_origin


def _hints(kind: str, pattern: str, known: Sequence[str]) -> tuple[str, ...]:
    if not known:
        return (f"there are no {kind}s",)
    return nearest(pattern, known) or (f"there are {len(known)} {kind}s",)
