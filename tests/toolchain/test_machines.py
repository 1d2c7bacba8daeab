"""Machines from settings: what cannot be used is gone, and what is not there is said where it was named."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import pytest
from networks import cells

from emulator.check_machine import check_machine
from emulator.errors import MachineError
from emulator.machine import CLOCK_HZ, SDRAM_BYTES, TABLE_ENTRIES, Machine, named, spin5, without
from toolchain.errors import MappingError
from toolchain.graph import Graph, Vertex
from toolchain.language import read_text
from toolchain.machines import candidates, cut_off
from toolchain.map_network import map_netlist, map_network
from toolchain.network import Network
from toolchain.settings import MachineSettings, Origin, PlaceRule, Region, Settings

HERE = Origin("retina.map", 3, 1)


def machine(name: str = "spin5", **said: Any) -> Machine:
    """The one machine of that name of which that is said."""
    (made,) = candidates(MachineSettings(name, **said))
    check_machine(made)
    return made


def test_a_machine_of_which_nothing_is_said_is_whole() -> None:
    for name in ("spin3", "spin5", "3 boards", "8x8", "4x4 mesh"):
        made, whole = machine(name), named(name)
        assert made.cores.tobytes() == whole.cores.tobytes()
        assert made.links.tobytes() == whole.links.tobytes()
        assert (made.table_entries, made.sdram_bytes, made.clock_hz) == (TABLE_ENTRIES, SDRAM_BYTES, CLOCK_HZ)


def test_dead_chips_cores_and_links_are_gone() -> None:
    made = machine(dead_chips=((1, 1), (0, 0)), dead_cores=((2, 2, 3),), dead_links=((3, 3, 0),))
    assert not made.has_chip(1, 1)
    assert not made.ethernet.any()
    assert made.cores[2, 2] == 13
    assert made.neighbour(3, 3, 0) is made.neighbour(4, 3, 3) is made.neighbour(0, 1, 0) is None
    assert made.application_cores == spin5().application_cores - 16 - 15 - 3


def test_no_route_finds_a_forbidden_link() -> None:
    made = machine(forbidden_links=((3, 3, 2),))
    assert made.neighbour(3, 3, 2) is made.neighbour(3, 4, 5) is None


def test_what_is_reserved_is_taken_off_every_chip() -> None:
    made = machine(reserved_cores=4, reserved_sdram_bytes=1000, reserved_entries=23, clock_hz=150_000_000)
    assert sorted(np.unique(made.cores)) == [0, 11, 12]
    assert made.sdram_bytes == SDRAM_BYTES - 1000
    assert made.table_entries == TABLE_ENTRIES - 23
    assert made.clock_hz == 150_000_000


def test_reserved_cores_come_before_dead_ones() -> None:
    assert machine(reserved_cores=10, dead_cores=((1, 0, 5),)).cores[1, 0] == 1
    with pytest.raises(MappingError, match=r"6 dead cores on chip \(1, 0\) of spin5: it has 6 to use, and needs one"):
        machine(reserved_cores=10, dead_cores=((1, 0, 6),))


def test_without_a_name_the_standard_machines_are_tried() -> None:
    names = [found.name for found in islice(candidates(MachineSettings(), 60), 3)]
    assert names == ["spin3", "spin5", "3 boards"]
    small = next(candidates(MachineSettings(reserved_cores=2), 60))
    assert (small.name, small.application_cores) == ("spin5", 48 * 14 - 1)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"dead_chips": ((9, 9),)},
            "dead chip (9, 9): spin5 has no such chip; its chips are (0, 0) to (7, 7), not all",
        ),
        ({"dead_chips": ((-1, 0),)}, "dead chip (-1, 0): spin5 has no such chip"),
        ({"dead_cores": ((7, 0, 1),)}, "dead cores on chip (7, 0): spin5 has no such chip"),
        ({"dead_cores": ((1, 0, 16),)}, "16 dead cores on chip (1, 0) of spin5: it has 16 to use, and needs one"),
        ({"dead_cores": ((1, 0, 0),)}, "0 dead cores on chip (1, 0) of spin5"),
        ({"dead_links": ((7, 0, 1),)}, "dead link NE of chip (7, 0): spin5 has no such chip"),
        ({"dead_links": ((0, 0, 3),)}, "dead link W of chip (0, 0): on spin5 it has only E, NE, N"),
        ({"forbidden_links": ((0, 0, 6),)}, "forbidden link 6 of chip (0, 0): links are 0 to 5, E, NE, N, W, SW, S"),
        ({"reserved_cores": 15}, "15 application cores of each chip are reserved, a chip has 15; reserve fewer"),
        ({"reserved_sdram_bytes": 1 << 30}, "1,073,741,824 bytes of SDRAM of each chip are reserved"),
        ({"reserved_entries": 1023}, "1,023 table entries of each chip are reserved, a chip has 1,023; reserve fewer"),
        ({"reserved_cores": -1}, "reserved cores must be 0 or more, got -1"),
        ({"clock_hz": 0}, "the clock must be faster than 0 Hz, got 0"),
        ({"link_capacity": 0.0}, "the capacity of a link must be > 0 packets a second, got 0"),
        (
            {"dead_chips": tuple((int(x), int(y)) for x, y in np.argwhere(spin5().cores))},
            "all chips of spin5 are dead",
        ),
    ],
)
def test_what_a_machine_does_not_have(said: dict[str, Any], message: str) -> None:
    with pytest.raises(MappingError) as error:
        machine(origin=HERE, **said)
    assert f"retina.map:3:1: error: {message}" in str(error.value)


def test_coordinates_need_a_machine() -> None:
    message = "dead chips are given, but no machine is named that they are of; name it: machine spin5"
    with pytest.raises(MappingError, match=message):
        next(candidates(MachineSettings(dead_chips=((0, 0),))))


def test_an_unknown_machine_is_said_where_it_was_named() -> None:
    with pytest.raises(MachineError, match=r"retina\.map:3: unknown machine 'spin6'; known are spin3, spin5"):
        machine("spin6", origin=HERE)


def test_a_region_that_goes_beyond_a_machine_leads_to_a_larger_one_while_that_has_more_of_it() -> None:
    region = PlaceRule("on", "a", region=Region(1, 1, 200, 200))
    assert [machine.name for machine in candidates(MachineSettings(), 1, (region,))] == ["spin3"]
    assert [machine.name for machine in candidates(MachineSettings(), 4, (region,))] == ["spin3", "spin5"]
    whole = PlaceRule("on", "a", region=Region(0, 0, 1, 1))
    assert [machine.name for machine in candidates(MachineSettings(), 4, (whole,))] == ["spin3"]
    vertices = tuple(Vertex(f"a[{i}:{i + 1}]", 1, sdram_bytes=100 << 20) for i in range(4))
    mapped = map_netlist(Graph("n", vertices, ()), Settings(placement=(region,))).mapping
    assert (mapped.machine.name, mapped.chips) == ("spin5", 4)


ISOLATED = "machine spin5\ndead chips (0, 1), (1, 1)\ndead links (0, 0) east"


def test_chips_that_dead_links_cut_off_are_told() -> None:
    """Those that are left out though they work; an Ethernet chip is named as such."""
    network = Network("n", 1.0, (cells("a", 4),), ())
    (remark,) = map_network(network, read_text(ISOLATED)).mapping.diagnostics
    assert (remark.stage, remark.subject) == ("place", "spin5")
    told = (
        "1 of its 46 chips is cut off from the others by dead or forbidden links and not used: (0, 0), an Ethernet chip"
    )
    assert remark.message.startswith(told)
    assert map_network(network, read_text("machine spin5\ndead chips (0, 1)")).mapping.diagnostics == ()
    assert cut_off(spin5(), spin5()) == cut_off(named("spin3"), spin5()) == ()
    several = without(spin5(), [(0, 3), (0, 2), (1, 2)])
    assert cut_off(spin5(), several)[0].message.endswith("not used: (0, 2), (0, 3), (1, 2)")
    many = without(spin5(), [(x, y) for x in range(4) for y in range(4)])
    assert cut_off(spin5(), many)[0].message.endswith("(1, 3) (and 8 others), an Ethernet chip among them")
