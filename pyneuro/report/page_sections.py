"""The sections of the page, in order; one that has nothing to tell is empty."""

from __future__ import annotations

from collections.abc import Callable

from pyneuro.report import Report
from pyneuro.report.blocks import facts, figure, share, table
from pyneuro.report.board import board_legend, board_picture
from pyneuro.report.budget import HEADINGS, HELP, UNITS, budget_rows
from pyneuro.report.markup import Markup, element, join
from pyneuro.report.plots import load_bars, raster, rates, trace
from pyneuro.report.words import NONE, SYMBOLS, amount, link_name, measured, memory, number, percent, signed


def _requirements(report: Report) -> Markup:
    return table(
        "Requirements and whether they are met.",
        ("requirement", "population", "measured", "verdict"),
        [(r.requirement, r.population, measured(r), _verdict(r.passed)) for r in report.requirements],
    )


def _verdict(passed: bool) -> Markup:
    kind = "good" if passed else "bad"
    return element("span", f"{SYMBOLS[kind]} {'met' if passed else 'not met'}", class_=f"verdict {kind}")


def _budget(report: Report) -> Markup:
    if report.budget is None:
        return Markup()
    headings = [f"{name} ({unit})" if unit else name for name, unit in zip(HEADINGS, UNITS, strict=True)]
    return table(HELP, headings, budget_rows(report.budget))


def _comparison(report: Report) -> Markup:
    section = report.comparison
    if section is None:
        return Markup()
    populations = section.populations
    activity = table(
        "Activity: spikes, mean rate, CV of the inter-spike intervals (mean over cells with three spikes or more) and "
        "mean pairwise correlation of spike counts in 5 ms, each in the reference and on the emulated machine.",
        ("population", "spikes", "", "rate (Hz)", "", "differ by", "CV", "", "correlation", ""),
        [
            (
                *(p.label, *_both(f"{p.spikes[0]:,}", f"{p.spikes[1]:,}")),
                *_both(number(p.rate_hz[0]), number(p.rate_hz[1])),
                percent(p.rate_difference),
                *_both(number(p.cv[0], 3), number(p.cv[1], 3)),
                *_both(number(p.correlation[0], 2), number(p.correlation[1], 2)),
            )
            for p in populations
        ],
    )
    agreement = table(
        f"Agreement of single spikes: share in the same step, share with a partner within {section.tolerance_ms:g} ms, "
        "by how many steps the emulated partner is later, and the first spike that only one side has.",
        ("population", "same step", "paired", "shift in steps: pairs", "first divergence", "equal before", "distance"),
        [
            (
                *(p.label, share(p.equal), share(p.paired)),
                " · ".join(f"{signed(shift)}:\u00a0{count:,}" for shift, count in p.shifts),
                f"{p.divergence[0]:g} ms, cell {p.divergence[1]} ({p.divergence[2]})" if p.divergence else "none",
                *(f"{p.equal_before:,}", number(p.distance, 3)),
            )
            for p in populations
        ],
    )
    signals = table(
        "Recorded variables: difference over the whole run, and up to the first divergence.",
        ("population", "variable", "unit", "RMS", "largest", "RMS before", "largest before"),
        [
            (
                *(p.label, s.variable, s.unit, number(s.rms), number(s.largest)),
                *(number(s.rms_before), number(s.largest_before)),
            )
            for p in populations
            for s in p.signals
        ],
    )
    return join((activity, agreement, signals))


def _both(reference: str, emulated: str) -> tuple[Markup, Markup]:
    return element("span", reference, class_="reference"), element("span", emulated, class_="emulated")


def _activity(report: Report) -> Markup:
    parts = []
    if report.activity:
        thinned = any(plot.stride > 1 for plot in report.activity)
        note = " Only some cells are drawn, as said beside each band, with all their spikes." if thinned else ""
        parts.append(figure(raster(report.activity), f"Spikes: a row a cell, a dot a spike.{note}"))
        bins = sorted({plot.bin_ms for plot in report.activity})
        parts.append(figure(rates(report.activity), f"Mean rate of all recorded cells, in bins of {bins[0]:g} ms."))
    if report.traces:
        drawn = join(trace(found) for found in report.traces)
        parts.append(figure(drawn, "Recorded variables of one cell each; around the first spike that differs, if any."))
    return element("div", _key(report), *parts) if parts else Markup()


