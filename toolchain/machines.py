"""Machines as settings describe them: a standard one, and what of it cannot be used.

A chip or link that is dead is absent.  So is a link that no route may take: nothing but routes uses links.  Cores,
SDRAM and table entries that are kept for other uses are taken off every chip, as those are that do not work.

Where no machine is named, the standard ones are tried from small to large, those left out that lack a chip or a board
on which something is to be placed.  What does not work of a machine, or is forbidden, needs one that is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.errors import MachineError
from emulator.machine import LINK_NAMES, Machine, named, smallest, without
from toolchain.errors import MappingError
from toolchain.problems import Problem, SettingsError
from toolchain.regions import has_room, lacking
from toolchain.settings import DEFAULT, MachineSettings, PlaceRule, Settings

Machines = Callable[[int], Iterator[Machine]]
"""Machines with so many cores, from small to large."""
UNNAMED: Final = "no machine is named, and no standard one has all these places; name one, as in: machine 48x24 torus"


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
        If it lacks what the settings say of it, or they leave nothing of it; if no standard machine has the places.
    """
    _check(settings)
    if settings.name is not None:
        yield _with_faults(_whole(settings), settings)
        return
    _refuse_coordinates(settings)
    yield from _standard(settings, application_cores, places)


def _standard(settings: MachineSettings, application_cores: int, places: Sequence[PlaceRule]) -> Iterator[Machine]:
    """The standard machines that will do, from small to large."""
    wrong: Sequence[Problem] = ()
    for machine in smallest(application_cores):
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
    for x, y in settings.dead_chips:
        _refuse_no_chip(machine, settings, x, y, f"dead chip ({x}, {y})")
    for what, links in (("dead", settings.dead_links), ("forbidden", settings.forbidden_links)):
        for link in links:
            _refuse_no_link(machine, settings, link, what)
    absent = (*settings.dead_links, *settings.forbidden_links)
    kept = without(_without_reserved(machine, settings), settings.dead_chips, absent)
    cores = _without_dead_cores(machine, kept.cores, settings)
    if not cores.any():
        raise _error(settings, f"all chips of {machine.name} are dead")
    return replace(kept, cores=cores)


def _without_dead_cores(machine: Machine, there: NDArray[np.uint8], settings: MachineSettings) -> NDArray[np.uint8]:
    """The cores `there` that work; a chip that keeps none could not be told from an absent one."""
    cores = there.copy()
    for x, y, count in settings.dead_cores:
        _refuse_no_chip(machine, settings, x, y, f"dead cores on chip ({x}, {y})")
        if cores[x, y] and not 0 < count < cores[x, y]:
            raise _error(
                settings,
                f"{count} dead cores on chip ({x}, {y}) of {machine.name}: it has {cores[x, y]} to use, and needs one; "
                "a chip without any is a dead chip",
            )
        cores[x, y] -= min(count, int(cores[x, y]))
    cores.setflags(write=False)
    return cores


def _without_reserved(machine: Machine, settings: MachineSettings) -> Machine:
    """`machine` with fewer cores, SDRAM and table entries on every chip, and the clock that is set."""
    fewest = int(machine.cores[machine.cores > 0].min())
    for what, reserved, there in (
        ("application cores", settings.reserved_cores, fewest),
        ("bytes of SDRAM", settings.reserved_sdram_bytes, machine.sdram_bytes),
        ("table entries", settings.reserved_entries, machine.table_entries),
    ):
        if reserved >= there:
            raise _error(
                settings, f"{reserved:,} {what} of each chip are reserved, a chip has {there:,}; reserve fewer"
            )
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


def _check(settings: MachineSettings) -> None:
    """Refuse amounts that no machine can have."""
    for what, amount in (
        ("reserved cores", settings.reserved_cores),
        ("reserved SDRAM", settings.reserved_sdram_bytes),
        ("reserved table entries", settings.reserved_entries),
    ):
        if amount < 0:
            raise _error(settings, f"{what} must be 0 or more, got {amount}")
    if settings.clock_hz is not None and settings.clock_hz <= 0:
        raise _error(settings, f"the clock must be faster than 0 Hz, got {settings.clock_hz}")
    if settings.link_capacity is not None and not 0 < settings.link_capacity < float("inf"):
        raise _error(settings, f"the capacity of a link must be > 0 packets a second, got {settings.link_capacity:g}")


def _refuse_coordinates(settings: MachineSettings) -> None:
    """Refuse what is said of single chips where no machine is named."""
    for what, said in (
        ("dead chips", settings.dead_chips),
        ("dead cores", settings.dead_cores),
        ("dead links", settings.dead_links),
        ("forbidden links", settings.forbidden_links),
    ):
        if said:
            raise _error(
                settings, f"{what} are given, but no machine is named that they are of; name it: machine spin5"
            )


def _refuse_no_chip(machine: Machine, settings: MachineSettings, x: int, y: int, what: str) -> None:
    if not machine.has_chip(x, y):
        raise _error(settings, f"{what}: {machine.name} has no such chip; {_extent(machine)}")


def _refuse_no_link(machine: Machine, settings: MachineSettings, at: tuple[int, int, int], what: str) -> None:
    x, y, link = at
    if not 0 <= link < len(LINK_NAMES):
        raise _error(settings, f"{what} link {link} of chip ({x}, {y}): links are 0 to 5, {', '.join(LINK_NAMES)}")
    name = LINK_NAMES[link]
    _refuse_no_chip(machine, settings, x, y, f"{what} link {name} of chip ({x}, {y})")
    if not machine.links[x, y, link]:
        there = ", ".join(LINK_NAMES[i] for i in np.flatnonzero(machine.links[x, y]))
        raise _error(settings, f"{what} link {name} of chip ({x}, {y}): on {machine.name} it has only {there}")


def _extent(machine: Machine) -> str:
    shape = "" if machine.chips == machine.width * machine.height else ", not all of them"
    return f"its chips are (0, 0) to ({machine.width - 1}, {machine.height - 1}){shape}"


def _error(settings: MachineSettings, what: str) -> MappingError:
    """The error, shown with the line that names the machine, if one does."""
    return MappingError(what) if settings.origin == DEFAULT else SettingsError([Problem(what, settings.origin)])


def _at(settings: MachineSettings, what: str) -> str:
    """`what`, after where it was said, if it was."""
    return what if settings.origin == DEFAULT else f"{settings.origin}: {what}"
