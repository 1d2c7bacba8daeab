"""Every model that the README or ``pyneuro models`` names runs in a script, on both simulators where that is said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pyneuro as sim
from pyneuro.cli.model_parts import ALIASES, PARTS
from pyneuro.standardmodels import electrodes, structure, synapses
from pyneuro.standardmodels.cells import DeclaredCell
from toolchain.models import CELL_MODELS
from toolchain.models.composed import MEMBRANES, RECEPTORS
from toolchain.models.declaration import SourceModel
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.structure import ELIMINATIONS, FORMATIONS, PARTNER_SELECTIONS
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
TABLE = README.partition("## Models")[2].partition("\n\n| | |\n")[2].partition("\n\n")[0]
WORDS = {"PostSynapticResponse", "inh", "GABA", "reward", "punishment"}
"""What the table has in code that is no model."""
CURRENTS = {"DCSource": {"amplitude": 1.0}, "ACSource": {"offset": 1.0, "amplitude": 0.1, "frequency": 10.0}}
CURRENTS |= {"StepCurrentSource": {"times": [2.0], "amplitudes": [1.0]}, "NoisyCurrentSource": {"mean": 1.0}}
REWIRING: dict[str, Any] = {
    "partner_selection": PARTNER_SELECTIONS,
    "formation": FORMATIONS,
    "elimination": ELIMINATIONS,
}
SYNAPSES = ("StaticSynapse", *RELEASE_MODELS)


def in_code(text: str) -> list[str]:
    return [name for name in re.findall(r"`([A-Za-z]\w+)`", text) if name not in WORDS]


IN_README = in_code(TABLE)
REFERENCE_ONLY = {name for part in re.split("[;|]", TABLE) if "on the reference" in part for name in in_code(part)}
NAMES = list(dict.fromkeys([*IN_README, *CELL_MODELS, *RELEASE_MODELS, *TIMING_RULES, *WEIGHT_RULES, *PARTS, *ALIASES]))


def source(n: int = 2) -> Any:
    return sim.Population(n, sim.SpikeSourceArray(spike_times=[3.0, 13.0]), label="source")


def driven(synapse: Any, cell: Any = None, **more: Any) -> Any:
    """A projection of that synapse type; run, its target moves."""
    target = sim.Population(2, cell or sim.IF_curr_exp(tau_syn_E=2.0), label="target")
    target.record("v")
    made = sim.Projection(source(), target, sim.AllToAllConnector(), synapse, label="driven", **more)
    run_and_see_it_move(target)
    return made


def run_and_see_it_move(cells: Any, variable: str = "v") -> None:
    sim.run(20.0)
    v = cells.get_data().segments[0].filter(name=variable)[0].magnitude
    assert v.shape == (21, cells.size)
    assert np.isfinite(v).all()
    assert np.ptp(v) > 0.0


def plastic(timing: str, weight: str) -> None:
    rules = getattr(sim, timing)(), getattr(sim, weight)(w_max=2.0)
    made = driven(sim.STDPMechanism(*rules, weight=1.0, delay=1.0))
    assert np.isfinite(made.get("weight", "list", with_address=False)).all()


def rewiring(name: str, **rules: str) -> None:
    chosen = {kind: rules.get(kind, next(iter(registry))) for kind, registry in REWIRING.items()}
    arguments = {kind: getattr(sim, rule)(**structural_parameters(rule)) for kind, rule in chosen.items()}
    if name.endswith("STDP"):
        arguments |= {"timing_dependence": sim.SpikePairRule(), "weight_dependence": sim.AdditiveWeightDependence()}
    mechanism = getattr(sim, name)(**arguments, weight=1.0, delay=1.0, initial_weight=1.0, initial_delay=1.0, s_max=4)
    driven(mechanism)


def structural_parameters(rule: str) -> dict[str, Any]:
    return {"grid": (2, 1)} if rule in FORMATIONS else {"threshold": 0.5} if "Weight" in rule else {}


def dopamine() -> None:
    target = sim.Population(2, sim.IF_curr_exp(), label="target")
    target.record("v")
    plastic = sim.STDPMechanism(sim.SpikePairRule(), sim.AdditiveWeightDependence(), weight=0.5)
    sim.Projection(source(), target, sim.AllToAllConnector(), plastic)
    sim.Projection(source(), target, sim.AllToAllConnector(), sim.Neuromodulation(weight=0.1), label="driven")
    run_and_see_it_move(target)


def cell(made: Any) -> None:
    """A cell under a current and an input to its first receptor."""
    cells = sim.Population(2, made, label="cells")
    cells.inject(sim.DCSource(amplitude=0.1))
    voltage = next(variable for variable in cells.celltype.recordable if variable != "spikes")
    cells.record([voltage, "spikes"])
    receptor = cells.celltype.receptor_types[0]
    small = sim.StaticSynapse(weight=0.01, delay=1.0)
    sim.Projection(source(), cells, sim.AllToAllConnector(), small, receptor_type=receptor)
    run_and_see_it_move(cells, voltage)


def spikes(made: Any) -> None:
    sources = sim.Population(20, made, label="sources")
    sources.record("spikes")
    sim.run(200.0)
    assert sources.mean_spike_count() > 0


def try_out(name: str) -> None:
    """Run a script that uses the model."""
    found = getattr(sim, name, None) or getattr(sim, name + "PostSynapticResponse", None)
    part = name.removesuffix("PostSynapticResponse")
    if name in ("STDPMechanism", *TIMING_RULES):
        weight = "WeightDependenceAdditiveTriplet" if "Triplet" in name else "AdditiveWeightDependence"
        plastic(name if name in TIMING_RULES else "SpikePairRule", weight)
    elif name in WEIGHT_RULES:
        plastic("SpikePairRule", name)
    elif name in SYNAPSES:
        driven(found(weight=1.0, delay=1.0))
    elif name == "Neuromodulation":
        dopamine()
    elif name == "ElectricalSynapse":
        cells = sim.Population(2, sim.IF_cond_exp(i_offset=[0.0, 0.5]), label="target")
        cells.record("v")
        sim.Projection(cells, cells, sim.FromListConnector([(0, 1), (1, 0)]), found(weight=0.01), label="driven")
        run_and_see_it_move(cells)
    elif name in structure.__all__:
        kind = {kind: name for kind, registry in REWIRING.items() if name in registry}
        rewiring("StructuralMechanismStatic" if kind else name, **kind)
    elif name in CURRENTS:
        cells = sim.Population(2, sim.IF_curr_exp(), label="cells")
        cells.inject(found(**CURRENTS[name]))
        cells.record("v")
        run_and_see_it_move(cells)
    elif name in MEMBRANES or name == "PointNeuron":
        cell(sim.PointNeuron((found if name in MEMBRANES else sim.LIF)(), AMPA=sim.ExpPSR()))
    elif part in RECEPTORS or name in ALIASES:
        cell(sim.PointNeuron(sim.LIF(), first=found()))
    elif isinstance(found.model, SourceModel):
        spikes(found(**({"spike_times": [1.0]} if name == "SpikeSourceArray" else {})))
    else:
        assert issubclass(found, DeclaredCell)
        cell(found())


def only_on_the_reference(name: str) -> bool:
    """Whether the README says so of the model, or of the mechanism that it is a rule of."""
    rule = any(name in registry for registry in REWIRING.values())
    return ("StructuralMechanismStatic" if rule else name) in REFERENCE_ONLY


@pytest.mark.parametrize("backend", ["reference", "emulator"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::pyneuro.errors.MappingWarning")
def test_named_models_run(name: str, backend: str) -> None:
    """Or are refused by name, with the simulator that has them."""
    sim.setup(timestep=1.0, backend=backend)
    if backend == "emulator" and only_on_the_reference(name):
        with pytest.raises(ValueError, match=r"projection 'driven'.*backend='reference'"):
            try_out(name)
    else:
        try_out(name)


def test_the_table_names_models() -> None:
    """It was found, and it leaves out none of a script's synapse types, rules and current sources."""
    assert len(IN_README) > 50
    known = {*synapses.__all__, *structure.__all__, *electrodes.__all__, *CELL_MODELS}
    rules = {*WEIGHT_RULES, *(rule for registry in REWIRING.values() for rule in registry)}
    assert known - rules - set(IN_README) == set()
