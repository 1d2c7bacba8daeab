"""Whatever a mapping file says can be said from Python, by the same names; what is wrong there is told all at once."""

from __future__ import annotations

import re
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pyneuro import mapping
from pyneuro.mapping import Algorithm, Include, Minimise, PlaceOn, Quantity, Require, Using
from toolchain.errors import MappingError
from toolchain.language import given, read_text, syntax
from toolchain.language.parse import parse_text
from toolchain.language.resolve import judge
from toolchain.problems import SettingsError, render
from toolchain.settings import Choice, Objective, Origin

FORMS = {
    "machine_by_name": ("machine spin5", "Machine('spin5')"),
    "machine_of_boards": ("machine 3 boards", "Machine('3 boards')"),
    "machine_of_size": ("machine 16x12 torus", "Machine('16x12 torus')"),
    "clock": ("clock 180 MHz", "Clock(Quantity(180, 'MHz'))"),
    "link_capacity": ("link capacity 5e6 packets/s", "LinkCapacity(Quantity(5e6, 'packets/s'))"),
    "dead_chips": ("dead chips (3, 4), (5, 5)", "DeadChips(((3, 4), (5, 5)))"),
    "dead_links": ("dead link (0, 0) east", "DeadLinks((((0, 0), 'east'),))"),
    "dead_cores": ("dead 2 cores on chip (3, 4)", "DeadCores(2, (3, 4))"),
    "forbidden_links": ("forbid links (2, 2) north", "ForbiddenLinks((((2, 2), 'north'),))"),
    "reserve": ("reserve 1 core, 8 MB, 24 entries on every chip", "Reserve(1, Quantity(8, 'MB'), 24)"),
    "set": ("set cycles_margin = 80 %", "Set({'cycles_margin': Quantity(80, '%')})"),
    "population": (
        'population "a", "b*": neurons_per_core = 64',
        "PopulationOptions(('a', 'b*'), {'neurons_per_core': 64})",
    ),
    "projection": ('projection "a -> b": weight_shift = 2', "ProjectionOptions(('a -> b',), {'weight_shift': 2})"),
    "place_on_chip": ('place "a" on chip (1, 2) core 3', "PlaceOn(('a',), chip=(1, 2), core=3)"),
    "place_in_region": ('place "a" on chips (0, 0) to (3, 7)', "PlaceOn(('a',), region=((0, 0), (3, 7)))"),
    "place_on_board": ('place "a" on board 0', "PlaceOn(('a',), board=0)"),
    "place_near": ('place "a" near "b" within 2 hops', "PlaceNear(('a',), 'b', hops=2)"),
    "place_with": ('place "a" with "b"', "PlaceWith(('a',), 'b')"),
    "place_apart": ('place "a" apart from "b"', "PlaceApart(('a',), 'b')"),
    "keys_of": ('keys of "a" from 0x10000 mask 0xFFFF0000', "Keys('a', 0x10000, 0xFFFF0000)"),
    "using": (
        "place using hilbert or compact(effort=2) minimising hops + 100 entries",
        "Using('place', (Algorithm('hilbert'), Algorithm('compact', {'effort': 2})), {'hops': 1.0, 'entries': 100.0})",
    ),
    "minimise": ("minimise hops + 100 entries", "Minimise({'hops': 1.0, 'entries': 100.0})"),
    "attempts": ("attempts 5", "Attempts(5)"),
    "require_it": ('require real time of "a"', "Require('real time', label='a')"),
    "require": (
        'require weight error of "a" < 1 %',
        "Require('weight error', '<', Quantity(1, '%'), 'a')",
    ),
}
"""Each form of a statement in the grammar, in the language and in Python."""
SPELLINGS = {name: getattr(mapping, name) for name in mapping.__all__}


def test_every_form_of_the_grammar_is_here() -> None:
    """`let` names a value, as Python does; `include` needs a file."""
    grammar = files("toolchain.language").joinpath("mapping.lark").read_text(encoding="utf-8")
    start = grammar.index("statement:")
    names = re.findall(r"-> (\w+)$", grammar[start : grammar.index("!stage:")], re.MULTILINE)
    assert sorted(names) == sorted([*FORMS, "let", "include"])


