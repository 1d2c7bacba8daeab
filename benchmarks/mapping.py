"""What the mapping algorithms make of netlists and of graphs of several kinds: hops, entries, chips, seconds.

    python benchmarks/mapping.py                                     # Hilbert and NER, compact and trunk, on all graphs
    python benchmarks/mapping.py --graphs grid chain --place compact hilbert --route trunk ner
    python benchmarks/mapping.py --netlists a.json b.json --keys along_trees --minimise ordered_covering
    python benchmarks/mapping.py --search                            # the default search and its yardstick
    python benchmarks/mapping.py --write DIRECTORY                   # the graphs as netlists, for other tools

Placers and routers are paired as listed, the first with the first; of keys and minimisers there is one each.
Vertices have 256 neurons.  A graph whose name ends in ``-shuffled`` has its vertices in random order.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine, named, smallest
from toolchain.algorithms import ALLOCATORS, MINIMISERS, PLACERS, ROUTERS, bind
from toolchain.graph import Graph, Net, Vertex
from toolchain.map_graph import Algorithms, GraphMapping, map_graph
from toolchain.map_network import map_netlist
from toolchain.netlist import Netlist, read, write
from toolchain.search import YARDSTICK
from toolchain.settings import DEFAULT, UNSAID

NEURONS = 256
SHARED = Path(__file__).parents[2] / "shared" / "netlists"


def main() -> None:
    """Map every graph with every choice of algorithms; a line each."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--graphs", nargs="*", default=list(GRAPHS), choices=list(GRAPHS))
    options.add_argument("--netlists", nargs="*", type=Path, default=sorted(SHARED.glob("*.json")))
    options.add_argument("--place", nargs="+", default=["hilbert", "compact"], choices=list(PLACERS))
    options.add_argument("--route", nargs="+", default=["ner", "trunk"], choices=list(ROUTERS))
    options.add_argument("--keys", default="dense", choices=list(ALLOCATORS))
    options.add_argument("--minimise", default="default_routes", choices=list(MINIMISERS))
    options.add_argument("--search", action="store_true")
    options.add_argument("--write", type=Path, metavar="DIRECTORY")
    chosen = options.parse_args()

    graphs = {path.stem: read(path).graph for path in chosen.netlists}
    graphs.update((name, GRAPHS[name]()) for name in chosen.graphs)
    if chosen.write:
        for name, graph in graphs.items():
            write(Netlist(graph), chosen.write / f"{name}.json")
        return
    print(
        f"{'graph':28} {'cores':>5} {'place':>10} {'route':>10} {'hops':>12} {'entries':>8} {'max':>5} {'chips':>5}  s"
    )
    for name, graph in graphs.items():
        if chosen.search:
            report_search(name, graph)
            continue
        for place, route in zip(chosen.place, chosen.route, strict=True):
            algorithms = Algorithms(
                PLACERS[place], ALLOCATORS[chosen.keys], ROUTERS[route], MINIMISERS[chosen.minimise]
            )
            report(name, graph, place, route, algorithms)


def report(name: str, graph: Graph, place: str, route: str, algorithms: Algorithms) -> None:
    """Map `graph`, and print what came of it."""
    start = time.perf_counter()
    print_line(name, place, route, map_graph(graph, machine_for(graph), algorithms), start)


def report_search(name: str, graph: Graph) -> None:
    """Map `graph` by default, all its keys free, and print what came of it and of the yardstick."""
    free = replace(graph, nets=tuple(replace(net, key=None, mask=None) for net in graph.nets))
    yardstick = Algorithms(**{stage: bind(stage, algorithm) for stage, algorithm in YARDSTICK.items()})
    report(name, free, "yardstick", "", yardstick)
    start = time.perf_counter()
    outcome = map_netlist(free, UNSAID.on_machine(machine_for(free), DEFAULT))
    place, route = (outcome.algorithms[stage].name for stage in ("place", "route"))
    print_line(name, place, route, outcome.mapping, start)


def machine_for(graph: Graph) -> Machine:
    """One board, or as many as `graph` needs."""
    board = named("spin5")
    return board if len(graph.vertices) <= board.application_cores else next(smallest(len(graph.vertices)))


def print_line(name: str, place: str, route: str, mapped: GraphMapping, start: float) -> None:
    """A line of the table."""
    print(
        f"{name:28} {mapped.cores:5} {place:>10} {route:>10} {mapped.hops:12,.0f} {mapped.entries_minimised:8,} "
        f"{mapped.entries_max:5} {mapped.chips:5}  {time.perf_counter() - start:.2f}",
        flush=True,
    )


# --- graphs --------------------------------------------------------------------------------------------------


def connected(name: str, sinks: Iterable[Iterable[int]], seed: int = 0) -> Graph:
    """The graph in which vertex i sends to sinks[i]; in random order if `seed` is not 0."""
    lists = [sorted(set(ends)) for ends in sinks]
    order = np.arange(len(lists))
    if seed:
        order = np.random.default_rng(seed).permutation(len(lists))
    vertices = tuple(Vertex(f"v{i}", NEURONS) for i in range(len(lists)))
    nets = [
        Net(int(order[i]), np.sort(order[ends]).astype(np.int32), NEURONS, float(NEURONS))
        for i, ends in enumerate(lists)
        if ends
    ]
    return Graph(name, vertices, tuple(sorted(nets, key=lambda net: net.source)))


def blocks(populations: list[list[int]], slices: int) -> list[list[int]]:
    """Sinks of the slices of populations that send to whole populations."""
    return [[end * slices + i for end in ends for i in range(slices)] for ends in populations for _ in range(slices)]


