"""Running: time, callbacks, changes between runs, and what a simulator is asked for and when."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import pyneuro as sim
from pyneuro import simulator
from pyneuro.backend import Progress
from pyneuro.errors import RunWarning
from pyneuro.options import Options, Overrides
from toolchain.network import Network


class Fake:
    """A simulator that does nothing and notes what it was asked for."""

    def __init__(self, network: Network, options: Options) -> None:
        self.network, self.options = network, options
        self.step = 0
        self.asked: list[Any] = []

    def run(self, steps: int, progress: Progress | None = None) -> None:
        self.step += steps
        self.asked.append(("run", steps))
        if progress:
            progress(steps)

    def update(self, network: Network) -> None:
        self.network = network
        self.asked.append("update")

    def inject(self, network: Network) -> None:
        self.network = network
        self.asked.append("inject")

    def reset(self) -> None:
        self.step = 0
        self.asked.append("reset")

    def clear(self, population: int) -> None:
        self.asked.append(("clear", population))

    def spikes(self, population: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        return np.zeros(0, np.int64), np.zeros(0, np.int32)

    def signal(self, population: int, variable: str) -> NDArray[np.float64]:
        raise AssertionError("nothing is recorded")

    def state(self, population: int, variable: str) -> NDArray[np.float64]:
        raise AssertionError("nobody asks")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Fake]:
    """All simulators that are made in a test."""
    made: list[Fake] = []

    def make(network: Network, options: Options) -> Fake:
        made.append(Fake(network, options))
        return made[-1]

    monkeypatch.setattr(simulator, "overrides", Overrides(simulation=make))
    sim.setup(timestep=0.1, threads=2)
    return made


def test_time(made: list[Fake]) -> None:
    """run() and run_until() go on from where it stands; times are rounded to the timestep."""
    sim.Population(1, sim.IF_curr_exp())
    assert sim.get_current_time() == 0.0
    assert sim.run(1.0) == pytest.approx(1.0)
    sim.run_until(1.0)
    with pytest.warns(RunWarning, match=r"from 1 to 1.26 ms .* ends at 1.3 ms") as told:
        sim.run_for(0.26)
    assert told[0].filename == __file__
    assert sim.get_current_time() == pytest.approx(1.3)
    sim.run_until(12.7)
    with pytest.raises(ValueError, match="in the past"):
        sim.run_until(8.8)
    with pytest.raises(ValueError, match="in the past"):
        sim.run(-1.0)
    assert made[0].asked == [("run", 10), ("run", 3), ("run", 114)]
    assert made[0].options.threads == 2
    assert (sim.num_processes(), sim.rank(), sim.get_time_step()) == (1, 0, 0.1)


def test_times_off_the_grid(made: list[Fake]) -> None:
    """Time is what was run; it is said once, and callbacks do not make it stand still."""
    sim.setup(timestep=1.0)
    called: list[float] = []

    def impatient(t: float) -> float:
        called.append(t)
        return t + 0.3

    with pytest.warns(RunWarning, match=r"from 0 to 0.3 ms .* ends at 0 ms, the nearest multiple of .* 1 ms"):
        assert sim.run(0.3) == 0.0
    assert [sim.run(time) for time in (0.3, 0.6, 1.6, 0.3)] == [0.0, 1.0, 3.0, 3.0]
    sim.run(1.7, callbacks=[impatient])
    assert called == [3.0, 4.0, 5.0]
    assert sim.simulator.state.step == 5


@pytest.mark.parametrize("dt", [0.1, 1 / 3])
def test_times_on_the_grid_are_not_told(made: list[Fake], dt: float) -> None:
    """Sums of decimal fractions are never exact."""
    sim.setup(timestep=dt)
    for _ in range(1000):
        sim.run(7 * dt)
    sim.run_until(1e8)
    assert sim.get_current_time() == pytest.approx(1e8)


@pytest.mark.parametrize("time", [float("nan"), float("inf"), "long", 1e18])
def test_times_that_are_none(made: list[Fake], time: Any) -> None:
    """run() takes a number of milliseconds."""
    sim.Population(1, sim.IF_curr_exp())
    with pytest.raises((ValueError, TypeError)):
        sim.run(time)
    assert made == []


def test_callbacks(made: list[Fake]) -> None:
    """A callback is called with the time and says when it wants to be called next."""
    sim.Population(1, sim.IF_curr_exp())
    called: list[float] = []

    def every_two(t: float) -> float:
        called.append(round(t, 6))
        return t + 2.0

    sim.run(5.0, callbacks=[every_two])
    assert called == [0.0, 2.0, 4.0, 5.0]
    assert sim.get_current_time() == 5.0


def test_what_changes_reaches_the_simulator(made: list[Fake]) -> None:
    """One simulator; an update only when something changed; what did not change is the same object."""
    cells = sim.Population(3, sim.IF_curr_exp(), label="cells")
    first = sim.Projection(cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.1))
    second = sim.Projection(cells, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=0.2))
    sim.run(1.0)
    sim.run(1.0)
    before = made[0].network
    second.set(weight=0.3)
    cells[0].tau_m = 10.0
    sim.run(1.0)
    after = made[0].network
    assert made[0].asked == [("run", 10), ("run", 10), "update", ("run", 10)]
    assert after.projections[0] is before.projections[0]
    assert (before.projections[1].weight, after.projections[1].weight) == (0.2, 0.3)
    assert np.asarray(after.populations[0].parameters["tau_m"]).tolist() == [10.0, 20.0, 20.0]
    assert len(first) == 9


def test_reset(made: list[Fake]) -> None:
    """Back to the start with the same network; what was changed meanwhile takes effect from the start."""
    cells = sim.Population(3, sim.IF_curr_exp(), label="cells")
    sim.run(1.0)
    sim.reset()
    assert sim.get_current_time() == 0.0
    sim.run(1.0)
    sim.reset()
    cells.initialize(v=-60.0)
    sim.run(1.0)
    assert made[0].asked == [("run", 10), "reset", ("run", 10), "reset", "update", "reset", ("run", 10)]
    sim.reset()
    sim.Population(1, sim.IF_curr_exp(), label="more")
    sim.run(0.5)
    assert [fake.asked[-1] for fake in made] == ["reset", ("run", 5)]
    assert [population.label for population in made[1].network.populations] == ["cells", "more"]


def test_setup_begins_anew(made: list[Fake]) -> None:
    """A second setup() forgets the first network."""
    sim.Population(3, sim.IF_curr_exp())
    sim.run(1.0)
    sim.setup(timestep=1.0, seed=7)
    sim.Population(2, sim.IF_curr_exp())
    sim.run(1.0)
    assert [(fake.network.cells, fake.network.timestep, fake.network.seed) for fake in made] == [
        (3, 0.1, 0),
        (2, 1.0, 7),
    ]


def test_running_an_empty_network(made: list[Fake]) -> None:
    """Without cells there is still time."""
    sim.run(2.0)
    assert sim.get_current_time() == 2.0
    assert made[0].network.populations == ()


def test_the_clock_and_progress(made: list[Fake], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the time went, and a function that is told the progress."""
    told: list[tuple[str, int]] = []
    monkeypatch.setattr(
        simulator.overrides, "progress", lambda label, steps: lambda done: told.append((f"{label} {steps}", done))
    )
    sim.Population(1, sim.IF_curr_exp())
    sim.run(1.0)
    assert told == [("simulate 10", 10)]
    clock = simulator.state.clock
    assert list(clock.wall) == list(clock.cpu) == ["build", "load", "sim"]
    assert all(seconds >= 0 for seconds in clock.wall.values())


def test_simulators_are_found_by_name() -> None:
    """The reference is imported when it is needed."""
    sim.setup(timestep=1.0, backend="reference")
    cells = sim.Population(2, sim.IF_curr_exp(i_offset=1.0))
    cells.record("v")
    sim.run(3.0)
    assert type(simulator.state.simulation).__name__ == "ReferenceSimulation"
    assert cells.get_data().segments[0].analogsignals[0].shape == (4, 2)


def test_changing_weights_between_runs() -> None:
    """A weight that is changed acts from then on."""
    sim.setup(timestep=0.1, backend="reference")
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0, 25.0]))
    cell = sim.Population(1, sim.IF_curr_exp())
    projection = sim.Projection(source, cell, sim.OneToOneConnector(), sim.StaticSynapse(weight=1.0, delay=1.0))
    cell.record("v")
    sim.run(20.0)
    projection.set(weight=0.0)
    sim.run(20.0)
    v = cell.get_data().segments[0].analogsignals[0].magnitude[:, 0] + 65.0
    assert v[:60].max() == 0.0
    assert v[60:100].max() > 1.0
    assert np.all(np.diff(v[250:]) < 0)
