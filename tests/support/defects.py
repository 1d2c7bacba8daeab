"""Seeded defects of an image: one thing that a core is told is another, and the checker finds it.

The image is that of a network with every kind of synapse, source, current and recording.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pytest
from everything import everything, mapping_of_everything

from emulator.image import Core, MachineImage, NeuronCore, SynapseCore
from toolchain.check_image import check
from toolchain.errors import IllegalProductError

Random = np.random.Generator
Defect = Callable[[Random], MachineImage]
C = TypeVar("C", bound=Core)
Hears = NeuronCore | SynapseCore


def checked(made: MachineImage) -> None:
    mapping = mapping_of_everything()
    check(everything(), mapping.partition, mapping.graph_mapping, made, mapping.options)


def changed(array: Any, at: Any, value: Any) -> Any:
    """A copy of `array` with another value at one place."""
    copy = array.copy()
    copy[at] = value
    return copy


def one(random: Random, found: list[Any]) -> Any:
    return found[random.integers(len(found))]


def with_core(number: int, core: Core) -> MachineImage:
    made = mapping_of_everything().image
    return replace(made, cores=(*made.cores[:number], core, *made.cores[number + 1 :]))


def some_core(
    random: Random, kind: type[C], change: Callable[[C], Any], has: Callable[[C], Any] = bool
) -> MachineImage:
    """The image with one core of a kind, that `has` something, replaced by what `change` returns."""
    cores = enumerate(mapping_of_everything().image.cores)
    number, core = one(random, [(i, core) for i, core in cores if isinstance(core, kind) and has(core)])
    return with_core(number, change(core))


def hears(random: Random, change: Callable[[Any], Any], has: Callable[[Any], Any] = bool) -> MachineImage:
    """The image with one core changed that has rows without dynamics."""
    return some_core(random, Core, change, lambda core: isinstance(core, Hears) and len(core.rows) and has(core))


def caught(defect: Defect, message: str, seed: int) -> None:
    """The checker finds the defect, wherever the seed puts it."""
    with pytest.raises(IllegalProductError, match=message):
        checked(defect(np.random.default_rng(seed)))
