"""Release models as plain functions: steady states, limits, and the differential equations that they solve."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from emulator.draws import projection_key, synapse_words
from toolchain.synapses.release import APART, RELEASE_MODELS


def respond(name: str, intervals: list[float], **parameters: Any) -> tuple[list[float], list[dict[str, float]]]:
    """What spikes with these intervals send, and the state after each."""
    model = RELEASE_MODELS[name]
    p = model.derive({parameter.name: parameter.default for parameter in model.parameters} | parameters)
    state: Any = {variable.name: variable.initial for variable in model.state}
    sent, states = [], []
    for interval in intervals:
        decay = {tau: np.exp(-interval / p[tau]) if p[tau] > 0.0 else 0.0 for tau in model.time_constants}
        done = model.release(state, p, 1.0, decay, ())
        state = done.state
        sent.append(float(done.sent))
        states.append({variable: float(value) for variable, value in done.state.items()})
    return sent, states


@settings(max_examples=30, deadline=None)
@given(
    use=st.floats(0.01, 1.0),
    interval=st.floats(1.0, 500.0),
    recovery=st.floats(1.0, 1000.0),
    facilitation=st.floats(0.0, 1000.0),
)
def test_two_variables_settle_at_the_closed_form(
    use: float, interval: float, recovery: float, facilitation: float
) -> None:
    """u* = U / (1 - (1 - U) exp(-D / tau_F)), x* = (1 - exp(-D / tau_D)) / (1 - (1 - u*) exp(-D / tau_D))."""
    sent, states = respond("Tsodyks2Synapse", [interval] * 6000, U=use, tau_rec=recovery, tau_facil=facilitation)
    faded = np.exp(-interval / facilitation) if facilitation > 0.0 else 0.0
    u = use / (1.0 - (1.0 - use) * faded)
    x = (1.0 - np.exp(-interval / recovery)) / (1.0 - (1.0 - u) * np.exp(-interval / recovery))
    assert states[-1]["u"] == pytest.approx(u, rel=1e-6)
    assert sent[-1] == pytest.approx(u * x, rel=1e-6)


def test_first_spike_sends_the_use_parameter() -> None:
    for name in RELEASE_MODELS:
        if RELEASE_MODELS[name].draws == 0:
            assert respond(name, [12.0], U=0.3, tau_facil=100.0)[0] == [pytest.approx(0.3)]


def test_two_variables_are_the_limit_of_three() -> None:
    intervals = [5.0, 20.0, 3.0, 100.0, 1.0, 1.0]
    given = {"U": 0.4, "tau_rec": 150.0, "tau_facil": 40.0}
    two, _ = respond("Tsodyks2Synapse", intervals, **given)
    assert respond("TsodyksMarkramSynapse", intervals, tau_psc=0.0, **given)[0] == pytest.approx(two, rel=1e-12)
    assert respond("TsodyksMarkramSynapse", intervals, tau_psc=3.0, **given)[0] != pytest.approx(two, rel=1e-3)


@given(interval=st.floats(0.1, 300.0), recovery=st.floats(1.0, 900.0), current=st.floats(0.1, 300.0))
def test_three_variables_solve_their_equations(interval: float, recovery: float, current: float) -> None:
    """Between spikes: active' = -active / tau_psc, depleted' = (active - depleted) / tau_rec."""
    sent, states = respond("TsodyksMarkramSynapse", [1.0, interval], U=0.5, tau_rec=recovery, tau_psc=current)
    system = np.array([[-1.0 / current, 0.0], [1.0 / recovery, -1.0 / recovery]])
    active, depleted = expm(interval * system) @ [states[0]["active"], states[0]["depleted"]]
    tolerance = 1e-8 if abs(recovery - current) > APART * (recovery + current) else APART
    assert sent[1] == pytest.approx(0.5 * (1.0 - depleted), rel=tolerance)
    assert states[1]["active"] == pytest.approx(active + sent[1], rel=tolerance)


def test_equal_time_constants_are_no_exception() -> None:
    one, _ = respond("TsodyksMarkramSynapse", [2.0] * 20, tau_rec=20.0, tau_psc=20.0)
    other, _ = respond("TsodyksMarkramSynapse", [2.0] * 20, tau_rec=20.0, tau_psc=20.0 * (1.0 + 1e-6))
    assert one == pytest.approx(other, rel=APART)
    assert np.isfinite(one).all()


def chances(model: str, spikes: int, interval: float, **parameters: Any) -> np.ndarray:
    """What 20,000 synapses send at each of some spikes at equal intervals: [spikes, synapses]."""
    n = 20000
    release = RELEASE_MODELS[model]
    p = release.derive({parameter.name: parameter.default for parameter in release.parameters} | parameters)
    state: Any = {v.name: np.full(n, p.get(str(v.initial), v.initial), np.float64) for v in release.state}
    decay = {tau: np.exp(-interval / p[tau]) if p[tau] > 0.0 else 0.0 for tau in release.time_constants}
    key, synapses, sent = projection_key(3, 1), np.arange(n, dtype=np.uint32), []
    for spike in range(spikes):
        words = [
            synapse_words(key, synapses, np.full(n, spike * release.draws + draw, np.uint64))
            for draw in range(release.draws)
        ]
        done = release.release(state, p, 1.0, decay, tuple((word >> 1) / 2.0**31 for word in words))
        state = done.state
        sent.append(done.sent)
    return np.array(sent)


@pytest.mark.parametrize(("n", "p"), [(5, 0.3), (10, 0.5), (100, 0.05)])
def test_quanta_have_the_variation_of_a_binomial(n: int, p: float) -> None:
    """All sites have recovered: mean n p, coefficient of variation sqrt((1 - p) / (n p)) within 2 %."""
    sent = chances("MultiQuantalSynapse", 4, 1e5, n=float(n), U=p)
    assert sent.mean() == pytest.approx(n * p, rel=0.01)
    assert sent.std() / sent.mean() == pytest.approx(np.sqrt((1.0 - p) / (n * p)), rel=0.02)


@pytest.mark.parametrize("facilitation", [0.0, 60.0])
def test_quanta_are_depressed_as_resources_are(facilitation: float) -> None:
    """The mean over synapses is n times what the deterministic synapse of the same parameters sends."""
    given = {"U": 0.45, "tau_rec": 120.0, "tau_facil": facilitation}
    expected, _ = respond("Tsodyks2Synapse", [25.0] * 8, **given)
    many = chances("MultiQuantalSynapse", 8, 25.0, n=5.0, **given)
    one = chances("StochasticTsodyksMarkramSynapse", 8, 25.0, **given)
    np.testing.assert_allclose(many.mean(axis=1) / 5.0, expected, rtol=0.02)
    np.testing.assert_allclose(one.mean(axis=1), expected, rtol=0.05)
    assert set(np.unique(one)) == {0.0, 1.0}


def test_transmission_has_its_probability() -> None:
    assert chances("SimpleStochasticSynapse", 4, 1.0, p=0.3).mean() == pytest.approx(0.3, abs=0.006)
    assert chances("SimpleStochasticSynapse", 1, 1.0, p=1.0).min() == 1.0
    assert chances("SimpleStochasticSynapse", 1, 1.0, p=0.0).max() == 0.0
