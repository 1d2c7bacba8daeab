"""Rules of plasticity and release models of a user's own: mistakes in them are told when they are declared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pyneuro as sim
from emulator.errors import ProgramError
from pyneuro.own_models import Parameter, Release, ReleaseModel, TimingRule, Variable, WeightRule, declare, select
from toolchain.errors import ModelError
from toolchain.synapses.checks import check_release_model, check_timing_rule, check_weight_rule
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES


@pytest.fixture(autouse=True)
def _undeclared_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test declares is forgotten."""
    for registry in (TIMING_RULES, WEIGHT_RULES, RELEASE_MODELS):
        monkeypatch.setattr(registry, "_items", dict(registry))
        monkeypatch.setattr(registry, "_own", set())


class Nearest(TimingRule):
    """The trace of each side is 1 at its latest spike, whatever was before."""

    name = "OwnNearest"
    parameters = (Parameter("tau", "ms", 20.0, above=0), Parameter("A_plus", "", 0.1), Parameter("A_minus", "", 0.1))
    time_constants = ("tau",)
    pre_traces = ("r",)
    post_traces = ("o",)

    def add_pre(self, x: Any) -> Any:
        return {"r": 1}

    def add_post(self, x: Any) -> Any:
        return {"o": 1}

    def apply_pre(self, x: Any, weight: Any) -> Any:
        return x.depress(weight, x.post["o"] * x.decay("tau", x.since_post))

    def apply_post(self, x: Any, weight: Any) -> Any:
        return x.potentiate(weight, x.pre["r"] * x.decay("tau", x.since_pre))


class Softened(WeightRule):
    """Steps in proportion to the weight."""

    name = "OwnSoftened"
    parameters = (Parameter("w_min", "", 0.0), Parameter("w_max", "", 1.0), Parameter("softness", "", 0.5))

    def potentiate(self, weight: Any, a: Any, amount: Any, p: Any) -> Any:
        return weight + weight * a * amount * p["softness"]

    def depress(self, weight: Any, a: Any, amount: Any, p: Any) -> Any:
        return weight - weight * a * amount


class Alternating(ReleaseModel):
    """Every second spike is lost."""

    name = "OwnAlternating"
    parameters = (Parameter("share", "", 0.5, minimum=0.0, maximum=1.0),)
    state = (Variable("spent", "", 0.0),)

    def release(self, s: Any, p: Any, weight: Any, decay: Any, draw: Any) -> Any:
        lost = s["spent"] > p["share"]
        return Release({"spent": select(lost, 0, 1 - s["spent"])}, select(lost, 0, weight))


def edited(base: Any, **members: Any) -> Any:
    return type("Edited", (base,), members)()


def formula(result: Any) -> Any:
    """A method that returns what `result` makes of its arguments."""
    return lambda self, *arguments: result(*arguments)


