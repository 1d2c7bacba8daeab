"""The reference simulator held to closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pyneuro.reference import ReferenceSimulation
from toolchain.network import Network, Population, Recording

LIF: dict[str, Any] = {"v_rest": -65.0, "cm": 1.0, "tau_m": 20.0, "tau_refrac": 2.0, "tau_syn_E": 5.0, "tau_syn_I": 5.0}
LIF |= {"i_offset": 0.0, "v_reset": -65.0, "v_thresh": -50.0}
TIMESTEPS = [1.0, 0.1, 0.05, 0.25]


def single(timestep: float, v: float, **parameters: float) -> Network:
    """One IF_curr_exp cell, v and spikes recorded."""
    first = np.zeros(1, np.int32)
    recordings = (Recording("v", first), Recording("spikes", first))
    cell = Population("cell", 1, "IF_curr_exp", LIF | parameters, {"v": v}, recordings=recordings)
    return Network("single", timestep, (cell,), ())


@pytest.mark.parametrize("timestep", TIMESTEPS)
def test_membrane_decays_exponentially(timestep: float) -> None:
    """V relaxes to v_rest with tau_m, whatever the timestep."""
    simulation = ReferenceSimulation(single(timestep, -55.0))
    simulation.run(round(50 / timestep))
    times = timestep * np.arange(round(50 / timestep) + 1)
    np.testing.assert_allclose(simulation.signal(0, "v")[:, 0], -65.0 + 10.0 * np.exp(-times / 20.0), atol=1e-11)
