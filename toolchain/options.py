"""Mapping options: what a user may say about how a network is put onto a machine.

One frozen value with a sensible default for everything, given to ``setup(mapping=...)`` as a dictionary or
to the command line as a JSON file of the same names.  The figures are sPyNNaker's (``spynnaker.cfg``,
``population_vertex.py``): 256 neurons a core is what 16 delay slots leave room for, 30 spikes/s and 5 sigma
are what it scales ring buffers by.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Final

from toolchain.algorithms import ALLOCATORS, MINIMISERS, PLACERS, ROUTERS
from toolchain.did_you_mean import did_you_mean
from toolchain.errors import MappingError

MOST_NEURONS: Final = 256
"""Neurons a core: 8 index bits beside 4 bits of delay in a synaptic word and a 16-bit ring-buffer index."""
MOST_SOURCES: Final = 1024
MOST_STAGES: Final = 8
"""Delay stages a source slice may have, 16 steps each."""
BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "neurons_per_core": (1, MOST_NEURONS),
    "sources_per_core": (1, MOST_SOURCES),
    "spikes_per_second": (0.0, 1e6),
    "ring_buffer_sigma": (0.0, 100.0),
    "substeps": (1, 64),
    "cycles_margin": (0.01, 100.0),
    "recording_ticks": (1, 10_000_000),
}
"""Inclusive limits of the options that are numbers."""
ALGORITHMS: Final[Mapping[str, Mapping[str, Any]]] = {
    "placer": PLACERS,
    "router": ROUTERS,
    "key_allocator": ALLOCATORS,
    "minimiser": MINIMISERS,
}
"""What there is to choose from."""


@dataclass(frozen=True)
class MappingOptions:
    """How to map a network; every option has a default.

    Parameters
    ----------
    neurons_per_core : int
        At most so many cells a core; fewer where memory or time demand it.
    sources_per_core : int
        At most so many spike sources a core.
    spikes_per_second : float
        Rate (Hz) assumed of every cell, to scale weights and to estimate the load of a core.
    ring_buffer_sigma : float
        Standard deviations above the mean input that a ring buffer must hold without saturating.
    substeps : int, optional
        Steps of the neuron update in one timestep; by default as few as each cell model is accurate with.
    placer, router, key_allocator, minimiser : str
        Names of the algorithms of the stages.
    cycles_margin : float
        Share of a tick that the estimated load of a core may take. The rest is for what the average does not
        tell; above 1 cores overrun by intention, and fewer are needed.
    recording_ticks : int
        Ticks of recording that each core keeps SDRAM for.

    Raises
    ------
    MappingError
        For a value of the wrong type or out of its bounds.
    """

    neurons_per_core: int = 256
    sources_per_core: int = 500
    spikes_per_second: float = 30.0
    ring_buffer_sigma: float = 5.0
    substeps: int | None = None
    placer: str = "hilbert"
    router: str = "ner"
    key_allocator: str = "dense"
    minimiser: str = "default_routes"
    cycles_margin: float = 0.9
    recording_ticks: int = 1000

    def __post_init__(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            if value is not None or option.default is not None:
                _check(option.name, int if option.default is None else type(option.default), value)

    @classmethod
    def from_mapping(cls, options: Mapping[str, Any]) -> MappingOptions:
        """Options from names and values, as in ``setup(mapping={"neurons_per_core": 100})``.

        Raises
        ------
        MappingError
            For a name that is no option, a value of the wrong type or out of its bounds.
        """
        known = [option.name for option in fields(cls)]
        for name in options:
            if name not in known:
                raise MappingError(f"there is no mapping option '{name}'{did_you_mean(str(name), known)}")
        return cls(**options)


def read(path: str | Path) -> MappingOptions:
    """Options from a JSON file: one object of names and values.

    Raises
    ------
    MappingError
        If the file cannot be read, is no JSON object, or holds an option that is refused.
    """
    try:
        options = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise MappingError(f"mapping file {path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise MappingError(f"mapping file {path} is not JSON: {error}") from error
    if not isinstance(options, dict):
        raise MappingError(f"mapping file {path} must hold one JSON object of options, not a {type(options).__name__}")
    try:
        return MappingOptions.from_mapping(options)
    except MappingError as error:
        raise MappingError(f"{path}: {error}") from error


def given(options: Mapping[str, Any] | str | Path | None) -> MappingOptions:
    """Options as a user gives them: by name, in a JSON file, or not at all.

    Raises
    ------
    MappingError
        As `read` and `MappingOptions.from_mapping`.
    """
    if isinstance(options, str | Path):
        return read(options)
    return MappingOptions.from_mapping(options or {})


def _check(name: str, kind: type, value: object) -> None:
    accepted = {int: Integral, float: Real, str: str}[kind]
    if not isinstance(value, accepted) or isinstance(value, bool):
        word = {int: "a whole number", float: "a number", str: "a name in quotes"}[kind]
        raise MappingError(f"mapping option '{name}' must be {word}, got {value!r}")
    if name in BOUNDS and isinstance(value, Real):
        low, high = BOUNDS[name]
        if not math.isfinite(value) or not low <= value <= high:
            raise MappingError(f"mapping option '{name}' must be from {low:g} to {high:g}, got {value!r}")
    if name in ALGORITHMS and value not in ALGORITHMS[name]:
        raise MappingError(f"there is no {name} '{value}'{did_you_mean(str(value), ALGORITHMS[name])}")
