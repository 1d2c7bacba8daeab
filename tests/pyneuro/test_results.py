"""Results: files, and the digest of the spikes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from declared import same, values_of
from hypothesis import given, settings

from emulator.errors import ArchiveError
from pyneuro.results import PopulationResult, Results, Signal, load_results, save_results, spike_hash

SIGNAL = Signal("mV", np.array([0, 2], np.int32), 1, np.linspace(-70, -50, 12).reshape(6, 2))
CELLS = PopulationResult(
    "E <1>",
    4,
    False,
    np.arange(4, dtype=np.int32),
    np.array([0, 0, 3]),
    np.array([1, 2, 1], np.int32),
    {"v": SIGNAL},
)
SOURCES = replace(CELLS, label="in", is_source=True, signals={})
RESULTS = Results("net", "reference", 0.1, 5, (CELLS, SOURCES))


def test_results_come_back(tmp_path: Path) -> None:
    save_results(tmp_path / "r.npz", RESULTS)
    assert same(load_results(tmp_path / "r.npz"), RESULTS)


@given(results=values_of(Results))
@settings(max_examples=30, deadline=None)
def test_any_results_come_back(tmp_path_factory: pytest.TempPathFactory, results: Results) -> None:
    path = tmp_path_factory.mktemp("results") / "r.npz"
    save_results(path, results)
    assert same(load_results(path), results)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "r.npz", spikes=np.arange(3))
    with pytest.raises(ArchiveError, match=r"r\.npz: not a pyneuro results file"):
        load_results(tmp_path / "r.npz")


def test_populations_are_found_by_label() -> None:
    assert RESULTS.population("in") is SOURCES
    assert RESULTS.duration_ms == 0.5
    with pytest.raises(KeyError, match="none"):
        RESULTS.population("none")


def test_the_digest_is_of_spikes_only() -> None:
    digest = spike_hash(RESULTS)
    assert len(digest) == 16
    assert int(digest, 16) >= 0
    assert spike_hash(replace(RESULTS, backend="emulator", network="other", steps=9)) == digest
    assert spike_hash(replace(RESULTS, populations=(replace(CELLS, signals={}), SOURCES))) == digest


@pytest.mark.parametrize(
    "changed",
    [
        replace(CELLS, label="E"),
        replace(CELLS, spike_steps=np.array([0, 1, 3])),
        replace(CELLS, spike_indices=np.array([1, 3, 1], np.int32)),
        replace(CELLS, spike_steps=np.array([0, 0]), spike_indices=np.array([1, 2], np.int32)),
    ],
)
def test_the_digest_sees_every_change(changed: PopulationResult) -> None:
    assert spike_hash(replace(RESULTS, populations=(changed, SOURCES))) != spike_hash(RESULTS)
    assert spike_hash(replace(RESULTS, populations=(SOURCES, CELLS))) != spike_hash(RESULTS)
