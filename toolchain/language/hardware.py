"""What is said about the machine: its name, its figures, what of it does not work or is kept off."""

from __future__ import annotations

from typing import Any

from emulator.errors import MachineError
from emulator.machine import named
from toolchain.language import syntax
from toolchain.language.judge import Judge
from toolchain.language.specs import DEAD_CORES, MACHINE
from toolchain.problems import nearest
from toolchain.settings import Chip, MachineSettings, Origin


class MachineJudge(Judge):
    """Takes the statements about the machine."""

    def __init__(self) -> None:
        super().__init__()
        self.of_machine: dict[str, Any] = {}
        self.dead: dict[Chip, Origin] = {}
        self.dead_cores: list[tuple[int, int, int]] = []
        self.dead_links: list[tuple[int, int, int]] = []
        self.forbidden: list[tuple[int, int, int]] = []
        self.origins: dict[str, Origin] = {}

    @property
    def machine_settings(self) -> MachineSettings:
        """What was said."""
        return MachineSettings(
            dead_chips=tuple(self.dead),
            dead_cores=tuple(self.dead_cores),
            dead_links=tuple(self.dead_links),
            forbidden_links=tuple(self.forbidden),
            **self.of_machine,
        )

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
            self.dead_cores.append((*chip, number))

    def take_dead_links(self, statement: syntax.DeadLinks) -> None:
        """Take links that do not work."""
        self.origins.setdefault("dead_links", statement.at())
        self.dead_links += self._links(statement)

    def take_forbidden_links(self, statement: syntax.ForbiddenLinks) -> None:
        """Take links that no route may take."""
        self.origins.setdefault("forbidden_links", statement.at())
        self.forbidden += self._links(statement)

    def _links(self, statement: syntax.DeadLinks | syntax.ForbiddenLinks) -> list[tuple[int, int, int]]:
        found = (self.link(link, statement, f"links.{i}") for i, link in enumerate(statement.links))
        return [link for link in found if link is not None]
