"""Netlist files: a bare machine graph as JSON, for mapping without a network.

The form is one object::

    {"format": "pyneuro-netlist-1", "name": "ring", "description": "...", "machine": "spin5",
     "vertices": [{"name": "a", "neurons": 256, "sdram_bytes": 4096}, ...],
     "nets": [{"source": 0, "sinks": [1, 2], "weight": 256, "rate": 7680.0, "keys": 256,
               "key": 4096, "mask": 4294963200}, ...],
     "together": [[1, 2], ...]}

``description``, ``machine``, ``sdram_bytes``, ``rate``, ``keys``, the pair ``key``, ``mask``, and ``together``, groups
of vertices that share a chip, may be left out: a net then needs as many keys as its source has neurons, and the key
allocator is free to choose them.
Vertices are named by their indices, counted from 0.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from emulator.archive import written_beside
from toolchain.errors import NetlistError
from toolchain.graph import Graph, Net, Vertex

FORMAT: Final = "pyneuro-netlist-1"
MAX_FILE_BYTES: Final = 1 << 28
"""Longer files are refused unread."""
MAX_KEYS: Final = 1 << 31
"""Half of all routing keys."""
MAX_SDRAM_BYTES: Final = 1 << 32
MAX_NUMBER: Final = 1e15
"""Largest weight and rate."""

_T = TypeVar("_T")
_WORDS: Final[dict[type, str]] = {int: "an integer", str: "a string", list: "a list", dict: "an object"}


@dataclass(frozen=True, eq=False)
class Netlist:
    """A graph, and what its file says besides: a description and the machine meant for it ("" for any)."""

    graph: Graph
    machine: str = ""
    description: str = ""


def read(path: str | Path) -> Netlist:
    """The netlist in the file at `path`.

    Raises
    ------
    NetlistError
        If the file cannot be read, is truncated or of another format, or contradicts itself; the message
        names the file and the place in it.
    """
    path = Path(path)
    try:
        return parse(_json(path))
    except NetlistError as error:
        raise NetlistError(f"{path}: {error}") from None


def write(netlist: Netlist, path: str | Path) -> None:
    """Write `netlist` to `path`: beside it first, then renamed, so that no half of a file is ever there."""
    text = json.dumps(form(netlist), separators=(",", ":"), allow_nan=False) + "\n"
    with written_beside(Path(path)) as file:
        file.write(text.encode())


def parse(document: object) -> Netlist:
    """The netlist that a JSON document describes; NetlistError if it describes none."""
    top = _typed(document, dict, "the document")
    if top.get("format") != FORMAT:
        raise NetlistError(f"not a netlist: 'format' is {_shown(top.get('format'))}, {FORMAT!r} is expected")
    vertices = tuple(
        _vertex(vertex, f"vertex {i}") for i, vertex in enumerate(_field(top, "vertices", list, "the netlist"))
    )
    nets = tuple(_net(net, f"net {i}", vertices) for i, net in enumerate(_field(top, "nets", list, "the netlist")))
    _refuse_second_nets(nets, vertices)
    groups = _field(top, "together", list, "the netlist", default=[])
    return Netlist(
        Graph(_field(top, "name", str, "the netlist", default=""), vertices, nets, _together(groups, len(vertices))),
        machine=_field(top, "machine", str, "the netlist", default=""),
        description=_field(top, "description", str, "the netlist", default=""),
    )


def form(netlist: Netlist) -> dict[str, Any]:
    """The JSON document of `netlist`, the inverse of `parse`."""
    graph = netlist.graph
    document: dict[str, Any] = {"format": FORMAT, "name": graph.name}
    if netlist.description:
        document["description"] = netlist.description
    if netlist.machine:
        document["machine"] = netlist.machine
    document["vertices"] = [_vertex_form(vertex) for vertex in graph.vertices]
    document["nets"] = [_net_form(net, graph.vertices[net.source]) for net in graph.nets]
    if graph.together:
        document["together"] = [list(group) for group in graph.together]
    return document


def _vertex_form(vertex: Vertex) -> dict[str, Any]:
    sdram = {"sdram_bytes": vertex.sdram_bytes} if vertex.sdram_bytes else {}
    return {"name": vertex.name, "neurons": vertex.neurons, **sdram}


def _net_form(net: Net, source: Vertex) -> dict[str, Any]:
    weight = int(net.weight) if float(net.weight).is_integer() else net.weight
    document: dict[str, Any] = {"source": net.source, "sinks": net.sinks.tolist(), "weight": weight}
    if net.rate:
        document["rate"] = net.rate
    if net.keys != source.neurons:
        document["keys"] = net.keys
    if net.key is not None and net.mask is not None:
        document.update(key=net.key, mask=net.mask)
    return document


def _json(path: Path) -> object:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise NetlistError(f"cannot be read: {error.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise NetlistError(f"the file is longer than {MAX_FILE_BYTES:,} bytes, the limit of a netlist")
    try:
        return json.loads(content)
    except UnicodeDecodeError:
        raise NetlistError("not a netlist: it is not text") from None
    except json.JSONDecodeError as error:
        raise NetlistError(f"truncated or not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise NetlistError("not a netlist: it is nested too deeply") from None
    except ValueError as error:
        raise NetlistError(f"not a netlist: {error}") from None


def _vertex(value: object, where: str) -> Vertex:
    vertex = _typed(value, dict, where)
    name = _field(vertex, "name", str, where)
    where = f"{where} ({name!r})"
    return Vertex(
        name,
        neurons=_ranged(_field(vertex, "neurons", int, where), 1, MAX_KEYS, f"'neurons' of {where}"),
        sdram_bytes=_ranged(
            _field(vertex, "sdram_bytes", int, where, default=0), 0, MAX_SDRAM_BYTES, f"'sdram_bytes' of {where}"
        ),
    )


def _net(value: object, where: str, vertices: tuple[Vertex, ...]) -> Net:
    net = _typed(value, dict, where)
    source = _index(_field(net, "source", int, where), len(vertices), f"'source' of {where}")
    weight, rate = _number(net, "weight", where), _number(net, "rate", where, default=0.0)
    neurons = vertices[source].neurons
    keys = _ranged(_field(net, "keys", int, where, default=neurons), 1, MAX_KEYS, f"'keys' of {where}")
    key, mask = (_word(net, name, where) for name in ("key", "mask"))
    if (key is None) != (mask is None):
        raise NetlistError(f"{where} has only one of 'key' and 'mask', it needs both or neither")
    return Net(source, _sinks(net, where, len(vertices)), keys, weight, key, mask, rate)


def _sinks(net: dict[str, Any], where: str, vertices: int) -> NDArray[np.int32]:
    listed = _field(net, "sinks", list, where)
    if wrong := [sink for sink in listed if type(sink) is not int]:
        raise NetlistError(f"a sink of {where} is {_shown(wrong[0])}, an integer is expected")
    if listed:
        _index(min(listed), vertices, f"a sink of {where}")
        _index(max(listed), vertices, f"a sink of {where}")
    sinks = np.sort(np.array(listed, np.int32))
    if np.any(repeated := np.diff(sinks) == 0):
        raise NetlistError(f"{where} lists sink {sinks[repeated.argmax()]} twice")
    sinks.setflags(write=False)
    return sinks


def _together(groups: list[Any], vertices: int) -> tuple[tuple[int, ...], ...]:
    first: dict[int, int] = {}
    found = []
    for i, group in enumerate(groups):
        where = f"group {i} of 'together'"
        members = [
            _index(_typed(vertex, int, f"a vertex of {where}"), vertices, where)
            for vertex in _typed(group, list, where)
        ]
        for vertex in members:
            if vertex in first:
                raise NetlistError(
                    f"vertex {vertex} is in groups {first[vertex]} and {i} of 'together', or twice in one"
                )
            first[vertex] = i
        found.append(tuple(sorted(members)))
    return tuple(found)


def _number(net: dict[str, Any], name: str, where: str, default: float | None = None) -> float:
    number = net.get(name, default)
    if not isinstance(number, int | float) or isinstance(number, bool):
        raise NetlistError(f"{name!r} of {where} is {_shown(number)}, a number is expected")
    if not 0 <= number <= MAX_NUMBER:
        raise NetlistError(f"{name!r} of {where} is {_shown(number)}, it must be from 0 to {MAX_NUMBER:g}")
    return float(number)


def _word(net: dict[str, Any], name: str, where: str) -> int | None:
    if name not in net:
        return None
    return _ranged(_field(net, name, int, where), 0, (1 << 32) - 1, f"{name!r} of {where}")


def _refuse_second_nets(nets: tuple[Net, ...], vertices: tuple[Vertex, ...]) -> None:
    first: dict[int, int] = {}
    for i, net in enumerate(nets):
        if (other := first.setdefault(net.source, i)) != i:
            name = vertices[net.source].name
            raise NetlistError(f"nets {other} and {i} both start at vertex {net.source} ({name!r}); it may have one")


def _field(mapping: dict[str, Any], name: str, kind: type[_T], where: str, default: _T | None = None) -> _T:
    if name in mapping:
        return _typed(mapping[name], kind, f"{name!r} of {where}")
    if default is None:
        raise NetlistError(f"{where} has no {name!r}")
    return default


def _typed(value: object, kind: type[_T], where: str) -> _T:
    """`value`, if it is of `kind`; a boolean is no number."""
    if not isinstance(value, kind) or isinstance(value, bool):
        raise NetlistError(f"{where} is {_shown(value)}, {_WORDS[kind]} is expected")
    return value


def _ranged(value: int, low: int, high: int, where: str) -> int:
    if not low <= value <= high:
        raise NetlistError(f"{where} is {_shown(value)}, it must be from {low} to {high}")
    return value


def _index(value: int, vertices: int, where: str) -> int:
    if not 0 <= value < vertices:
        raise NetlistError(f"{where} is vertex {_shown(value)}, the netlist has {vertices} vertices")
    return value


def _shown(value: object) -> str:
    """A short text of `value` for a message."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."
