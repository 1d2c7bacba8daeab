"""Scaling of weights against sPyNNaker's rule, and what quantisation does to them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks import array_source, cells, connect, poisson_source

from toolchain.errors import MappingError
from toolchain.network import Network, Projection
from toolchain.options import MappingOptions
from toolchain.problems import SettingsError
from toolchain.quantisation import quantise
from toolchain.rates import Rate, expected_rates, most_in_tick
from toolchain.settings import Origin, Rule
from toolchain.weights import Input, largest_sum, ring_buffer_clashes, ring_buffer_shifts, shift_for, weight_scale
from toolchain.workload import prepare

OPTIONS = MappingOptions()
RATE = Rate(30.0, 30.0)


@pytest.mark.parametrize(
    ("w_max", "shift"),
    [(0.0, 0), (0.3, 0), (0.999, 0), (1.0, 1), (1.5, 1), (2.0, 2), (3.9, 2), (4.0, 3), (1024.0, 11), (1e9, 15)],
)
def test_shift(w_max: float, shift: int) -> None:
    assert shift_for(w_max) == shift


@given(st.floats(1e-6, 32767.0))
def test_the_shift_is_the_smallest_that_holds(w_max: float) -> None:
    shift = shift_for(w_max)
    assert 2.0**shift > w_max
    assert shift == 0 or 2.0 ** (shift - 1) <= w_max


def test_equal_delays_bound_by_the_total() -> None:
    inputs = [Input(80, 0.1, 0.0, 0.1, False, RATE), Input(20, 0.4, 0.01, 0.7, False, RATE)]
    assert largest_sum(inputs, 0.1, OPTIONS) == pytest.approx(80 * 0.1 + 20 * 0.7)


def test_spread_delays_bound_by_a_compound_poisson_sum() -> None:
    spikes = 1000 * 30.0 * 0.1e-3
    inputs = [Input(1000, 0.1, 0.02**2, 0.2, True, RATE)]
    expected = spikes * 0.1 + 5.0 * math.sqrt(spikes * (0.1**2 + 0.02**2))
    assert largest_sum(inputs, 0.1, OPTIONS) == pytest.approx(expected)


def test_the_bound_lies_between_the_biggest_weight_and_the_total() -> None:
    rare, loud = Rate(0.01, 0.01), Rate(1e5, 1e5)
    assert largest_sum([Input(3, 0.1, 0.0, 5.0, True, rare)], 1.0, OPTIONS) == 5.0
    assert largest_sum([Input(3, 0.1, 0.0, 0.1, True, loud)], 1.0, OPTIONS) == pytest.approx(0.3)
    assert largest_sum([], 1.0, OPTIONS) == 0.0


def one_to_all(n: int, weight: float, receptor: str = "excitatory", delay: float = 1.0) -> Projection:
    return connect((0, 1), [(pre, 0) for pre in range(n)], weight, delay, receptor)


def shifts_of(*made: Projection, cell: str = "IF_curr_exp") -> tuple[int, ...]:
    network = Network("n", 1.0, (cells("a", 100), cells("b", 2, cell)), made)
    return ring_buffer_shifts(prepare(network, OPTIONS), OPTIONS)[1]


def test_each_receptor_has_its_shift() -> None:
    assert shifts_of(one_to_all(10, 1.0), one_to_all(30, -0.5, "inhibitory")) == (4, 4)
    assert shifts_of(one_to_all(10, 0.01), one_to_all(30, 0.0, "inhibitory")) == (0, 0)
    assert shifts_of() == (0, 0)


def test_projections_onto_one_receptor_add_up() -> None:
    assert shifts_of(one_to_all(10, 1.0), one_to_all(10, 1.0, delay=2.0)) == (5, 0)


def test_conductances_are_scaled_by_1024() -> None:
    assert shifts_of(one_to_all(1, 0.004), cell="IF_cond_exp") == (3, 0)
    network = Network("n", 1.0, (cells("a", 1), cells("b", 1, "IF_cond_exp")), (one_to_all(1, 0.004),))
    assert weight_scale(network, network.projections[0], ((0, 0), (3, 0))) == 1024 * 2**12


@pytest.mark.parametrize(
    ("weight", "cell", "message"),
    [(70_000.0, "IF_curr_exp", "70000 nA; the machine's largest is 65535 nA"), (65.0, "IF_cond_exp", "is 63.999 uS")],
)
def test_a_weight_that_no_word_holds(weight: float, cell: str, message: str) -> None:
    with pytest.raises(MappingError, match=message):
        shifts_of(one_to_all(1, weight), cell=cell)


def test_sources_have_no_shifts_and_known_rates() -> None:
    times = array_source("times", [[1.0, 2.0, 2.2], []])
    noise = poisson_source("noise", 2, np.array([10.0, 20.0]))
    network = Network("n", 1.0, (times, noise, cells("c", 1)), ())
    assert ring_buffer_shifts(prepare(network, OPTIONS), OPTIONS) == ((), (), (0, 0))
    assert expected_rates(network, OPTIONS) == (Rate(1.5, 3.0, 2), Rate(15.0, 20.0, 2), Rate(30.0, 30.0))


@pytest.mark.parametrize(
    ("expected", "most"), [(0.001, 1), (0.0, 1), (0.01, 1), (0.0101, 2), (0.1, 3), (1.0, 6), (10.0, 22), (600.0, 677)]
)
def test_spikes_of_a_poisson_source_in_one_tick(expected: float, most: int) -> None:
    """The 0.999 quantile of a Poisson count, plus 1; 1 for slow sources."""
    assert most_in_tick(expected) == most


def test_quantisation_of_one_weight_for_all() -> None:
    network = Network("n", 1.0, (cells("a", 100), cells("b", 2)), (one_to_all(10, -0.3, "inhibitory"),))
    (report,), remarks = quantise(network, ring_buffer_shifts(prepare(network, OPTIONS), OPTIONS))
    stored = round(0.3 * 2**13)
    assert (report.minimum, report.mean, report.maximum, report.unit) == (-0.3, -0.3, -0.3, "nA")
    assert (report.shift, report.quantum, report.synapses, report.zeroed) == (2, 2.0**-13, 10, 0)
    assert report.largest_error == pytest.approx(abs(stored / 2**13 - 0.3) / 0.3)
    assert report.rms_error == pytest.approx(report.largest_error)
    assert remarks == ()


def test_quantisation_of_many_weights_and_those_that_vanish() -> None:
    weights = np.array([0.0, 1e-6, 2e-5, 0.25, 3.0])
    made = connect((0, 1), [(pre, 0) for pre in range(5)], weights)
    network = Network("n", 1.0, (cells("a", 5), cells("b", 1)), (made,))
    shifts = ring_buffer_shifts(prepare(network, OPTIONS), OPTIONS)
    (report,), (remark,) = quantise(network, shifts)
    assert shifts[1][0] == 4
    stored = np.rint(weights * 2**11)
    errors = np.abs(stored / 2**11 - weights)[1:] / weights[1:]
    assert report.largest_error == pytest.approx(errors.max())
    assert report.rms_error == pytest.approx(np.sqrt(np.mean(errors**2)))
    assert report.zeroed == 2
    assert "2 of 5 weights are too small for 16 bits and became 0" in str(remark)
    assert "the input that 'b' may receive" in str(remark)


def test_where_the_machine_has_no_smaller_step_options_are_no_remedy() -> None:
    """Nothing that lowers the shift helps a weight below 2^-15."""
    made = connect((0, 1), [(0, 0), (1, 0)], np.array([1e-6, 0.1]))
    network = Network("n", 1.0, (cells("a", 2), cells("b", 1)), (made,))
    shifts = ring_buffer_shifts(prepare(network, OPTIONS), OPTIONS)
    (_,), (remark,) = quantise(network, shifts)
    assert shifts[1][0] == 0
    assert str(remark).endswith("3.05e-05 nA, the smallest that the machine has; scale up the weights")


def test_shifts_that_a_user_gives() -> None:
    inhibitory = replace(one_to_all(3, 0.1, "inhibitory"), label="inhibition")
    network = Network("n", 1.0, (cells("a", 3), cells("b", 1)), (one_to_all(3, 0.1), inhibitory))
    of_population = Rule("population", "b", "weight_shift", 5)
    of_projection = Rule("projection", "inhib*", "weight_shift", 7)
    for rules, expected in (((of_population,), (5, 5)), ((of_population, of_projection), (5, 7))):
        options = MappingOptions(rules=rules)
        assert ring_buffer_shifts(prepare(network, options), options)[1] == expected


def test_shifts_that_contradict_each_other_are_refused_by_name() -> None:
    populations = cells("a", 3), cells("b", 1), cells("c", 3)
    network = Network("n", 1.0, populations, (one_to_all(3, 0.1), connect((2, 1), [(0, 0)])))
    rules = (
        Rule("projection", "a -> b", "weight_shift", 5, Origin("a.map", 2)),
        Rule("projection", "c -> b", "weight_shift", 7, Origin("a.map", 3)),
    )
    options = MappingOptions(rules=rules)
    with pytest.raises(MappingError, match=r"one weight_shift: 5 \(a.map:2\) and 7 \(a.map:3\) contradict"):
        ring_buffer_shifts(prepare(network, options), options)


def varied_and_fast() -> Network:
    """Cells `a` and sources `noise`, both onto the same receptor of `b`, with delays that vary."""
    many = [(i % 100, 0) for i in range(1000)]
    delay = np.resize([1.0, 2.0], 1000)
    populations = cells("a", 100), poisson_source("noise", 100, 10.0), cells("b", 1)
    return Network("n", 1.0, populations, (connect((0, 2), many, 0.1, delay), connect((1, 2), many, 0.1, delay)))


def shift_of(network: Network, *rules: Rule) -> int:
    """The excitatory shift of the last population."""
    options = MappingOptions(rules=rules)
    return ring_buffer_shifts(prepare(network, options), options)[-1][0]


def test_rates_are_assumed_of_the_source_of_a_projection() -> None:
    """2000 synapses of 0.1 nA: of 20 spikes a tick on average, sqrt(20) deviation; at higher rates up to the total."""
    network = varied_and_fast()

    def at(hertz: float) -> int:
        rules = (Rule("projection", label, "spikes_per_second", hertz) for label in ("0-2", "noise -> b"))
        return shift_of(network, *rules)

    for hertz in (1.0, 10.0, 100.0):
        spikes = 2000 * hertz * 1e-3
        assert at(hertz) == shift_for(0.1 * (spikes + 5.0 * np.sqrt(spikes)))
    assert at(1.0) < shift_of(network) < at(100.0)
    assert shift_of(network, Rule("projection", "noise -> b", "spikes_per_second", 1000.0)) > shift_of(network)


def test_sources_that_may_spike_more_often_in_a_tick_are_scaled_for_it() -> None:
    """With one delay for all, what counts is how many spikes a Poisson source may send in a tick."""
    network = Network("n", 1.0, (poisson_source("noise", 4, 1.0), cells("b", 1)), (one_to_all(4, 1.0),))
    rule = Rule("projection", "noise -> b", "spikes_per_second", 10_000.0)
    assert (shift_of(network), shift_of(network, rule)) == (shift_for(4.0), shift_for(4.0 * most_in_tick(10.0)))


def test_sigma_is_that_of_the_receptor_of_a_projection() -> None:
    network = varied_and_fast()
    for sigma in (0.0, 50.0):
        bound = 0.1 * 2000 * 30e-3 + sigma * 0.1 * np.sqrt(2000 * 30e-3)
        found = shift_of(
            network,
            Rule("population", "b", "ring_buffer_sigma", 5.0),
            Rule("projection", "0-2", "ring_buffer_sigma", sigma),
            Rule("projection", "noise -> b", "spikes_per_second", 30.0),
        )
        assert found == shift_for(bound)


def test_sigmas_that_contradict_each_other_are_refused_with_both_lines() -> None:
    said = [Origin("a.map", line, 5, 3, "...") for line in (1, 2)]
    rules = tuple(
        Rule("projection", label, "ring_buffer_sigma", value, origin)
        for label, value, origin in zip(("0-2", "1-2"), (3.0, 4.0), said, strict=True)
    )
    (problem,) = ring_buffer_clashes(varied_and_fast(), MappingOptions(rules=rules))
    assert (problem.origin, problem.also) == (said[1], (said[0],))
    with pytest.raises(SettingsError, match=r"one ring_buffer_sigma: 3.0 \(a.map:1\) and 4.0 \(a.map:2\) contradict"):
        shift_of(varied_and_fast(), *rules)
    assert ring_buffer_clashes(varied_and_fast(), MappingOptions(rules=rules[:1])) == ()


def test_a_shift_by_which_weights_do_not_fit_is_refused() -> None:
    """Stored words would wrap: 10 nA times 2^15 is a multiple of 2^16."""
    one = Network("n", 1.0, (cells("a", 2),), (connect((0, 0), [(0, 1)], 10.0),))
    message = r"excitatory weights of 'a' go up to 10 nA; with a weight_shift of 0 .* is 1.99997 nA: give at least 3"
    with pytest.raises(MappingError, match=message):
        ring_buffer_shifts(prepare(one, OPTIONS), MappingOptions(weight_shift=0))
    assert ring_buffer_shifts(prepare(one, OPTIONS), MappingOptions(weight_shift=3)) == ((3, 3),)
