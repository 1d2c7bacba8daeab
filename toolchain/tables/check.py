"""The checker of tables: it sends every key through them as the machine does, and knows no algorithm.

A packet is matched at each chip it enters by the lowest entry, or goes straight on.  What it reaches is held
against where the placement put the sinks, and then against the net's tree: tables may not make detours.  All keys of a
net go one way unless an entry tells them apart; then each half of the block is walked by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.image import RoutingTable
from emulator.machine import FIRST_CORE_BIT, Machine, neighbours
from toolchain.errors import LIMITS_OF_CORES, IllegalProductError, TablesError
from toolchain.graph import Graph
from toolchain.keys import Keys
from toolchain.place import Placement
from toolchain.route import Routes, Tree
from toolchain.tables import Tables
from toolchain.tables.walk import DROPPED, LOOP, LOST, SPLIT, walk

_CORES = 32 - FIRST_CORE_BIT
_ROUTE_BITS = 24
_LINKS = 8
"""More than the links of a chip, so that chip and link make one number; packets of the chip's own arrive by -1."""
_CORE_BITS = np.arange(FIRST_CORE_BIT, 32, dtype=np.uint32)


def check(graph: Graph, placement: Placement, keys: Keys, tables: Tables, routes: Routes | None = None) -> None:
    """Check that every key of every net reaches exactly the cores of its sinks, each chip once.

    Parameters
    ----------
    routes : Routes, optional
        Trees, whose chips and no others the keys must enter, each by the same link.

    Raises
    ------
    IllegalProductError
        At the first violation.
    """
    for table in tables.tables:
        _check_table(table, placement.machine)
    chips = [(table.x, table.y) for table in tables.tables]
    if len(set(chips)) < len(chips):
        raise _illegal("a chip has two tables")
    walker = Walker(placement.machine, tables)
    chip = placement.x.astype(np.int64) * placement.machine.height + placement.y
    core = chip * _CORES + placement.p
    for i, net in enumerate(graph.nets):
        name = graph.vertices[net.source].name
        wanted = np.sort(core[net.sinks])
        for walked in walker.walks(name, int(chip[net.source]), int(keys.key[i]), int(keys.mask[i])):
            reached = _cores_reached(walked)
            if not np.array_equal(reached, wanted):
                raise _wrong_cores(placement.machine, name, walked, reached, wanted)
            if routes is not None:
                _check_way(placement.machine, name, walked, routes.trees[i])


def _check_table(table: RoutingTable, machine: Machine) -> None:
    """A table is that of a chip; its columns are equally long, and its entries can match and be obeyed."""
    where = f"the table of chip ({table.x}, {table.y})"
    if not machine.has_chip(table.x, table.y):
        raise _illegal(f"{where} is for a chip that is absent")
    if not len(table.key) == len(table.mask) == len(table.route):
        raise _illegal(f"{where} has {len(table.key)} keys, {len(table.mask)} masks and {len(table.route)} routes")
    wrong = (table.key & ~table.mask != 0) | (table.route >> _ROUTE_BITS != 0)
    if wrong.any():
        raise _illegal(f"entry {int(wrong.argmax())} of {where} matches no key, or names a core that no chip has")


