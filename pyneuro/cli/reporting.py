"""Reports of what the command line has done."""

from __future__ import annotations

from collections.abc import Iterable

from pyneuro.cli.session import Session
from pyneuro.comparison import Comparison
from pyneuro.report import Report
from pyneuro.report.build import Run, make_report
from pyneuro.requirements import Verdict
from toolchain.compile import Mapping
from toolchain.map_graph import GraphMapping
from toolchain.network import Network


def netlist_report(mapping: GraphMapping) -> Report:
    """Return the report of a mapped netlist."""
    return make_report(mapping.graph.name, mapping=mapping)


def mapping_report(network: Network, mapping: Mapping) -> Report:
    """Return the report of a mapped network that has not run."""
    return make_report(
        network.label,
        network=network,
        mapping=mapping.graph_mapping,
        slices=mapping.partition.slices,
        quantisation=mapping.quantisation,
        diagnostics=mapping.diagnostics,
        cycles_per_tick=mapping.image.cycles_per_tick,
        time_scale_factor=mapping.time_scale_factor,
    )


def session_report(
    session: Session,
    reference: Run | None = None,
    comparison: Comparison | None = None,
    verdicts: Iterable[Verdict] = (),
) -> Report:
    """Return the report of a run, and of the reference and the comparison if there are any."""
    run = Run(session.results, session.seconds, session.cpu_s)
    if session.emulated is None:
        return make_report(session.network.label, network=session.network, reference=run)
    mapping = session.emulated.mapping
    return make_report(
        session.network.label,
        network=session.network,
        mapping=mapping.graph_mapping,
        slices=mapping.partition.slices,
        quantisation=mapping.quantisation,
        diagnostics=mapping.diagnostics,
        cycles_per_tick=mapping.image.cycles_per_tick,
        time_scale_factor=mapping.time_scale_factor,
        statistics=session.emulated.statistics(),
        reference=reference,
        emulated=run,
        comparison=comparison,
        verdicts=verdicts,
    )
