"""``pyneuro models``: the facts are those of the declarations, and the errors are measured."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import pyneuro as sim
from emulator.cycles import INTERVAL_CYCLES, SOURCE_CYCLES, SPIKE_CYCLES
from pyneuro.analysis import SpikeTrains
from pyneuro.cli import main
from pyneuro.cli.model_parts import ALIASES, PARTS
from pyneuro.cli.models import STEPS_OF_V, describe, driven_text, error_facts, error_text, to_text
from pyneuro.driven_errors import measure_driven
from pyneuro.model_errors import MeasuredError, drive, interval_rates, measure, paired_share
from pyneuro.standardmodels import composed, structure, synapses
from toolchain.models import BIT_EXACT, CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.synapses import BIT_EXACT_RULES
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES

EVERY = {**CELL_MODELS, **RELEASE_MODELS, **TIMING_RULES, **WEIGHT_RULES}


@pytest.mark.parametrize("name", EVERY)
def test_every_model_is_described(name: str) -> None:
    """Each has its parameters in the text, with unit and default."""
    text = to_text(describe(EVERY[name]))
    words = " ".join(text.split())
    assert text.startswith(f"{name} (")
    elements = {part for group in getattr(EVERY[name], "arrays", ()) for n in group.names for part in group.elements(n)}
    for parameter in (parameter for parameter in EVERY[name].parameters if parameter.name not in elements):
        assert f"{parameter.name} = {parameter.default:g} {parameter.unit}".rstrip() in words


def test_facts_of_a_cell() -> None:
    """IF_curr_exp: its operations and the 121 cycles that its cost is anchored to."""
    facts = describe(EVERY["IF_curr_exp"])
    assert (facts["operations"], facts["cycles"], facts["equals_spynnaker"]) == (21, 121, True)
    assert facts["receptors"] == {"excitatory": "nA", "inhibitory": "nA"}


def test_arrays_are_told_as_scripts_give_them() -> None:
    """And not as the elements that a network has."""
    text = " ".join(to_text(describe(EVERY["GIF_cond_exp"])).split())
    assert "tau_eta = [1, 10, 100] ms (> 0); a_eta = [1, 1, 1] nA;" in text
    assert "tau_eta_0" not in text


def test_facts_of_sources() -> None:
    """What an interval costs, what has a unit; a SpikeSourceArray costs nothing but its spikes."""
    facts = describe(EVERY["SpikeSourceInhGamma"])
    assert (facts["cycles"], facts["spike_cycles"]) == (SOURCE_CYCLES, SPIKE_CYCLES + INTERVAL_CYCLES)
    assert "a (dimensionless); b (s); tbins (ms)" in to_text(facts)
    assert "40 cycles an update and 30 a spike, 32 bytes a source" in to_text(describe(EVERY["SpikeSourcePoisson"]))
    assert "on a core" not in to_text(describe(EVERY["SpikeSourceArray"]))


def test_facts_of_synapses() -> None:
    """What they cost; rules whose golden traces are replayed equal sPyNNaker's, others do not."""
    costs = {name: describe(model) for name, model in EVERY.items() if name not in CELL_MODELS}
    assert all(facts["synapse_operations"] > 0 and facts["synapse_cycles"] > 0 for facts in costs.values())
    assert costs["SpikePairRule"]["synapse_bytes"] == 4 < costs["TsodyksMarkramSynapse"]["synapse_bytes"]
    assert costs["PfisterSpikeTriplet"]["synapse_cycles"] > costs["SpikePairRule"]["synapse_cycles"]
    exact = {name for name, facts in costs.items() if facts["equals_spynnaker"]}
    assert exact == set(BIT_EXACT_RULES)
    assert "cycles a spike and synapse, with SpikePairRule" in " ".join(to_text(costs["GutigWeightDependence"]).split())


