"""What ``pyneuro models`` says of names that are no declared model: parts that scripts compose, and plain synapses.

A part has no program of its own, and so no cost and no error: a core runs what is composed of parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from emulator.synaptic_rows import MODULATED_WORDS
from toolchain.models import CELL_MODELS
from toolchain.models.composed import MEMBRANES, RECEPTORS, base
from toolchain.models.declaration import CellModel
from toolchain.models.inputs import Names
from toolchain.models.parameters import Declared, Parameter
from toolchain.synapses import DELAY_FRACTION
from toolchain.synapses.modulated import DOSE_BYTES
from toolchain.synapses.modulation import NEUROMODULATION
from toolchain.synapses.modulation import PARAMETERS as MODULATION_PARAMETERS
from toolchain.synapses.modulation import RECEPTORS as MODULATION_RECEPTORS
from toolchain.synapses.structure import (
    ELIMINATIONS,
    FORMATIONS,
    PARTNER_SELECTIONS,
    STRUCTURAL,
    structure_parameters,
)
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES

Facts = dict[str, Any]
SUFFIX = "PostSynapticResponse"
ALIASES: Mapping[str, str] = {kind: f"{kind}{SUFFIX}" for kind in RECEPTORS} | {
    "ExpPSR": f"CondExp{SUFFIX}",
    "AlphaPSR": f"CondAlpha{SUFFIX}",
    "BetaPSR": f"CondBeta{SUFFIX}",
}
"""Short names of receptors."""
WEIGHT = {"name": "weight", "unit": "nA, uS or mV, as the receptor takes", "default": None}
DELAY = {"name": "delay", "unit": "ms, at least min_delay, which it is if left out", "default": None}


def _membrane(name: str) -> Facts:
    cell = base(name, {})
    assert cell is not None, "a name of MEMBRANES"
    return {
        "name": name,
        "kind": "membrane of PointNeuron",
        "parameters": [asdict(parameter) for parameter in cell.parameters],
        "state": [{"name": variable.name, "unit": variable.unit} for variable in cell.state],
    }


def _receptor(kind: str) -> Facts:
    part = RECEPTORS[kind](Names("receptor", "state", "{}", "{}", reversal="e_syn"))
    unit = part.weights.unit
    sign = "at most 0 if its name begins with inh or GABA, else at least 0" if unit == "nA" else "at least 0"
    also = [alias for alias, name in ALIASES.items() if name == f"{kind}{SUFFIX}" and alias not in RECEPTORS]
    return {
        "name": f"{kind}{SUFFIX}",
        "kind": ", ".join(["receptor of PointNeuron", *also]),
        "parameters": [asdict(parameter) for parameter in (*part.input.parameters(part.names), *part.parameters)],
        "state": [{"name": v.name, "unit": v.unit} for v in part.state if not v.hidden],
        "made_of": {"weights": f"{unit}, {sign}"},
    }


def _point_neuron() -> Facts:
    cells = (name for name, cell in CELL_MODELS.items() if isinstance(cell, CellModel) and base(name, CELL_MODELS))
    return {
        "name": "PointNeuron",
        "kind": "cell type of parts",
        "parameters": [
            {"name": "those of the membrane, and of each receptor", "unit": "as AMPA.tau_syn", "default": None}
        ],
        "made_of": {
            "membrane": f"{', '.join(MEMBRANES)}; or a cell type, which keeps its receptors: {', '.join(cells)}",
            "receptors": f"any number, each with a name: {', '.join(f'{kind}{SUFFIX}' for kind in RECEPTORS)}",
        },
    }


def _synapses() -> tuple[Facts, ...]:
    rules = {"timing": ", ".join(TIMING_RULES), "weights": ", ".join(WEIGHT_RULES)}
    dopamine = [asdict(parameter) for parameter in MODULATION_PARAMETERS]
    gap = asdict(Parameter("weight", "uS", 0.0, minimum=0.0))
    return (
        {"name": "StaticSynapse", "kind": "synapse type", "parameters": [WEIGHT, DELAY]},
        {
            "name": "STDPMechanism",
            "kind": "synapse type of a timing rule and a weight rule",
            "parameters": [WEIGHT, DELAY, asdict(DELAY_FRACTION)],
            "made_of": rules,
        },
        {
            "name": "ElectricalSynapse",
            "kind": "synapse type",
            "parameters": [gap],
            "made_of": {"runs on": "the reference; SpiNNaker sends spikes only"},
        },
        {
            "name": NEUROMODULATION,
            "kind": "synapse type of dopamine, for populations with an STDPMechanism",
            "parameters": [WEIGHT | {"unit": "concentration"}, DELAY, *dopamine],
            "made_of": {
                "receptors": ", ".join(MODULATION_RECEPTORS),
                "on a core": f"{4 * MODULATED_WORDS} bytes a modulated synapse and {DOSE_BYTES} a cell in addition",
                "arithmetic": "a scheme of pyneuro's own, not sPyNNaker's bits",
            },
        },
    )


def _structural() -> Iterator[Facts]:
    """The structural synapse types, and the rules that they are made of."""
    kinds: dict[str, Mapping[str, Declared]] = {
        "partner selection": PARTNER_SELECTIONS,
        "formation": FORMATIONS,
        "elimination": ELIMINATIONS,
    }
    rules = {kind: ", ".join(registry) for kind, registry in kinds.items()}
    shared = [asdict(parameter) for parameter in structure_parameters(())]
    stdp = "; the rules of an STDPMechanism too"
    for name, more in zip(STRUCTURAL, ("", stdp), strict=True):
        made_of = {"rules": "; ".join(f"{kind} {names}" for kind, names in rules.items()) + more}
        yield {"name": name, "kind": "synapse type", "parameters": [WEIGHT, DELAY, *shared], "made_of": made_of}
    for kind, registry in kinds.items():
        for name, rule in registry.items():
            parameters = [asdict(parameter) for parameter in rule.parameters]
            yield {"name": name, "kind": f"{kind} rule of structural plasticity", "parameters": parameters}


_EVERY = (_point_neuron(), *map(_membrane, MEMBRANES), *map(_receptor, RECEPTORS), *_synapses(), *_structural())
PARTS: Mapping[str, Facts] = {facts["name"]: facts for facts in _EVERY}
"""The facts by name."""
