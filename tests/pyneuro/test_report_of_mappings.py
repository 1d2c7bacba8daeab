"""What the report tells of a mapping: against figures counted by hand, and trees walked slowly."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from graphs import graphs_on_machines
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import NOISE, layered

from emulator.emulator import Emulator
from emulator.machine import LINKS, Machine, board_of, named, without
from pyneuro.report import Report, columns, histograms, machine, running, told_machine, trees
from pyneuro.report.build import compiled_report, make_report, netlist_report
from pyneuro.report.entries import route_text
from pyneuro.report.histograms import ERROR_NAMES
from pyneuro.report.survey import survey
from pyneuro.report.tabular import Table
from pyneuro.report.to_html import to_html
from pyneuro.report.to_text import to_text
from pyneuro.report.trees import path_text
from toolchain.errors import MappingError
from toolchain.graph import Graph, Vertex
from toolchain.language import given as read_settings
from toolchain.language import read_text
from toolchain.map_graph import Algorithms, GraphMapping, map_graph
from toolchain.map_network import Outcome, map_netlist, map_network
from toolchain.network import Network, Population, Projection, Recording, SpikeTimes
from toolchain.place.scatter import place as scatter
from toolchain.settings import Algorithm, Choice, MachineSettings, Origin, Requirement, Settings

FILE = Origin("retina.map", 7)


def required(text: str, figure: str, threshold: float) -> Requirement:
    return Requirement(text, figure, "<=", threshold, origin=FILE)


SETTINGS = Settings(
    MachineSettings("spin5", origin=FILE),
    stages={"route": Choice((Algorithm("ner"), Algorithm("longest_dimension")), origin=FILE)},
    requirements=(required("require chips <= 40", "chips", 40), required("require hops <= 10", "hops", 10)),
    attempts=1,
)


@pytest.fixture(scope="module")
def outcome() -> Outcome[GraphMapping]:
    return map_netlist(layered(), SETTINGS)


@pytest.fixture(scope="module")
def report(outcome: Outcome[GraphMapping]) -> Report:
    return netlist_report(outcome)


# --- how it came about -----------------------------------------------------------------------------------


def test_stages_trials_and_attempts_are_told(report: Report, outcome: Outcome[GraphMapping]) -> None:
    assert report.flow is not None
    stages = {row.stage: row for row in report.flow.stages}
    assert list(stages) == ["place", "route", "keys", "tables", "minimise", "check"]
    assert stages["route"].tried == ("ner", "longest_dimension")
    assert stages["route"].origin == "retina.map:7"
    assert stages["place"].origin == "default"
    assert all(row.seconds >= 0 for row in report.flow.stages)
    kept = [dict(trial.algorithms) for trial in report.flow.trials if trial.kept]
    assert [found["route"] for found in kept] == [stages["route"].kept]
    assert len(report.flow.trials) == len(outcome.trials) > 1
    first, second = report.flow.attempts
    assert (first.changed, first.failed[0].partition(":")[0]) == ("", "require hops <= 10")
    assert second.changed
    assert sorted((first.kept, second.kept)) == [False, True]
    kept_row, lost = (first, second) if first.kept else (second, first)
    assert dict(kept_row.figures)["hops"] == outcome.mapping.hops
    assert {"hops", "entries", "chips"} <= dict(lost.figures).keys()
    assert f"{dict(lost.figures)['hops']:,.0f}" in to_text(report)


def test_trials_tell_their_times(report: Report, outcome: Outcome[GraphMapping]) -> None:
    assert report.flow is not None
    assert [row.cpu_s for row in report.flow.trials] == [trial.cpu_s for trial in outcome.trials]
    assert all(row.cpu_s > 0 for row in report.flow.trials)
    assert f"{report.flow.trials[0].cpu_s:.3f}" in to_text(report)
    assert f">{report.flow.trials[0].cpu_s:.3f}<" in to_html(report)


def test_what_is_the_same_in_all_trials_is_told_once(report: Report) -> None:
    """Only what differs has a column; a single trial has all."""
    told = to_text(report).replace("\n", " ")
    assert "The same in all: " in told
    assert "keys along_trees" in told
    assert " cores 70" in told
    assert report.flow is not None
    alone = replace(report, flow=replace(report.flow, trials=report.flow.trials[:1]))
    assert "The same in all" not in to_text(alone)
    assert "along_trees" in to_text(alone)


def test_requirements_that_only_a_comparison_can_meet_are_told() -> None:
    rate = Requirement("require rate error < 2 %", "rate error", "<", 0.02, origin=FILE)
    told = Settings(MachineSettings("spin5"), requirements=(rate, required("require chips <= 40", "chips", 40)))
    made = netlist_report(map_netlist(layered(), told))
    assert [(row.requirement, row.origin) for row in made.unjudged] == [(rate.text, "retina.map:7")]
    assert [row.requirement for row in made.requirements] == ["require chips <= 40"]
    (note,) = [finding for finding in made.findings if rate.text in finding.text]
    assert note.level == "note"
    assert "pyneuro compare" in note.text
    for text in (to_text(made), to_html(made)):
        assert "Requirements that were not judged" in text


def test_trials_that_fail_are_told() -> None:
    tried = Choice((Algorithm("default_routes"), Algorithm("prefixes")))
    tight = Settings(MachineSettings("spin5", reserved_entries=1010), stages={"minimise": tried})
    made = netlist_report(map_netlist(layered(), tight))
    assert made.flow is not None
    assert any("entries" in trial.failure for trial in made.flow.trials)
    assert "kept" in to_text(made)


def test_settings_are_told_with_their_origins(report: Report) -> None:
    told = {(row.name, row.value, row.origin) for row in report.settings}
    assert ("machine", "spin5", "retina.map:7") in told
    assert ("route using", "ner or longest_dimension", "retina.map:7") in told
    assert ("minimise", "hops x entries x chips", "default") in told
    assert not {name for name, _, _ in told} & {"neurons_per_core", "partition using"}


def test_requirements_are_told_with_place_and_remedy(report: Report) -> None:
    met, failed = report.requirements
    assert (met.passed, met.remedy, met.of, met.origin) == (True, "", "mapping", "retina.map:7")
    assert (failed.passed, failed.measured) == (False, report.routes.hops if report.routes else None)
    assert failed.remedy
    levels = [finding.level for finding in report.findings if failed.remedy in finding.text]
    assert levels == ["bad"]
    assert failed.remedy in to_html(report)


# --- trees, tables, keys ---------------------------------------------------------------------------------


def walked(path: str, x: int, y: int, width: int, height: int) -> dict[tuple[int, int], int]:
    """The route word of each chip that a path visits."""
    words, stack = {(x, y): 0}, [(x, y)]
    for letter in path:
        x, y = stack[-1]
        if letter == "^":
            stack.pop()
        elif letter.isalpha():
            words[x, y] |= 1 << 6 + ord(letter) - ord("a")
        else:
            words[x, y] |= 1 << int(letter)
            dx, dy = LINKS[int(letter)]
            stack.append(((x + dx) % width, (y + dy) % height))
            assert words.setdefault(stack[-1], 0) == 0, "a chip is visited twice"
    return words


@given(graphs_on_machines())
@settings(max_examples=40, deadline=None)
def test_trees_are_surveyed_and_written_as_they_are(drawn: tuple[Graph, Machine]) -> None:
    try:
        mapping = map_graph(*drawn)
    except MappingError:
        return
    found, on = survey(mapping), mapping.machine
    through: Counter[tuple[int, int]] = Counter()
    straight = 0
    for number, tree in enumerate(mapping.routes.trees):
        chips = list(zip(tree.x.tolist(), tree.y.tolist(), strict=True))
        path = path_text(tree, mapping)
        assert walked(path, *chips[0], on.width, on.height) == dict(zip(chips, tree.route.tolist(), strict=True))
        depth = deepest = 0
        for letter in path:
            depth += letter.isdigit() - (letter == "^")
            deepest = max(deepest, depth)
        assert found.longest[number] == deepest
        assert found.sinks[number] == len(mapping.graph.nets[number].sinks)
        straight += int(tree.straight.sum())
        for chip in chips:
            through[chip] += int(mapping.graph.nets[number].weight)
    assert {chip: int(found.through[chip]) for chip in through} == dict(through)
    assert found.through.sum() == sum(through.values())
    assert found.defaultable.sum() == straight


def test_routes_are_told(report: Report, outcome: Outcome[GraphMapping]) -> None:
    assert report.routes is not None
    assert len(report.routes.rows) == report.routes.nets == 70
    row = report.routes.rows[67]
    assert (row.label, row.sinks) == (f"{NOISE}[0:100]", 3)
    assert row.links == outcome.mapping.routes.trees[67].links
    assert sum(row.weight * row.links for row in report.routes.rows) == report.routes.hops


def test_of_many_nets_those_of_each_population_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "ROWS", 7)
    monkeypatch.setattr(trees, "PATHS", 100)
    routes = make_report("few", mapping=map_graph(layered(), "spin5")).routes
    assert routes is not None
    assert [row.label.partition("[")[0] for row in routes.rows] == ["exc", "inh", NOISE] * 2 + ["exc"]
    assert routes.omitted == 63
    assert [row.path is None for row in routes.rows][-1]


def test_entries_are_told_before_and_after(report: Report, outcome: Outcome[GraphMapping]) -> None:
    tables = report.tables
    assert tables is not None
    assert sum(row.generated for row in tables.rows) == tables.generated == outcome.mapping.entries_generated
    assert sum(row.minimised for row in tables.rows) == tables.minimised
    assert sum(row.link_only for row in tables.rows) == tables.link_only
    assert sum(len(chip.minimised) for chip in tables.entries) == tables.minimised
    fullest = max(outcome.mapping.minimised.tables, key=lambda table: (len(table.key), -table.x, -table.y))
    assert (tables.rows[0].minimised, tables.most) == (len(fullest.key), len(fullest.key))
    told = next(chip for chip in tables.entries if (chip.x, chip.y) == (fullest.x, fullest.y))
    assert told.minimised[0] == (
        f"0x{fullest.key[0]:08x}",
        f"0x{fullest.mask[0]:08x}",
        route_text(int(fullest.route[0])),
    )
    assert " ".join(told.minimised[0]) in to_html(report)


def test_routes_in_words() -> None:
    assert route_text(0b100001) == "E S"
    assert route_text(1 << 0 | 1 << 6 + 3 | 1 << 6 + 5 | 1 << 6 + 6 | 1 << 6 + 7) == "E 3 5-7"
    assert route_text(0) == ""


def test_keys_are_told(report: Report, outcome: Outcome[GraphMapping]) -> None:
    keys, mapped = report.keys, outcome.mapping.keys
    assert keys is not None
    rows = {row.population: row for row in keys.rows}
    assert (keys.nets, keys.keys, keys.fixed) == (70, 7000, 0)
    assert keys.held == int((~mapped.mask).astype(np.int64).sum()) + 70 == sum(row.held for row in keys.rows)
    assert (rows["exc"].nets, rows["exc"].keys) == (52, 5200)
    assert int(rows[NOISE].lowest, 16) == mapped.key[67:].min()


def test_places_are_told(report: Report, outcome: Outcome[GraphMapping]) -> None:
    assert report.places is not None
    rows = {row.population: row for row in report.places.rows}
    assert [(row.cores, row.neurons) for row in report.places.rows] == [(52, 5200), (15, 1500), (3, 300)]
    place = outcome.mapping.placement
    chips = Counter(zip(place.x[67:].tolist(), place.y[67:].tolist(), strict=True))
    assert {(x, y): cores for x, y, cores in rows[NOISE].on} == dict(chips)
    over = {
        (x, y, link)
        for tree in outcome.mapping.routes.trees[67:]
        for x, y, word in zip(tree.x.tolist(), tree.y.tolist(), tree.route.tolist(), strict=True)
        for link in range(6)
        if word >> link & 1
    }
    assert set(rows[NOISE].over) == over
    assert rows[NOISE].links == len(over)
    assert sum(row.hops for row in report.places.rows) == outcome.mapping.hops


# --- the machine -----------------------------------------------------------------------------------------


def test_links_are_held_against_their_capacity(report: Report) -> None:
    drawn, places = report.machine, report.places
    assert drawn is not None
    assert places is not None
    assert drawn.link_load is not None
    assert max(link.load or 0 for link in drawn.links) == drawn.link_load
    assert all(link.rate == pytest.approx((link.load or 0) * 6e6) for link in drawn.links)
    # Cells send 8 packets a second for each packet of a round in which all fire once, noise 50.
    assert sum(link.rate or 0 for link in drawn.links) == pytest.approx(
        sum((50 if row.population == NOISE else 8) * row.hops for row in places.rows)
    )


def test_boards_of_a_large_machine_are_drawn_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "VIEWS", 3)
    mapping = map_graph(layered(), named("60 boards"), Algorithms(place=scatter))
    made = make_report("spread", mapping=mapping)
    assert made.machine is not None
    assert (len(made.machine.views), made.machine.views_omitted) == (3, made.machine.boards_used - 3)
    assert sum(cell.used for cell in made.machine.cells) == 70
    assert all(view.cores_used == sum(cell.used for cell in view.cells) > 0 for view in made.machine.views)
    assert all(len(view.cells) == 48 for view in made.machine.views)
    drawn = {(cell.x, cell.y) for view in made.machine.views for cell in view.cells}
    assert all(cell.used or cell.packets for cell in made.machine.more)
    assert not drawn & {(cell.x, cell.y) for cell in made.machine.more}
    assert sum(cell.used for cell in made.machine.more) == 70 - sum(view.cores_used for view in made.machine.views)
    page = to_html(made)
    assert page.count('class="board"') == 4
    assert f"{made.machine.views_omitted} more boards in use" in page
    assert page.count("<details") > len(made.machine.views)


def test_chips_that_cannot_be_used_are_in_the_text() -> None:
    told = to_text(make_report("broken", mapping=map_graph(layered(), without(named("spin5"), [(3, 3), (4, 0)]))))
    board = told[told.index("Cores in use by chip") :].partition("\n\n")[0].splitlines()[1:]
    assert [line.split().count("x") for line in board] == [0, 0, 0, 0, 1, 0, 0, 1]
    assert sum(int(text) for line in board for text in line.split() if text.isdigit()) == 70


def test_every_board_and_every_chip_in_use_is_in_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that are not drawn; what a table leaves out, it says."""
    mapping = map_graph(layered(), without(named("60 boards"), [(3, 3)]), Algorithms(place=scatter))
    for name, most in (("VIEWS", 1), ("ROWS", 5)):
        monkeypatch.setattr(machine, name, most)
    monkeypatch.setattr(columns, "ROWS", 10)
    for name, most in (("ROWS", 10), ("FURTHER", 20)):
        monkeypatch.setattr(running, name, most)
    made = make_report("spread", mapping=mapping)
    assert made.machine is not None
    assert made.cores is not None
    boards = made.machine.on_boards
    assert [(row.number, row.x, row.y, row.chips_dead) for row in boards[:2]] == [(0, 0, 0, 1), (1, 4, 8, 0)]
    assert [row.cores_used for row in boards] == np.bincount(
        board_of(mapping.machine)[mapping.placement.x, mapping.placement.y], minlength=60
    ).tolist()
    assert sum(row.sdram_bytes or 0 for row in boards) == 70 * 20_000
    assert sum(row.packets for row in boards) == survey(mapping).through.sum()
    assert (len(made.machine.more), made.machine.more_omitted > 0) == (5, True)
    chips, by_chip = list(told_machine.chips(made))[-1], list(told_machine.cores(made))[-1]
    assert isinstance(chips, Table)
    assert isinstance(by_chip, Table)
    busy = int(np.count_nonzero(survey(mapping).through))
    assert len(chips.rows) + chips.omitted == busy
    assert len(by_chip.rows) + by_chip.omitted == made.machine.chips_used
    assert by_chip.caption.endswith(", but for 40 cores that are left out.")
    assert sum(int(str(row[1])) for row in by_chip.rows) == 30
    assert "Ethernet chip" in to_text(made)
    assert "Chips that cannot be used" in to_text(made)


