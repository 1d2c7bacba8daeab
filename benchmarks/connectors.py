"""How fast connections are made: 40 million of one connector, and those of Brunel's network of 10,000 cells.

    python benchmarks/connectors.py

A line each: connections, CPU seconds, and what they may take.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from pyNN.random import NumpyRNG

import pyneuro as sim


def main() -> None:
    """Print a line for each."""
    print(f"{'what':44} {'connections':>12} {'CPU s':>8} {'at most':>8}")
    measure("FixedProbabilityConnector(0.1), 20,000 cells", 5.0, one_large)
    measure("Brunel's network, 10,000 cells", 1.5, brunel)


def measure(what: str, limit: float, work: Callable[[], int]) -> None:
    """Do `work`, and print what it took."""
    sim.setup(timestep=0.1)
    start = time.process_time()
    made = work()
    seconds = time.process_time() - start
    late = "  too slow" if seconds > limit else ""
    print(f"{what:44} {made:12,} {seconds:8.2f} {limit:8.1f}{late}", flush=True)


def one_large() -> int:
    """All of one projection; how many they are."""
    pre, post = (sim.Population(20_000, sim.IF_curr_exp()) for _ in range(2))
    connector = sim.FixedProbabilityConnector(0.1, rng=NumpyRNG(1))
    return len(sim.Projection(pre, post, connector, sim.StaticSynapse(weight=0.1, delay=1.0)))


def brunel() -> int:
    """Those of two populations, 100 to each cell; how many they are."""
    exc, inh = sim.Population(8000, sim.IF_curr_exp()), sim.Population(2000, sim.IF_curr_exp())
    made = 0
    for source, n in ((exc, 80), (inh, 20)):
        connector = sim.FixedNumberPreConnector(n, rng=NumpyRNG(n))
        made += len(sim.Projection(source, exc + inh, connector, sim.StaticSynapse(weight=0.1, delay=1.0)))
    return made


if __name__ == "__main__":
    main()
