"""Linking packets to rows: as the search of the population table would, key by key."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from images import FULL, image, neurons, route, source, stages, table

from emulator.fabric import trace
from emulator.hearing import hearing
from emulator.image import MachineImage, NeuronCore
from emulator.link import link

Block = tuple[int, int]


@st.composite
def tables_of_one_core(draw: st.DrawFn) -> MachineImage:
    """Two senders whose blocks the population table covers, divides, joins or leaves out."""
    cuts = sorted(draw(st.sets(st.integers(0, 31), max_size=5)))
    blocks: list[Block] = []
    start = 0x100
    for at in [*cuts, 32]:
        # Aligned ranges, the largest that fit, some of them left out.
        while start < 0x100 + at:
            size = min(start & -start, 1 << (0x100 + at - start).bit_length() - 1)
            if draw(st.booleans()):
                blocks.append((start, FULL & ~(size - 1)))
            start += size
    cells = neurons(2, [(key, mask, [[(0, 1, 1, 0)]] * (-mask & FULL)) for key, mask in blocks])
    senders = [
        source(draw(st.integers(1, 16)), [], 0x100, (0, 0, 2)),
        source(draw(st.integers(1, 16)), [], 0x110, (0, 0, 3), label="second"),
    ]
    entries = [(0x105, FULL & ~0x0A, route(1))] if draw(st.booleans()) else []
    return image([cells, *senders], [table(0, 0, *entries, (0x100, FULL & ~0xFF, route(1)))])


@settings(max_examples=200)
@given(tables_of_one_core())
def test_feeds_find_what_the_search_finds(made: MachineImage) -> None:
    fabric = trace(made)
    feeds = link(made, fabric)
    cells = made.cores[0]
    assert isinstance(cells, NeuronCore)
    assert feeds.start.tolist() == [0, len(feeds.source), len(feeds.source), len(feeds.source)]
    assert np.all(np.diff(feeds.source) >= 0)
    for number, sender in enumerate(made.cores):
        for i in range(sender.n if number else 0):
            found = np.flatnonzero((sender.key | i) & cells.table.mask == cells.table.key)
            mine = (feeds.source == number) & (i & feeds.filter_mask == feeds.filter_key)
            assert np.count_nonzero(mine) == 1
            (feed,) = np.flatnonzero(mine)
            if not len(found):
                assert feeds.base[feed] == -1
                continue
            (entry,) = found
            stride = int(cells.table.stride[entry])
            wanted = int(cells.table.address[entry]) + ((sender.key | i) & ~int(cells.table.mask[entry])) * stride
            assert feeds.base[feed] + (i & int(feeds.index_mask[feed])) * int(feeds.stride[feed]) == wanted


def test_hearing_holds_every_feed_once() -> None:
    """A hundred senders, of which core 0 hears some; the sets give back the feeds in their order."""
    rng = np.random.default_rng(3)
    places = [(x, y, p) for x in range(4) for y in range(4) for p in range(1, 8)][:100]
    heard = rng.random(100) < 0.4
    cores = [neurons(1, place=place, key=number + 1, label=str(number)) for number, place in enumerate(places)]
    entries = [(number + 1, FULL, route(1)) for number in np.flatnonzero(heard).tolist()]
    local = [(x, y) for x, y, _ in places if (x, y) != (0, 0)]
    tables = [table(x, 0, *[(k, m, route(links=[3])) for k, m, _ in entries]) for x in range(1, 4)]
    tables += [table(x, y, *[(k, m, route(links=[5])) for k, m, _ in entries]) for x, y in set(local) if y]
    made = image(cores, [table(0, 0, *entries), *tables])
    feeds = link(made, trace(made))
    sets = hearing(feeds)
    found = []
    for w in range(int(sets.start[0]), int(sets.start[1])):
        bits = [b for b in range(64) if int(sets.bits[w]) >> b & 1]
        for k, b in enumerate(bits):
            first = int(sets.first[w]) + k
            span = range(int(sets.pair_start[first]), int(sets.pair_start[first + 1]))
            span = range(first, first + 1) if sets.single[w] else span
            assert feeds.source[list(span)].tolist() == [64 * int(sets.word[w]) + b] * len(span)
            found += list(span)
    assert found == list(range(int(feeds.start[1])))
    assert sorted(set(feeds.source[found].tolist())) == np.flatnonzero(heard).tolist()


def test_a_delay_core_hears_its_slice_and_nothing_else() -> None:
    heard, other = source(6, [], 0x100, (0, 0, 2)), source(6, [], 0x200, (0, 0, 4), label="other")
    delay = stages(heard, np.ones((1, 6), dtype=bool), 0x300)
    made = image([heard, other, delay], [table(0, 0, (0x100, FULL & ~7, route(3)), (0x200, FULL & ~7, route(3)))])
    feeds = link(made, trace(made))
    assert feeds.base.tolist() == [0, -1]
    assert feeds.index_mask[0] == 7
    assert feeds.stride[0] == 1
