"""How time and memory of mapping grow: small networks on a million cores, and the full cortical microcircuit.

    python benchmarks/mapping_scale.py

The largest machine is made, 1200 boards, and every placer and every router maps a small network onto it; the default
algorithms map the microcircuit at 64 neurons a core, about 6,600 cores; the packets of 960 cores are walked to all of
them, through tables of 960 entries on 64 chips.  A line each: CPU seconds, what they may take, and the memory that was
used on top of the program itself.  Each runs in a process of its own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

from graphs import populations
from images import all_to_all
from microcircuit import microcircuit

from emulator.fabric import trace
from emulator.machine import named
from pyneuro.cli.figures import peak_rss_mb
from toolchain.algorithms import PLACERS, ROUTERS
from toolchain.map_graph import Algorithms, map_graph
from toolchain.map_network import map_netlist


def main() -> None:
    """Print a line for each."""
    print(f"{'what':40} {'CPU s':>8} {'at most':>8} {'MB more':>8}")
    measure("1200 boards", 0.5, named, "1200 boards")
    for placer in PLACERS:
        measure(f"40 cores on 1200 boards, {placer}", 2.0, on_many_boards, 40, placer, "ner")
    for router in ROUTERS:
        measure(f"100 cores on 1200 boards, {router}", 10.0, on_many_boards, 100, "scatter", router)
    measure("the full microcircuit", 10.0, full_microcircuit)
    measure("960 cores heard by 960 cores", 2.0, walk)


def measure(what: str, limit: float, work: Callable[..., object], *arguments: object) -> None:
    """Do `work` in a new process, and print what it took."""
    with get_context("spawn").Pool(1) as pool:
        seconds, megabytes = pool.apply(spent, (work, arguments))
    late = "  too slow" if seconds > limit else ""
    print(f"{what:40} {seconds:8.2f} {limit:8.1f} {megabytes:8.1f}{late}", flush=True)


def spent(work: Callable[..., object], arguments: tuple[object, ...]) -> tuple[float, float]:
    """CPU seconds and megabytes that `work` takes."""
    before, start = peak_rss_mb(), time.process_time()
    work(*arguments)
    return time.process_time() - start, peak_rss_mb() - before


def on_many_boards(cores: int, placer: str, router: str) -> None:
    """Map so many cores onto the largest machine."""
    algorithms = Algorithms(place=PLACERS[placer], route=ROUTERS[router])
    map_graph(populations({"a": cores}), named("1200 boards"), algorithms)


def full_microcircuit() -> None:
    """Map the microcircuit by default."""
    map_netlist(microcircuit())


def walk() -> None:
    """Make the image of cores that all hear each other, and walk their packets."""
    trace(all_to_all())


if __name__ == "__main__":
    main()