MISTAKES: dict[str, tuple[Any, dict[str, Any], type[Exception], str]] = {
    "trace left out": (Nearest, {"add_pre": formula(lambda x: {})}, ModelError, r"add_pre\(\) must return all traces"),
    "trace misspelt": (
        Nearest,
        {"add_post": formula(lambda x: {"oo": 1})},
        ModelError,
        r"Edited.add_post\(\) returns 'oo', which is not a trace; did you mean 'o'\?; .* declared in `post_traces`",
    ),
    "traces without a dict": (Nearest, {"add_post": formula(lambda x: 1)}, ModelError, "must return a dict, as {'o':"),
    "no such trace": (
        Nearest,
        {"apply_pre": formula(lambda x, w: x.depress(w, x.post["r"]))},
        ModelError,
        "there is no trace in `post_traces` 'r'; declared are o",
    ),
    "no such time constant": (
        Nearest,
        {"apply_pre": formula(lambda x, w: x.depress(w, x.decay("tau_m", x.since_pre)))},
        ModelError,
        "there is no name in `time_constants` 'tau_m'; declared are tau",
    ),
    "time constant without a parameter": (
        Nearest,
        {"time_constants": ("tau", "tau_x")},
        ModelError,
        r"names 'tau_x', which is not a parameter.*; add Parameter\('tau_x', 'ms'",
    ),
    "no such amplitude": (
        Nearest,
        {"apply_pre": formula(lambda x, w: x.depress(w, 1, "A3"))},
        ModelError,
        "there is no name in `amplitudes` 'A3'; declared are A_plus, A_minus",
    ),
    "no weight": (Nearest, {"apply_pre": formula(lambda x, w: None)}, ModelError, r"apply_pre\(\) must be a weight"),
    "a branch": (
        Nearest,
        {"apply_post": formula(lambda x, w: w if x.since_pre > 3 else x.potentiate(w, 1))},
        ProgramError,
        r"Edited.apply_post\(\) with AdditiveWeightDependence: .* use select\(mask, a, b\)",
    ),
    "declared twice": (
        Nearest,
        {"parameters": (*Nearest.parameters, Parameter("tau", "ms", 1.0))},
        ModelError,
        "'tau' is declared twice",
    ),
    "taken": (
        Nearest,
        {"parameters": (*Nearest.parameters, Parameter("delay", "ms", 1.0))},
        ModelError,
        "every synapse has a 'delay' already",
    ),
    "no limits": (
        Softened,
        {"parameters": Softened.parameters[1:]},
        ModelError,
        r"Edited needs a parameter 'w_min': add Parameter\('w_min', '', 0.0\)",
    ),
    "no parameter of a weight rule": (
        Softened,
        {"depress": formula(lambda w, a, amount, p: w - a * p["mu"])},
        ModelError,
        "Edited: there is no parameter or curve 'mu'; declared are w_min, w_max, softness",
    ),
    "a function that a core has not": (
        Softened,
        {"depress": formula(lambda w, a, amount, p: w - a * np.exp(w))},
        ProgramError,
        "a core has no such function",
    ),
    "no such state": (
        Alternating,
        {"release": formula(lambda s, p, w, decay, draw: Release({}, w * s["x"]))},
        ModelError,
        "Edited: there is no state variable 'x'; declared are spent",
    ),
    "state that is not declared": (
        Alternating,
        {"release": formula(lambda s, p, w, decay, draw: Release({"x": s["spent"]}, w))},
        ModelError,
        r"Edited.release\(\) returns 'x', which is not a state variable",
    ),
    "decay that is not declared": (
        Alternating,
        {"release": formula(lambda s, p, w, decay, draw: Release({}, w * decay["tau"]))},
        ModelError,
        "Edited: there is no time constant 'tau'",
    ),
    "nothing released": (
        Alternating,
        {"release": formula(lambda s, p, w, decay, draw: w)},
        ModelError,
        r"release\(\) must return Release\(state, sent\), got",
    ),
    "first value": (
        Alternating,
        {"state": (Variable("spent", "", "n"),)},
        ModelError,
        "there is no parameter 'n'; declared are share",
    ),
    "a count of nothing": (Alternating, {"counts": ("n",)}, ModelError, "`counts` names 'n', which is neither"),
    "the target's": (
        Alternating,
        {"of_target": {"tau_psc": "tau_syn"}},
        ModelError,
        "`of_target` names 'tau_psc', which is not a parameter",
    ),
    "a release that branches": (
        Alternating,
        {"release": formula(lambda s, p, w, decay, draw: Release({}, w if s["spent"] > 0.5 else 0 * w))},
        ProgramError,
        r"Edited.release\(\): .* use select",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_told_when_a_rule_is_declared(mistake: str) -> None:
    """In the words of who made them, before there is a network; nothing is declared."""
    base, members, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message):
        declare(edited(base, **members, name="OwnMistake"))
    assert not any("OwnMistake" in known for known in (TIMING_RULES, WEIGHT_RULES, RELEASE_MODELS))


def test_no_rule_of_pyneuro_has_such_mistakes() -> None:
    """The checks pass what is right."""
    for timing in TIMING_RULES.values():
        check_timing_rule(timing)
    for weight in WEIGHT_RULES.values():
        check_weight_rule(weight)
    for model in RELEASE_MODELS.values():
        check_release_model(model)


@pytest.mark.parametrize("backend", ["reference", "emulator"])
@pytest.mark.filterwarnings("ignore::pyneuro.errors.MappingWarning")
def test_traces_can_be_plain_numbers(backend: str) -> None:
    """A rule of nearest pairs, by traces that each spike sets to 1, is that of the nearest pair on both sides."""
    sim.setup(timestep=1.0, backend=backend)
    pre = sim.Population(2, sim.SpikeSourceArray(spike_times=[5.0, 21.0, 60.0]))
    driver = sim.Population(2, sim.SpikeSourceArray(spike_times=[24.0, 40.0]))
    cells = sim.Population(2, sim.IF_curr_exp(tau_refrac=15.0, tau_syn_E=1.0))
    own = sim.STDPMechanism(declare(Nearest())(tau=10.0), declare(Softened())(softness=1.0), weight=0.5, delay=1.0)
    learning = sim.Projection(pre, cells, sim.AllToAllConnector(), own)
    sim.Projection(driver, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=40.0, delay=1.0))
    cells.record("spikes")
    sim.run(80.0)
    first, last = (float(time) for time in cells.get_data().segments[0].spiketrains[0])
    early = 1.0 if backend == "emulator" else 0.0  # a cell's spike acts a step earlier on the machine
    weight = 0.5
    for time in (first, last):
        weight *= 1.0 + 0.1 * np.exp(-(time - early + 1.0 - 21.0) / 10.0)
    weight *= 1.0 - 0.1 * np.exp(-(60.0 - (last - early + 1.0)) / 10.0)
    assert learning.get("weight", "list", with_address=False) == pytest.approx([weight] * 4, abs=3e-3)


