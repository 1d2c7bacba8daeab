"""Tables of the text: nothing is cut, and they fit a terminal."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from reports import layered, report

from pyneuro.report.build import netlist_report
from pyneuro.report.schema.mapping import DiagnosticRow
from pyneuro.report.text_blocks import ROWS, WIDTH, table
from pyneuro.report.to_text import to_text
from toolchain.language import read_text
from toolchain.map_network import map_netlist

WORDS = st.lists(st.text("abc(1.–", min_size=1, max_size=40), max_size=20).map(" ".join)
NUMBERS = st.integers(0, 10**9).map(lambda number: f"{number:,}")


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    kinds = draw(st.lists(st.sampled_from((WORDS, NUMBERS)), min_size=1, max_size=14))
    headings = [draw(st.text("xyz ", min_size=1, max_size=20)) for _ in kinds]
    return headings, [[draw(kind) for kind in kinds] for _ in range(draw(st.integers(1, 4)))]


def letters(texts: list[str]) -> Counter[str]:
    return Counter("".join("".join(texts).split()))


@given(tables())
@settings(max_examples=150, deadline=None)
def test_tables_say_all_and_fit(made: tuple[list[str], list[list[str]]]) -> None:
    headings, rows = made
    lines = list(table(headings, rows))
    assert max(map(len, lines)) <= WIDTH
    said, asked = letters(lines), letters([*headings, *(cell for row in rows for cell in row)])
    parts = said["#"]
    numbers = letters([str(number) for number in range(1, len(rows) + 1)] * parts)
    assert said - Counter("#" * parts) == asked + numbers


def test_columns_that_do_not_fit_follow_below() -> None:
    columns = [f"figure {i}" for i in range(9)]
    lines = list(table(("stage", *columns), [["annealing(effort=0.2, seed=5)", *["1,234,567"] * 9]] * 2))
    assert lines[0].split() == f"# stage {' '.join(columns[:6])}".split()
    assert lines[1].split() == ["1", "annealing(effort=0.2,", "seed=5)", *["1,234,567"] * 6]
    assert [line.split() for line in lines[3:5]] == [[], f"# {' '.join(columns[6:])}".split()]


def test_options_of_algorithms_are_broken_between_words() -> None:
    lines = list(table(("kept", "tried"), [["annealing(effort=0.2, seed=5)", "x" * 75]]))
    assert [line.split("  ")[0].strip() for line in lines[:3]] == ["kept", "annealing(effort=0.2,", "seed=5)"]


def test_headings_are_broken_between_words() -> None:
    lines = list(table(("partition", "what to try"), [["a b c", "raise it " * 30]]))
    assert lines[0].split() == ["partition", "what", "to", "try"]


def test_rows_left_out_are_counted() -> None:
    lines = list(table(("a",), [[str(i)] for i in range(ROWS + 2)], 3))
    assert lines[-1] == "... and 5 more"


def test_remarks_and_ranges_are_told_whole() -> None:
    remark = "the weights of 12 synapses are beyond what 16 bits hold and were cut; lower them, or raise weight_shift"
    told = to_text(replace(report(), diagnostics=(DiagnosticRow("weights", "a projection of a long name", remark),)))
    lines = told.splitlines()
    head = next(number for number, line in enumerate(lines) if line.split() == ["stage", "about", "remark"])
    column = lines[head].index("remark")
    assert " ".join(line[column:] for line in lines[head + 1 : lines.index("", head)]) == remark
    assert "…" not in told.replace(" … ", "")


def test_entries_of_the_fullest_tables_are_told_before_and_after() -> None:
    made = netlist_report(map_netlist(layered(), read_text("machine spin5")))
    assert made.tables is not None
    told = to_text(made).splitlines()
    for chip in made.tables.entries[:3]:
        for entries, how in (
            (chip.generated, "generated."),
            (chip.minimised, "loaded; the first that matches counts."),
        ):
            start = told.index(f"Entries of chip ({chip.x}, {chip.y}), as {how}")
            assert told[start + 2].split() == " ".join(entries[0]).split()
