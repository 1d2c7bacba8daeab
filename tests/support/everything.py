"""A small network with every kind of synapse, source, current and recording, and its image."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
from networks import array_source, cells, connect, poisson_source
from rewired import ALWAYS, STDP, structural

from emulator.machine import torus
from emulator.waves import Wave
from toolchain.compile import Mapping, compile_network
from toolchain.network import Current, Network, Population, Projection, Recording, WaveCurrent
from toolchain.options import MappingOptions
from toolchain.settings import Rule

LEARNS = {"tau_plus": 20.0, "tau_minus": 30.0, "A_plus": 0.01, "A_minus": 0.01, "w_min": 0.0, "w_max": 3.0}


def _some(
    random: np.random.Generator, ends: tuple[int, int], sizes: tuple[int, int], longest: float, **rest: Any
) -> Projection:
    """About 0.3 of all pairs, with different weights, and delays of up to `longest` ms; `rest` replaces fields."""
    pairs = [(pre, post) for pre, post in np.argwhere(random.random(sizes) < 0.3).tolist()]
    weights, delays = 1.0 + random.random(len(pairs)), 1.0 + np.floor(longest * random.random(len(pairs)))
    return replace(connect(ends, pairs, weights, delays), **rest)


def _told(random: np.random.Generator) -> Population:
    """Cells with parameters and first values of their own, of which some are recorded and get currents."""
    index = np.arange(60, dtype=np.int32)
    wave = Wave(start=1.0, stop=50.0, interval=1.0, offset=0.1, amplitude=0.2, frequency=20.0)
    return cells(
        "a",
        60,
        parameters={"v_rest": -65.0 + random.random(60), "tau_m": 20.0},
        initial={"v": -65.0 + random.random(60)},
        currents=(Current(index[::2], np.array([3.0, 8.0]), np.array([0.5, 0.0])), WaveCurrent(index[::3], wave)),
        recordings=(Recording("spikes", index[::2]), Recording("v", index, 2)),
    )


@cache
def everything() -> Network:
    """Slices of cells `a` to `d`: told much, with synapse cores, learning and rewired; and three kinds of sources."""
    random = np.random.default_rng(1)
    spikes = [sorted(random.integers(0, 100, 5).astype(float)) for _ in range(30)]
    renewal = Population("g", 30, "SpikeSourceGamma", {"alpha": 2.0, "beta": 40.0 + random.random(30), "start": 5.0})
    poisson = poisson_source("s", 30, 10.0 + random.random(30))
    populations = (
        *(_told(random), cells("b", 40, "IF_cond_exp"), cells("c", 30), cells("d", 20, "GIF_cond_exp")),
        *(poisson, renewal, array_source("t", spikes)),
    )
    pairs = [(i % 30, (7 * i) % 20) for i in range(60)]
    plastic = {"synapse": "STDPMechanism", "rules": STDP}
    halfway = {**LEARNS, "dendritic_delay_fraction": 0.5}
    brings = {"synapse": "Neuromodulation", "receptor": "reward", "weight": 0.05}
    short = {"parameters": {"U": 0.5, "tau_rec": 100.0}, "synapse": "TsodyksMarkramSynapse"}
    chance = {"synapse": "SimpleStochasticSynapse", "parameters": {"p": 0.5}}
    made = (
        _some(random, (0, 0), (60, 60), 14.0, label="near"),
        _some(random, (0, 0), (60, 60), 14.0, label="inhibition", receptor="inhibitory", weight=-1.5),
        _some(random, (0, 1), (60, 40), 40.0, label="far"),
        _some(random, (4, 1), (30, 40), 3.0, label="drive"),
        _some(random, (0, 2), (60, 30), 30.0, label="dopamine learns", **plastic, parameters=LEARNS),
        _some(random, (5, 2), (30, 30), 1.0, label="dopamine", **brings),
        _some(random, (1, 0), (40, 60), 30.0, label="learns", **plastic, parameters=halfway),
        _some(random, (6, 0), (30, 60), 20.0, label="tires", **short),
        _some(random, (4, 0), (30, 60), 20.0, label="chance", **chance),
        replace(structural(4, 3, pairs, **ALWAYS), label="rewired"),
        replace(structural(5, 3, pairs, **ALWAYS), label="also rewired"),
    )
    return Network("everything", 1.0, populations, made, seed=5)


@cache
def mapping_of_everything() -> Mapping:
    """Ten cells a core; those of `b` have two synapse cores each."""
    rule = Rule("population", "b", "synapse_cores", 2)
    options = MappingOptions(neurons_per_core=10, sources_per_core=10, rules=(rule,))
    return compile_network(everything(), torus(4, 4), options)
