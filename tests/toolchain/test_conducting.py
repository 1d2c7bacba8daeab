"""Membranes that relax with their conductances, on a core: against closed forms, and against the reference."""

from __future__ import annotations

import numpy as np
import pytest
from networks import cells, poisson_source

from emulator import update
from pyneuro.emulated import EmulatedSimulation
from pyneuro.reference import ReferenceSimulation
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Network, Projection, Recording

CELLS = 100
EVERY = np.arange(CELLS, dtype=np.int32)


@pytest.mark.parametrize("dt", [1.0, 0.1])
@pytest.mark.parametrize("conductance", [0.01, 0.5])
def test_v_relaxes_with_all_conductances(dt: float, conductance: float) -> None:
    """Towards their weighted mean, with cm over their sum, which may be much less than the step."""
    model = CELL_MODELS["IF_cond_alpha"]
    assert isinstance(model, CellModel)
    program = model.program()
    parameters = {"cm": 0.2, "tau_m": 10.0, "tau_syn_I": 5e4, "v_thresh": 1000.0}
    core = update.allocate(program, model.registers(parameters, {"gsyn_inh": conductance}, 1, dt), 1)
    total = 0.02 + conductance
    settled = (0.02 * -65.0 + conductance * -70.0) / total
    for step in range(round(10.0 / dt)):
        v = model.read("v", {word.name: core[program.register(word.name)] for word in model.words})[0]
        expected = settled + (-65.0 - settled) * np.exp(-total / 0.2 * step * dt)
        assert v == pytest.approx(expected, abs=5e-3)
        update.run(program, core)


STANDARD = {"tau_syn_E": 1.5, "tau_syn_I": 3.5}
STRONG, ALPHA = (0.02, 0.19), (0.008, 0.07)
"""Mean weights (uS) of synapses that decay at once, and of alpha functions."""
BOMBARDED: dict[str, tuple[dict[str, float], tuple[float, float]]] = {
    "IF_cond_alpha": ({}, ALPHA),
    "PointNeuron(LIF; a=CondExp, b=CondBeta)": (
        {"a.tau_syn": 3.0, "b.e_syn": -70.0, "b.tau_rise": 1.0, "b.tau_decay": 8.0},
        (0.008, 0.04),
    ),
    "EIF_cond_exp_isfa_ista": ({"v_rest": -65.0, "v_reset": -65.0, "b": 0.01, "e_rev_I": -70.0}, STRONG),
    "EIF_cond_alpha_isfa_ista": ({"v_rest": -65.0, "v_reset": -65.0, "b": 0.01, "e_rev_I": -70.0}, ALPHA),
    "IF_cond_exp_gsfa_grr": ({"q_rr": 100.0, "q_sfa": 1.0}, STRONG),
    "GIF_cond_exp": (
        {"a_eta_0": 0.05, "a_eta_1": 0.02, "a_eta_2": 0.01, "v_t_star": -52.0, "lambda0": 10.0, "delta_v": 1.0},
        STRONG,
    ),
}
"""Cells: parameters and weights."""


@pytest.mark.parametrize("name", BOMBARDED, ids=lambda name: name.partition(";")[0])
def test_cells_under_bombardment_spike_as_often_at_1_ms(name: str) -> None:
    """Synapses that open five times the leak, and a membrane that their fluctuations make spike."""
    own, weights = BOMBARDED[name]
    composed = "a.tau_syn" in own
    receptors = ("a", "b") if composed else ("excitatory", "inhibitory")
    parameters = {"cm": 0.25, "tau_m": 15.0, "tau_refrac": 2.0, **({} if composed else STANDARD), **own}
    population = cells(
        "cells", CELLS, name, parameters=parameters, initial={"v": -65.0}, recordings=(Recording("spikes", EVERY),)
    )
    sources = poisson_source("excite", 400, 20.0), poisson_source("inhibit", 100, 20.0)
    rng = np.random.default_rng(1)
    projections = []
    for number, (receptor, weight, each) in enumerate(zip(receptors, weights, (80, 20), strict=True), start=1):
        size = sources[number - 1].size
        pre = np.concatenate([rng.choice(size, each, replace=False) for _ in EVERY]).astype(np.int32)
        post = np.repeat(EVERY, each)
        projections.append(Projection(receptor, number, 0, receptor, pre, post, weight, 2.0))
    network = Network("bombarded", 1.0, (population, *sources), tuple(projections), seed=3)
    counts = []
    for simulator in (ReferenceSimulation, EmulatedSimulation):
        simulation = simulator(network)
        simulation.run(500)
        counts.append(len(simulation.spikes(0)[0]))
    reference, emulated = counts
    print(f"{name}: {reference} spikes, {emulated} on the machine")
    assert reference > 400
    assert emulated == pytest.approx(reference, rel=0.03)
