"""Injected currents become ticks and words, or waves; what is coarse or does not fit is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from networks import cells

from emulator import image
from emulator.waves import Wave
from toolchain.check_network import check_currents, check_network
from toolchain.compile import compile_network
from toolchain.currents import changed_currents, coarse_currents, loaded_currents, of_core
from toolchain.describe import describe
from toolchain.errors import NetworkError, ParameterError
from toolchain.network import Current, Injected, Network, Population, WaveCurrent
from toolchain.options import MappingOptions

EVERY = np.arange(5, dtype=np.int32)
STEPS = Current(EVERY[1:3], np.array([0.26, 5.0, 5.2, 9.0]), np.array([0.1, 2.0, -1.0, 0.0]))
WAVE = Wave(0.5, 20.0, 0.1, 0.25, amplitude=0.5, frequency=8.0, deviation=0.125, seed=3)


def with_currents(*currents: Injected, cell: str = "IF_curr_exp", label: str = "p") -> Population:
    return cells(label, 5, cell, currents=currents)


def network(*populations: Population) -> Network:
    return Network("n", 0.5, populations, ())


def test_steps_become_ticks_and_words() -> None:
    """Of two steps in one tick the last counts."""
    (loaded,) = loaded_currents(with_currents(STEPS), 0.5)
    assert isinstance(loaded, image.Current)
    assert loaded.tick.tolist() == [1, 10, 18]
    assert loaded.amplitude.tolist() == [3277, -32768, 0]


def test_a_wave_stays_a_wave() -> None:
    """In the unit that the core has: PyNN's Izhikevich takes a thousand times as much."""
    (loaded,) = loaded_currents(with_currents(WaveCurrent(EVERY, WAVE)), 0.5)
    assert isinstance(loaded, image.WaveCurrent)
    assert loaded.wave == WAVE
    (scaled,) = loaded_currents(with_currents(WaveCurrent(EVERY, WAVE), cell="Izhikevich"), 0.5)
    assert isinstance(scaled, image.WaveCurrent)
    assert scaled.wave == replace(WAVE, offset=250.0, amplitude=500.0, deviation=125.0)


def test_a_core_has_what_flows_into_its_cells() -> None:
    loaded = loaded_currents(with_currents(STEPS, WaveCurrent(EVERY[3:], WAVE)), 0.5)
    assert [current.index.tolist() for current in of_core(loaded, 0, 2)] == [[1]]
    assert [current.index.tolist() for current in of_core(loaded, 2, 5)] == [[0], [1, 2]]


def test_only_changed_populations_are_loaded_anew() -> None:
    """A current that is the same object has not changed."""
    wave = WaveCurrent(EVERY, WAVE)
    before = network(with_currents(STEPS, label="a"), with_currents(wave, label="b"), with_currents(label="c"))
    mapping = compile_network(before, options=MappingOptions(neurons_per_core=3))
    assert changed_currents(before, before, mapping.partition) == {}
    other = replace(STEPS, amplitudes=2 * STEPS.amplitudes)
    populations = (replace(before.populations[0], currents=(other,)), *before.populations[1:2])
    after = network(*populations, replace(before.populations[2], currents=(wave, other)))
    changed = changed_currents(before, after, mapping.partition)
    assert sorted(changed) == [*mapping.cores_of(0), *mapping.cores_of(2)]
    compiled = compile_network(after, options=MappingOptions(neurons_per_core=3)).image.cores
    for core, currents in changed.items():
        expected = compiled[core]
        assert isinstance(expected, image.NeuronCore)
        assert len(currents) == len(expected.currents)
        for one, two in zip(currents, expected.currents, strict=True):
            assert one.index.tolist() == two.index.tolist()


@pytest.mark.parametrize(
    ("current", "cell", "message"),
    [
        (Current(EVERY, np.zeros(1), np.array([1e-5])), "IF_curr_exp", "of 1e-05 nA is wrong by 1e-05 nA: the machine"),
        (Current(EVERY, np.arange(2.0), np.array([1.0, 4e-5])), "IF_curr_exp", "of 4e-05 nA is wrong by 9.48e-06 nA"),
        (WaveCurrent(EVERY, Wave(0.0, 9.0, 1.0, 0.5, 1e-3, 8.0)), "IF_curr_exp", "of 0.001 nA is wrong by 1.53e-05 nA"),
        (WaveCurrent(EVERY, Wave(0.0, 9.0, 1.0, 0.5, deviation=2e-5)), "IF_curr_exp", "of 2e-05 nA is wrong by 1.53e"),
        (Current(EVERY, np.zeros(1), np.array([1e-8])), "Izhikevich", "multiples of 3.05e-08 nA (2^-15); scale cm"),
    ],
)
def test_coarse_currents_are_told(current: Injected, cell: str, message: str) -> None:
    """Once a population, with figures; in a wave every multiple is met."""
    (remark,) = coarse_currents([with_currents(current, STEPS, cell=cell)])
    assert str(remark).startswith("p: an injected current of")
    assert message in str(remark)
    told = compile_network(network(with_currents(current, cell=cell))).diagnostics
    assert [str(found) for found in told if "injected current" in str(found)] != []


def test_several_coarse_currents_are_one_remark() -> None:
    tiny = [Current(EVERY, np.zeros(1), np.array([amplitude])) for amplitude in (1e-5, 2e-4, 3e-6)]
    (remark,) = coarse_currents([with_currents(*tiny), with_currents(STEPS), cells("q", 2)])
    assert "(and 2 other currents)" in str(remark)


@pytest.mark.parametrize(
    "current",
    [
        STEPS,
        WaveCurrent(EVERY, WAVE),
        WaveCurrent(EVERY, Wave(0.0, 9.0, 1.0, 0.0)),
        Current(EVERY, np.zeros(1), np.array([2.0**-15])),
    ],
)
def test_fine_currents_are_not_told(current: Injected) -> None:
    assert coarse_currents([with_currents(current)]) == ()


@pytest.mark.parametrize(
    ("current", "message"),
    [
        (WaveCurrent(EVERY, replace(WAVE, deviation=1e4)), "up to 70000.8 nA must be within 65536 nA"),
        (Current(EVERY, np.zeros(1), np.array([7e4])), "an injected current must be within -65536 .. 65535.99997 nA"),
    ],
)
def test_currents_that_do_not_fit(current: Injected, message: str) -> None:
    with pytest.raises(ParameterError) as error:
        compile_network(network(with_currents(current)))
    assert message in str(error.value)


def test_wrong_waves_are_refused() -> None:
    for wave, message in (
        (replace(WAVE, offset=np.nan), "injected current is not finite"),
        (replace(WAVE, interval=0.0), "every 0.0 ms"),
    ):
        bad = network(with_currents(WaveCurrent(EVERY, wave)))
        for check in (check_network, check_currents):
            with pytest.raises(NetworkError, match=message):
                check(bad)
    with pytest.raises(NetworkError, match="is a Injected, which is neither steps nor a wave"):
        check_network(network(with_currents(Injected(EVERY))))
    with pytest.raises(NetworkError, match="there is no cell 4 among 3"):
        check_currents(network(replace(with_currents(WaveCurrent(EVERY, WAVE)), size=3)))


def test_currents_in_words() -> None:
    text = describe(network(with_currents(STEPS, WaveCurrent(EVERY, WAVE))))
    assert "current into 2 cells, 4 steps, -1 ... 2 (mean 0.275) nA" in text
    assert (
        "current into 5 cells, 0.25 nA and a sine of 0.5 nA and 8 Hz and noise of 0.125 nA every 0.1 ms "
        "from 0.5 to 20 ms" in text
    )
