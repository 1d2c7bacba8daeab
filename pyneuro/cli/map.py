"""``pyneuro map``: map a network or a netlist onto a machine, and run nothing."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

from pyneuro.cli import FAILED
from pyneuro.cli.figures import last_line, lines, peak_rss_mb
from pyneuro.cli.requirements import tell, tell_unjudged
from pyneuro.cli.trace import traced
from pyneuro.errors import MappingWarning, ScriptError, warn_user
from pyneuro.options import Options
from pyneuro.report import Report
from pyneuro.report.build import compiled_report, netlist_remarks, netlist_report
from pyneuro.report.files import write_report
from pyneuro.unmet import of_mapping
from toolchain.compile import Mapping
from toolchain.errors import ToolchainError
from toolchain.explain import explain
from toolchain.export import write_export
from toolchain.graph import Graph
from toolchain.language import on_machine
from toolchain.map_graph import GraphMapping
from toolchain.map_network import Outcome, map_netlist, map_network
from toolchain.netlist import read
from toolchain.network import Network
from toolchain.settings import Origin, Settings


class _Mapped(BaseException):
    """Ends the script at its first ``run()``, where its network is known."""

    def __init__(self, network: Network, outcome: Outcome[Mapping], spent: tuple[float, float]) -> None:
        self.network = network
        self.outcome = outcome
        self.spent = spent


def main(options: argparse.Namespace) -> int:
    """Map what the command line names, print the figures, and judge what is required."""
    outcome, mapping, network, make_report, (wall, cpu) = _netlist(options) if options.netlist else _script(options)
    if options.explain:
        print(explained(outcome.settings, network, len(mapping.graph.vertices)))
    figures: dict[str, Any] = {
        "network": mapping.graph.name,
        "machine": mapping.machine.name,
        **mapping.figures,
        "map_s": wall,
        "cpu_s": cpu,
        "peak_rss_mb": peak_rss_mb(),
        "passed": outcome.passed,
    }
    if options.export:
        write_export(mapping, options.export)
    if options.out:
        write_report(options.out, make_report())
    for wanted in options.trace:
        print(traced(mapping, wanted))
    print(last_line(figures) if options.json else lines(figures))
    tell_unjudged(outcome.settings)
    return 0 if tell(of_mapping(outcome.verdicts)) else FAILED


def settings_of(options: argparse.Namespace) -> Settings:
    """What a mapping file and the command line say."""
    return on_machine(options.mapping, options.machine, "command line", "command line")


def explained(settings: Settings, network: Network | None = None, vertices: int = 0) -> str:
    """The settings that hold and where each came from, a line each; see `toolchain.explain.explain`."""
    held = explain(settings, network, vertices)
    name, value = (max(len(getattr(one, part)) for one in held) for part in ("name", "value"))
    return "\n".join(f"{one.name:<{name}}  {one.value:<{min(value, 60)}}  {one.origin}" for one in held) + "\n"


@contextmanager
def _explaining(wanted: bool, settings: Settings, network: Network | None = None, vertices: int = 0) -> Iterator[None]:
    """Explain what was to hold, if it is wanted, where a mapping fails."""
    try:
        yield
    except ToolchainError:
        if wanted:
            print(explained(settings, network, vertices))
        raise


def _since(wall: float, cpu: float) -> tuple[float, float]:
    return time.perf_counter() - wall, time.process_time() - cpu


Mapped = tuple[Outcome[Any], GraphMapping, Network | None, Callable[[], Report], tuple[float, float]]


def _netlist(options: argparse.Namespace) -> Mapped:
    settings = settings_of(options)
    netlist = read(options.netlist)
    graph = netlist.graph if options.keys == "given" else _without_keys(netlist.graph)
    if settings.machine.name is None and netlist.machine:
        settings = settings.on_machine(netlist.machine, Origin(str(options.netlist)))
    start = time.perf_counter(), time.process_time()
    with _explaining(options.explain, settings, vertices=len(graph.vertices)):
        outcome = map_netlist(graph, settings)
    spent = _since(*start)
    for remark in netlist_remarks(outcome):
        warn_user(str(remark), MappingWarning)
    return outcome, outcome.mapping, None, partial(netlist_report, outcome), spent


def _without_keys(graph: Graph) -> Graph:
    """Return `graph` with the keys of its nets left to the key allocator."""
    return replace(graph, nets=tuple(replace(net, key=None, mask=None) for net in graph.nets))


def _script(options: argparse.Namespace) -> Mapped:
    from pyneuro import simulator  # loading PyNN takes time that a netlist need not spend
    from pyneuro.cli.script import run_script
    from pyneuro.cli.session import choose

    choose(options, "emulator")
    simulator.overrides.simulation = partial(_map_and_stop, options.explain)
    try:
        run_script(options.script, options.arguments)
    except _Mapped as mapped:
        outcome = mapped.outcome
        report = partial(compiled_report, mapped.network.label, mapped.network, outcome.mapping, outcome=outcome)
        return outcome, outcome.mapping.graph_mapping, mapped.network, report, mapped.spent
    raise ScriptError(f"{options.script} made no network to map: it never called run()")


def _map_and_stop(explain: bool, network: Network, options: Options) -> NoReturn:
    start = time.perf_counter(), time.process_time()
    with _explaining(explain, options.mapping, network):
        outcome = map_network(network, options.mapping)
    spent = _since(*start)
    for remark in outcome.mapping.diagnostics:
        warn_user(str(remark), MappingWarning)
    raise _Mapped(network, outcome, spent)
