"""Synaptic rows against a plain reading of the synapses, one at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import cells, connect, networks

from toolchain.network import Network
from toolchain.options import MappingOptions
from toolchain.rows import Blocks, Slicing, build_rows, plan_rows, stage_sends, word_layout
from toolchain.weights import ring_buffer_shifts
from toolchain.workload import prepare

Row = list[tuple[int, int, int, int]]
"""Weight, delay, synapse type and target of each word."""
OPTIONS = MappingOptions()


def read_rows(network: Network, slicing: Slicing) -> dict[tuple[int, int, int, int], Row]:
    """All rows that are not empty: (target piece, source piece, stage, row in block) to words."""
    workload = prepare(network, OPTIONS)
    blocks = plan_rows(workload.fixed, slicing)
    shifts = ring_buffer_shifts(workload, OPTIONS)
    rows: dict[tuple[int, int, int, int], Row] = {}
    for population in range(len(network.populations)):
        words = build_rows(workload, slicing, blocks, population, shifts)
        index_bits, type_bits = word_layout(network, slicing, population)
        span = blocks.of_targets(slicing.first[population], slicing.pieces(population))
        for block in range(span.start, span.stop):
            for row in range(blocks.rows[block]):
                at = blocks.first_word[block] - blocks.first_word[span.start] + row * blocks.stride[block]
                _, n, _ = words[at : at + 3]
                assert not words[at + 3 + n : at + blocks.stride[block]].any()
                where = (int(blocks.target[block]), int(blocks.source[block]), int(blocks.stage[block]), row)
                found = [decode(int(word), index_bits, type_bits) for word in words[at + 3 : at + 3 + n]]
                if found:
                    rows[where] = found
    return rows


def decode(word: int, index_bits: int, type_bits: int) -> tuple[int, int, int, int]:
    """Weight, delay, synapse type and target of a word."""
    low = word & 0xFFFF
    delay = (low >> (index_bits + type_bits)) & 15
    return word >> 16, delay or 16, (low >> index_bits) & ((1 << type_bits) - 1), low & ((1 << index_bits) - 1)


def expected_rows(network: Network, slicing: Slicing) -> dict[tuple[int, int, int, int], Row]:
    """The same, from the synapses one by one."""
    shifts = ring_buffer_shifts(prepare(network, OPTIONS), OPTIONS)
    rows: dict[tuple[int, int, int, int], Row] = {}
    for made in network.projections:
        weights, delays = np.broadcast_to(made.weight, len(made)), np.broadcast_to(made.delay, len(made))
        for pre, post, weight, delay in zip(made.pre.tolist(), made.post.tolist(), weights, delays, strict=True):
            steps = max(1, int(np.rint(delay / network.timestep)))
            stage = (steps - 1) // 16
            source, row = divmod(pre, slicing.per_core[made.source])
            target, index = divmod(post, slicing.per_core[made.target])
            kind = ["excitatory", "inhibitory"].index(made.receptor)
            stored = int(np.rint(abs(weight) * 2.0 ** (15 - shifts[made.target][kind])))
            where = (target + slicing.first[made.target], source + slicing.first[made.source], stage, row)
            rows.setdefault(where, []).append((stored, steps - 16 * stage, kind, index))
    return rows


@given(network=networks(), data=st.data())
@settings(max_examples=60, deadline=None)
def test_rows_hold_every_synapse_once_in_the_order_made(network: Network, data: st.DataObject) -> None:
    sizes = tuple(population.size for population in network.populations)
    slicing = Slicing.uniform(sizes, tuple(data.draw(st.integers(1, 50)) for _ in sizes))
    assert read_rows(network, slicing) == expected_rows(network, slicing)


@given(network=networks())
@settings(max_examples=30, deadline=None)
def test_stages_and_what_they_send(network: Network) -> None:
    slicing = Slicing.uniform(
        tuple(population.size for population in network.populations), (7,) * len(network.populations)
    )
    blocks = plan_rows(prepare(network, OPTIONS).fixed, slicing)
    rows = expected_rows(network, slicing)
    sends = stage_sends(blocks)
    for piece in range(slicing.all_pieces):
        repeated = {(stage, row) for _, source, stage, row in rows if source == piece and stage}
        found = sends.pop(piece, np.zeros((0, 0), np.bool_))
        assert len(found) == max((stage for stage, _ in repeated), default=0)
        assert {(stage + 1, row) for stage, row in np.argwhere(found).tolist()} == repeated
    assert not sends


def test_a_network_without_synapses_has_no_rows() -> None:
    network = Network("empty", 1.0, (cells("a", 3),), ())
    blocks = plan_rows(prepare(network, OPTIONS).fixed, Slicing.uniform((3,), (2,)))
    assert isinstance(blocks, Blocks)
    assert len(blocks.target) == 0
    assert len(build_rows(prepare(network, OPTIONS), Slicing.uniform((3,), (2,)), blocks, 0, ((0, 0),))) == 0


@pytest.mark.parametrize(
    ("size", "per_core", "bits"), [(1, 256, 1), (2, 256, 1), (3, 256, 2), (300, 256, 8), (300, 100, 7)]
)
def test_the_index_is_as_wide_as_the_fullest_core_needs(size: int, per_core: int, bits: int) -> None:
    network = Network("n", 1.0, (cells("a", size),), (connect((0, 0), [(0, 0)]),))
    assert word_layout(network, Slicing.uniform((size,), (per_core,)), 0) == (bits, 1)
