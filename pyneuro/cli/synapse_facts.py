"""What ``pyneuro models`` says of synapses with dynamics: what a spike of the source costs a core for each of them.

A timing rule and a weight rule run together; each is told with one that comes with the package.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emulator.cycles import DYNAMIC_SYNAPSE_CYCLES, routine_cycles
from emulator.program import Program
from toolchain.synapses import BIT_EXACT_RULES
from toolchain.synapses.declaration import ReleaseModel, TimingRule, WeightRule
from toolchain.synapses.programs import default_programs
from toolchain.synapses.releasing import released
from toolchain.synapses.timing import SpikePairRule
from toolchain.synapses.weight import AdditiveWeightDependence

SYNAPSE_BYTES = 4
"""A weight and a control; words of its own come on top."""


def synapse_facts(model: ReleaseModel | TimingRule | WeightRule) -> dict[str, Any]:
    """Operations, estimated cycles and bytes of a synapse, and whether its arithmetic is sPyNNaker's."""
    if isinstance(model, ReleaseModel):
        made = released(model, {}, {}, 1, 1.0)
        return _costs((made.program,), 4 * len(made.words)) | {"equals_spynnaker": False}
    timing = model if isinstance(model, TimingRule) else SpikePairRule()
    weight = model if isinstance(model, WeightRule) else AdditiveWeightDependence()
    programs = default_programs(timing, weight)
    other = weight if model is timing else timing
    facts = _costs((programs.apply_pre, programs.apply_post), 0)
    return facts | {"with": other.name, "equals_spynnaker": model.name in BIT_EXACT_RULES}


def _costs(programs: tuple[Program, ...], words: int) -> dict[str, int]:
    return {
        "synapse_operations": sum(len(program.instructions) for program in programs),
        "synapse_cycles": DYNAMIC_SYNAPSE_CYCLES + sum(map(routine_cycles, programs)),
        "synapse_bytes": SYNAPSE_BYTES + words,
    }


def synapse_entries(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """These facts for a person: headings and texts."""
    more = f", with {facts['with']} and one spike of the target in between" if "with" in facts else ""
    update = f"{facts['synapse_operations']:,} operations, about {facts['synapse_cycles']:,} cycles a spike and synapse"
    yield "on a core", f"{update}{more}; {facts['synapse_bytes']} bytes a synapse"
    yield "arithmetic", "equals sPyNNaker's bit for bit" if facts["equals_spynnaker"] else "a scheme of pyneuro's own"
