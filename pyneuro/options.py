"""What can be chosen about a simulation, who may choose it, and in which order.

A choice is taken from the first of these that makes it: the command line (`Overrides`), the arguments
of ``setup()`` in the script, the environment (``PYNEURO_BACKEND``, ``PYNEURO_MACHINE``, ``PYNEURO_MAPPING``,
``PYNEURO_THREADS``), the default.  So a script that says nothing runs anywhere, and one that says
``backend="emulator"`` can still be compared with the reference.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from math import isfinite
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from emulator.machine import Machine, named
from pyneuro.backend import Progress, Simulation
from pyneuro.errors import SetupError
from toolchain.did_you_mean import did_you_mean
from toolchain.language import Statement, at_speed, given, on_machine
from toolchain.network import Network
from toolchain.options import mapping_options
from toolchain.settings import Settings

MOST_THREADS = 1024
"""Of the emulator."""
BACKENDS = ("emulator", "reference")
ENVIRONMENT = {name: f"PYNEURO_{name.upper()}" for name in ("backend", "machine", "mapping", "threads")}

MISSPELT = 0.8
"""How alike two names are, as `difflib` counts it, for one to be the other misspelt; ``rng_seed`` is not ``seed``."""
SPELLINGS = {"dt": "timestep", "time_step": "timestep", "mindelay": "min_delay", "maxdelay": "max_delay"}

logger = logging.getLogger("PyNN")


@dataclass(frozen=True)
class Options:
    """The arguments of ``setup()``.

    Parameters
    ----------
    timestep : float
        ms.
    min_delay, max_delay : float or 'auto'
        Limits of all delays, ms.
    backend : str
        ``emulator`` or ``reference``.
    machine, mapping
        What the network is mapped onto, and how; see the emulator. By default the smallest that fits. Of those that
        are chosen, `mapping` is the settings, and knows where machine and factor were said.
    time_scale_factor : float, optional
        How many times slower than real time the machine runs; by default chosen from the timestep.
    seed : int
        Of what is drawn while the network runs (Poisson sources).
    threads : int
        Threads of the emulator.
    """

    timestep: float = 0.1
    min_delay: float | str = "auto"
    max_delay: float | str = "auto"
    backend: str = "emulator"
    machine: Any = None
    mapping: Any = None
    time_scale_factor: float | None = None
    seed: int = 0
    threads: int = 1


@dataclass
class Overrides:
    """What the command line decides over the script's head; set it before the script runs.

    Parameters
    ----------
    backend, machine, mapping, threads
        As for ``setup()``; None leaves the choice to the script.
    simulation : callable, optional
        Makes the simulation of a network; by default the simulator that `Options.backend` names does.
    keep_results : bool
        Whether what the script clears or resets stays available to ``simulator.state.results()``.
    judges : bool
        Whether the command line judges the requirements on the mapping; else a script is warned of those not met.
    progress : callable, optional
        Called with a label and a number of steps before each run; returns what is told of the steps done.
    """

    backend: str | None = None
    machine: Any = None
    mapping: Any = None
    threads: int | None = None
    simulation: Callable[[Network, Options], Simulation] | None = None
    keep_results: bool = False
    judges: bool = False
    progress: Callable[[str, int], Progress | None] | None = None


def options(arguments: Mapping[str, Any], overrides: Overrides, environment: Mapping[str, str]) -> Options:
    """Return the options that follow from the `arguments` of ``setup()``, the command line and the environment.

    Raises
    ------
    SetupError
        If an argument is unknown, of a wrong kind or out of range.
    MachineError
        If there is no machine of that name.
    """
    chosen: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for name, variable in ENVIRONMENT.items():
        if environment.get(variable):
            chosen[name], origin[name] = _from_environment(name, variable, environment[variable]), variable
    for name, value in arguments.items():
        if _is_ours(name) and value is not None:
            chosen[name], origin[name] = value, "script"
    _check(Options(**chosen))
    for name in ENVIRONMENT:
        if getattr(overrides, name) is not None:
            chosen[name], origin[name] = getattr(overrides, name), "command line"
    result = Options(**chosen)
    _check(result)
    return _settled(result, origin)


def _settled(chosen: Options, origin: Mapping[str, str]) -> Options:
    """The options with one machine and one factor: those beside the mapping and in it may have different `origin`."""
    of_mapping = origin.get("mapping", "default")
    settings = on_machine(chosen.mapping, chosen.machine, origin.get("machine", "default"), of_mapping)
    settings = at_speed(settings, chosen.time_scale_factor, "script", of_mapping)
    machine, factor = settings.machine, mapping_options(settings).time_scale_factor
    return replace(chosen, mapping=settings, machine=machine.made or machine.name, time_scale_factor=factor)


def _from_environment(name: str, variable: str, text: str) -> Any:
    if name == "backend" and text not in BACKENDS:
        raise SetupError(f"{variable} must be one of {', '.join(BACKENDS)}, got {text!r}")
    if name != "threads":
        return text
    if not text.isdecimal():
        raise SetupError(f"{variable} must be a whole number of threads, got {text!r}")
    return int(text)


def _is_ours(name: str) -> bool:
    """Whether `name` is an argument of ours; False, with a line in the log, if it is one for other back ends.

    PyNN lets a portable script pass what only some simulators know, so an unknown name is passed over, unless it
    looks like one of ours that is misspelt.
    """
    known = [field.name for field in fields(Options)]
    if name in known:
        return True
    meant = [SPELLINGS[name]] if name in SPELLINGS else get_close_matches(name, known, 1, MISSPELT)
    if meant:
        raise SetupError(f"setup() has no argument {name!r}; did you mean '{meant[0]}'?")
    logger.warning("setup(): pyneuro has no argument %r and passes it over; it takes %s", name, ", ".join(known))
    return False


def _check(o: Options) -> None:
    _number("timestep", o.timestep, "ms")
    for name, delay in (("min_delay", o.min_delay), ("max_delay", o.max_delay)):
        if delay != "auto":
            _number(name, delay, "ms", " or 'auto'")
            if float(delay) < o.timestep:
                raise SetupError(f"setup(): {name} must be at least the timestep, {o.timestep:g} ms, got {delay:g} ms")
    if "auto" not in (o.min_delay, o.max_delay) and float(o.min_delay) > float(o.max_delay):
        raise SetupError(f"setup(): min_delay, {o.min_delay:g} ms, is greater than max_delay, {o.max_delay:g} ms")
    if o.backend not in BACKENDS:
        raise SetupError(f"setup(): there is no backend {o.backend!r}{did_you_mean(str(o.backend), BACKENDS)}")
    if isinstance(o.machine, str):
        named(o.machine)
    elif o.machine is not None and not isinstance(o.machine, Machine):
        raise SetupError(f"setup(): machine must be the name of a machine or a Machine, got {o.machine!r}")
    if o.time_scale_factor is not None:
        _number("time_scale_factor", o.time_scale_factor, "")
    if not _is_mapping(o.mapping):
        raise SetupError(
            f"setup(): mapping must be options by name, a mapping file or a list of statements, got {o.mapping!r}"
        )
    given(o.mapping)
    for name, value, least in (("seed", o.seed, 0), ("threads", o.threads, 1)):
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            raise SetupError(f"setup(): {name} must be a whole number, at least {least}, got {value!r}")
    if o.threads > MOST_THREADS:
        raise SetupError(f"setup(): threads must be at most {MOST_THREADS}, got {o.threads}")


def _is_mapping(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(isinstance(one, Statement) for one in value)
    return isinstance(value, (Mapping, str, Path, Settings, type(None)))


def _number(name: str, value: Any, unit: str, otherwise: str = "") -> None:
    if not isinstance(value, Real) or isinstance(value, bool) or not isfinite(value) or value <= 0:
        of = f" of {unit}" if unit else ""
        raise SetupError(f"setup(): {name} must be a positive number{of}{otherwise}, got {value!r}")
