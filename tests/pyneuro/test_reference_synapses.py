"""Rows and the delay line against plain numpy."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import connect, networks
from numpy.typing import NDArray

from pyneuro.reference.delivery import order_by_source
from pyneuro.reference.synapses import DelayLine, rows
from toolchain.network import Network

Floats = NDArray[np.float64]


@given(st.lists(st.integers(0, 9), max_size=60))
def test_rows_are_a_stable_sort(sources: list[int]) -> None:
    pre = np.array(sources, np.int32)
    offsets, order = np.zeros(12, np.int64), np.empty(len(pre), np.uint32)
    order_by_source(pre, offsets, order)
    np.testing.assert_array_equal(order, np.argsort(pre, kind="stable"))
    np.testing.assert_array_equal(np.diff(offsets[:11]), np.bincount(pre, minlength=10))
    assert offsets[0] == 0


def spread(network: Network, fired: NDArray[np.int64], step: int, ring: Floats) -> Floats:
    """What `ring` must hold after all of `fired` have sent in `step`, synapse by synapse."""
    expected = ring.copy()
    for projection in network.projections:
        delays = np.broadcast_to(np.maximum(np.rint(projection.delay), 1.0), len(projection)).astype(int)
        weights = np.broadcast_to(np.asarray(projection.weight), len(projection))
        for source in fired.tolist():
            for synapse in np.flatnonzero(projection.pre == source).tolist():
                slot = (step + delays[synapse]) % len(expected)
                expected[slot, projection.post[synapse]] += weights[synapse]
    return expected


@settings(max_examples=50, deadline=None)
@given(networks(longest_delay=9.0), st.integers(-1, 30), st.data())
def test_delivery_adds_each_weight_once(network: Network, step: int, data: st.DataObject) -> None:
    sizes = [population.size for population in network.populations]
    out = [rows(p, sizes[p.source], sizes[p.target], 0, 1.0) for p in network.projections]
    line = DelayLine(10, 40)
    line.ring[:] = np.arange(400).reshape(10, 40)
    fired = np.array(sorted(data.draw(st.sets(st.integers(0, min(sizes) - 1)))), np.int64)
    expected = spread(network, fired, step, line.ring)
    for made in out:
        line.send(fired, made, step)
    np.testing.assert_allclose(line.ring, expected, rtol=1e-14)


def test_one_weight_for_all_stays_one() -> None:
    made = rows(connect((0, 1), [(1, 2), (0, 1), (1, 0)], 0.5, 2.0), 2, 3, 10, 1.0)
    assert (made.weights.tolist(), made.delays.tolist()) == ([0.5], [2])
    assert made.targets.tolist() == [11, 12, 10]
    assert made.offsets.tolist() == [0, 1, 3]


@given(st.integers(1, 6), st.integers(1, 12), st.integers(0, 40))
def test_a_longer_line_keeps_what_is_under_way(slots: int, more: int, step: int) -> None:
    line = DelayLine(slots, 2)
    line.ring[:] = np.arange(1, 2 * slots + 1).reshape(slots, 2)
    before = [line.slot(step + ahead).tolist() for ahead in range(slots)]
    line.lengthen(more, step)
    assert len(line.ring) == max(slots, more)
    assert [line.slot(step + ahead).tolist() for ahead in range(slots)] == before
    assert line.ring.sum() == np.sum(before)
