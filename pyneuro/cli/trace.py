"""``pyneuro map --trace``: the way of one key, hop by hop, as text.

It is found by following the key through the tables that are loaded, and so can be asked of any key of any machine,
where the page of the report leaves out trees beyond a number.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from emulator.machine import LINK_NAMES
from pyneuro.errors import SetupError
from pyneuro.report.entries import route_text
from pyneuro.report.text_blocks import WIDTH
from pyneuro.report.words import amount
from toolchain.did_you_mean import did_you_mean
from toolchain.graph import population_name
from toolchain.map_graph import GraphMapping
from toolchain.tables.follow import Hop, follow

NUMBER = re.compile(r"0x[0-9a-f]+|[0-9]+", re.IGNORECASE)
NEURON = re.compile(r"(?P<population>.*)\[(?P<neuron>\d+)\]")
CELLS = re.compile(r"(?P<population>.*)\[(?P<first>\d+):(?P<end>\d+)\]")
STEP = "    "
NO_BREAK = "\u00a0"


@dataclass(frozen=True)
class Traced:
    """A key, and the net that it is sent by."""

    key: int
    net: int


def traced(mapping: GraphMapping, wanted: str) -> str:
    """The way of the key `wanted`: a number, ``population[3]`` for that neuron's key, or a slice for its first.

    Raises
    ------
    SetupError
        If nothing has that name, or sends that key.
    """
    found = _find(mapping, wanted.strip())
    place, source = mapping.placement, mapping.graph.nets[found.net].source
    x, y = int(place.x[source]), int(place.y[source])
    hops = follow(mapping.machine, mapping.minimised, x, y, found.key)
    return "\n".join([*_head(mapping, found, hops), "", *_ways(mapping, found, hops), ""])


# --- which key -----------------------------------------------------------------------------------------------------


def _find(mapping: GraphMapping, wanted: str) -> Traced:
    vertices = mapping.graph.vertices
    named = [number for number, vertex in enumerate(vertices) if vertex.name == wanted]
    if named:
        return _of_vertex(mapping, named[0], 0, wanted)
    if NUMBER.fullmatch(wanted):
        return _of_key(mapping, int(wanted, 0))
    told = NEURON.fullmatch(wanted)
    if told is None:
        names = dict.fromkeys(population_name(vertex) for vertex in vertices)
        if wanted in names:
            raise SetupError(f"--trace {wanted}: name one of its neurons, as '{wanted}[0]'")
        raise SetupError(f"--trace {wanted}: neither a key nor a neuron, as '{next(iter(names), 'cells')}[0]'")
    return _of_neuron(mapping, told["population"], int(told["neuron"]), wanted)


def _of_key(mapping: GraphMapping, key: int) -> Traced:
    if key >= 1 << 32:
        raise SetupError(f"--trace {key:#x}: keys have 32 bits")
    keys = mapping.keys
    sending = np.flatnonzero((np.uint32(key) & keys.mask) == keys.key)
    if not len(sending):
        blocks = f"; keys are {keys.key.min():#010x} to {(keys.key | ~keys.mask).max():#010x}" if len(keys.key) else ""
        raise SetupError(f"--trace {key:#010x}: no source has this key{blocks}, see 'Keys' in the report")
    net = int(sending[0])
    first, sent = int(keys.key[net]), mapping.graph.nets[net].keys
    if key - first >= sent:
        name = mapping.graph.vertices[mapping.graph.nets[net].source].name
        told = f"which sends {first:#010x} to {first + sent - 1:#010x}"
        raise SetupError(f"--trace {key:#010x}: it lies in the block of '{name}', {told}")
    return Traced(key, net)


def _of_neuron(mapping: GraphMapping, population: str, neuron: int, wanted: str) -> Traced:
    cells = 0
    for number, vertex in enumerate(mapping.graph.vertices):
        held = CELLS.fullmatch(vertex.name)
        name, first = (held["population"], int(held["first"])) if held else (vertex.name, 0)
        if name == population:
            cells = first + vertex.neurons
            if first <= neuron < cells:
                return _of_vertex(mapping, number, neuron - first, wanted)
    if cells:
        raise SetupError(f"--trace {wanted}: '{population}' has {amount(cells, 'neuron')}, from 0 to {cells - 1}")
    names = dict.fromkeys(population_name(vertex) for vertex in mapping.graph.vertices)
    raise SetupError(f"--trace {wanted}: no population is called '{population}'{did_you_mean(population, names)}")


def _of_vertex(mapping: GraphMapping, vertex: int, neuron: int, wanted: str) -> Traced:
    for number, net in enumerate(mapping.graph.nets):
        if net.source == vertex:
            return Traced(int(mapping.keys.key[number]) | neuron, number)
    raise SetupError(f"--trace {wanted}: it sends nothing, for no projection begins there")


# --- as text -------------------------------------------------------------------------------------------------------


def _head(mapping: GraphMapping, found: Traced, hops: tuple[Hop, ...]) -> Iterator[str]:
    name = mapping.graph.vertices[mapping.graph.nets[found.net].source].name
    held, number = CELLS.fullmatch(name), found.key - int(mapping.keys.key[found.net])
    what = (
        f"neuron {int(held['first']) + number} of '{held['population']}'"
        if held
        else f"key number {number} of '{name}'"
    )
    cores = sum(len(hop.cores) for hop in hops)
    yield f"Key {found.key:#010x} ({found.key}): {what}"
    yield (
        f"{amount(len(hops) - 1, 'link')} to {amount(cores, 'core')} on {amount(len(hops), 'chip')}, "
        f"the farthest {amount(max(hop.depth for hop in hops), 'link')} away, as the loaded tables send it"
    )


def _ways(mapping: GraphMapping, found: Traced, hops: tuple[Hop, ...]) -> Iterator[str]:
    """A few lines a hop; where a key leaves a chip by several links, what comes after is indented."""
    place, vertices = mapping.placement, mapping.graph.vertices
    chips = zip(place.x.tolist(), place.y.tolist(), place.p.tolist(), strict=True)
    name_at = {core: vertices[number].name for number, core in enumerate(chips)}
    source = mapping.graph.nets[found.net].source
    branches: list[int] = []
    for hop in hops:
        before = hops[hop.before] if hop.before >= 0 else None
        branches.append(branches[hop.before] + (len(before.links) > 1) if before else 0)
        indent = STEP * branches[-1]
        if before is None:
            came = f"sent by core {place.p[source]}, {vertices[source].name}"
        else:
            came = f"by {LINK_NAMES[hop.link]} from ({before.x}, {before.y})"
        yield f"{indent}chip ({hop.x}, {hop.y}), {came}"
        yield f"{indent}  {_why(hop)}: {route_text(hop.route) or 'dropped'}"
        yield from _sinks(hop, name_at, f"{indent}  cores ")


def _sinks(hop: Hop, name_at: Mapping[tuple[int, int, int], str], start: str) -> Iterator[str]:
    """The cores that a hop delivers to, each with its slice, over as many lines as they need."""
    named = (f"{core}: {name_at.get((hop.x, hop.y, core), 'none')}" for core in hop.cores)
    whole = ", ".join(name.replace(" ", NO_BREAK) for name in named)
    lines = textwrap.wrap(
        whole,
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_on_hyphens=False,
        break_long_words=False,
    )
    yield from (line.replace(NO_BREAK, " ") for line in lines)


def _why(hop: Hop) -> str:
    if hop.match is None:
        return "default route" if hop.before >= 0 else "no entry"
    match = hop.match
    return f"entry {match.number} of {match.entries}, {match.key:#010x}/{match.mask:#010x}"
