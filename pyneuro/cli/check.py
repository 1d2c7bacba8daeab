"""``pyneuro check``: check a mapping file, and what it says of a network; map nothing."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from emulator.machine import named
from pyneuro.cli import FAILED
from pyneuro.errors import PyneuroError, ScriptError
from pyneuro.options import Options
from toolchain.errors import ToolchainError
from toolchain.graph import Graph
from toolchain.idle_options import idle
from toolchain.language import syntax
from toolchain.language.clashes import clashes
from toolchain.language.labels import unmatched
from toolchain.language.parse import parse_file
from toolchain.language.resolve import in_order, judge
from toolchain.netlist import read
from toolchain.network import Network
from toolchain.options import mapping_options
from toolchain.problems import Problem, SettingsError, render_all
from toolchain.settings import Origin, Settings
from toolchain.untold import never_met, not_minimised
from toolchain.weights import ring_buffer_clashes


class _Built(BaseException):
    """Ends the script at its first ``run()``, where its network is known."""

    def __init__(self, network: Network, options: Options) -> None:
        self.network, self.options = network, options


def main(options: argparse.Namespace) -> int:
    """Print all that is wrong; 0 only if nothing is."""
    _refuse_wrong_way_round(options.mapping, options.script)
    parsed = parse_file(options.mapping)
    if unread := [problem for problem in parsed.problems if problem.origin == Origin(str(options.mapping))]:
        raise SettingsError(unread)
    settings, found = _judged(parsed.statements, options.machine)
    try:
        network, settings = _network(options, settings) if options.script else (None, settings)
    except (PyneuroError, ToolchainError):
        print(render_all(in_order([*parsed.problems, *found])))
        raise
    of_network = () if network is None else tuple(_of_network(settings, network))
    problems = in_order([*parsed.problems, *found, *of_network])
    if problems:
        print(render_all(problems))
    unchecked = "" if network else "; labels were not checked, for no network was named"
    statements, errors = _count(len(parsed.statements), "statement"), _count(len(problems), "error")
    print(f"{options.mapping}: {statements}, {errors}{unchecked}")
    return FAILED if problems else 0


def _refuse_wrong_way_round(mapping: Path, script: Path | None) -> None:
    if script is not None and script.suffix == ".map" and mapping.suffix != ".map":
        raise ScriptError(f"the mapping file comes first, then the script: pyneuro check {script} {mapping}")


def _judged(statements: Sequence[syntax.Statement], machine: str | None) -> tuple[Settings, tuple[Problem, ...]]:
    """What a file says and what is wrong with it: by itself and, if the command line names one, on that `machine`.

    Raises
    ------
    MachineError
        If there is no machine of that name.
    """
    settings, found = judge(statements)
    if machine is None:
        return settings, found
    chosen = syntax.Machine(named(machine).name, where=syntax.Where(Origin("command line")))
    settings, there = judge([chosen, *(one for one in statements if not isinstance(one, syntax.Machine))])
    return settings, (*found, *there)


def _of_network(settings: Settings, network: Network | Graph) -> Iterator[Problem]:
    """What is said of labels that there are not, of what has no use for it, and against other things that are said."""
    yield from unmatched(settings, network)
    yield from idle(settings, network)
    yield from not_minimised(settings, network)
    yield from never_met(settings, network)
    yield from clashes(settings, network)
    if isinstance(network, Network):
        yield from ring_buffer_clashes(network, mapping_options(settings))


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _network(options: argparse.Namespace, settings: Settings) -> tuple[Network | Graph, Settings]:
    """The network of a script, or the graph of a netlist; and the settings, on the machine that these name."""
    path: Path = options.script
    if path.suffix == ".json":
        netlist = read(path)
        if settings.machine.name is None and netlist.machine:
            settings = settings.on_machine(netlist.machine, Origin(str(path)))
        return netlist.graph, settings
    from pyneuro import simulator  # loading PyNN takes time that a check without a script need not spend
    from pyneuro.cli.script import run_script

    simulator.state.clear()
    simulator.overrides.backend = "emulator"
    simulator.overrides.mapping = settings
    simulator.overrides.machine = options.machine
    simulator.overrides.simulation = _stop
    try:
        run_script(path, options.arguments)
    except _Built as built:
        return built.network, built.options.mapping
    raise ScriptError(f"{path} made no network: it never called run()")


def _stop(network: Network, options: Options) -> NoReturn:
    raise _Built(network, options)
