"""Places on a machine: the chips that a rule of placement names, and whether there are such."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from emulator.machine import Machine, board_of
from toolchain.problems import Problem, SettingsError, short
from toolchain.settings import PlaceRule


def chips_of(rule: PlaceRule, machine: Machine) -> tuple[NDArray[np.bool_], str]:
    """The chips that a rule allows, bool[width, height], and what to call them.

    Raises
    ------
    SettingsError
        If the machine has no such place.
    """
    chips = np.zeros_like(machine.cores, np.bool_)
    if rule.chip is not None:
        where = f"chip {rule.chip}"
        if not machine.has_chip(*rule.chip):
            raise wrong(rule, f"cannot be on {where}, which {machine.name} lacks")
        chips[rule.chip] = True
        if rule.core is not None:
            where = f"core {rule.core} of {where}"
            if not 1 <= rule.core <= machine.cores[rule.chip]:
                there = f"which has cores 1 to {machine.cores[rule.chip]}"
                raise wrong(rule, f"cannot be on {where}, {there}")
    elif rule.board is not None:
        where = f"board {rule.board}"
        chips |= board_of(machine) == rule.board
    elif rule.region is not None:
        region = rule.region
        where = f"chips ({region.x0}, {region.y0}) to ({region.x1}, {region.y1})"
        chips[max(region.x0, 0) : max(region.x1 + 1, 0), max(region.y0, 0) : max(region.y1 + 1, 0)] = True
    else:
        raise wrong(rule, "is to be on no place", "say a chip, a chip and a core, a board or a region")
    chips &= machine.cores > 0
    if not chips.any():
        raise wrong(rule, f"cannot be on {where}: {machine.name} has no chips there")
    return chips, where


def lacking(machine: Machine, rules: Iterable[PlaceRule]) -> tuple[Problem, ...]:
    """The places that `rules` name and `machine` does not have."""
    found: list[Problem] = []
    for rule in rules:
        try:
            if rule.kind == "on":
                chips_of(rule, machine)
        except SettingsError as error:
            found += error.problems
    return tuple(found)


def has_room(machine: Machine, vertices: int, rules: Iterable[PlaceRule]) -> bool:
    """Whether each of so many vertices could have a chip for itself, on a place that `rules` name, too.

    A larger machine is then of no use.  It has none for what is on a chip or a board; a region that goes beyond the
    machine has more chips on a larger one.
    """
    beyond = (
        rule
        for rule in rules
        if rule.region is not None and (rule.region.x1 >= machine.width or rule.region.y1 >= machine.height)
    )
    return machine.chips >= vertices and all(
        np.count_nonzero(chips_of(rule, machine)[0]) >= vertices for rule in beyond
    )


def wrong(rule: PlaceRule, what: str, *hints: str) -> SettingsError:
    """The error that what a rule is about is not as it must be."""
    return SettingsError([Problem(f"'{short(rule.pattern)}' {what}", rule.origin, hints)])
