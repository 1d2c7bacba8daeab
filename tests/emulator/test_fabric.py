"""Walks through routing tables: known by hand, and key by key."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from images import FULL, all_to_all, image, neurons, route, source, stages, table
from slow_emulator import walk_one

from emulator.errors import ImageError
from emulator.fabric import Fabric, block_packets, key_limit, link_traffic, trace
from emulator.image import MachineImage, RoutingTable
from emulator.machine import spin5, torus, without

KEY, MASK = 0x100, 0xFFFFFFF8
E, NE, N, W, SW, S = range(6)


def far_source(tables: list[RoutingTable], n: int = 8) -> MachineImage:
    """Eight sources at chip (0, 0), cells at (2, 0) and at (0, 0)."""
    cores = [source(n, [], KEY, (0, 0, 2)), neurons(1, place=(2, 0, 1)), neurons(1, place=(0, 0, 1), label="near")]
    return image(cores, tables)


def deliveries(fabric: Fabric) -> list[tuple[int, int, int]]:
    """(key, mask, core) of each."""
    key, mask = fabric.key[fabric.delivery_block].tolist(), fabric.mask[fabric.delivery_block].tolist()
    return sorted(zip(key, mask, fabric.delivery_core.tolist(), strict=True))


def test_straight_on_through_a_chip_without_table() -> None:
    made = far_source([table(0, 0, (KEY, MASK, route(links=[E]))), table(2, 0, (KEY, MASK, route(1)))])
    fabric = trace(made)
    assert deliveries(fabric) == [(KEY, MASK, 1)]
    height = made.machine.height
    assert fabric.hop_link.tolist() == [E, 6 * height + E]
    assert not len(fabric.drop_block)


def test_straight_on_goes_round_the_torus_until_it_is_a_circle() -> None:
    with pytest.raises(ImageError, match=r"packets of 'input\[0:8\]' with key 0x00000100 walk in a circle at chip"):
        trace(far_source([table(0, y, (KEY, MASK, route(links=[N]))) for y in (0, 2)]))


def test_a_local_packet_without_entry_is_dropped() -> None:
    fabric = trace(far_source([]))
    assert fabric.drop_chip.tolist() == [0]
    assert not len(fabric.delivery_block) + len(fabric.hop_block)


def test_the_lowest_entry_wins() -> None:
    entries = (KEY, MASK, route(1)), (KEY, MASK, route(links=[E]))
    assert deliveries(trace(far_source([table(0, 0, *entries)]))) == [(KEY, MASK, 2)]


def test_an_entry_that_takes_a_part_divides_the_block() -> None:
    entries = (KEY | 5, MASK | 5, route(1)), (KEY, MASK, route(links=[E]))
    fabric = trace(far_source([table(0, 0, *entries), table(2, 0, (KEY, MASK, route(1)))]))
    assert deliveries(fabric) == [
        (KEY, MASK | 4, 1),  # 0xx
        (KEY | 4, MASK | 5, 1),  # 1x0
        (KEY | 5, MASK | 5, 2),  # 1x1
    ]


def test_parts_that_no_neuron_sends_are_not_walked() -> None:
    """Keys 5, 6 and 7 are not in use, so their missing route is no fault."""
    entries = (KEY, MASK | 4, route(1)), (KEY | 4, MASK | 7, route(1))
    fabric = trace(far_source([table(0, 0, *entries)], n=5))
    assert deliveries(fabric) == [(KEY, MASK | 4, 2), (KEY | 4, MASK | 7, 2)]
    assert not len(fabric.drop_block)


def test_drops_at_absent_links_cores_and_empty_routes() -> None:
    everywhere = route(1, 9, links=[E, S])
    tables = [table(7, 3, (KEY, MASK, everywhere)), table(6, 3, (KEY, MASK, 0))]
    cores = [source(8, [], KEY, (7, 3, 2)), neurons(1, place=(7, 3, 1))]
    assert trace(image(cores, tables, spin5())).drop_chip.tolist() == [7 * 8 + 3] * 3
    west = [table(7, 3, (KEY, MASK, route(links=[W]))), tables[1]]
    assert trace(image(cores, west, spin5())).drop_chip.tolist() == [6 * 8 + 3]
    broken = without(spin5(), links=[(7, 3, W)])
    assert trace(image(cores, west, broken)).drop_chip.tolist() == [7 * 8 + 3]


def test_a_core_that_two_ways_reach_gets_two_copies() -> None:
    tables = [
        table(0, 0, (KEY, MASK, route(links=[E, NE]))),
        table(1, 0, (KEY, MASK, route(links=[E]))),
        table(1, 1, (KEY, MASK, route(links=[E]))),
        table(2, 1, (KEY, MASK, route(links=[S]))),
        table(2, 0, (KEY, MASK, route(1))),
    ]
    assert deliveries(trace(far_source(tables))) == [(KEY, MASK, 1)] * 2


def test_copies_without_end_are_refused() -> None:
    """Forty diamonds in a row would make 2**40 packets of each."""
    tables = []
    for x in range(80):
        links = [E, NE] if x % 2 == 0 else [E]
        tables.append(table(x, 0, (KEY, MASK, route(links=links))))
        tables.append(table(x, 1, (KEY, MASK, route(links=[S]))))
    tables.append(table(80, 0, (KEY, MASK, route(1))))
    made = image([source(8, [], KEY, (0, 0, 2))], tables, torus(81, 3))
    with pytest.raises(ImageError, match="are copied without end"):
        trace(made)


def test_packets_of_parts_and_of_links() -> None:
    entries = (KEY | 5, MASK | 5, route(1)), (KEY, MASK, route(links=[E]))
    made = far_source([table(0, 0, *entries), table(2, 0, (KEY, MASK, route(1)))])
    fabric = trace(made)
    sent = [np.arange(8), np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)]
    packets = block_packets(fabric, made, sent)
    by_block = dict(zip(fabric.key.tolist(), packets.tolist(), strict=True))
    assert by_block[KEY | 5] == 5 + 7
    traffic = link_traffic(fabric, made.machine, packets)
    assert traffic.sum() == 2 * (28 - 12)
    assert traffic[0, 0, E] == traffic[1, 0, E] == 16


def test_delay_stages_send_only_what_they_repeat() -> None:
    heard = source(5, [], KEY, (0, 0, 2))
    send = np.zeros((3, 5), dtype=bool)
    assert key_limit(stages(heard, send, 0x200)) == 0
    send[1, 3] = True
    delay = stages(heard, send, 0x200)
    assert key_limit(delay) == (1 << 3 | 3) + 1
    fabric = trace(image([heard, delay, neurons(1)], [table(0, 0, (0x200 | 8, FULL & ~7, route(1)), (0, 0, 0))]))
    assert (0x208, FULL & ~7, 2) in deliveries(fabric)


@st.composite
def random_tables(draw: st.DrawFn) -> MachineImage:
    """Tables of random entries that hand packets on eastwards only, so that there is no circle."""
    size = draw(st.integers(1, 8))
    cores = [source(size, [], KEY, (0, 0, 2)), *(neurons(1, place=(x, 0, 1), label=f"at {x}") for x in range(4))]
    tables = []
    for x in range(4):
        entries = []
        for _ in range(draw(st.integers(0, 6))):
            mask = MASK & ~0x100 | draw(st.integers(0, 7)) | draw(st.sampled_from([0, 0x100]))
            key = (KEY | draw(st.integers(0, 7))) & mask
            links = [link for link in ([E, NE] if x < 3 else []) if draw(st.booleans())]
            entries.append((key, mask, route(*draw(st.sets(st.integers(1, 2))), links=links)))
        tables.append(table(x, 0, *entries))
        # One row up everything comes back down, or is lost.
        tables.append(table(x, 1, (KEY, MASK, route(links=[S] if draw(st.booleans()) else []))))
        tables.append(table(x, 2, (KEY, MASK, 0)))
    tables.append(table(4, 0, (KEY, MASK, 0)))
    return image(cores, tables, torus(6, 3))


@settings(max_examples=200, deadline=None)
@given(random_tables())
def test_every_key_goes_where_it_goes_alone(made: MachineImage) -> None:
    fabric = trace(made)
    sender = made.cores[0]
    height = made.machine.height
    for i in range(sender.n):
        alone = walk_one(made, sender, sender.key | i)
        has = (sender.key | i) & fabric.mask == fabric.key
        assert Counter(fabric.delivery_core[has[fabric.delivery_block]].tolist()) == Counter(alone.cores)
        links = Counter((x * height + y) * 6 + link for x, y, link in alone.links)
        assert Counter(fabric.hop_link[has[fabric.hop_block]].tolist()) == links
        drops = Counter(x * height + y for x, y in alone.drops)
        assert Counter(fabric.drop_chip[has[fabric.drop_block]].tolist()) == drops


@settings(max_examples=100, deadline=None)
@given(random_tables(), st.integers(0, 2**32 - 1))
def test_packets_are_conserved(made: MachineImage, seed: int) -> None:
    """At every chip, copies that come in or are sent there are as many as its entries say go out, stay or are lost."""
    fabric = trace(made)
    sent = [np.random.default_rng(seed).integers(0, 9, core.n) for core in made.cores]
    packets = block_packets(fabric, made, sent)
    alone = [walk_one(made, made.cores[0], KEY | i) for i in range(made.cores[0].n)]
    wanted = sum(int(sent[0][i]) * len(one.cores) for i, one in enumerate(alone))
    assert packets[fabric.delivery_block].sum() == wanted
    assert packets[fabric.drop_block].sum() == sum(int(sent[0][i]) * len(one.drops) for i, one in enumerate(alone))
    assert link_traffic(fabric, made.machine, packets).sum() == sum(
        int(sent[0][i]) * len(one.links) for i, one in enumerate(alone)
    )


def test_a_thousand_cores_to_a_thousand_cores() -> None:
    """Tables of 960 entries on 64 chips, nearly a million deliveries."""
    made = all_to_all()
    fabric = trace(made)
    assert len(fabric.delivery_core) == len(made.cores) ** 2
    assert len(fabric.hop_link) == len(made.cores) * 63