@pytest.mark.parametrize("form", FORMS)
def test_python_says_it_by_the_same_name(form: str) -> None:
    text, python = FORMS[form]
    parsed = parse_text(text)
    said = eval(python, SPELLINGS)
    assert (parsed.problems, parsed.statements) == ((), (said,))
    assert eval(repr(parsed.statements[0]), SPELLINGS) == said


def test_all_statements_have_a_name_in_python() -> None:
    made = {type(eval(python, SPELLINGS)).__name__ for _, python in FORMS.values()}
    assert set(mapping.__all__) == made | {"Algorithm", "Include", "Quantity"}
    assert set(syntax.__all__) == made | {"Algorithm", "Include", "Statement"}


def test_files_are_included(tmp_path: Path) -> None:
    board = tmp_path / "board.map"
    board.write_text("machine spin5\ndead chip (0, 9)\n")
    with pytest.raises(SettingsError) as error:
        given([Include(board), PlaceOn("a", chip=(9, 0)), Include(tmp_path / "none.map"), Include(5)])  # type: ignore[arg-type]
    assert {str(one.origin): one.message.partition(",")[0] for one in error.value.problems} == {
        f"{board}:2": "spin5 has no chip (0",
        "script:mapping[1]": "spin5 has no chip (9",
        str(tmp_path / "none.map"): f"there is no mapping file {tmp_path / 'none.map'}",
        "script:mapping[3]": "'path' of Include is the name of a mapping file",
    }
    board.write_text("machine spin5")
    settings = given([Include(str(board)), Require("real time")])
    assert (settings.machine.name, str(settings.machine.origin)) == ("spin5", f"{board}:1")
    assert str(settings.requirements[0].origin) == "script:mapping[1]"


# --- by name ----------------------------------------------------------------------------------------------------------


def test_a_dictionary_says_what_has_no_labels() -> None:
    settings = given(
        {
            "neurons_per_core": 64,
            "cycles_margin": Quantity(80, "%"),
            "weight_shift": None,
            "partition": "resource_balanced",
            "place": "hilbert or compact(effort=2) minimising hops + 100 entries",
            "route": Algorithm("congestion", {"rounds": 2}),
            "keys": ["dense", "along_trees"],
            "minimise": "hops + 2 cycle load",
            "attempts": 5,
            "require": ["real time", "table entries <= 100"],
        }
    )
    same = read_text(
        "set neurons_per_core = 64, cycles_margin = 80 %\npartition using resource_balanced\n"
        "place using hilbert or compact(effort=2) minimising hops + 100 entries\n"
        "route using congestion(rounds=2)\nkeys using dense or along_trees\n"
        "minimise hops + 2 cycle load\nattempts 5\nrequire real time\nrequire table entries <= 100"
    )
    assert settings.options == same.options
    assert {k: plain(v) for k, v in settings.stages.items()} == {k: plain(v) for k, v in same.stages.items()}
    assert (settings.objective, settings.attempts) == (same.objective, same.attempts)
    assert [one.text for one in settings.requirements] == [one.text for one in same.requirements]
    assert settings.origins["neurons_per_core"] == Origin("script")


def test_values_by_name_are_as_in_a_file() -> None:
    settings = given({"cycles_margin": "80 %", "spikes_per_second": "2 kHz", "place": ["hilbert", "compact(effort=2)"]})
    assert settings.options == {"cycles_margin": 0.8, "spikes_per_second": 2000}
    assert plain(settings.stages["place"]) == (("hilbert", "compact(effort=2.0)"), "None")
    with pytest.raises(SettingsError) as error:
        given({"cycles_margin": "80 Hz", "place": ["compact(efort=2)", "annealing(", "hilbrt"], "route": []})
    assert {one.message for one in error.value.problems} == {
        "'cycles_margin' is a share, got 80 Hz",
        "expected ')' or the name of an option, the line ends here",
        "place: compact has no option 'efort'",
        "stage 'place' has no algorithm 'hilbrt'",
        "stage 'route' needs an algorithm to use",
    }


def test_units_that_there_are_not() -> None:
    with pytest.raises(MappingError, match=r"there is no unit 'MHZ'; did you mean 'MHz'\?"):
        Quantity(180, "MHZ")


def test_nothing_is_not_an_objective() -> None:
    for nothing in ([Minimise({})], [Using("place", "hilbert", {})], {"minimise": {}}):
        with pytest.raises(SettingsError, match="there is no figure to minimise"):
            given(nothing)  # type: ignore[arg-type]


