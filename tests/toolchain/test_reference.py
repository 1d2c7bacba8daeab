"""The reference of the mapping language, its examples, and the options of algorithms."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from toolchain.algorithm_options import AlgorithmOption, options_of
from toolchain.algorithms import REGISTRY
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


def takes(*, effort: float = 1.0, seed: int = 1, way: str = "up", fast: bool = False) -> None:
    """Do nothing, as an algorithm with an option of each kind."""


def test_options_are_read_from_signatures() -> None:
    options = options_of(takes)
    assert list(options) == ["effort", "seed", "way", "fast"]
    assert options["effort"] == AlgorithmOption("effort", float, 1.0)
    right = {"effort": 2, "seed": 2, "way": "down", "fast": True}
    assert [options[name].wrong(value) for name, value in right.items()] == [""] * 4
    wrong = {"effort": True, "seed": 2.5, "way": 3, "fast": 1}
    assert [options[name].wrong(value) for name, value in wrong.items()] == [
        "must be a number",
        "must be a whole number",
        "must be a word in quotes",
        "must be true or false",
    ]


def test_options_without_a_default_or_of_another_type_are_refused() -> None:
    def bare(*, effort: int) -> None: ...

    def odd(*, ways: tuple[int, ...] = ()) -> None: ...

    for algorithm in (bare, odd):
        with pytest.raises(TypeError, match="needs a default"):
            options_of(algorithm)


def test_every_algorithm_has_options_that_can_be_said() -> None:
    for there in REGISTRY.values():
        for algorithm in there.values():
            options_of(algorithm)