def _key(report: Report) -> Markup:
    """Which colour is which simulator."""
    sides = [(run.backend, "reference" if run.backend == "reference" else "emulated") for run in report.runs]
    return element("p", *(element("span", name, class_=f"key {side}") for name, side in sides), class_="keys")


def _machine(report: Report) -> Markup:
    machine = report.machine
    if machine is None:
        return Markup()
    size = f"{amount(machine.boards, 'board')}, {amount(machine.chips, 'chip')}, {amount(machine.cores, 'core')}"
    part = "" if machine.whole else " Only the part in use is drawn."
    if machine.block > 1:
        part += f" Each hexagon stands for {machine.block} × {machine.block} chips."
    traffic = " Lines are the packets over each link, a line a direction." if machine.links else ""
    caption = (
        f"Machine {machine.name}: {size}. Chips are shaded by the share of their cores in use; the number is the "
        f"cores, the pair below it the chip. A bold outline is an Ethernet chip.{traffic}{part} Point at a chip or a "
        "line for its figures."
    )
    picture = element("div", board_picture(machine), board_legend(machine), class_="picture")
    partition = table(
        "Partition: cores of each population.",
        ("population", "runs", "cores", "cells", "largest slice", "sub-steps"),
        [
            (p.population, p.kind, f"{p.cores:,}", f"{p.cells:,}", f"{p.largest:,}", str(p.substeps or NONE))
            for p in report.partition
        ],
    )
    return join((figure(picture, caption), partition))


def _load(report: Report) -> Markup:
    run, cores = report.execution, report.cores
    if run is None:
        return Markup()
    known = [
        ("Ticks", f"{run.ticks:,}"),
        ("Cycles a tick", f"{run.cycles_per_tick:,.0f}"),
        ("Time scale factor", f"{run.time_scale_factor:g}"),
        ("Mean load", percent(run.mean_share)),
    ]
    parts = [facts(known)]
    if cores and cores.rows:
        caption = (
            "What each core needs of a tick: the fullest tick (light) and the mean (dark), in the order of the slices; "
            "spike sources and delay stages in violet."
        )
        parts.append(figure(load_bars(cores.rows), caption))
    counters = [(c.name, f"{c.value:,}", c.meaning) for c in run.counters]
    parts.append(table("What the machine counted.", ("counter", "value", "meaning"), counters))
    return join(parts)


def _runs(report: Report) -> Markup:
    stages = report.stages
    runs = table(
        "Times are wall-clock seconds; the spike hash is a digest of all recorded spikes.",
        ("backend", "simulated (s)", *(f"{stage} (s)" for stage in stages), "CPU of sim (s)", "spikes", "spike hash"),
        [
            (
                *(run.backend, f"{run.bio_s:g}", *(number(dict(run.seconds).get(stage), 3) for stage in stages)),
                *(number(run.cpu_s, 3), f"{run.spikes:,}", element("code", run.spike_hash)),
            )
            for run in report.runs
        ],
    )
    mapping = [(f"Mapping: {stage}", f"{number(seconds, 3)} s") for stage, seconds in report.mapping_seconds]
    return join((runs, facts(mapping) if mapping else ""))


def _weights(report: Report) -> Markup:
    quantised = table(
        "Quantisation: the step between two weights, and relative errors of the weights that are not 0.",
        ("projection", "step", "unit", "shift", "largest error", "RMS error", "became 0"),
        [
            (
                *(q.label, number(q.quantum), q.unit, str(q.shift), percent(q.largest_error), percent(q.rms_error)),
                f"{q.zeroed:,}",
            )
            for q in report.quantisation
        ],
    )
    return quantised


def _remarks(report: Report) -> Markup:
    return table(
        "What the mapping changed or foresees.",
        ("stage", "about", "remark"),
        [(d.stage, d.subject, d.message) for d in report.diagnostics],
    )


def _network(report: Report) -> Markup:
    network = report.network
    if network is None:
        return Markup()
    populations = table(
        "Populations.",
        ("population", "cell", "size", "parameters", "records"),
        [
            (
                *(p.label, p.cell, f"{p.size:,}"),
                "; ".join(f"{name} = {text}" for name, text in p.parameters),
                ", ".join(p.recorded) or NONE,
            )
            for p in network.populations
        ],
    )
    projections = table(
        "Projections; weights and delays as mean and range.",
        ("projection", "from", "to", "receptor", "synapses", "weight", "unit", "delay (ms)"),
        [
            (p.label, p.source, p.target, p.receptor, f"{p.synapses:,}", _spread(p.weight), p.unit, _spread(p.delay))
            for p in network.projections
        ],
    )
    return join((populations, projections))


