"""What moves synapses: the mechanism of rows, as the image has it, and that of a projection, as its rules say.

A mechanism is a tuple of what must be the same; programs are told by their places in the image.  With it come the
service of each synapse (the ticks that its row waits, and how much later spikes of the target and dopamine count; see
`toolchain.banks` for why) and the words that it begins with.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emulator.draws import projection_key
from emulator.image import DELAY_SLOTS, MachineImage, NeuronCore
from emulator.program import Program
from emulator.synaptic_rows import MODULATED_WORDS, FixedRows, ModulatedRows, PlasticRows, ReleaseRows
from toolchain.check_image.arriving import as_words, service
from toolchain.check_image.wanted import Column, Synapses, Wanted, steps_of, types_of, unit_of
from toolchain.network import Network, Projection
from toolchain.synapses import LEARNING
from toolchain.synapses.mechanism import Plasticity, plasticity
from toolchain.synapses.modulated import dopamine_programs, modulated
from toolchain.synapses.modulation import NEUROMODULATION, RECEPTORS, modulation_parameters
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.releasing import releasing
from toolchain.synapses.structure import STRUCTURAL

Mechanism = tuple[Hashable, ...]


@dataclass(frozen=True, eq=False)
class Mechanisms:
    """The mechanisms of an image and of its network, with numbers from 1 on; 0 is that of synapses without dynamics."""

    image: MachineImage
    numbers: dict[Mechanism, int] = field(default_factory=dict)
    programs: dict[Program, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, program in enumerate(self.image.programs):
            self.programs.setdefault(program, number)

    def number(self, mechanism: Mechanism) -> int:
        """The number of a mechanism."""
        return self.numbers.setdefault(mechanism, len(self.numbers) + 1)

    def of_rows(self, core: NeuronCore, bank: int) -> Mechanism:
        """The mechanism of some rows of a core."""
        rows = core.dynamic[bank]
        partners = core.rewiring.partners if core.rewiring else ()
        kinds = [kind for kind, partner in enumerate(partners) if bank in partner.banks.tolist()]
        if isinstance(rows, FixedRows):
            return "fixed", *kinds
        if isinstance(rows, ReleaseRows):
            return "release", self._same(rows.program), rows.words, rows.key
        assert isinstance(rows, PlasticRows), "rows with dynamics are of these kinds"
        history = core.histories[rows.history]
        numbers = [rows.add_pre, rows.apply_pre, rows.apply_post, history.program]
        learning: tuple[Hashable, ...] = ()
        if isinstance(rows, ModulatedRows) and core.dopamine is not None:
            dopamine = core.dopamine
            numbers += [rows.elapse, dopamine.add, dopamine.merge]
            learning = rows.bits, dopamine.signs
        return "plastic", *map(self._same, numbers), rows.traces, history.traces, *learning, *kinds

    def _same(self, number: int) -> int:
        """The first place of the program that is at a place of the image."""
        return self.programs[self.image.programs[number]] if 0 <= number < len(self.image.programs) else number

    def synapses(self, wanted: Wanted, number: int) -> Synapses:
        """The synapses of projection `number`, with what they begin with; in the order of `arriving.dynamic`."""
        network, made = wanted.network, wanted.network.projections[number]
        shift = wanted.shifts[made.target][types_of(network, made.target).index(made.receptor)]
        steps = steps_of(network, made, wanted.options).astype(np.int64)
        mechanism, words = self._of_projection(wanted, number)
        found = wanted.synapses(made, self.number((*mechanism, *_place(network, number))))
        columns = [_service(made, steps, shift, _dopamine(network, made.target) is not None), *words]
        return Synapses(found.ends, found.what, tuple(_each(column, len(made)) for column in columns))

    def _of_projection(self, wanted: Wanted, number: int) -> tuple[Mechanism, list[Column]]:
        """The mechanism of a projection with dynamics, and the words that its synapses begin with."""
        network, made = wanted.network, wanted.network.projections[number]
        if made.synapse in RELEASE_MODELS:
            released = releasing(made, network.timestep)
            told = self._place(released.program), tuple(released.words), projection_key(network.seed, number)
            return ("release", *told), [as_words(values) for values in released.words.values()]
        if made.synapse not in LEARNING:
            return ("fixed",), []
        dopamine = _dopamine(network, made.target)
        if dopamine is not None:
            return self._marking(wanted, made, dopamine), [np.zeros(1, np.uint64)] * MODULATED_WORDS
        return self._learning(plasticity(made, network.timestep, unit_of(network, made)[0])), []

    def _learning(self, rule: Plasticity, *more: Program) -> Mechanism:
        """The mechanism of STDP, with what moves its synapses besides."""
        programs = (*rule.rules.of_rows, rule.rules.add_post, *more)
        return "plastic", *map(self._place, programs), rule.timing.pre_traces, rule.timing.post_traces

    def _marking(self, wanted: Wanted, made: Projection, dopamine: dict[str, float]) -> Mechanism:
        """The mechanism of STDP that dopamine modulates."""
        network = wanted.network
        rule = modulated(made, dopamine, network.timestep, unit_of(network, made)[0])
        shifts = dict(zip(types_of(network, made.target), wanted.shifts[made.target], strict=True))
        elapse = rule.elapse(shifts[made.receptor], max(shifts[name] for name in RECEPTORS))
        programs = elapse, *dopamine_programs(dopamine, network.timestep)
        return *self._learning(rule, *programs), rule.bits, tuple(RECEPTORS.values())

    def _place(self, program: Program) -> int:
        """Where a program is in the image, -1 if it is not there."""
        return self.programs.get(program, -1)


def _place(network: Network, number: int) -> tuple[int, ...]:
    """The place of a projection among those that rewire its target; () if it does not."""
    made = network.projections
    alike = [i for i, one in enumerate(made) if one.synapse in STRUCTURAL and one.target == made[number].target]
    return (alike.index(number),) if number in alike else ()


def _dopamine(network: Network, population: int) -> dict[str, float] | None:
    """The parameters of what brings dopamine to a population; None if nothing does."""
    brings = [one for one in network.projections if one.synapse == NEUROMODULATION and one.target == population]
    return modulation_parameters(brings[0].parameters) if brings else None


def _service(made: Projection, steps: NDArray[np.int64], shift: int, waits: bool) -> Column:
    """What `arriving.service` finds: rows wait for the axon, or for all of it if there is dopamine."""
    nothing = np.zeros_like(steps)
    if made.synapse in RELEASE_MODELS:
        return service(nothing, shift, nothing, nothing)
    dendrite = np.rint(float(made.parameters.get("dendritic_delay_fraction", 1.0)) * steps).astype(np.int64)
    left = (steps - 1) % DELAY_SLOTS + 1
    waits &= made.synapse in LEARNING
    defer = np.clip(left - dendrite * (1 if waits else 2), 0, left - 1)
    late = dendrite - left + defer
    back = dendrite + late if made.synapse in LEARNING else nothing
    return service(defer, shift, back, late if waits else nothing)


def _each(values: Column, n: int) -> Column:
    """The word of each of `n` synapses."""
    return np.ascontiguousarray(np.broadcast_to(values, n))
