"""Long tables of a report: what is not told as rows is told as columns, and digests tell of the rest."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from reports import layered

from pyneuro.errors import ReportError
from pyneuro.report import Report, columns, entries, running, trees
from pyneuro.report.build import make_report
from pyneuro.report.from_json import parse
from pyneuro.report.survey import survey
from pyneuro.report.to_json import to_json
from toolchain.map_graph import GraphMapping, map_graph
from toolchain.route import Routes


@pytest.fixture(scope="module")
def mapping() -> GraphMapping:
    return map_graph(layered(), "spin5")


ROWS = 3


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports with three rows in a table."""
    for module in (columns, entries, running, trees):
        monkeypatch.setattr(module, "ROWS", ROWS)


@pytest.fixture
def shorter(monkeypatch: pytest.MonkeyPatch, short: None) -> None:
    """And 40 values in a column."""
    for module in (entries, running, trees):
        monkeypatch.setattr(module, "FURTHER", 40)


def report_of(mapping: GraphMapping) -> Report:
    return make_report("layered", mapping=mapping)


@pytest.fixture(scope="module")
def whole(mapping: GraphMapping) -> Report:
    return report_of(mapping)


def test_short_tables_are_told_as_rows(whole: Report) -> None:
    assert whole.cores
    assert whole.routes
    assert whole.tables
    assert (whole.cores.more, whole.routes.more, whole.tables.more) == (None, None, None)


def test_further_cores_and_chips_are_told_as_columns(mapping: GraphMapping, whole: Report, short: None) -> None:
    cut = report_of(mapping)
    for told, rows in ((cut.cores, whole.cores), (cut.tables, whole.tables)):
        assert told
        assert rows
        assert told.rows == rows.rows[:ROWS]
        assert told.untold == 0
        assert told.digest == rows.digest
        for name, column in vars(told.more).items():
            assert column is None or column == tuple(getattr(row, name) for row in rows.rows[ROWS:])
    assert to_json(parse(json.loads(to_json(cut)))) == to_json(cut)


def test_further_trees_are_told_as_columns(mapping: GraphMapping, whole: Report, short: None) -> None:
    told = report_of(mapping).routes
    assert told
    assert told.more
    assert whole.routes
    rows = {row.label: row for row in whole.routes.rows}
    for row in told.rows:
        assert row == rows.pop(row.label)
    assert set(told.more.label) == set(rows)
    for name, column in vars(told.more).items():
        assert column == tuple(getattr(rows[label], name) for label in told.more.label)


@pytest.mark.usefixtures("shorter")
def test_what_columns_leave_out_is_counted(mapping: GraphMapping) -> None:
    cut = report_of(mapping)
    assert cut.cores
    assert cut.routes
    assert (cut.cores.omitted, cut.cores.untold) == (67, 27)
    assert (cut.routes.omitted, cut.routes.untold) == (67, 27)


@pytest.mark.usefixtures("shorter")
def test_digests_tell_of_what_is_left_out(mapping: GraphMapping) -> None:
    place = mapping.placement
    p = place.p.copy()
    p[[68, 69]] = p[[69, 68]]
    moved = replace(mapping, placement=replace(place, p=p))
    one, other = report_of(mapping), report_of(moved)
    assert one.cores
    assert other.cores
    assert other.cores.more
    assert one.cores.more == other.cores.more
    assert one.cores.digest != other.cores.digest
    assert (one.keys and one.keys.digest) == (other.keys and other.keys.digest)


def test_columns_of_different_lengths_are_refused(mapping: GraphMapping, short: None) -> None:
    document = json.loads(to_json(report_of(mapping)))
    document["cores"]["more"]["p"].append(1)
    with pytest.raises(ReportError, match="the columns of CoreColumns have different lengths"):
        parse(document)


def test_trees_have_the_same_digest_if_they_are_the_same(mapping: GraphMapping) -> None:
    """Whatever the order of their chips; not if a packet goes elsewhere or comes from elsewhere."""
    tree = next(tree for tree in mapping.routes.trees if len(tree.x) > 2)

    def digest(**changed: object) -> int:
        other = replace(tree, **changed)  # type: ignore[arg-type]  # fields as they come
        net = replace(mapping.graph.nets[0], source=0)
        graph = replace(mapping.graph, nets=(net,))
        return int(survey(replace(mapping, graph=graph, routes=Routes((other,)))).trees[0])

    order = np.array([0, *range(len(tree.x) - 1, 0, -1)])
    turned = {name: getattr(tree, name)[order] for name in ("x", "y", "arrival", "route")}
    route = tree.route.copy()
    route[1] ^= 1 << 8
    assert digest() == digest(**turned)
    assert digest() != digest(route=route)
