"""What is said about the machine: its name, its figures, what of it does not work or is kept off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import Any

from emulator.errors import MachineError
from emulator.machine import named
from toolchain.language import syntax
from toolchain.language.judge import Judge
from toolchain.language.specs import DEAD_CORES, MACHINE
from toolchain.machines import faults
from toolchain.problems import nearest
from toolchain.settings import Chip, MachineSettings, Origin

Said = tuple[tuple[int, int, int], Origin]
"""Cores of a chip that do not work, or a link; and where that was said."""


class MachineJudge(Judge):
    """Takes the statements about the machine."""

    def __init__(self) -> None:
        super().__init__()
        self.of_machine: dict[str, Any] = {}
        self.dead: dict[Chip, Origin] = {}
        self.dead_cores: list[Said] = []
        self.dead_links: list[Said] = []
        self.forbidden: list[Said] = []
        self.origins: dict[str, Origin] = {}

    @property
    def machine_settings(self) -> MachineSettings:
        """What was said."""
        lists: dict[str, Sequence[tuple[Any, Origin]]] = {
            "dead_chips": list(self.dead.items()),
            "dead_cores": self.dead_cores,
            "dead_links": self.dead_links,
            "forbidden_links": self.forbidden,
        }
        fields: dict[str, Any] = {name: tuple(one for one, _ in said) for name, said in lists.items()}
        items = {f"{name}.{i}": origin for name, said in lists.items() for i, (_, origin) in enumerate(said)}
        plain = {name: origin for name, origin in self.origins.items() if name in self.of_machine}
        return MachineSettings(**fields, **self.of_machine, origins=MappingProxyType(plain | items))

    def check_machine(self) -> None:
        """Refuse what the machine that is named cannot be."""
        if self.machine is not None:
            self.problems += faults(self.machine, self.machine_settings)

    def take_machine(self, statement: syntax.Machine) -> None:
        """Find the machine of that name, so that what is said of its chips can be checked."""
        if not self.once("the machine", statement.at()):
            return
        name = str(statement.name)
        try:
            self.machine = named(name)
        except MachineError as error:
            self.wrong(str(error), statement.at(), *nearest(name, ("spin3", "spin5"), near_only=True))
        else:
            self.of_machine.update(name=self.machine.name, origin=statement.at())

    def take_clock(self, statement: syntax.Clock) -> None:
        """Take the clock."""
        if self.once("the clock", statement.at()):
            self._figure("clock_hz", "clock", statement.frequency, statement.at("frequency"))

    def take_link_capacity(self, statement: syntax.LinkCapacity) -> None:
        """Take the capacity of links."""
        if self.once("the capacity of links", statement.at()):
            self._figure("link_capacity", "link capacity", statement.rate, statement.at("rate"))

    def take_reserve(self, statement: syntax.Reserve) -> None:
        """Take what is kept off every chip."""
        if self.once("what to reserve", statement.at()):
            self._figure("reserved_cores", "cores", statement.cores, statement.at("cores"))
            self._figure("reserved_sdram_bytes", "sdram", statement.sdram, statement.at("sdram"))
            self._figure("reserved_entries", "entries", statement.entries, statement.at("entries"))

    def _figure(self, name: str, what: str, value: object, origin: Origin) -> None:
        spec = MACHINE[what]
        number = self.number(spec.meaning, spec, value, origin)
        if number is not None:
            self.of_machine[name] = number
            self.origins[name] = origin

    def take_dead_chips(self, statement: syntax.DeadChips) -> None:
        """Take chips that do not work."""
        self.origins.setdefault("dead_chips", statement.at())
        for i, at in enumerate(statement.chips):
            chip = self.chip(at, statement.at(f"chips.{i}"))
            if chip is not None:
                self.dead.setdefault(chip, statement.at(f"chips.{i}"))

    def take_dead_cores(self, statement: syntax.DeadCores) -> None:
        """Take cores that do not work."""
        self.origins.setdefault("dead_cores", statement.at())
        chip = self.chip(statement.chip, statement.at("chip"))
        number = self.whole("the number of dead cores", DEAD_CORES, statement.number, statement.at("number"))
        if chip is not None and number is not None:
            self.dead_cores.append(((*chip, number), statement.at("number")))

    def take_dead_links(self, statement: syntax.DeadLinks) -> None:
        """Take links that do not work."""
        self.origins.setdefault("dead_links", statement.at())
        self.dead_links += self._links(statement)

    def take_forbidden_links(self, statement: syntax.ForbiddenLinks) -> None:
        """Take links that no route may take."""
        self.origins.setdefault("forbidden_links", statement.at())
        self.forbidden += self._links(statement)

    def _links(self, statement: syntax.DeadLinks | syntax.ForbiddenLinks) -> Iterable[Said]:
        for i, given in enumerate(statement.links):
            link = self.link(given, statement, f"links.{i}")
            if link is not None:
                yield link, statement.at(f"links.{i}")