def grid(side: int = 11, slices: int = 4) -> list[list[int]]:
    """Populations on a square grid, each to itself and to its four neighbours."""
    sites = [(x, y) for x in range(side) for y in range(side)]
    steps = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
    near = [[(x + dx, y + dy) for dx, dy in steps] for x, y in sites]
    return blocks([[sites.index(site) for site in ends if site in sites] for ends in near], slices)


def strip(width: int = 7, length: int = 100) -> list[list[int]]:
    """A long, narrow grid, each vertex to its eight neighbours."""
    sites = [(x, y) for x in range(width) for y in range(length)]
    steps = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy]
    near = [[(x + dx, y + dy) for dx, dy in steps] for x, y in sites]
    return [[length * x + y for x, y in ends if 0 <= x < width and 0 <= y < length] for ends in near]


def mesh(width: int = 22, height: int = 23) -> list[list[int]]:
    """A grid, each vertex to its four neighbours and not to itself."""
    sites = [(x, y) for x in range(width) for y in range(height)]
    near = [[(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)] for x, y in sites]
    return [[height * x + y for x, y in ends if 0 <= x < width and 0 <= y < height] for ends in near]


def grid_with_sources(side: int = 10) -> list[list[int]]:
    """A grid of populations of three slices, each with two sources of its own."""
    populations = grid(side, 1)
    sinks = []
    for here, near in enumerate(populations):
        sinks += [[5 * site + i for site in near for i in range(3)]] * 3
        sinks += [[5 * here + i for i in range(3)]] * 2
    return sinks


def line(vertices: int = 700) -> list[list[int]]:
    """Each vertex to the next."""
    return [[i + 1] for i in range(vertices - 1)] + [[]]


def chain(length: int = 60) -> list[list[int]]:
    """A synfire chain: from eight of the ten slices of a link to the next, and from the other two back to the eight."""
    sinks = []
    for link in range(length):
        here, after = range(10 * link, 10 * link + 10), range(10 * link + 10, 10 * link + 20)
        onwards = [*after] if link + 1 < length else []
        sinks += [onwards] * 8 + [list(here)[:8]] * 2
    return sinks


def random_sparse(vertices: int = 600, degree: int = 6) -> list[list[int]]:
    """Each vertex to a few others anywhere."""
    generator = np.random.default_rng(3)
    return [generator.choice(vertices, degree, replace=False).tolist() for _ in range(vertices)]


def sheet(vertices: int = 600, reach: float = 0.07) -> list[list[int]]:
    """Vertices at random in a square, numbered from left to right in strips, each to all within reach."""
    place = np.random.default_rng(4).random((vertices, 2))
    place = place[np.lexsort((place[:, 0], np.floor(place[:, 1] * 12)))]
    return [np.flatnonzero(np.hypot(*(place - here).T) < reach).tolist() for here in place]


def modules(number: int = 36, size: int = 16) -> list[list[int]]:
    """Modules with all connections inside, and one slice in four to a few slices of another module of its group."""
    generator = np.random.default_rng(5)
    sinks = []
    for i in range(number * size):
        inside = list(range(i // size * size, i // size * size + size))
        other = (i // size // 6 * 6 + int(generator.integers(6))) * size
        sinks.append(inside + ([other + j for j in range(4)] if i % 4 == 0 else []))
    return sinks


def ring(vertices: int = 640, reach: int = 4) -> list[list[int]]:
    """A small world: each vertex to its next ones on a ring, and to one anywhere."""
    generator = np.random.default_rng(6)
    return [
        [(i + d) % vertices for d in range(-reach, reach + 1)] + [int(generator.integers(vertices))]
        for i in range(vertices)
    ]


def feedforward(layers: int = 6, size: int = 80) -> list[list[int]]:
    """Layers, every slice to all slices of the next layer."""
    return [
        list(range((i // size + 1) * size, (i // size + 2) * size)) if i // size + 1 < layers else []
        for i in range(layers * size)
    ]


def columns(dense: int = 300, sources: int = 150, reach: int = 3, number: int = 1) -> list[list[int]]:
    """Cores that all send to each other, and sources that each send to a few consecutive ones; so many such columns."""
    sinks = []
    for first in range(0, number * (dense + sources), dense + sources):
        everything = list(range(first, first + dense))
        sinks += [everything] * dense
        starts: NDArray[np.int64] = np.linspace(0, dense - reach, sources).astype(np.int64)
        sinks += [everything[s : s + reach] for s in starts.tolist()]
    return sinks


GRAPHS: dict[str, Callable[[], Graph]] = {
    "grid": lambda: connected("grid", grid()),
    "grid-shuffled": lambda: connected("grid-shuffled", grid(), 1),
    "grid-of-slices": lambda: connected("grid-of-slices", grid(24, 1)),
    "grid-with-sources": lambda: connected("grid-with-sources", grid_with_sources()),
    "strip": lambda: connected("strip", strip()),
    "mesh": lambda: connected("mesh", mesh()),
    "mesh-shuffled": lambda: connected("mesh-shuffled", mesh(), 4),
    "line": lambda: connected("line", line()),
    "chain": lambda: connected("chain", chain()),
    "random": lambda: connected("random", random_sparse()),
    "sheet": lambda: connected("sheet", sheet()),
    "modules": lambda: connected("modules", modules()),
    "modules-shuffled": lambda: connected("modules-shuffled", modules(), 2),
    "ring": lambda: connected("ring", ring()),
    "feedforward": lambda: connected("feedforward", feedforward()),
    "columns-shuffled": lambda: connected("columns-shuffled", columns(), 3),
    "three-columns": lambda: connected("three-columns", columns(120, 60, 3, 3)),
    "large-columns": lambda: connected("large-columns", columns(3300, 3300, 1)),
}


if __name__ == "__main__":
    main()
