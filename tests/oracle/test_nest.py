"""The reference simulator against NEST, in the same network, sample by sample and spike by spike."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pyneuro.reference import ReferenceSimulation
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Population, Projection, Recording, SpikeTimes

if find_spec("nest") is None:  # not imported here: NEST would change the warnings and signals of all tests
    pytest.skip("NEST is not installed (extra 'oracle')", allow_module_level=True)

HERE = Path(__file__).parent
CURRENT = {"v_rest": -65.0, "cm": 0.25, "tau_m": 10.0, "tau_refrac": 2.0, "tau_syn_E": 0.5, "tau_syn_I": 3.0}
CURRENT |= {"i_offset": 0.3, "v_reset": -65.0, "v_thresh": -50.0}
CONDUCTANCE = CURRENT | {"tau_m": 20.0, "tau_syn_E": 5.0, "tau_syn_I": 10.0, "e_rev_E": 0.0, "e_rev_I": -80.0}


def run_script(name: str, path: Path, *arguments: str, given: bytes = b"") -> dict[str, NDArray[Any]]:
    """The arrays that a script of this folder writes to `path`, given `given` on standard input."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, str(HERE / name), str(path), *arguments]
    done = subprocess.run(command, input=given, env=environment, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    with np.load(path) as arrays:
        return dict(arrays)


def in_nest(network: Network, steps: int, path: Path) -> dict[str, NDArray[Any]]:
    """What NEST makes of `network`."""
    return run_script("nest_network.py", path, given=pickle.dumps((network, steps)))


def recurrent(cell: str, timestep: float, cells: int = 100, seed: int = 1) -> Network:
    """A random recurrent network with random weights and delays, driven by random spike trains."""
    rng = np.random.default_rng(seed)
    conductances = cell == "IF_cond_exp"
    base = CONDUCTANCE if conductances else CURRENT
    parameters: dict[str, Any] = base | {
        "tau_m": rng.uniform(8.0, 25.0, cells),
        "i_offset": rng.uniform(0.05, 0.25, cells),
    }
    every = np.arange(cells, dtype=np.int32)
    state = [variable.name for variable in CELL_MODELS[cell].state]
    recordings = tuple(Recording(variable, every) for variable in ("spikes", *state))
    times = [np.unique(rng.integers(1, round(200.0 / timestep), 40)) * timestep for _ in range(20)]
    offsets = np.cumsum([0, *map(len, times)])
    populations = (
        Population("cells", cells, cell, parameters, {"v": rng.uniform(-65.0, -50.0, cells)}, recordings=recordings),
        Population("input", 20, "SpikeSourceArray", {}, spike_times=SpikeTimes(offsets, np.concatenate(times))),
    )
    scale = 0.0005 if conductances else 0.2

    def projection(label: str, source: int, receptor: str, synapses: int, weight: float) -> Projection:
        size = populations[source].size
        sign = -1.0 if receptor == "inhibitory" and not conductances else 1.0
        return Projection(
            label,
            source,
            0,
            receptor,
            rng.integers(0, size, synapses).astype(np.int32),
            rng.integers(0, cells, synapses).astype(np.int32),
            sign * weight * rng.uniform(0.5, 1.5, synapses),
            timestep * rng.integers(1, 50, synapses),
        )

    projections = (
        projection("recurrent", 0, "excitatory", 800, scale),
        projection("inhibition", 0, "inhibitory", 400, 2.0 * scale),
        projection("drive", 1, "excitatory", 400, 2.0 * scale),
    )
    return Network("recurrent", timestep, populations, projections)


# NEST's iaf_cond_exp lets its own solver be off by 1e-3 mV a step; with steps of 1 ms it makes use of that.
@pytest.mark.parametrize(
    ("cell", "timestep", "tolerance"),
    [
        ("IF_curr_exp", 0.05, 1e-9),
        ("IF_curr_exp", 0.1, 1e-9),
        ("IF_curr_exp", 0.25, 1e-9),
        ("IF_curr_exp", 1.0, 1e-9),
        ("IF_cond_exp", 0.1, 1e-4),
        ("IF_cond_exp", 0.25, 1e-4),
        ("IF_cond_exp", 1.0, 2e-3),
    ],
)
def test_recurrent_network_equals_nest(cell: str, timestep: float, tolerance: float, tmp_path: Path) -> None:
    """Every state variable at every step, and every spike, of 100 cells over 200 ms."""
    steps = round(200.0 / timestep)
    network = recurrent(cell, timestep)
    expected = in_nest(network, steps, tmp_path / "nest.npz")
    simulation = ReferenceSimulation(network)
    simulation.run(steps)
    spikes = np.stack(simulation.spikes(0))
    assert spikes.shape[1] > 300
    np.testing.assert_array_equal(spikes, expected["spikes_0"])
    for variable in CELL_MODELS[cell].recordable[1:]:
        samples = simulation.signal(0, variable)
        assert samples.shape == (steps + 1, 100)
        worst = np.abs(samples[1:] - expected[f"{variable}_0"]).max()
        print(f"{cell} {timestep} ms: {variable} differs by {worst:.2g} at the most, {spikes.shape[1]} spikes agree")
        assert worst < (tolerance if variable == "v" else 1e-3 * tolerance)


def test_the_squid_axon_equals_nest(tmp_path: Path) -> None:
    """NEST's ``hh_psc_alpha`` with the squid's parameters: the same spikes, V within 0.05 mV between them."""
    currents = np.array([0.0, 6.0, 6.2, 8.0, 10.0, 20.0])
    every = np.arange(len(currents), dtype=np.int32)
    model = CELL_MODELS["HH_squid"]
    assert isinstance(model, CellModel)
    start = {variable.name: float(variable.initial) for variable in model.state}
    recordings = tuple(Recording(variable, every) for variable in ("spikes", "v", "m", "h", "n"))
    cells = Population("cells", len(currents), "HH_squid", {"i_offset": currents}, start, recordings=recordings)
    network = Network("squid", 0.1, (cells,), ())
    expected = in_nest(network, 5000, tmp_path / "nest.npz")
    simulation = ReferenceSimulation(network)
    simulation.run(5000)
    steps, spiking = simulation.spikes(0)
    np.testing.assert_array_equal(spiking, expected["spikes_0"][1])
    assert np.abs(steps - expected["spikes_0"][0]).max() <= 1
    assert np.bincount(spiking, minlength=6).tolist()[:2] == [0, 2]
    near = np.zeros((5000, len(currents)), np.bool_)
    for offset in range(-30, 31):
        near[np.clip(steps + offset, 0, 4999), spiking] = True
    for variable, tolerance in (("v", 0.05), ("m", 2e-3), ("h", 2e-3), ("n", 2e-3)):
        off = np.abs(simulation.signal(0, variable)[1:] - expected[f"{variable}_0"])[~near]
        print(f"HH_squid: {variable} differs by {off.max():.2g} at the most, {len(steps)} spikes agree")
        assert off.max() < tolerance


def test_a_pynn_script_does_the_same_on_pynn_nest(tmp_path: Path) -> None:
    """Currents, sampling interval, views, random parameters and connections, a change between two runs."""
    found = run_script("pynn_script.py", tmp_path / "here.npz", "pyneuro", "backend=reference")
    expected = run_script("pynn_script.py", tmp_path / "nest.npz", "pyNN.nest", "spike_precision=on_grid")
    assert expected["net counts"].sum() > 200
    # The sample that pyNN.nest gives for t = 0 is drawn anew where the initial value is a random distribution.
    np.testing.assert_allclose(found["net v"][1:], expected.pop("net v")[1:], rtol=0.0, atol=1e-9)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=0.0, atol=1e-9, err_msg=name)


