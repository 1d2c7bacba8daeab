"""Exports: what is written says what the mapping is, and the netlist maps again to the same tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import faulty, graphs_on_machines, populations
from hypothesis import given, settings

from emulator.machine import Machine, ethernet_chips, largest_part, named, without
from pyneuro.cli import main
from toolchain.algorithms import MINIMISERS
from toolchain.export import write_export
from toolchain.export.machine import machine_form
from toolchain.export.tables import tables_form
from toolchain.graph import Graph
from toolchain.map_graph import Algorithms, GraphMapping, map_graph
from toolchain.netlist import read

DEFAULT_ROUTES = Algorithms(minimise=MINIMISERS["default_routes"])


def exported(mapping: GraphMapping, folder: Path) -> dict[str, Any]:
    """The documents that an export writes, by name."""
    return {path.stem: json.loads(path.read_text()) for path in write_export(mapping, folder)}


@pytest.mark.parametrize("name", ["spin3", "spin5", "3 boards", "8x8", "4x4 mesh"])
def test_a_machine_says_its_cores_links_and_ethernet_chips(name: str) -> None:
    machine = without(named(name), [(1, 1)])
    form = machine_form(machine)
    assert (form["width"], form["height"], form["root"]) == (machine.width, machine.height, [0, 0])
    assert form["standardResources"] == {"monitors": 1, "routerEntries": 1023, "sdram": 123_469_792, "tags": []}
    assert form["ethernetResources"]["tags"] == [1, 2, 3, 4, 5, 6, 7]
    assert [chip[:2] for chip in form["chips"]] == np.argwhere(machine.cores).tolist()
    for x, y, details in form["chips"]:
        assert details["cores"] == machine.cores[x, y] + 1
        dead = [link for link in range(6) if machine.neighbour(x, y, link) is None]
        assert details.get("deadLinks", []) == dead
        assert ("ipAddress" in details) == machine.ethernet[x, y]
        if machine.ethernet[x, y]:
            assert details["ethernet"] == [x, y]


def test_each_chip_names_the_ethernet_chip_of_its_board() -> None:
    form = machine_form(without(named("3 boards"), [(4, 8)]))
    boards = {(x, y): tuple(details["ethernet"]) for x, y, details in form["chips"]}
    assert boards[5, 9] == (4, 8)
    assert boards[0, 4] == (8, 4)
    assert boards[4, 7] == (0, 0)
    assert {board: list(boards.values()).count(board) for board in boards.values()} == {
        (0, 0): 48, (4, 8): 47, (8, 4): 48,
    }  # fmt: skip
    assert ethernet_chips(named("24x12"))[3:] == [(12, 0), (16, 8), (20, 4)]


def test_placements_and_keys_are_those_of_the_vertices(tmp_path: Path) -> None:
    mapping = map_graph(populations({"a": 20, "b": 5}), "spin5")
    found = exported(mapping, tmp_path / "new" / "folder")
    placement = mapping.placement
    for i, vertex in enumerate(mapping.graph.vertices):
        place = {"x": int(placement.x[i]), "y": int(placement.y[i]), "p": int(placement.p[i])}
        assert found["placements"][i] == {"vertex_label": vertex.name, **place}
    assert [block["vertex_label"] for block in found["keys"]] == [vertex.name for vertex in mapping.graph.vertices]
    assert [block["key"] for block in found["keys"]] == mapping.keys.key.tolist()
    assert [block["mask"] for block in found["keys"]] == mapping.keys.mask.tolist()


def test_tables_before_and_after_and_what_is_defaultable(tmp_path: Path) -> None:
    mapping = map_graph(populations({"a": 200}), "3 boards", DEFAULT_ROUTES)
    found = exported(mapping, tmp_path)
    for name, tables in (("routing_tables", mapping.tables), ("compressed_routing_tables", mapping.minimised)):
        for form, table in zip(found[name], tables.tables, strict=True):
            assert (form["x"], form["y"]) == (table.x, table.y)
            rows = [(entry["key"], entry["mask"], entry["spinnaker_route"]) for entry in form["entries"]]
            assert rows == list(zip(table.key.tolist(), table.mask.tolist(), table.route.tolist(), strict=True))
    # Blocks are apart, so the defaultable entries, and no others, are those that default routing removes.
    kept = sum(not entry["defaultable"] for table in found["routing_tables"] for entry in table["entries"])
    assert kept == mapping.minimised.entries < mapping.tables.entries


@given(drawn=graphs_on_machines(fixed=True))
@settings(max_examples=30, deadline=None)
def test_no_entry_of_minimised_tables_need_be_defaultable(drawn: tuple[Graph, Machine]) -> None:
    graph, machine = drawn[0], largest_part(drawn[1])
    if len(graph.vertices) > machine.application_cores:
        return
    mapping = map_graph(graph, machine, DEFAULT_ROUTES)
    forms = tables_form(mapping.minimised, mapping.keys, mapping.routes)
    assert not any(entry["defaultable"] for table in forms for entry in table["entries"])


def test_an_exported_netlist_maps_to_the_same_tables(tmp_path: Path) -> None:
    mapping = map_graph(populations({"a": 100}), faulty("3 boards", 3))
    found = exported(mapping, tmp_path)
    netlist = read(tmp_path / "netlist.json")
    assert netlist.machine == "3 boards"
    again = exported(map_graph(netlist.graph, mapping.machine), tmp_path / "again")
    assert again == found


def test_the_command_line_exports_and_keeps_the_keys_that_an_export_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = {path.name for path in write_export(map_graph(populations({"a": 30}), "spin3"), tmp_path / "one")}
    words = ["map", "--netlist", str(tmp_path / "one" / "netlist.json"), "--keys", "given", "--export"]
    assert main([*words, str(tmp_path / "two")]) == 0
    capsys.readouterr()
    assert {path.name for path in (tmp_path / "two").iterdir()} == written
    # Placement and routes may be others, since the command line searches over algorithms.
    for name in ("machine.json", "keys.json", "netlist.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
