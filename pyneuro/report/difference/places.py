"""Where populations are: their slices, the cores of these, and their keys.

Slices of the same label are compared one by one.  Where a population is cut otherwise, what it takes as a whole is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyneuro.errors import ReportError
from pyneuro.report import Report
from pyneuro.report.difference.change import ABSENT, Change, numbered, some
from pyneuro.report.words import amount, percent
from toolchain.graph import population_of

CHIPS_NAMED = 4
ALL_KEYS = 0xFFFFFFFF


@dataclass(frozen=True)
class Held:
    """A slice on its core; `expected` is the share of a tick that the partitioner counted on."""

    label: str
    kind: str
    neurons: int
    place: tuple[int, int, int]
    key: str | None
    mask: str | None
    expected: float | None

    @property
    def on(self) -> str:
        """The core that it is on."""
        x, y, p = self.place
        return f"{x}, {y}, core {p}"

    @property
    def keys(self) -> str:
        """Its keys."""
        return f"{self.key}/{self.mask}" if self.key else ABSENT


Slices = Mapping[str, Held]
"""By label."""


def slices_of(report: Report) -> dict[str, dict[str, Held]]:
    """The slices that the report tells, by population."""
    found: dict[str, dict[str, Held]] = {}
    for label, held in numbered((held.label, held) for held in _all(report)).items():
        found.setdefault(population_of(held.label), {})[label] = held
    return found


def _all(report: Report) -> Iterator[Held]:
    if report.cores is None:
        return
    for row in report.cores.rows:
        yield Held(row.label, row.kind, row.neurons, (row.x, row.y, row.p), row.key, row.mask, row.expected)
    if more := report.cores.more:
        expected = more.expected or (None,) * len(more)
        places = zip(more.x, more.y, more.p, strict=True)
        told = zip(more.label, more.kind, more.neurons, places, more.key, more.mask, expected, strict=True)
        yield from (Held(*one) for one in told)


def cores(before: Report, after: Report) -> Iterator[Change]:
    """Populations that take other cores, or have more or less to do on them."""
    for population, old, new in pairs(before, after):
        was, now = _taken(old), _taken(new)
        cut = old and new and old.keys() != new.keys()
        if was != now or cut:
            yield Change("cores of populations", population, was, now, "cut at other cells" if cut else "")


def pairs(before: Report, after: Report) -> Iterator[tuple[str, Slices, Slices]]:
    """Each population with its slices before and after."""
    old, new = slices_of(before), slices_of(after)
    for population in dict.fromkeys([*old, *new]):
        yield population, old.get(population, {}), new.get(population, {})


def _taken(slices: Slices) -> str:
    """How many cores of which kind, and what the largest of them have."""
    if not slices:
        return ABSENT
    kinds = Counter(held.kind for held in slices.values())
    told = amount(len(slices), "core")
    if len(kinds) > 1:
        told += f" ({', '.join(f'{number:,} {kind}' for kind, number in sorted(kinds.items()))})"
    told += f", up to {amount(max(held.neurons for held in slices.values()), 'cell')}"
    expected = [held.expected for held in slices.values() if held.expected is not None]
    return f"{told}, {percent(max(expected))} of a tick" if expected else told


@dataclass(frozen=True)
class Aspect:
    """What of slices is compared: of each `one`, and what that has if it differs; of those of a population, `whole`."""

    section: str
    word: str
    one: Callable[[Held], str]
    whole: Callable[[Sequence[Held]], str]


def _compared(before: Report, after: Report, aspect: Aspect) -> Iterator[Change]:
    """For each population how many slices differ, and the first of them; or all, if it is cut otherwise."""
    section, one, whole = aspect.section, aspect.one, aspect.whole
    for population, old, new in pairs(before, after):
        if old.keys() != new.keys():
            was, now = whole([*old.values()]), whole([*new.values()])
            if was != now:
                yield Change(section, population, was, now)
            continue
        differing = [label for label in old if one(old[label]) != one(new[label])]
        if differing:
            first = differing[0]
            remark = (
                f"{len(differing):,} of {len(old):,} slices {aspect.word}, {first} the first" if len(old) > 1 else ""
            )
            yield Change(section, population, one(old[first]), one(new[first]), remark)


def _chips(slices: Sequence[Held]) -> str:
    """The chips that they are on."""
    on = Counter(held.place[:2] for held in slices)
    if not on:
        return ABSENT
    named = some([f"({x}, {y}) × {number}" for (x, y), number in sorted(on.items())], CHIPS_NAMED)
    return f"{amount(len(slices), 'slice')} on {amount(len(on), 'chip')}: {named}"


def _key_space(slices: Sequence[Held]) -> str:
    """How many keys they hold, and where these are."""
    words = [(_word(held.key), _word(held.mask)) for held in slices if held.key and held.mask]
    if not words:
        return ABSENT
    sizes = [(mask ^ ALL_KEYS) + 1 for _, mask in words]
    low, high = min(key for key, _ in words), max(key + size - 1 for (key, _), size in zip(words, sizes, strict=True))
    return f"{amount(len(words), 'net')}, {sum(sizes):,} keys in 0x{low:08x} to 0x{high:08x}"


def _word(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        raise ReportError(f"{text!r} is no key or mask") from None


PLACEMENT = Aspect("placement", "moved", lambda held: held.on, _chips)
KEYS = Aspect("keys", "changed", lambda held: held.keys, _key_space)


def placement(before: Report, after: Report) -> Iterator[Change]:
    """Populations that are elsewhere."""
    yield from _compared(before, after, PLACEMENT)


def keys(before: Report, after: Report) -> Iterator[Change]:
    """Populations that have other keys."""
    yield from _compared(before, after, KEYS)
