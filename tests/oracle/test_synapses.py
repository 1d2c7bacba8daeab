"""Synapses of the reference simulator against NEST: every weight that is sent, spike by spike."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from networks import array_source, cells
from numpy.typing import NDArray
from processes import arrays_of

from pyneuro.reference import ReferenceSimulation
from toolchain.network import Network, Population, Projection, Recording

if find_spec("nest") is None:
    pytest.skip("NEST is not installed (extra 'oracle')", allow_module_level=True)

DT = 0.1
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One synapse, here and in NEST; weights are in mV here."""

    synapse: str
    parameters: dict[str, float]
    nest: str
    nest_parameters: dict[str, float]
    rules: tuple[str, ...] = ()
    archive: dict[str, float] = field(default_factory=dict)
    weight: float = 0.005
    delay: float = 1.2


def trains(seed: int, rate: float, duration: float) -> tuple[Floats, Floats]:
    """Two trains of spikes on the grid that sometimes meet."""
    rng = np.random.default_rng(seed)
    steps = [np.flatnonzero(rng.random(round(duration / DT)) < rate * DT * 1e-3) + 20 for _ in range(2)]
    steps[1] = np.unique(np.concatenate([steps[1], steps[0][::7] - 12, steps[0][::11]]))
    steps[1] = steps[1][steps[1] > 15]
    return np.round(steps[0] * DT, 1), np.round(steps[1] * DT, 1)


def sent(case: Case, pre: Floats, post: Floats, dopamine: Floats | None = None) -> Floats:
    """What each spike of the source sends on the reference: the target is made to spike by jumps of 1 V."""
    target = cells("target", 1, "IF_curr_delta", parameters={"tau_refrac": 0.0})
    populations: tuple[Population, ...] = (
        array_source("pre", [pre]),
        target,
        array_source("drive", [np.round(post - 1.0, 1)]),
    )
    ends = np.zeros(1, np.int32)
    synapse = Projection(
        "made", 0, 1, "excitatory", ends, ends, case.weight, case.delay, case.synapse, case.rules, case.parameters
    )
    drive = Projection("drive", 2, 1, "excitatory", ends, ends, 1000.0, 1.0)
    projections: tuple[Projection, ...] = (synapse, drive)
    if dopamine is not None:
        dose = 1.0 / CONCENTRATION["tau_d"]
        given = CONCENTRATION
        brought = Projection("dopamine", 3, 1, "reward", ends, ends, dose, DT, "Neuromodulation", (), given)
        populations, projections = (*populations, array_source("dopamine", [dopamine])), (*projections, brought)
    simulation = ReferenceSimulation(Network("pair", DT, populations, projections))
    weights = []
    for step in np.rint(pre / DT).astype(int).tolist():
        simulation.run(step + 1 - simulation.step)
        weights.append(simulation.weights(0)[0])
    return np.array(weights)


PAIR = {"tau_plus": 17.0, "tau_minus": 31.0, "A_plus": 0.02, "A_minus": 0.015, "w_min": 0.0, "w_max": 0.01}
NEST_PAIR = {"tau_plus": 17.0, "lambda": 0.02, "alpha": 0.75, "Wmax": 0.01}


def pair(rule: str, up: float, down: float, **rest: float) -> Case:
    """A case of stdp_synapse."""
    nest = NEST_PAIR | {"mu_plus": up, "mu_minus": down}
    rules = ("SpikePairRule", rule)
    return Case("STDPMechanism", PAIR | rest, "stdp_synapse", nest, rules, {"tau_minus": 31.0})


