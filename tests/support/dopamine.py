"""Small networks with dopamine, and what their synapses come to learn."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from networks import array_source, cells
from numpy.typing import NDArray

from toolchain.network import Network, Projection

PAIR = {"tau_plus": 20.0, "tau_minus": 30.0, "A_plus": 1e-3, "A_minus": 1e-3, "w_min": 0.0, "w_max": 1.0}
RULES = ("SpikePairRule", "AdditiveWeightDependence")
GIVEN = {"tau_c": 500.0, "tau_d": 100.0, "w_min": 0.0, "w_max": 2.0}


class Learns(Protocol):
    """A simulation."""

    def __init__(self, network: Network) -> None: ...

    def run(self, steps: int) -> None: ...

    def weights(self, projection: int) -> NDArray[np.float64]: ...


def brought(source: int, weight: float = 0.05, receptor: str = "reward", delay: float = 1.0) -> Projection:
    """Dopamine for population 1."""
    ends = np.zeros(1, np.int32)
    return Projection("dopamine", source, 1, receptor, ends, ends, weight, delay, "Neuromodulation", (), GIVEN)


def stdp(fraction: float = 1.0, delay: float = 1.0) -> Projection:
    """A plastic synapse of the pair."""
    ends = np.zeros(1, np.int32)
    given = PAIR | {"dendritic_delay_fraction": fraction}
    return Projection("stdp", 0, 1, "excitatory", ends, ends, 1.0, delay, "STDPMechanism", RULES, given)


def pair(
    pre: list[float], post: list[float], doses: list[list[float]], *projections: Projection, timestep: float = 1.0
) -> Network:
    """Two cells that spike at given times (ms), with projections that bring dopamine."""
    target = cells("post", 1, "IF_curr_delta", parameters={"tau_refrac": 0.0})
    drive = array_source("drive", [[time - timestep for time in post]])
    ends = np.zeros(1, np.int32)
    forced = Projection("forced", 2, 1, "excitatory", ends, ends, 30.0, timestep)
    dopamine = tuple(array_source(f"dopamine {i}", [times]) for i, times in enumerate(doses))
    populations = (array_source("pre", [pre]), target, drive, *dopamine)
    return Network("pair", timestep, populations, (*projections, forced))


def gained(mark: float, since: float, dose: float, until: float) -> float:
    """What an eligibility, `since` ms old when the dose comes, has added to the weight `until` ms after that."""
    tau = 1.0 / (1.0 / 500.0 + 1.0 / 100.0)
    return float(mark * np.exp(-since / 500.0) * dose * tau * (1.0 - np.exp(-until / tau)))
