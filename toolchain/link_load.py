"""Link load: what each directed link of the machine has to carry.

A multicast packet crosses every link of its tree once.  So a link carries the packets of all nets whose trees go
over it: counted once a neuron (`link_traffic`, whose sum is the hops), or a second at the expected rates
(`link_rates`), which is to be held against what a link can take, about 6 million packets a second.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emulator.machine import LINK_NAMES, Machine
from toolchain.diagnostics import Diagnostic
from toolchain.graph import Graph
from toolchain.route import Routes

_ROWS = 1 << 18
"""Rows of trees that are counted at once, so that memory does not grow with their number."""


def link_traffic(graph: Graph, routes: Routes, machine: Machine) -> NDArray[np.float64]:
    """Packets over each link if every source neuron fires once: float64[width, height, 6]."""
    return _carried(np.array([net.weight for net in graph.nets], np.float64), routes, machine)


def link_rates(graph: Graph, routes: Routes, machine: Machine, time_scale_factor: float = 1.0) -> NDArray[np.float64]:
    """Packets over each link in a second of wall-clock time, at the expected rates: float64[width, height, 6]."""
    rates = np.array([net.rate for net in graph.nets], np.float64) / time_scale_factor
    return _carried(rates, routes, machine)


def link_load(graph: Graph, routes: Routes, machine: Machine, time_scale_factor: float = 1.0) -> float:
    """The share of its capacity that the busiest link carries; 0 if no rate is known."""
    return float(link_rates(graph, routes, machine, time_scale_factor).max(initial=0.0) / machine.link_capacity)


def overloaded_links(
    graph: Graph, routes: Routes, machine: Machine, time_scale_factor: float = 1.0
) -> tuple[Diagnostic, ...]:
    """A remark if links are expected to have more to carry than they can."""
    load = link_rates(graph, routes, machine, time_scale_factor) / machine.link_capacity
    over = int(np.count_nonzero(load > 1.0))
    if not over:
        return ()
    x, y, link = np.unravel_index(int(load.argmax()), load.shape)
    others = f", and {over - 1:,} more have too much" if over > 1 else ""
    text = (
        f"at the expected rates it has {100 * load[x, y, link]:.0f} % of the {machine.link_capacity:,.0f} packets a "
        f"second to carry that a link can{others}: expect lost or late spikes; say 'route using congestion', use a "
        "larger machine, or a larger time_scale_factor"
    )
    return (Diagnostic("route", f"link {LINK_NAMES[link]} of chip ({x}, {y})", text),)


def _carried(packets: NDArray[np.float64], routes: Routes, machine: Machine) -> NDArray[np.float64]:
    """The sum, over the trees that leave a chip by a link, of their `packets`."""
    carried = np.zeros((6, machine.width * machine.height))
    lengths = np.array([len(tree.x) for tree in routes.trees], np.int64)
    batch = np.cumsum(lengths) // _ROWS
    for trees in np.split(np.arange(len(lengths)), np.flatnonzero(np.diff(batch)) + 1):
        if not len(trees):
            continue
        x, y = (np.concatenate([getattr(routes.trees[i], axis) for i in trees]) for axis in "xy")
        chip = x * np.int64(machine.height) + y
        route = np.concatenate([routes.trees[i].route for i in trees])
        each = np.repeat(packets[trees], lengths[trees])
        for link in range(6):
            left = (route >> np.uint32(link) & np.uint32(1)).astype(np.bool_)
            carried[link] += np.bincount(chip[left], each[left], minlength=carried.shape[1])
    return carried.T.reshape(machine.width, machine.height, 6)
