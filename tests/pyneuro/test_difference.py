"""What changed between two mappings, as `pyneuro diff` prints it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from networks import cells, poisson_source
from reports import layered, report

from emulator.emulator import Emulator
from pyneuro.cli import main
from pyneuro.errors import ReportError
from pyneuro.report import Report, columns, entries, running, trees
from pyneuro.report.build import compiled_report, make_report, netlist_report
from pyneuro.report.difference import changes
from pyneuro.report.difference.change import Change, some
from pyneuro.report.files import write_report
from pyneuro.report.schema.routing import ChipEntries
from toolchain.language import read_text
from toolchain.map_graph import map_graph
from toolchain.map_network import map_netlist, map_network
from toolchain.network import Network, Projection

Golden = Callable[[str, str], None]

BASE = """\
machine spin5
set neurons_per_core = 10
place using sequential
route using ner
keys using dense
minimise using pairs
"""
OTHERWISE = """\
machine 3 boards
set neurons_per_core = 64
place using hilbert
route using longest_dimension
keys using dense
minimise using pairs
"""


SIZES = (400, 100, 100)


def network(weight: float = 0.3, delay: float = 2.0) -> Network:
    """Two populations of cells and one of sources."""
    draw = np.random.default_rng(3)

    def projection(label: str, pre: int, post: int, value: float, later: float) -> Projection:
        sources, targets = np.nonzero(draw.random((SIZES[pre], SIZES[post])) < 0.1)
        receptor = "excitatory" if value > 0 else "inhibitory"
        ends = sources.astype(np.int32), targets.astype(np.int32)
        return Projection(label, pre, post, receptor, *ends, value, later)

    return Network(
        "net",
        1.0,
        (cells("E", SIZES[0]), cells("I", SIZES[1]), poisson_source("in", SIZES[2], 50.0)),
        (
            projection("E to I", 0, 1, weight, delay),
            projection("I to E", 1, 0, -0.5, 3.0),
            projection("in to E", 2, 0, 0.7, 1.0),
        ),
    )


def mapped(said: str = BASE, of: Network | None = None, steps: int = 0) -> Report:
    """The report of a network that was mapped, and run if there are `steps`."""
    of = of or network()
    outcome = map_network(of, read_text(said))
    counted = None
    if steps:
        emulator = Emulator(outcome.mapping.image)
        emulator.run(steps)
        counted = emulator.statistics()
    return compiled_report("net", of, outcome.mapping, counted, outcome)


@pytest.fixture(scope="module")
def base() -> Report:
    return mapped()


@pytest.fixture
def diff(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[Report, Report], tuple[int, str]]:
    """Exit status and output of `pyneuro diff`."""

    def run(before: Report, after: Report) -> tuple[int, str]:
        paths = [str(write_report(tmp_path / name, made)[2]) for name, made in (("a", before), ("b", after))]
        status = main(["diff", *paths])
        return status, capsys.readouterr().out

    return run


Diff = Callable[[Report, Report], tuple[int, str]]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("weight_shift", BASE + 'projection "E to I": weight_shift = 15\n'),
        ("cycle_load", BASE + 'population "E": spikes_per_second = 300\n'),
        ("forbidden_link", BASE + "forbid links (0, 0) north\n"),
        ("otherwise", OTHERWISE),
        ("requirements", BASE + "require hops <= 10\nrequire rate error < 2 %\nattempts 0\n"),
    ],
)
def test_what_is_said_otherwise(name: str, said: str, base: Report, diff: Diff, golden: Golden) -> None:
    status, told = diff(*(replace(made, diagnostics=()) for made in (base, mapped(said))))
    assert status == 1
    assert max(map(len, told.splitlines())) <= 100
    golden(f"diff_{name}.txt", told)


def test_remarks_that_came_are_told(base: Report) -> None:
    other = mapped(BASE + 'projection "E to I": weight_shift = 15\n')
    (found,) = [change for change in changes(base, other) if change.section == "remarks"]
    (remark,) = [row for row in other.diagnostics if row not in base.diagnostics]
    assert (found.subject, found.before, found.after) == ("weights, E to I", "–", remark.message)


def test_another_network(base: Report, diff: Diff, golden: Golden) -> None:
    status, told = diff(base, mapped(of=network(weight=0.4, delay=5.0)))
    assert status == 1
    golden("diff_network.txt", told)


def test_where_it_was_said_is_no_change(base: Report, diff: Diff) -> None:
    said = "# A remark, and an empty line.\n\n" + BASE.replace("minimise using pairs\n", "") + "minimise using pairs\n"
    elsewhere = mapped(said)
    assert [row.origin for row in elsewhere.settings] != [row.origin for row in base.settings]
    assert diff(base, elsewhere) == (0, "net: nothing changed\n")


def test_a_run_is_no_other_mapping(base: Report, diff: Diff) -> None:
    run = mapped(steps=30)
    assert run.execution
    assert run.machine
    assert base.machine
    assert run.machine.link_load != base.machine.link_load
    assert diff(base, run) == diff(run, base) == (0, "net: nothing changed\n")


def test_runs_do_not_hide_what_is_expected(base: Report) -> None:
    run = mapped(BASE + 'population "E": spikes_per_second = 300\n', steps=30)
    figures = {change.subject: (change.before, change.after) for change in changes(base, run)}
    assert figures["busiest link"] == ("0.2 %", "2 %")
    assert {"busiest core", 'population "E"'} <= figures.keys()


def test_delays_of_the_same_range_are_compared() -> None:
    def delayed(share: float) -> Report:
        made = network()
        first, *rest = made.projections
        delays = np.where(np.arange(len(first)) < share * len(first), 2.0, 3.0)
        return mapped(of=replace(made, projections=(replace(first, delay=delays), *rest)))

    synapses = len(network().projections[0])
    (found,) = [one for one in changes(delayed(0.5), delayed(0.75)) if one.section == "weights and delays"]
    other = int(0.75 * synapses) - int(0.5 * synapses)
    assert (found.subject, found.before, found.after) == ("E to I: delays", "2 … 3 ms", "2 … 3 ms")
    assert found.remark in {f"{n:,} of {synapses:,} synapses have another" for n in (other - 1, other, other + 1)}


# --- bare graphs -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def graph() -> Report:
    return netlist_report(map_netlist(layered(), read_text("machine spin5\nplace using compact\n")))


@pytest.fixture(scope="module")
def graph_otherwise() -> Report:
    said = "machine 3 boards\nplace using sequential\nrequire chips <= 1\n"
    return netlist_report(map_netlist(layered(), read_text(said)))


def test_the_same_mapping_has_not_changed(graph: Report) -> None:
    again = netlist_report(map_netlist(layered(), read_text("machine spin5\nplace using compact\n")))
    assert changes(graph, again) == ()


def test_changes_backwards_are_the_same(graph: Report, graph_otherwise: Report) -> None:
    def told(before: Report, after: Report) -> dict[tuple[str, str], tuple[str, str]]:
        return {(one.section, one.subject): (one.before, one.after) for one in changes(before, after)}

    forwards = told(graph, graph_otherwise)
    assert {key: (after, before) for key, (before, after) in told(graph_otherwise, graph).items()} == forwards
    assert forwards["settings", "machine"] == ("spin5 (mapping:1)", "3 boards (mapping:1)")
    assert forwards["algorithms kept", "place"] == ("compact", "sequential")
    assert forwards["requirements", "chips <= 1"] == ("–", "NOT MET, 5")


def test_reports_of_other_networks_are_compared(graph: Report) -> None:
    sections = {change.section for change in changes(graph, report())}
    assert {"network", "cores of populations", "figures", "placement", "keys", "routing tables"} <= sections


def test_entries_that_come_and_go_are_counted(graph: Report, graph_otherwise: Report) -> None:
    """Counted once more, from all entries together."""
    assert graph.tables
    assert graph_otherwise.tables

    def loaded(chips: tuple[ChipEntries, ...]) -> set[tuple[int, int, tuple[str, str, str]]]:
        return {(chip.x, chip.y, entry) for chip in chips for entry in chip.minimised}

    old, new = loaded(graph.tables.entries), loaded(graph_otherwise.tables.entries)
    rows = [change for change in changes(graph, graph_otherwise) if change.section == "routing tables"]
    assert f"{len(new - old):,} entries came, {len(old - new):,} went" in rows[0].remark


# --- large networks --------------------------------------------------------------------------------------


def shortened(monkeypatch: pytest.MonkeyPatch, further: int) -> None:
    for module in (columns, entries, running, trees):
        monkeypatch.setattr(module, "ROWS", 3)
    for module in (entries, running, trees):
        monkeypatch.setattr(module, "FURTHER", further)


def test_what_reports_tell_in_columns_is_compared(base: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    other = mapped(BASE + "forbid links (0, 0) north\n")
    whole = changes(base, other)
    shortened(monkeypatch, 100)
    short = changes(mapped(), mapped(BASE + "forbid links (0, 0) north\n"))
    assert set(short) == set(whole)


def test_changes_that_reports_leave_out_are_told_as_a_whole(monkeypatch: pytest.MonkeyPatch, diff: Diff) -> None:
    shortened(monkeypatch, 4)
    monkeypatch.setattr(entries, "CHIPS", 0)
    monkeypatch.setattr(entries, "LOADED", 0)
    mapping = map_graph(layered(), "spin5")
    p = mapping.placement.p.copy()
    p[[68, 69]] = p[[69, 68]]
    moved = replace(mapping, placement=replace(mapping.placement, p=p))
    before, after = (make_report("layered", mapping=one) for one in (mapping, moved))
    (found,) = changes(before, after)
    assert (found.section, found.subject, found.remark) == ("placement", "63 rows that reports leave out", "changed")
    status, told = diff(before, after)
    assert status == 1
    assert told.endswith("(63 more slices are compared as a whole only)\n")
    assert diff(before, before) == (0, "layered: nothing changed\n")


def test_entries_that_reports_leave_out_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "LOADED", 0)
    monkeypatch.setattr(entries, "FEWEST", 1)
    rows = [one for one in changes(mapped(), mapped(OTHERWISE)) if one.section == "routing tables"]
    assert "not counted" in rows[0].remark
    assert "other entries" in {row.remark for row in rows[1:]}


# --- details ---------------------------------------------------------------------------------------------


def test_names_are_listed_in_part() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some([*"abcdefg"]) == "a, b, c and 4 more"


def test_slices_of_the_same_name_are_told_apart(graph: Report) -> None:
    assert graph.cores
    rows = [replace(row, label="again[0:1]") for row in graph.cores.rows]
    moved = [*rows[:-1], replace(rows[-1], p=rows[-1].p + 1)]
    before, after = (replace(graph, cores=replace(graph.cores, rows=tuple(made))) for made in (rows, moved))
    (found,) = changes(before, after)
    assert found.remark == "1 of 70 slices moved, again[0:1] (70) the first"


def test_keys_that_are_none_are_refused(base: Report) -> None:
    assert base.cores
    damaged = replace(base.cores.rows[0], key="x", label="E[0:9]")
    with pytest.raises(ReportError, match="'x' is no key or mask"):
        changes(base, replace(base, cores=replace(base.cores, rows=(damaged, *base.cores.rows[1:]))))


def test_the_command_tells(
    graph: Report, graph_otherwise: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = (str(write_report(tmp_path / name, made)[2]) for name, made in (("a", graph), ("b", graph_otherwise)))
    assert main(["diff", one, one]) == 0
    assert capsys.readouterr().out == "layered: nothing changed\n"
    assert main(["diff", "--json", one, two]) == 1
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["same"], last["changes"][0]["section"]) == (False, "figures")
    assert [Change(**change) for change in last["changes"]] == [*changes(graph, graph_otherwise)]
    assert main(["diff", one, str(tmp_path / "absent.json")]) == 2
    assert "absent.json: cannot be read" in capsys.readouterr().err
