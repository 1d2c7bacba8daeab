"""The checker of routes: it follows every tree over the machine, and knows no algorithm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.machine import FIRST_CORE_BIT, LINKS
from toolchain.errors import IllegalProductError
from toolchain.graph import Graph
from toolchain.place import Placement
from toolchain.route import LOCAL, Routes, Tree

_DX, _DY = np.array(LINKS).T
_ROWS = 1 << 18
"""Rows that are checked at once, so that memory does not grow with their number."""
_LINK_BITS = np.uint32((1 << FIRST_CORE_BIT) - 1)


def check(graph: Graph, placement: Placement, routes: Routes) -> None:
    """Check that each tree starts at its source, uses links that exist, reaches just the sinks' cores, and ends there.

    Every chip but the first is entered once, by a link that leaves a chip of an earlier row, and every link
    left by is entered: so the rows are a tree.

    Raises
    ------
    IllegalProductError
        At the first violation.
    """
    if len(routes.trees) != len(graph.nets):
        raise _illegal(f"{len(graph.nets)} nets have {len(routes.trees)} trees")
    for first, end in _batches(routes):
        rows = _Rows(replace(graph, nets=graph.nets[first:end]), placement, routes.trees[first:end])
        rows.check_chips()
        rows.check_links()
    _check_cores(graph, placement, routes)


def _batches(routes: Routes) -> list[tuple[int, int]]:
    """First and end of runs of nets whose trees have about `_ROWS` rows together."""
    before = np.cumsum([0, *(len(tree.x) for tree in routes.trees)]) // _ROWS
    ends = [*(np.flatnonzero(np.diff(before[:-1])) + 1).tolist(), len(routes.trees)]
    return list(pairwise([0, *ends]))


class _Rows:
    """The rows of the trees of some nets one after the other."""

    def __init__(self, graph: Graph, placement: Placement, trees: tuple[Tree, ...]) -> None:
        self.graph, self.placement, self.machine = graph, placement, placement.machine
        for net, tree in enumerate(trees):
            if not 1 <= len(tree.x) == len(tree.y) == len(tree.arrival) == len(tree.route):
                raise _illegal(f"the arrays of the tree of {self._name(net)} are empty or differ in length")
        lengths = [len(tree.x) for tree in trees]
        self.net = np.repeat(np.arange(len(lengths)), lengths)
        self.first = np.diff(self.net, prepend=-1) != 0
        self.x = _joined(tree.x for tree in trees)
        self.y = _joined(tree.y for tree in trees)
        self.arrival = _joined(tree.arrival for tree in trees)
        self.route = _joined(tree.route for tree in trees)

    def check_chips(self) -> None:
        """Every chip exists and is in the tree once; the first is the source's and no other is a start."""
        machine, placement = self.machine, self.placement
        outside = (self.x < 0) | (self.x >= machine.width) | (self.y < 0) | (self.y >= machine.height)
        self._refuse(outside, "is outside the machine")
        self._refuse(machine.cores[self.x, self.y] == 0, "is absent")
        source = np.array([net.source for net in self.graph.nets], np.int64)[self.net]
        elsewhere = (self.x != placement.x[source]) | (self.y != placement.y[source])
        self._refuse(self.first & elsewhere, "is first and not the source's")
        self._refuse(self.first & (self.arrival != LOCAL), "is the source's and entered by a link")
        self._refuse(~self.first & ((self.arrival < 0) | (self.arrival > 5)), "is entered by no link")
        # Rows of one chip and net are neighbours in the sorted order.
        self.place = (self.net * machine.width + self.x) * machine.height + self.y
        self.order = np.argsort(self.place, kind="stable")
        again = np.zeros(len(self.place), np.bool_)
        again[self.order[1:]] = np.diff(self.place[self.order]) == 0
        self._refuse(again, "is in the tree twice")

    def check_links(self) -> None:
        """Each arrival is the other end of a link that the tree leaves by in an earlier row, and conversely."""
        entered = np.flatnonzero(~self.first)
        link = self.arrival[entered].astype(np.int64)
        parent = self._row(entered, link)
        missing = np.zeros(len(self.net), np.bool_)
        missing[entered] = (parent < 0) | (parent >= entered)
        self._refuse(missing, "is entered from a chip that is not above it in the tree")
        missing[entered] = (self.route[parent] >> ((link + 3) % 6) & 1) == 0
        self._refuse(missing, "is entered by a link that its parent does not leave by")
        for link_out in range(6):
            left = np.flatnonzero(self.route >> link_out & 1)
            absent = np.zeros(len(self.net), np.bool_)
            absent[left] = ~self.machine.links[self.x[left], self.y[left], link_out]
            self._refuse(absent, f"is left by link {link_out}, which is absent")
            child = self._row(left, np.full(len(left), link_out))
            absent[left] = (child < 0) | (self.arrival[child] != (link_out + 3) % 6) | self.first[child]
            self._refuse(absent, f"is left by link {link_out} for a chip that does not expect it")

    def _row(self, rows: NDArray[np.int64], link: NDArray[np.int64]) -> NDArray[np.int64]:
        """The row, in the same tree, of the chip at the end of `link`; -1 where the tree does not have it."""
        x = (self.x[rows] + _DX[link]) % self.machine.width
        y = (self.y[rows] + _DY[link]) % self.machine.height
        place = (self.net[rows] * self.machine.width + x) * self.machine.height + y
        at = np.minimum(np.searchsorted(self.place[self.order], place), len(self.place) - 1)
        row = self.order[at]
        return np.where(self.place[row] == place, row, -1)

    def _refuse(self, wrong: NDArray[np.bool_], what: str) -> None:
        if wrong.any():
            i = int(wrong.argmax())
            raise _illegal(f"chip ({self.x[i]}, {self.y[i]}) in the tree of {self._name(int(self.net[i]))} {what}")

    def _name(self, net: int) -> str:
        return repr(self.graph.vertices[self.graph.nets[net].source].name)