class Counted(Nearest):
    """Depression by a parameter that is neither a time constant nor an amplitude."""

    name = "OwnCounted"
    parameters = (*Nearest.parameters, Parameter("share", "", 0.25))

    def apply_pre(self, x: Any, weight: Any) -> Any:
        return x.depress(weight, x.seen_pre * x.p["share"])


@pytest.mark.parametrize("backend", ["reference", "emulator"])
def test_formulas_find_their_parameters(backend: str) -> None:
    """The target spikes first; two spikes of the source have one before: each costs ``A_minus * share * w_max``."""
    sim.setup(timestep=1.0, backend=backend)
    pre = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0, 25.0, 60.0]))
    rule, weight = declare(Counted())(A_minus=0.5), sim.AdditiveWeightDependence(w_max=2.0)
    mechanism = sim.STDPMechanism(rule, weight, weight=1.5, delay=1.0)
    cell = sim.Population(1, sim.IF_curr_exp(tau_syn_E=1.0, tau_refrac=15.0))
    learning = sim.Projection(pre, cell, sim.OneToOneConnector(), mechanism)
    driver = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0]))
    sim.Projection(driver, cell, sim.OneToOneConnector(), sim.StaticSynapse(weight=40.0, delay=1.0))
    sim.run(80.0)
    assert learning.get("weight", "list", with_address=False) == pytest.approx([1.5 - 2 * 0.25], abs=1e-3)


@pytest.mark.parametrize("backend", ["reference", "emulator"])
def test_a_release_model_of_ones_own(backend: str) -> None:
    """Every second spike arrives."""
    sim.setup(timestep=1.0, backend=backend)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0, 15.0, 25.0, 35.0]))
    cell = sim.Population(1, sim.IF_curr_delta(tau_m=1.0, tau_refrac=1.0))
    synapse = declare(Alternating())(weight=5.0, delay=1.0)
    sim.Projection(source, cell, sim.OneToOneConnector(), synapse)
    cell.record("v")
    sim.run(40.0)
    v = cell.get_data().segments[0].analogsignals[0].magnitude[:, 0]
    assert [bool(np.any(v[start : start + 5] > -64.0)) for start in (5, 15, 25, 35)] == [True, False, True, False]
