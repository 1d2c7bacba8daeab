"""Rounding: numbers that the machine does not hold as they were given, and time constants below the timestep.

A parameter is written as s16.15, in steps of 2^-15.  What decays with a time constant shorter than the timestep is down
to less than 37 % (1/e) within one step, whatever the arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.conversion import accum_to_real, host_to_accum
from emulator.program import Kind, Role
from toolchain.diagnostics import Diagnostic, and_others
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel, Parameter
from toolchain.network import Network, Population, Projection
from toolchain.synapses import LEARNING, parameters_of
from toolchain.synapses.declaration import Scale
from toolchain.synapses.modulation import NEUROMODULATION
from toolchain.synapses.modulation import PARAMETERS as MODULATION
from toolchain.synapses.programs import rule_words
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.structure import STRUCTURAL
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES
from toolchain.targets import dopamine_of
from toolchain.weights import weight_scale

TOLERANCE: Final = 0.01
"""Largest relative error of a parameter that goes without a remark."""
STEP: Final = 2.0**-15
FINE: Final = 20.0
"""Steps of a stored weight that the largest change should be: cutting off half of one then is 2.5 % of it."""

Floats = NDArray[np.float64]


def rounded_parameters(network: Network) -> tuple[Diagnostic, ...]:
    """A remark for each population with parameters that s16.15 holds with an error above 1 %, or not at all."""
    return tuple(remark for population in network.populations for remark in _of_parameters(population))


def rounded_amplitudes(network: Network) -> tuple[Diagnostic, ...]:
    """A remark for each plastic projection whose steps of the weight s16.15 holds with an error above 1 %."""
    return tuple(remark for made in _plastic(network) for remark in _of_amplitudes(network, made))


def _plastic(network: Network) -> Iterator[Projection]:
    """The projections that have plastic synapses, or may come to have some.

    Those that dopamine modulates are left out: their steps have bits enough of their own.
    """
    kinds = (made for made in network.projections if made.synapse in LEARNING)
    there = (made for made in kinds if len(made) or made.synapse in STRUCTURAL)
    return (made for made in there if dopamine_of(network, made.target) is None)


def _of_amplitudes(network: Network, made: Projection) -> Iterator[Diagnostic]:
    timing, weight = TIMING_RULES[made.rules[0]], WEIGHT_RULES[made.rules[1]]
    model = CELL_MODELS[network.populations[made.target].cell]
    assert isinstance(model, CellModel), "check_network lets no projection end on a source"
    unit = 2.0 ** model.weights[made.receptor].scale_bits
    given = {p.name: p.default for p in parameters_of(made.synapse, made.rules)}
    given |= {name: float(np.min(value)) for name, value in made.parameters.items()}
    words = rule_words(timing, weight, given, network.timestep, unit)
    said = []
    for name, word in words.weights.items():
        meant = words.meant[name]
        if abs(word * STEP - meant) > TOLERANCE * abs(meant):
            held = word * STEP / unit
            said.append(f"{name} = {given[name]:g} stands for {meant / unit:.3g}, which becomes {held:.3g}")
    if said:
        text = f"{'; '.join(said)}: the machine holds multiples of {STEP / unit:.3g}; use larger weights"
        yield Diagnostic("image", network.name_of(made), text)


def coarse_steps(network: Network, shifts: Sequence[Sequence[int]]) -> tuple[Diagnostic, ...]:
    """A remark for each plastic projection whose 16-bit weights are too coarse for the steps that its rule makes.

    Parameters
    ----------
    shifts : sequence of sequence of int
        Ring-buffer shifts of each receptor of each population.
    """
    return tuple(remark for made in _plastic(network) for remark in _of_steps(network, made, shifts))


def _of_steps(network: Network, made: Projection, shifts: Sequence[Sequence[int]]) -> Iterator[Diagnostic]:
    timing = TIMING_RULES[made.rules[0]]
    given = {p.name: p.default for p in parameters_of(made.synapse, made.rules)}
    given |= {name: float(np.min(value)) for name, value in made.parameters.items()}
    quantum = 1.0 / weight_scale(network, made, shifts)
    steps = [
        abs(given[name]) * (1.0 if scale is Scale.NONE else given["w_max"]) for name, scale in timing.amplitudes.items()
    ]
    largest = max(steps, default=0.0)
    if 0.0 < largest < FINE * quantum:
        yield Diagnostic(
            "weights",
            network.name_of(made),
            f"a pair of spikes moves a weight by {largest:.3g} at the most, and the machine holds weights in steps of "
            f"{quantum:.3g}, cut off downwards at each change: expect weights that drift down or stand still; the step "
            "follows from the input that the target may receive in one timestep: let delays vary and lower "
            "'spikes_per_second', or raise the amplitudes",
        )


def short_time_constants(network: Network, substeps: int | None = None) -> tuple[Diagnostic, ...]:
    """A remark for each population and projection with time constants below the timestep.

    Cells are passed over whose time constants are not below the sub-steps that they go through a timestep in, as many
    as `substeps`, or as their model needs.
    """
    cells = (remark for found in network.populations for remark in _of_taus(found, network.timestep, substeps))
    synapses = (
        remark for made in network.projections for remark in _of_synapses(made, network.name_of(made), network.timestep)
    )
    return (*cells, *synapses)


def _of_parameters(population: Population) -> Iterator[Diagnostic]:
    model = CELL_MODELS[population.cell]
    if not isinstance(model, CellModel):
        return
    as_written = {word.name for word in model.words if (word.role, word.kind) == (Role.PARAMETER, Kind.ACCUM)}
    said = []
    for parameter in model.parameters:
        value = np.asarray(population.parameters.get(parameter.name, parameter.default), np.float64)
        factor = model.current_factor if parameter.name == "i_offset" else 1.0
        held = accum_to_real(host_to_accum(value * factor)) / factor
        wrong = np.abs(held - value) > TOLERANCE * np.abs(value)
        if parameter.name in as_written and wrong.any():
            said.append(_changed(parameter, value, held, wrong))
    if said:
        text = "; ".join(said)
        yield Diagnostic("image", population.label, f"{text}: the machine holds multiples of 2^-15 ({STEP:.3g})")


def _changed(parameter: Parameter, value: Floats, held: Floats, wrong: NDArray[np.bool_]) -> str:
    """How a parameter changes, as ``i_offset = 0.0001 nA of cell 3 (and 4 others) becomes 9.16e-05 nA``."""
    cell = int(np.argmax(wrong))
    count = int(np.count_nonzero(wrong))
    whose = f" of cell {cell}" if value.ndim else ""
    others = and_others(count - 1)
    unit = f" {parameter.unit}".rstrip()
    return f"{parameter.name} = {value.flat[cell]:g}{unit}{whose}{others} becomes {held.flat[cell]:.3g}{unit}"


def _of_taus(population: Population, timestep: float, substeps: int | None) -> Iterator[Diagnostic]:
    model = CELL_MODELS[population.cell]
    if not isinstance(model, CellModel):
        return
    taus = [parameter for parameter in model.parameters if is_time_constant(parameter)]
    given = {p.name: float(np.min(population.parameters.get(p.name, p.default))) for p in taus}
    short = {name: tau for name, tau in given.items() if tau < timestep / model.substeps(timestep, substeps)}
    if short:
        yield _too_short(population.label, short, timestep)


def _of_synapses(made: Projection, label: str, timestep: float) -> Iterator[Diagnostic]:
    given = {p.name: np.asarray(made.parameters.get(p.name, p.default), np.float64) for p in _taus_of(made)}
    # A time constant of 0 says that there is no such process.
    least = {name: float(values[values > 0.0].min(initial=np.inf)) for name, values in given.items()}
    short = {name: tau for name, tau in least.items() if tau < timestep}
    if short:
        yield _too_short(label, short, timestep)


def _taus_of(made: Projection) -> list[Parameter]:
    """The time constants of the synapses of a projection."""
    if made.synapse in LEARNING:
        rule = TIMING_RULES[made.rules[0]]
        return [parameter for parameter in rule.parameters if parameter.name in rule.time_constants]
    if made.synapse in RELEASE_MODELS:
        model = RELEASE_MODELS[made.synapse]
        return [p for p in model.parameters if is_time_constant(p) and p.name not in model.of_target]
    return [p for p in MODULATION if is_time_constant(p)] if made.synapse == NEUROMODULATION else []


def is_time_constant(parameter: Parameter) -> bool:
    """Whether something decays with it."""
    return parameter.unit == "ms" and parameter.name.startswith("tau") and parameter.name != "tau_refrac"


def _too_short(label: str, short: dict[str, float], timestep: float) -> Diagnostic:
    values = " and ".join(f"{name} = {tau:g} ms" for name, tau in short.items())
    text = f"{values}: below the timestep, {timestep:g} ms, in which most of it decays; use a shorter timestep"
    return Diagnostic("timestep", label, text)
