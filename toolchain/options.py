"""Mapping options: what a user may say about how a network is put onto a machine.

One frozen value with a sensible default for everything, given to ``setup(mapping=...)`` as a dictionary; the mapping
language (`toolchain.language`) says the same by the same names, and much more.

The figures are sPyNNaker's (``spynnaker.cfg``, ``population_vertex.py``): 256 neurons a core is what 16
delay slots leave room for, 30 spikes/s and 5 sigma are what it scales ring buffers by.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any, Final

from toolchain.did_you_mean import did_you_mean
from toolchain.errors import MappingError
from toolchain.network import Network, Projection
from toolchain.patterns import matches, projection_labels
from toolchain.settings import Origin, Rule, Settings

MOST_NEURONS: Final = 256
"""Neurons a core: 8 index bits beside 4 bits of delay in a synaptic word and a 16-bit ring-buffer index."""
MOST_SOURCES: Final = 1024
MOST_STAGES: Final = 8
"""Delay stages a source slice may have, 16 steps each."""
MOST_SYNAPSE_CORES: Final = 15
"""Beside a core of neurons, on one chip."""


@dataclass(frozen=True)
class OptionSpec:
    """What an option is: a number from `low` to `high`, in `unit`.

    Parameters
    ----------
    whole : bool
        Whether it must be a whole number.
    unit : str
        ``share`` (of 1; may be said in per cent), ``Hz``, ``ms``, ``bytes``, ``packets/s``, or "" for plain numbers.
    unsaid : str
        What holds where nothing is said and there is no default.
    """

    meaning: str
    low: float
    high: float
    whole: bool = False
    unit: str = ""
    unsaid: str = "chosen"

    def wrong(self, value: object) -> str:
        """Why `value` will not do; "" if it will."""
        if not isinstance(value, Integral if self.whole else Real) or isinstance(value, bool):
            return f"must be {'a whole number' if self.whole else 'a number'}, got {value!r}"
        if not math.isfinite(value) or not self.low <= float(value) <= self.high:
            return f"must be from {self.low:,.10g} to {self.high:,.10g}, got {value!r}"
        return ""


_NEURONS = OptionSpec("at most so many cells a core", 1, MOST_NEURONS, whole=True)
_SOURCES = OptionSpec("at most so many spike sources a core", 1, MOST_SOURCES, whole=True)
_RATE = OptionSpec("rate assumed of every cell, for the scale of weights and the load of cores", 0, 1e6, unit="Hz")
_SIGMA = OptionSpec("standard deviations above the mean input that a ring buffer holds", 0, 100)
_SUBSTEPS = OptionSpec("steps of the neuron update in one timestep", 1, 64, whole=True)
_CYCLES = OptionSpec(
    "share of a tick that the estimated load of a core may take; for synapses alone no core gets fewer than 64 cells",
    0.01,
    10,
    unit="share",
)
_SHIFT = OptionSpec("left shift from a 16-bit weight to s16.15: large weights want a large one", 0, 15, whole=True)
_LONGEST = OptionSpec(
    "longer delays, of what a population sends, are cut to it, which saves delay stages",
    0.001,
    1e6,
    unit="ms",
    unsaid="any",
)
_TIME_SCALE = OptionSpec("wall-clock time over biological time", 1e-6, 1e6, unsaid="as small as lets a tick last 1 ms")
_SYNAPSE_CORES = OptionSpec(
    "cores beside each core of neurons that take over its synapses", 0, MOST_SYNAPSE_CORES, whole=True
)

POPULATION_OPTIONS: Final[Mapping[str, OptionSpec]] = MappingProxyType(
    {
        "neurons_per_core": _NEURONS,
        "sources_per_core": _SOURCES,
        "spikes_per_second": _RATE,
        "ring_buffer_sigma": _SIGMA,
        "cycles_margin": _CYCLES,
        "weight_shift": _SHIFT,
        "synapse_cores": _SYNAPSE_CORES,
        "longest_delay": _LONGEST,
    }
)
"""Options of populations, which hold instead of those of the whole mapping."""
MAPPING_OPTIONS: Final[Mapping[str, OptionSpec]] = MappingProxyType(
    {
        **POPULATION_OPTIONS,
        "substeps": _SUBSTEPS,
        "dtcm_margin": OptionSpec("share of a core's DTCM that may be used", 0.01, 1, unit="share"),
        "recording_ticks": OptionSpec("ticks of recording that memory is kept for", 1, 10_000_000, whole=True),
        "rewired_row_synapses": OptionSpec(
            "synapses that a source cell may come to have on a core", 1, 0xFFFF, whole=True
        ),
        "time_scale_factor": _TIME_SCALE,
    }
)
"""Options of the whole mapping."""
PROJECTION_OPTIONS: Final[Mapping[str, OptionSpec]] = MappingProxyType(
    {
        "spikes_per_second": OptionSpec(
            "rate assumed of its source cells, also of spike sources, for the scale of weights", 0, 1e6, unit="Hz"
        ),
        "ring_buffer_sigma": _SIGMA,
        "weight_shift": _SHIFT,
        "longest_delay": OptionSpec("longer delays are cut to it, which saves delay stages", 0.001, 1e6, unit="ms"),
    }
)
"""Options of projections; sigma and shift are those of the ring buffer of all projections onto the same receptor."""

OF_ALL: Final = Origin("of the whole mapping")
"""Stands for where an option of the whole mapping was said."""


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
    cycles_margin : float
        Share of a tick that the estimated load of a core may take. The rest is for what the average does not
        tell; above 1 cores overrun by intention, and fewer are needed.
    dtcm_margin : float
        Share of a core's DTCM that may be used.
    recording_ticks : int
        Ticks of recording that each core keeps SDRAM for.
    rewired_row_synapses : int, optional
        Synapses that a source cell may come to have on a core where a run forms some; what would be one more is not
        formed. By default four times its share of all places for synapses, or 64 if that is more.
    weight_shift : int, optional
        Left shift from stored weights to s16.15; by default what the expected input asks for.
    synapse_cores : int, optional
        Cores beside each core of neurons that take over its synapses; by default as many as its load asks for.
    longest_delay : float, optional
        What longer delays (ms) are cut to; by default none are cut.
    time_scale_factor : float, optional
        Wall-clock time over biological time; by default the smallest with which a tick lasts 1 ms.
    rules : tuple of Rule
        Exceptions for populations and projections.

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
    cycles_margin: float = 0.9
    dtcm_margin: float = 1.0
    recording_ticks: int = 1000
    rewired_row_synapses: int | None = None
    weight_shift: int | None = None
    synapse_cores: int | None = None
    longest_delay: float | None = None
    time_scale_factor: float | None = None
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        for option in fields(self):
            value = getattr(self, option.name)
            given = option.name in MAPPING_OPTIONS and (value is not None or option.default is not None)
            if given and (wrong := MAPPING_OPTIONS[option.name].wrong(value)):
                raise MappingError(f"mapping option '{option.name}' {wrong}")

    @classmethod
    def from_mapping(cls, options: Mapping[str, Any]) -> MappingOptions:
        """Options from names and values, as in ``setup(mapping={"neurons_per_core": 100})``.

        Raises
        ------
        MappingError
            For a name that is no option, a value of the wrong type or out of its bounds.
        """
        known = list(MAPPING_OPTIONS)
        for name in options:
            if name not in known:
                raise MappingError(f"there is no mapping option '{name}'{did_you_mean(str(name), known)}")
        return cls(**options)

    def of(self, label: str) -> MappingOptions:
        """The options of the population with a label: those of the last rule that matches hold."""
        return _of_population(self, label)

    def of_projection(self, network: Network, projection: Projection, option: str) -> Rule | None:
        """The last rule with an option for a projection: by its label, or by ``PRE -> POST``."""
        labels = projection_labels(network, projection)
        matching = [
            rule
            for rule in self.rules
            if rule.kind == "projection" and rule.option == option and matches(rule.pattern, *labels)
        ]
        return matching[-1] if matching else None

    def longest_delay_of(self, network: Network, projection: Projection) -> Rule | None:
        """What longer delays of a projection are cut to: by what is said of it, of its source, or of the mapping."""
        label = network.populations[projection.source].label
        of_source = [
            rule
            for rule in self.rules
            if rule.kind == "population" and rule.option == "longest_delay" and matches(rule.pattern, label)
        ]
        if said := self.of_projection(network, projection, "longest_delay"):
            return said
        if of_source:
            return of_source[-1]
        whole = self.longest_delay
        return None if whole is None else Rule("projection", "*", "longest_delay", whole, OF_ALL)


@lru_cache(maxsize=1024)
def _of_population(options: MappingOptions, label: str) -> MappingOptions:
    said: dict[str, Any] = {
        rule.option: rule.value for rule in options.rules if rule.kind == "population" and matches(rule.pattern, label)
    }
    return replace(options, **said) if said else options


def mapping_options(settings: Settings) -> MappingOptions:
    """The options that `settings` hold."""
    return MappingOptions(**settings.options, rules=settings.rules)  # type: ignore[arg-type]  # checked by the class
