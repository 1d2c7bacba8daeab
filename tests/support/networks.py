"""Small networks for the tests of the tool chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from toolchain.network import Network, Population, Projection, SpikeTimes, Values


def cells(label: str, size: int, cell: str = "IF_curr_exp", **rest: Any) -> Population:
    """A population of neurons."""
    return Population(label, size, cell, **{"parameters": {}, **rest})


def array_source(label: str, times: Sequence[Sequence[float]], **rest: Any) -> Population:
    """A source that spikes at given times (ms)."""
    offsets = np.cumsum([0, *map(len, times)], dtype=np.int64)
    flat = np.array([t for one in times for t in one], dtype=np.float64)
    return Population(label, len(times), "SpikeSourceArray", {}, spike_times=SpikeTimes(offsets, flat), **rest)


def poisson_source(label: str, size: int, rate: Values, **rest: Any) -> Population:
    """A Poisson source."""
    return Population(label, size, "SpikeSourcePoisson", {"rate": rate, "start": 0.0, "duration": 1e10}, **rest)


def connect(
    ends: tuple[int, int],
    pairs: Sequence[tuple[int, int]],
    weight: Values = 1.0,
    delay: Values = 1.0,
    receptor: str = "excitatory",
) -> Projection:
    """A projection of the given (pre, post) pairs."""
    pre, post = np.array(pairs, dtype=np.int32).reshape(-1, 2).T.copy()
    return Projection(f"{ends[0]}-{ends[1]}", *ends, receptor, pre, post, weight, delay)


@st.composite
def networks(draw: st.DrawFn, longest_delay: float = 144.0) -> Network:
    """Networks of up to three populations of neurons with up to four projections."""
    sizes = draw(st.lists(st.integers(1, 40), min_size=1, max_size=3))
    populations = tuple(cells(f"p{number}", size) for number, size in enumerate(sizes))
    made = draw(st.lists(_projections(sizes, longest_delay), max_size=4))
    return Network("random", 1.0, populations, tuple(made))


@st.composite
def _projections(draw: st.DrawFn, sizes: list[int], longest_delay: float) -> Projection:
    source, target = (draw(st.integers(0, len(sizes) - 1)) for _ in range(2))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(0, 80))
    receptor = draw(st.sampled_from(["excitatory", "inhibitory"]))
    weights: Values = random.uniform(0.0, 3.0, n) if draw(st.booleans()) else 1.5
    delays: Values = random.uniform(0.1, longest_delay, n) if draw(st.booleans()) else 3.0
    return Projection(
        label="made",
        source=source,
        target=target,
        receptor=receptor,
        pre=random.integers(0, sizes[source], n, dtype=np.int32),
        post=random.integers(0, sizes[target], n, dtype=np.int32),
        weight=weights if receptor == "excitatory" else -np.asarray(weights) if np.ndim(weights) else -1.5,
        delay=delays,
    )
