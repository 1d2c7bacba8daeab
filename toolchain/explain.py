"""Explaining settings: everything that holds for a mapping, and where each came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Final

from toolchain.algorithm_options import options_of
from toolchain.algorithms import REGISTRY
from toolchain.diagnostics import and_others
from toolchain.idle_options import NOT_OF_SOURCES, OF_SOURCES_ALONE, is_source
from toolchain.language.judge import DIRECTIONS
from toolchain.language.quantities import shown, spoken
from toolchain.network import Network, Population
from toolchain.options import MAPPING_OPTIONS, POPULATION_OPTIONS, PROJECTION_OPTIONS, OptionSpec, mapping_options
from toolchain.patterns import matches, projection_labels
from toolchain.search import defaults, partitioners
from toolchain.settings import DEFAULT, STAGES, Algorithm, Choice, MachineSettings, PlaceRule, Rule, Settings

OVERRIDDEN: Final = ", overridden"
MOST_LABELS: Final = 3
"""Of those for which a rule is overridden, so many are listed."""


@dataclass(frozen=True)
class Held:
    """One thing that holds: its name in the mapping language, its value, and where that came from."""

    name: str
    value: str
    origin: str


def explain(settings: Settings, network: Network | None = None, vertices: int = 0) -> tuple[Held, ...]:
    """All that holds by `settings`: machine, options, rules, places, keys, algorithms, requirements.

    Parameters
    ----------
    network : Network, optional
        What they are about; it tells which rules are overridden by later ones.
    vertices : int
        Of the graph that is mapped: by default large ones are not annealed.  Without a network it is that of a netlist,
        for which nothing holds about cells and how they are cut.
    """
    stages = {**defaults(vertices), "partition": partitioners(settings), **settings.stages}
    of_netlist = network is None and vertices > 0
    if of_netlist:
        del stages["partition"]
    return (
        *_machine(settings),
        *(() if of_netlist else _options(settings, network)),
        *_rules(settings, network),
        *(Held(f'place "{rule.pattern}"', _where(rule), str(rule.origin)) for rule in settings.placement),
        *(
            Held(f'keys of "{rule.pattern}"', f"from {rule.key:#x} mask {rule.mask:#x}", str(rule.origin))
            for rule in settings.keys
        ),
        *(
            Held(f"{stage} using", _tried(stage, stages[stage]), str(stages[stage].origin))
            for stage in STAGES
            if stage in stages
        ),
        Held("minimise", str(settings.objective or "hops x entries x chips"), _origin(settings, "objective")),
        Held("attempts", str(settings.attempts), _origin(settings, "attempts")),
        *(Held("require", one.text.removeprefix("require "), str(one.origin)) for one in settings.requirements),
    )


def _origin(settings: Settings, name: str) -> str:
    return str(settings.origins.get(name, DEFAULT))


def _machine(settings: Settings) -> Iterator[Held]:
    """The machine, and of its other fields those about which something was said."""
    said, plain = settings.machine, MachineSettings()
    yield Held("machine", said.name or "the smallest that fits", str(said.origin))
    for field in fields(said):
        value = getattr(said, field.name)
        if field.name not in (*_ABOUT, *_RESERVED) and value != getattr(plain, field.name):
            name = {"clock_hz": "clock"}.get(field.name, field.name.replace("_", " "))
            yield Held(name, _of_machine(name, value), _origin(settings, field.name))
    kept = {field: told(getattr(said, field)) for field, told in _RESERVED.items() if getattr(said, field)}
    if kept:
        yield Held("reserve", f"{', '.join(kept.values())} on every chip", _origin(settings, next(iter(kept))))


_ABOUT: Final = ("name", "made", "origin", "origins")
"""Fields of `MachineSettings` that are no figures."""
_RESERVED: Final[Mapping[str, Callable[[int], str]]] = MappingProxyType(
    {
        "reserved_cores": lambda number: f"{number} {'core' if number == 1 else 'cores'}",
        "reserved_sdram_bytes": lambda size: spoken(size, "bytes"),
        "reserved_entries": lambda number: f"{number} {'entry' if number == 1 else 'entries'}",
    }
)
"""What is kept off every chip, which one statement says."""


def _of_machine(name: str, value: Any) -> str:
    """What was said of the machine, as it is said in the language."""
    if name in ("clock", "link capacity"):
        return spoken(value, "Hz" if name == "clock" else "packets/s")
    if name.endswith(" links"):
        return ", ".join(f"({x}, {y}) {DIRECTIONS[link]}" for x, y, link in value)
    if name == "dead cores":
        return ", ".join(f"{number} on chip ({x}, {y})" for x, y, number in value)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else f"{value:,}"


# --- options ----------------------------------------------------------------------------------------------------------


def _options(settings: Settings, network: Network | None) -> Iterator[Held]:
    """The options of the whole mapping; one is overridden where populations that it is for have all their own."""
    options = mapping_options(settings)
    for name, spec in MAPPING_OPTIONS.items():
        having = [one for one in network.populations if _is_for(name, one)] if network else []
        others = [one for one in having if not _winner(settings, "population", name, (one.label,))]
        said = _plain(getattr(options, name), spec) + (OVERRIDDEN if having and not others else "")
        yield Held(name, said, _origin(settings, name))


def _is_for(option: str, population: Population) -> bool:
    """Whether an option does something for a population."""
    return option not in (NOT_OF_SOURCES if is_source(population) else OF_SOURCES_ALONE)


def _rules(settings: Settings, network: Network | None) -> Iterator[Held]:
    """The rules, and where later ones hold instead."""
    specs = {"population": POPULATION_OPTIONS, "projection": PROJECTION_OPTIONS}
    labels = _labels(network) if network else {}
    for rule in settings.rules:
        named = [one for one in labels.get(rule.kind, ()) if matches(rule.pattern, *one)]
        lost = [one[0] for one in named if _winner(settings, rule.kind, rule.option, one) is not rule]
        value = f"{rule.option} = {_plain(rule.value, specs[rule.kind][rule.option])}"
        if lost:
            value += OVERRIDDEN if len(lost) == len(named) else f", not of {_listed(lost)}"
        yield Held(f'{rule.kind} "{rule.pattern}"', value, str(rule.origin))


def _labels(network: Network) -> Mapping[str, Sequence[tuple[str, ...]]]:
    """The names of each population and projection."""
    return {
        "population": [(population.label,) for population in network.populations],
        "projection": [projection_labels(network, projection) for projection in network.projections],
    }


def _winner(settings: Settings, kind: str, option: str, names: tuple[str, ...]) -> Rule | None:
    """The rule that holds for what has those names: the last one that matches."""
    for rule in reversed(settings.rules):
        if (rule.kind, rule.option) == (kind, option) and matches(rule.pattern, *names):
            return rule
    return None


def _listed(labels: Sequence[str]) -> str:
    some = ", ".join(f'"{label}"' for label in labels[:MOST_LABELS])
    return some + and_others(max(0, len(labels) - MOST_LABELS))


def _plain(value: Any, spec: OptionSpec) -> str:
    """The value of an option, as it is said in the language."""
    if value is None:
        return spec.unsaid
    return spoken(value, spec.unit) if spec.unit else f"{value:g}"


# --- places and algorithms --------------------------------------------------------------------------------------------


def _where(rule: PlaceRule) -> str:
    """The rest of the statement that puts populations somewhere."""
    if rule.kind == "near":
        return f'near "{rule.other}" within {rule.hops} hops'
    if rule.kind in ("with", "apart"):
        return f'{"with" if rule.kind == "with" else "apart from"} "{rule.other}"'
    if rule.chip is not None:
        return f"on chip {rule.chip}" + ("" if rule.core is None else f" core {rule.core}")
    if rule.board is not None:
        return f"on board {rule.board}"
    assert rule.region is not None
    return f"on chips ({rule.region.x0}, {rule.region.y0}) to ({rule.region.x1}, {rule.region.y1})"


def _tried(stage: str, choice: Choice) -> str:
    tried = " or ".join(_with_options(stage, algorithm) for algorithm in choice.algorithms)
    return f"{tried} minimising {choice.objective}" if choice.objective else tried


def _with_options(stage: str, algorithm: Algorithm) -> str:
    """An algorithm with all its options, those that were given and the default ones."""
    taken = options_of(REGISTRY[stage][algorithm.name])
    said = [f"{name}={shown(algorithm.options.get(name, option.default))}" for name, option in taken.items()]
    return f"{algorithm.name}({', '.join(said)})" if said else algorithm.name
