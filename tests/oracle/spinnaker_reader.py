"""An export as sPyNNaker's own packages read it: ``spinnaker_reader.py FOLDER VERSION`` prints what they found.

Files are held to PACMAN's schemas and read by its readers, and its checker compares tables before and after they were
minimised.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pacman.config_setup import unittest_setup
from pacman.model.routing_tables import UnCompressedMulticastRoutingTable, multicast_routing_tables
from pacman.operations.router_compressors.routing_compression_checker import compare_tables
from pacman.utilities import file_format_schemas
from pacman.utilities.json_utils import placement_from_json
from spinn_machine.json_machine import machine_from_json
from spinn_utilities.config_holder import set_config

folder = Path(sys.argv[1])
unittest_setup()
set_config("Machine", "version", sys.argv[2])
for name, schema in (
    ("machine", "machine"),
    ("placements", "placements"),
    ("routing_tables", "routing_tables"),
    ("compressed_routing_tables", "routing_tables"),
):
    file_format_schemas.validate(json.loads((folder / f"{name}.json").read_text()), f"{schema}.json")
machine = machine_from_json(str(folder / "machine.json"))
machine.validate()
placements = [placement_from_json(place) for place in json.loads((folder / "placements.json").read_text())]
for placement in placements:
    assert placement.p in machine.get_chip_at(placement.x, placement.y).placable_processors_ids
chips = {}
for chip in machine.chips:
    links = {link.source_link_id: (link.destination_x, link.destination_y) for link in chip.router.links}
    chips[f"{chip.x},{chip.y}"] = [chip.n_placable_processors, links, chip.nearest_ethernet_x, chip.nearest_ethernet_y]
generated, compressed = (
    multicast_routing_tables.from_json(str(folder / f"{name}.json"))
    for name in ("routing_tables", "compressed_routing_tables")
)
none = UnCompressedMulticastRoutingTable
for table in generated:
    smaller = compressed.get_routing_table_for_chip(table.x, table.y) or none(table.x, table.y)
    compare_tables(table, smaller)
lengths = [{f"{table.x},{table.y}": table.number_of_entries for table in tables} for tables in (generated, compressed)]
print(json.dumps({"chips": chips, "placements": len(placements), "entries": lengths}))