CASES = {
    "additive": pair("AdditiveWeightDependence", 0.0, 0.0),
    "multiplicative": pair("MultiplicativeWeightDependence", 1.0, 1.0),
    "mixed": pair("AdditivePotentiationMultiplicativeDepression", 0.0, 1.0),
    "guetig": pair("GutigWeightDependence", 0.3, 0.6, mu_plus=0.3, mu_minus=0.6),
    "triplet": Case(
        "STDPMechanism",
        {"tau_plus": 17.0, "tau_minus": 31.0, "tau_x": 80.0, "tau_y": 110.0, "A_plus": 0.01, "A_minus": 0.012}
        | {"A3_plus": 0.015, "A3_minus": 0.004, "w_min": 0.0, "w_max": 0.01},
        "stdp_triplet_synapse",
        {"tau_plus": 17.0, "tau_plus_triplet": 80.0, "Aplus": 1e-4, "Aminus": 1.2e-4}
        | {"Aplus_triplet": 1.5e-4, "Aminus_triplet": 4e-5, "Wmax": 0.01},
        ("PfisterSpikeTriplet", "WeightDependenceAdditiveTriplet"),
        {"tau_minus": 31.0, "tau_minus_triplet": 110.0},
    ),
    # Away from the limits: there NEST cuts the potentiation before it depresses, and sPyNNaker, as here, the sum.
    "vogels": Case(
        "STDPMechanism",
        {"tau": 20.0, "eta": 2e-5, "rho": 10.0, "w_min": 0.0, "w_max": 0.1},
        "vogels_sprekeler_synapse",
        {"tau": 20.0, "eta": 2e-5, "alpha": 0.4, "Wmax": 0.1},
        ("Vogels2011Rule", "AdditiveWeightDependence"),
        {"tau_minus": 20.0},
    ),
}


SHORT_TERM = {
    "tsodyks": Case(
        "TsodyksMarkramSynapse",
        {"U": 0.3, "tau_rec": 140.0, "tau_facil": 60.0, "tau_psc": 4.0},
        "tsodyks_synapse",
        {"U": 0.3, "tau_rec": 140.0, "tau_fac": 60.0, "tau_psc": 4.0},
        weight=1.5,
    ),
    "depressing": Case(
        "TsodyksMarkramSynapse",
        {"U": 0.6, "tau_rec": 300.0, "tau_facil": 0.0, "tau_psc": 3.0},
        "tsodyks_synapse",
        {"U": 0.6, "tau_rec": 300.0, "tau_fac": 0.0, "tau_psc": 3.0},
        weight=1.5,
    ),
    "tsodyks2": Case(
        "Tsodyks2Synapse",
        {"U": 0.3, "tau_rec": 140.0, "tau_facil": 60.0},
        "tsodyks2_synapse",
        {"U": 0.3, "u": 0.3, "tau_rec": 140.0, "tau_fac": 60.0},
        weight=1.5,
    ),
}


DOPAMINE = Case(
    "STDPMechanism",
    PAIR | {"A_plus": 7e-4, "A_minus": 5e-4, "w_max": 1.0},
    "stdp_dopamine_synapse",
    {},
    ("SpikePairRule", "AdditiveWeightDependence"),
    {"tau_minus": 31.0},
)
CONCENTRATION = {"tau_c": 400.0, "tau_d": 150.0, "w_min": 0.0, "w_max": 0.02}
NEST_CONCENTRATION = {"A_plus": 7e-4, "A_minus": 5e-4, "tau_plus": 17.0, "tau_c": 400.0, "tau_n": 150.0}
NEST_CONCENTRATION |= {"Wmin": 0.0, "Wmax": 0.02}


def doses() -> Floats:
    """Spikes of dopamine, some of them together with those of the two sides."""
    pre, post = trains(3, 40.0, 3000.0)
    rng = np.random.default_rng(9)
    return np.unique(np.concatenate([pre[5::20], post[3::20], np.round(0.1 * rng.integers(50, 29000, 20), 1)]))


