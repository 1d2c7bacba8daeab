"""Synapses that come and go on the emulator: against plain Python on random images, and images that are wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_dynamics import with_dynamics
from random_images import random_image
from random_rewiring import with_rewiring
from slow_dynamics import unpacked
from slow_emulator import SlowEmulator

from emulator.banks import DRAWS_OF_ATTEMPTS
from emulator.emulator import Emulator
from emulator.errors import ImageError
from emulator.image import MachineImage, NeuronCore, load_image, save_image
from emulator.rewiring import Draw, Partners, Rewiring
from emulator.synaptic_rows import FixedRows

TICKS = 50
COUNTED = ("packets_received", "unmatched", "synaptic_events", "dynamic_events", "saturations")
REWIRED = ("attempts", "formed", "eliminated", "full_rows")


def random_rewired(seed: int) -> MachineImage:
    """Random synapses that come and go, among others of all kinds in every fourth image."""
    image = random_image(seed, TICKS)
    return with_rewiring(image if seed % 4 else with_dynamics(image, seed), seed)


def rewired_cores(image: MachineImage) -> dict[int, tuple[NeuronCore, Rewiring]]:
    """The cores that have places, by number."""
    cores = {number: core for number, core in enumerate(image.cores) if isinstance(core, NeuronCore)}
    return {number: (core, core.rewiring) for number, core in cores.items() if core.rewiring is not None}


def assert_alike(slow: SlowEmulator, fast: Emulator) -> None:
    counted = fast.statistics().cores
    for number, core in enumerate(fast.image.cores):
        tick, index = fast.spikes(number)
        assert list(zip(tick.tolist(), index.tolist(), strict=True)) == slow.spikes[number]
        for name in COUNTED:
            assert getattr(counted[number], name) == slow.counts[number][name], (core.label, name)
    for number, (core, _) in rewired_cores(fast.image).items():
        dynamics = slow.dynamics[number]
        assert dynamics.rewiring is not None
        for (bank, start), row in dynamics.rows.items():
            assert replace(unpacked(core.dynamic[bank], start, fast.dynamic_rows(number, bank)), last=row.last) == row
        places = [row if row[0] >= 0 else [-1] for row in fast.places(number).tolist()]
        assert places == dynamics.rewiring.there()
        for name in REWIRED:
            assert getattr(counted[number], name) == dynamics.rewiring.counts[name], (core.label, name)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_equals_the_slow_emulator(seed: int) -> None:
    image = random_rewired(seed)
    slow, fast = SlowEmulator(image), Emulator(image)
    slow.run(TICKS)
    fast.run(TICKS)
    assert_alike(slow, fast)


def same(one: Emulator, other: Emulator) -> bool:
    """Whether two emulators have the same counts, rows and places."""
    alike = one.statistics().cores == other.statistics().cores
    for number, (core, _) in rewired_cores(one.image).items():
        alike &= np.array_equal(one.places(number), other.places(number))
        for bank in range(len(core.dynamic)):
            alike &= np.array_equal(one.dynamic_rows(number, bank), other.dynamic_rows(number, bank))
    return alike


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 40), min_size=1, max_size=4))
def test_pieces_and_threads_change_nothing(seed: int, pieces: list[int]) -> None:
    image = random_rewired(seed)
    whole, parts = Emulator(image), Emulator(image, threads=2)
    whole.run(sum(pieces))
    for piece in pieces:
        parts.run(piece)
    assert same(whole, parts)


def test_reset_and_the_archive_bring_the_first_synapses_back(tmp_path: Path) -> None:
    image = random_rewired(11)
    save_image(tmp_path / "image.npz", image)
    emulator, fresh = Emulator(image), Emulator(load_image(tmp_path / "image.npz"))
    emulator.run(TICKS)
    changed = emulator.statistics()
    assert changed.formed + changed.eliminated > 0
    emulator.reset()
    emulator.run(TICKS)
    fresh.run(TICKS)
    assert same(emulator, fresh)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, TICKS))
def test_a_run_goes_on_with_the_same_image(seed: int, first: int) -> None:
    image = with_rewiring(random_image(seed, TICKS), seed)
    whole, before, after = (Emulator(image) for _ in range(3))
    whole.run(TICKS)
    before.run(first)
    after.carry_over(before)
    after.run(TICKS - first)
    for number, (core, _) in rewired_cores(image).items():
        assert np.array_equal(whole.places(number), after.places(number))
        assert all(
            np.array_equal(whole.dynamic_rows(number, bank), after.dynamic_rows(number, bank))
            for bank in range(len(core.dynamic))
        )


def test_random_rewiring_is_worth_the_trouble() -> None:
    """Among the images of the tests above all counts occur, and synapses of both kinds, by both ways of choosing."""
    seen: Counter[str] = Counter()
    for seed in range(1, 11):
        image = random_rewired(seed)
        emulator = Emulator(image)
        emulator.run(TICKS)
        for name in REWIRED:
            seen[name] += getattr(emulator.statistics(), name)
        for core, rewiring in rewired_cores(image).values():
            seen["fixed"] += any(isinstance(rows, FixedRows) for rows in core.dynamic)
            seen["of spikes"] += rewiring.of_spikes > 0
    assert len(seen) == 6
    assert min(seen.values()) > 5


def test_streams_are_numbered_alike_in_both_languages() -> None:
    assert tuple(Draw) == DRAWS_OF_ATTEMPTS


# --- broken images ----------------------------------------------------------------------------------------


def of_partners(change: Callable[[Partners], dict[str, Any]]) -> Callable[[NeuronCore, Rewiring], NeuronCore]:
    """Change the first partners of a core."""

    def broken(core: NeuronCore, rewiring: Rewiring) -> NeuronCore:
        first, *rest = rewiring.partners
        return replace(core, rewiring=replace(rewiring, partners=(replace(first, **change(first)), *rest)))

    return broken


def of_rewiring(**change: Any) -> Callable[[NeuronCore, Rewiring], NeuronCore]:
    """Change what a core is told of its places."""
    return lambda core, rewiring: replace(core, rewiring=replace(rewiring, **change))


def of_places(change: Callable[[Any], None]) -> Callable[[NeuronCore, Rewiring], NeuronCore]:
    """Change what is in the places."""

    def broken(core: NeuronCore, rewiring: Rewiring) -> NeuronCore:
        there = rewiring.there.copy()
        change(there)
        return replace(core, rewiring=replace(rewiring, there=there))

    return broken


def _swap(there: Any) -> None:
    """Let two places of different neurons have each other's synapses."""
    used = np.flatnonzero(there[:, 0] == 0)
    there[[used[0], used[-1]]] = there[[used[-1], used[0]]]


