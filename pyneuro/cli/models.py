"""``pyneuro models``: what each model is, what it costs on a core, and how exact it is there."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from math import isnan
from typing import Any

from emulator.cycles import program_cycles
from emulator.program import Program, Role
from pyneuro.cli.figures import last_line
from pyneuro.errors import SetupError
from pyneuro.model_errors import ModelError, measure, percent
from pyneuro.progress import progress
from toolchain.did_you_mean import did_you_mean
from toolchain.models import BIT_EXACT, CELL_MODELS
from toolchain.models.declaration import CellModel, SourceModel
from toolchain.synapses.declaration import ReleaseModel, TimingRule, WeightRule
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES

Model = CellModel | SourceModel | ReleaseModel | TimingRule | WeightRule
WIDTH = 110
INDENT = " " * 14
WORD_BYTES = 4
TIMESTEP = 1.0
"""Timestep (ms) for which programs are counted; models that need sub-steps take more of them then."""
KINDS = {
    CellModel: "cell type",
    SourceModel: "spike source",
    ReleaseModel: "synapse type",
    TimingRule: "timing rule of STDPMechanism",
    WeightRule: "weight rule of STDPMechanism",
}


def main(options: argparse.Namespace) -> int:
    """Print the models that are named, or all."""
    models: dict[str, Model] = {**CELL_MODELS, **RELEASE_MODELS, **TIMING_RULES, **WEIGHT_RULES}
    for name in options.names:
        if name not in models:
            raise SetupError(f"there is no model '{name}'{did_you_mean(name, models)}")
    chosen = [models[name] for name in options.names or models]
    tell = progress("measure", len(chosen)) if options.errors else None
    facts = []
    for number, model in enumerate(chosen, 1):
        facts.append(describe(model, measure(model) if options.errors and isinstance(model, CellModel) else None))
        if tell:
            tell(number)
    print(last_line({"models": facts}) if options.json else "\n\n".join(map(to_text, facts)))
    return 0


def describe(model: Model, errors: Iterable[ModelError] | None = None) -> dict[str, Any]:
    """Return what there is to say of a model, as plain values."""
    facts: dict[str, Any] = {
        "name": model.name,
        "kind": next(kind for base, kind in KINDS.items() if isinstance(model, base)),
        "parameters": [asdict(parameter) for parameter in model.parameters],
    }
    if isinstance(model, SourceModel):
        facts["parameters"] += [{"name": name, "unit": unit, "default": []} for name, unit in model.sequences]
    if isinstance(model, CellModel | ReleaseModel):
        shown = (variable for variable in model.state if not variable.hidden)
        facts["state"] = [{"name": variable.name, "unit": variable.unit} for variable in shown]
    if isinstance(model, CellModel):
        facts |= _of_cell(model)
    if errors is not None:
        facts["errors"] = [{**asdict(error), "rate_difference": percent(error)} for error in errors]
    return facts


def _of_cell(model: CellModel) -> dict[str, Any]:
    substeps = model.substeps(TIMESTEP)
    program = model.program(substeps)
    return {
        "receptors": {name: weights.unit for name, weights in model.weights.items()},
        "substeps": substeps,
        "operations": len(program.instructions),
        "cycles": program_cycles(program),
        "bytes": bytes_of(program),
        "equals_spynnaker": model.name in BIT_EXACT,
    }


def bytes_of(program: Program) -> int:
    """Bytes that a core keeps of one neuron: state, parameters and inputs."""
    kept = (Role.STATE, Role.PARAMETER, Role.RECEPTOR)
    return WORD_BYTES * sum(len(program.numbers(role)) for role in kept)


def to_text(facts: dict[str, Any]) -> str:
    """Return the facts about a model as a paragraph."""
    lines = [f"{facts['name']} ({facts['kind']})"]
    for heading, text in _entries(facts):
        lines += textwrap.wrap(f"  {heading:<12}{text}", WIDTH, subsequent_indent=INDENT)
    return "\n".join(lines)


def _entries(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "parameters", "; ".join(map(parameter_text, facts["parameters"])) or "none"
    if "state" in facts:
        yield (
            "state",
            ", ".join(f"{v['name']} ({v['unit']})" if v["unit"] else v["name"] for v in facts["state"]) or "none",
        )
    if "receptors" in facts:
        yield "receptors", ", ".join(f"{name} (weights in {unit})" for name, unit in facts["receptors"].items())
        parts = f" in {facts['substeps']} sub-steps" if facts["substeps"] > 1 else ""
        update = (
            f"{facts['operations']:,} operations, about {facts['cycles']:,} cycles an update of {TIMESTEP:g} ms{parts}"
        )
        yield "on a core", f"{update}, {facts['bytes']} bytes a neuron"
        exact = "equals sPyNNaker's bit for bit" if facts["equals_spynnaker"] else "a scheme of pyneuro's own"
        yield "arithmetic", exact
    for error in facts.get("errors", ()):
        yield f"at {error['timestep']:g} ms", error_text(error, facts["state"][0])


def parameter_text(parameter: dict[str, Any]) -> str:
    """``tau_m = 20 ms (> 0)``."""
    if parameter["default"] == []:
        return f"{parameter['name']} ({parameter['unit']})"
    limits = [
        f"{sign} {parameter[key]:g}"
        for key, sign in (("above", ">"), ("minimum", ">="), ("maximum", "<="))
        if parameter.get(key) is not None
    ]
    bounds = f" ({', '.join(limits)})" if limits else ""
    return f"{parameter['name']} = {parameter['default']:g} {parameter['unit']}".rstrip() + bounds


def error_text(error: dict[str, Any], variable: dict[str, str]) -> str:
    """What was measured at one timestep."""
    shift = "no spikes" if isnan(error["shift_ms"]) else f"spikes shifted by {error['shift_ms']:.3g} ms"
    reference, emulated = error["rates_hz"]
    return (
        f"{variable['name']} RMS {error['rms']:.2g} {variable['unit']}, {shift}, {emulated:g} Hz for {reference:g} "
        f"(under {error['current']:.3g} nA)"
    )
