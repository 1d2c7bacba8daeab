"""The reference of the mapping language, its examples, and the options of algorithms."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from toolchain.language.parse import parse_file, parse_text
from toolchain.language.reference import reference
from toolchain.language.resolve import judge

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "mapping-language.md"
MARK = "writes it anew. -->\n\n"


def test_the_reference_is_that_of_the_grammar(request: pytest.FixtureRequest) -> None:
    written, mark, found = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert mark
    if request.config.getoption("--regenerate"):
        PAGE.write_text(written + MARK + reference() + "\n", encoding="utf-8")
    else:
        assert found == reference() + "\n", "pytest --regenerate writes the reference anew"


def test_every_example_of_the_reference_is_right() -> None:
    examples = re.findall(r"For example `([^`]+)`", reference())
    assert len(examples) > 15
    parsed = parse_text("\n".join(examples))
    assert parsed.problems == ()
    twice = [problem.message for problem in judge(parsed.statements)[1]]
    assert twice == []


@pytest.mark.parametrize("page", ["README.md", "docs/mapping-language.md"])
def test_examples_in_the_documentation_are_right(page: str, tmp_path: Path) -> None:
    text = (ROOT / page).read_text(encoding="utf-8").partition("## Reference")[0]
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.S | re.M)
    blocks = [block for language, block in fenced if not language and block.startswith("# ")]
    assert blocks
    (tmp_path / "board.map").write_text("machine 3 boards")
    for block in blocks:
        (tmp_path / "example.map").write_text(block)
        parsed = parse_file(tmp_path / "example.map")
        assert parsed.problems + judge(parsed.statements)[1] == ()
