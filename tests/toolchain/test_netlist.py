"""Netlist files: what is written comes back, and what is no netlist is refused in clear words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import NETLISTS, graphs
from hypothesis import given, settings
from hypothesis import strategies as st

import toolchain.netlist
from toolchain.errors import IllegalProductError, NetlistError
from toolchain.graph import Graph, Net, Vertex, check, population_name
from toolchain.netlist import Netlist, form, parse, read, write


def document(**changes: Any) -> dict[str, Any]:
    """A small legal netlist, with changes."""
    return {
        "format": "pyneuro-netlist-1",
        "name": "ring",
        "vertices": [{"name": "a", "neurons": 10}, {"name": "b", "neurons": 20, "sdram_bytes": 4096}],
        "nets": [{"source": 0, "sinks": [1, 0], "weight": 10}, {"source": 1, "sinks": [], "weight": 2.5}],
        **changes,
    }


def net(**changes: Any) -> dict[str, Any]:
    """A netlist whose only net has changes."""
    return document(nets=[{"source": 0, "sinks": [1], "weight": 1, **changes}])


def vertex(**changes: Any) -> dict[str, Any]:
    """A netlist whose only vertex has changes."""
    return document(nets=[], vertices=[{"name": "a", "neurons": 1, **changes}])


def same(one: Graph, other: Graph) -> bool:
    """Whether two graphs say the same."""
    nets = [[(n.source, n.sinks.tolist(), n.keys, n.weight, n.key, n.mask) for n in g.nets] for g in (one, other)]
    return (one.name, one.vertices) == (other.name, other.vertices) and nets[0] == nets[1]


def test_a_netlist_says_what_it_says() -> None:
    netlist = parse(document(machine="spin5", description="two"))
    assert netlist.graph.vertices == (Vertex("a", 10), Vertex("b", 20, 4096))
    assert netlist.graph.nets[0].sinks.tolist() == [0, 1]
    assert netlist.graph.nets[0].sinks.dtype == np.int32
    assert [net.keys for net in netlist.graph.nets] == [10, 20]
    assert (netlist.machine, netlist.description) == ("spin5", "two")


@given(graph=graphs(40, fixed=True), machine=st.sampled_from(["", "spin5"]), description=st.text(max_size=5))
@settings(max_examples=40, deadline=None)
def test_any_netlist_comes_back(
    tmp_path_factory: pytest.TempPathFactory, graph: Graph, machine: str, description: str
) -> None:
    path = tmp_path_factory.mktemp("netlist") / "net.json"
    write(Netlist(graph, machine, description), path)
    back = read(path)
    assert same(back.graph, graph)
    assert (back.machine, back.description) == (machine, description)
    assert [file.name for file in path.parent.iterdir()] == ["net.json"]


def test_keys_other_than_one_a_neuron_come_back() -> None:
    graph = Graph("g", (Vertex("a", 10),), (Net(0, np.zeros(1, np.int32), 80, 0.5),))
    assert same(parse(form(Netlist(graph))).graph, graph)


@pytest.mark.parametrize("name", ["microcircuit-462", "brunel100k-592"])
def test_shared_netlists_come_back(name: str, tmp_path: Path) -> None:
    path = NETLISTS / f"{name}.json"
    if not path.exists():
        pytest.skip(f"{path} is absent")
    netlist = read(path)
    write(netlist, tmp_path / "again.json")
    assert json.loads((tmp_path / "again.json").read_bytes()) == json.loads(path.read_bytes())
    check(netlist.graph)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([], "the document is a list, an object is expected"),
        (
            {"format": "pyneuro-network"},
            "not a netlist: 'format' is \"pyneuro-network\", 'pyneuro-netlist-1' is expected",
        ),
        ({}, "not a netlist: 'format' is null"),
        ({"format": "pyneuro-netlist-1"}, "the netlist has no 'vertices'"),
        (document(nets={}), "'nets' of the netlist is an object, a list is expected"),
        (document(name=3), "'name' of the netlist is 3, a string is expected"),
        (document(machine=None), "'machine' of the netlist is null, a string is expected"),
        (vertex(neurons=0), "'neurons' of vertex 0 ('a') is 0, it must be from 1 to 2147483648"),
        (vertex(neurons=10**30), "is 1000000000000000000000000000000, it must be from 1"),
        (vertex(neurons=10**60), "is 1000000000000000000000000000000000000..., it must be from 1"),
        (vertex(neurons=True), "'neurons' of vertex 0 ('a') is true, an integer is expected"),
        (vertex(neurons=1.5), "'neurons' of vertex 0 ('a') is 1.5, an integer is expected"),
        (vertex(name=None), "'name' of vertex 0 is null, a string is expected"),
        (vertex(sdram_bytes=-1), "'sdram_bytes' of vertex 0 ('a') is -1, it must be from 0"),
        (document(nets=[], vertices=["a"]), 'vertex 0 is "a", an object is expected'),
        (net(source=2), "'source' of net 0 is vertex 2, the netlist has 2 vertices"),
        (net(source=-1), "'source' of net 0 is vertex -1"),
        (net(sinks=[0, 7]), "a sink of net 0 is vertex 7, the netlist has 2 vertices"),
        (net(sinks=[-1, 0]), "a sink of net 0 is vertex -1"),
        (net(sinks=[0, "b"]), 'a sink of net 0 is "b", an integer is expected'),
        (net(sinks=[True]), "a sink of net 0 is true, an integer is expected"),
        (net(sinks=[1, 0, 1]), "net 0 lists sink 1 twice"),
        (net(sinks=3), "'sinks' of net 0 is 3, a list is expected"),
        (net(weight="1"), "'weight' of net 0 is \"1\", a number is expected"),
        (net(weight=None), "'weight' of net 0 is null, a number is expected"),
        (net(weight=-1), "'weight' of net 0 is -1, it must be from 0 to 1e+15"),
        (net(weight=float("nan")), "'weight' of net 0 is NaN, it must be from 0"),
        (net(weight=10**400), "it must be from 0 to 1e+15"),
        (net(rate=-1), "'rate' of net 0 is -1, it must be from 0 to 1e+15"),
        (net(rate="fast"), "'rate' of net 0 is \"fast\", a number is expected"),
        (net(keys=0), "'keys' of net 0 is 0, it must be from 1"),
        (net(key=0), "net 0 has only one of 'key' and 'mask', it needs both or neither"),
        (net(key=1 << 32, mask=0), "'key' of net 0 is 4294967296, it must be from 0 to 4294967295"),
        (document(nets=[document()["nets"][0]] * 2), "nets 0 and 1 both start at vertex 0 ('a'); it may have one"),
    ],
)
def test_what_is_no_netlist(wrong: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(wrong))
    with pytest.raises(NetlistError) as error:
        read(path)
    assert str(error.value).startswith(f"{path}: ")
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "truncated or not JSON: Expecting value in line 1, column 1"),
        (json.dumps(document()).encode()[:-30], "truncated or not JSON"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "not a netlist: it is not text"),
        (b"[" * 100_000, "not a netlist: it is nested too deeply"),
        (b'{"format": ' + b"9" * 5000 + b"}", "not a netlist: Exceeds the limit"),
    ],
)
def test_files_that_are_damaged_or_foreign(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "damaged.json"
    path.write_bytes(content)
    with pytest.raises(NetlistError, match=message):
        read(path)


@given(cut=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_every_truncation_is_refused(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    content = json.dumps(document()).encode()
    path = tmp_path_factory.mktemp("netlist") / "cut.json"
    path.write_bytes(content[: cut % len(content)])
    with pytest.raises(NetlistError, match=r"cut\.json: truncated or not JSON"):
        read(path)


def test_files_that_are_absent_or_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NetlistError, match=r"absent\.json: cannot be read: No such file or directory"):
        read(tmp_path / "absent.json")
    with pytest.raises(NetlistError, match="cannot be read: Is a directory"):
        read(tmp_path)
    monkeypatch.setattr(toolchain.netlist, "MAX_FILE_BYTES", 100)
    (tmp_path / "long.json").write_bytes(b" " * 101)
    with pytest.raises(NetlistError, match="the file is longer than 100 bytes, the limit of a netlist"):
        read(tmp_path / "long.json")


def test_what_stood_there_survives_a_failure(tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    path.write_text("before")
    graph = Graph("g", (Vertex("a", 1),), (Net(0, np.zeros(1, np.int32), 1, float("nan")),))
    with pytest.raises(ValueError, match="Out of range"):
        write(Netlist(graph), path)
    assert path.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("nets", "message"),
    [
        ([Net(2, np.array([0], np.int32), 1, 1.0)], "net 0 starts at vertex 2 of 2"),
        ([Net(0, np.array([2], np.int32), 1, 1.0)], "net 0 ends at a vertex that is none of 2"),
        ([Net(0, np.array([1, 0], np.int32), 1, 1.0)], "the sinks of net 0 repeat or do not ascend"),
        ([Net(0, np.array([1, 1], np.int32), 1, 1.0)], "the sinks of net 0 repeat or do not ascend"),
        ([Net(0, np.array([1], np.int32), 0, 1.0)], "net 0 needs 0 keys"),
        ([Net(0, np.array([1], np.int32), 1, 1.0)] * 2, "nets 0 and 1 both start at vertex 0"),
    ],
)
def test_an_illegal_graph_is_caught(nets: list[Net], message: str) -> None:
    with pytest.raises(IllegalProductError, match=message):
        check(Graph("g", (Vertex("a", 1), Vertex("b", 1)), tuple(nets)))


def test_the_population_of_a_slice() -> None:
    assert population_name(Vertex("L4E[256:512]", 256)) == "L4E"
    assert population_name(Vertex("v3", 256)) == "v3"
    assert population_name(Vertex("p[7]", 256)) == "p"
    assert population_name(Vertex("layer[5][256:512] delayed", 256)) == "layer[5]"


def test_rates_are_optional_and_come_back() -> None:
    graph = parse(net(rate=7680)).graph
    assert graph.nets[0].rate == 7680.0
    assert form(Netlist(graph))["nets"] == [{"source": 0, "sinks": [1], "weight": 1, "rate": 7680.0}]
    assert parse(form(Netlist(graph))).graph.nets[0].rate == 7680.0
    assert "rate" not in form(parse(net()))["nets"][0]