@pytest.fixture(scope="module")
def in_nest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Floats]:
    """What NEST's synapses send, by case."""
    given: list[dict[str, Any]] = []
    for case in (CASES | SHORT_TERM).values():
        pre, post = trains(3, 40.0, 3000.0)
        parameters = case.nest_parameters | {"weight": case.weight}
        given.append(
            {"model": case.nest, "parameters": parameters, "delay": case.delay, "pre": pre, "post": post}
            | {"archive": case.archive}
        )
    pre, post = trains(3, 40.0, 3000.0)
    modulated = {"model": DOPAMINE.nest, "parameters": {"weight": 0.005}, "delay": 1.2, "pre": pre, "post": post}
    given.append(modulated | {"archive": DOPAMINE.archive, "common": NEST_CONCENTRATION, "dopamine": doses()})
    path = tmp_path_factory.mktemp("nest") / "synapses.npz"
    found = arrays_of(Path(__file__).with_name("nest_synapses.py"), path, given=pickle.dumps(given))
    return {name: found[f"weights_{number}"] for number, name in enumerate([*CASES, *SHORT_TERM, "dopamine"])}


@pytest.mark.parametrize("name", CASES)
def test_plastic_weights_equal_nest(name: str, in_nest: dict[str, Floats]) -> None:
    """After every spike of the source, over 3 s of both sides at 40 Hz with coincidences."""
    pre, post = trains(3, 40.0, 3000.0)
    found = sent(CASES[name], pre, post)
    print(f"{name}: {len(found)} weights from {found.min():.4g} to {found.max():.4g}")
    np.testing.assert_allclose(found, in_nest[name], rtol=1e-9, atol=1e-15)


def arrived(case: Case, pre: Floats) -> Floats:
    """What each spike of the source adds to the synaptic current of its target."""
    tau = 0.02
    target = cells(
        "target",
        1,
        parameters={"tau_syn_E": tau, "v_thresh": 1e9},
        recordings=(Recording("isyn_exc", np.zeros(1, np.int32)),),
    )
    ends = np.zeros(1, np.int32)
    made = Projection(
        "made", 0, 1, "excitatory", ends, ends, case.weight, case.delay, case.synapse, (), case.parameters
    )
    simulation = ReferenceSimulation(Network("pair", DT, (array_source("pre", [pre]), target), (made,)))
    simulation.run(round(pre[-1] / DT) + 20)
    current = simulation.signal(1, "isyn_exc")[:, 0]
    at = np.rint((pre + case.delay) / DT).astype(int)
    return current[at] - current[at - 1] * np.exp(-DT / tau)


@pytest.mark.parametrize("name", SHORT_TERM)
def test_short_term_dynamics_equal_nest(name: str, in_nest: dict[str, Floats]) -> None:
    """What every spike of 3 s at 40 Hz sends."""
    pre, _ = trains(3, 40.0, 3000.0)
    found = arrived(SHORT_TERM[name], pre)
    print(f"{name}: {len(found)} spikes send {found.min():.4g} to {found.max():.4g}")
    np.testing.assert_allclose(found, in_nest[name], rtol=1e-9, atol=1e-12)


def test_modulated_weights_equal_nest(in_nest: dict[str, Floats]) -> None:
    """Eligibility and dopamine, with arrivals between, and together with, spikes of both sides."""
    pre, post = trains(3, 40.0, 3000.0)
    found = sent(DOPAMINE, pre, post, doses())
    print(f"dopamine: {len(found)} weights from {found.min():.4g} to {found.max():.4g}")
    np.testing.assert_allclose(found, in_nest["dopamine"], rtol=1e-9, atol=1e-15)


def test_a_pynn_script_does_the_same_on_pynn_nest(tmp_path: Path) -> None:
    """Voltages of depressed and of plastic cells at every sample, and the weights at the same times."""
    script = Path(__file__).with_name("synapse_script.py")
    found = arrays_of(script, tmp_path / "here.npz", "pyneuro", "backend=reference")
    expected = arrays_of(script, tmp_path / "nest.npz", "pyNN.nest", "spike_precision=on_grid")
    assert expected["depressed counts"].sum() > 20
    assert expected["plastic counts"].sum() > 20
    assert np.ptp(expected["weights last"][:, 2]) > 0.05
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=0.0, atol=1e-9, err_msg=name)
