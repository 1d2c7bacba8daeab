"""The report: its sections, its three renderings, and its bounds."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reports import NASTY, SLICES, mapping, network, report, runs, statistics
from trains import poisson, population, results, signal, trains

from emulator.machine import Machine, named
from pyneuro.comparison import compare
from pyneuro.report import Report
from pyneuro.report.build import Run, make_report
from pyneuro.report.columns import ROWS
from pyneuro.report.files import write_report
from pyneuro.report.findings import findings
from pyneuro.report.machine import CELLS_DRAWN
from pyneuro.report.markup import Markup, element, markup, short
from pyneuro.report.plots import nice_ticks
from pyneuro.report.sample import RATE_BINS, SAMPLES_DRAWN, SPIKES_DRAWN, activity_plots, rate_bin, traces
from pyneuro.report.schema.runs import Counter
from pyneuro.report.to_html import to_html
from pyneuro.report.to_json import to_json
from pyneuro.report.to_text import WIDTH, to_text
from pyneuro.report.words import amount, compact, memory, number, percent
from toolchain.graph import Graph, Vertex
from toolchain.keys import Keys
from toolchain.map_graph import GraphMapping
from toolchain.place import Placement
from toolchain.route import Routes
from toolchain.tables import Tables

Golden = Callable[[str, str], None]
SMALL = report()


# --- golden files ----------------------------------------------------------------------------------------


def test_text_is_as_before(golden: Golden) -> None:
    golden("report.txt", to_text(SMALL))


def test_json_is_as_before(golden: Golden) -> None:
    golden("report.json", to_json(SMALL))


# --- sections --------------------------------------------------------------------------------------------


def test_the_machine_is_told() -> None:
    machine = SMALL.machine
    assert machine is not None
    assert (machine.chips_used, machine.cores_used, machine.boards_used, machine.whole) == (2, 3, 1, True)
    assert [(c.x, c.y, c.used, c.entries) for c in machine.cells] == [
        (0, 0, 2, 1),
        (0, 1, 0, 0),
        (1, 0, 0, 0),
        (1, 1, 1, 0),
    ]
    assert [(t.x, t.y, t.link, t.expected, t.sent) for t in machine.links] == [(0, 0, 1, 1.0, 2)]


def test_the_cores_are_told() -> None:
    assert SMALL.cores is not None
    first, second, source = SMALL.cores.rows
    assert (first.label, first.kind, first.x, first.y, first.p) == (f"{NASTY}[0:2]", "neurons", 0, 0, 1)
    assert (first.key, source.key, source.mask) == (None, "0x00000008", "0xffffffff")
    assert (first.expected, first.mean, first.largest) == (0.9, 0.5, 0.95)
    assert (second.saturations, second.dtcm_bytes, second.sdram_bytes) == (3, 1500, 3000)


def test_routes_tables_and_memory_are_told() -> None:
    routes, tables, found = SMALL.routes, SMALL.tables, SMALL.memory
    assert routes is not None
    assert tables is not None
    assert found is not None
    assert (routes.nets, routes.hops, routes.longest_path, routes.links_used) == (1, 1.0, 1, 1)
    assert (tables.generated, tables.minimised, tables.most) == (2, 1, 1)
    assert [(r.x, r.y, r.generated, r.minimised) for r in tables.rows] == [(0, 0, 1, 1), (1, 1, 1, 0)]
    assert (found.sdram_most, found.sdram_chip, found.sdram_total) == (4064, (0, 0), 7064)
    assert (found.dtcm_most, found.dtcm_core) == (2000, f"{NASTY}[0:2]")


def test_findings_sum_up() -> None:
    told = {finding.text.partition(":")[0]: finding.level for finding in SMALL.findings}
    assert told["2 of 3 requirements met."] == "bad"
    assert told["It fits on spin3"] == "good"
    assert told["It keeps up with time"] == "note"
    assert told["Saturations"] == "bad"
    assert told["No dropped packets."] == "good"


def test_findings_of_trouble() -> None:
    assert SMALL.cores is not None
    assert SMALL.tables is not None
    assert SMALL.memory is not None
    assert SMALL.execution is not None
    troubled = replace(
        SMALL,
        tables=replace(SMALL.tables, most=1000),
        memory=replace(SMALL.memory, sdram_most=SMALL.memory.sdram_limit),
        execution=replace(SMALL.execution, busiest_share=1.2, counters=(Counter("Overruns", 7, "late", "wait"),)),
        quantisation=(replace(SMALL.quantisation[0], zeroed=1),),
    )
    told = [finding.text for finding in findings(troubled)]
    assert any(
        text.startswith("It does not keep up: 7 overruns, the fullest tick") and "120 %" in text for text in told
    )
    assert "The fullest routing table holds 1,000 of 1,023 entries." in told
    assert "The fullest SDRAM is filled to 100 %." in told
    assert any(text.startswith("1 of 2 weights of 'in→E' are too small") for text in told)


def test_links_and_cores_with_too_much_to_do_are_found() -> None:
    """A good finding of links turns bad with the first that has too much; cores are only expected to, before a run."""
    assert SMALL.machine is not None
    assert SMALL.cores is not None

    def told(made: Report) -> dict[str, str]:
        return {finding.text.partition(":")[0]: finding.level for finding in findings(made)}

    machine = replace(SMALL.machine, link_load=5.04, expected_link_load=1.5, links_over=2, link_capacity=500.0)
    busy = "2 links have more to carry in this run than a link can; the busiest is (0, 0) NE, 504 % of 500 packets/s."
    (text,) = [text for text in told(replace(SMALL, machine=machine)) if text.startswith("2 links")]
    assert text.startswith(busy)
    assert told(replace(SMALL, machine=machine))[text] == "bad"
    assert "the emulated fabric delivers whatever links carry" in text
    quiet = told(replace(SMALL, machine=replace(machine, link_load=0.2, links_over=0)))
    assert quiet["No link has more to carry in this run than it can"] == "good"
    assert quiet["At the expected rates the busiest link would have 150 % of what it can carry"] == "note"
    overloaded = replace(SMALL, cores=replace(SMALL.cores, overloaded=2, busiest="E", busiest_share=1.55))
    start = "2 cores are expected to need more than a tick at the assumed rates, 'E' 155 %"
    assert any(text.startswith(start) and level == "note" for text, level in told(overloaded).items())
    alone = findings(replace(overloaded, execution=None))
    assert [f.level for f in alone if f.text.startswith("It is not expected to keep up with time")] == ["bad"]


def test_expected_loads_of_cores_are_counted() -> None:
    """Those left out of the rows, too."""
    made = make_report("tight", mapping=mapping(), slices=SLICES, cycles_per_tick=800.0)
    assert made.cores is not None
    assert (made.cores.overloaded, made.cores.busiest, made.cores.busiest_share) == (1, f"{NASTY}[0:2]", 900 / 800)


def test_remarks_are_led_to() -> None:
    (found,) = [finding for finding in SMALL.findings if finding.section == "Remarks"]
    assert (found.level, "about 'in→E'" in found.text) == ("note", True)
    assert '<a href="#remarks">Remarks</a>' in to_html(SMALL)
    assert "See 'Remarks'." in to_text(SMALL)


def test_what_histories_forgot_is_told() -> None:
    """Only of runs with synapses that change, with the core that forgot most, and what to try."""
    assert "Forgotten spikes" not in to_html(SMALL)
    counted = statistics()
    quiet, busy, source = counted.cores
    plastic = replace(busy, dynamic_events=20, forgotten=4, merged=3)
    made = make_report(
        "plastic", mapping=mapping(), slices=SLICES, statistics=replace(counted, cores=(quiet, plastic, source))
    )
    assert made.execution is not None
    counters = {counter.name: counter for counter in made.execution.counters}
    assert counters["Events of synapses that change"].value == 20
    assert (counters["Forgotten spikes"].value, counters["Forgotten spikes"].most_on) == (4, busy.label)
    assert (counters["Merged doses of dopamine"].value, counters["Merged doses of dopamine"].most_on) == (3, busy.label)
    assert "15 spikes of the target" in counters["Forgotten spikes"].meaning
    bad = [finding.text for finding in made.findings if finding.level == "bad"]
    assert any(text.startswith("Forgotten spikes: 4 (") and f"most on '{busy.label}'" in text for text in bad)
    assert "merged doses of dopamine" in to_text(made)


def test_exact_weights_are_found_exact() -> None:
    exact = replace(SMALL.quantisation[0], largest_error=0.0)
    told = [finding.text for finding in findings(Report("t", "p", quantisation=(exact,)))]
    assert told == ["Every weight is exact in 16 bits."]


def test_equal_runs_are_found_equal() -> None:
    reference, _ = runs()
    same = make_report("same", comparison=compare(reference, reference))
    assert [finding.text for finding in same.findings] == [
        "Every population has as many spikes as in the reference.",
        "Every spike is in the same step as in the reference.",
    ]


@pytest.mark.parametrize(
    "made",
    [
        make_report("nothing"),
        make_report("reference only", network=network(), reference=Run(runs()[0], {"sim": 1.0})),
        make_report("a netlist", mapping=mapping()),
        make_report("a run", mapping=mapping(), slices=SLICES, statistics=statistics(), emulated=Run(runs()[1])),
    ],
    ids=lambda made: made.title,
)
def test_sections_that_do_not_apply_are_left_out(made: Report) -> None:
    json.loads(to_json(made))
    assert made.title in to_text(made)
    assert Page(to_html(made)).balanced
    assert ("Machine" in to_text(made)) == (made.machine is not None)


# --- JSON ------------------------------------------------------------------------------------------------


def test_json_is_sorted_and_finite() -> None:
    assert SMALL.comparison is not None
    row = replace(SMALL.comparison.populations[0], distance=math.nan, rate_difference=math.inf)
    odd = replace(SMALL, comparison=replace(SMALL.comparison, populations=(row,)))
    read = json.loads(to_json(odd), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert read["comparison"]["populations"][0]["distance"] is None
    assert read["comparison"]["populations"][0]["rate_difference"] is None
    assert list(read) == sorted(read)
    assert set(read) == {field.name for field in dataclasses.fields(Report)}
    assert to_json(report()) == to_json(SMALL)


def test_all_renderings_are_written(tmp_path: Path) -> None:
    paths = write_report(tmp_path / "a" / "b", replace(SMALL, title="bad \ud800 title"))
    assert [path.name for path in paths] == ["report.html", "report.txt", "report.json"]
    assert sorted(paths) == sorted((tmp_path / "a" / "b").iterdir())
    assert paths[0].read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    write_report(tmp_path / "a" / "b", SMALL)
    assert paths[1].read_text(encoding="utf-8") == to_text(SMALL)


# --- text ------------------------------------------------------------------------------------------------


def test_text_fits_the_terminal() -> None:
    assert max(len(line) for line in to_text(SMALL).splitlines()) <= WIDTH


def test_long_labels_are_cut_in_text() -> None:
    assert SMALL.comparison is not None
    long = tuple(replace(row, label="a very long label " * 9) for row in SMALL.comparison.populations)
    text = to_text(replace(SMALL, comparison=replace(SMALL.comparison, populations=long)))
    assert max(len(line) for line in text.splitlines()) <= WIDTH
    assert "…" in text


# --- HTML ------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a page holds: whether its tags balance, its links, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.told: list[str] = []
        self.balanced = True
        self.feed(page)
        self.close()
        self.balanced &= not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br", "hr", "input"):
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), f"{tag} has a handler {name}"
            if name in ("href", "src", "xlink:href", "action", "data", "srcset"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.balanced &= bool(self.open) and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.told.append(data)


def test_the_page_is_well_formed_and_self_contained() -> None:
    page = to_html(SMALL)
    found = Page(page)
    assert found.balanced
    assert not {"link", "img", "iframe", "object", "base"} & set(found.tags)
    assert all(link.startswith("#") and link[1:] in found.ids for link in found.links)
    assert len(found.ids) == len(set(found.ids))
    assert not re.search(r"https?:|url\((?!#)|@import|javascript:", page)
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        assert ET.fromstring(svg).find("title") is not None


def test_labels_are_escaped_on_the_page() -> None:
    page = to_html(SMALL)
    assert "<E&" not in page
    assert any(NASTY in told for told in Page(page).told)


def test_every_section_is_on_the_page_and_headed() -> None:
    found = Page(to_html(SMALL))
    assert found.tags.count("h1") == 1
    assert found.tags.count("h2") == found.tags.count("section") == 17
    assert found.tags.count("figcaption") == found.tags.count("figure") == 6 + found.tags.count("table")


def test_columns_of_the_comparison_are_named() -> None:
    """Each pair of columns, beside its colours."""
    head = re.findall(r"<thead>.*?</thead>", to_html(SMALL)[to_html(SMALL).index('id="comparison"') :], re.DOTALL)[0]
    first, second = re.findall(r"<tr>.*?</tr>", head)
    assert first.count('colspan="2"') == 4
    assert re.findall(r"<th[^>]*>(.*?)</th>", second) == ["reference", "emulator"] * 4
    columns = first.count("<th") + first.count('colspan="2"')
    assert second.count("<t") - 1 == columns


@given(text=st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=30))
@settings(max_examples=60, deadline=None)
def test_any_text_survives_markup(text: str) -> None:
    made = element("p", text, title=text, data_of=None)
    read = ET.fromstring(made)
    assert (read.text or "") == text
    assert read.attrib == {"title": text}


def test_markup_is_not_escaped_twice() -> None:
    assert element("b", element("i", "<")) == "<b><i>&lt;</i></b>"
    assert markup(Markup("<br>")) == "<br>"
    assert element("meta", charset="utf-8") == '<meta charset="utf-8">'
    assert element("rect", class_="a", stroke_width=1.5, x=-0.001) == '<rect class="a" stroke-width="1.5" x="0"></rect>'
    assert [short(v) for v in (1.0, 0.256, -2.5, 0.0, -0.001)] == ["1", "0.26", "-2.5", "0", "0"]


# --- bounds ----------------------------------------------------------------------------------------------


def big_mapping(machine: Machine, cores: int) -> GraphMapping:
    """Some cores over the whole machine, without nets."""
    x, y = (found.astype(np.int32) for found in np.nonzero(machine.cores))
    chip = np.linspace(0, len(x) - 1, cores).astype(int)
    graph = Graph("big", tuple(Vertex(f"v{i}", 100, 1000) for i in range(cores)), ())
    placement = Placement(machine, x[chip], y[chip], np.ones(cores, np.int32))
    keys = Keys(np.zeros(0, np.uint32), np.zeros(0, np.uint32))
    return GraphMapping(graph, placement, keys, Routes(()), Tables(()), Tables(()), {})


def test_a_machine_of_1200_boards_makes_a_bounded_report() -> None:
    made = make_report("big", mapping=big_mapping(named("1200 boards"), 20_000))
    assert made.machine is not None
    assert made.cores is not None
    assert made.machine.block > 1
    assert len(made.machine.cells) <= CELLS_DRAWN * 1.2
    assert sum(cell.used for cell in made.machine.cells) == 20_000
    assert (len(made.cores.rows), made.cores.omitted) == (ROWS, 18_000)
    assert len(to_html(made)) < 1_000_000
    assert f"stands for {made.machine.block} × {made.machine.block} chips" in to_html(made)
    assert "and 19,960 more" in to_text(made)


def test_of_a_big_machine_the_part_in_use_is_drawn() -> None:
    made = big_mapping(named("12 boards"), 2)
    corner = Placement(made.machine, np.array([3, 4], np.int32), np.array([5, 5], np.int32), np.ones(2, np.int32))
    section = make_report("corner", mapping=replace(made, placement=corner)).machine
    assert section is not None
    assert [(cell.x, cell.y) for cell in section.cells] == [(3, 5), (4, 5)]
    assert (section.block, section.whole, section.views) == (1, False, ())


def test_rasters_are_sampled_by_cells() -> None:
    spikes = poisson(2000, 400, 0.05, seed=4)
    run = results([population("E", spikes), population("none", trains([], 0, 400))], 400)
    (plot,) = activity_plots(run, None)
    assert plot.reference is not None
    assert plot.emulated is None
    assert plot.reference.total == len(spikes.steps)
    assert plot.stride == math.ceil(len(spikes.steps) / SPIKES_DRAWN)
    drawn = spikes.rows % plot.stride == 0
    assert plot.reference.rows == tuple(spikes.rows[drawn].tolist())
    assert plot.reference.times_ms == tuple((spikes.steps[drawn] + 1.0).tolist())


def test_a_single_busy_cell_is_thinned() -> None:
    busy = trains([(step, 0) for step in range(100_000)], 1, 100_000)
    (plot,) = activity_plots(results([population("E", busy)], 100_000), None)
    assert plot.reference is not None
    assert len(plot.reference.times_ms) <= 2 * SPIKES_DRAWN


@given(steps=st.integers(1, 10_000_000), timestep=st.sampled_from([0.025, 0.1, 0.25, 1.0]))
def test_rate_bins_are_few(steps: int, timestep: float) -> None:
    width = rate_bin(steps, timestep)
    assert width >= 1
    assert steps / width <= RATE_BINS * 1.5
    assert width == 1 or steps / width >= RATE_BINS / 4


def test_traces_show_the_divergence() -> None:
    steps = 20_000
    volts = np.zeros((steps + 1, 3))
    left = population("E", trains([(9000, 0)], 3, steps), {"gsyn_exc": signal(volts), "v": signal(volts)})
    right = population("E", trains([(9000, 2)], 3, steps), {"gsyn_exc": signal(volts), "v": signal(volts)})
    one, two = results([left], steps), results([right], steps, "emulator")
    found = traces(one, two, compare(one, two))
    assert [(trace.variable, trace.cell) for trace in found] == [("v", 0), ("gsyn_exc", 0)]
    assert found[0].divergence_ms == 9001.0
    assert found[0].start_ms < 9000 < found[0].start_ms + SAMPLES_DRAWN
    assert found[0].reference is not None
    assert len(found[0].reference) == SAMPLES_DRAWN
    assert "first divergence" in to_html(
        make_report("t", reference=Run(one), emulated=Run(two), comparison=compare(one, two))
    )


def test_traces_need_common_cells() -> None:
    def run(cell: int, values: NDArray[np.float64]) -> list[tuple[str, int]]:
        other = replace(signal(values), indices=np.array([cell], np.int32))
        one = results([population("E", trains([], 3, 4), {"v": signal(np.zeros((5, 1)))})], 4)
        two = results([population("E", trains([], 3, 4), {"v": other})], 4)
        return [(trace.label, trace.cell) for trace in traces(one, two)]

    assert run(0, np.zeros((5, 1))) == [("E", 0)]
    assert run(1, np.zeros((5, 1))) == []
    assert run(0, np.zeros((0, 1))) == []
    assert traces(None, None) == ()


# --- words -----------------------------------------------------------------------------------------------


def test_figures_in_words() -> None:
    assert [percent(v) for v in (0, 0.5, 1, 0.12345, 1e-6, 0.99999, 23.4, math.nan, math.inf)] == [
        *("0 %", "50 %", "100 %", "12.3 %", "< 0.01 %", "99.99 %", "2,340 %", "–", "∞ %"),
    ]
    assert [number(v) for v in (None, 0.0, 1.23456, 123456.0, math.inf, -math.inf)] == [
        *("–", "0", "1.235", "123,456", "∞", "-∞"),
    ]
    assert [memory(v) for v in (None, 12, 2048, 3 << 20)] == ["–", "12 B", "2.0 KiB", "3.0 MiB"]
    assert [compact(v) for v in (0, 950, 12345, 2.4e6, 3e9)] == ["0", "950", "12.3 k", "2.4 M", "3 G"]
    assert [amount(v, "chip") for v in (0, 1, 1200)] == ["0 chips", "1 chip", "1,200 chips"]
    assert [amount(v, "entry") for v in (1, 2)] == ["1 entry", "2 entries"]


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-3, 1e6), count=st.integers(1, 12))
def test_ticks_are_round_and_inside(low: float, span: float, count: int) -> None:
    ticks = nice_ticks(low, low + span, count)
    assert len(ticks) <= count + 1
    assert all(low - 1e-6 * span <= tick <= low + span * (1 + 1e-6) for tick in ticks)
    assert nice_ticks(1.0, 1.0, 3) == [1.0]
