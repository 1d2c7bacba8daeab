"""Delays in steps."""

from __future__ import annotations

import numpy as np
import pytest
from networks import cells, connect

from toolchain.delays import in_steps
from toolchain.errors import MappingError
from toolchain.network import Network, Values
from toolchain.options import MappingOptions
from toolchain.settings import Origin, Rule


def network_of(delay: Values, timestep: float = 0.1) -> Network:
    pairs = [(0, 0)] * (np.size(delay) if np.ndim(delay) else 5)
    return Network("n", timestep, (cells("a", 1),), (connect((0, 0), pairs, delay=delay),))


def test_delays_round_to_the_nearest_step_half_to_even() -> None:
    (delays,), remarks = in_steps(network_of(np.array([0.1, 0.3, 1.6, 1.7, 14.4])))
    assert delays.steps.tolist() == [1, 3, 16, 17, 144]
    assert (delays.shortest, delays.longest, delays.stages) == (1, 144, 8)
    assert remarks == ()
    (delays,), _ = in_steps(network_of(np.array([0.5, 1.5, 2.5, 3.5]), timestep=1.0))
    assert delays.steps.tolist() == [1, 2, 2, 4]


@pytest.mark.parametrize(("delay", "stages"), [(0.1, 0), (1.6, 0), (1.7, 1), (3.2, 1), (3.3, 2)])
def test_one_delay_for_all(delay: float, stages: int) -> None:
    (delays,), _ = in_steps(network_of(delay))
    assert len(delays.steps) == 1
    assert delays.shortest == delays.longest == round(delay / 0.1)
    assert delays.stages == stages


def test_the_user_hears_of_delays_that_were_changed() -> None:
    _, remarks = in_steps(network_of(np.array([0.0, 0.04, 0.1, 0.26, 0.53])))
    assert [str(remark) for remark in remarks] == [
        "0-0: 2 of 5 delays are below one timestep and became 0.1 ms",
        "0-0: 2 of 5 delays are no multiple of the timestep (0.1 ms) and were rounded, by 0.04 ms at the most",
    ]
    _, remarks = in_steps(network_of(0.02))
    assert [str(remark) for remark in remarks] == ["0-0: 5 of 5 delays are below one timestep and became 0.1 ms"]


@pytest.mark.parametrize("delay", [14.5, np.array([1.0, 30.0])])
def test_a_delay_beyond_the_stages_is_refused(delay: Values) -> None:
    with pytest.raises(
        MappingError, match=r"projection '0-0' has a delay of .* 144 steps, 14.4 ms at a timestep of 0.1 ms"
    ):
        in_steps(network_of(delay))


def test_a_projection_without_synapses_has_no_delays_to_speak_of() -> None:
    projection = connect((0, 0), [], weight=np.zeros(0), delay=np.zeros(0))
    (delays,), remarks = in_steps(Network("n", 1.0, (cells("a", 1),), (projection,)))
    assert (delays.shortest, delays.longest, delays.stages, remarks) == (1, 1, 0, ())


def test_delays_are_cut_to_the_longest_that_a_rule_allows() -> None:
    rules = (Rule("projection", "*", "longest_delay", 1.0, Origin("a.map", 3)),)
    (delays,), remarks = in_steps(network_of(np.array([0.5, 1.0, 1.6, 14.4])), MappingOptions(rules=rules))
    assert delays.longest == 10
    assert [remark.message for remark in remarks] == ["2 of 4 delays are longer than 1 ms and were cut to it (a.map:3)"]


def test_the_longest_delay_is_that_of_the_projection_its_source_or_the_whole_mapping() -> None:
    populations = cells("a", 1), cells("b", 1)
    made = connect((0, 1), [(0, 0)], delay=14.4), connect((1, 0), [(0, 0)], delay=14.4)
    network = Network("n", 0.1, populations, made)
    of_source = Rule("population", "a", "longest_delay", 3.0, Origin("a.map", 2))
    of_projection = Rule("projection", "a -> b", "longest_delay", 2.0, Origin("a.map", 1))
    for rules, expected in (((), [50, 50]), ((of_source,), [30, 50]), ((of_projection, of_source), [20, 50])):
        delays, remarks = in_steps(network, MappingOptions(longest_delay=5.0, rules=rules))
        assert [one.longest for one in delays] == expected
        assert remarks[1].message == "1 of 1 delays are longer than 5 ms and were cut to it (of the whole mapping)"
