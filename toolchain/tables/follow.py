"""Following one key through tables, hop by hop, as routers do: what the machine makes of a packet, and why.

A router looks for the first entry whose key the packet's key equals under the entry's mask.  Where there is none, a
packet that came by a link goes straight on, and one that was sent on the chip itself is dropped (Furber et al. 2013,
section 5).  Routes are not looked at, so that the way of a key can be held against its tree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.image import RoutingTable
from emulator.machine import FIRST_CORE_BIT, LINKS, Machine
from toolchain.errors import IllegalProductError
from toolchain.tables import Tables


@dataclass(frozen=True)
class Match:
    """The entry that a key matches: its `number` in its table of `entries`, from 1; its key and mask."""

    number: int
    entries: int
    key: int
    mask: int


@dataclass(frozen=True)
class Hop:
    """A key at a chip.

    Parameters
    ----------
    before : int
        Number of the hop that it came from, -1 at its source.
    link : int
        Link of that chip by which it came, -1 at its source.
    depth : int
        Links from its source.
    match : Match, optional
        The entry that it matches; None where it goes straight on, or is dropped at its source.
    route : int
        Route word: bits 0-5 links to leave by, bit 6 + p the core p to deliver to.
    """

    x: int
    y: int
    before: int
    link: int
    depth: int
    match: Match | None
    route: int

    @property
    def links(self) -> tuple[int, ...]:
        """Links that it leaves by."""
        return tuple(link for link in range(len(LINKS)) if self.route >> link & 1)

    @property
    def cores(self) -> tuple[int, ...]:
        """Cores that it is delivered to."""
        word = self.route >> FIRST_CORE_BIT
        return tuple(core for core in range(word.bit_length()) if word >> core & 1)


def follow(machine: Machine, tables: Tables, x: int, y: int, key: int) -> tuple[Hop, ...]:
    """The hops of `key`, sent on chip (x, y), each branch to its end before the next begins.

    Raises
    ------
    IllegalProductError
        If it leaves by an absent link or comes to a chip twice.
    """
    table_of = {(table.x, table.y): table for table in tables.tables}
    hops: list[Hop] = []
    seen = {(x, y)}
    ahead = [(x, y, -1, -1)]
    while ahead:
        x, y, before, link = ahead.pop()
        match, route = _routed(table_of.get((x, y)), key, link)
        hop = Hop(x, y, before, link, hops[before].depth + 1 if hops else 0, match, route)
        hops.append(hop)
        for out in reversed(hop.links):
            there = _next(machine, x, y, out, key)
            if there in seen:
                raise IllegalProductError("tables", f"key {key:#x} leaves for a chip where it has been, at {(x, y)}")
            seen.add(there)
            ahead.append((*there, len(hops) - 1, out))
    return tuple(hops)


def _routed(table: RoutingTable | None, key: int, link: int) -> tuple[Match | None, int]:
    """What a router does with `key` that came by `link` of the chip before, -1 if it was sent here."""
    if table is not None:
        matching = np.flatnonzero((np.uint32(key) & table.mask) == table.key)
        if len(matching):
            number = int(matching[0])
            found = Match(number + 1, len(table.key), int(table.key[number]), int(table.mask[number]))
            return found, int(table.route[number])
    return None, 0 if link < 0 else 1 << link


def _next(machine: Machine, x: int, y: int, link: int, key: int) -> tuple[int, int]:
    """The chip at the end of a link."""
    if not machine.links[x, y, link]:
        raise IllegalProductError("tables", f"key {key:#x} leaves by an absent link, at {(x, y)}")
    dx, dy = LINKS[link]
    return (x + dx) % machine.width, (y + dy) % machine.height
