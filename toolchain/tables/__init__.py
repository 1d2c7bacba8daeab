"""Tables: the routing table of each chip, generated from keys and trees, then made smaller.

`generate` is a function ``(machine, keys, routes) -> Tables``; a minimiser is a function
``(machine, keys, routes, tables, *, options) -> Tables``, and its tables send every key that is used where the
generated ones do.
"""

from __future__ import annotations

from dataclasses import dataclass

from emulator.image import RoutingTable


@dataclass(frozen=True, eq=False)
class Tables:
    """Routing tables by chip, ordered by (x, y); chips that need none are absent."""

    tables: tuple[RoutingTable, ...]

    @property
    def entries(self) -> int:
        """Entries in all tables."""
        return sum(len(table.key) for table in self.tables)

    @property
    def entries_max(self) -> int:
        """Entries of the fullest table."""
        return max((len(table.key) for table in self.tables), default=0)
