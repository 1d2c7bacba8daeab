"""Archives: every product comes back as it was, and nothing else is believed."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from declared import same, values_of
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from emulator import archive
from emulator.errors import ArchiveError
from emulator.image import (
    IMAGE_FORMAT,
    IMAGE_VERSION,
    ArrayCore,
    Core,
    MachineImage,
    NeuronCore,
    PoissonCore,
    RenewalCore,
    load_image,
    save_image,
)
from emulator.machine import Machine


@dataclass(frozen=True)
class Inner:
    """A part."""

    name: str
    size: float | NDArray[np.float64] | None


@dataclass(frozen=True)
class Outer:
    """A small product."""

    count: int
    words: NDArray[np.uint32]
    inner: tuple[Inner, ...] = ()
    pair: tuple[int, str] = (0, "")


SMALL = Outer(3, np.arange(6, dtype=np.uint32).reshape(2, 3), (Inner("<ü>", 1.5), Inner("", np.ones(2))), (1, "x"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "product.npz"


def saved(path: Path, value: Any = SMALL) -> bytes:
    archive.save(path, value, "test", 1)
    return path.read_bytes()


def rewritten(path: Path, edit: Any) -> None:
    """Write the archive anew with its header changed by `edit`."""
    with zipfile.ZipFile(path) as old:
        entries = {name: old.read(name) for name in old.namelist()}
    header = json.loads(entries["header.json"])
    edit(header)
    entries["header.json"] = json.dumps(header).encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, data in entries.items():
            new.writestr(name, data)


@settings(max_examples=60, deadline=None)
@given(image=values_of(MachineImage))
def test_any_image_comes_back(tmp_path_factory: pytest.TempPathFactory, image: MachineImage) -> None:
    path = tmp_path_factory.mktemp("image") / "image.npz"
    save_image(path, image)
    again = load_image(path)
    assert same(again, image)
    first = path.read_bytes()
    save_image(path, again)
    assert path.read_bytes() == first


@given(machine=values_of(Machine))
@settings(max_examples=20, deadline=None)
def test_any_machine_comes_back(tmp_path_factory: pytest.TempPathFactory, machine: Machine) -> None:
    path = tmp_path_factory.mktemp("machine") / "machine.npz"
    archive.save(path, machine, "machine", 1)
    assert same(archive.load(path, Machine, "machine", 1), machine)


def test_core_kinds_are_kept(path: Path) -> None:
    words, none = np.zeros(3, np.uint32), np.zeros(0, np.int32)
    common: tuple[Any, ...] = (4, 0, 0, 0, 0, none)
    poisson = PoissonCore(
        "p[0:4]", 1, 0, 2, *common, np.ones(4), np.zeros(4, np.int32), np.ones(4, np.int32), words.reshape(1, 3)
    )
    array = ArrayCore("a[0:4]", 0, 0, 1, *common, none, none)
    archive.save(path, replace_cores(array, poisson), IMAGE_FORMAT, IMAGE_VERSION)
    cores = load_image(path).cores
    assert [type(core) for core in cores] == [ArrayCore, PoissonCore]
    assert not cores[1].record_spikes.flags.writeable


def replace_cores(*cores: Core) -> MachineImage:
    grid = np.ones((1, 1), np.uint8)
    machine = Machine("one", grid, np.zeros((1, 1, 6), np.bool_), grid.astype(np.bool_), False, 1)
    return MachineImage("net", machine, 1.0, 1.0, (), (), cores)


def test_arrays_can_be_read_by_numpy(path: Path) -> None:
    saved(path)
    with np.load(path, allow_pickle=False) as entries:
        assert list(entries["uint32"]) == list(range(6))
        assert list(entries["float64"]) == [1.0, 1.0]


def test_views_and_strides_are_written_by_value(path: Path) -> None:
    words = np.arange(12, dtype=np.uint32).reshape(3, 4)[::-2, ::2].T
    saved(path, replace(SMALL, words=words))
    assert same(archive.load(path, Outer, "test", 1).words, np.ascontiguousarray(words))


def test_same_value_same_bytes(path: Path) -> None:
    assert saved(path) == saved(path)


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (replace(SMALL, words=np.zeros(2, np.int64)), "Outer.words must be an array of uint32, not an array of int64"),
        (replace(SMALL, words=np.array([None, {}])), "Outer.words must be"),
        (replace(SMALL, count=2.5), "Outer.count must be int, not 2.5"),
        (replace(SMALL, inner=(Inner("a", "b"),)), r"Outer.inner\[0\].size is a str"),
        (replace(SMALL, inner=[Inner("a", 1.0)]), "Outer.inner must be"),
        (replace(SMALL, pair=(1, "x", 2)), "Outer.pair has 3 members, not 2"),
    ],
)
def test_a_wrong_type_is_named_and_leaves_no_file(path: Path, value: Any, where: str) -> None:
    with pytest.raises(ArchiveError, match=where):
        archive.save(path, value, "test", 1)
    assert list(path.parent.iterdir()) == []


def test_a_failed_write_keeps_what_stood_there(path: Path) -> None:
    path.write_text("old")

    def fail() -> None:
        with archive.written_beside(path) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_every_truncation_is_refused(path: Path) -> None:
    whole = saved(path)
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(ArchiveError, match=r"product\.npz: "):
            archive.load(path, Outer, "test", 1)


def flips(whole: bytes) -> Iterator[bytes]:
    rng = random.Random(5)
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(rng.choice((1, 1, 4))):
            damaged[rng.randrange(len(whole))] = rng.randrange(256)
        yield bytes(damaged)


def test_damage_is_refused_or_harmless(path: Path) -> None:
    refusals = []
    for damaged in flips(saved(path)):
        path.write_bytes(damaged)
        try:
            assert same(archive.load(path, Outer, "test", 1), SMALL)
        except ArchiveError as error:
            refusals.append(str(error))
    assert len(refusals) > 200
    assert all(refusal.startswith(f"{path}: ") for refusal in refusals)


def test_foreign_files_are_refused(path: Path) -> None:
    np.savez(path, int32=np.arange(3))
    with pytest.raises(ArchiveError, match=r"not a test file: it has no header\.json"):
        archive.load(path, Outer, "test", 1)
    saved(path)
    with pytest.raises(ArchiveError, match="not a pyneuro machine image file but a test file"):
        load_image(path)
    with pytest.raises(ArchiveError, match="test version 1; this release reads version 2"):
        archive.load(path, Outer, "test", 2)
    with pytest.raises(FileNotFoundError):
        archive.load(path.with_name("absent"), Outer, "test", 1)


@pytest.mark.parametrize(
    ("key", "node", "message"),
    [
        ("words", ["uint32", 0, 2**40], "damaged: Outer.words has the shape"),
        ("words", ["uint32", 0, 2**70, 0], "damaged: Outer.words has the shape"),
        ("words", ["uint32", 2**40, 1], "damaged: Outer.words has the shape"),
        ("words", ["uint32", 0, -1], "Outer.words must be"),
        ("words", ["uint32", 0, 1.5], "Outer.words must be"),
        ("words", ["object", 0, 1], "Outer.words must be"),
        ("words", ["float64", 0, 1], "Outer.words must be"),
        ("words", [], "Outer.words must be"),
        ("count", "3", "Outer.count must be int"),
        ("count", True, "Outer.count must be int"),
        ("inner", 7, "Outer.inner must be"),
        ("inner", [{"name": "a", "size": "b"}], r"damaged: Outer.inner\[0\].size"),
        ("inner", [{"name": "a", "size": {"float": "1e3"}}], r"Outer.inner\[0\].size must be float"),
        ("inner", [{"name": "a"}], r"damaged: Outer.inner\[0\] does not have the fields"),
        ("inner", [{"class": "Outer", "name": "a", "size": None}], "claims to be a 'Outer'"),
        ("pair", [1], "damaged: Outer.pair has 1 members"),
    ],
)
def test_absurd_headers_are_refused(path: Path, key: str, node: Any, message: str) -> None:
    saved(path)
    rewritten(path, lambda header: header["value"].update({key: node}))
    with pytest.raises(ArchiveError, match=message):
        archive.load(path, Outer, "test", 1)


def test_deep_headers_and_wrong_entries_are_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("header.json", "[" * 100_000)
    with pytest.raises(ArchiveError):
        archive.load(path, Outer, "test", 1)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("header.json", " " * 10**6)
    with pytest.raises(ArchiveError, match="claims 1000000 bytes"):
        archive.load(path, Outer, "test", 1)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("header.json", json.dumps({"format": "test", "version": 1, "value": {}}))
        file.writestr("int32.npy", b"\x93NUMPY\x01\x00\x02\x00{}")
    with pytest.raises(ArchiveError, match=r"int32\.npy does not hold int32"):
        archive.load(path, Outer, "test", 1)


@given(value=st.floats())
@settings(max_examples=30, deadline=None)
def test_floats_come_back(tmp_path_factory: pytest.TempPathFactory, value: float) -> None:
    path = tmp_path_factory.mktemp("float") / "a.npz"
    archive.save(path, Inner("x", value), "test", 1)
    assert same(archive.load(path, Inner, "test", 1), Inner("x", value))


def test_neuron_cores_are_declared_completely() -> None:
    """The strategy reaches all kinds of cores, or the law above would be empty."""
    assert {NeuronCore, PoissonCore, RenewalCore, ArrayCore} <= set(Core.__subclasses__())