def test_numbers_of_numpy_are_numbers() -> None:
    one = np.int64(1)
    settings = given([mapping.Machine("spin5"), mapping.DeadChips(((one, one),)), PlaceOn("a", chip=(one, one + 1))])  # type: ignore[arg-type]
    assert settings.machine.dead_chips == ((1, 1),)
    assert settings.placement[0].chip == (1, 2)


def plain(choice: Choice) -> tuple[tuple[str, ...], str]:
    """A choice without where it was made."""
    return tuple(map(str, choice.algorithms)), str(choice.objective)


def test_minimise_is_a_stage_and_an_objective() -> None:
    assert plain(given({"minimise": "best"}).stages["minimise"]) == (("best",), "None")
    assert plain(given({"minimise": "pairs or chain(target=9)"}).stages["minimise"]) == (
        ("pairs", "chain(target=9)"),
        "None",
    )
    for value in ("hops + 2 chips", {"hops": 1, "chips": 2}):
        assert given({"minimise": value}).objective == Objective({"hops": 1.0, "chips": 2.0})
        assert given([Minimise(value)]).objective == Objective({"hops": 1.0, "chips": 2.0})


def test_what_is_wrong_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        given({"neuron_per_core": 3, "cycles_margin": "x", "place": "hilbrt or compact(efort=2)", "minimise": "hopps"})
    assert [(one.message, one.hints[:1]) for one in error.value.problems] == [
        ("the mapping has no option 'neuron_per_core'", ("did you mean 'neurons_per_core'?",)),
        ("'cycles_margin' must be a number, got 'x'", ()),
        ("stage 'place' has no algorithm 'hilbrt'", ("did you mean 'hilbert'?",)),
        ("place: compact has no option 'efort'", ("did you mean 'effort'?",)),
        ("there is no figure 'hopps' to minimise", ("did you mean 'hops'?",)),
    ]
    assert "{'neuron_per_core': 3}" in str(error.value)


JUNK: tuple[Any, ...] = (
    *(
        None,
        5,
        -3,
        1.5,
        float("nan"),
        True,
        b"a",
        object(),
        "x",
        "",
        "hops +",
        "a\nb",
        "# a",
        "place",
        "is",
        "table entries",
    ),
    *((), [], (1, 2), ((1, 2), 3), (((1, 2), "east"),), [[1, 2]], ("a", 5), {}, {3: 4}, {"hops": "x"}, {"place": None}),
    *(Algorithm("hilbert", {"x": 3}), Algorithm(3), Algorithm("compact", None), Algorithm("compact", {"effort": []})),  # type: ignore[arg-type, dict-item]
)
"""What a script might give by mistake."""


@pytest.mark.parametrize("form", FORMS)
def test_wrong_kinds_of_things_are_told_and_never_raise(form: str) -> None:
    right = eval(FORMS[form][1], SPELLINGS)
    given_fields = [one.name for one in fields(right) if one.name != "where"]
    for name in given_fields:
        for junk in JUNK:
            changed = {one: getattr(right, one) for one in given_fields} | {name: junk}
            _, problems = judge([type(right)(**changed)])
            assert all(map(render, problems))


@pytest.mark.parametrize("name", ["neurons_per_core", "place", "minimise", "attempts", "require", "xyz", 3, "set"])
def test_wrong_kinds_of_values_by_name(name: Any) -> None:
    refused = 0
    for junk in JUNK:
        try:
            given({name: junk})
        except MappingError:
            refused += 1
    assert refused > len(JUNK) / 2


def test_regions_have_two_chips() -> None:
    with pytest.raises(SettingsError, match="a region is the first and the last chip"):
        given([PlaceOn("a", region=((0, 0),))])  # type: ignore[arg-type]
    assert plain(given([Using("place", ["hilbert", "compact"])]).stages["place"]) == (("hilbert", "compact"), "None")  # type: ignore[arg-type]


@pytest.mark.parametrize("number", ["180", True, None])
def test_the_number_of_a_quantity_is_a_number(number: object) -> None:
    with pytest.raises(MappingError, match="must be a number, got"):
        Quantity(number, "MHz")  # type: ignore[arg-type]
