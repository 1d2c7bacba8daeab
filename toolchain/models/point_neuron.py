"""Point neurons: a membrane and any number of named receptors, composed.

sPyNNaker builds its standard cells of such pieces, and so does this package: what makes IF_curr_exp
into IF_cond_exp is another kind of input, and nothing else.

On a core a timestep goes (sPyNNaker ``neuron_impl_standard.h``): inputs are added to the receptors; then, once a
sub-step, the synaptic current is formed, the membrane moves, and the receptors decay.  Recorded are the
voltage as the timestep finds it and the receptors with the inputs of the timestep.  A cell that crosses its
threshold in several sub-steps of a timestep sends one spike here.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from emulator import arithmetic
from emulator.conversion import accum_to_real
from emulator.errors import ProgramError
from emulator.program import Role
from toolchain.errors import ModelError
from toolchain.models.declaration import CellModel, Floats, Words
from toolchain.models.derived import Derived
from toolchain.models.membrane import Membrane, Substep
from toolchain.models.parameters import to_accum
from toolchain.models.receptors import Receptor
from toolchain.models.tracing import Step, Traced

T = TypeVar("T")


class PointNeuron(CellModel):
    """A cell model composed of `membrane` and `parts`, its receptors; see `CellModel` for the attributes.

    Raises
    ------
    ModelError
        If one of them is something else.
    """

    def __init__(self, name: str, membrane: Membrane, parts: tuple[Receptor, ...]) -> None:
        if not isinstance(membrane, Membrane):
            raise ModelError(f"{name}: the membrane must be an instance, such as {_instance(membrane, 'Leaky')}")
        if not isinstance(parts, tuple) or not all(isinstance(part, Receptor) for part in parts):
            raise ModelError(f"{name}: receptors must be a tuple, such as exponential_currents(), got {parts!r}")
        self.name = name
        self.membrane = membrane
        self.parts = parts
        self._recorded = {part.variable: part for part in parts}
        inputs = [(part.input, part.names) for part in parts]
        self.parameters = membrane.parameters + tuple(_unique(p for i, names in inputs for p in i.parameters(names)))
        self.parameters += tuple(_unique(p for part in parts for p in part.parameters))
        self.receptors = {part.names.receptor: part.jumps for part in parts}
        self.weights = {part.names.receptor: part.weights for part in parts}
        self.state = membrane.state + tuple(variable for part in parts for variable in part.state)
        self._input_words = tuple(_unique(word for i, names in inputs for word in i.words(names)))
        words = _unique(word for part in parts for word in part.words)
        self.words = membrane.words + self._input_words
        self.words += tuple(sorted(words, key=lambda word: word.role != Role.STATE))
        self.recordable = ("spikes", *(variable.name for variable in self.state if not variable.hidden))
        self.clamped = membrane.clamped
        self.resets_within_step = membrane.resets_within_step
        self.compared = membrane.compared
        self.longest_step = membrane.longest_step
        self.arrays = membrane.arrays
        self.ascending = membrane.ascending
        self.current_factor = membrane.current_factor
        self.linear = membrane.linear and all(part.input.linear for part in parts)

    def extended(self, name: str, parts: tuple[Receptor, ...]) -> PointNeuron:
        """The cell with further receptors, and with another name."""
        return PointNeuron(name, self.membrane, self.parts + parts)

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivative (per ms) of each state variable; `current` in nA is what sources inject."""
        total: Floats | None = None
        slopes: dict[str, Floats] = {}
        for part in self.parts:
            added = part.current(s, p)
            if added is not None:
                total = added if total is None else total + added
            slopes |= part.derivatives(s, p)
        return self.membrane.derivatives(s, p, current if total is None else total + current) | slopes

    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Which cells are past their threshold."""
        return self.membrane.threshold(s, p)

    def spikes(
        self, s: Mapping[str, Floats], p: Mapping[str, Floats], before: Mapping[str, Floats]
    ) -> NDArray[np.bool_]:
        """Which cells spike at the end of a step that started with the `compared` variables `before`."""
        return self.membrane.spikes(s, p, before)

    def escapes(
        self, s: Mapping[str, Floats], p: Mapping[str, Floats], drawn: Mapping[str, Floats], dt: float
    ) -> NDArray[np.bool_]:
        """Which cells spike by chance at the end of a step."""
        return self.membrane.escapes(s, p, drawn, dt)

    def each_step(self, s: Mapping[str, Floats], p: Mapping[str, Floats], dt: float) -> dict[str, Floats]:
        """New values of the state variables that change at once where a step begins."""
        return self.membrane.each_step(s, p, dt)

    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """New values of the state variables that a spike changes."""
        return self.membrane.after_spike(s, p)

    def refractory_ms(self, p: Mapping[str, Floats]) -> Floats | None:
        """Refractory time, or None for a model that has none."""
        return self.membrane.refractory_ms(p)

    def receptor_tau(self, receptor: str) -> str | None:
        """Name of the parameter that is the time constant of a receptor, or None if it has none."""
        name = self.part(receptor).names.of("tau_syn")
        return name if name in (parameter.name for parameter in self.parameters) else None

    def part(self, receptor: str) -> Receptor:
        """The receptor of that name."""
        return next(part for part in self.parts if part.names.receptor == receptor)

    # --- the core -----------------------------------------------------------------------------------

    def derive(
        self, raw: Mapping[str, Words], initial: Mapping[str, Words], dt: Words, substeps: int
    ) -> dict[str, Words]:
        """First words of all `words`, computed as a core does at start-up."""
        part_dt = arithmetic.kdivui(dt, substeps)
        words = {word.name: raw[word.name] for word in self._input_words}
        for part in self.parts:
            words |= part.derive(raw, initial, part_dt)
        return words | self.membrane.derive(raw, dt, part_dt) | dict(initial)

    def written(self, values: Mapping[str, Floats], initial: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Words that the host computes in float64 and writes in place of those that `derive` has."""
        words: dict[str, Words] = {}
        for part in self.parts:
            words |= part.written(values, dt)
        return words | self.membrane.written(values, initial, dt)

    def exact(self, values: Mapping[str, Floats], dt: float) -> dict[str, Derived]:
        """What the words that `derive` computes stand for."""
        meant: dict[str, Derived] = {}
        for part in self.parts:
            meant |= part.exact(values, dt)
        return meant | self.membrane.exact(values, dt)

    def step(self, r: Mapping[str, Traced], substeps: int) -> Step:
        """One timestep in `substeps` equal parts."""
        held: dict[str, Traced] = {}
        for part in self.parts:
            held |= part.arrived(r)
        seen = {part.variable: value for part in self.parts if (value := part.value(held)) is not None}
        shown = [variable.name for variable in self.membrane.state if not variable.hidden]
        recorded = {variable: self._plain(variable, r) for variable in shown} | seen
        state, voltage = {w.name: r[w.name] for w in self.membrane.words if w.role == Role.STATE}, self.membrane.voltage
        for part in self.parts:
            state[voltage] = self._jumped(part, r, state)
        if substeps < 1:
            raise ProgramError(f"a timestep has at least one sub-step, got {substeps}")
        state, held, spikes = self._advanced(r, state, held, substeps)
        return Step(state | held, spikes, recorded)

    def _advanced(
        self, r: Mapping[str, Traced], state: dict[str, Traced], held: dict[str, Traced], substeps: int
    ) -> tuple[dict[str, Traced], dict[str, Traced], Traced]:
        """States of membrane and receptors after all sub-steps, and the mask of the cells that spike in any of them."""
        spikes: list[Traced] = []
        for number in range(substeps):
            state, spike = self._moved(r, state, held, Substep(number, substeps))
            spikes += [] if spike is None else [spike]
            held = self._decayed(r, held)
        return state, held, reduce(operator.or_, spikes)

    def effective(self, part: Receptor, s: Mapping[str, Traced]) -> Traced | None:
        """2^scale_bits times the response of a receptor as the membrane meets it, from its STATE words."""
        return part.effective(s)

    def _decayed(self, r: Mapping[str, Traced], held: dict[str, Traced]) -> dict[str, Traced]:
        """States of the receptors after a sub-step."""
        held = dict(held)
        for part in self.parts:
            held |= part.decayed(r, held)
        return held

    def _plain(self, variable: str, state: Mapping[str, Traced]) -> Traced:
        """A state variable of the membrane in s16.15."""
        bits = self.membrane.scale_bits.get(variable, 0)
        return state[variable] >> bits if bits else state[variable]

    def _jumped(self, part: Receptor, r: Mapping[str, Traced], state: Mapping[str, Traced]) -> Traced:
        """The voltage after the inputs of this timestep, as the membrane keeps it."""
        word, bits = state[self.membrane.voltage], self.membrane.scale_bits.get(self.membrane.voltage, 0)
        v = self._plain(self.membrane.voltage, state)
        jumped = part.jumped(r, v)
        return jumped if not bits else word if jumped is v else word + ((jumped - v) << bits)

    def _moved(
        self, r: Mapping[str, Traced], state: Mapping[str, Traced], held: Mapping[str, Traced], when: Substep
    ) -> tuple[dict[str, Traced], Traced | None]:
        """The state of the membrane after a sub-step, and the mask of the cells that spike."""
        current = self._current(r, self._plain(self.membrane.voltage, state), held)
        return self.membrane.substep(r, state, current, when)

    def _current(self, r: Mapping[str, Traced], v: Traced, held: Mapping[str, Traced]) -> Traced:
        """The total current into the membrane."""
        total: Traced | None = None
        for part in self.parts:
            total = part.added(total, held, v, r)
        offset = r["i_offset"] if total is None else total + r["i_offset"]
        return offset + r["current"]

    def encode(self, variable: str, values: Floats) -> tuple[str, Words]:
        """The STATE word that holds a state variable, and its words for `values` in PyNN's unit."""
        unit = next(v.unit for v in self.state if v.name == variable)
        part = self._recorded.get(variable)
        word, factor = (part.first_word, _factor(part)) if part else (variable, self._own_factor(variable))
        return word, to_accum(f"{self.name}.{variable}", unit, values, factor)

    def decode(self, variable: str, words: Words) -> Floats:
        """Recorded `words` of a variable in PyNN's unit."""
        part = self._recorded.get(variable)
        return accum_to_real(words) * (part.weights.sign if part else 1) + 0.0  # no -0.0

    def read(self, variable: str, registers: Mapping[str, Words]) -> Floats:
        """Value of a state variable in PyNN's unit from the words of the registers."""
        part = self._recorded.get(variable)
        if part is None:
            return accum_to_real(registers[variable]) / self._own_factor(variable) + 0.0  # no -0.0
        return accum_to_real(part.read(registers)) / _factor(part) + 0.0

    def _own_factor(self, variable: str) -> float:
        """What a variable of the membrane is multiplied by to be kept on a core."""
        return 2.0 ** self.membrane.scale_bits.get(variable, 0)

    def weight_factor(self, receptor: str, p: Mapping[str, Floats]) -> Floats | None:
        """What the weights of a receptor are multiplied by for a core, or None if it takes them as they are."""
        return self.part(receptor).weight_factor(p)


def _instance(given: object, example: str) -> str:
    """How to write an instance where something else, as its class, was `given`."""
    if isinstance(given, type):
        return f"{given.__name__}(); got the class"
    return f"{example}(), got {given!r}"


def _factor(part: Receptor) -> float:
    """What the recorded variable of a receptor is multiplied by to be kept on a core."""
    return 2.0**part.weights.scale_bits * part.weights.sign


def _unique(items: Iterable[T]) -> Iterable[T]:
    """Each of `items` once, in the order in which they first come."""
    return dict.fromkeys(items)
