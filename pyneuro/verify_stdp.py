"""Replay of golden traces of plastic synapses, on the emulated machine itself.

One source has plastic synapses on a few neurons, which spike when they are told to.  After every tick with an event
the machine is stopped, and its synaptic row and its histories are compared with the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from emulator.emulator import Emulator
from emulator.image import DELAY_SLOTS, ArrayCore, Current, MachineImage, NeuronCore, RoutingTable
from emulator.machine import FIRST_CORE_BIT, spin3
from emulator.program import Instruction, Op, Program, Register, Role
from emulator.synaptic_rows import History, PlasticRows, PopulationTable
from pyneuro.errors import GoldenError
from pyneuro.golden import INDEX, Event, field, integers, read_events
from toolchain.memory import bits_for
from toolchain.synapses.declaration import TimingRule, WeightRule
from toolchain.synapses.programs import RuleWords, StdpPrograms, lut, stdp_programs
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES

TIMING_NAMES: Final[Mapping[str, str]] = {
    "pair": "SpikePairRule",
    "nearest": "SpikeNearestPairRule",
    "triplet": "PfisterSpikeTriplet",
    "vogels": "Vogels2011Rule",
}
WEIGHT_NAMES: Final[Mapping[str, str]] = {"add": "AdditiveWeightDependence", "mult": "MultiplicativeWeightDependence"}
ONE_TERM: Final[Mapping[str, str]] = {
    **{"w_min": "min_weight", "w_max": "max_weight"},
    **{"A_plus": "a_plus", "A_minus": "a_minus", "eta": "a_plus"},
}
TWO_TERMS: Final[Mapping[str, str]] = {
    **{"w_min": "min_weight", "w_max": "max_weight"},
    **{"A_plus": "a2_plus", "A_minus": "a2_minus", "A3_plus": "a3_plus", "A3_minus": "a3_minus"},
}
"""What the words of a rule are called in the index."""
SOURCE, TARGETS = 0, 1
"""Cores of the image."""


class UnknownRuleError(Exception):
    """A rule that this version has no arithmetic for."""


def replay_stdp(path: Path, entry: Mapping[str, Any]) -> tuple[int, int]:
    """Replay one file; the number of its events, and of those that came out otherwise.

    Raises
    ------
    GoldenError
        If the file or its entry is truncated or foreign.
    UnknownRuleError
        If there is no such rule.
    """
    events = read_events(path)
    timing, weight = _rules(field(entry, "rule", str))
    emulator = Emulator(_image(entry, events, timing, stdp_programs(timing, weight, _words(entry, timing))))
    mismatches = 0
    for event in events:
        emulator.run(event.time + 1 - emulator.tick)
        wrong = _pre_differs if event.post_index is None else _post_differs
        mismatches += wrong(emulator, timing, event)
    return len(events), mismatches


def _rules(name: str) -> tuple[TimingRule, WeightRule]:
    timing, _, weight = name.partition("_")
    if timing not in TIMING_NAMES or weight not in WEIGHT_NAMES:
        raise UnknownRuleError(f"rule '{name}'")
    return TIMING_RULES[TIMING_NAMES[timing]], WEIGHT_RULES[WEIGHT_NAMES[weight]]


def _words(entry: Mapping[str, Any], timing: TimingRule) -> RuleWords:
    """The words that the host writes, as the entry has them."""
    tables = field(entry, "timing_luts", list)
    if len(tables) != len(timing.time_constants):
        raise GoldenError(f"{INDEX}, entry of {entry['file']}: {len(timing.time_constants)} timing_luts expected")
    raw = integers(entry, "weight_parameters_raw")
    names = TWO_TERMS if "A3_plus" in timing.amplitudes else ONE_TERM
    needed = ("w_min", "w_max", *timing.amplitudes)
    if missing := [names[name] for name in needed if names[name] not in raw]:
        raise UnknownRuleError(f"a rule without {', '.join(missing)}")
    return RuleWords(
        decays={
            tau: lut(table["values"][: table["size"]], table["shift"])
            for tau, table in zip(timing.time_constants, tables, strict=True)
        },
        constants={"alpha": field(entry, "alpha_s4_11", int)} if timing.constants({"rho": 0.0, "tau": 0.0}) else {},
        weights={name: raw[names[name]] for name in needed},
        curves={},
        meant={},
    )


# --- the machine ------------------------------------------------------------------------------------


def _image(
    entry: Mapping[str, Any], events: Sequence[Event], timing: TimingRule, programs: StdpPrograms
) -> MachineImage:
    """A source and its targets on one chip."""
    synapses = field(entry, "synapses", list)
    n = 1 + max([event.post_index or 0 for event in events] + [synapse["post_index"] for synapse in synapses])
    types = 1 + max(synapse["type"] for synapse in synapses)
    route = np.array([1 << FIRST_CORE_BIT + 1 + TARGETS], dtype=np.uint32)
    pre = np.array([event.time for event in events if event.post_index is None], dtype=np.int32)
    source = ArrayCore(**_place("source", SOURCE, 1, key=1), tick=pre, index=np.zeros_like(pre))
    return MachineImage(
        label=entry["file"],
        machine=spin3(),
        timestep=1.0,
        time_scale_factor=1.0,
        programs=(_told_to_spike(types), programs.add_post, programs.add_pre, programs.apply_pre, programs.apply_post),
        tables=(RoutingTable(0, 0, _one(1), _one(0xFFFFFFFF), route),),
        cores=(source, _targets(entry, events, timing, n, types)),
    )


def _targets(entry: Mapping[str, Any], events: Sequence[Event], timing: TimingRule, n: int, types: int) -> NeuronCore:
    """Neurons with the plastic row, and the currents that make them spike."""
    synapses = field(entry, "synapses", list)
    index_bits, type_bits = bits_for(n), bits_for(types)
    delays = np.arange(DELAY_SLOTS, dtype=np.int32)
    delays[0] = DELAY_SLOTS
    controls = [
        (s["delay"] % DELAY_SLOTS) << index_bits + type_bits | s["type"] << index_bits | s["post_index"]
        for s in synapses
    ]
    plastic = _halves([0, 0, *[0] * _padded(timing.pre_traces), *(synapse["weight"] for synapse in synapses)])
    row = np.array([len(plastic), *plastic, 0, len(synapses), *_halves(controls)], dtype=np.uint32)
    rows = PlasticRows(
        table=PopulationTable(_one(1), _one(0xFFFFFFFF), _one(0), _one(len(row))),
        rows=row,
        shift=field(entry, "weight_shift", int),
        defer=0,
        history=0,
        traces=timing.pre_traces,
        add_pre=2,
        apply_pre=3,
        apply_post=4,
        back=delays if field(entry, "backpropagation_delay", int) else np.zeros_like(delays),
    )
    return NeuronCore(
        **_place("targets", TARGETS, n, key=0),
        program=0,
        registers={},
        shift=(0,) * types,
        index_bits=index_bits,
        type_bits=type_bits,
        table=PopulationTable(*(np.zeros(0, dtype=np.uint32) for _ in range(4))),
        rows=np.zeros(0, dtype=np.uint32),
        currents=tuple(_spikes_at(events, neuron) for neuron in range(n)),
        histories=(History(1, timing.post_traces),),
        dynamic=(rows,),
    )


def _told_to_spike(types: int) -> Program:
    """The program of neurons that spike in the ticks in which a current is injected."""
    registers = [Register(f"receptor {number}", Role.RECEPTOR) for number in range(types)]
    registers += [Register("current", Role.CURRENT), Register("0", Role.CONSTANT), Register("spike", Role.SCRATCH)]
    return Program("told to spike", tuple(registers), (Instruction(Op.GT, types + 2, types, types + 1),), types + 2, ())


def _spikes_at(events: Sequence[Event], neuron: int) -> Current:
    """The current that makes a neuron spike as the events have it."""
    ticks = np.array([event.time for event in events if event.post_index == neuron], dtype=np.int32)
    changes = np.union1d(ticks, ticks + 1).astype(np.int32)
    return Current(np.array([neuron], dtype=np.int32), changes, np.isin(changes, ticks).astype(np.int32))


def _place(label: str, number: int, n: int, key: int) -> dict[str, Any]:
    """The fields that both cores have."""
    return {
        "label": label,
        "x": 0,
        "y": 0,
        "p": 1 + number,
        "n": n,
        "key": key,
        "mask": 0xFFFFFFFF if key else 0,
        "dtcm_bytes": 0,
        "sdram_bytes": 0,
        "record_spikes": np.zeros(0, dtype=np.int32),
    }


def _one(word: int) -> NDArray[np.uint32]:
    return np.array([word], dtype=np.uint32)


def _padded(traces: Sequence[str]) -> int:
    """Half-words that traces take in a row."""
    return -(-len(traces) // 2) * 2


def _halves(values: Sequence[int]) -> list[int]:
    """16-bit values, two a word, low half first."""
    even = [*values, *[0] * (len(values) % 2)]
    return [low & 0xFFFF | high << 16 for low, high in zip(even[::2], even[1::2], strict=True)]


# --- the comparison ---------------------------------------------------------------------------------


def _pre_differs(emulator: Emulator, timing: TimingRule, event: Event) -> bool:
    """Whether tick, traces and weights of the row are others than those of the event."""
    row = emulator.dynamic_rows(TARGETS, 0)
    halves = row.view(np.int16)[4:].tolist()
    first = _padded(timing.pre_traces)
    weights = [half & 0xFFFF for half in halves[first : first + len(event.weights)]]
    seen = (int(row[1]), tuple(halves[: len(timing.pre_traces)]), tuple(weights))
    return seen != (event.a, event.b, event.weights)


def _post_differs(emulator: Emulator, timing: TimingRule, event: Event) -> bool:
    """Whether the number of spikes that a neuron remembers and the traces of the last are others."""
    ticks, traces, last = emulator.history(TARGETS, 0)
    place = event.post_index, int(last[event.post_index])
    wanted = event.b[: len(timing.post_traces)], event.b[len(timing.post_traces) :]
    seen = tuple(traces[number][place] for number in range(len(timing.post_traces)))
    tick = int(ticks[place])
    return (place[1], seen, tick) != (event.a, wanted[0], event.time) or wanted[1] not in (
        (),
        (tick & 0xFFFF, tick >> 16),
    )
