"""Explaining settings: what was said and what was not, each with its origin."""

from __future__ import annotations

import numpy as np

from toolchain.explain import Held, explain
from toolchain.feedback import with_feedback
from toolchain.language import given, read_text
from toolchain.network import Network, Population, Projection
from toolchain.options import MAPPING_OPTIONS
from toolchain.requirements import Verdict
from toolchain.search import MOST_ANNEALED
from toolchain.settings import UNSAID, Algorithm, Origin, Settings

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
            ('population "L4*"', "spikes_per_second = 8 Hz"),
            ('place "a"', 'near "b" within 2 hops'),
            ('place "c"', "on chips (0, 0) to (3, 3)"),
            ('keys of "c"', "from 0x10000 mask 0xffff0000"),
            ("place using", 'hilbert(order="graph") or compact(effort=1.0, seed=1) minimising hops + 100 entries'),
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


def network() -> Network:
    cells = [Population(label, 4, "IF_curr_exp", {}) for label in ("L4E", "L4I", "L5E")]
    noise = Population("noise", 4, "SpikeSourcePoisson", {})
    index = np.zeros(1, np.int32)
    made = [Projection(label, 0, 2, "excitatory", index, index, 0.1, 1.0) for label in ("up", "down")]
    return Network("cortex", 1.0, (*cells, noise), tuple(made))


def test_what_is_overridden_is_told() -> None:
    settings = read_text(
        "set cycles_margin = 70 %, sources_per_core = 9\n"
        'population "L4*": neurons_per_core = 64, ring_buffer_sigma = 3\npopulation "L4E": neurons_per_core = 32\n'
        'population "L*": ring_buffer_sigma = 4, cycles_margin = 80 %\npopulation "noise": sources_per_core = 8\n'
        'projection "*": longest_delay = 9 ms\nprojection "L4E -> L5E": longest_delay = 8 ms\n'
        'projection "up": longest_delay = 7 ms',
        "a.map",
    )
    values = [(one.name, one.value) for one in explain(settings, network())]
    for expected in (
        ("neurons_per_core", "256"),
        ("sources_per_core", "9, overridden"),
        ("ring_buffer_sigma", "5, overridden"),
        ("spikes_per_second", "30 Hz"),
        ("cycles_margin", "70 %"),
        ('population "L4*"', 'neurons_per_core = 64, not of "L4E"'),
        ('population "L4*"', "ring_buffer_sigma = 3, overridden"),
        ('population "L4E"', "neurons_per_core = 32"),
        ('population "L*"', "ring_buffer_sigma = 4"),
        ('projection "*"', "longest_delay = 9 ms, overridden"),
        ('projection "L4E -> L5E"', 'longest_delay = 8 ms, not of "up"'),
        ('projection "up"', "longest_delay = 7 ms"),
    ):
        assert expected in values


def test_the_machine_is_told_in_the_words_of_the_language() -> None:
    settings = read_text(
        "machine spin5\nclock 180 MHz\nlink capacity 5e6\ndead link (0, 0) NE\ndead 2 cores on chip (3, 4)\n"
        "reserve 1 core, 8 MB, 24 entries on every chip"
    )
    values = {one.name: one.value for one in explain(settings)}
    assert (values["clock"], values["link capacity"]) == ("180 MHz", "5,000,000 packets/s")
    assert (values["dead links"], values["dead cores"]) == ("(0, 0) northeast", "2 on chip (3, 4)")
    assert values["reserve"] == "1 core, 8 MB, 24 entries on every chip"


def test_netlists_have_no_options_of_cutting() -> None:
    held = {one.name for one in explain(UNSAID, None, 70)}
    assert not held & {*MAPPING_OPTIONS, "partition using"}
    assert {"machine", "place using", "minimise"} <= held


def test_default_options_are_told_and_large_graphs_are_not_annealed() -> None:
    few, many = ({one.name: one.value for one in explain(UNSAID, None, number)} for number in (9, MOST_ANNEALED + 1))
    assert "annealing(effort=1.0, " in few["place using"]
    assert "annealing" not in many["place using"]
    assert many["place using"].startswith("compact(effort=1.0, seed=1) or ")


def test_what_feedback_left_alone_is_not_marked_as_its_own() -> None:
    settings = read_text("route using ner\nattempts 3\nrequire table entries <= 0")
    seen: list[Settings] = []

    def attempt(settings: Settings) -> int:
        seen.append(settings)
        return len(seen)

    requirement = settings.requirements[0]
    with_feedback(
        settings,
        attempt,
        lambda _: (Verdict(requirement, False, None, False, ""),),
        lambda _: {"place": Algorithm("hilbert"), "keys": Algorithm("dense"), "minimise": Algorithm("pairs")},
    )
    origins = {one.name: one.origin for one in explain(seen[1]) if one.name.endswith(" using")}
    assert origins["minimise using"] == "feedback"
    assert origins["place using"] == origins["keys using"] == "default, kept from the attempt before"
    assert origins["route using"] == "mapping:1"
    later = {one.name: one.origin for one in explain(seen[2]) if one.name.endswith(" using")}
    assert (later["minimise using"], later["keys using"]) == ("feedback", "feedback")
    assert later["place using"] == "default, kept from the attempt before"


def test_the_command_line_and_scripts_are_origins() -> None:
    settings = given({"neurons_per_core": 9, "place": "scatter"}).on_machine("spin3", Origin("command line"))
    held = explain(settings)
    assert Held("machine", "spin3", "command line") in held
    assert Held("neurons_per_core", "9", "script") in held
    assert Held("place using", "scatter(seed=1)", "script") in held