def _check_way(machine: Machine, name: str, walked: Walk, tree: Tree) -> None:
    """Packets enter the chips of the tree by its links, and no others."""
    taken = np.sort(walked.chip.astype(np.int64) * _LINKS + walked.arrival)
    wanted = np.sort((tree.x.astype(np.int64) * machine.height + tree.y) * _LINKS + tree.arrival)
    if not np.array_equal(taken, wanted):
        x, y = divmod(int(np.setxor1d(taken, wanted)[0] + 1) // _LINKS, machine.height)
        raise _illegal(f"key {walked.key:#x} of {name!r} does not take the way of its tree, at chip ({x}, {y})")


def check_lengths(tables: Tables, machine: Machine, *, cut: bool = False) -> None:
    """Refuse tables that are longer than the routers' memory.

    Parameters
    ----------
    cut : bool
        Whether what sends are slices of a network, of which there could be fewer.

    Raises
    ------
    TablesError
        Naming the fullest chip.
    """
    fullest = max(tables.tables, key=lambda table: len(table.key), default=None)
    if fullest is not None and len(fullest.key) > machine.table_entries:
        raise TablesError(
            f"the routing table of chip ({fullest.x}, {fullest.y}) of {machine.name} needs {len(fullest.key)} entries, "
            f"it has {machine.table_entries}; spread what sends and hears over more chips (place ... apart from ...)"
            + ", or have fewer cores send, with more neurons on each"
            * cut,
            limits=("reserved_entries", *LIMITS_OF_CORES),
        )


@dataclass(frozen=True, eq=False)
class Walk:
    """Where keys that are routed alike go: the chips entered, by which links, and what their routers do."""

    key: int
    mask: int
    chip: NDArray[np.int32]
    arrival: NDArray[np.int8]
    route: NDArray[np.uint32]


class Walker:
    """The tables of a machine, laid out for walking."""

    def __init__(self, machine: Machine, tables: Tables) -> None:
        self.machine = machine
        chips = machine.width * machine.height
        self._neighbour = neighbours(machine).reshape(chips, 6)
        ordered = sorted(tables.tables, key=lambda table: (table.x, table.y))
        lengths = np.zeros(chips, np.int64)
        for table in ordered:
            lengths[table.x * machine.height + table.y] += len(table.key)
        self._offset = np.concatenate([[0], np.cumsum(lengths)])
        self._key, self._mask, self._route = (
            np.concatenate([np.empty(0, np.uint32), *columns])
            for columns in (
                [table.key for table in ordered],
                [table.mask for table in ordered],
                [table.route for table in ordered],
            )
        )
        self._chip = np.empty(chips, np.int32)
        self._arrival = np.empty(chips, np.int8)
        self._out = np.empty(chips, np.uint32)
        self._visited = np.zeros(chips, np.int32)
        self._stamp = 0

    def walks(self, name: str, source: int, key: int, mask: int) -> Iterator[Walk]:
        """The walks of the block `key`, `mask` sent by vertex `name` on chip `source`, one for keys routed alike.

        Raises
        ------
        IllegalProductError
            If a packet is dropped at its source, leaves the machine, or comes to a chip twice.
        """
        self._stamp += 1
        rows, place = walk(
            self._neighbour, self._offset, self._key, self._mask, self._route, source, key, mask,
            self._chip, self._arrival, self._out, self._visited, self._stamp,
        )  # fmt: skip
        if rows == SPLIT:
            bit = 1 << ((int(self._mask[place]) & ~mask).bit_length() - 1)
            yield from self.walks(name, source, key, mask | bit)
            yield from self.walks(name, source, key | bit, mask | bit)
        elif rows < 0:
            raise self._failure(rows, name, key, int(self._chip[place]))
        else:
            yield Walk(key, mask, self._chip[:rows].copy(), self._arrival[:rows].copy(), self._out[:rows].copy())

    def _failure(self, code: int, name: str, key: int, chip: int) -> IllegalProductError:
        what = {
            DROPPED: "matches no entry where it is sent",
            LOST: "leaves by an absent link",
            LOOP: "leaves for a chip where it has been",
        }[code]
        where = divmod(chip, self.machine.height)
        return _illegal(f"key {key:#x} of {name!r} {what}, at chip {where}")


def _cores_reached(walked: Walk) -> NDArray[np.int64]:
    """The cores delivered to, ascending."""
    row, core = np.nonzero(walked.route[:, None] >> _CORE_BITS & 1)
    return np.sort(walked.chip[row].astype(np.int64) * _CORES + core)


def _wrong_cores(
    machine: Machine, name: str, walked: Walk, reached: NDArray[np.int64], wanted: NDArray[np.int64]
) -> IllegalProductError:
    missed = np.setdiff1d(wanted, reached)
    core = int(missed[0] if len(missed) else np.setdiff1d(reached, wanted)[0])
    what = "does not reach" if len(missed) else "reaches"
    where = divmod(core // _CORES, machine.height)
    return _illegal(f"key {walked.key:#x} of {name!r} {what} core {core % _CORES} of chip {where}")


def _illegal(violation: str) -> IllegalProductError:
    return IllegalProductError("tables", violation)