@pytest.fixture(scope="module")
def currents(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]:
    """What ``pynn_currents.py`` finds on the reference, and on pyNN.nest."""
    path = tmp_path_factory.mktemp("currents")
    found = run_script("pynn_currents.py", path / "here.npz", "pyneuro", "backend=reference")
    return found, run_script("pynn_currents.py", path / "nest.npz", "pyNN.nest", "spike_precision=on_grid")


def test_sines_are_those_of_pynn_nest(currents: tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]) -> None:
    """Offset, phase at the start, window, several runs, recorded currents; voltages sample by sample."""
    found, expected = currents
    assert len(expected["spikes"]) > 5
    for name in ("v", "spikes", "current 0", "current 1", "current 2"):
        np.testing.assert_allclose(found[name], expected[name], rtol=0.0, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("name", ["gamma", "refractory"])
def test_random_sources_are_those_of_pynn_nest(
    name: str, currents: tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]]]
) -> None:
    """Rate 100 Hz, coefficient of variation 0.5: each within five standard errors, on both.

    The variance of a count of n intervals is n cv^2, that of the estimate of cv below cv^2 / n (1/2 + cv^2).
    """
    for arrays in currents:
        spikes, lengths = arrays[f"{name} counts"].sum(), arrays[f"{name} intervals"]
        expected = 300 * 0.5 * 100.0
        assert abs(spikes - expected) < 5 * 0.5 * np.sqrt(expected)
        assert lengths.std() / lengths.mean() == pytest.approx(0.5, abs=5 * 0.5 * np.sqrt(0.75 / expected))