def test_a_huge_mesh_is_drawn_in_parts() -> None:
    made = make_report("mesh", mapping=map_graph(layered(), "100x100 mesh"))
    assert made.machine is not None
    views = made.machine.views or (made.machine,)
    assert sum(cell.used for view in views for cell in view.cells) == 70
    assert len(to_html(made)) < 1_000_000


def test_power_is_estimated(report: Report, outcome: Outcome[GraphMapping]) -> None:
    energy = report.energy
    assert energy is not None
    found = survey(outcome.mapping)
    assert not energy.measured
    assert energy.watts == pytest.approx(26.84 + 70 * 0.034 + float(found.rates.sum()) * 1e-9)
    assert all(row.source for row in energy.rows)
    assert "not measured" in to_text(report).replace("\n", " ").replace("  ", " ")


@pytest.mark.parametrize(
    ("name", "idle"), [("spin3", 3.56), ("spin5", 26.84), ("3 boards", 26.84), ("4x4 mesh", 16 * 0.35)]
)
def test_idle_boards_take_what_is_published(name: str, idle: float) -> None:
    """Of one core on an otherwise idle machine, one of whose boards is in use."""
    alone = Graph("alone", (Vertex("cells[0:1]", 1),), ())
    energy = make_report("alone", mapping=map_graph(alone, name)).energy
    assert energy is not None
    assert energy.watts == pytest.approx(idle + 0.034)
    assert sum(row.watts for row in energy.rows) == pytest.approx(energy.watts)


