"""Random synapses with dynamics, on the neuron cores of an image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from emulator.image import (
    DynamicRows,
    History,
    MachineImage,
    NeuronCore,
    PlasticRows,
    PopulationTable,
    ReleaseRows,
)
from emulator.program import Program
from toolchain.network import Projection
from toolchain.synapses.programs import StdpPrograms, rule_words, stdp_programs
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.releasing import releasing
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES

Halves = list[int]


def with_dynamics(image: MachineImage, seed: int) -> MachineImage:
    """The image with two plastic banks and one of synapses that release, or fewer, on each neuron core."""
    rng = np.random.default_rng(seed)
    programs = list(image.programs)
    cores = [
        _with_banks(rng, core, programs) if isinstance(core, NeuronCore) and len(core.table.key) else core
        for core in image.cores
    ]
    return replace(image, programs=tuple(programs), cores=tuple(cores))


def _with_banks(rng: np.random.Generator, core: NeuronCore, programs: list[Program]) -> NeuronCore:
    histories: list[History] = []
    banks: list[DynamicRows] = []
    for _ in range(int(rng.integers(0, 3))):
        banks.append(_plastic(rng, core, programs, histories))
    if rng.random() < 0.7:
        banks.append(_releasing(rng, core, programs))
    return replace(core, histories=tuple(histories), dynamic=tuple(banks))


def _plastic(
    rng: np.random.Generator, core: NeuronCore, programs: list[Program], histories: list[History]
) -> PlasticRows:
    timing = list(TIMING_RULES.values())[rng.integers(4)]
    rules = [rule for rule in WEIGHT_RULES.values() if rule.name != "GutigWeightDependence"]
    triplet = timing.name == "PfisterSpikeTriplet"
    weight = WEIGHT_RULES["WeightDependenceAdditiveTriplet"] if triplet else rules[rng.integers(len(rules))]
    p = {parameter.name: parameter.default for parameter in (*timing.parameters, *weight.parameters)}
    p |= {name: float(rng.uniform(3.0, 40.0)) for name in timing.time_constants}
    p |= {name: float(rng.uniform(0.0, 0.2)) for name in timing.amplitudes}
    made: StdpPrograms = stdp_programs(timing, weight, rule_words(timing, weight, p, 1.0, 1.0))
    first = len(programs)
    programs += [made.add_post, *made.of_rows]
    histories.append(History(first, timing.post_traces))
    table, rows = _packed(rng, core, 1 + -(-len(timing.pre_traces) // 2), [0], [])
    return PlasticRows(
        table=table,
        rows=rows,
        shift=int(rng.integers(0, 5)),
        defer=int(rng.choice([0, 0, 3])),
        history=len(histories) - 1,
        traces=timing.pre_traces,
        add_pre=first + 1,
        apply_pre=first + 2,
        apply_post=first + 3,
        back=rng.integers(-1, 20, 16).astype(np.int32),
    )


def _releasing(rng: np.random.Generator, core: NeuronCore, programs: list[Program]) -> ReleaseRows:
    model = list(RELEASE_MODELS.values())[rng.integers(5)]
    count = 400
    ends = np.zeros(count, dtype=np.int32)
    own = {name: rng.uniform(2.0, 60.0, count) for name in model.time_constants if rng.random() < 0.5}
    made = releasing(Projection("", 0, 0, "", ends, ends, 1.0, 1.0, model.name, parameters=own), 1.0)
    programs.append(made.program)
    words = [np.broadcast_to(values, count) for values in made.words.values()]
    table, rows = _packed(rng, core, 2, [-1, 0], words)
    return ReleaseRows(
        table=table,
        rows=rows,
        shift=int(rng.integers(0, 4)),
        defer=0,
        program=len(programs) - 1,
        words=tuple(made.words),
        key=int(rng.integers(2**63)),
    )


def _packed(
    rng: np.random.Generator, core: NeuronCore, header: int, first: list[int], extra: list[NDArray[np.int64]]
) -> tuple[PopulationTable, NDArray[np.uint32]]:
    """Rows for some of the senders that the core has rows for; the first words of the plastic part are `first`."""
    memory: list[int] = []
    entries = []
    used = 0
    for key, mask in zip(core.table.key.tolist(), core.table.mask.tolist(), strict=True):
        if rng.random() < 0.3:
            continue
        counts = rng.integers(0, 6, -mask & 0xFFFFFFFF if mask else 1)
        longest = int(counts.max())
        stride = 3 + header + 2 * -(-longest // 2) + len(extra) * longest
        entries.append((key, mask, len(memory), stride))
        for count in counts.tolist():
            weights, controls = rng.integers(0, 3000, count), _controls(rng, core, count)
            plastic = [*first, *[0] * (header - len(first)), *_halves(weights.tolist())]
            plastic += [int(word) for words in extra for word in words[used : used + count]]
            row = [len(plastic), *plastic, 0, count, *_halves(controls)]
            memory += row + [0] * (stride - len(row))
            used += count
    columns = [np.array(column, dtype=np.uint32) for column in zip(*entries, strict=True)]
    table = PopulationTable(*(columns or [np.zeros(0, dtype=np.uint32)] * 4))
    return table, (np.array(memory, dtype=np.int64) & 0xFFFFFFFF).astype(np.uint32)


def _controls(rng: np.random.Generator, core: NeuronCore, count: int) -> Halves:
    low = core.index_bits + core.type_bits
    target, kind = rng.integers(0, core.n, count), rng.integers(0, len(core.shift), count)
    delay = rng.integers(0, 16, count)
    return [int(d) << low | int(k) << core.index_bits | int(t) for t, k, d in zip(target, kind, delay, strict=True)]


def _halves(values: Halves) -> list[int]:
    even = [*values, *[0] * (len(values) % 2)]
    return [low | high << 16 for low, high in zip(even[::2], even[1::2], strict=True)]
