"""Which trees go another way, and which chips have other entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pyneuro.report import Report
from pyneuro.report.difference.change import ABSENT, Change, numbered, some
from pyneuro.report.schema.routing import Entry
from pyneuro.report.words import amount, count
from toolchain.graph import population_of

Chip = tuple[int, int]


# --- trees -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """The tree of a slice."""

    label: str
    digest: str
    links: int
    weight: float


def routes(before: Report, after: Report) -> Iterator[Change]:
    """Populations some trees of which go another way."""
    old, new = _trees(before), _trees(after)
    for population in dict.fromkeys([*old, *new]):
        was, now = old.get(population, {}), new.get(population, {})
        if was != now:
            yield Change("routes of populations", population, _sum(was), _sum(now), _other_ways(was, now))


def _trees(report: Report) -> dict[str, dict[str, Way]]:
    """The trees by population and slice."""
    found: dict[str, dict[str, Way]] = {}
    for label, way in numbered((way.label, way) for way in _all(report)).items():
        found.setdefault(population_of(way.label), {})[label] = way
    return found


def _all(report: Report) -> Iterator[Way]:
    if report.routes is None:
        return
    for row in report.routes.rows:
        yield Way(row.label, row.digest, row.links, row.weight)
    if more := report.routes.more:
        yield from (Way(*way) for way in zip(more.label, more.digest, more.links, more.weight, strict=True))


def _sum(trees: Mapping[str, Way]) -> str:
    if not trees:
        return ABSENT
    links, hops = sum(way.links for way in trees.values()), sum(way.links * way.weight for way in trees.values())
    return f"{amount(len(trees), 'tree')}, {amount(links, 'link')}, {count(hops)} hops"


def _other_ways(was: Mapping[str, Way], now: Mapping[str, Way]) -> str:
    """Which trees go another way, if there are trees of the same slices."""
    if was.keys() != now.keys():
        return ""
    other = [label for label in was if was[label].digest != now[label].digest]
    if len(other) == len(was):
        return "all go another way" if len(other) > 1 else "it goes another way"
    return f"{len(other):,} of {len(was):,} go another way: {some(other)}" if other else ""


# --- tables ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Loaded:
    """The table of a chip: entries as generated and as loaded, a digest of these, and these, if the report has them."""

    generated: int
    minimised: int
    digest: str
    entries: tuple[Entry, ...] | None


@dataclass(frozen=True)
class Turnover:
    """Entries of a chip that came and that went."""

    came: int
    went: int

    @property
    def told(self) -> str:
        """The same in words."""
        return f"{self.came:,} came, {self.went:,} went" if self.came or self.went else "in another order"


NO_TABLE = Loaded(0, 0, "", ())


def tables(before: Report, after: Report) -> Iterator[Change]:
    """Chips with other entries, those with the most first, and all together."""
    old, new = _tables(before), _tables(after)
    changed = {
        chip: _turnover(old.get(chip, NO_TABLE), new.get(chip, NO_TABLE))
        for chip in sorted(old.keys() | new.keys())
        if _differ(old.get(chip), new.get(chip))
    }
    if not changed:
        return
    yield Change("routing tables", "all chips", _whole(before), _whole(after), _summed(changed, len(old | new)))
    for chip in sorted(changed, key=lambda chip: (-_size(changed[chip]), chip)):
        turnover = changed[chip]
        remark = turnover.told if turnover else "other entries"
        yield Change("routing tables", f"chip {chip}", _lengths(old.get(chip)), _lengths(new.get(chip)), remark)


def _tables(report: Report) -> dict[Chip, Loaded]:
    if report.tables is None:
        return {}
    entries = {(chip.x, chip.y): chip.minimised for chip in report.tables.entries}
    told = [(row.x, row.y, row.generated, row.minimised, row.digest) for row in report.tables.rows]
    if more := report.tables.more:
        told += zip(more.x, more.y, more.generated, more.minimised, more.digest, strict=True)
    found = {}
    for x, y, generated, minimised, digest in told:
        held = entries.get((x, y), ())
        found[x, y] = Loaded(generated, minimised, digest, held if len(held) == minimised else None)
    return found


def _differ(was: Loaded | None, now: Loaded | None) -> bool:
    def told(table: Loaded | None) -> tuple[int, int, str]:
        return (0, 0, "") if table is None else (table.generated, table.minimised, table.digest)

    return told(was) != told(now)


def _turnover(was: Loaded, now: Loaded) -> Turnover | None:
    """None where the reports do not have the entries."""
    if was.entries is None or now.entries is None:
        return None
    old, new = Counter(was.entries), Counter(now.entries)
    return Turnover((new - old).total(), (old - new).total())


def _size(turnover: Turnover | None) -> int:
    return turnover.came + turnover.went if turnover else 0


def _summed(changed: Mapping[Chip, Turnover | None], chips: int) -> str:
    known = [turnover for turnover in changed.values() if turnover]
    came, went = sum(one.came for one in known), sum(one.went for one in known)
    told = f"{len(changed):,} of {amount(chips, 'chip')} changed: {came:,} entries came, {went:,} went"
    unknown = len(changed) - len(known)
    return f"{told}, those of {amount(unknown, 'chip')} not counted" if unknown else told


def _whole(report: Report) -> str:
    tables = report.tables
    return ABSENT if tables is None else f"{tables.generated:,} generated, {tables.minimised:,} loaded"


def _lengths(table: Loaded | None) -> str:
    return ABSENT if table is None else f"{table.generated:,} generated, {table.minimised:,} loaded"
