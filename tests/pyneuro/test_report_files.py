"""Reports read back from their files, and the schema of these."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from reports import layered, report

from pyneuro.errors import ReportError
from pyneuro.report import Report
from pyneuro.report.build import netlist_report
from pyneuro.report.difference import changes
from pyneuro.report.files import write_report
from pyneuro.report.from_json import parse, read_report
from pyneuro.report.schema.document import json_schema, schema_text
from pyneuro.report.to_json import to_json
from toolchain.map_network import map_netlist
from toolchain.settings import Algorithm, Choice, MachineSettings, Settings

ON_SPIN5 = Settings(MachineSettings("spin5"), stages={"place": Choice((Algorithm("compact"),))})
SCHEMA = Path(__file__).parents[2] / "docs" / "report.schema.json"


@pytest.fixture(scope="module")
def mapped() -> Report:
    return netlist_report(map_netlist(layered(), ON_SPIN5))


# --- files -----------------------------------------------------------------------------------------------


def test_reports_are_read_back(mapped: Report, tmp_path: Path) -> None:
    for number, made in enumerate((report(), mapped, Report("nothing", "nobody"))):
        write_report(tmp_path / str(number), made)
        again = read_report(tmp_path / str(number) / "report.json")
        assert to_json(again) == to_json(made)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "truncated or not JSON"),
        ('{"format": "pyneuro rep', "truncated or not JSON"),
        ("[]", "no report of pyneuro"),
        ('{"format": "else"}', "no report of pyneuro"),
        ("\xff", "truncated or not JSON"),
        ("[" * 100_000, "not JSON"),
        ('{"format": "pyneuro report", "version": 1}', "an older pyneuro .report version 1, this one reads 2."),
        ('{"format": "pyneuro report", "version": 99}', "another pyneuro"),
        ('{"format": "pyneuro report", "version": "new"}', "another pyneuro"),
        ('{"format": "pyneuro report", "version": 2}', "report has no 'title'"),
    ],
)
def test_foreign_files_are_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReportError, match=said) as refused:
        read_report(path)
    assert str(path) in str(refused.value)


def test_what_is_not_text_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.json").write_bytes(b"\x80\xff\x00")
    for name in ("binary.json", "absent.json", "."):
        with pytest.raises(ReportError):
            read_report(tmp_path / name)


def mutated(document: Any, generator: random.Random) -> Any:
    """The document with something in it deleted, doubled, or replaced by what is of another kind."""
    node = document
    while isinstance(node, dict | list) and node:
        places = list(node) if isinstance(node, dict) else list(range(len(node)))
        place = generator.choice(places)
        if generator.random() < 0.3 or not isinstance(node[place], dict | list) or not node[place]:
            wrong: list[Any] = [None, -1, 1.5, "", "x", [], {}, True, [1], {"a": 1}, 10**400]
            if generator.random() < 0.3:
                del node[place]
            else:
                node[place] = generator.choice(wrong)
            return document
        node = node[place]
    return document


def test_damaged_reports_are_refused_or_read() -> None:
    text, generator = to_json(report()), random.Random(7)
    refused = 0
    for _ in range(300):
        try:
            read = parse(mutated(json.loads(text), generator))
            changes(read, report())
            changes(report(), read)
        except ReportError:
            refused += 1
    assert 200 < refused < 300


# --- the schema ------------------------------------------------------------------------------------------


def test_the_schema_is_documented() -> None:
    assert schema_text() == SCHEMA.read_text(encoding="utf-8"), (
        "python -m pyneuro.report.schema.document > docs/report.schema.json writes it anew"
    )


def test_reports_meet_the_schema(mapped: Report) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(json_schema())
    validator = jsonschema.Draft202012Validator(json_schema())
    for made in (report(), mapped):
        assert list(validator.iter_errors(json.loads(to_json(made)))) == []
    assert list(validator.iter_errors({"format": "pyneuro report", "version": 2}))
