"""``pyneuro models``: what each model is, what it costs on a core, and how exact it is there."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from math import isnan
from typing import Any

from emulator.cycles import INTERVAL_CYCLES, SOURCE_CYCLES, SPIKE_CYCLES, program_cycles
from emulator.program import Program, Role
from pyneuro.cli.figures import last_line
from pyneuro.cli.model_parts import ALIASES, PARTS, Facts
from pyneuro.cli.synapse_facts import synapse_entries, synapse_facts
from pyneuro.driven_errors import measure_driven
from pyneuro.errors import SetupError
from pyneuro.model_errors import MeasuredError, measure
from pyneuro.progress import progress
from toolchain.did_you_mean import did_you_mean
from toolchain.memory import SOURCE_BYTES
from toolchain.models import BIT_EXACT, CELL_MODELS
from toolchain.models.declaration import CellModel, SourceModel
from toolchain.models.sources import RENEWAL_SOURCES, SPIKE_SOURCE_ARRAY
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
STEPS_OF_V = (
    "the RMS of v under inputs says mostly where in a step v is recorded: an input is a step of v, which the machine "
    "records before the inputs of its timestep, the reference after them; rates and spikes are not touched by it"
)
"""What to know of figures of cells whose inputs are steps of the voltage."""
KINDS = {
    CellModel: "cell type",
    SourceModel: "spike source",
    ReleaseModel: "synapse type",
    TimingRule: "timing rule of STDPMechanism",
    WeightRule: "weight rule of STDPMechanism",
}


def main(options: argparse.Namespace) -> int:
    """Print the models and parts of models that are named, or all."""
    models: dict[str, Model | Facts] = {**CELL_MODELS, **RELEASE_MODELS, **TIMING_RULES, **WEIGHT_RULES, **PARTS}
    names = [ALIASES.get(name, name) for name in options.names]
    for name in names:
        if name not in models:
            raise SetupError(f"there is no model '{name}'{did_you_mean(name, [*models, *ALIASES])}")
    chosen = [models[name] for name in dict.fromkeys(names or models)]
    tell = progress("measure", len(chosen)) if options.errors else None
    facts = []
    for number, model in enumerate(chosen, 1):
        facts.append(model if isinstance(model, dict) else describe(model) | (_errors(model) if options.errors else {}))
        if tell:
            tell(number)
    print(last_line({"models": facts}) if options.json else "\n\n".join(map(to_text, facts)))
    return 0


def _errors(model: Model) -> Facts:
    """What is measured of a cell type."""
    if not isinstance(model, CellModel):
        return {}
    of_v = any(weights.unit == "mV" for weights in model.weights.values())
    return {
        "errors": [error_facts(error) for error in measure(model)],
        "driven": [asdict(error) for error in measure_driven(model)],
        **({"note": STEPS_OF_V} if of_v else {}),
    }


def describe(model: Model) -> dict[str, Any]:
    """Return what there is to say of a model, as plain values."""
    facts: dict[str, Any] = {
        "name": model.name,
        "kind": next(kind for base, kind in KINDS.items() if isinstance(model, base)),
        "parameters": _parameters(model),
    }
    if isinstance(model, SourceModel):
        facts["parameters"] += [{"name": name, "unit": unit, "default": []} for name, unit in model.sequences]
        facts |= _of_source(model)
    if isinstance(model, CellModel | ReleaseModel):
        shown = (variable for variable in model.state if not variable.hidden)
        facts["state"] = [{"name": variable.name, "unit": variable.unit} for variable in shown]
    if isinstance(model, CellModel):
        facts |= _of_cell(model)
    if isinstance(model, ReleaseModel | TimingRule | WeightRule):
        facts |= synapse_facts(model)
    return facts


def _parameters(model: Model) -> list[dict[str, Any]]:
    """Parameters as scripts give them: with arrays in place of their elements."""
    facts = {parameter.name: asdict(parameter) for parameter in model.parameters}
    groups = model.arrays if isinstance(model, CellModel) else ()
    arrays = {name: group.elements(name) for group in groups for name in group.names}
    for name, parts in arrays.items():
        elements = [facts.pop(part) for part in parts]
        facts[name] = elements[0] | {"name": name, "default": [element["default"] for element in elements]}
    return list(facts.values())


def error_facts(error: MeasuredError) -> dict[str, Any]:
    """What was measured, as plain values; None for a figure that there is not."""
    figures = {**asdict(error), "rate_error_percent": error.rate_error_percent}
    rates = [None if isnan(rate) else rate for rate in error.rates_hz]
    plain = {name: None if isinstance(figure, float) and isnan(figure) else figure for name, figure in figures.items()}
    return plain | {"rates_hz": rates}


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


def _of_source(model: SourceModel) -> dict[str, Any]:
    """Return what random sources cost; the core of a SpikeSourceArray sends what it is given."""
    if model is SPIKE_SOURCE_ARRAY:
        return {}
    interval = INTERVAL_CYCLES if model.name in RENEWAL_SOURCES else 0
    return {"cycles": SOURCE_CYCLES, "spike_cycles": SPIKE_CYCLES + interval, "bytes": SOURCE_BYTES}


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
    if "made_of" in facts:
        yield from facts["made_of"].items()
    if "spike_cycles" in facts:
        update = f"about {facts['cycles']:,} cycles an update and {facts['spike_cycles']:,} a spike"
        yield "on a core", f"{update}, {facts['bytes']} bytes a source"
    if "synapse_cycles" in facts:
        yield from synapse_entries(facts)
    if "operations" in facts:
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
    units = {variable["name"]: variable["unit"] for variable in facts.get("state", ())}
    for driven in facts.get("driven", ()):
        yield "inputs", driven_text(driven, units)
    if "note" in facts:
        yield "note", facts["note"]


def parameter_text(parameter: dict[str, Any]) -> str:
    """``tau_m = 20 ms (> 0)``."""
    default = parameter["default"]
    if isinstance(default, list) and default:
        value = f"[{', '.join(f'{element:g}' for element in default)}]"
    elif isinstance(default, int | float):
        value = f"{default:g}"
    else:
        return f"{parameter['name']} ({parameter['unit'] or 'dimensionless'})"
    limits = [
        f"{sign} {parameter[key]:g}"
        for key, sign in (("above", ">"), ("minimum", ">="), ("maximum", "<="))
        if parameter.get(key) is not None
    ]
    bounds = f" ({', '.join(limits)})" if limits else ""
    return f"{parameter['name']} = {value} {parameter['unit']}".rstrip() + bounds


def error_text(error: dict[str, Any], variable: dict[str, str]) -> str:
    """What was measured at one timestep."""
    paired = "no spikes" if error["paired"] is None else f"{100.0 * error['paired']:.0f} % of spikes paired"
    if error["shift_ms"] is not None:
        paired += f", shifted by {error['shift_ms']:.3g} ms"
    off = "no rates"
    if error["rate_error_percent"] is not None:
        emulated, reference = error["rates_hz"][1], error["rates_hz"][0]
        off = f"rate off by {error['rate_error_percent']:+.2g} % ({emulated:.4g} Hz for {reference:.4g})"
    unit = f" {variable['unit']}" if variable["unit"] else ""
    return f"{variable['name']} RMS {error['rms']:.2g}{unit}, {paired}, {off}, under {error['current']:.3g} nA"


def driven_text(driven: dict[str, Any], units: Mapping[str, str]) -> str:
    """What was measured under Poisson trains at one timestep."""
    rms = ", ".join(f"{name} {error:.2g} {units[name]}".rstrip() for name, error in driven["rms"].items())
    return (
        f"at {driven['timestep']:g} ms, Poisson trains with weights of {driven['weight']:g}, membrane up to "
        f"{driven['until_ms']:g} ms: RMS of {rms}"
    )
