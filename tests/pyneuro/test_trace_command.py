"""``pyneuro map --trace``: the way of a key as text, held against the trees of the mapping."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from reports import NOISE, layered

from emulator.machine import LINK_NAMES, opposite
from pyneuro.cli import main
from pyneuro.cli.trace import traced
from pyneuro.errors import SetupError
from toolchain.export import write_export
from toolchain.map_graph import GraphMapping, map_graph

SCRIPT = """
import pyneuro as sim

sim.setup(timestep=1.0, mapping={"neurons_per_core": 4, "sources_per_core": 4})
noise = sim.Population(8, sim.SpikeSourcePoisson(rate=20.0), label="noise")
cells = sim.Population(6, sim.IF_curr_exp(), label="cells")
sim.Projection(noise, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.1, delay=40.0))
sim.run(1000.0)
"""
CHIP = re.compile(r"chip \((\d+), (\d+)\), (?:by (\w+) from \((\d+), (\d+)\)|sent by core (\d+), (\S+))$")


@pytest.fixture(scope="module")
def mapping() -> GraphMapping:
    return map_graph(layered(), "3 boards")


@pytest.mark.parametrize("net", [0, 60, 68])
def test_the_whole_tree_is_told(mapping: GraphMapping, net: int) -> None:
    made, tree = mapping.graph.nets[net], mapping.routes.trees[net]
    told = traced(mapping, hex(int(mapping.keys.key[net]) + 7))
    assert f"{tree.links} link" in told
    assert f"to {len(made.sinks)} core" in told
    lines = [line.strip() for line in told.splitlines()]
    chips = [found for line in lines if (found := CHIP.match(line))]
    name, place = mapping.graph.vertices[made.source].name, mapping.placement
    assert chips[0].group(6, 7) == (str(place.p[made.source]), name)
    arrivals = {
        (x, y): came for x, y, came in zip(tree.x.tolist(), tree.y.tolist(), tree.arrival.tolist(), strict=True)
    }
    assert {(int(chip[1]), int(chip[2])) for chip in chips} == set(arrivals)
    for chip in chips[1:]:
        came = arrivals[int(chip[1]), int(chip[2])]
        assert LINK_NAMES[opposite(came)] == chip[3]
    named = [line for line in lines if re.match(r"(cores )?\d+: ", line)]
    sinks = [sink for line in named for sink in re.findall(r"\d+: ([^,\s]+)", line)]
    assert sorted(sinks) == sorted(mapping.graph.vertices[sink].name for sink in made.sinks)
    assert max(map(len, lines)) <= 100


def test_every_hop_names_its_entry_or_the_default_route(mapping: GraphMapping) -> None:
    tables = {(table.x, table.y): table for table in mapping.minimised.tables}
    lines = traced(mapping, "exc[0]").splitlines()
    found = 0
    for chip, why in pairwise(lines):
        told = CHIP.match(chip.strip())
        if told is None:
            continue
        found += 1
        table = tables.get((int(told[1]), int(told[2])))
        entry = re.match(r"entry (\d+) of (\d+), (\S+)/(\S+): ", why.strip())
        if entry is None:
            assert why.strip() == f"default route: {told[3]}"
            continue
        assert table is not None
        number = int(entry[1]) - 1
        assert (int(entry[2]), int(entry[3], 16)) == (len(table.key), table.key[number])
        assert int(entry[4], 16) == table.mask[number]
    assert found == len(mapping.routes.trees[0].x)


def test_branches_are_indented(mapping: GraphMapping) -> None:
    """A chip is as deep as the branches on its way are many."""
    depth: dict[tuple[int, int], int] = {}
    lines = traced(mapping, "exc[0]").splitlines()
    on: dict[tuple[int, int], int] = {}
    chips = [(len(line) - len(line.lstrip()), found) for line in lines if (found := CHIP.match(line.strip()))]
    for _, chip in chips[1:]:
        on[int(chip[4]), int(chip[5])] = on.get((int(chip[4]), int(chip[5])), 0) + 1
    assert max(on.values()) > 1
    for indent, chip in chips:
        here = int(chip[1]), int(chip[2])
        before = (int(chip[4]), int(chip[5])) if chip[4] else None
        depth[here] = depth[before] + (on[before] > 1) if before else 0
        assert indent == 4 * depth[here]


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        ("exc[105]", "neuron 105 of 'exc'"),
        ("exc[100:200]", "neuron 100 of 'exc'"),
        (f" {NOISE}[299] ", f"neuron 299 of '{NOISE}'"),
    ],
)
def test_neurons_and_slices_stand_for_their_keys(mapping: GraphMapping, wanted: str, first: str) -> None:
    line = traced(mapping, wanted).splitlines()[0]
    assert line.endswith(first)
    name, number = re.findall(r"'(.*)'", first)[0], int(re.findall(r"\d+", first)[0])
    net = next(
        i for i, made in enumerate(mapping.graph.nets)
        if mapping.graph.vertices[made.source].name == f"{name}[{number // 100 * 100}:{number // 100 * 100 + 100}]"
    )  # fmt: skip
    key = int(mapping.keys.key[net]) + number % 100
    assert line.startswith(f"Key {key:#010x} ({key}): ")
    assert traced(mapping, str(key)) == traced(mapping, hex(key)) == traced(mapping, wanted)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("0xfffffff0", "no source has this key; keys are 0x"),
        ("99999999999", "keys have 32 bits"),
        ("exc", "name one of its neurons, as 'exc.0.'"),
        ("exc[5200]", "'exc' has 5,200 neurons, from 0 to 5199"),
        ("ecx[3]", "no population is called 'ecx'; did you mean 'exc'?"),
        ("0xyz", "neither a key nor a neuron, as 'exc.0.'"),
    ],
)
def test_what_nothing_sends_is_refused(mapping: GraphMapping, wanted: str, said: str) -> None:
    with pytest.raises(SetupError, match=said):
        traced(mapping, wanted)


def test_a_key_that_no_neuron_of_a_block_has_is_refused(mapping: GraphMapping) -> None:
    first = int(mapping.keys.key[3])
    with pytest.raises(SetupError, match=f"it lies in the block of 'exc.300:400.', which sends {first:#010x} to "):
        traced(mapping, hex(first + 100))


def test_the_command_traces_scripts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.py").write_text(SCRIPT)
    words = ["map", str(tmp_path / "s.py"), "--machine", "spin3"]
    assert main([*words, "--trace", "noise[5]", "--trace", "noise[4:8] delayed", "--json"]) == 0
    out = capsys.readouterr().out
    assert ": neuron 5 of 'noise'\n" in out
    assert ": key number 0 of 'noise[4:8] delayed'\n" in out
    assert "cells[0:" in out
    assert json.loads(out.splitlines()[-1])["passed"]
    assert main([*words, "--trace", "cells[3]"]) == 2
    assert "--trace cells[3]: it sends nothing, for no projection begins there" in capsys.readouterr().err


def test_the_command_traces_netlists(mapping: GraphMapping, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_export(mapping, tmp_path)
    netlist = str(tmp_path / "netlist.json")
    key = int(mapping.keys.key[68])
    assert main(["map", "--netlist", netlist, "--keys", "given", "--trace", str(key)]) == 0
    assert f"Key {key:#010x} ({key}): neuron 100 of '{NOISE}'\n" in capsys.readouterr().out
