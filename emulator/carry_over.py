"""Going on with another image: what the cores of one have reached, taken over by those of the next.

Taken over are state, ring buffers, delay queues and random numbers, and what synapses with dynamics remember
(`emulator.carry`, `emulator.carry_rewiring`).  A core goes on as the one that holds the same slice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from emulator.carry import Side, carry_dynamics
from emulator.carry_rewiring import carry_rewiring
from emulator.core_cycles import synapse_cores_of
from emulator.engine import Engine
from emulator.errors import EmulatorError
from emulator.image import DELAY_SLOTS, Core, DelayCore, MachineImage, NeuronCore, PoissonCore, RenewalCore, SynapseCore
from emulator.program import Program, Role

Running = tuple[MachineImage, Engine]


def carry_over(old: Running, new: Running) -> int:
    """Let the engine of `new` go on from where that of `old` is.

    Returns
    -------
    dropped : int
        Repeats of spikes by delay stages of `old` that were yet to come, and that `new` does not make.

    Raises
    ------
    EmulatorError
        If the cores are not the same slices; delay stages and cores with synapses may come and go.
    """
    counterparts = _counterparts(old[0].cores, new[0].cores)
    helped = [synapse_cores_of(image) for image, _ in (old, new)]
    for before, after in counterparts.items():
        core = new[0].cores[after]
        if isinstance(core, NeuronCore):
            sides = Side(*old, before), Side(*new, after)
            _carry_neurons(*sides)
            groups = ([side.number, *feeders.get(side.number, ())] for side, feeders in zip(sides, helped, strict=True))
            _carry_rings(*sides, *groups)
        elif isinstance(core, PoissonCore | RenewalCore):
            new[1].trains_of(after).follow(old[1].trains_of(before))
        elif isinstance(core, DelayCore):
            new[1].set_heard(after, *old[1].heard(before))
    return _dropped_repeats(old, new[0], counterparts)


def _counterparts(old: Sequence[Core], new: Sequence[Core]) -> dict[int, int]:
    """Numbers of the cores that go on: those in the new image by those in the old."""
    old_cells, new_cells = (
        [number for number, core in enumerate(cores) if not isinstance(core, DelayCore | SynapseCore)]
        for cores in (old, new)
    )
    if [_slice(old[number]) for number in old_cells] != [_slice(new[number]) for number in new_cells]:
        raise EmulatorError("the images have other cores: a run can go on only with the same slices")
    stages = {_slice(core): number for number, core in enumerate(old) if isinstance(core, DelayCore)}
    delays = {stages[_slice(core)]: number for number, core in enumerate(new) if _slice(core) in stages}
    return dict(zip(old_cells, new_cells, strict=True)) | delays


def _slice(core: Core) -> tuple[type, str, int]:
    return type(core), core.label, core.n


def _carry_neurons(old: Side, new: Side) -> None:
    """State registers of the same name, random numbers, and what synapses remember."""
    names = _states(old.image.programs[old.core.program])
    for name, register in _states(new.image.programs[new.core.program]).items():
        if name in names:
            new.engine.register(new.number, register)[:] = old.engine.register(old.number, names[name])
    if len(new.core.seed) == len(old.core.seed):
        new.engine.set_streams(new.number, old.engine.streams_of(old.number).copy())
    carry_dynamics(old, new)
    carry_rewiring(old, new)


def _carry_rings(old: Side, new: Side, old_group: Sequence[int], group: Sequence[int]) -> None:
    """What the ring buffers hold; a group is a core of neurons, and its synapse cores."""
    waiting = [old.engine.ring(number).astype(np.int64) for number in old_group]
    for more in waiting[len(group) :]:  # of synapse cores that are no longer there
        waiting[0] += more
    for sums, number in zip(waiting, group, strict=False):
        ring = new.engine.ring(number)
        for receptor, (old_shift, new_shift) in enumerate(zip(old.core.shift, new.core.shift, strict=False)):
            cells = sums[:, receptor, : new.core.n]
            ring[:, receptor, : new.core.n] = rescaled(cells, old_shift - new_shift)


def _states(program: Program) -> Mapping[str, int]:
    return {program.registers[number].name: number for number in program.numbers(Role.STATE)}


def rescaled(sums: NDArray[np.integer], shift: int) -> NDArray[np.uint16]:
    """Ring-buffer sums times ``2**shift``: rounded where bits are lost, stopped at the largest value."""
    sums = sums.astype(np.int64)
    scaled: NDArray[np.int64] = (sums + (1 << -shift - 1)) >> -shift if shift < 0 else sums << shift
    return np.minimum(scaled, 0xFFFF).astype(np.uint16)


def _dropped_repeats(old: Running, image: MachineImage, counterparts: Mapping[int, int]) -> int:
    """Repeats that delay stages of `old` have yet to make and `image` does not make."""
    dropped = 0
    for before, core in enumerate(old[0].cores):
        if isinstance(core, DelayCore):
            tick, index = old[1].heard(before)
            stage = np.arange(1, len(core.send) + 1)[:, None]
            yet_to_come = core.send[:, index] & (tick + DELAY_SLOTS * stage >= old[1].tick)
            after = image.cores[counterparts[before]] if before in counterparts else None
            if isinstance(after, DelayCore):
                yet_to_come[: len(after.send)] &= ~after.send[: len(core.send), index]
            dropped += int(np.count_nonzero(yet_to_come))
    return dropped
