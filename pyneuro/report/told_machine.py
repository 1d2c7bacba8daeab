"""What the report tells of a network on the machine, for text and page alike."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.machine import LINK_NAMES
from pyneuro.report import Report
from pyneuro.report.schema.board import ChipCell, LinkTraffic, MachineSection
from pyneuro.report.schema.mapping import CoresSection
from pyneuro.report.schema.routing import NetRow
from pyneuro.report.tabular import Bar, Block, Code, Facts, Table
from pyneuro.report.words import NONE, amount, compact, count, joules, link_name, memory, percent, untraced, watts

Blocks = Iterator[Block]

KEY_SPACE = 1 << 32
NAMED = 12
"""Chips or links that a row names; the others are counted."""


def machine(report: Report) -> Blocks:
    """Tell how much of the machine is in use."""
    found = report.machine
    if found is None:
        return
    capacity = f"{compact(found.link_capacity)} packets a second"
    load = "no rates are known" if found.link_load is None else f"{percent(found.link_load)} of {capacity}"
    yield Facts(
        (
            ("Machine", f"{found.name}, {amount(found.chips, 'chip')}, {amount(found.cores, 'core')}"),
            ("Boards used", f"{found.boards_used:,} of {found.boards:,}"),
            ("Chips used", f"{found.chips_used:,} of {found.chips:,}"),
            ("Cores used", f"{found.cores_used:,} of {found.cores:,}"),
            ("Busiest link", load),
            *_faults(found),
        )
    )


def _faults(found: MachineSection) -> Iterator[tuple[str, str]]:
    """The chips and links that cannot be used, the first of them by name."""
    chips = [f"({x}, {y})" for x, y in found.dead_chips]
    links = [f"({x}, {y}) {LINK_NAMES[link]}" for x, y, link in found.dead_links]
    for what, names in (("Chips that cannot be used", chips), ("Links that cannot be used", links)):
        if names:
            rest = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
            yield what, f"{len(names):,}: {', '.join(names[:NAMED])}{rest}"


def boards(report: Report) -> Blocks:
    """Tell each board of several that has something to do."""
    found = report.machine
    if found is None:
        return
    yield Table(
        f"Boards: SDRAM and {_routed(report)} of all chips of each, its fullest table, and its busiest core.",
        ("board", "Ethernet chip", "chips", "cores", "SDRAM", "table", "busiest core", "packets"),
        tuple(
            (
                *(str(row.number), f"{row.x}, {row.y}", str(row.chips_used), str(row.cores_used)),
                *(memory(row.sdram_bytes), Bar(row.entries / found.table_limit), Bar(row.load), count(row.packets)),
            )
            for row in found.on_boards
            if row.cores_used or row.packets
        ),
    )


def chips(report: Report) -> Blocks:
    """Tell each chip that has something to do, all layers of it."""
    found = report.machine
    if found is None:
        return
    drawn = found.cells if found.block == 1 else [cell for view in found.views for cell in view.cells]
    yield Table(
        "Chips: what is in use of each, and of its limits.",
        ("chip", "cores", "SDRAM", "fullest DTCM", "table", "busiest core", _routed(report)),
        tuple(
            (
                f"{cell.x}, {cell.y}",
                f"{cell.used} of {cell.cores}",
                *(Bar(share) for share in _shares(cell, found)),
                count(cell.packets),
            )
            for cell in (*drawn, *found.more)
            if cell.used or cell.packets
        ),
        found.more_omitted,
    )


def _routed(report: Report) -> str:
    return "packets in the run" if report.execution else "packets if all fire once"


def _shares(cell: ChipCell, found: MachineSection) -> tuple[float | None, ...]:
    """SDRAM, DTCM of the fullest core, table entries and cycles of the busiest core, as shares of their limits."""
    sdram = None if cell.sdram_bytes is None else cell.sdram_bytes / found.sdram_limit
    dtcm = None if cell.dtcm_bytes is None else cell.dtcm_bytes / found.dtcm_limit
    return sdram, dtcm, cell.entries / found.table_limit, cell.load


def partition(report: Report) -> Blocks:
    """Tell the cuts."""
    yield Table(
        "Partition: cores of each population.",
        ("population", "runs", "cores", "cells", "largest slice", "sub-steps"),
        tuple(
            (p.population, p.kind, f"{p.cores:,}", f"{p.cells:,}", f"{p.largest:,}", str(p.substeps or NONE))
            for p in report.partition
        ),
    )


def places(report: Report) -> Blocks:
    """Tell where populations are."""
    if report.places is None:
        return
    yield Table(
        "Placement by population: its cores, chips (cores on each), and where its packets go.",
        ("population", "cores", "chips", "boards", "links", "hops if all fire once", "on chips"),
        tuple(
            (
                *(p.population, f"{p.cores:,}", f"{p.chips:,}", f"{p.boards:,}", f"{p.links:,}", count(p.hops)),
                _chips(p.on) if p.on else NONE,
            )
            for p in report.places.rows
        ),
        report.places.omitted,
    )


def _chips(on: tuple[tuple[int, int, int], ...]) -> str:
    shown = ", ".join(f"({x}, {y}) × {cores}" for x, y, cores in on[:NAMED])
    return shown if len(on) <= NAMED else f"{shown} and {len(on) - NAMED:,} more"


def cores(report: Report) -> Blocks:
    """Tell each core, by slice, and by chip."""
    section = report.cores
    if section is None:
        return
    dtcm = report.machine.dtcm_limit if report.machine else 1
    yield Table(
        "Placement by slice: place, keys, memory, and cycles as expected (share of a tick).",
        ("slice", "runs", "chip", "core", "key", "mask", "SDRAM", "DTCM", "share", "cycles"),
        tuple(
            (
                *(c.label, c.kind, f"{c.x}, {c.y}", str(c.p), Code(c.key), Code(c.mask), memory(c.sdram_bytes)),
                *(memory(c.dtcm_bytes), Bar(None if c.dtcm_bytes is None else c.dtcm_bytes / dtcm), Bar(c.expected)),
            )
            for c in section.rows
        ),
        section.omitted,
    )
    yield from _by_chip(section, report.machine.chips_used if report.machine else 0)


def _by_chip(section: CoresSection, chips: int) -> Blocks:
    """Tell what is on each of the `chips` in use."""
    on: dict[tuple[int, int], list[tuple[int, str]]] = {}
    told = [(row.x, row.y, row.p, row.label) for row in section.rows]
    if section.more:
        told += zip(section.more.x, section.more.y, section.more.p, section.more.label, strict=True)
    for x, y, p, label in told:
        on.setdefault((x, y), []).append((p, label))
    part = f", but for {section.untold:,} cores that are left out" if section.untold else ""
    yield Table(
        f"Placement by chip: what each core holds{part}.",
        ("chip", "cores", "core: slice"),
        tuple(
            (f"{x}, {y}", str(len(held)), ", ".join(f"{p}: {label}" for p, label in sorted(held)))
            for (x, y), held in sorted(on.items())
        ),
        max(0, chips - len(on)),
    )


def counts(report: Report) -> Blocks:
    """Tell what each core did in the run."""
    section = report.cores
    if section is None:
        return
    rows = [row for row in section.rows if row.mean is not None]
    yield Table(
        "Counts of each core in the run; loads are shares of a tick.",
        ("slice", "mean load", "fullest tick", "overruns", "spikes", "packets in", "synaptic events", "saturations"),
        tuple(
            (
                *(c.label, Bar(c.mean), Bar(c.largest)),
                *(count(n) for n in (c.overruns, c.spikes, c.packets_received, c.synaptic_events, c.saturations)),
            )
            for c in rows
        ),
        section.omitted if rows else 0,
    )


def routes(report: Report) -> Blocks:
    """Tell trees and links."""
    found = report.routes
    if found is None:
        return
    yield Facts(
        (
            ("Trees", f"{found.nets:,}"),
            ("Links of a tree", f"{found.mean_links:.3g} on average, {found.most_links:,} at the most"),
            ("Longest path", amount(found.longest_path, "link")),
            ("Hops if every source neuron fires once", f"{found.hops:,.0f}"),
            ("Links in use", f"{found.links_used:,}"),
            *((("Not to be traced here", untraced(found.untraced)),) if found.untraced else ()),
        )
    )
    yield Table(
        "The busiest links; loads are shares of what a link can take.",
        ("link", "packets if all fire once", "packets in the run", "packets a second", "load"),
        tuple(map(_link, found.busiest)),
    )
    yield Table(
        "Routes: the tree of each source.",
        ("source", "chip", "core", "key", "mask", "sinks", "chips", "links", "longest path"),
        tuple(map(_tree, found.rows)),
        found.omitted,
    )


def _tree(row: NetRow) -> tuple[str | Code, ...]:
    sizes = (f"{size:,}" for size in (row.sinks, row.chips, row.links, row.longest))
    return row.label, f"{row.x}, {row.y}", str(row.p), Code(row.key), Code(row.mask), *sizes


def _link(t: LinkTraffic) -> tuple[str | Bar, ...]:
    sent, rate = count(t.sent), NONE if t.rate is None else compact(t.rate)
    return link_name(t), f"{t.expected:,.0f}", sent, rate, Bar(t.load)


def keys(report: Report) -> Blocks:
    """Tell the key space."""
    found = report.keys
    if found is None:
        return
    yield Facts(
        (
            ("Nets with keys", f"{found.nets:,}, {found.fixed:,} of them with keys fixed by the user"),
            ("Keys needed", f"{found.keys:,}"),
            ("Keys in blocks", f"{found.held:,}, {percent(found.held / KEY_SPACE)} of the key space"),
        )
    )
    yield Table(
        "Key space: the keys of each population that sends.",
        ("population", "nets", "keys needed", "keys in blocks", "lowest", "highest"),
        tuple(
            (r.population, f"{r.nets:,}", f"{r.keys:,}", f"{r.held:,}", Code(r.lowest), Code(r.highest))
            for r in found.rows
        ),
        found.omitted,
    )


def tables(report: Report) -> Blocks:
    """Tell routing tables before and after minimisation."""
    found = report.tables
    if found is None:
        return
    yield Facts(
        (
            ("Entries generated", f"{found.generated:,}"),
            ("Entries loaded", f"{found.minimised:,} ({_fewer(found.generated, found.minimised)})"),
            ("Fullest table", f"{found.most:,} of {found.limit:,}"),
            ("Generated ones that default routing replaces", f"{found.defaultable:,}"),
            ("Generated ones that deliver to no core", f"{found.link_only:,}"),
        )
    )
    yield Table(
        "Routing tables by chip, fullest first: entries as generated, what they are, and as loaded.",
        ("chip", "generated", "default", "link only", "unique routes", "loaded", "saved", "share of the table"),
        tuple(
            (
                *(f"{r.x}, {r.y}", f"{r.generated:,}", f"{r.defaultable:,}", f"{r.link_only:,}"),
                *(f"{r.unique_routes:,}", f"{r.minimised:,}", _fewer(r.generated, r.minimised, "")),
                Bar(r.minimised / found.limit),
            )
            for r in found.rows
        ),
        found.omitted,
    )


def _fewer(before: int, after: int, word: str = " fewer") -> str:
    return f"{percent(1 - after / before if before else 0.0)}{word}"


def used_memory(report: Report) -> Blocks:
    """Tell the fullest memories."""
    found = report.memory
    if found is None:
        return
    chip = f" (chip {found.sdram_chip[0]}, {found.sdram_chip[1]})" if found.sdram_chip else ""
    dtcm = f"{memory(found.dtcm_most)} of {memory(found.dtcm_limit)} ({found.dtcm_core})" if found.dtcm_core else NONE
    yield Facts(
        (
            ("Fullest DTCM", dtcm),
            ("Fullest SDRAM", f"{memory(found.sdram_most)} of {memory(found.sdram_limit)}{chip}"),
            ("SDRAM in all", memory(found.sdram_total)),
        )
    )
    yield Table(
        "What memory is for: regions of all cores together, and of the core that has the most.",
        ("memory", "region", "in all", "most", "of"),
        tuple((r.memory, r.region, memory(r.total), memory(r.most), r.core) for r in found.regions),
    )


def energy(report: Report) -> Blocks:
    """Tell the estimate of power."""
    found = report.energy
    if found is None:
        return
    basis = "packets that were counted in the run" if found.measured else "packets that are expected"
    facts = [("Estimated power", f"{watts(found.watts)}, of published figures and {basis}; not measured")]
    if found.seconds is not None and found.joules is not None:
        facts.append(("Of the run", f"{joules(found.joules)} in {found.seconds:.3g} s of the machine's time"))
    if found.nanojoules_per_event is not None:
        facts.append(("For each synaptic event", f"{joules(1e-9 * found.nanojoules_per_event)}, all parts shared out"))
    yield Facts(tuple(facts))
    yield Table(
        "The estimate, part by part.",
        ("part", "number", "each", "in all", "source of the figure"),
        tuple((r.part, f"{r.count:,.0f}", watts(r.each_watts), watts(r.watts), r.source) for r in found.rows),
    )
