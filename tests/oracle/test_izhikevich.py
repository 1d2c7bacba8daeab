"""Izhikevich's cell against NEST: the difference is NEST's error, and goes away with its step.

NEST takes one Euler step a timestep and resets on the grid, so that half the step halves its distance to the exact
solution.  That is what it does to its distance to the reference, whose own spikes stay where they are.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from processes import arrays_of

if find_spec("nest") is None:
    pytest.skip("NEST is not installed (extra 'oracle')", allow_module_level=True)

SCRIPT = Path(__file__).with_name("izhikevich_script.py")
TIMESTEPS = ("0.1", "0.05", "0.025")
SPIKES = 8
REGULAR = ("2", "3", "4", "5")
"""Cells whose spikes NEST counts alike at all timesteps: bursts of the others gain or lose one."""

Trains = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def trains(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Trains]]:
    """Spike times (ms) by back end, timestep and cell."""
    path = tmp_path_factory.mktemp("izhikevich") / "out.npz"
    options = {"pyNN.nest": "spike_precision=on_grid", "pyneuro": "backend=reference"}
    return {
        name: {step: arrays_of(SCRIPT, path, name, step, option) for step in TIMESTEPS}
        for name, option in options.items()
    }


def furthest(found: Trains, expected: Trains, cell: str) -> float:
    """Largest distance (ms) of the first spikes of a cell."""
    return float(np.abs(found[cell][:SPIKES] - expected[cell][:SPIKES]).max())


def test_nest_comes_closer_by_half_with_half_the_step(trains: dict[str, dict[str, Trains]]) -> None:
    exact, nest = trains["pyneuro"][TIMESTEPS[-1]], trains["pyNN.nest"]
    errors = np.array([[furthest(nest[step], exact, cell) for cell in REGULAR] for step in TIMESTEPS])
    print(f"NEST is off by (ms; rows {', '.join(TIMESTEPS)} ms)\n{errors.round(2)}")
    assert errors[0].min() > 1.0
    ratios = errors[:-1] / errors[1:]
    assert np.all((ratios > 1.6) & (ratios < 2.4))


def test_the_reference_is_right_at_any_step(trains: dict[str, dict[str, Trains]]) -> None:
    """Spikes move by less than the step that they are rounded up to, and none is won or lost."""
    ours = trains["pyneuro"]
    exact = ours[TIMESTEPS[-1]]
    for step in TIMESTEPS[:-1]:
        assert [len(train) for train in ours[step].values()] == [len(train) for train in exact.values()]
        assert max(furthest(ours[step], exact, cell) for cell in exact) < float(step)
