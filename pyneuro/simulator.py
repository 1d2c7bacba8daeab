"""The state of the simulation that a script builds and runs: one a process, as PyNN has it.

The script's objects (populations, projections, current sources) register here.  At the first ``run()``
they are frozen into a `Network`, and a `Simulation` is made of it; what the script changes afterwards
marks the state stale, and the next ``run()`` hands the simulation a new Network.

The command line looks here, too: `overrides` is what it decides, `state` what came of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from math import isfinite
from typing import TYPE_CHECKING, Any

from pyNN import common
from pyNN.common.control import BaseState

from pyneuro.backend import Simulation
from pyneuro.errors import RunWarning, warn_user
from pyneuro.options import Options, Overrides
from toolchain.check_network import check_currents, check_network
from toolchain.delays import rounding_remarks
from toolchain.network import Network
from toolchain.times import rounded_times

if TYPE_CHECKING:
    from pyneuro.populations import Population
    from pyneuro.projections import Projection
    from pyneuro.results import Results
    from pyneuro.standardmodels.current_source import CurrentSource

name = "pyneuro"
overrides = Overrides()


class ID(int, common.IDMixin):
    """A cell: an integer that is unique in the network, and access to its parameters."""


@dataclass
class Clock:
    """Seconds that each phase took, of wall-clock and of processor time.

    Phases: ``build`` (from the first ``setup()`` to the frozen network), ``load`` (the simulator made of it,
    its mapping included), ``sim``.
    """

    wall: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    start: tuple[float, float] = field(default_factory=lambda: (time.perf_counter(), time.process_time()))

    def add(self, phase: str, since: tuple[float, float]) -> None:
        """Add to `phase` the time from `since` on."""
        self.wall[phase] = self.wall.get(phase, 0.0) + time.perf_counter() - since[0]
        self.cpu[phase] = self.cpu.get(phase, 0.0) + time.process_time() - since[1]

    @contextmanager
    def phase(self, phase: str) -> Iterator[None]:
        """Add the time that the body takes to `phase`."""
        since = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.add(phase, since)


class State(BaseState):
    """What PyNN asks of the state of a back end, and the network and its simulation.

    Attributes
    ----------
    options : Options
        Of the last ``setup()``.
    populations, projections, current_sources : list
        What the script has made, in order.
    network, simulation : optional
        The frozen network and its simulation, from the first ``run()`` on.
    step : int
        Timesteps done since the start or the last ``reset()``.
    steps_run : int
        Timesteps done in all, whatever was reset.
    told : set of str
        What has been warned of since ``setup()`` and need not be again.
    stale, currents_stale : bool
        Whether the script has changed something since the network was frozen; whether injected currents are others.
    clock : Clock
        Where the time went.
    """

    def __init__(self) -> None:
        super().__init__()
        self.options = Options()
        self.clear()

    def clear(self) -> None:
        """Forget everything that the script has built."""
        self.mpi_rank, self.num_processes = 0, 1
        self.recorders: set[Any] = set()
        self.write_on_end: list[tuple[Any, Any, str]] = []
        self.populations: list[Population] = []
        self.projections: list[Projection] = []
        self.current_sources: list[CurrentSource] = []
        self.id_counter = 0
        self.network: Network | None = None
        self.simulation: Simulation | None = None
        self.finished: Results | None = None
        self.clock = Clock()
        self.segment_counter = 0
        self.told: set[str] = set()
        self.steps_run = 0
        self._start()

    def _start(self) -> None:
        self.running = False
        self.t_start = 0
        self.step = 0
        self.stale = True
        self.currents_stale = False

    def reset(self) -> None:
        """Back to t = 0; the network stays, and a new segment of recorded data begins."""
        if self.simulation is not None:
            self.simulation.reset()
        for source in self.current_sources:
            source.restart()
        for projection in self.projections:
            projection.restart()
        stale = self.stale, self.currents_stale
        self._start()
        self.stale, self.currents_stale = stale
        self.segment_counter += 1

    @property
    def dt(self) -> float:
        """Timestep, ms."""
        return self.options.timestep

    @property
    def t(self) -> float:
        """Time since the start or the last reset, ms."""
        return self.step * self.dt

    @property
    def min_delay(self) -> float:
        """The least delay allowed, or with 'auto' the least in the network, ms."""
        if self.options.min_delay != "auto":
            return float(self.options.min_delay)
        return min((p.delay_range()[0] for p in self.projections if len(p)), default=self.dt)

    @property
    def max_delay(self) -> float:
        """The greatest delay allowed, or with 'auto' the greatest in the network, ms."""
        if self.options.max_delay != "auto":
            return float(self.options.max_delay)
        return max((p.delay_range()[1] for p in self.projections if len(p)), default=self.dt)

    @property
    def least_delay(self) -> float:
        """The delay of a connection for which none is given, ms."""
        return self.dt if self.options.min_delay == "auto" else float(self.options.min_delay)

    def run_until(self, tstop: float) -> None:
        """Run up to the timestep nearest to `tstop` (ms)."""
        if not isfinite(tstop):
            raise ValueError(f"a simulation runs for a finite time, got {tstop} ms")
        steps = round(tstop / self.dt) - self.step
        simulation = self._prepared(self.step + steps)
        self.running = True
        if steps > 0:
            progress = overrides.progress("simulate", steps) if overrides.progress else None
            with self.clock.phase("sim"):
                simulation.run(steps, progress)
            self.step += steps
            self.steps_run += steps

    def run(self, simtime: float) -> None:
        """Run for `simtime` (ms)."""
        self.run_until(self.t + simtime)

    def _prepared(self, stop: int) -> Simulation:
        """Return the simulation of the network as it is now, to run until step `stop`."""
        simulation = self.simulation
        for source in self.current_sources:
            source.extend(stop)
        if simulation is not None and not self.stale:
            if self.currents_stale:
                self._inject(simulation)
            return simulation
        from pyneuro.freeze import freeze

        before, network = self.network, freeze(self)
        check_network(network)
        if simulation is None or before is None or len(before.populations) != len(network.populations):
            self.simulation = simulation = self._built(network)
        else:
            with self.clock.phase("load"):
                simulation.update(network)
                if self.step == 0:
                    simulation.reset()
        self.network = network
        self.stale = self.currents_stale = False
        return simulation

    def _inject(self, simulation: Simulation) -> None:
        """Have the simulation go on with the currents as they are now, the network being the same."""
        from pyneuro.freeze import with_currents

        assert self.network is not None, "the simulation was made of it"
        network = with_currents(self.network, self)
        check_currents(network)
        with self.clock.phase("load"):
            simulation.inject(network)
        self.network = network
        self.currents_stale = False

    def _built(self, network: Network) -> Simulation:
        make = overrides.simulation or simulator(self.options.backend)
        if "build" not in self.clock.wall:
            self.clock.add("build", self.clock.start)
        with self.clock.phase("load"):
            return make(network, self.options)

    def finish(self) -> None:
        """Keep the results of what is about to be reset, if ``overrides.keep_results`` is set."""
        if overrides.keep_results and self.step > 0:
            self.finished = self.results()

    def results(self) -> Results:
        """Return what has been recorded since the last ``reset()``; after one with nothing since, what was before.

        With ``overrides.keep_results`` data that the script has cleared are included.
        """
        from pyneuro.recording import results

        return self.finished if self.finished is not None and self.step == 0 else results(self)


def _on_reference(network: Network, options: Options) -> Simulation:
    """Return the simulation of a network on the reference; tell what its timestep does to delays and times."""
    for remark in (*rounding_remarks(network), *rounded_times(network)):
        warn_user(str(remark), RunWarning)
    simulation: Simulation = import_module("pyneuro.reference").ReferenceSimulation(network)
    return simulation


def _on_emulator(network: Network, options: Options) -> Simulation:
    """Return the simulation of a network on the emulated machine; warn of requirements if nobody else judges them."""
    simulation = import_module("pyneuro.emulated").EmulatedSimulation(
        network,
        machine=options.machine,
        mapping=options.mapping,
        time_scale_factor=options.time_scale_factor,
        threads=options.threads,
    )
    if not (overrides.judges or simulation.outcome.passed):
        import_module("pyneuro.unmet").warn(simulation.outcome.verdicts)
    made: Simulation = simulation
    return made


def simulator(backend: str) -> Any:
    """Return the function that makes a simulation of a network, given the options, on `backend`."""
    if backend == "reference":
        return _on_reference
    return _on_emulator


state = State()
