"""Mapping a graph onto a machine: placement, routes, keys and tables, each checked before a mapping is kept.

What is mapped is the machine graph alone, so a netlist file will do.  Where no machine is named the smallest
standard one is taken that the graph fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

import toolchain.graph
from emulator.machine import Machine, board_of, largest_part, named
from toolchain.constraints import FREE, Constraints, with_graph
from toolchain.errors import MappingError
from toolchain.graph import Graph
from toolchain.keys import Keys
from toolchain.keys.along import allocate
from toolchain.keys.check import check as keys_check
from toolchain.machines import Machines, machines_of
from toolchain.place import Placement
from toolchain.place.check import check as place_check
from toolchain.place.fits import too_many_cores
from toolchain.place.hilbert import place
from toolchain.route import Routes
from toolchain.route.check import check as route_check
from toolchain.route.ner import route
from toolchain.settings import UNSAID
from toolchain.stopwatch import Stopwatch
from toolchain.tables import Tables
from toolchain.tables.check import check as tables_check
from toolchain.tables.check import check_lengths
from toolchain.tables.generate import generate
from toolchain.tables.prefixes import minimise

Placer = Callable[[Graph, Machine, Constraints], Placement]
Allocator = Callable[[Graph, Placement, Routes], Keys]
Router = Callable[[Graph, Placement], Routes]
Minimiser = Callable[[Machine, Keys, Routes, Tables], Tables]
ConstraintsOf = Callable[[Machine], Constraints]


@dataclass(frozen=True)
class Algorithms:
    """The algorithm of each stage; one that takes options is given with them bound."""

    place: Placer = place
    keys: Allocator = allocate
    route: Router = route
    minimise: Minimiser = minimise


DEFAULTS = Algorithms()


@dataclass(frozen=True, eq=False)
class GraphMapping:
    """The products of all stages.

    Parameters
    ----------
    tables : Tables
        As generated: an entry for each net and chip of its tree.
    minimised : Tables
        What is loaded.
    seconds : mapping of str to float
        Wall-clock time of each stage, its checker not counted, of all checkers together ("check"), and of all else that
        was timed by the same watch: where a search tries several algorithms, of all of them.
    """

    graph: Graph
    placement: Placement
    keys: Keys
    routes: Routes
    tables: Tables
    minimised: Tables
    seconds: Mapping[str, float]

    @property
    def machine(self) -> Machine:
        """The machine, named or chosen."""
        return self.placement.machine

    @property
    def cores(self) -> int:
        """Cores used."""
        return len(self.graph.vertices)

    @property
    def chips(self) -> int:
        """Chips with a core in use."""
        return len(np.unique(self.placement.x.astype(np.int64) * self.machine.height + self.placement.y))

    @property
    def boards(self) -> int:
        """Boards with a core in use."""
        return len(np.unique(board_of(self.machine)[self.placement.x, self.placement.y]))

    @property
    def entries_generated(self) -> int:
        """Entries of all tables before minimisation."""
        return self.tables.entries

    @property
    def entries_minimised(self) -> int:
        """Entries of all tables that are loaded."""
        return self.minimised.entries

    @property
    def entries_max(self) -> int:
        """Entries of the longest table that is loaded."""
        return self.minimised.entries_max

    @property
    def hops(self) -> float:
        """Link traversals if every source neuron fires once; hops by default routing count too."""
        return sum((net.weight * tree.links for net, tree in zip(self.graph.nets, self.routes.trees, strict=True)), 0.0)

    @property
    def figures(self) -> dict[str, int | float]:
        """All figures by name."""
        names = ("cores", "chips", "boards", "entries_generated", "entries_minimised", "entries_max", "hops")
        return {name: getattr(self, name) for name in names}


def map_graph(
    graph: Graph,
    machine: Machine | str | None = None,
    algorithms: Algorithms = DEFAULTS,
    constraints: Constraints = FREE,
) -> GraphMapping:
    """Map `graph` onto `machine`, or the machine of that name, or the smallest that it fits.

    Raises
    ------
    MachineError
        If there is no machine of that name.
    MappingError
        If the graph does not fit, or cannot be routed.
    IllegalProductError
        If a stage made an illegal product.
    """
    stages = Stages(graph, only(machine), lambda _: constraints)
    placement = stages.place(algorithms.place)
    routes = stages.route(placement, algorithms.route)
    keys = stages.keys(placement, routes, algorithms.keys)
    tables = stages.generate(placement, routes, keys)
    mapping = stages.minimise(placement, routes, keys, tables, algorithms.minimise)
    stages.check(mapping)
    return mapping


class Stages:
    """The stages over one graph: each makes its product and notes the time.

    Placements and keys are checked when they are made.  To follow every packet takes longer than to route it, so routes
    and tables are checked where a mapping is kept.

    Parameters
    ----------
    machines : callable
        The machines to try, from small to large, that have so many cores.
    constraints : callable
        What a placement on a machine must keep to.
    watch : Stopwatch, optional
        Counts the time of each stage.

    Raises
    ------
    IllegalProductError
        If the graph is illegal.
    """

    def __init__(
        self,
        graph: Graph,
        machines: Machines,
        constraints: ConstraintsOf = lambda machine: FREE,
        watch: Stopwatch | None = None,
    ) -> None:
        toolchain.graph.check(graph)
        self.graph = graph
        self.machines = machines
        self.constraints: ConstraintsOf = cache(lambda machine: with_graph(constraints(machine), graph))
        self.watch = watch or Stopwatch()

    def place(self, algorithm: Placer) -> Placement:
        """Place the graph."""
        placement = self.watch.timed("place", place_on, self.graph, self.machines, algorithm, self.constraints)
        self.watch.timed("check", place_check, self.graph, placement, self.constraints(placement.machine))
        return placement

    def route(self, placement: Placement, algorithm: Router) -> Routes:
        """Find the tree of each net; they are checked by `check`."""
        return self.watch.timed("route", algorithm, self.graph, placement)

    def keys(self, placement: Placement, routes: Routes, algorithm: Allocator) -> Keys:
        """Hand out the keys."""
        keys = self.watch.timed("keys", algorithm, self.graph, placement, routes)
        self.watch.timed("check", keys_check, self.graph, keys)
        return keys

    def generate(self, placement: Placement, routes: Routes, keys: Keys) -> Tables:
        """Generate the tables."""
        return self.watch.timed("tables", generate, placement.machine, keys, routes)

    def minimise(
        self, placement: Placement, routes: Routes, keys: Keys, tables: Tables, algorithm: Minimiser
    ) -> GraphMapping:
        """Make the tables smaller; then all is done.  They are checked by `check`.

        Raises
        ------
        TablesError
            If a table is too long nevertheless.
        """
        minimised = self.watch.timed("minimise", algorithm, placement.machine, keys, routes, tables)
        check_lengths(minimised, placement.machine, cut=self.graph.cut)
        return GraphMapping(self.graph, placement, keys, routes, tables, minimised, self.watch.seconds)

    def check(self, mapping: GraphMapping) -> None:
        """Check the routes and tables of a mapping.

        Raises
        ------
        IllegalProductError
            At the first violation.
        """
        self.watch.timed("check", route_check, self.graph, mapping.placement, mapping.routes)
        products = mapping.placement, mapping.keys, mapping.minimised, mapping.routes
        self.watch.timed("check", tables_check, self.graph, *products)


def only(machine: Machine | str | None) -> Machines:
    """The machine, or the one of that name, and no other; for None the standard ones from small to large."""
    if machine is None:
        return machines_of(UNSAID)
    one = named(machine) if isinstance(machine, str) else machine
    return lambda cores: iter((one,))


def place_on(
    graph: Graph, machines: Machines, place: Placer, constraints: ConstraintsOf = lambda machine: FREE
) -> Placement:
    """Place `graph` on the first of `machines` that it fits.

    Raises
    ------
    MappingError
        If it fits none; the error is that of the last.
    """
    failure: MappingError = too_many_cores(graph)
    for machine in machines(len(graph.vertices)):
        try:
            return _place_on_part(graph, machine, place, constraints(machine))
        except MappingError as error:
            failure = error
    raise failure


def _place_on_part(graph: Graph, machine: Machine, place: Placer, constraints: Constraints) -> Placement:
    """Place `graph` on `machine`; chips that dead links cut off, from the largest part of them, are left out."""
    part = largest_part(machine)
    try:
        return place(graph, part, constraints)
    except MappingError as error:
        if part is machine:
            raise
        remark = f"{machine.chips - part.chips} of its {machine.chips} chips cannot be reached from the others"
        error.args = (f"{error} ({remark})",)
        raise
