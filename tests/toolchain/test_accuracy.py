"""Accuracy of derived words: what the arithmetic of a core gets wrong is told, with figures that hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.accuracy import inexact_words
from toolchain.compile import compile_network
from toolchain.errors import ParameterError
from toolchain.network import Network, Population


def network_of(parameters: dict[str, Any], timestep: float = 0.1, size: int = 3, cell: str = "IF_curr_exp") -> Network:
    return Network("net", timestep, (Population("exc", size, cell, parameters),), ())


def remarks(parameters: dict[str, Any], timestep: float = 0.1, substeps: int = 1) -> list[str]:
    return [str(remark) for remark in inexact_words(network_of(parameters, timestep), substeps)]


@pytest.mark.parametrize(
    ("timestep", "tau"), [(0.1, 113.0), (0.1, 126.0), (0.05, 42.0), (0.05, 78.0), (1.0, 936.0), (1.0, 1024.0)]
)
def test_weights_that_the_machine_loses_are_told(timestep: float, tau: float) -> None:
    """The factor of arriving weights wraps past 1."""
    text = next(text for text in remarks({"tau_syn_E": tau}, timestep) if "weights" in text)
    assert text.startswith(f"exc: tau_syn_E = {tau:g} ms at a timestep of {timestep:g} ms: ")
    factor, meant = (float(part.split()[0]) for part in text.split(" by ")[1].split(";")[0].split(" instead of "))
    assert factor < 0.01
    assert meant == pytest.approx(1.0, abs=1e-3)
    assert text.endswith(f"use a longer timestep or a tau_syn_E of at most {320 * timestep:g} ms")


def test_a_decay_that_is_lost_is_told() -> None:
    """A quotient dt/tau below 2^-15 is 0, and expulr(0) is 0."""
    texts = remarks({"tau_syn_I": 3300.0})
    assert any(
        "the inhibitory synaptic input decay with a time constant of 0 ms instead of 3300 ms" in t for t in texts
    )
    assert any("v decay with a time constant of inf ms instead of 4000 ms" in t for t in remarks({"tau_m": 4000.0}))


@given(
    timestep=st.sampled_from([0.05, 0.1, 0.125, 0.25, 0.5, 1.0, 2.0]),
    ratio=st.floats(0.5, 320.0),
    part=st.integers(1, 2),
)
def test_time_constants_up_to_the_advised_one_go_without_a_remark(timestep: float, ratio: float, part: int) -> None:
    tau = ratio * timestep / part
    values = {"tau_syn_E": tau, "tau_syn_I": tau, "tau_m": tau, "cm": 1.0, "tau_refrac": 0.0}
    assert remarks(values, timestep, part) == []


@given(timestep=st.sampled_from([0.05, 0.1, 0.125, 0.25, 0.5, 1.0]), share=st.floats(0.05, 1.0))
def test_alpha_functions_up_to_the_advised_length_go_without_a_remark(timestep: float, share: float) -> None:
    """The slope of sPyNNaker's ramp goes with 1 / tau^2, so that it vanishes long before the decay does."""
    tau = share * 18.0 * timestep**0.5
    parameters = {"tau_syn_E": tau, "tau_syn_I": tau, "tau_refrac": 0.0}
    assert inexact_words(network_of(parameters, timestep, cell="IF_curr_alpha")) == ()
    long = network_of(parameters | {"tau_syn_E": 45.0 * timestep**0.5}, timestep, cell="IF_curr_alpha")
    assert any("rise in a step" in str(remark) for remark in inexact_words(long))


def test_the_worst_cell_is_named_and_the_others_counted() -> None:
    (text,) = (t for t in remarks({"tau_syn_E": np.array([5.0, 113.0, 60.0])}) if "weights" in t)
    assert "tau_syn_E = 113 ms of cell 1 (and 1 other)" in text


@pytest.mark.parametrize(("timestep", "found"), [(0.05, "2.05"), (0.4, "2.4"), (0.1, None), (0.125, None)])
def test_a_refractory_time_of_a_step_too_many_is_told(timestep: float, found: str | None) -> None:
    texts = [t for t in remarks({"tau_refrac": 2.0, "tau_syn_E": 2.0, "tau_syn_I": 2.0}, timestep) if "refrac" in t]
    assert len(texts) == (found is not None)
    if found:
        assert f"tau_refrac = 2 ms at a timestep of {timestep:g} ms: " in texts[0]
        assert f"holds v for {found} ms instead of 2 ms" in texts[0]
        assert texts[0].endswith(f"or a tau_refrac {timestep / 2:g} ms shorter")
        assert not any("refrac" in text for text in remarks({"tau_refrac": 2.0 - timestep / 2}, timestep))


def test_a_resistance_off_by_more_than_one_percent_is_told() -> None:
    (text,) = remarks({"tau_m": 1.0, "cm": 0.00035})
    assert "tau_m = 1 ms and cm = 0.00035 nF" in text
    assert "a resistance of 2979 MOhm instead of 2857 MOhm" in text


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"cm": 0.00025}, r"tau_m / cm must be below 65536 .*got 80000 for tau_m = 20 ms and cm = 0.00025 nF"),
        ({"cm": [1.0, 1.0, 0.0001]}, r".*got 200000 for tau_m = 20 ms and cm = 0.0001 nF of cell 2"),
        ({"tau_refrac": 1e4}, r"tau_refrac / timestep must be below 65536 .*got 100000 for tau_refrac = 10000 ms"),
    ],
)
def test_a_word_that_wraps_is_refused(parameters: dict[str, Any], words: str) -> None:
    parameters = {name: np.array(v) if isinstance(v, list) else v for name, v in parameters.items()}
    with pytest.raises(ParameterError, match=f"population 'exc': {words}"):
        inexact_words(network_of(parameters), 1)


def test_a_parameter_beyond_the_words_is_told_of_its_population() -> None:
    with pytest.raises(ParameterError, match=r"^population 'exc': IF_curr_exp.v_thresh must be within .* got 1e\+06$"):
        remarks({"v_thresh": 1e6})


def test_defaults_and_izhikevich_have_nothing_to_tell() -> None:
    assert remarks({}) == []
    assert inexact_words(network_of({}, 1.0, cell="Izhikevich"), 2) == ()
    assert inexact_words(network_of({}, 1.0, cell="IF_cond_exp"), 1) == ()


def test_the_remarks_are_among_those_of_the_mapping() -> None:
    mapping = compile_network(network_of({"tau_syn_E": 113.0}), machine="spin3")
    assert any("scales arriving excitatory weights" in remark.message for remark in mapping.diagnostics)