def _spread(values: tuple[float, float, float] | None) -> str:
    if values is None:
        return NONE
    smallest, mean, largest = values
    if smallest == largest:
        return number(mean)
    return f"{number(mean)} ({number(smallest)} … {number(largest)})"


def _cores(report: Report) -> Markup:
    section = report.cores
    if section is None:
        return Markup()
    places = table(
        "Cores: slice, place, keys, memory.",
        ("slice", "runs", "chip", "core", "key", "mask", "DTCM", "SDRAM", "expected load"),
        [
            (
                *(c.label, c.kind, f"{c.x}, {c.y}", str(c.p), _code(c.key), _code(c.mask)),
                *(memory(c.dtcm_bytes), memory(c.sdram_bytes), share(c.expected)),
            )
            for c in section.rows
        ],
        section.omitted,
    )
    counts = table(
        "Counts of each core in the run; loads are shares of a tick.",
        ("slice", "mean load", "fullest tick", "overruns", "spikes", "packets in", "synaptic events", "saturations"),
        [
            (
                *(c.label, share(c.mean), share(c.largest)),
                *(number(n, 9) for n in (c.overruns, c.spikes, c.packets_received, c.synaptic_events, c.saturations)),
            )
            for c in section.rows
            if c.mean is not None
        ],
        section.omitted,
    )
    return join((places, counts))


def _code(word: str | None) -> Markup:
    return element("code", word) if word else Markup(NONE)


def _routes(report: Report) -> Markup:
    routes = report.routes
    if routes is None:
        return Markup()
    known = facts(
        (
            ("Trees", f"{routes.nets:,}"),
            ("Links of a tree", f"{routes.mean_links:.3g} on average, {routes.most_links:,} at the most"),
            ("Longest path", amount(routes.longest_path, "link")),
            ("Hops if every source neuron fires once", f"{routes.hops:,.0f}"),
            ("Links in use", f"{routes.links_used:,}"),
        )
    )
    counted = any(t.sent is not None for t in routes.busiest)
    busiest = table(
        "The busiest links.",
        ("link", "packets if all fire once", *(("packets in the run",) if counted else ())),
        [(link_name(t), f"{t.expected:,.0f}", *((number(t.sent, 9),) if counted else ())) for t in routes.busiest],
    )
    return join((known, busiest))


def _tables(report: Report) -> Markup:
    tables = report.tables
    if tables is None:
        return Markup()
    saved = 1 - tables.minimised / tables.generated if tables.generated else 0.0
    known = facts(
        (
            ("Entries generated", f"{tables.generated:,}"),
            ("Entries loaded", f"{tables.minimised:,} ({percent(saved)} fewer)"),
            ("Fullest table", f"{tables.most:,} of {tables.limit:,}"),
        )
    )
    chips = table(
        "Routing tables by chip, fullest first.",
        ("chip", "generated", "loaded", "share of the table"),
        [
            (f"({r.x}, {r.y})", f"{r.generated:,}", f"{r.minimised:,}", share(r.minimised / tables.limit))
            for r in tables.rows
        ],
        tables.omitted,
    )
    return join((known, chips))


def _memory(report: Report) -> Markup:
    found = report.memory
    if found is None:
        return Markup()
    known = [
        (
            "Fullest SDRAM",
            join(
                (
                    f"{memory(found.sdram_most)} of {memory(found.sdram_limit)} ",
                    share(found.sdram_most / found.sdram_limit),
                )
            ),
        ),
        ("SDRAM in all", memory(found.sdram_total)),
    ]
    if found.dtcm_most is not None and found.dtcm_core is not None:
        used = share(found.dtcm_most / found.dtcm_limit)
        text = f"{memory(found.dtcm_most)} of {memory(found.dtcm_limit)} in {found.dtcm_core} "
        known.insert(0, ("Fullest DTCM", join((text, used))))
    return facts(known)


SECTIONS: dict[str, Callable[[Report], Markup]] = {
    "Requirements": _requirements,
    "Comparison": _comparison,
    "Error budget": _budget,
    "Activity": _activity,
    "Machine": _machine,
    "Load": _load,
    "Weights": _weights,
    "Remarks": _remarks,
    "Times": _runs,
    "Network": _network,
    "Cores": _cores,
    "Routes": _routes,
    "Routing tables": _tables,
    "Memory": _memory,
}
