"""Injected currents on the machine: times become ticks, nA become words, and what that does to them is told.

Steps are loaded as ticks and words; a wave as it is, for a core computes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from operator import is_
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator import image
from emulator.conversion import ACCUM_MAX
from toolchain.diagnostics import Diagnostic
from toolchain.errors import ParameterError
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.models.parameters import to_accum
from toolchain.models.sources import nearest_tick
from toolchain.network import Current, Injected, Network, Population, WaveCurrent
from toolchain.partition import Partition

TOLERANCE: Final = 0.01
"""Largest relative error of an injected current that goes without a remark."""
STEP: Final = 2.0**-15


def loaded_currents(population: Population, timestep: float) -> list[image.Injected]:
    """The currents of `population` as a core has them, of all its cells.

    Raises
    ------
    ParameterError
        If one does not fit s16.15.
    """
    factor = _factor(population)
    label = f"population '{population.label}': an injected current"
    loaded: list[image.Injected] = []
    for current in population.currents:
        if isinstance(current, WaveCurrent):
            loaded.append(_wave(label, current, factor))
        else:
            assert isinstance(current, Current), "the network was checked"
            loaded.append(_steps(label, current, timestep, factor))
    return loaded


def of_core(currents: Iterable[image.Injected], start: int, stop: int) -> tuple[image.Injected, ...]:
    """Those of `currents` that flow into cells ``start <= i < stop``, which are counted from `start`."""
    found = ((current, local(current.index, start, stop)) for current in currents)
    return tuple(replace(current, index=index) for current, index in found if len(index))


def local(indices: NDArray[np.int32], start: int, stop: int) -> NDArray[np.int32]:
    """Those of `indices` that are cells ``start <= i < stop``, counted from `start`."""
    return (indices[(indices >= start) & (indices < stop)] - start).astype(np.int32)


def changed_currents(before: Network, after: Network, partition: Partition) -> Mapping[int, tuple[image.Injected, ...]]:
    """What flows into the cores of the populations that `after` injects something else into than `before` does.

    Returns
    -------
    mapping of int to tuple
        Currents by number of the core in the image.
    """
    found = {}
    for number, (old, new) in enumerate(zip(before.populations, after.populations, strict=True)):
        if len(old.currents) == len(new.currents) and all(map(is_, old.currents, new.currents)):
            continue
        currents = loaded_currents(new, after.timestep)
        for core in partition.slices_of(number):
            cells = partition.slices[core]
            found[core] = of_core(currents, cells.start, cells.stop)
    return found


def coarse_currents(populations: Iterable[Population]) -> tuple[Diagnostic, ...]:
    """A remark for each population with an injected current that s16.15 holds with an error above 1 %."""
    return tuple(remark for population in populations for remark in _of_population(population))


def _of_population(population: Population) -> Iterator[Diagnostic]:
    if not isinstance(CELL_MODELS[population.cell], CellModel):
        return
    step = STEP / _factor(population)
    found = [_worst(current, step) for current in population.currents]
    coarse = [(value, error) for value, error in found if error > TOLERANCE * value]
    if coarse:
        value, error = max(coarse, key=lambda pair: pair[1] / pair[0])
        others = f" (and {len(coarse) - 1:,} other currents)" if len(coarse) > 1 else ""
        text = (
            f"an injected current of {value:.3g} nA{others} is wrong by {error:.3g} nA: the machine holds multiples of "
            f"{step:.3g} nA (2^-15); scale cm together with all currents and weights"
        )
        yield Diagnostic("image", population.label, text)


def _worst(current: Injected, step: float) -> tuple[float, float]:
    """The amplitude (nA) that multiples of `step` hold worst, and how far it is from one; in a wave all are met."""
    if isinstance(current, WaveCurrent):
        values = np.abs([current.wave.offset, current.wave.amplitude, current.wave.deviation])
        errors = np.array([np.abs(np.rint(values[0] / step) * step - values[0]), 0.5 * step, 0.5 * step])
    else:
        assert isinstance(current, Current), "the network was checked"
        values = np.abs(current.amplitudes)
        errors = np.abs(np.rint(values / step) * step - values)
    there = values > 0.0
    if not there.any():
        return 0.0, 0.0
    at = int(np.argmax(errors[there] / values[there]))
    return float(values[there][at]), float(errors[there][at])


def _factor(population: Population) -> float:
    model = CELL_MODELS[population.cell]
    assert isinstance(model, CellModel), "a current is injected into cells"
    return model.current_factor


def _wave(label: str, current: WaveCurrent, factor: float) -> image.WaveCurrent:
    wave = current.wave
    if wave.highest * factor > ACCUM_MAX:
        limit = ACCUM_MAX / factor
        raise ParameterError(
            f"{label} of up to {wave.highest:g} nA must be within {limit:g} nA (s16.15 of the machine); "
            "up to seven standard deviations of noise are counted"
        )
    scaled = {name: factor * getattr(wave, name) for name in ("offset", "amplitude", "deviation")}
    return image.WaveCurrent(current.indices, replace(wave, **scaled))


def _steps(label: str, current: Current, timestep: float, factor: float) -> image.Current:
    """Ticks and words of a current; of several steps in one tick the last counts."""
    ticks = np.maximum(nearest_tick(current.times, timestep, len(current.times)), 0)
    last = np.append(ticks[1:] != ticks[:-1], True)[: len(ticks)]
    words = to_accum(label, "nA", current.amplitudes[last], factor)
    return image.Current(current.indices, ticks[last], words)
