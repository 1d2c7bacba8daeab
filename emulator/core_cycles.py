"""How many cycles the cores of an image need for what they do, in the order in which the engine asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from emulator.cycles import (
    ATTEMPT_CYCLES,
    DYNAMIC_ROW_CYCLES,
    DYNAMIC_SYNAPSE_CYCLES,
    INTERVAL_CYCLES,
    OWN_ATTEMPT_CYCLES,
    PACKET_CYCLES,
    ROW_CYCLES,
    SOURCE_CYCLES,
    SPIKE_CYCLES,
    STAGE_CYCLES,
    SYNAPSE_CYCLES,
    TICK_CYCLES,
    WAVE_CYCLES,
    gather_cycles,
    program_cycles,
    send_cycles,
)
from emulator.image import (
    Core,
    DelayCore,
    Injected,
    MachineImage,
    NeuronCore,
    PoissonCore,
    RenewalCore,
    SynapseCore,
    WaveCurrent,
)

Cycles = tuple[int, ...]
"""Of all that `emulator.loaded.Loaded` asks for: of a tick, a spike, a packet, a row, a synapse, ..."""


def synapse_cores_of(image: MachineImage) -> Mapping[int, Sequence[int]]:
    """The numbers of the synapse cores of each core of neurons that has some."""
    found: dict[int, list[int]] = {}
    for number, core in enumerate(image.cores):
        if isinstance(core, SynapseCore):
            found.setdefault(core.neurons, []).append(number)
    return found


def core_cycles(image: MachineImage) -> list[Cycles]:
    """Cycles of each core."""
    helped = synapse_cores_of(image)
    return [_of_core(image, core, len(helped.get(number, ()))) for number, core in enumerate(image.cores)]


def with_currents(cycles: Cycles, before: Sequence[Injected], after: Sequence[Injected]) -> Cycles:
    """Cycles of a core of neurons into which other currents flow."""
    tick, *rest = cycles
    return (tick + (_waves(after) - _waves(before)) * WAVE_CYCLES, *rest)


def _of_core(image: MachineImage, core: Core, feeders: int) -> Cycles:
    """Cycles of a core that takes inputs from so many others."""
    spike = SPIKE_CYCLES + (INTERVAL_CYCLES if isinstance(core, RenewalCore) else 0)
    if isinstance(core, NeuronCore):
        work = core.n * program_cycles(image.programs[core.program]) + _waves(core.currents) * WAVE_CYCLES
        work += gather_cycles(_slot_words(core), feeders)
    elif isinstance(core, PoissonCore | RenewalCore):
        work = core.n * SOURCE_CYCLES
    elif isinstance(core, DelayCore):
        work = core.send.size * STAGE_CYCLES
    elif isinstance(core, SynapseCore):
        neurons = image.cores[core.neurons]
        assert isinstance(neurons, NeuronCore), "its image has been checked"
        work = send_cycles(_slot_words(neurons))
    else:
        work = 0
    dynamic = ROW_CYCLES + DYNAMIC_ROW_CYCLES, DYNAMIC_SYNAPSE_CYCLES
    rewiring = ATTEMPT_CYCLES, OWN_ATTEMPT_CYCLES
    return TICK_CYCLES + work, spike, PACKET_CYCLES, ROW_CYCLES, SYNAPSE_CYCLES, *dynamic, *rewiring


def _waves(currents: Sequence[Injected]) -> int:
    return sum(isinstance(current, WaveCurrent) for current in currents)


def _slot_words(core: NeuronCore) -> int:
    """Words of a slot of the ring buffer."""
    return (1 << core.index_bits + core.type_bits) // 2