def _check_cores(graph: Graph, placement: Placement, routes: Routes) -> None:
    """The cores delivered to are exactly those of the sinks, and where packets end there are some."""
    height = placement.machine.height
    chip = placement.x.astype(np.int64) * height + placement.y
    core = (1 << (FIRST_CORE_BIT + placement.p.astype(np.int64))).astype(np.uint32)
    wanted = np.zeros(placement.machine.width * height, np.uint32)
    for net, tree in zip(graph.nets, routes.trees, strict=True):
        np.bitwise_or.at(wanted, chip[net.sinks], core[net.sinks])
        at = tree.x.astype(np.int64) * height + tree.y
        wrong = (tree.route & ~_LINK_BITS) ^ wanted[at]
        wanted[at] = 0
        name = graph.vertices[net.source].name
        if wrong.any():
            row = int(wrong.argmax())
            raise _wrong_core(name, int(tree.x[row]), int(tree.y[row]), int(wrong[row]), int(tree.route[row]))
        if (missed := wanted[chip[net.sinks]]).any():
            x, y = divmod(int(chip[net.sinks][missed.argmax()]), height)
            raise _illegal(f"the tree of {name!r} does not reach chip ({x}, {y}), where it has a sink")
        if len(net.sinks) and not tree.route.all():
            row = int(tree.route.argmin())
            raise _illegal(f"the tree of {name!r} ends at chip ({tree.x[row]}, {tree.y[row]}), where it has no sink")


def _wrong_core(name: str, x: int, y: int, wrong: int, route: int) -> IllegalProductError:
    bit = wrong.bit_length() - 1
    what = "delivers to" if route >> bit & 1 else "does not deliver to"
    why = "which is no sink" if route >> bit & 1 else "a sink"
    return _illegal(f"the tree of {name!r} {what} core {bit - FIRST_CORE_BIT} of chip ({x}, {y}), {why}")


def _joined(arrays: Iterable[NDArray[np.integer[Any]]]) -> NDArray[np.int64]:
    return np.concatenate([np.empty(0, np.int64), *arrays])


def _illegal(violation: str) -> IllegalProductError:
    return IllegalProductError("route", violation)