@pytest.mark.parametrize(("name", "told"), [("IF_curr_delta", True), ("Izhikevich", True), ("IF_curr_exp", False)])
def test_what_dominates_a_figure_is_told(name: str, told: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Where inputs are steps of v, it is where in a step v is recorded."""
    assert main(["models", name]) == 0
    assert (STEPS_OF_V in " ".join(capsys.readouterr().out.split())) == told


def test_exact_models_are_models() -> None:
    """What is said to equal sPyNNaker is a cell with dynamics."""
    assert all(isinstance(CELL_MODELS[name], CellModel) for name in BIT_EXACT)


def test_errors_are_measured() -> None:
    """IF_curr_exp under a current that makes it spike at some 30 Hz: nearly the reference, but not it."""
    model = CELL_MODELS["IF_curr_exp"]
    assert isinstance(model, CellModel)
    assert drive(model) == pytest.approx(0.9, rel=0.2)
    for error, timestep in zip(measure(model), (1.0, 0.1), strict=True):
        assert error.timestep == timestep
        assert 20.0 < error.rates_hz[0] < 40.0
        assert 0.0 < error.rms < 0.1
        assert error.shift_ms < 2.0
        assert error.paired == 1.0
        assert abs(error.rate_error_percent) < 1.0


def train(*steps: int) -> SpikeTrains:
    """Spikes of one cell in 1000 steps of 0.5 ms."""
    return SpikeTrains(np.array(steps, np.int64), np.zeros(len(steps), np.int64), 1, 1000, 0.5)


def test_rates_are_those_of_intervals_that_both_have() -> None:
    """Two intervals each, of 20 ms and of 25 ms, whatever comes later; NaN where there are none."""
    assert interval_rates(train(10, 50, 90, 900), train(20, 70, 120)) == pytest.approx((50.0, 40.0))
    assert all(math.isnan(rate) for rate in interval_rates(train(10), train(20, 70)))
    assert MeasuredError(0.5, 1.0, (50.0, 40.0), 0.1, 1.0, 0.0).rate_error_percent == pytest.approx(-20.0)


def test_errors_under_synaptic_drive() -> None:
    """The current of a receptor is nearer to the reference at a short timestep, and the membrane follows."""
    model = CELL_MODELS["IF_curr_exp"]
    assert isinstance(model, CellModel)
    coarse, fine = measure_driven(model)
    assert (coarse.timestep, fine.timestep) == (1.0, 0.1)
    assert np.log2(fine.weight).is_integer()
    assert list(fine.rms) == ["v", "isyn_exc", "isyn_inh"]
    assert 0.0 < fine.rms["isyn_exc"] < 0.2 * coarse.rms["isyn_exc"]
    assert 0.0 < fine.rms["v"] < 0.05
    assert 0.0 < fine.until_ms <= 500.0
    words = driven_text(
        {"timestep": 1.0, "weight": 0.25, "until_ms": 51.0, "rms": {"v": 0.5, "m": 0.25}}, {"v": "mV", "m": ""}
    )
    assert words == "at 1 ms, Poisson trains with weights of 0.25, membrane up to 51 ms: RMS of v 0.5 mV, m 0.25"


def test_the_command_measures(capsys: pytest.CaptureFixture[str]) -> None:
    """Both measurements, at both timesteps, of what is a cell."""
    assert main(["models", "--json", "IF_curr_delta", "SpikePairRule"]) == 0
    cell, rule = json.loads(capsys.readouterr().out.splitlines()[-1])["models"]
    assert [error["timestep"] for error in cell["errors"]] == [error["timestep"] for error in cell["driven"]]
    assert {"errors", "driven"}.isdisjoint(rule)
    text = to_text(cell)
    assert " ".join(text.split()).count("ms: RMS of v ") == 2
    assert text.count("of spikes paired") == 2


def test_spikes_that_are_not_paired_count() -> None:
    """The third is 6 ms off, and a fourth is only in one."""
    assert paired_share(train(10, 50, 90), train(11, 54, 102, 200)) == 0.5
    assert paired_share(train(), train(10)) == 0.0
    assert math.isnan(paired_share(train(), train()))


def test_what_was_not_measured_is_said_and_is_null() -> None:
    """A cell that never spikes on the machine, in text and in JSON."""
    error = MeasuredError(1.0, 0.5, (math.nan, math.nan), 0.25, math.nan, math.nan)
    facts = error_facts(error)
    assert json.loads(json.dumps(facts, allow_nan=False))["rates_hz"] == [None, None]
    assert error_text(facts, {"name": "w", "unit": ""}) == "w RMS 0.25, no spikes, no rates, under 0.5 nA"
    found = error_facts(MeasuredError(1.0, 0.5, (50.0, 40.0), 0.25, 0.875, 1.25))
    assert error_text(found, {"name": "v", "unit": "mV"}) == (
        "v RMS 0.25 mV, 88 % of spikes paired, shifted by 1.25 ms, rate off by -20 % (40 Hz for 50), under 0.5 nA"
    )


@pytest.mark.parametrize("name", [*PARTS, *ALIASES])
def test_parts_are_found_by_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every name that a script can write, with the parameters that PyNN's class has."""
    assert main(["models", name]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith(f"{ALIASES.get(name, name)} (")
    defaults = {} if name == "PointNeuron" else dict(getattr(sim, ALIASES.get(name, name)).default_parameters)
    for parameter in defaults.keys() - {"locations"}:
        assert f"{parameter} " in text


def test_parts_say_what_they_are_made_of(capsys: pytest.CaptureFixture[str]) -> None:
    """Bounds, units, signs, and what can be put together."""
    assert main(["models", "PointNeuron", "AlphaPSR", "CurrExp", "LIF", "STDPMechanism", "--no-errors"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "membrane LIF, AdExp; or a cell type, which keeps its receptors: IF_cond_exp," in text
    assert "CondAlphaPostSynapticResponse (receptor of PointNeuron, AlphaPSR)" in text
    assert "weights nA, at most 0 if its name begins with inh or GABA, else at least 0" in text
    assert "tau_m = 20 ms (> 0)" in text
    assert "dendritic_delay_fraction = 1 (>= 0, <= 1)" in text
    assert "timing SpikePairRule," in text


def test_every_part_of_a_script_has_a_name() -> None:
    """What pyneuro offers of PyNN's parts and synapses is there."""
    known = {*EVERY, *PARTS, *ALIASES}
    assert {*composed.__all__, *synapses.__all__, *structure.__all__} <= known


def test_the_command_prints_what_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Names choose; --json prints one object; a name that there is not is refused with the nearest."""
    assert main(["models", "--no-errors", "SpikePairRule", "IF_curr_exp"]) == 0
    text = capsys.readouterr().out
    assert "SpikePairRule (timing rule of STDPMechanism)" in text
    assert "equals sPyNNaker's bit for bit" in text
    assert main(["models", "--no-errors", "--json", "IF_curr_exp"]) == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["bytes"] == 68
    assert main(["models", "IF_cur_exp"]) == 2
    assert "there is no model 'IF_cur_exp'" in capsys.readouterr().err
