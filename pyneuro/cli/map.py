"""``pyneuro map``: map a network or a netlist onto a machine, and run nothing."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from typing import Any, NoReturn

from pyneuro import simulator
from pyneuro.cli.figures import last_line, lines, peak_rss_mb
from pyneuro.cli.script import run_script
from pyneuro.cli.session import choose
from pyneuro.errors import ScriptError
from pyneuro.options import Options
from pyneuro.report import Report
from pyneuro.report.build import compiled_report, make_report
from pyneuro.report.files import write_report
from toolchain.compile import Mapping, compile_network
from toolchain.export import write_export
from toolchain.graph import Graph
from toolchain.language import given
from toolchain.map_graph import GraphMapping, map_graph
from toolchain.netlist import read
from toolchain.network import Network
from toolchain.options import mapping_options


class _Mapped(BaseException):
    """Ends the script at its first ``run()``, where its network is known."""

    def __init__(self, network: Network, mapping: Mapping, spent: tuple[float, float]) -> None:
        self.network = network
        self.mapping = mapping
        self.spent = spent


def main(options: argparse.Namespace) -> int:
    """Map what the command line names and print the figures."""
    mapping, report, (wall, cpu) = _netlist(options) if options.netlist else _script(options)
    figures: dict[str, Any] = {
        "network": mapping.graph.name,
        "machine": mapping.machine.name,
        **mapping.figures,
        "map_s": wall,
        "cpu_s": cpu,
        "peak_rss_mb": peak_rss_mb(),
    }
    if options.export:
        write_export(mapping, options.export)
    if options.out:
        write_report(options.out, report)
    print(last_line(figures) if options.json else lines(figures))
    return 0


def _since(wall: float, cpu: float) -> tuple[float, float]:
    return time.perf_counter() - wall, time.process_time() - cpu


def _netlist(options: argparse.Namespace) -> tuple[GraphMapping, Report, tuple[float, float]]:
    netlist = read(options.netlist)
    graph = netlist.graph if options.keys == "given" else _without_keys(netlist.graph)
    start = time.perf_counter(), time.process_time()
    mapping = map_graph(graph, options.machine or netlist.machine or None)
    spent = _since(*start)
    return mapping, make_report(graph.name, mapping=mapping, mapping_seconds=mapping.seconds), spent


def _without_keys(graph: Graph) -> Graph:
    """Return `graph` with the keys of its nets left to the key allocator."""
    return replace(graph, nets=tuple(replace(net, key=None, mask=None) for net in graph.nets))


def _script(options: argparse.Namespace) -> tuple[GraphMapping, Report, tuple[float, float]]:
    choose(options, "emulator")
    simulator.overrides.simulation = _map_and_stop
    try:
        run_script(options.script, options.arguments)
    except _Mapped as mapped:
        report = compiled_report(mapped.network.label, mapped.network, mapped.mapping)
        return mapped.mapping.graph_mapping, report, mapped.spent
    raise ScriptError(f"{options.script} made no network to map: it never called run()")


def _map_and_stop(network: Network, options: Options) -> NoReturn:
    start = time.perf_counter(), time.process_time()
    mapping = compile_network(
        network, options.machine, mapping_options(given(options.mapping)), options.time_scale_factor
    )
    raise _Mapped(network, mapping, _since(*start))
