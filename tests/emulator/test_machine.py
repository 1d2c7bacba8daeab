"""Machines: what chips and links the standard ones have, and their names."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import networkx as nx
import numpy as np
import pytest
from graphs import links_of, machines
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.check_machine import check_machine
from emulator.errors import MachineError
from emulator.machine import (
    LINKS,
    Machine,
    board_of,
    boards,
    hops,
    largest_part,
    mesh,
    named,
    neighbours,
    opposite,
    smallest,
    spin3,
    spin5,
    torus,
    without,
)


def test_spin3_is_cut_left_and_right_and_wraps_up_and_down() -> None:
    machine = spin3()
    absent = {(x, y, link) for x in range(2) for y in range(2) for link in range(6) if not machine.links[x, y, link]}
    assert absent == {(0, y, link) for y in range(2) for link in (3, 4)} | {(1, y, n) for y in range(2) for n in (0, 1)}
    assert machine.neighbour(0, 1, 1) == (1, 0)
    assert machine.neighbour(1, 1, 2) == (1, 0)
    assert machine.neighbour(0, 0, 3) is None
    assert machine.application_cores == 15 + 3 * 16


def test_spin5_is_a_hexagon_of_48_chips_that_does_not_wrap() -> None:
    machine = spin5()
    rows = [np.flatnonzero(machine.cores[:, y]) for y in range(8)]
    assert [(row[0], row[-1]) for row in rows] == [(0, 4), (0, 5), (0, 6), (0, 7), (1, 7), (2, 7), (3, 7), (4, 7)]
    assert (machine.chips, machine.application_cores, machine.boards) == (48, 47 * 16 + 15, 1)
    assert machine.neighbour(4, 0, 0) is None
    assert machine.neighbour(7, 3, 1) is None
    assert not machine.has_chip(5, 0)
    assert not machine.has_chip(8, 0)
    # Six links a chip inside; the 48 links of SpiNNMachine's table of board connectors lead outside.
    assert int(machine.links.sum()) == 48 * 6 - 48


@pytest.mark.parametrize(
    ("number", "width", "height"),
    [(3, 12, 12), (6, 24, 12), (9, 36, 12), (12, 24, 24), (24, 48, 24), (120, 96, 60), (600, 240, 120)],
)
def test_boards_are_as_square_as_possible_and_wider_first(number: int, width: int, height: int) -> None:
    machine = boards(number)
    assert (machine.width, machine.height, machine.boards) == (width, height, number)
    assert int(machine.ethernet.sum()) == number
    assert bool(machine.links.all())


def test_each_board_of_a_triad_has_48_chips_in_the_shape_of_a_board() -> None:
    machine = boards(6)
    board = board_of(machine)
    assert np.bincount(board.ravel()).tolist() == [48] * 6
    alone = np.argwhere(spin5().cores > 0)
    for x, y in np.argwhere(machine.ethernet):
        on_board = board[(x + alone[:, 0]) % 24, (y + alone[:, 1]) % 12]
        assert len(np.unique(on_board)) == 1
    assert not board_of(spin5()).any()


def test_the_million_core_machine_is_small() -> None:
    machine = boards(1200)
    assert machine.chips == 57_600
    assert machine.cores.nbytes + machine.links.nbytes + machine.ethernet.nbytes < 1_000_000


def test_a_torus_of_another_size_than_triads_has_one_ethernet_chip() -> None:
    assert np.argwhere(torus(8, 12).ethernet).tolist() == [[0, 0]]
    assert int(torus(12, 24).ethernet.sum()) == 6


NAMES = ["spin3", "spin5", "1 board", "3 boards", "9 boards", "8x8", "2x5", "256x256", "8x8 mesh", "2x3 mesh"]


@pytest.mark.parametrize("name", NAMES)
def test_named_machines_are_legal(name: str) -> None:
    machine = named(name)
    check_machine(machine)
    assert named(machine.name).cores.tobytes() == machine.cores.tobytes()
    assert not machine.cores.flags.writeable


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("spin6", "unknown machine 'spin6'; known are spin3, spin5, 'N boards' (N = 1 or a multiple of 3), 'WxH'"),
        ("", "unknown machine ''"),
        ("2 boards", "no machine has 2 boards: a machine is 1 board or a multiple of 3"),
        ("0 boards", "no machine has 0 boards"),
        ("69 boards", "69 boards would be 276 x 12 chips, and 256 is the limit of either; the nearest sizes that can"),
        ("999999999 boards", "can be built are 1323 boards"),
        ("1x4", "a torus is from 2x2 to 256x256 chips, not 1x4"),
        ("8x257", "not 8x257"),
        ("1x4 mesh", "a mesh is from 2x2 to 256x256 chips, not 1x4"),
    ],
)
def test_a_machine_that_does_not_exist(name: str, message: str) -> None:
    with pytest.raises(MachineError) as error:
        named(name)
    assert message in str(error.value)


def test_a_mesh_is_a_torus_without_the_links_across_its_edges() -> None:
    machine = named("4x3 mesh")
    assert not machine.wraps
    assert (machine.name, machine.boards, machine.chips) == ("4x3 mesh", 1, 12)
    assert machine.neighbour(3, 1, 0) is machine.neighbour(1, 2, 1) is machine.neighbour(0, 0, 4) is None
    assert machine.neighbour(1, 1, 1) == (2, 2)
    assert named("4x3 torus").links.tobytes() == torus(4, 3).links.tobytes()


def test_the_largest_part_is_what_links_join() -> None:
    whole = torus(6, 6)
    assert largest_part(whole) is whole
    one = without(whole, links=[(2, 2, link) for link in range(6)])
    assert np.argwhere(largest_part(one).cores != one.cores).tolist() == [[2, 2]]
    # (1, 0) and (1, 1) part the mesh of three columns; (0, 0) has the Ethernet connector and a core less.
    halves = without(mesh(3, 2), [(1, 0), (1, 1)])
    assert np.argwhere(largest_part(halves).cores).tolist() == [[2, 0], [2, 1]]
    assert not largest_part(halves).links[0].any()
    check_machine(largest_part(halves))


@given(machine=machines())
def test_the_largest_part_is_a_largest_component(machine: Machine) -> None:
    parts = [sum(int(machine.cores.flat[c]) for c in part) for part in nx.connected_components(links_of(machine))]
    part = largest_part(machine)
    assert part.application_cores == max(parts, default=0)
    assert part.chips == 0 or nx.is_connected(links_of(part))


def test_cores_of_a_chip_can_be_chosen() -> None:
    assert spin5(17).application_cores == 47 * 17 + 16
    with pytest.raises(MachineError, match="a chip has 2 to 17 application cores, not 18"):
        spin5(18)


def test_the_smallest_machines_come_first() -> None:
    assert [machine.name for machine in islice(smallest(), 5)] == ["spin3", "spin5", "3 boards", "6 boards", "9 boards"]
    assert next(smallest(64)).name == "spin5"
    assert next(smallest(2301)).name == "3 boards"
    assert next(smallest(2302)).name == "6 boards"
    assert not list(smallest(10_000_000))
    sizes = [machine.application_cores for machine in islice(smallest(), 40)]
    assert sizes == sorted(sizes)
    assert all(machine.width <= 256 for machine in islice(smallest(), 40))


@given(machine=machines())
@settings(max_examples=60, deadline=None)
def test_links_have_two_ends_whatever_is_absent(machine: Machine) -> None:
    if machine.chips:
        check_machine(machine)
    ends = neighbours(machine)
    for x, y, link in np.argwhere(machine.links):
        end = machine.neighbour(x, y, link)
        assert end is not None
        assert machine.neighbour(*end, opposite(link)) == (x, y)
        assert ends[x, y, link] == end[0] * machine.height + end[1]
    assert np.array_equal(ends >= 0, machine.links)


@given(machine=machines(faults=False).filter(lambda machine: machine.name != "spin3"), data=st.data())
@settings(max_examples=60, deadline=None)
def test_hops_are_the_length_of_the_shortest_way(machine: Machine, data: st.DataObject) -> None:
    chips = np.argwhere(machine.cores > 0).astype(np.int32)
    x, y = data.draw(st.sampled_from(chips.tolist()))
    shortest = nx.single_source_shortest_path_length(links_of(machine), x * machine.height + y)
    found = hops(machine, chips[:, 0] - np.int32(x), chips[:, 1] - np.int32(y))
    assert found.tolist() == [shortest[a * machine.height + b] for a, b in chips.tolist()]


def broken(machine: Machine, field: str, at: tuple[int, ...], value: int) -> Machine:
    """The machine with one element changed."""
    array = getattr(machine, field).copy()
    array[at] = value
    return replace(machine, **{field: array})


@pytest.mark.parametrize(
    ("machine", "message"),
    [
        (broken(spin5(), "links", (3, 3, 0), 0), r"link W of chip \(4, 3\) has no other end"),
        (broken(spin5(), "links", (7, 7, 0), 1), r"link E of chip \(7, 7\) has no other end"),
        (broken(spin5(), "links", (5, 0, 2), 1), r"link N of chip \(5, 0\) starts at an absent chip"),
        (replace(torus(4, 4), wraps=False), r"link E of chip \(3, 0\) crosses an edge that does not wrap"),
        (broken(spin3(), "cores", (1, 0), 18), r"chip \(1, 0\) has 18 cores, 17 is the limit"),
        (broken(spin5(), "ethernet", (7, 0), 1), r"the Ethernet chip \(7, 0\) is absent"),
        (broken(spin5(), "ethernet", (1, 1), 1), "2 Ethernet chips on 1 boards"),
        (replace(spin3(), links=spin3().links[:1]), r"links have the shape \(1, 2, 6\)"),
        (replace(spin3(), ethernet=spin3().ethernet[:1]), r"ethernet has the shape \(1, 2\)"),
        (replace(spin3(), cores=np.ones((2, 300), np.uint8)), "its box is 2x300"),
        (without(spin3(), [(0, 0), (0, 1), (1, 0), (1, 1)]), "it has no chip"),
    ],
)
def test_a_machine_that_cannot_be_is_refused(machine: Machine, message: str) -> None:
    with pytest.raises(MachineError, match=message):
        check_machine(machine)


def test_steps_of_opposite_links_cancel() -> None:
    for link, (dx, dy) in enumerate(LINKS):
        assert LINKS[opposite(link)] == (-dx, -dy)