# --- networks --------------------------------------------------------------------------------------------

CELLS, STEPS = 60, 30


def network() -> Network:
    """Sources that spike at 5 ms; weights of several steps, delays of 1 to 4 ms."""
    every = np.arange(CELLS, dtype=np.int32)
    times = SpikeTimes(np.arange(CELLS + 1), np.full(CELLS, 5.0))
    source = Population("in", CELLS, "SpikeSourceArray", {}, spike_times=times)
    cells = Population("E", CELLS, "IF_curr_exp", {}, recordings=(Recording("spikes", every),))
    weight, delay = np.linspace(0.01, 1.0, CELLS), 1.0 + every % 4
    varied = Projection("varied", 0, 1, "excitatory", every, every, weight, delay)
    same = Projection("same", 0, 1, "excitatory", every, every, 0.5, 2.0)
    return Network("histograms", 1.0, (source, cells), (varied, same))


@pytest.fixture(scope="module")
def compiled() -> Report:
    said = read_settings({"neurons_per_core": 16, "sources_per_core": 32})
    made = map_network(network(), said.on_machine("spin5", FILE))
    emulator = Emulator(made.mapping.image)
    emulator.run(STEPS)
    return compiled_report("histograms", network(), made.mapping, emulator.statistics(), made)


def test_weights_and_delays_are_counted(compiled: Report) -> None:
    rows = {(row.projection, row.what): row for row in compiled.histograms}
    delays = rows["varied", "delays"]
    assert delays.bins == (("1", 15), ("2", 15), ("3", 15), ("4", 15))
    assert rows["same", "delays"].bins == (("2", CELLS),)
    weights = rows["varied", "weights"]
    assert sum(count for _, count in weights.bins) == weights.counted == weights.synapses == CELLS
    errors = dict(rows["varied", "errors of weights"].bins)
    assert tuple(errors) == ERROR_NAMES
    assert sum(errors.values()) == CELLS
    assert sum(count for _, count in rows["same", "errors of weights"].bins) == CELLS
    told = to_text(compiled)
    assert "varied: delays in ms." in told
    assert "#####" in told


