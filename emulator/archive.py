"""Archives: any frozen dataclass of the project in one ``.npz`` file, without pickle.

The products of this project are frozen dataclasses of numbers, texts, tuples, mappings and arrays, so one
archive does for all of them (`emulator.encoding`), and no pickle, which would run whatever code a file
tells it to.

A file is a zip archive, not compressed.  ``header.json`` holds everything that is not an array, under a
format name and a version.  The arrays of one element type lie end to end in one entry (``int32.npy``),
because thousands of small entries would be slow.  ``numpy.load`` opens such a file too.

What is read is not trusted.  Every entry is checked against the length of the file before memory is taken
for it, every array against its entry, every value against the annotation of its field; the checksum of the zip
finds the rest.  The same value gives the same bytes.

The zip and npy formats: PKWARE APPNOTE 6.3; ``numpy.lib.format``.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from emulator.encoding import ELEMENT_TYPES, Pools, decode, encode
from emulator.errors import ArchiveError

T = TypeVar("T")

HEADER = "header.json"
DAMAGE = (zipfile.BadZipFile, ValueError, KeyError, EOFError, OSError, NotImplementedError, RuntimeError)
"""What zipfile, json and numpy raise on damaged files: bad JSON is a ValueError, too deep JSON a RuntimeError."""


@contextmanager
def written_beside(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside `path` for writing, and rename it to `path` once it is complete.

    After an exception nothing is left behind, and what stood at `path` is untouched.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            yield file
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def save(path: str | Path, value: object, form: str, version: int) -> None:
    """Write the dataclass `value` to `path` as an archive of format `form` and `version`.

    Raises
    ------
    ArchiveError
        If a value does not have the type that its field declares.
    """
    pools = Pools()
    body = encode(value, type(value), type(value).__name__, pools)
    header = {"format": form, "version": version, "value": body}
    text = json.dumps(header, allow_nan=False, separators=(",", ":"))
    with written_beside(Path(path)) as file, zipfile.ZipFile(file, "w") as archive:
        _write_entry(archive, HEADER, [text.encode()])
        for name in sorted(pools.length):
            _write_entry(archive, f"{name}.npy", chain([_npy_header(name, pools.length[name])], pools.bytes(name)))


def load(path: str | Path, kind: type[T], form: str, version: int) -> T:
    """Read the archive at `path`, written by `save` with the same `form` and `version`.

    Raises
    ------
    ArchiveError
        If the file is truncated, damaged, foreign, of another version, or does not hold a `kind`.
    OSError
        If it cannot be opened.
    """
    path = Path(path)
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                length = path.stat().st_size
                header = _read_header(archive, length, form, version)
                arrays = {name: _read_pool(archive, length, name) for name in _pool_names(archive)}
        except ArchiveError as error:
            raise ArchiveError(f"{path}: {error}") from None
        except DAMAGE as error:
            raise ArchiveError(f"{path}: not a complete {form} file ({error})") from error
    try:
        return cast(T, decode(header["value"], kind, kind.__name__, arrays))
    except ArchiveError as error:
        raise ArchiveError(f"{path}: {error}") from None


def _little_endian(name: str) -> np.dtype[Any]:
    return np.dtype(name).newbyteorder("<")


def _npy_header(name: str, length: int) -> bytes:
    """The head of an npy file (format 1.0) of `length` values, filled up to 64 bytes."""
    fields = f"{{'descr': {_little_endian(name).str!r}, 'fortran_order': False, 'shape': ({length},), }}".encode()
    magic = np.lib.format.magic(1, 0)
    fill = -(len(magic) + 2 + len(fields) + 1) % 64
    return magic + (len(fields) + fill + 1).to_bytes(2, "little") + fields + b" " * fill + b"\n"


def _write_entry(archive: zipfile.ZipFile, name: str, pieces: Iterable[bytes | memoryview]) -> None:
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o644 << 16
    with archive.open(info, "w", force_zip64=True) as entry:
        for piece in pieces:
            entry.write(piece)


def _read_header(archive: zipfile.ZipFile, length: int, form: str, version: int) -> dict[str, Any]:
    if HEADER not in archive.namelist():
        raise ArchiveError(f"not a {form} file: it has no {HEADER}")
    header = json.loads(_read_entry(archive, length, HEADER))
    found = header.get("format") if isinstance(header, dict) else None
    if found != form or "value" not in header:
        raise ArchiveError(f"not a {form} file" + (f" but a {found} file" if isinstance(found, str) else ""))
    if header.get("version") != version:
        raise ArchiveError(f"{form} version {header.get('version')}; this release reads version {version}")
    return cast(dict[str, Any], header)


def _pool_names(archive: zipfile.ZipFile) -> list[str]:
    present = set(archive.namelist())
    return [name for name in ELEMENT_TYPES if f"{name}.npy" in present]


def _read_entry(archive: zipfile.ZipFile, length: int, name: str) -> bytes:
    """All bytes of an entry, which must not claim more than the file holds."""
    info = archive.getinfo(name)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size or info.file_size > length:
        raise ArchiveError(f"damaged: entry {name} claims {info.file_size} bytes in a file of {length}")
    return archive.read(name)


def _read_pool(archive: zipfile.ZipFile, length: int, name: str) -> NDArray[Any]:
    data = _read_entry(archive, length, f"{name}.npy")
    header_end = 10 + int.from_bytes(data[8:10], "little")
    dtype = _little_endian(name)
    if f"'descr': {dtype.str!r}".encode() not in data[:header_end] or (len(data) - header_end) % dtype.itemsize:
        raise ArchiveError(f"damaged: entry {name}.npy does not hold {name} values")
    return np.frombuffer(data, dtype, offset=header_end).astype(np.dtype(name), copy=False)
