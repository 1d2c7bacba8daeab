"""Export: a mapping in the JSON forms that sPyNNaker's users and their tools know.

========================================  ====================================================================
``machine.json``                          chips, cores, links and memory, as SpiNNMachine writes and reads them
``placements.json``                       chip and core of each vertex, as PACMAN writes and reads them
``routing_tables.json``                   tables before they are minimised, as PACMAN writes and reads them
``compressed_routing_tables.json``        tables that are loaded, in the same form
``keys.json``                             key and mask of each vertex that sends
``netlist.json``                          the machine graph with its keys, as `toolchain.netlist` reads it
========================================  ====================================================================

Sources of the forms: SpiNNMachine (``json_machine``), PACMAN (``json_utils``, ``multicast_routing_tables``, its JSON
schemas).
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import toolchain.netlist
from emulator.archive import written_beside
from toolchain.export.machine import machine_form
from toolchain.export.tables import tables_form
from toolchain.graph import Graph
from toolchain.keys import Keys
from toolchain.map_graph import GraphMapping
from toolchain.netlist import Netlist
from toolchain.place import Placement


def write_export(mapping: GraphMapping, folder: str | Path) -> tuple[Path, ...]:
    """Write all files into `folder`, which is made if need be; return their paths."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    forms: dict[str, Any] = {
        "machine.json": machine_form(mapping.machine),
        "placements.json": placements_form(mapping.graph, mapping.placement),
        "routing_tables.json": tables_form(mapping.tables, mapping.keys, mapping.routes),
        "compressed_routing_tables.json": tables_form(mapping.minimised, mapping.keys, mapping.routes),
        "keys.json": keys_form(mapping.graph, mapping.keys),
        "netlist.json": toolchain.netlist.form(
            Netlist(with_keys(mapping.graph, mapping.keys), machine=mapping.machine.name)
        ),
    }
    for name, form in forms.items():
        with written_beside(folder / name) as file:
            file.write((json.dumps(form, separators=(",", ":"), allow_nan=False) + "\n").encode())
    return tuple(folder / name for name in forms)


def placements_form(graph: Graph, placement: Placement) -> list[dict[str, Any]]:
    """Label, chip and core of each vertex, in their order."""
    places = zip(graph.vertices, placement.x.tolist(), placement.y.tolist(), placement.p.tolist(), strict=True)
    return [{"vertex_label": vertex.name, "x": x, "y": y, "p": p} for vertex, x, y, p in places]


def keys_form(graph: Graph, keys: Keys) -> list[dict[str, Any]]:
    """Label, key and mask of each vertex that sends, in the order of the nets."""
    blocks = zip(graph.nets, keys.key.tolist(), keys.mask.tolist(), strict=True)
    return [{"vertex_label": graph.vertices[net.source].name, "key": key, "mask": mask} for net, key, mask in blocks]


def with_keys(graph: Graph, keys: Keys) -> Graph:
    """`graph` with the keys that were allocated fixed, so that another mapping has them too."""
    blocks = zip(graph.nets, keys.key.tolist(), keys.mask.tolist(), strict=True)
    return replace(graph, nets=tuple(replace(net, key=key, mask=mask) for net, key, mask in blocks))
