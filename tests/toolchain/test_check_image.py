"""The checker of images: the loops that add synapses up against numpy, one by one, and what a violation says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from everything import everything, mapping_of_everything
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import cells, connect, networks

from emulator.image import NeuronCore
from toolchain.check_image import check
from toolchain.check_image.mechanisms import Mechanisms
from toolchain.check_image.packets import traffic_of
from toolchain.check_image.sums import hashes
from toolchain.check_image.synapses import Comparison
from toolchain.check_image.wanted import Wanted
from toolchain.compile import Mapping, compile_network
from toolchain.errors import IllegalProductError
from toolchain.network import Network
from toolchain.options import MappingOptions
from toolchain.settings import Rule


def comparison(network: Network, mapping: Mapping) -> Comparison:
    traffic = traffic_of(network, mapping.partition, mapping.graph_mapping, mapping.image)
    wanted = Wanted(network, mapping.options, mapping.shifts)
    return Comparison(mapping.partition, mapping.image, wanted, traffic, Mechanisms(mapping.image))


def check_all(network: Network, mapping: Mapping) -> None:
    check(network, mapping.partition, mapping.graph_mapping, mapping.image, mapping.options)


@given(network=networks(), per_core=st.integers(1, 30))
@settings(max_examples=30, deadline=None)
def test_sums_are_those_of_the_synapses_one_by_one(network: Network, per_core: int) -> None:
    both = comparison(network, compile_network(network, options=MappingOptions(neurons_per_core=per_core)))
    made, asked = both.sums_of_rows(), both.sums_of_network()
    for number in range(len(both.image.cores)):
        rows = [synapses for _, found in both._rows(number) for synapses in [found.fixed()]]
        assert sum(int(one.hashed.sum(dtype=np.uint64)) for one in rows) % 2**64 == made[number]
        if both.partition.slices[number].kind == "neurons":
            wanted, _ = both._asked(number)
            assert sum(int(one.hashed.sum(dtype=np.uint64)) for one in wanted) % 2**64 == asked[number]
            pairs = [sorted(zip(one.ends.tolist(), one.what.tolist(), strict=True)) for one in rows]
            told = sorted(pair for one in wanted for pair in zip(one.ends.tolist(), one.what.tolist(), strict=True))
            assert [pair for one in pairs for pair in one] == told


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 63))
def test_each_bit_of_a_synapse_shows_in_its_hash(ends: int, what: int, bit: int) -> None:
    words = np.array([[ends, what], [ends ^ 1 << bit, what], [ends, what ^ 1 << bit]], np.uint64)
    one, *others = hashes(words[:, 0].copy(), words[:, 1].copy()).tolist()
    assert one not in others


def test_a_violation_names_the_slice_and_the_synapse() -> None:
    network = Network("n", 1.0, (cells("a", 4), cells("b", 6)), (connect((0, 1), [(2, 5), (3, 4)], 1.0, 3.0),))
    mapping = compile_network(network, options=MappingOptions(neurons_per_core=3))
    numbers = [number for number, core in enumerate(mapping.image.cores) if core.label == "b[3:6]"]
    core = mapping.image.cores[numbers[0]]
    assert isinstance(core, NeuronCore)
    words = core.rows.copy()
    words[words.argmax()] ^= 1 << 31
    cores = list(mapping.image.cores)
    cores[numbers[0]] = replace(core, rows=words)
    message = (
        r"core 'b\[3:6\]' at .*: synapse . of '0-1', from cell (2|3) of 'a' to cell (5|4) of 'b' "
        r"\(excitatory, weight word \d+, delay 3, mechanism 0\), does not arrive; "
        r"from cell \1 of 'a' to cell \2 of 'b' "
        r"\(excitatory, weight word \d+, delay 3, mechanism 0\) does"
    )
    with pytest.raises(IllegalProductError, match=message):
        check_all(network, replace(mapping, image=replace(mapping.image, cores=tuple(cores))))


def test_what_the_network_has_besides_is_missed() -> None:
    """The other way round: the image is as it was, and the network has another synapse, weight or delay."""
    network, mapping = everything(), mapping_of_everything()
    for number, made in enumerate(network.projections):
        few = np.arange(len(made) - 1)
        fewer = replace(
            made,
            pre=made.pre[few],
            post=made.post[few],
            weight=made.weight[few] if isinstance(made.weight, np.ndarray) else made.weight,
            delay=made.delay[few] if isinstance(made.delay, np.ndarray) else made.delay,
        )
        for broken in (fewer, replace(made, weight=made.weight * 1.5), replace(made, delay=made.delay + 1.0)):
            changed = (*network.projections[:number], broken, *network.projections[number + 1 :])
            with pytest.raises(IllegalProductError, match=r"does not arrive|no such synapse"):
                check_all(replace(network, projections=changed), mapping)


@pytest.mark.parametrize("longest", [10.0, 16.0, 20.0])
def test_delays_that_are_cut_are_checked_as_they_were_cut(longest: float) -> None:
    delays = np.array([40.0, 3.0, 18.0])
    network = Network("n", 1.0, (cells("a", 4),), (connect((0, 0), [(0, 1), (1, 2), (2, 2)], 1.0, delays),))
    rules = (Rule("projection", "*", "longest_delay", longest),)
    mapping = compile_network(network, options=MappingOptions(rules=rules))
    assert len(mapping.image.cores) == (1 if longest <= 16.0 else 2)
    check_all(network, mapping)
    with pytest.raises(IllegalProductError, match=r"delay 40, .* does not arrive"):
        check(network, mapping.partition, mapping.graph_mapping, mapping.image)
