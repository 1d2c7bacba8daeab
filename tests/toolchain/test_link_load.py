"""Link load: traffic is conserved, sums to the hops, and is what a plain walk over the trees counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from graphs import graphs_on_machines, populations
from hypothesis import given, settings
from hypothesis import strategies as st

import toolchain.link_load
from emulator.machine import Machine, largest_part, spin5
from toolchain.graph import Graph, Net, Vertex
from toolchain.link_load import link_load, link_rates, link_traffic, overloaded_links
from toolchain.map_graph import map_graph
from toolchain.place import Placement
from toolchain.place.scatter import place as scatter
from toolchain.route.ner import route


@given(drawn=graphs_on_machines(), seed=st.integers(0, 9))
@settings(max_examples=50, deadline=None)
def test_traffic_is_what_a_walk_over_the_trees_counts(drawn: tuple[Graph, Machine], seed: int) -> None:
    graph, machine = drawn[0], largest_part(drawn[1])
    if len(graph.vertices) > machine.application_cores:
        return
    routes = route(graph, scatter(graph, machine, seed=seed))
    carried = np.zeros((machine.width, machine.height, 6))
    for net, tree in zip(graph.nets, routes.trees, strict=True):
        for x, y, word in zip(tree.x.tolist(), tree.y.tolist(), tree.route.tolist(), strict=True):
            for link in range(6):
                carried[x, y, link] += net.weight * (word >> link & 1)
    assert link_traffic(graph, routes, machine).tolist() == carried.tolist()
    assert not carried[~machine.links].any()


def test_traffic_sums_to_the_hops(monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = map_graph(populations({"a": 100}), spin5())
    whole = link_traffic(mapping.graph, mapping.routes, mapping.machine)
    assert whole.sum() == mapping.hops
    monkeypatch.setattr(toolchain.link_load, "_ROWS", 5)
    assert link_traffic(mapping.graph, mapping.routes, mapping.machine).tolist() == whole.tolist()


def test_rates_are_held_against_the_capacity() -> None:
    nets = (Net(0, np.array([1], np.int32), 4, 4.0, rate=120.0), Net(1, np.array([0], np.int32), 4, 4.0, rate=30.0))
    graph = Graph("pair", (Vertex("a", 4), Vertex("b", 4)), nets)
    machine = spin5()
    routes = route(graph, Placement(machine, *np.array([[0, 1], [0, 0], [1, 1]], np.int32)))
    rates = link_rates(graph, routes, machine)
    assert (rates[0, 0, 0], rates[1, 0, 3], rates.sum()) == (120.0, 30.0, 150.0)
    machine = replace(machine, link_capacity=1000.0)
    assert link_load(graph, routes, machine) == pytest.approx(0.12)
    assert link_load(graph, routes, machine, time_scale_factor=10.0) == pytest.approx(0.012)
    silent = replace(graph, nets=tuple(replace(net, rate=0.0) for net in nets))
    assert link_load(silent, routes, machine) == 0.0


def test_no_nets_load_no_link() -> None:
    graph = Graph("silent", (Vertex("v", 1),), ())
    mapping = map_graph(graph, spin5())
    assert link_load(graph, mapping.routes, mapping.machine) == 0.0


def test_links_that_are_expected_to_have_too_much_are_told() -> None:
    nets = (Net(0, np.array([1], np.int32), 4, 4.0, rate=120.0), Net(1, np.array([0], np.int32), 4, 4.0, rate=101.0))
    graph = Graph("pair", (Vertex("a", 4), Vertex("b", 4)), nets)
    machine = replace(spin5(), link_capacity=100.0)
    routes = route(graph, Placement(machine, *np.array([[0, 1], [0, 0], [1, 1]], np.int32)))
    (told,) = overloaded_links(graph, routes, machine)
    assert (told.stage, told.subject) == ("route", "link E of chip (0, 0)")
    assert "has 120 % of the 100 packets a second" in told.message
    assert "and 1 more have too much" in told.message
    assert "route using congestion" in told.message
    assert overloaded_links(graph, routes, machine, time_scale_factor=1.2) == ()
