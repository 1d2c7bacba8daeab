"""Random synapses with dynamics, on the neuron cores of an image."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.image import MachineImage, NeuronCore, SynapseCore
from emulator.program import Program
from emulator.synaptic_rows import (
    Dopamine,
    DynamicRows,
    History,
    ModulatedRows,
    PlasticRows,
    PopulationTable,
    ReleaseRows,
)
from toolchain.network import Projection
from toolchain.synapses.declaration import TimingRule, WeightRule
from toolchain.synapses.modulated import Modulated, dopamine_programs
from toolchain.synapses.programs import StdpPrograms, marking_words, rule_words, stdp_programs
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.releasing import Releasing, releasing
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES

Halves = list[int]

STRONGEST = 3000
"""Weights are below this, in steps of the stored ones."""


def with_dynamics(image: MachineImage, seed: int) -> MachineImage:
    """The image with plastic banks, modulated ones and one of synapses that release, or none, on each neuron core."""
    rng = np.random.default_rng(seed)
    programs = list(image.programs)
    cores = [
        _with_banks(rng, core, programs) if isinstance(core, NeuronCore) and len(core.table.key) else core
        for core in image.cores
    ]
    for number, core in enumerate(cores):
        if isinstance(core, SynapseCore):
            neurons = cores[core.neurons]
            assert isinstance(neurons, NeuronCore)
            if neurons.dopamine is not None:
                kinds, signs = len(neurons.shift) - len(neurons.dopamine.signs), len(neurons.dopamine.signs)
                rows = _with_doses(rng, core, neurons.index_bits, kinds, signs)
                cores[number] = replace(core, rows=rows)
    return replace(image, programs=tuple(programs), cores=tuple(cores))


def _with_banks(rng: np.random.Generator, core: NeuronCore, programs: list[Program]) -> NeuronCore:
    histories: list[History] = []
    banks: list[DynamicRows] = []
    if rng.random() < 0.6:
        core = _with_dopamine(rng, core, programs)
        banks += [_modulated(rng, core, programs, histories) for _ in range(int(rng.integers(1, 3)))]
    for _ in range(int(rng.integers(0, 3))):
        banks.append(random_plastic(rng, core, programs, histories))
    if rng.random() < 0.7:
        banks.append(_releasing(rng, core, programs))
    return replace(core, histories=tuple(histories), dynamic=tuple(banks))


def _with_dopamine(rng: np.random.Generator, core: NeuronCore, programs: list[Program]) -> NeuronCore:
    """The core with one or two synapse types more, which bring dopamine, for some of its synapses."""
    signs = tuple(rng.choice([-1, 1], int(rng.integers(1, 3))).tolist())
    rows = _with_doses(rng, core, core.index_bits, len(core.shift), len(signs))
    programs += dopamine_programs({"tau_d": float(rng.uniform(2.0, 60.0))}, 1.0)
    shift = (*core.shift, *rng.integers(0, 16, len(signs)).tolist())
    return replace(
        core, type_bits=2, shift=shift, rows=rows, dopamine=Dopamine(len(programs) - 2, len(programs) - 1, signs)
    )


def _with_doses(
    rng: np.random.Generator, core: NeuronCore | SynapseCore, low: int, kinds: int, signs: int
) -> NDArray[np.uint32]:
    """The rows of a core with two type bits, some of its synapses with one of so many types that bring dopamine."""
    rows = core.rows.copy()
    for mask, address, stride in zip(core.table.mask, core.table.address, core.table.stride, strict=True):
        for start in range(int(address), int(address) + (-int(mask) & 0xFFFFFFFF) * int(stride), int(stride)):
            for place in range(start + 3, start + 3 + int(rows[start + 1])):
                word = int(rows[place])
                target, kind, delay = word & (1 << low) - 1, word >> low & 1, word >> low + 1 & 15
                if rng.random() < 0.4:
                    kind = kinds + int(rng.integers(signs))
                rows[place] = word >> 16 << 16 | delay << low + 2 | kind << low | target
    return rows


def random_plastic(
    rng: np.random.Generator, core: NeuronCore, programs: list[Program], histories: list[History]
) -> PlasticRows:
    """Rows of random rules, whose programs and history are added to what there is."""
    timing = list(TIMING_RULES.values())[rng.integers(4)]
    rules = [rule for rule in WEIGHT_RULES.values() if rule.name != "GutigWeightDependence"]
    triplet = timing.name == "PfisterSpikeTriplet"
    weight = WEIGHT_RULES["WeightDependenceAdditiveTriplet"] if triplet else rules[rng.integers(len(rules))]
    p = _parameters(rng, timing, weight)
    made = stdp_programs(timing, weight, rule_words(timing, weight, p, 1.0, 1.0))
    first = _added(timing, made, programs, histories)
    return PlasticRows(**_plastic_rows(rng, core, len(histories) - 1, (timing, first), []))


def _modulated(
    rng: np.random.Generator, core: NeuronCore, programs: list[Program], histories: list[History]
) -> ModulatedRows:
    timing = list(TIMING_RULES.values())[rng.integers(4)]
    weight = WEIGHT_RULES["WeightDependenceAdditiveTriplet"]
    p = _parameters(rng, timing, weight)
    words, bits = marking_words(timing, weight, p, 1.0, 1.0)
    made = stdp_programs(timing, weight, words, "eligibility")
    tau_c, tau_d = rng.uniform(2.0, 100.0, 2).tolist()
    dopamine = {"tau_c": tau_c, "tau_d": tau_d, "w_min": 0.0, "w_max": float(rng.uniform(0.0, 2.0))}
    extra = [rng.integers(-(2**14), 2**14, 400), rng.integers(-(2**20), 2**20, 400)]
    first = _added(timing, made, programs, histories)
    rows = _plastic_rows(rng, core, len(histories) - 1, (timing, first), extra)
    mechanism = Modulated(timing, weight, p, words, made, bits, dopamine, 1.0, 1.0)
    programs.append(mechanism.elapse(int(rng.integers(0, 16)), int(rng.integers(0, 16))))
    lag = rng.integers(-1, 20, 16).astype(np.int32)
    return ModulatedRows(**rows, elapse=len(programs) - 1, lag=lag, bits=bits)


def _parameters(rng: np.random.Generator, timing: TimingRule, weight: WeightRule) -> dict[str, float]:
    p = {parameter.name: parameter.default for parameter in (*timing.parameters, *weight.parameters)}
    p |= {name: float(rng.uniform(3.0, 40.0)) for name in timing.time_constants}
    return p | {name: float(rng.uniform(0.0, 0.2)) for name in timing.amplitudes}


def _added(timing: TimingRule, made: StdpPrograms, programs: list[Program], histories: list[History]) -> int:
    """The number of the first program of a mechanism, which programs and histories get."""
    histories.append(History(len(programs), timing.post_traces))
    programs += [made.add_post, *made.of_rows]
    return histories[-1].program


def _plastic_rows(
    rng: np.random.Generator,
    core: NeuronCore,
    history: int,
    mechanism: tuple[TimingRule, int],
    extra: list[NDArray[np.int64]],
) -> dict[str, Any]:
    """Fields of rows of a timing rule with the first of its programs, whose synapses have `extra` words."""
    timing, first = mechanism
    table, rows = _packed(rng, core, 1 + -(-len(timing.pre_traces) // 2), [0], extra)
    return {
        "table": table,
        "rows": rows,
        "shift": int(rng.integers(0, 5)),
        "defer": int(rng.choice([0, 0, 3])),
        "history": history,
        "traces": timing.pre_traces,
        "add_pre": first + 1,
        "apply_pre": first + 2,
        "apply_post": first + 3,
        "back": rng.integers(-1, 20, 16).astype(np.int32),
    }


def with_one_release_model(image: MachineImage, seed: int) -> MachineImage:
    """The image with two banks of synapses that release on each neuron core, all of one program, some very strong."""
    rng = np.random.default_rng(seed)
    made, program = _release_model(rng), len(image.programs)
    cores = [
        replace(core, dynamic=tuple(_release_rows(rng, core, made, program, 65_000) for _ in range(2)))
        if isinstance(core, NeuronCore) and len(core.table.key)
        else core
        for core in image.cores
    ]
    return replace(image, programs=(*image.programs, made.program), cores=tuple(cores))


def _releasing(rng: np.random.Generator, core: NeuronCore, programs: list[Program]) -> ReleaseRows:
    made = _release_model(rng)
    programs.append(made.program)
    return _release_rows(rng, core, made, len(programs) - 1, STRONGEST)


def _release_model(rng: np.random.Generator) -> Releasing:
    """A model for 400 synapses, some of whose time constants are their own."""
    model = list(RELEASE_MODELS.values())[rng.integers(5)]
    ends = np.zeros(400, dtype=np.int32)
    own = {name: rng.uniform(2.0, 60.0, len(ends)) for name in model.time_constants if rng.random() < 0.5}
    return releasing(Projection("", 0, 0, "", ends, ends, 1.0, 1.0, model.name, parameters=own), 1.0)


def _release_rows(
    rng: np.random.Generator, core: NeuronCore, made: Releasing, program: int, strongest: int
) -> ReleaseRows:
    words = [np.broadcast_to(values, 400) for values in made.words.values()]
    table, rows = _packed(rng, core, 2, [-1, 0], words, strongest=strongest)
    return ReleaseRows(
        table=table,
        rows=rows,
        shift=int(rng.integers(0, 4)),
        defer=0,
        program=program,
        words=tuple(made.words),
        key=int(rng.integers(2**63)),
    )


def _packed(
    rng: np.random.Generator,
    core: NeuronCore,
    header: int,
    first: list[int],
    extra: list[NDArray[np.int64]],
    *,
    strongest: int = STRONGEST,
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
            weights, controls = rng.integers(0, strongest, count), _controls(rng, core, count)
            plastic = [*first, *[0] * (header - len(first)), *halves(weights.tolist())]
            plastic += [int(word) for words in extra for word in words[used : used + count]]
            row = [len(plastic), *plastic, 0, count, *halves(controls)]
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


def halves(values: Halves) -> list[int]:
    even = [*values, *[0] * (len(values) % 2)]
    return [low | high << 16 for low, high in zip(even[::2], even[1::2], strict=True)]
