"""The error budget on the command line: which stages are run for it, each in a process of its own."""

from __future__ import annotations

import argparse
from pathlib import Path

from pyneuro.budget import Account, StageRun, account
from pyneuro.budget.networks import parts_for_delays
from pyneuro.cli.beside import Job, run_all
from pyneuro.cli.session import Session
from pyneuro.errors import RunWarning, warn_user
from pyneuro.results import PopulationResult, Results
from toolchain.network import Network

CAUSES = {
    "reference": "delay rounding",
    "weights": "16-bit weights",
    "algorithm": "core's algorithm",
    "arithmetic": "fixed point",
    "emulator": "saturation, loss",
}
"""What each stage adds to the one before."""
CORE_SYNAPSES = "synapses, loss"
"""What the emulator adds where synapses change: the core's arithmetic of synapses, too."""


def make_account(options: argparse.Namespace, session: Session, reference: Results, scratch: Path) -> Account | None:
    """Run what the budget of a comparison needs, besides the two runs that there are.

    Parameters
    ----------
    session : Session
        The run of the emulator.
    reference : Results
        The run of the reference.

    Returns
    -------
    Account or None
        None, with a warning, if no cells were recorded by which runs could be told apart.
    """
    if not any(_tells(population) for population in reference.populations):
        warn_user("there is no error budget: record the spikes or v of some cells", RunWarning)
        return None
    stages = _stages(session)
    jobs = [Job(f"stage '{name}' of the error budget", _words(options, "--stage", name)) for name in stages]
    jobs += [
        Job(f"the reference with seed {k}", _words(options, "--variation", str(k))) for k in range(1, options.seeds + 1)
    ]
    runs = [run.results for run in run_all(options, jobs, scratch)]
    found = dict(zip(stages, runs, strict=False)) | {"reference": reference, "emulator": session.results}
    found.setdefault("arithmetic", session.results)
    first = StageRun("exact delays", "", found.get("exact delays", reference))
    causes = {**CAUSES, "emulator": CORE_SYNAPSES} if has_dynamics(session.network) else CAUSES
    rest = [StageRun(name, cause, found[name]) for name, cause in causes.items()]
    return account([first, *rest], reference, runs[len(stages) :])


def _tells(population: PopulationResult) -> bool:
    return not population.is_source and (len(population.spikes_recorded) > 0 or "v" in population.signals)


def _stages(session: Session) -> list[str]:
    """The stages that may differ from their neighbours: what cannot be at work is not run."""
    emulated = session.emulated
    assert emulated is not None, "compare runs the emulator"
    counted = emulated.statistics()
    beyond = counted.saturations or counted.packets_dropped or has_dynamics(session.network)
    exact = ["exact delays"] if parts_for_delays(session.network) > 1 else []
    return [*exact, "weights", "algorithm", *(["arithmetic"] if beyond else [])]


def has_dynamics(network: Network) -> bool:
    """Whether some synapses change by themselves."""
    return any(made.synapse != "StaticSynapse" for made in network.projections)


def _words(options: argparse.Namespace, *more: str) -> tuple[str, ...]:
    mapping = ("--mapping", str(options.mapping)) if options.mapping else ()
    return ("--backend", "reference", *mapping, *more)
