"""One script, run once on one simulator by the command line, and what came of it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulator.machine import named
from pyneuro import simulator
from pyneuro.backend import Simulation
from pyneuro.cli.figures import peak_rss_mb
from pyneuro.cli.script import run_script
from pyneuro.emulated import EmulatedSimulation
from pyneuro.errors import ScriptError, SetupError
from pyneuro.options import Options
from pyneuro.progress import progress
from pyneuro.report import Report
from pyneuro.report.build import Run, compiled_report, make_report
from pyneuro.results import Results, spike_hash
from toolchain.language import given
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network
from toolchain.options import mapping_options
from toolchain.requirements import Verdict


@dataclass(frozen=True, eq=False)
class Session:
    """A script that has run.

    Parameters
    ----------
    results : Results
        What was recorded since the last ``reset()`` of the script.
    bio_s : float
        Biological time of all its runs.
    seconds, cpu_s : dict of str to float, float
        Wall-clock time by phase, and CPU time of the simulation.
    """

    network: Network
    simulation: Simulation
    options: Options
    results: Results
    bio_s: float
    seconds: dict[str, float]
    cpu_s: float

    @property
    def run(self) -> Run:
        """What the report tells of it."""
        return Run(self.results, self.seconds, self.cpu_s)

    def report(self) -> Report:
        """Return the report of the network and its mapping, without the run itself."""
        label, emulated = self.network.label, self.emulated
        if emulated is None:
            return make_report(label, network=self.network)
        return compiled_report(label, self.network, emulated.mapping, emulated.statistics(), emulated.outcome)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The requirements on the mapping, judged; none on the reference."""
        return self.emulated.outcome.verdicts if self.emulated else ()

    @property
    def emulated(self) -> EmulatedSimulation | None:
        """The simulation, if it ran on the emulated machine."""
        return self.simulation if isinstance(self.simulation, EmulatedSimulation) else None


def choose(options: argparse.Namespace, backend: str | None) -> None:
    """Set what the command line decides over the script's head, and forget what ran before.

    Raises
    ------
    SetupError, MachineError, MappingError
        If it cannot be honoured, whatever the script is.
    """
    if options.out and options.out.exists() and not options.out.is_dir():
        raise SetupError(f"--out {options.out} is a file; name a folder, or one that can be made")
    if options.machine:
        named(options.machine)
    given(options.mapping)
    simulator.state.clear()
    overrides = simulator.overrides
    overrides.backend = backend
    overrides.machine = options.machine
    overrides.mapping = options.mapping
    overrides.threads = getattr(options, "threads", None)
    overrides.simulation = _stage(getattr(options, "stage", None), getattr(options, "variation", None))
    overrides.keep_results = overrides.judges = True
    overrides.progress = progress


def _stage(name: str | None, variation: int | None) -> Any:
    """Return what makes the simulation of a stage of the error budget; None for the two simulators themselves."""
    if name is None and variation is None:
        return None
    from pyneuro.budget.simulations import STAGES, Varied

    make = STAGES[name or "reference"]
    return lambda network, options: Varied(
        lambda changed: make(changed, mapping_options(given(options.mapping))), network, variation or 0
    )


def run_session(options: argparse.Namespace, backend: str | None) -> Session:
    """Run the script that the command line names.

    Raises
    ------
    ScriptError
        If it raises, or never runs a simulation.
    """
    choose(options, backend)
    run_script(options.script, options.arguments)
    state = simulator.state
    if state.network is None or state.simulation is None:
        raise ScriptError(f"{options.script} ran no simulation: it never called run()")
    wall = state.clock.wall
    simulation = state.simulation
    mapped = simulation if isinstance(simulation, EmulatedSimulation) else None
    return Session(
        network=state.network,
        simulation=simulation,
        options=state.options,
        results=state.results(),
        bio_s=state.steps_run * state.dt * 1e-3,
        seconds={
            "build": wall.get("build", 0.0),
            "map": mapped.map_s if mapped else 0.0,
            "load": mapped.load_s if mapped else wall.get("load", 0.0),
            "sim": wall.get("sim", 0.0),
        },
        cpu_s=state.clock.cpu.get("sim", 0.0),
    )


def figures(session: Session) -> dict[str, Any]:
    """Return the figures of a run, as ``run --json`` prints them; None where there is nothing to count."""
    results, seconds = session.results, session.seconds
    recorded_s = results.steps * results.timestep * 1e-3
    spikes = sum(len(population.spike_steps) for population in results.populations)
    cells = sum(len(population.spikes_recorded) for population in results.populations)
    return {
        "network": session.network.label,
        "backend": results.backend,
        "machine": session.emulated.mapping.machine.name if session.emulated else None,
        "neurons": sum(p.size for p in session.network.populations if isinstance(CELL_MODELS[p.cell], CellModel)),
        "synapses": session.network.synapses,
        "timestep_ms": session.network.timestep,
        "bio_s": session.bio_s,
        **{f"{phase}_s": seconds[phase] for phase in ("build", "map", "load", "sim")},
        "cpu_s": session.cpu_s,
        "rtf": seconds["sim"] / session.bio_s if session.bio_s else None,
        "spikes": spikes,
        "rate_hz": spikes / cells / recorded_s if cells and recorded_s else None,
        **_counts(session.emulated),
        "threads": session.options.threads if session.emulated else 1,
        "peak_rss_mb": peak_rss_mb(),
        "spike_hash": spike_hash(results),
    }


def _counts(emulated: EmulatedSimulation | None) -> dict[str, int | None]:
    """Return what the machine counted."""
    names: dict[str, Callable[[Any], int]] = {
        "synaptic_events": lambda s: s.synaptic_events,
        "saturations": lambda s: s.saturations,
        "packets": lambda s: s.packets_sent,
        "dropped": lambda s: s.packets_dropped,
        "overruns": lambda s: s.overruns,
    }
    if emulated is None:
        return dict.fromkeys(names)
    statistics = emulated.statistics()
    return {name: count(statistics) for name, count in names.items()}
