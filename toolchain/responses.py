"""Responses: what a core makes of one spike, against what the equations of its receptor say.

A response fades in steps of 2^-15 (2^-25 for conductances), each cut off downwards.  What is small is lost in part,
and a ramp that would rise by less than one such step never rises.  Nothing of that shows in the words that a core is
loaded with, so each receptor that a projection ends on is run here, by itself, with one spike of the projection's
smallest, middle and largest weight; the area under the response is compared with that of the equations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator import update
from emulator.program import Program, Register, Role
from toolchain.diagnostics import Diagnostic
from toolchain.models.declaration import Floats
from toolchain.models.inputs import CurrentInput
from toolchain.models.point_neuron import PointNeuron
from toolchain.models.receptors import Receptor
from toolchain.models.rising import FINE_BITS, Alpha, LinearExponential
from toolchain.models.tracing import Step, Traced, trace
from toolchain.network import Network, Projection
from toolchain.synapses.modulation import NEUROMODULATION
from toolchain.targets import neuron_model, relative_weights
from toolchain.weights import weight_scale

TOLERANCE: Final = 0.05
"""Largest relative error of the area under a response that goes without a remark."""
FADED: Final = 12.0
"""Time constants after which what is left of a response does not count."""
MOST_STEPS: Final = 10_000
"""Steps that are run; of a longer response only the part is compared that they make."""
DOUBLINGS: Final = 20
"""The equations are solved in 2^20 steps."""

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class _Spikes:
    """Single spikes that arrive at cells.

    Parameters
    ----------
    values : dict of str to float64 array
        Parameters of the cells.
    inputs : float64 array
        What arrives, in the unit of the receptor's weights, multiplied by its `weight_factor` if it has one.
    """

    values: dict[str, Floats]
    inputs: Floats


def lossy_responses(
    network: Network, shifts: Sequence[Sequence[int]], substeps: int | None = None
) -> tuple[Diagnostic, ...]:
    """A remark for each projection of whose spikes a core makes more than 5 % too much or too little.

    Parameters
    ----------
    shifts : sequence of sequence of int
        Ring-buffer shifts of each receptor of each population.
    substeps : int, optional
        Parts of a timestep; if left out, as many as each model needs.
    """
    made = (p for p in network.projections if len(p) and p.synapse != NEUROMODULATION)
    return tuple(remark for projection in made for remark in _of_projection(network, projection, shifts, substeps))


def _of_projection(
    network: Network, made: Projection, shifts: Sequence[Sequence[int]], asked: int | None
) -> Iterator[Diagnostic]:
    model = neuron_model(network, made.target)
    if not isinstance(model, PointNeuron) or not model.part(made.receptor).state:
        return
    part, dt = model.part(made.receptor), network.timestep / model.substeps(network.timestep, asked)
    stored = np.rint(np.abs(relative_weights(network, made)) * weight_scale(network, made, shifts))
    chosen = _chosen(network, made, part, stored)
    if not len(chosen):
        return
    given = network.populations[made.target].parameters
    values = {p.name: np.asarray(given.get(p.name, p.default), np.float64) for p in model.parameters}
    values = {name: value[made.post[chosen]] if value.ndim else value for name, value in values.items()}
    shift = shifts[made.target][list(model.receptors).index(made.receptor)]
    spikes = _Spikes(values, _at(stored, chosen) * 2.0 ** (shift - 15 - part.weights.scale_bits))
    kept = _kept(model, part, spikes, dt)
    worst = int(np.argmax(np.abs(kept - 1.0)))
    if abs(kept[worst] - 1.0) > TOLERANCE:
        one = _Spikes({k: v[[worst]] if v.ndim else v for k, v in values.items()}, spikes.inputs[[worst]])
        weight = float(_at(np.abs(np.atleast_1d(np.asarray(made.weight, np.float64))), chosen)[worst])
        taus = " and ".join(f"{p.name} = {one.values[p.name].flat[0]:g} ms" for p in part.parameters if p.unit == "ms")
        text = (
            f"a spike of weight {weight:.3g} {part.weights.unit} that comes alone {_effect(kept[worst])}, with {taus} "
            f"at a timestep of {network.timestep:g} ms; {_remedy(model, part, one, dt, float(kept[worst]))}"
        )
        yield Diagnostic("weights", network.name_of(made), text)


def _effect(kept: float) -> str:
    if kept <= 0.0:
        return "leaves no input at all: each number that the machine's arithmetic makes of it is rounded to 0"
    return f"has {kept:.0%} of the effect meant: the machine's arithmetic rounds each step of its response"


def _chosen(network: Network, made: Projection, part: Receptor, stored: Floats) -> Indices:
    """Synapses with the extremes and the middle of the weights that are not 0, and with extreme parameters."""
    there = np.flatnonzero(np.broadcast_to(stored, len(made)))
    if not len(there):
        return there
    given = network.populations[made.target].parameters
    found = {0}
    if len(stored) > 1:
        middle = len(there) // 2
        order = np.argpartition(stored[there], sorted({0, middle, len(there) - 1}))
        found |= {int(order[0]), int(order[middle]), int(order[-1])}
    for parameter in part.parameters:
        value = np.asarray(given.get(parameter.name, parameter.default))
        if value.ndim:
            of_synapse = value[made.post[there]]
            found |= {int(np.argmin(of_synapse)), int(np.argmax(of_synapse))}
    return there[sorted(found)]


def _at(values: Floats, chosen: Indices) -> Floats:
    return values[chosen] if len(values) > 1 else np.repeat(values, len(chosen))


def _kept(model: PointNeuron, part: Receptor, spikes: _Spikes, dt: float) -> Floats:
    """Area under the response of a core to each of the spikes, as a part of that of the equations."""
    lanes = len(spikes.inputs)
    slopes = _slopes(part, spikes.values, lanes)
    slowest = float(np.abs(np.diagonal(slopes, axis1=1, axis2=2)).min())  # triangular: a rise feeds what decays
    steps = int(min(np.ceil(FADED / slowest / dt) + 1, MOST_STEPS))
    factor = part.weight_factor(spikes.values)
    meant = spikes.inputs * _area(part, slopes, steps * dt) / (1.0 if factor is None else factor)
    program = _program(model, part)
    first = model.registers(spikes.values, {}, lanes, dt)
    registers = update.allocate(program, {name: first[name] for name in (word.name for word in part.words)}, lanes)
    rows = {register.name: row for register, row in zip(program.registers, registers, strict=True)}
    unit = 2.0 ** (15 + part.weights.scale_bits)
    rows[part.names.receptor][:] = np.rint(spikes.inputs * unit).astype(np.int32)
    total = np.zeros(lanes)
    for _ in range(steps):
        update.run(program, registers)
        rows[part.names.receptor][:] = 0
        total += rows[RESPONSE]
    return total * dt / unit / meant


RESPONSE: Final = "response"


def _program(model: PointNeuron, part: Receptor) -> Program:
    """The program of one receptor; what it makes of its input is left in the register `RESPONSE`."""
    registers = [Register(word.name, word.role, 0, word.kind) for word in part.words]
    registers += [Register(RESPONSE, Role.STATE), Register(part.names.receptor, Role.RECEPTOR)]

    def step(r: Mapping[str, Traced]) -> Step:
        held = part.arrived(r)
        response = model.effective(part, held)
        assert response is not None, "it has a state"
        return Step({**part.decayed(r, held), RESPONSE: response}, None, {})

    return trace(part.names.receptor, registers, step)


def _slopes(part: Receptor, values: dict[str, Floats], lanes: int) -> Floats:
    """The equations of a receptor as matrices [lanes, variables, variables]."""
    names = [variable.name for variable in part.state]
    made = np.zeros((lanes, len(names), len(names)))
    for column, name in enumerate(names):
        unit = {other: np.full(lanes, float(other == name)) for other in names}
        for row, slope in part.derivatives(unit, values).items():
            made[:, names.index(row), column] = slope
    return made


def _area(part: Receptor, slopes: Floats, duration: float) -> Floats:
    """Area (ms) under the responses to weights of 1 in the `duration` (ms) after them."""
    names = [variable.name for variable in part.state]
    one, small = np.eye(len(names)), slopes * (duration / 2.0**DOUBLINGS)
    late = np.linalg.matrix_power(one + small + small @ small / 2.0, 2**DOUBLINGS)
    area = np.linalg.solve(slopes, late - one)
    return np.asarray(area[:, 0, names.index(part.jumps)], np.float64)


def _remedy(model: PointNeuron, part: Receptor, spikes: _Spikes, dt: float, present: float) -> str:
    """What makes the response of a core better, of which there is a part of `present` now."""
    larger = "scale cm together with all currents and weights" if "cm" in spikes.values else "use larger weights"
    if isinstance(part, LinearExponential):
        finer = Alpha(part.names, CurrentInput(FINE_BITS))
        peak = _Spikes(spikes.values, spikes.inputs / part.weight_factor(spikes.values))
        parts = tuple(finer if other is part else other for other in model.parts)
        kept = float(_kept(PointNeuron(model.name, model.membrane, parts), finer, peak, dt)[0])
        if abs(kept - 1.0) < 0.5 * abs(present - 1.0):
            return f"a PointNeuron with a CurrAlphaPostSynapticResponse has {kept:.0%}; else {larger}"
    return larger
