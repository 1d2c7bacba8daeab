"""The page in a browser: opened, looked at closer by mouse and keyboard, and photographed, without a complaint."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from browser import Browser, browser, chromium
from reports import NASTY, NOISE, layered, report

from emulator.machine import board_of, named, without
from pyneuro.report import Report, trees
from pyneuro.report.board import RADIUS, SPACING
from pyneuro.report.build import make_report, netlist_report
from pyneuro.report.to_html import to_html
from toolchain.map_graph import Algorithms, GraphMapping, map_graph
from toolchain.map_network import Outcome, map_netlist
from toolchain.place.scatter import place as scatter
from toolchain.settings import MachineSettings, Settings
from toolchain.tables.follow import follow

pytestmark = pytest.mark.skipif(chromium() is None, reason="there is no Chromium here (Debian package chromium)")
SETTINGS = Settings(machine=MachineSettings("spin5"))


@pytest.fixture(scope="module")
def outcome() -> Outcome[GraphMapping]:
    return map_netlist(layered(), SETTINGS)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def page(running: Browser, outcome: Outcome[GraphMapping], tmp_path: Path) -> Iterator[Browser]:
    """The page of a small mapping; a test fails if anything is complained of or asked for over a network."""
    path = tmp_path / "report.html"
    path.write_text(to_html(netlist_report(outcome)), encoding="utf-8")
    running.errors.clear()
    running.requests.clear()
    running.open(path)
    yield running
    assert running.errors == []
    assert set(running.requests) == {path.as_uri()}


def told(page: Browser) -> str:
    return str(page.run("document.getElementById('told').textContent"))


def marked(page: Browser, mark: str) -> list[str]:
    """The places of the chips with a mark."""
    found: list[str] = page.run(
        f"[...document.querySelectorAll('.chip.{mark} .place')].map((text) => text.textContent)"
    )
    return found


def shown(page: Browser) -> list[str]:
    found: list[str] = page.run("[...document.querySelectorAll('.chip .load')].map((text) => text.textContent)")
    return found


def places(outcome: Outcome[GraphMapping], prefix: str) -> set[str]:
    """The chips of the vertices whose names begin so."""
    place, vertices = outcome.mapping.placement, outcome.mapping.graph.vertices
    return {f"{place.x[i]},{place.y[i]}" for i, vertex in enumerate(vertices) if vertex.name.startswith(prefix)}


def test_a_layer_is_switched(page: Browser, outcome: Outcome[GraphMapping]) -> None:
    before = shown(page)
    assert sum(int(text) for text in before if text) == outcome.mapping.cores
    page.run("document.querySelector('input[value=entries]').click()")
    after = shown(page)
    assert sum(int(text) for text in after if text) == outcome.mapping.entries_minimised
    assert after != before
    most = 100 * outcome.mapping.entries_max / outcome.mapping.machine.table_entries
    meaning = page.run("document.getElementById('shaded-by').textContent")
    assert meaning.startswith("the share of their routing table in use; the number is its entries")
    assert meaning.endswith(f"the darkest is the fullest, {most:.3g} %")
    used = "[...document.querySelectorAll('.chip .hexagon:not(.idle)')]"
    assert page.run(f"Math.max(...{used}.map((shape) => shape.getAttribute('fill-opacity')))") == 1


def test_a_trace_is_kept_when_the_layer_is_switched(page: Browser, outcome: Outcome[GraphMapping]) -> None:
    """Its chips show what the layer tells, with the marks above, and the picture is named after the layer."""
    page.run("document.getElementById('key').value = 'exc[0]'")
    page.run("document.getElementById('trace').click()")

    def traced_so_far() -> list[object]:
        hops = page.run("document.querySelector('#hops').textContent")
        return [told(page), marked(page, "source"), marked(page, "sink"), hops]

    before = traced_so_far()
    page.run("document.querySelector('input[value=entries]').click()")
    assert traced_so_far() == before
    assert sum(int(text) for text in shown(page) if text) == outcome.mapping.entries_minimised
    marks = page.run("[...document.querySelectorAll('.chip.source .mark')].map((text) => text.textContent)")
    assert [mark[:1] for mark in marks] == ["S"]
    assert page.run("document.querySelector('svg.board title').textContent") == "spin5: table entries by chip"


def test_layers_are_switched_by_keyboard(page: Browser) -> None:
    page.run("document.querySelector('input[value=cores]').focus()")
    page.press("ArrowRight", "ArrowRight")
    assert page.run("document.querySelector('input[name=layer]:checked').value") == "entries"
    assert page.run("document.querySelector('svg.board').getAttribute('data-layer')") == "entries"


def test_a_population_is_highlighted(page: Browser, outcome: Outcome[GraphMapping]) -> None:
    page.run("document.getElementById('population').focus()")
    page.press(*["ArrowDown"] * 3)
    assert set(marked(page, "mine")) == places(outcome, f"{NOISE}[")
    assert told(page).startswith(f"{NOISE}: 3 cores on")
    rows = page.run("[...document.querySelectorAll('tr.chosen th')].map((cell) => cell.textContent)")
    assert f"{NOISE}[0:100]" in rows
    assert all(row == NOISE or row.startswith(f"{NOISE}[") for row in rows)
    page.run("document.getElementById('clear').click()")
    assert marked(page, "mine") == []
    assert told(page) == ""


@pytest.mark.parametrize("by", ["key", "name"])
def test_a_key_is_traced(page: Browser, outcome: Outcome[GraphMapping], by: str) -> None:
    mapping = outcome.mapping
    number = max(range(len(mapping.graph.nets)), key=lambda net: mapping.routes.trees[net].links)
    net, tree = mapping.graph.nets[number], mapping.routes.trees[number]
    name, key = mapping.graph.vertices[net.source].name, int(mapping.keys.key[number])
    page.run("document.getElementById('key').focus()")
    page.press(*(f"0x{key + 3:x}" if by == "key" else name), "Enter")
    assert f"0x{key:08x}" in told(page)
    assert f"of {name}: {tree.links} link" in told(page)
    assert f"to {len(net.sinks)} core" in told(page)
    assert marked(page, "source") == [f"{tree.x[0]},{tree.y[0]}"]
    visited = marked(page, "source") + marked(page, "sink") + marked(page, "passed")
    assert sorted(visited) == sorted(f"{x},{y}" for x, y in zip(tree.x, tree.y, strict=True))
    assert page.run("document.querySelectorAll('.links line.mine').length") == tree.links
    hops = page.run("[...document.querySelectorAll('#hops li')].map((item) => item.textContent)")
    assert len(hops) == len(tree.x)
    sinks = [mapping.graph.vertices[sink].name for sink in net.sinks]
    assert all(any(f"\u00a0{sink}" in hop for hop in hops) for sink in sinks)


@pytest.mark.parametrize("neuron", [0, 141])
def test_hops_name_their_entries(running: Browser, tmp_path: Path, neuron: int) -> None:
    """The same that `pyneuro map --trace` follows through the loaded tables, default routes among it."""
    mapping = map_graph(layered(), "3 boards", Algorithms(place=scatter))
    (tmp_path / "report.html").write_text(to_html(make_report("spread", mapping=mapping)), encoding="utf-8")
    running.open(tmp_path / "report.html")
    running.run(f"document.getElementById('key').value = 'exc[{neuron}]'")
    running.run("document.getElementById('trace').click()")
    said = running.run("[...document.querySelectorAll('#hops li')].map((item) => item.textContent)")
    net = neuron // 100
    x, y = (int(along[mapping.graph.nets[net].source]) for along in (mapping.placement.x, mapping.placement.y))
    hops = follow(mapping.machine, mapping.minimised, x, y, int(mapping.keys.key[net]) + neuron % 100)
    assert any(hop.match for hop in hops)
    assert any(hop.match is None for hop in hops)
    for text, hop in zip(said, hops, strict=True):
        match, why = hop.match, "default route:"
        if match:
            why = f"entry {match.number} of {match.entries}, {match.key:#010x}/{match.mask:#010x}:"
        assert text.startswith(f"chip ({hop.x}, {hop.y}), ")
        assert why in text


def test_links_of_a_tree_show_their_direction(page: Browser) -> None:
    page.run("document.getElementById('key').value = 'exc[0]'")
    page.run("document.getElementById('trace').click()")
    lines = "[...document.querySelectorAll('.links line')]"
    found = page.run(f"{lines}.map((line) => [line.matches('.mine'), getComputedStyle(line).markerEnd])")
    assert {end for mine, end in found if mine} == {'url("#arrowhead")'}
    assert {end for mine, end in found if not mine} == {"none"}


def test_trees_that_are_left_out_are_told_with_another_way(
    running: Browser, outcome: Outcome[GraphMapping], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(trees, "ROWS", 7)
    monkeypatch.setattr(trees, "PATHS", 100)
    path, made = tmp_path / "report.html", netlist_report(outcome)
    assert made.routes is not None
    path.write_text(to_html(made), encoding="utf-8")
    running.open(path)
    note = f"{made.routes.untraced} trees left out of this report: pyneuro map --trace KEY prints the way of any key"
    assert note in running.run("document.querySelector('#controls .left-out').textContent")
    assert note in running.run("document.getElementById('routes').textContent")
    offered = running.run("[...document.querySelectorAll('#sources option')].map((option) => option.value)")
    assert offered == [row.label for row in made.routes.rows if row.path is not None]
    key = int(outcome.mapping.keys.key[50])
    for wanted, said in (
        (f"{key:#x}", f'(63 sources left out of it: pyneuro map --trace "{key:#x}" prints its way)'),
        (made.routes.rows[-1].label, 'is left out of this report: pyneuro map --trace "0x'),
    ):
        running.run(f"document.getElementById('key').value = '{wanted}'")
        running.run("document.getElementById('trace').click()")
        assert said in told(running)


def test_boards_are_parted_and_named(running: Browser, tmp_path: Path) -> None:
    mapping = map_graph(layered(), "3 boards", Algorithms(place=scatter))
    (tmp_path / "report.html").write_text(to_html(make_report("spread", mapping=mapping)), encoding="utf-8")
    running.open(tmp_path / "report.html")
    names = running.run("[...document.querySelectorAll('.board-name')].map((text) => text.textContent)")
    assert sorted(names) == ["board 0", "board 1", "board 2"]
    assert running.count(".borders line") > 20
    running.run("[...document.querySelectorAll('g.chip')].at(-1).dispatchEvent(new Event('pointerenter'))")
    x, y = mapping.machine.width - 1, mapping.machine.height - 1
    board = int(board_of(mapping.machine)[x, y])
    assert f"Chip ({x}, {y}) of board {board}: " in running.run("document.getElementById('detail').textContent")


def traced(page: Browser, wanted: str) -> str:
    """What is told when a key or name is traced."""
    page.run(f"document.getElementById('key').value = '{wanted}'")
    page.run("document.getElementById('trace').click()")
    return told(page)


def test_what_cannot_be_traced_is_told(page: Browser, outcome: Outcome[GraphMapping]) -> None:
    """Nothing that is no key, or that no neuron sends, is taken for another key."""
    assert traced(page, "0xfffffff0") == "No source of this report has the key or name 0xfffffff0."
    for wanted in ("0x100000000", "4294971456"):
        assert traced(page, wanted) == f"{wanted} is no key: keys have 32 bits."
    first = int(outcome.mapping.keys.key[0])
    assert traced(page, f"{first + 99:#x}").startswith(f"Key {first + 99:#010x}, of the block {first:#010x}")
    assert traced(page, f"{first + 100:#x}") == (
        f"No neuron sends {first + 100:#010x}: it lies in the block of exc[0:100], which sends {first:#010x} to "
        f"{first + 99:#010x}."
    )
    assert marked(page, "source") == []
    assert traced(page, "exc[5200]") == "No source of this report has the key or name exc[5200]."


def test_who_sends_nothing_is_told(running: Browser, tmp_path: Path) -> None:
    """By the name of the population, of a neuron and of a slice."""
    (tmp_path / "report.html").write_text(to_html(report()), encoding="utf-8")
    running.open(tmp_path / "report.html")
    running.run(f"window.cells = {json.dumps(NASTY)}")
    for name in ("", "[1]", "[0:2]"):
        running.run(f"document.getElementById('key').value = window.cells + '{name}'")
        running.run("document.getElementById('trace').click()")
        assert told(running) == f"{NASTY}{name} sends nothing: no projection begins there."
    assert traced(running, "in").startswith("Key 0x00000008, ")


def test_boards_are_drawn_whole_and_what_cannot_be_used_is_crossed_out(running: Browser, tmp_path: Path) -> None:
    """Every chip lies less than eight rows and columns from the Ethernet chip of its board, also beyond an edge."""
    broken = without(named("3 boards"), [(3, 3), (9, 5)], [(5, 5, 0), (0, 0, 3), (3, 3, 1)])
    made = make_report("spread", mapping=map_graph(layered(), broken, Algorithms(place=scatter)))
    assert made.machine is not None
    assert made.machine.dead_chips == ((3, 3), (9, 5))
    assert made.machine.dead_links == ((5, 5, 0), (11, 0, 0))
    (tmp_path / "report.html").write_text(to_html(made), encoding="utf-8")
    running.open(tmp_path / "report.html")
    assert running.count("svg.board .chip") == 144
    assert running.count(".chip .cross") == 2
    assert running.count(".faults .cross") == 3, "one link leaves the picture at both ends"
    found = running.run(
        "[...document.querySelectorAll('g.chip')].map((chip) => [chip.querySelector('.place').textContent, "
        "...chip.getAttribute('transform').match(/[-.0-9]+/g).map(Number)])"
    )
    board = board_of(broken)
    for place, right, down in found:
        chip = tuple(map(int, place.split(",")))
        left, bottom = ((0, 0), (4, 8), (8, 4))[board[chip]]
        x, y = round((right - down / math.sqrt(3)) / SPACING, 3), round(-2 * down / math.sqrt(3) / SPACING, 3)
        assert (x, y) == (left + (chip[0] - left) % 12, bottom + (chip[1] - bottom) % 12)
        assert 0 <= x - left < 8
        assert 0 <= y - bottom < 8
    assert traced(running, "exc[0]").startswith("Key ")
    facts = running.run("document.querySelector('#machine .facts').textContent")
    assert "Chips that cannot be used2: (3, 3), (9, 5)" in facts
    assert "Links that cannot be used2: (5, 5) E, (11, 0) E" in facts


def test_chips_are_visited_by_keyboard(page: Browser, outcome: Outcome[GraphMapping]) -> None:
    page.run("document.getElementById('clear').focus()")
    page.press("Tab")
    chip = "document.activeElement.querySelector('.place').textContent"
    first = page.run(chip)
    assert first in places(outcome, "")
    detail = page.run("document.getElementById('detail').textContent")
    assert f"Chip ({first.replace(',', ', ')})" in detail
    assert "core 1: " in detail
    page.press("ArrowUp")
    second = page.run(chip)
    assert second != first
    page.press("ArrowDown")
    assert page.run("document.querySelectorAll('.chip[tabindex=\"0\"]').length") == 1
    assert page.run("document.activeElement.getAttribute('aria-label')").startswith("Chip (")


def test_arrows_go_to_the_nearest_row(page: Browser) -> None:
    """From the Ethernet chip up all eight rows of the board, then back down; left and right stay in one."""
    page.run("[...document.querySelectorAll('g.chip')].find((chip) => chip.textContent.includes('0,0')).focus()")
    chip = "document.activeElement.querySelector('.place').textContent"
    ways: list[list[str]] = []
    for key, times in (("ArrowUp", 9), ("ArrowDown", 9), ("ArrowLeft", 5), ("ArrowRight", 5)):
        ways.append([page.run(chip)])
        for _ in range(times):
            page.press(key)
            ways[-1].append(page.run(chip))
    rows = [[int(place.partition(",")[2]) for place in way] for way in ways]
    assert rows[:2] == [[0, 1, 2, 3, 4, 5, 6, 7, 7, 7], [7, 6, 5, 4, 3, 2, 1, 0, 0, 0]]
    assert ways[2] == ["4,0", "3,0", "2,0", "1,0", "0,0", "0,0"]
    assert ways[3] == ["0,0", "1,0", "2,0", "3,0", "4,0", "4,0"]


def test_marked_rows_of_folded_tables_are_counted(page: Browser) -> None:
    page.run("document.getElementById('population').value = '0'")
    page.run("document.getElementById('population').dispatchEvent(new Event('change'))")
    found = "document.querySelectorAll('summary[data-marked]')"
    folded = [("Placement by slice", "52 rows marked"), ("Routes: the tree", "52 rows marked")]
    told = page.run(f"[...{found}].map((summary) => [summary.textContent, summary.dataset.marked])")
    assert [(text[: len(start)], marks) for (text, marks), (start, _) in zip(told, folded, strict=True)] == folded
    page.run("document.getElementById('clear').click()")
    assert page.run(f"{found}.length") == 0


def test_a_screenshot_is_taken(page: Browser, tmp_path: Path) -> None:
    picture = page.picture()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000


def test_without_script_it_can_be_read(running: Browser, outcome: Outcome[GraphMapping], tmp_path: Path) -> None:
    """Everything that the script shows is in tables, too; its controls stay hidden."""
    path = tmp_path / "report.html"
    path.write_text(to_html(netlist_report(outcome)), encoding="utf-8")
    running.open(path, script=False)
    assert running.count("#controls[hidden]") == 1
    assert running.count("table") > 8
    assert running.count("svg.board .chip") == 48
    running.open(path)
    assert running.count("#controls[hidden]") == 0


def test_no_label_harms_the_page(running: Browser, tmp_path: Path) -> None:
    """Labels are text for the browser, whatever is in them."""
    path = tmp_path / "report.html"
    path.write_text(to_html(replace(report(), title="</script><script>alert(1)</script>")), encoding="utf-8")
    running.errors.clear()
    running.open(path)
    assert running.errors == []
    labels = running.run("[...document.querySelectorAll('#population option')].map((option) => option.textContent)")
    assert labels == ["none", NASTY, "in"]
    running.run("document.getElementById('key').value = '8'")
    running.run("document.getElementById('trace').click()")
    assert told(running).startswith("Key 0x00000008, mask 0xffffffff of in[0:1]: 1 link to 2 cores on 2 chips")
    assert f"1\u00a0{NASTY}[2:3]" in running.run("document.querySelector('#hops li:last-child').textContent")


@pytest.mark.parametrize("script", [True, False])
def test_texts_of_an_overview_fit_their_hexagons(running: Browser, tmp_path: Path, script: bool) -> None:
    """Chips of a full machine of twelve boards: 100 % is the longest text."""
    full = named("12 boards")
    section = make_report("spread", mapping=map_graph(layered(), full)).machine
    assert section is not None
    cell = replace(section.cells[0], chips=4, cores=64, used=64)
    whole = replace(section, block=2, cells=(cell,), links=(), views=(), whole=True)
    (tmp_path / "report.html").write_text(to_html(Report("full", "nobody", machine=whole)), encoding="utf-8")
    running.open(tmp_path / "report.html", script=script)
    text = "document.querySelector('.chip .load')"
    assert running.run(f"{text}.textContent") == "100 %"
    assert running.run(f"{text}.getBBox().width") < RADIUS * math.sqrt(3)


def test_memory_that_is_not_known_is_not_told_as_none(running: Browser, tmp_path: Path) -> None:
    """Of a netlist that tells no SDRAM there is no such layer, and no share of it."""
    silent = replace(layered(), vertices=tuple(replace(vertex, sdram_bytes=0) for vertex in layered().vertices))
    made = netlist_report(map_netlist(silent, SETTINGS))
    assert made.machine is not None
    assert made.cores is not None
    assert {cell.sdram_bytes for cell in made.machine.cells} == {row.sdram_bytes for row in made.cores.rows} == {None}
    (tmp_path / "report.html").write_text(to_html(made), encoding="utf-8")
    running.open(tmp_path / "report.html")
    layers = running.run("[...document.querySelectorAll('input[name=layer]')].map((input) => input.value)")
    assert layers == ["cores", "entries", "packets"]
    assert "SDRAM" not in running.run("document.querySelector('svg.board').textContent")
    running.run("document.querySelector('g.chip').focus()")
    assert "SDRAM" not in running.run("document.getElementById('detail').textContent")


def test_what_is_highlighted_is_found_on_many_boards(running: Browser, tmp_path: Path) -> None:
    """In the overview blocks count the chips that are marked, and boards with some are unfolded."""
    mapping = map_graph(layered(), named("60 boards"), Algorithms(place=scatter))
    path = tmp_path / "report.html"
    path.write_text(to_html(make_report("spread", mapping=mapping)), encoding="utf-8")
    running.errors.clear()
    running.open(path)
    running.run("document.querySelectorAll('details.part').forEach((part) => { part.open = false; })")
    running.run("document.getElementById('population').focus()")
    running.press("ArrowDown")
    marks = "[...document.querySelector('svg.board').querySelectorAll('.mine .mark')].map((text) => text.textContent)"
    chips = set(zip(mapping.placement.x[:52].tolist(), mapping.placement.y[:52].tolist(), strict=True))
    assert sum(int(text.partition(" ")[0]) for text in running.run(marks)) == len(chips)
    opened = running.run("[...document.querySelectorAll('details.part[open]')].length")
    assert opened == running.run("document.querySelectorAll('details.part:has(.chip.mine)').length")
    assert opened > 0
    assert running.errors == []
