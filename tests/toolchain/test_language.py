"""The mapping language: what it says, what is wrong with what it says, and that nothing breaks it."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from toolchain.graph import Graph, Vertex
from toolchain.language import SettingsError, given, read, read_text, resolve
from toolchain.language.labels import unmatched
from toolchain.language.parse import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_LINE,
    MAX_PROBLEMS,
    Parsed,
    parse_text,
    parser,
)
from toolchain.language.quantities import Quantity
from toolchain.language.resolve import in_order, judge
from toolchain.language.syntax import (
    Algorithm,
    Attempts,
    Clock,
    DeadChips,
    DeadCores,
    DeadLinks,
    ForbiddenLinks,
    Keys,
    LinkCapacity,
    Machine,
    Minimise,
    PlaceApart,
    PlaceNear,
    PlaceOn,
    PlaceWith,
    PopulationOptions,
    ProjectionOptions,
    Require,
    Reserve,
    Set,
    Statement,
    Using,
)
from toolchain.network import Network, Population, Projection
from toolchain.problems import WIDEST, render
from toolchain.settings import Region, Settings

SAYINGS: list[tuple[str, Statement]] = [
    ("machine spin5", Machine("spin5")),
    ("machine 3 boards", Machine("3 boards")),
    ("machine 1 board", Machine("1 board")),
    ("machine 8 x 12 mesh", Machine("8x12 mesh")),
    ("machine 8x12", Machine("8x12 torus")),
    ('machine "3 boards"', Machine("3 boards")),
    ("clock 180 MHz", Clock(Quantity(180, "MHz"))),
    ("link capacity 5e6 packets/s", LinkCapacity(Quantity(5e6, "packets/s"))),
    ("dead chips (3, 4), (5, 5)", DeadChips(((3, 4), (5, 5)))),
    ("dead links (0, 0) east, (1, 1) north", DeadLinks((((0, 0), "east"), ((1, 1), "north")))),
    ("dead 2 cores on chip (3, 4)", DeadCores(2, (3, 4))),
    ("forbid link (2, 2) southwest", ForbiddenLinks((((2, 2), "southwest"),))),
    ("reserve 1 core, 8 MB, 24 entries on every chip", Reserve(1, Quantity(8, "MB"), 24)),
    (
        "set neurons_per_core = 128, cycles_margin = 80 %",
        Set({"neurons_per_core": 128, "cycles_margin": Quantity(80, "%")}),
    ),
    ("population \"L4*\", 'L5*': substeps = 2", PopulationOptions(("L4*", "L5*"), {"substeps": 2})),
    ('projection "L4E -> L23E": weight_shift = 2', ProjectionOptions(("L4E -> L23E",), {"weight_shift": 2})),
    ('place "a" on chip (1, 2)', PlaceOn(("a",), chip=(1, 2))),
    ('place "a" on chip (1, 2) core 3', PlaceOn(("a",), chip=(1, 2), core=3)),
    ('place "a" on board 0', PlaceOn(("a",), board=0)),
    ('place "a" on chips (0, 0) to (3, 7)', PlaceOn(("a",), region=((0, 0), (3, 7)))),
    ('place "a" near "b"', PlaceNear(("a",), "b")),
    ('place "a" near "b" within 2 hops', PlaceNear(("a",), "b", 2)),
    ('place "a" with "b"', PlaceWith(("a",), "b")),
    ('place "a" apart from "b"', PlaceApart(("a",), "b")),
    ('keys of "a" from 0x1_0000 mask 0xFFFF0000', Keys("a", 0x10000, 0xFFFF0000)),
    ("route using ner", Using("route", (Algorithm("ner"),))),
    (
        'place using hilbert or x(effort=2, way="up", fast=true, slow=false) minimising hops + 100 table entries',
        Using(
            "place",
            (Algorithm("hilbert"), Algorithm("x", {"effort": 2, "way": "up", "fast": True, "slow": False})),
            {"hops": 1.0, "table entries": 100.0},
        ),
    ),
    ("minimise 0.5 hops # and nothing else", Minimise({"hops": 0.5})),
    ("attempts 5", Attempts(5)),
    ("require real time", Require("real time")),
    ("require table entries <= 1000", Require("table entries", "<=", 1000)),
    ('require weight error of "L4E" < 1 %', Require("weight error", "<", Quantity(1, "%"), "L4E")),
]


@pytest.mark.parametrize(("text", "statement"), SAYINGS, ids=[text for text, _ in SAYINGS])
def test_what_is_said_in_a_file_and_in_python_is_the_same(text: str, statement: Statement) -> None:
    assert parse_text(text) == Parsed((statement,))


def test_every_form_of_statement_has_an_example() -> None:
    forms = {rule.alias for rule in parser().rules if rule.origin.name == "statement"} - {"let", "include"}
    assert {parser().parse(text).data for text, _ in SAYINGS} == forms


def settings_of(text: str) -> Settings:
    return read_text(text, "a.map")


def test_the_machine() -> None:
    machine = settings_of(
        "machine 3 boards\nclock 180 MHz\nlink capacity 5e6\ndead chips (3, 4), (5, 5), (3, 4)\n"
        "dead link (0, 0) east\nforbid links (0, 0) south\ndead 2 cores on chip (1, 1)\n"
        "reserve 1 core, 0.5 MB, 24 entries on every chip"
    ).machine
    assert (machine.name, machine.clock_hz, machine.link_capacity) == ("3 boards", 180_000_000, 5e6)
    assert (machine.dead_chips, machine.dead_cores) == (((3, 4), (5, 5)), ((1, 1, 2),))
    assert (machine.dead_links, machine.forbidden_links) == (((0, 0, 0),), ((0, 0, 5),))
    assert (machine.reserved_cores, machine.reserved_sdram_bytes, machine.reserved_entries) == (1, 524_288, 24)
    assert str(machine.origin) == "a.map:1"


def test_options_of_all_and_of_some() -> None:
    settings = settings_of(
        'let few = 64\nlet inhibitory = "*I"\nset neurons_per_core = 100, cycles_margin = 80 %\n'
        'population "L4E", inhibitory: neurons_per_core = few, spikes_per_second = 8 Hz\n'
        'projection "L4E -> L4I": longest_delay = 16 ms'
    )
    assert settings.options == {"neurons_per_core": 100, "cycles_margin": 0.8}
    assert str(settings.origins["cycles_margin"]) == "a.map:3"
    said = [(rule.kind, rule.pattern, rule.option, rule.value) for rule in settings.rules]
    assert said == [
        ("population", "L4E", "neurons_per_core", 64),
        ("population", "L4E", "spikes_per_second", 8),
        ("population", "*I", "neurons_per_core", 64),
        ("population", "*I", "spikes_per_second", 8),
        ("projection", "L4E -> L4I", "longest_delay", 16),
    ]


def test_places_and_keys() -> None:
    settings = settings_of(
        'place "a", "b" on chip (1, 2) core 3\nplace "c" on board 0\nplace "d" on chips (0, 0) to (3, 7)\n'
        'place "a" near "b" within 2 hops\nplace "a" with "b"\nplace "a" apart from "b"\n'
        'keys of "a" from 0x10000 mask 0xFFFF0000'
    )
    bare = [(r.kind, r.pattern, r.other, r.chip, r.core, r.board, r.region, r.hops) for r in settings.placement]
    assert bare == [
        ("on", "a", "", (1, 2), 3, None, None, 1),
        ("on", "b", "", (1, 2), 3, None, None, 1),
        ("on", "c", "", None, None, 0, None, 1),
        ("on", "d", "", None, None, None, Region(0, 0, 3, 7), 1),
        ("near", "a", "b", None, None, None, None, 2),
        ("with", "a", "b", None, None, None, None, 1),
        ("apart", "a", "b", None, None, None, None, 1),
    ]
    assert [(k.pattern, k.key, k.mask) for k in settings.keys] == [("a", 0x10000, 0xFFFF0000)]


def test_algorithms_objectives_and_requirements() -> None:
    settings = settings_of(
        "let weight = 100\nplace using hilbert or sequential minimising hops\nminimise hops + weight table entries\n"
        'attempts 0\nrequire table entries <= 1000\nrequire real time\nrequire rate error of "E" < 2 %'
    )
    choice = settings.stages["place"]
    assert [str(one) for one in choice.algorithms] == ["hilbert", "sequential"]
    assert (str(choice.objective), str(choice.origin)) == ("hops", "a.map:2")
    assert str(settings.objective) == "hops + 100 table entries"
    assert settings.attempts == 0
    assert [(r.text, r.figure, r.operator, r.threshold, r.pattern) for r in settings.requirements] == [
        ("table entries <= 1000", "table entries", "<=", 1000, ""),
        ("real time", "real time", "is", 1.0, ""),
        ('rate error of "E" < 2 %', "rate error", "<", 0.02, "E"),
    ]


def test_statements_of_a_script() -> None:
    from_script = given(
        [
            Machine("spin5"),
            Using("place", "hilbert", minimising="hops + 100 entries"),
            Using("route", (Algorithm("ner"),)),
            PopulationOptions("E", {"neurons_per_core": 64}),
            Require("hops", "<=", 1e6),
        ]
    )
    from_text = settings_of(
        "machine spin5\nplace using hilbert minimising hops + 100 entries\nroute using ner\n"
        'population "E": neurons_per_core = 64\nrequire hops <= 1000000'
    )
    assert from_script.machine.name == from_text.machine.name
    assert from_script.stages["place"].objective == from_text.stages["place"].objective
    assert [(r.pattern, r.value) for r in from_script.rules] == [("E", 64)]
    assert str(from_script.rules[0].origin) == "script:mapping[3]"
    assert given(from_script) is from_script


def test_options_by_name() -> None:
    settings = given({"neurons_per_core": 64, "place": "hilbert"})
    assert settings.options == {"neurons_per_core": 64}
    assert settings.stages["place"].algorithms == (Algorithm("hilbert"),)
    assert given(None) == Settings()


# --- errors -----------------------------------------------------------------------------------------------------------

WRONG = """\
# what can be wrong, and how it is told
machine 3 boards
machine spin5
dead chips (3, 4), (99, 3), (rate, 1)
dead link (0, 0) east, (1, 1) nort
dead 20 cores on chip (0, 0)
reserve 1 core, 8 on every chip
reserve 1 core
clock 180 KB
clock 1 Hz
let rate = 8.5
let rate = 9
let place = 3
let huge = 1e99
population "L4*": neurons_per_core = 1280, spikes_per_secnd = rate, weight_shift = rate
population "L4*" neurons_per_core = 128
population L4: neurons_per_core = 128
projection "E -> I": weight_shift = "two"
place "retina" on bord 0
place "retina" on board 4
place "retina" on chips (3, 3) to (1, 1)
place "x" on chip (3, 4)
place "" near rate
place "x" neer "y"
place using hilbrt or sequential(effrt=2, effrt=hihg) minimising hopps + 100 entries + hops + hops
place using hilbert
plcae using hilbert
tables using hilbert
minimise -1 hops
minimise
keys of "retina" from 0x10000 mask 0xFFFF0000
keys of "x" from 0x18000 mask 0xFFFF8000
keys of "y" from 0x10001 mask 0xFFFF0000
keys of "z" from 0x10000 mask 0xFFFF0F00
require table entires <= 1000
require hops < 80 %
require hops
require hops of "x" < 3
require real time < 1
require rate error < fast
set place = "hilbert", cycles_margin = 80 %
set cycles_margin = 90 %, neurons_per_cor = 3 x
attempts many
attempts 5 times
place "foo
place @
{"neurons_per_core": 64}
include "nowhere.map"
include nowhere
machine
"""


def problems_of(text: str) -> str:
    parsed = parse_text(text, "wrong.map")
    return "".join(f"{render(p)}\n" for p in in_order([*parsed.problems, *judge(parsed.statements)[1]]))


def test_errors_are_told_all_at_once(golden: Callable[[str, str], None]) -> None:
    told = problems_of(WRONG)
    golden("language_errors.txt", told)
    faulty = {int(line.split(":")[1]) for line in told.splitlines() if line.startswith("wrong.map:")}
    right = {line for line, text in enumerate(WRONG.splitlines(), 1) if line not in faulty}
    assert [WRONG.splitlines()[line - 1] for line in sorted(right)] == [
        "# what can be wrong, and how it is told",
        "machine 3 boards",
        "let rate = 8.5",
        'keys of "retina" from 0x10000 mask 0xFFFF0000',
    ]


def test_a_stage_minimises_what_it_changes() -> None:
    with pytest.raises(SettingsError) as error:
        settings_of(
            "route using ner minimising hops + chips\nplace using hilbert minimising cycle load\n"
            "partition using uniform minimising weight error\nminimise real time"
        )
    assert [(one.message, one.hints) for one in error.value.problems] == [
        (
            "what stage 'route' tries does not change chips",
            ("stage 'place' does, as in: place using ... minimising chips",),
        ),
        (
            "what stage 'place' tries does not change cycle load",
            ("stage 'partition' does, as in: partition using ... minimising cycle load",),
        ),
        ("weight error cannot be minimised", ("it can be required, as in: require weight error",)),
        ("real time cannot be minimised", ("it can be required, as in: require real time",)),
    ]
    with pytest.raises(SettingsError, match="does not change chips"):
        resolve([Using("route", "ner", minimising={"chips": 1.0})])


def test_limits_are_told_in_the_units_that_were_given() -> None:
    with pytest.raises(SettingsError) as error:
        settings_of("clock 5 kHz\nset cycles_margin = 0 %\nrequire link load < 80")
    assert [(one.message, one.hints) for one in error.value.problems] == [
        ("the clock must be from 1 MHz to 1,000 MHz, got 5 kHz", ()),
        ("'cycles_margin' must be from 1 % to 1,000 %, got 0 %", ()),
        ("the threshold of link load is a share, where 1 is the whole, got 80", ("did you mean 80 %?",)),
    ]
    assert settings_of("require link load < 800 %").requirements[0].threshold == 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("require weight error < 1", "did you mean 1 % or 100 %?"),
        ("require rate error < 2", "did you mean 2 % or 200 %?"),
        ("set cycles_margin = 1.5", "did you mean 1.5 % or 150 %?"),
        ("population 'a': cycles_margin = 80", "did you mean 80 %?"),
    ],
)
def test_a_share_of_the_whole_or_more_is_said_in_percent(text: str, expected: str) -> None:
    with pytest.raises(SettingsError) as error:
        settings_of(text)
    assert [one.hints for one in error.value.problems] == [(expected,)]


def test_words_are_whole_words() -> None:
    told = {
        "letter = 5": "let",
        "machinespin5": "machine",
        "requires hops < 5": "require",
        "routes using ner": "route",
        "forbidden links (0, 0) east": "forbid",
        "placement using hilbert": "place",
        "sett x = 1": "set",
    }
    for text, meant in told.items():
        (problem,) = parse_text(text).problems
        assert problem.message == f"no statement begins with '{text.split()[0]}'"
        assert problem.hints == (f"did you mean '{meant}'?",)
    (problem,) = parse_text("setneurons_per_core = 16").problems
    assert "no statement begins with 'setneurons_per_core'" in problem.message
    (problem,) = parse_text("clock 180 MHzz").problems
    assert problem.hints == ("did you mean 'MHz'?",)
    assert not parse_text("let oral = 5\nlet settled = oral\nset neurons_per_core=oral").problems


@pytest.mark.parametrize(
    ("text", "message", "hints"),
    [
        ("set\u00a0a = 5", "U+00A0 (no-break space), which cannot be seen, means nothing here", ()),
        ("\fset a = 5", "U+000C (a control character), which cannot be seen, means nothing here", ()),
        ("place \u201ca\u201d on board 0", "'\u201c' means nothing here", ('quotes are written as "',)),
        ("require hops \u2264 5", "'\u2264' means nothing here", ("it is written as <=",)),
        ("attempts \u22125", "'\u2212' means nothing here", ("it is written as -",)),
    ],
)
def test_signs_that_mean_nothing_are_told_by_name(text: str, message: str, hints: tuple[str, ...]) -> None:
    (problem,) = parse_text(text).problems
    assert (problem.message, problem.hints) == (message, hints)


def test_faults_of_the_machine_are_told_all_at_once_each_in_its_line() -> None:
    told = problems_of(
        "machine spin5\ndead 16 cores on chip (3, 4)\ndead 17 cores on chip (2, 2)\n"
        "reserve 15 cores on every chip\nset neurons_per_core = 0"
    )
    assert [line.split(" error: ")[0] for line in told.splitlines() if " error: " in line] == [
        "wrong.map:2:6:",
        "wrong.map:3:6:",
        "wrong.map:4:9:",
        "wrong.map:5:24:",
    ]
    assert "wrong.map:2:12: error: all chips of spin3 are dead" in problems_of(
        "machine spin3\ndead chips (0, 0), (0, 1), (1, 0), (1, 1)"
    )


def test_a_word_where_a_label_belongs_is_told_once() -> None:
    settings, problems = judge(parse_text("require weight error of forward < 1 %").statements)
    assert unmatched(settings, network()) == ()
    assert problems == ()
    told = problems_of("let n = 5 %\nplace n with x\nrequire cycle load of y < 1 %")
    assert told.count("error:") == 3
    assert "a label is expected, and 'n' is 5 %" in told


def test_links_may_be_called_as_in_reports() -> None:
    machine = settings_of("machine spin5\ndead links (0, 0) NE, (3, 3) W").machine
    assert machine.dead_links == ((0, 0, 1), (3, 3, 3))


def test_a_region_ends_on_the_machine() -> None:
    told = problems_of('machine spin5\nplace "a" on chips (5, 5) to (200, 200)')
    assert "wrong.map:2:30: error: spin5 ends before chip (200, 200)" in told
    assert settings_of('place "a" on chips (5, 5) to (200, 200)').placement


def test_keys_that_overlap_are_told_once() -> None:
    parsed = parse_text('keys of "a" from 0 mask 0xFFFF0000\nkeys of "b" from 0 mask 0xFFFF0000')
    settings, (problem,) = judge(parsed.statements)
    assert [rule.pattern for rule in settings.keys] == ["a"]
    assert problem.message == "keys of 'b' are also keys of 'a'"


def test_errors_of_a_script(golden: Callable[[str, str], None]) -> None:
    with pytest.raises(SettingsError) as error:
        resolve(
            [
                Machine("spin6"),
                DeadChips(((1, 2, 3),)),  # type: ignore[arg-type]
                DeadLinks(("east",)),  # type: ignore[arg-type]
                Using("palce", "hilbert"),
                Using("place", "hilbrt", minimising="hops +"),
                PlaceOn("a", chip=(0, 0), board=1),
                PopulationOptions("a", {"neurons_per_core": True}),
                Require("hops", "==", 3),
                "place using hilbert",  # type: ignore[list-item]
            ]
        )
    golden("script_errors.txt", f"{error.value}\n")
    assert len(error.value.problems) == 10


def test_keys_that_overlap() -> None:
    blocks = [("a", 0x20000, 16), ("b", 0x20000, 17), ("c", 0x23000, 12), ("d", 0x10000, 16), ("e", 0x40000, 8)]
    lines = [f'keys of "{label}" from {key} mask {-(1 << bits) & 0xFFFFFFFF}' for label, key, bits in blocks]
    told = problems_of("\n".join(lines)).splitlines()
    assert [line.partition("error: ")[2] for line in told if "error: " in line] == [
        "keys of 'a' are also keys of 'b'",
        "keys of 'c' are also keys of 'b'",
    ]


def test_wide_lines_are_cut() -> None:
    text = "population " + ", ".join(f'"population {i}"' for i in range(40)) + ": neuron_per_core = 3"
    _, shown, carets, _ = problems_of(text).splitlines()
    assert len(shown) <= WIDEST + 7
    start = carets.index("^")
    assert shown[start : start + carets.count("^")] == "neuron_per_core"


# --- files ------------------------------------------------------------------------------------------------------------


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.map").write_text(text)
    return folder / f"{next(iter(files))}.map"


def test_included_files(tmp_path: Path) -> None:
    (tmp_path / "boards").mkdir()
    write(tmp_path / "boards", ours="include 'more.map'\nmachine 3 boards\nlet n = 64", more="dead chips (1, 1)")
    main = write(tmp_path, main='include "boards/ours.map"\nset neurons_per_core = n\n')
    settings = read(main)
    assert (settings.machine.name, settings.machine.dead_chips) == ("3 boards", ((1, 1),))
    assert settings.options == {"neurons_per_core": 64}
    assert str(settings.machine.origin) == f"{tmp_path}/boards/ours.map:2"


def told(path: Path) -> str:
    with pytest.raises(SettingsError) as error:
        read(path)
    return str(error.value)


def test_files_that_include_themselves(tmp_path: Path) -> None:
    message = told(write(tmp_path, a="include 'b.map'", b="# of a\ninclude 'a.map'"))
    assert f"{tmp_path}/b.map:2:9: error: {tmp_path}/a.map includes itself: a.map -> b.map -> a.map" in message
    chain = {f"f{i}": f"include 'f{i + 1}.map'" for i in range(MAX_DEPTH + 1)}
    assert f"more than {MAX_DEPTH} files include one another" in told(write(tmp_path, **chain))


def test_sizes_are_limited(tmp_path: Path) -> None:
    half = "#" + "x" * 1000 + "\n"
    files = dict.fromkeys(("some", "more"), half * (MAX_BYTES // len(half) * 3 // 4))
    path = write(tmp_path, big="include 'some.map'\ninclude 'more.map'", **files)
    assert f"a mapping and all it includes have {MAX_BYTES:,} bytes at most" in told(path)
    assert f"the line has {MAX_LINE + 1:,} characters" in told(write(tmp_path, long="x" * (MAX_LINE + 1)))
    assert read(write(tmp_path, remark="#" + "x" * MAX_LINE)) == Settings()
    lines = told(write(tmp_path, many="x\n" * 1000)).count(": error:")
    assert lines == MAX_PROBLEMS + 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"machine spin5\n# caf\xe9", "is no mapping file: line 2 is not text in UTF-8"),
        (b"include 'a\x00b'", "mapping file"),
    ],
)
def test_files_that_are_no_text(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.map").write_bytes(content)
    assert message in told(tmp_path / "a.map")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    assert f"there is no mapping file {tmp_path}" in told(tmp_path)
    assert "there is no mapping file" in told(tmp_path / "none.map")


def test_a_file_that_several_include_is_read_once(tmp_path: Path) -> None:
    both = "include 'base.map'\n"
    path = write(tmp_path, main="include 'a.map'\ninclude 'b.map'", a=both, b=both, base="let n = 9\nmachine spin5")
    assert read(path).machine.name == "spin5"


# --- labels -----------------------------------------------------------------------------------------------------------


def network() -> Network:
    cells = tuple(Population(label, 4, "IF_curr_exp", {}) for label in ("L4E", "L4I", "L23E"))
    index = np.zeros(1, np.int32)
    made = Projection("up", 0, 2, "excitatory", index, index, 0.1, 1.0)
    return Network("cortex", 1.0, cells, (made,))


def test_labels_that_there_are() -> None:
    settings = settings_of(
        'population "L4?": weight_shift = 1\nprojection "L4*->L23E": weight_shift = 1\n'
        'projection "up": weight_shift = 1\n'
        'place "L4E" near "L23E"\nrequire cycle load of "L4*" < 80 %'
    )
    assert unmatched(settings, network()) == ()


def test_labels_that_there_are_not(golden: Callable[[str, str], None]) -> None:
    settings = read_text(
        'population "L5E": weight_shift = 1\nprojection "L4E -> L4I": weight_shift = 1\nplace "L4E" with "L32E"\n'
        'keys of "retina" from 0 mask 0xFFFF0000\nrequire weight error of "down" < 1 %',
        "labels.map",
    )
    golden("label_errors.txt", "".join(f"{render(problem)}\n" for problem in unmatched(settings, network())))


def test_labels_of_a_netlist() -> None:
    graph = Graph("g", (Vertex("L4E[0:256]", 256), Vertex("L4E[256:300]", 44)), ())
    assert unmatched(settings_of('place "L4E" on board 0\nplace "L4E[0:256]" on board 0'), graph) == ()
    (problem,) = unmatched(settings_of('projection "a": weight_shift = 1'), graph)
    assert problem.hints == ("there are no projections",)


# --- fuzzing ----------------------------------------------------------------------------------------------------------

PIECES = (
    *("place", "using", "machine", "0x", "1e400", "let a = a", "include '.'", "%", "MB"),
    *('"', "'", "(", ")", ",", "#", "-", "\n", "\t", "\x00", "é"),
)


def mutated(text: str, dice: random.Random) -> str:
    for _ in range(dice.randint(1, 6)):
        at, width = dice.randrange(len(text) + 1), dice.randrange(12)
        repeated = text[at : at + width] * dice.randint(1, 40)
        new = dice.choice(["", dice.choice(PIECES), repeated, chr(dice.randrange(1, 999))])
        text = text[:at] + new + text[at + dice.choice([0, width]) :]
    return text


def fuzz(number: int, seed: int) -> int:
    """Read so many mutated files; how many were refused."""
    dice = random.Random(seed)
    lines = [text for text, _ in SAYINGS] + WRONG.splitlines()
    refused = 0
    for _ in range(number):
        try:
            read_text(mutated("\n".join(dice.sample(lines, dice.randint(1, 12))), dice))
        except SettingsError:
            refused += 1
    return refused


def test_mutated_files_are_read_or_refused() -> None:
    assert 0 < fuzz(500, seed=1) < 500


@pytest.mark.slow
def test_many_mutated_files_are_read_or_refused() -> None:
    assert 0 < fuzz(10_000, seed=2) < 10_000
