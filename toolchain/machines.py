"""Machines as settings describe them: a standard one, and what of it cannot be used.

A chip or link that is dead is absent.  So is a link that no route may take: nothing but routes uses links.  Cores,
SDRAM and table entries that are kept for other uses are taken off every chip, as those are that do not work.

Where no machine is named, the standard ones are tried from small to large, those left out that lack a chip or a board
on which something is to be placed.  What does not work of a machine, or is forbidden, needs one that is named.  All
that cannot be is told at once, each with its line (`faults`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from emulator.errors import MachineError
from emulator.machine import LINK_NAMES, Machine, named, smallest, without
from toolchain.diagnostics import Diagnostic, and_others
from toolchain.errors import MappingError
from toolchain.problems import Problem, SettingsError
from toolchain.regions import has_room, lacking
from toolchain.settings import DEFAULT, MachineSettings, PlaceRule, Settings

Machines = Callable[[int], Iterator[Machine]]
"""Machines with so many cores, from small to large."""
UNNAMED: Final = "no machine is named, and no standard one has all these places; name one, as in: machine 48x24 torus"
MOST_LISTED: Final = 8
"""Chips that a remark names."""


def machines_of(settings: Settings) -> Machines:
    """The machines to try by all that `settings` say."""
    return partial(candidates, settings.machine, places=settings.placement)


def candidates(
    settings: MachineSettings, application_cores: int = 1, places: Sequence[PlaceRule] = ()
) -> Iterator[Machine]:
    """The machines to try: the one that is named or made, or the standard ones from small to large.

    Parameters
    ----------
    application_cores : int
        Of standard machines, those with fewer are left out, and so are those after one with a chip for each.
    places : sequence of PlaceRule
        Of standard machines, those that lack a place that these name are left out.

    Raises
    ------
    MachineError
        If there is no machine of that name.
    MappingError
        If it lacks what the settings say of it, or they leave nothing of it: with all `faults`; if no standard machine
        has the places.
    """
    if settings.name is not None:
        machine = _whole(settings)
        _refuse(faults(machine, settings))
        yield _with_faults(machine, settings)
        return
    _refuse(_coordinates(settings))
    yield from _standard(settings, application_cores, places)


def faults(machine: Machine, settings: MachineSettings) -> Iterator[Problem]:
    """All that `settings` say of `machine` that cannot be."""
    reserved = [*_amounts(settings), *_reserved(machine, settings)]
    yield from reserved
    for i, (x, y) in enumerate(settings.dead_chips):
        if why := _no_chip(machine, x, y):
            yield _problem(settings, f"dead_chips.{i}", f"dead chip ({x}, {y}): {why}")
    for what, links in (("dead", settings.dead_links), ("forbidden", settings.forbidden_links)):
        for i, link in enumerate(links):
            if why := _no_link(machine, link):
                yield _problem(settings, f"{what}_links.{i}", f"{what} {why}")
    yield from _dead_cores(machine, settings, 0 if reserved else settings.reserved_cores)


def _standard(settings: MachineSettings, application_cores: int, places: Sequence[PlaceRule]) -> Iterator[Machine]:
    """The standard machines that will do, from small to large."""
    wrong: Sequence[Problem] = ()
    for machine in smallest(application_cores):
        _refuse(faults(machine, settings))
        kept = _without_reserved(machine, settings)
        if kept.application_cores < application_cores:
            continue
        wrong = lacking(kept, places)
        if not wrong:
            yield kept
            if has_room(kept, application_cores, places):
                return
    if wrong:
        raise SettingsError([replace(problem, hints=(*problem.hints, UNNAMED)) for problem in wrong])


def cut_off(machine: Machine, used: Machine) -> tuple[Diagnostic, ...]:
    """A remark if dead or forbidden links cut chips off from the part of `machine` that is `used`."""
    if used.name != machine.name or used.chips >= machine.chips:
        return ()
    gone = np.argwhere((machine.cores > 0) & (used.cores == 0))
    chips = [f"({x}, {y})" for x, y in gone[:MOST_LISTED].tolist()]
    others = and_others(len(gone) - len(chips))
    connector = ", an Ethernet chip among them" if machine.ethernet[tuple(gone.T)].any() else ""
    count = f"{len(gone):,} of its {machine.chips:,} chips {'is' if len(gone) == 1 else 'are'}"
    where = f"{', '.join(chips)}{others}{connector}"
    return (
        Diagnostic(
            "place", machine.name, f"{count} cut off from the others by dead or forbidden links and not used: {where}"
        ),
    )


def _whole(settings: MachineSettings) -> Machine:
    """The machine that is named, all its parts there."""
    assert settings.name is not None
    if settings.made is not None:
        return settings.made
    try:
        return named(settings.name)
    except MachineError as error:
        raise MachineError(_at(settings, str(error))) from None


def _with_faults(machine: Machine, settings: MachineSettings) -> Machine:
    """`machine` without what is dead, forbidden or reserved."""
    absent = (*settings.dead_links, *settings.forbidden_links)
    kept = without(_without_reserved(machine, settings), settings.dead_chips, absent)
    cores = kept.cores.copy()
    for x, y, count in settings.dead_cores:
        cores[x, y] -= min(count, int(cores[x, y]))
    cores.setflags(write=False)
    if not cores.any():
        _refuse([_problem(settings, "dead_chips.0", f"all chips of {machine.name} are dead")])
    return replace(kept, cores=cores)


def _without_reserved(machine: Machine, settings: MachineSettings) -> Machine:
    """`machine` with fewer cores, SDRAM and table entries on every chip, and the clock that is set."""
    cores = np.where(machine.cores > 0, machine.cores - settings.reserved_cores, 0).astype(np.uint8)
    cores.setflags(write=False)
    return replace(
        machine,
        cores=cores,
        sdram_bytes=machine.sdram_bytes - settings.reserved_sdram_bytes,
        table_entries=machine.table_entries - settings.reserved_entries,
        clock_hz=settings.clock_hz or machine.clock_hz,
        link_capacity=settings.link_capacity or machine.link_capacity,
    )


# --- faults -----------------------------------------------------------------------------------------------------------


def _amounts(settings: MachineSettings) -> Iterator[Problem]:
    """Amounts that no machine can have."""
    for name, what in (
        ("reserved_cores", "reserved cores"),
        ("reserved_sdram_bytes", "reserved SDRAM"),
        ("reserved_entries", "reserved table entries"),
    ):
        if (amount := getattr(settings, name)) < 0:
            yield _problem(settings, name, f"{what} must be 0 or more, got {amount}")
    if settings.clock_hz is not None and settings.clock_hz <= 0:
        yield _problem(settings, "clock_hz", f"the clock must be faster than 0 Hz, got {settings.clock_hz}")
    if settings.link_capacity is not None and not 0 < settings.link_capacity < float("inf"):
        said = f"the capacity of a link must be > 0 packets a second, got {settings.link_capacity:g}"
        yield _problem(settings, "link_capacity", said)


def _reserved(machine: Machine, settings: MachineSettings) -> Iterator[Problem]:
    """More that is reserved than a chip can spare."""
    fewest = int(machine.cores[machine.cores > 0].min())
    for name, what, there in (
        ("reserved_cores", "application cores", fewest),
        ("reserved_sdram_bytes", "bytes of SDRAM", machine.sdram_bytes),
        ("reserved_entries", "table entries", machine.table_entries),
    ):
        if (reserved := getattr(settings, name)) >= there:
            said = f"{reserved:,} {what} of each chip are reserved, a chip has {there:,}; reserve fewer"
            yield _problem(settings, name, said)


def _dead_cores(machine: Machine, settings: MachineSettings, reserved: int) -> Iterator[Problem]:
    """More dead cores than a chip can spare: one that keeps none could not be told from an absent one."""
    left = np.where(machine.cores > 0, machine.cores.astype(np.int64) - reserved, 0)
    for i, (x, y, count) in enumerate(settings.dead_cores):
        if why := _no_chip(machine, x, y):
            yield _problem(settings, f"dead_cores.{i}", f"dead cores on chip ({x}, {y}): {why}")
        elif (x, y) in settings.dead_chips:
            continue
        elif 0 < count < left[x, y]:
            left[x, y] -= count
        else:
            said = (
                f"{count} dead cores on chip ({x}, {y}) of {machine.name}: it has {left[x, y]} to use, and needs one; "
                "a chip without any is a dead chip"
            )
            yield _problem(settings, f"dead_cores.{i}", said)


def _coordinates(settings: MachineSettings) -> Iterator[Problem]:
    """What is said of single chips where no machine is named."""
    for name in ("dead_chips", "dead_cores", "dead_links", "forbidden_links"):
        if getattr(settings, name):
            what = name.replace("_", " ")
            said = f"{what} are given, but no machine is named that they are of; name it: machine spin5"
            yield _problem(settings, f"{name}.0", said)


def _no_chip(machine: Machine, x: int, y: int) -> str:
    """Why there is no chip (x, y); "" if there is one."""
    return "" if machine.has_chip(x, y) else f"{machine.name} has no such chip; {_extent(machine)}"


def _no_link(machine: Machine, at: tuple[int, int, int]) -> str:
    """Which link there is not, and why; "" if there is one."""
    x, y, link = at
    if not 0 <= link < len(LINK_NAMES):
        return f"link {link} of chip ({x}, {y}): links are 0 to 5, {', '.join(LINK_NAMES)}"
    what = f"link {LINK_NAMES[link]} of chip ({x}, {y})"
    if why := _no_chip(machine, x, y):
        return f"{what}: {why}"
    if machine.links[x, y, link]:
        return ""
    there = ", ".join(LINK_NAMES[i] for i in np.flatnonzero(machine.links[x, y]))
    return f"{what}: on {machine.name} it has only {there}"


def _extent(machine: Machine) -> str:
    shape = "" if machine.chips == machine.width * machine.height else ", not all of them"
    return f"its chips are (0, 0) to ({machine.width - 1}, {machine.height - 1}){shape}"


def _problem(settings: MachineSettings, part: str, what: str) -> Problem:
    """The problem, where that part was said, or else where the machine was named."""
    return Problem(what, settings.origins.get(part, settings.origin))


def _refuse(problems: Iterable[Problem]) -> None:
    """Raise the problems, if there are some; those that were said nowhere as plain text."""
    found = list(problems)
    if found and all(problem.origin == DEFAULT for problem in found):
        raise MappingError("; ".join(problem.message for problem in found))
    if found:
        raise SettingsError(found)


def _at(settings: MachineSettings, what: str) -> str:
    """`what`, after where it was said, if it was."""
    return what if settings.origin == DEFAULT else f"{settings.origin}: {what}"