def test_of_many_synapses_a_sample_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histograms, "COUNTED", 25)
    made = map_network(network(), read_settings({}).on_machine("spin5", FILE))
    (row, *_) = histograms.histograms(network(), made.mapping)
    assert (row.counted, row.synapses) == (20, CELLS)
    report = compiled_report("sampled", network(), made.mapping, outcome=made)
    assert "counted over 20 of 60 synapses" in to_text(report)


def test_layers_and_energy_of_a_run(compiled: Report) -> None:
    drawn, energy = compiled.machine, compiled.energy
    assert drawn is not None
    assert energy is not None
    assert compiled.cores is not None
    used = [cell for cell in drawn.cells if cell.used]
    assert max(cell.load or 0 for cell in used) == max(row.largest or 0 for row in compiled.cores.rows)
    assert max(cell.dtcm_bytes or 0 for cell in used) == max(row.dtcm_bytes or 0 for row in compiled.cores.rows)
    sent = sum(row.spikes or 0 for row in compiled.cores.rows if row.key)
    assert sum(cell.packets for cell in used) == sent + sum(link.sent or 0 for link in drawn.links)
    assert energy.measured
    assert energy.seconds == pytest.approx(STEPS * 1e-3)
    assert energy.joules == pytest.approx(energy.watts * STEPS * 1e-3)
    assert energy.nanojoules_per_event is not None


