"""Current sources: schedules on the grid, where they go, and their trace."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from pyNN.random import NumpyRNG

import pyneuro as sim
from pyneuro import emulated
from pyneuro.errors import MappingWarning, RunWarning
from pyneuro.freeze import freeze


@pytest.fixture(autouse=True)
def _setup() -> None:
    sim.setup(timestep=0.1, backend="reference")


def traces(*sources: Any) -> Any:
    """Voltages, with each source injected into a cell of its own, 30 ms."""
    cells = sim.Population(len(sources), sim.IF_curr_exp(v_thresh=0.0))
    for cell, source in zip(cells, sources, strict=True):
        cell.inject(source)
    cells.record("v")
    sim.run(30.0)
    return cells.get_data().segments[0].analogsignals[0].magnitude


def test_a_current_shows_one_step_later() -> None:
    """V moves in the step that begins at the start, and is seen at its end, as in NEST."""
    v = traces(sim.DCSource(amplitude=1.0, start=10.0, stop=20.0))[:, 0]
    assert np.all(v[:101] == -65.0)
    assert v[101] > -65.0
    assert np.all(np.diff(v[100:201]) > 0)
    assert np.all(np.diff(v[200:]) < 0)


@pytest.mark.filterwarnings("ignore:StepCurrentSource.times")
def test_steps_equal_pulses() -> None:
    """A pulse can be said as steps; times are rounded to the grid, and of two on one point the last counts."""
    v = traces(
        sim.DCSource(amplitude=1.0, start=10.0, stop=20.0),
        sim.StepCurrentSource(times=[10.02, 19.96, 20.04], amplitudes=[1.0, 5.0, 0.0]),
        sim.DCSource(amplitude=1.0, start=20.0, stop=10.0),
        sim.StepCurrentSource(),
    )
    assert np.array_equal(v[:, 0], v[:, 1])
    assert np.all(v[:, 2:] == -65.0)


def test_injection_into_everything_that_has_cells() -> None:
    """Populations, views, assemblies, lists of cells; not into spike sources."""
    a, b = sim.Population(4, sim.IF_curr_exp()), sim.Population(2, sim.IF_curr_exp())
    source = sim.DCSource(amplitude=0.5)
    source.inject_into(a[[3, 0]] + b)
    source.inject_into([a[1], b[0]])
    b.inject(source)
    network = freeze(sim.simulator.state)
    assert [[c.indices.tolist() for c in p.currents] for p in network.populations] == [
        [[0, 3], [1]],
        [[0, 1], [0], [0, 1]],
    ]
    with pytest.raises(TypeError, match="cannot be injected into population 'sources': spike sources"):
        source.inject_into(sim.Population(1, sim.SpikeSourceArray(), label="sources"))


def test_changes_on_the_way() -> None:
    """A parameter that is changed between runs acts from then on; the trace shows both; a reset forgets."""
    source = sim.DCSource(amplitude=0.25, start=1.0)
    cell = sim.Population(1, sim.IF_curr_exp())
    source.inject_into(cell)
    source.record()
    sim.run(2.0)
    source.amplitude += 0.5
    assert float(source.amplitude.evaluate(simplify=True)) == 0.75
    sim.run(1.0)
    current = source.get_data()
    assert str(current.units.dimensionality) == "nA"
    assert current.magnitude[:, 0].tolist() == [0.0] * 10 + [0.25] * 10 + [0.75] * 11
    sim.reset()
    sim.run(2.0)
    assert source.get_data().magnitude[:, 0].tolist() == [0.0] * 10 + [0.75] * 11


@pytest.mark.filterwarnings("ignore:StepCurrentSource.times")
def test_parameters_can_be_got_and_set() -> None:
    """Steps come back as they are on the grid."""
    source = sim.StepCurrentSource(times=[0.41, 0.42, 0.86], amplitudes=[0.5, -0.5, 0.25])
    assert np.allclose(source.times.evaluate(), [0.4, 0.9])
    assert source.amplitudes.evaluate().tolist() == [-0.5, 0.25]
    source.set_parameters(times=[1.0], amplitudes=[2.0])
    assert (source.times[0], source.amplitudes[0]) == (1.0, 2.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sim.DCSource(start=-1.0), "DCSource.start must be at least 0 ms"),
        (
            lambda: sim.DCSource(amplitude=[0.1, 0.2]),
            "DCSource.amplitude must be one value, got 2: .* a source for each",
        ),
        (lambda: sim.DCSource(amplitude=float("nan")), "DCSource.amplitude must be finite, in nA"),
        (lambda: sim.StepCurrentSource(times=[1.0, -1.0], amplitudes=[1, 2]), "times must be ascending"),
        (lambda: sim.StepCurrentSource(times=[-1.0, 1.0], amplitudes=[1, 2]), "times must be at least 0 ms"),
        (lambda: sim.StepCurrentSource(times=[1.0, 1.0], amplitudes=[1, 2]), "times must be ascending"),
        (lambda: sim.StepCurrentSource(times=[1.0], amplitudes=[1, 2]), "as many times as amplitudes, got 1 and 2"),
        (lambda: sim.StepCurrentSource(times=[1.0], amplitudes=[float("inf")]), "amplitudes must be finite"),
    ],
)
def test_wrong_parameters(make: Callable[[], Any], message: str) -> None:
    """Named, with the limit and the value."""
    with pytest.raises(ValueError, match=message):
        make()
    assert sim.simulator.state.current_sources == []


def test_times_off_the_grid_are_told() -> None:
    """With figures, once a source; long times that are as near as numbers get are not."""
    with pytest.warns(RunWarning, match=r"StepCurrentSource.times: 2 of 3 times .* such as 5.31 ms, .* by 0.04 ms"):
        source = sim.StepCurrentSource(times=[1.0, 5.31, 10.66], amplitudes=[0.1, 0.2, 0.3])
    with pytest.warns(RunWarning, match=r"DCSource.start: 1 of 1 times .* timestep .0.1 ms., such as 0.05 ms"):
        sim.DCSource(start=0.05)
    source.set_parameters(amplitudes=[0.3, 0.2, 0.1])
    sim.ACSource(start=123456789.1, stop=1e12 + 0.3)


def test_a_wrong_change_changes_nothing() -> None:
    """A source stays as it was when it is set to what cannot be."""
    source = sim.DCSource(amplitude=1.0)
    with pytest.raises(ValueError, match=r"DCSource.stop must be at least 0 ms"):
        source.set_parameters(amplitude=2.0, stop=-1.0)
    assert float(source.amplitude.evaluate(simplify=True)) == 1.0


BACKENDS = ("reference", "emulator")


def run_with(backend: str, make: Callable[[], Any], **options: Any) -> tuple[Any, Any]:
    """Voltages and current of a source into some cells of a population that is on several cores; 40 + 60 ms."""
    sim.setup(timestep=0.5, backend=backend, mapping={"neurons_per_core": 3}, **options)
    cells = sim.Population(8, sim.IF_curr_exp(v_thresh=1000.0))
    source = make()
    source.inject_into(cells[[6, 1, 4]])
    source.record()
    cells.record("v")
    sim.run(40.0)
    sim.run(60.0)
    return cells.get_data().segments[0].analogsignals[0].magnitude, source.get_data().magnitude[:, 0]


SOURCES: dict[str, Callable[[], Any]] = {
    "sine": lambda: sim.ACSource(start=5.0, stop=80.0, amplitude=2.0, offset=0.5, frequency=40.0, phase=90.0),
    "noise": lambda: sim.NoisyCurrentSource(mean=0.5, stdev=2.0, start=10.0, stop=90.0, dt=1.5),
    "drawn noise": lambda: sim.NoisyCurrentSource(mean=0.5, stdev=2.0, start=10.0, dt=1.5, rng=NumpyRNG(seed=3)),
    "native noise": lambda: sim.NoisyCurrentSource(mean=0.5, stdev=2.0, rng=sim.NativeRNG(seed=8)),
}


@pytest.mark.parametrize("name", SOURCES)
def test_waves_flow_into_the_cells_alike_on_both_simulators(name: str) -> None:
    """V obeys C dV/dt = I - (V - E) C / tau with the recorded current, held over a step; the others stay at rest."""
    (exact, current), (found, same) = (run_with(backend, SOURCES[name]) for backend in BACKENDS)
    assert np.array_equal(current, same)
    decay = np.exp(-0.5 / 20.0)
    v = np.full(201, -65.0)
    for k in range(200):
        v[k + 1] = -65.0 + (v[k] + 65.0) * decay + current[k] * 20.0 * (1.0 - decay)
    for i in range(8):
        expected = v if i in (1, 4, 6) else np.full(201, -65.0)
        np.testing.assert_allclose(exact[:, i], expected, atol=1e-9)
        np.testing.assert_allclose(found[:, i], expected, atol=0.02)
    assert np.ptp(v) > 5.0


def test_a_sine_has_its_phase_at_its_start() -> None:
    current = run_with("reference", SOURCES["sine"])[1]
    time = np.arange(201) * 0.5
    on = (time >= 5.0) & (time < 80.0)
    expected = 0.5 + 2.0 * np.sin(2 * np.pi * 40e-3 * (time - 5.0) + np.pi / 2)
    np.testing.assert_allclose(current, np.where(on, expected, 0.0), atol=1e-12)


def test_noise_with_a_generator_has_its_numbers() -> None:
    """One after the other, each for `dt`, over both runs; the generator is not asked for more."""
    rng = NumpyRNG(seed=3)
    make = partial(sim.NoisyCurrentSource, mean=0.5, stdev=2.0, start=10.0, dt=1.5, rng=rng)
    current = run_with("emulator", make)[1]
    numbers = NumpyRNG(seed=3)
    drawn = numbers.next(61, "normal", {"mu": 0.5, "sigma": 2.0})
    np.testing.assert_allclose(current[20:], np.repeat(drawn, 3)[:181], rtol=1e-12)
    assert np.all(current[:20] == 0.0)
    assert rng.next() == numbers.next()


def test_noise_follows_the_seed() -> None:
    """Of setup() or of the native generator; sources differ; a reset replays."""
    make = SOURCES["noise"]
    first, again, other = (run_with("reference", make, seed=seed)[1] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    sim.reset()
    source = sim.simulator.state.current_sources[0]
    second = make()
    sim.run(100.0)
    assert np.array_equal(source.get_data().magnitude[:, 0], other)
    assert abs(np.corrcoef(second.get_data().magnitude[20:180, 0], other[20:180])[0, 1]) < 0.4
    native, same = (run_with("reference", SOURCES["native noise"], seed=seed)[1] for seed in (1, 2))
    assert np.array_equal(native, same)


def test_drawn_noise_is_replayed_after_a_reset() -> None:
    current = run_with("emulator", SOURCES["drawn noise"])[1]
    v = sim.simulator.state.populations[0].get_data().segments[0].analogsignals[0].magnitude
    sim.reset()
    sim.run(100.0)
    source, cells = sim.simulator.state.current_sources[0], sim.simulator.state.populations[0]
    assert np.array_equal(source.get_data().magnitude[:, 0], current)
    assert np.array_equal(cells.get_data().segments[1].analogsignals[0].magnitude, v)


def test_moments_of_noise() -> None:
    """With n independent values the mean is right within 4 stdev / sqrt(n), the deviation within 4 / sqrt(2 n)."""
    sim.setup(timestep=1.0, backend="reference")
    source = sim.NoisyCurrentSource(mean=-0.3, stdev=0.7)
    source.inject_into(sim.Population(1, sim.IF_curr_exp()))
    sim.run(20000.0)
    current = source.get_data().magnitude[:, 0]
    n = len(current)
    assert current.mean() == pytest.approx(-0.3, abs=4 * 0.7 / np.sqrt(n))
    assert current.std() == pytest.approx(0.7, rel=4 / np.sqrt(2 * n))
    assert len(np.unique(current)) == n


@pytest.mark.parametrize("backend", BACKENDS)
def test_parameters_of_waves_change_between_runs(backend: str) -> None:
    """From then on; the phase stays that at the start, the numbers of the noise go on."""
    sim.setup(timestep=0.5, backend=backend)
    cells = sim.Population(2, sim.IF_curr_exp())
    sine = sim.ACSource(start=1.0, amplitude=1.0, frequency=20.0)
    noise = sim.NoisyCurrentSource(stdev=0.1, stop=40.0)
    sine.inject_into(cells)
    noise.inject_into([cells[1]])
    sim.run(10.0)
    sine.frequency = 50.0
    noise.set_parameters(mean=3.0, stdev=0.2, stop=15.0)
    sim.run(10.0)
    time = np.arange(41) * 0.5
    frequency = np.where(time < 10.0, 0.02, 0.05)
    expected = np.where(time < 1.0, 0.0, np.sin(2 * np.pi * frequency * (time - 1.0)))
    np.testing.assert_allclose(sine.get_data().magnitude[:, 0], expected, atol=1e-12)
    current = noise.get_data().magnitude[:, 0]
    sim.reset()
    sim.run(15.0)
    unchanged = (noise.get_data().magnitude[:20, 0] - 3.0) / 0.2
    np.testing.assert_allclose(current[:20], 0.1 * unchanged, atol=1e-12)
    assert np.all(current[30:] == 0.0)
    assert current[20:30].min() > 2.0


def test_every_form_into_everything_that_has_cells() -> None:
    """Assemblies, views that are not contiguous, single cells; spike sources among them are refused as a whole."""
    sim.setup(timestep=1.0)
    a, b = sim.Population(4, sim.IF_curr_exp()), sim.Population(3, sim.IF_cond_exp())
    source = sim.ACSource()
    source.inject_into(a[[2, 0]] + b)
    a[1].inject(source)
    network = freeze(sim.simulator.state)
    assert [[c.indices.tolist() for c in p.currents] for p in network.populations] == [[[0, 2], [1]], [[0, 1, 2]]]
    with pytest.raises(TypeError, match="population 'in': spike sources"):
        source.inject_into(a + sim.Population(1, sim.SpikeSourceArray(), label="in"))
    assert len(source.targets) == 3


def test_currents_change_without_another_mapping(monkeypatch: pytest.MonkeyPatch) -> None:
    """New amplitudes, sources and targets between runs; the same voltages as on the reference."""
    found = []
    for backend in BACKENDS:
        sim.setup(timestep=1.0, backend=backend, mapping={"neurons_per_core": 2})
        cells = sim.Population(5, sim.IF_curr_exp(), label="cells")
        source = sim.DCSource(amplitude=0.5)
        source.inject_into(cells)
        cells.record("v")
        sim.run(5.0)
        monkeypatch.setattr(emulated, "compile_network", _never)
        source.amplitude = -0.25
        sim.run(5.0, callbacks=[partial(_wobble, source)])
        sim.ACSource(amplitude=1.0, frequency=100.0).inject_into(cells[1:4])
        source.inject_into(cells[4:])
        sim.run(10.0)
        sim.reset()
        sim.run(5.0)
        monkeypatch.undo()
        found.append([segment.analogsignals[0].magnitude for segment in cells.get_data().segments])
    for reference, emulator in zip(*found, strict=True):
        np.testing.assert_allclose(emulator, reference, atol=0.01)
    assert np.ptp(found[0][0][-1]) > 0.05


def _never(*arguments: Any, **options: Any) -> Any:
    raise AssertionError("the network is compiled again")


def _wobble(source: Any, t: float) -> float:
    source.set_parameters(amplitude=0.1 * t)
    return t + 1.0


def test_coarse_currents_are_told_once(recwarn: pytest.WarningsRecorder) -> None:
    """Before the run that has them first, mapped or exchanged."""
    sim.setup(timestep=1.0, backend="emulator")
    cells, others = sim.Population(2, sim.IF_curr_exp(), label="cells"), sim.Population(1, sim.IF_curr_exp(), label="o")
    source = sim.DCSource(amplitude=1.0)
    source.inject_into(cells)
    sim.run(1.0)
    source.amplitude = 4e-5
    with pytest.warns(MappingWarning, match=r"cells: an injected current of 4e-05 nA is wrong by 9.48e-06 nA"):
        sim.run(1.0)
    source.amplitude = 1e-5
    sim.run(1.0)
    assert len(recwarn) == 0
    source.inject_into(others)
    with pytest.warns(MappingWarning, match="o: an injected current of 1e-05 nA"):
        sim.run(1.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sim.ACSource(frequency=float("inf")), "ACSource.frequency must be finite, got inf"),
        (lambda: sim.ACSource(offset=float("nan")), "ACSource.offset must be finite, in nA, got nan"),
        (lambda: sim.ACSource(start=-1.0), "ACSource.start must be at least 0 ms"),
        (lambda: sim.NoisyCurrentSource(stdev=-1.0), "NoisyCurrentSource.stdev must be at least 0 nA, got -1"),
        (
            lambda: sim.NoisyCurrentSource(dt=0.25),
            "NoisyCurrentSource.dt must be a multiple of the timestep, 0.1 ms, got",
        ),
        (lambda: sim.NoisyCurrentSource(dt=0.0), "NoisyCurrentSource.dt must be a multiple of the timestep"),
    ],
)
def test_wrong_waves(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
    assert sim.simulator.state.current_sources == []


def test_noise_changes_every_timestep_unless_told_otherwise() -> None:
    sim.setup(timestep=0.5)
    assert float(sim.NoisyCurrentSource().dt.evaluate(simplify=True)) == 0.5
