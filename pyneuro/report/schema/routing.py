"""The parts that tell keys, routes and tables."""

from __future__ import annotations

from dataclasses import dataclass

from pyneuro.report.schema.board import LinkTraffic
from pyneuro.report.schema.columns import NetColumns, TableColumns

Entry = tuple[str, str, str]
"""Key and mask, hexadecimal, and the route: links by name, then cores, as ``E SW 3 5-7``."""


@dataclass(frozen=True)
class NetRow:
    """The multicast tree of one source.

    Parameters
    ----------
    label : str
        The slice or vertex that sends, on core `p` of chip (x, y).
    keys : int
        Keys that it sends, from `key` on.
    weight : float
        Packets if every neuron of it fires once.
    sinks : int
        Cores that hear it.
    chips, links, longest : int
        Chips and links of the tree; links to its farthest chip.
    path : str, optional
        The tree as a walk that begins at the source: a letter delivers to a core of the chip (``b`` is core 1, ``c``
        core 2), a digit goes over that link, ``^`` goes back.  None where it is left out.
    digest : str
        Hexadecimal digits that differ where the chips, links or cores of two trees do.
    """

    label: str
    x: int
    y: int
    p: int
    key: str
    mask: str
    keys: int
    weight: float
    sinks: int
    chips: int
    links: int
    longest: int
    path: str | None
    digest: str


@dataclass(frozen=True)
class RoutesSection:
    """The multicast trees.

    Parameters
    ----------
    hops : float
        Link traversals if every source neuron fires once.
    links_used : int
        Links that carry any packet.
    longest_path : int
        Links from a source to its farthest sink, over all trees.
    mean_links, most_links : float, int
        Links of a tree.
    busiest : tuple of LinkTraffic
        The links with the most traffic, most first.
    rows, omitted : tuple of NetRow, int
        The trees themselves, and how many there are more.
    more : NetColumns, optional
        Those that follow, up to a number.
    digest : str
        Of all trees.
    """

    nets: int
    hops: float
    links_used: int
    longest_path: int
    mean_links: float
    most_links: int
    busiest: tuple[LinkTraffic, ...]
    rows: tuple[NetRow, ...]
    omitted: int
    more: NetColumns | None
    digest: str

    @property
    def untold(self) -> int:
        """Trees about which no more is told than that digest."""
        return self.omitted - (len(self.more) if self.more else 0)

    @property
    def untraced(self) -> int:
        """Trees whose paths are not told."""
        return self.omitted + sum(row.path is None for row in self.rows)


@dataclass(frozen=True)
class KeyRow:
    """The keys of one population: how many it needs, how many its blocks hold, and where these lie (hexadecimal)."""

    population: str
    nets: int
    keys: int
    held: int
    lowest: str
    highest: str


@dataclass(frozen=True)
class KeysSection:
    """The key space: 2**32 keys, of which `held` are given away to `nets`; `fixed` of the nets by the user.

    `digest` is that of the keys and masks of all nets.
    """

    nets: int
    keys: int
    held: int
    fixed: int
    rows: tuple[KeyRow, ...]
    omitted: int
    digest: str


@dataclass(frozen=True)
class TableRow:
    """Routing entries of one chip.

    Parameters
    ----------
    generated, minimised : int
        As generated, one for each tree that visits the chip; and as loaded.
    defaultable : int
        Generated ones that default routing would replace.
    link_only : int
        Generated ones that deliver to no core.
    unique_routes : int
        Different routes among them.
    digest : str
        Hexadecimal digits that differ where the entries do, as loaded.
    """

    x: int
    y: int
    generated: int
    minimised: int
    defaultable: int
    link_only: int
    unique_routes: int
    digest: str


@dataclass(frozen=True)
class ChipEntries:
    """The entries of one chip, first the one that is looked at first: as generated, and as loaded."""

    x: int
    y: int
    generated: tuple[Entry, ...]
    minimised: tuple[Entry, ...]


@dataclass(frozen=True)
class TablesSection:
    """Routing tables, fullest first; `limit` is what a chip holds.

    Parameters
    ----------
    defaultable, link_only : int
        Of all generated entries.
    entries : tuple of ChipEntries
        The entries themselves, of the first chips; of further chips those that are loaded.  Tables are whole, but for
        very long ones as generated.
    rows, omitted : tuple of TableRow, int
        The chips, and how many there are more.
    more : TableColumns, optional
        Those that follow, up to a number.
    digest : str
        Of all entries, as loaded.
    """

    generated: int
    minimised: int
    most: int
    limit: int
    chips: int
    defaultable: int
    link_only: int
    rows: tuple[TableRow, ...]
    omitted: int
    more: TableColumns | None
    digest: str
    entries: tuple[ChipEntries, ...]

    @property
    def untold(self) -> int:
        """Chips about which no more is told than that digest."""
        return self.omitted - (len(self.more) if self.more else 0)