def test_memory_is_told_by_region(compiled: Report) -> None:
    assert compiled.memory is not None
    assert compiled.cores is not None
    regions = compiled.memory.regions
    assert sum(row.total for row in regions if row.memory == "SDRAM") == compiled.memory.sdram_total
    assert sum(row.total for row in regions if row.memory == "DTCM") == sum(
        row.dtcm_bytes or 0 for row in compiled.cores.rows
    )
    assert any(row.region == "ring buffers" and row.most <= row.total for row in regions)


def test_regions_of_each_core_are_told(compiled: Report) -> None:
    """In the order of the regions of all cores; they sum up to what the core has, and to what all have."""
    assert compiled.memory is not None
    assert compiled.cores is not None
    regions, cores = compiled.memory.regions, compiled.memory.cores
    assert [core.label for core in cores] == [row.label for row in compiled.cores.rows]
    for core, row in zip(cores, compiled.cores.rows, strict=True):
        held = {
            kind: sum(size for size, one in zip(core.bytes, regions, strict=True) if one.memory == kind)
            for kind in ("DTCM", "SDRAM")
        }
        assert (held["DTCM"], held["SDRAM"]) == (row.dtcm_bytes, row.sdram_bytes)
    for number, region in enumerate(regions):
        assert sum(core.bytes[number] for core in cores) == region.total
        assert max(core.bytes[number] for core in cores) == region.most
    assert "Memory of each core" in to_html(compiled)


