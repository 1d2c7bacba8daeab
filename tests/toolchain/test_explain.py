"""Explaining settings: what was said and what was not, each with its origin."""

from __future__ import annotations

from toolchain.explain import Held, explain
from toolchain.language import given, read_text
from toolchain.options import MAPPING_OPTIONS
from toolchain.settings import UNSAID, Origin

TEXT = """machine spin5
dead chips (3, 3), (4, 4)
set neurons_per_core = 128
population "L4*": spikes_per_second = 8
place "a" near "b" within 2 hops
place "c" on chips (0, 0) to (3, 3)
keys of "c" from 0x10000 mask 0xFFFF0000
place using hilbert or compact minimising hops + 100 entries
minimise chips
require table entries <= 20
"""


def test_what_is_said_is_explained_with_its_line() -> None:
    held = explain(read_text(TEXT, "a.map"))
    for line, expected in enumerate(
        [
            ("machine", "spin5"),
            ("dead chips", "(3, 3), (4, 4)"),
            ("neurons_per_core", "128"),
            ('population "L4*"', "spikes_per_second = 8"),
            ('place "a"', 'near "b" within 2 hops'),
            ('place "c"', "on chips (0, 0) to (3, 3)"),
            ('keys of "c"', "from 0x10000 mask 0xffff0000"),
            ("place using", "hilbert or compact minimising hops + 100 entries"),
            ("minimise", "chips"),
            ("require", "table entries <= 20"),
        ],
        start=1,
    ):
        assert Held(*expected, f"a.map:{line}") in held


def test_what_is_not_said_is_the_default() -> None:
    held = {one.name: one for one in explain(UNSAID)}
    assert {one.origin for one in held.values()} == {"default"}
    assert set(MAPPING_OPTIONS) <= set(held)
    assert held["machine"].value == "the smallest that fits"


def test_the_command_line_and_scripts_are_origins() -> None:
    settings = given({"neurons_per_core": 9, "place": "scatter"}).on_machine("spin3", Origin("command line"))
    held = explain(settings)
    assert Held("machine", "spin3", "command line") in held
    assert Held("neurons_per_core", "9", "script") in held
    assert Held("place using", "scatter", "script") in held