def _lose(there: Any) -> None:
    there[np.flatnonzero(there[:, 0] == 0)[0]] = -1


def _elsewhere(there: Any) -> None:
    there[np.flatnonzero(there[:, 0] == 0)[0], 1] = 10**6


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (of_rewiring(attempts=-1.0), "cannot make -1.0 attempts"),
        (of_rewiring(key=2**64), "has not 64 bits"),
        (of_rewiring(cells=1), "it has not"),
        (of_rewiring(places=0), "no places"),
        (of_rewiring(grid=(0, 3)), r"grid of \(0, 3\)"),
        (of_rewiring(losses=(0, 2**33)), "no chances of"),
        (of_rewiring(partners=()), "are fixed, and no places|from nowhere"),
        (of_rewiring(there=np.zeros((3, 4), np.int32)), "its places are"),
        (of_partners(lambda p: {"cells": p.cells + 100}), "are not in .* blocks"),
        (of_partners(lambda p: {"banks": p.banks * 0}), "no places are for them|are not different dynamic rows"),
        (of_partners(lambda p: {"hears": 9}), "no bank 9 hears"),
        (of_partners(lambda p: {"served": p.served[:0]}), "new synapses have no delay"),
        (of_partners(lambda p: {"served": p.served + 2}), "new synapses have no rows"),
        (of_partners(lambda p: {"control": p.control | 0x10000}), "are no controls"),
        (of_partners(lambda p: {"control": p.control | 1}), "are no controls"),
        (of_partners(lambda p: {"weight": 2**16}), "not stored in 16 bits"),
        (of_partners(lambda p: {"weak": -1}), "no bound of stored weights"),
        (of_partners(lambda p: {"unit": 0.0}), "unit of 0.0"),
        (of_partners(lambda p: {"chances": np.array([-1])}), "chances that are not of"),
        (of_partners(lambda p: {"address": p.address + 10**6}), "a row lies outside"),
        (of_partners(lambda p: {"stride": p.stride - 1}), "too long|outside|room"),
        (of_places(_swap), "in a place of another neuron"),
        (of_places(_lose), "not each in one place"),
        (of_places(_elsewhere), "names no synapse of partners 0"),
    ],
)
def test_wrong_rewiring_is_refused(change: Callable[[NeuronCore, Rewiring], NeuronCore], words: str) -> None:
    """Every fault is named before anything runs."""
    image = with_rewiring(random_image(7, TICKS), 7)
    cores = rewired_cores(image)
    number = max(cores, key=lambda n: int((cores[n][1].there[:, 0] == 0).sum()) * (cores[n][1].of_spikes > 0))
    core, rewiring = cores[number]
    Emulator(image)
    broken = [*image.cores]
    broken[number] = change(core, rewiring)
    with pytest.raises(ImageError, match=words):
        Emulator(replace(image, cores=tuple(broken)))


def test_fixed_rows_need_places() -> None:
    image = with_rewiring(random_image(7, TICKS), 7)
    [number, (core, _)] = next(iter(rewired_cores(image).items()))
    broken = [*image.cores]
    fixed = [rows for rows in core.dynamic if isinstance(rows, FixedRows)]
    broken[number] = replace(core, rewiring=None, dynamic=tuple(fixed or [FixedRows(core.table, core.rows, 0, 0)]))
    with pytest.raises(ImageError, match="are fixed, and no places are for them"):
        Emulator(replace(image, cores=tuple(broken)))