def test_counts_of_histograms_are_in_tables(compiled: Report) -> None:
    """So that they need no pointer."""
    page = to_html(compiled)
    delays = page[page.index("<figcaption>varied: delays in ms.</figcaption>") :].partition("</figure>")[0]
    assert re.findall(r'<th scope="row">(.*?)</th><td class="n">(.*?)</td>', delays) == [
        (f"{d}", "15") for d in (1, 2, 3, 4)
    ]


@given(st.integers(0, 2**26 - 1))
def test_any_route_is_told_completely(word: int) -> None:
    told: set[int] = set()
    names = {"E": 0, "NE": 1, "N": 2, "W": 3, "SW": 4, "S": 5}
    for part in route_text(word).split():
        if part in names:
            told.add(names[part])
        else:
            low, _, high = part.partition("-")
            told |= {6 + core for core in range(int(low), int(high or low) + 1)}
    assert told == {bit for bit in range(26) if word >> bit & 1}


def test_the_report_of_a_netlist_tells_what_dead_links_cut_off() -> None:
    said = read_text("machine spin5\ndead chips (0, 1), (1, 1)\ndead links (0, 0) east")
    (row,) = netlist_report(map_netlist(layered(), said)).diagnostics
    assert (row.stage, row.subject) == ("place", "spin5")
    assert "1 of its 46 chips is cut off" in row.message
