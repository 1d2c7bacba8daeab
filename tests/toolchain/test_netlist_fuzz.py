"""Damaged netlists: whatever stands in the file, `pyneuro map` maps it or says in one message why not, and soon."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pyneuro.cli import ERROR, main
from toolchain.errors import NetlistError
from toolchain.netlist import FORMAT, read

SECONDS = 20
"""Of processor time, for one file."""
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1, 3, 255, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 64, 10**400, 0.5, -0.0, 1e15, 1e300,
    float("nan"), float("inf"), "", "a", "spin5", "\ud800", "x" * 5000, "\x00", "256x256", "1323 boards", [], {}, [[]],
    [0, 1, 2], {"key": 1}, [0] * 50,
)  # fmt: skip


def document(dice: random.Random) -> dict[str, Any]:
    """A legal netlist of up to 30 vertices."""
    count = dice.randint(1, 30)
    vertices = [{"name": f"p{i // 5}[{i % 5}]", "neurons": dice.randint(1, 300)} for i in range(count)]
    nets = []
    for source in dice.sample(range(count), dice.randint(0, count)):
        sinks = dice.sample(range(count), dice.randint(0, count))
        net: dict[str, Any] = {"source": source, "sinks": sinks, "weight": vertices[source]["neurons"], "rate": 2.5}
        if dice.random() < 0.3:
            net.update(key=(source + 1) << 12, mask=0xFFFFF000)
        nets.append(net)
    top = {"format": FORMAT, "name": "fuzz", "machine": dice.choice(["", "spin3", "spin5", "8x8 mesh", "3 boards"])}
    return {**top, "vertices": vertices, "nets": nets}


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in `value` with each of its keys or indices."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield value, key
        yield from places(part)


def changed(made: dict[str, Any], dice: random.Random) -> str:
    """The text of `made` with up to three values changed, taken away or doubled."""
    for _ in range(dice.randint(1, 3)):
        container, key = dice.choice(list(places(made)))
        what = dice.randrange(4)
        if what == 0:
            container[key] = dice.choice(ODD)
        elif what == 1:
            del container[key]
        elif what == 2:
            other, there = dice.choice(list(places(made)) or [(container, key)])
            container[key] = json.loads(json.dumps(other[there]))
        elif isinstance(container, list):
            container.append(json.loads(json.dumps(container[key])))
        if not made:
            break
    return json.dumps(made)


def damaged(text: str, dice: random.Random) -> bytes:
    """The bytes of `text`, up to four of them others, lost or doubled."""
    content = bytearray(text.encode())
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(content))
        end = at + dice.choice((1, 1, 1, 8, 100))
        content[at:end] = dice.choice((b"", b"9", b"]", b'"', b"\xff", b"1e9", b"-", content[at:end] * 2))
        if not content:
            break
    return bytes(content)


@contextmanager
def soon() -> Iterator[None]:
    """Fail if what is done takes more than `SECONDS`."""

    def late(*_: object) -> None:
        raise TimeoutError(f"not done within {SECONDS} s")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def fuzz(number: int, seed: int, path: Path, capsys: pytest.CaptureFixture[str]) -> dict[int, int]:
    """Map so many damaged netlists: how often each exit status came."""
    counts = {0: 0, ERROR: 0}
    for at in range(number):
        dice = random.Random(f"{seed} {at}")
        made = document(dice)
        text = changed(made, dice) if at % 2 else json.dumps(made)
        path.write_bytes(text.encode() if at % 2 else damaged(text, dice))
        with soon():
            status = main(["map", "--netlist", str(path), "--json", "--keys", dice.choice(["given", "allocated"])])
        said = capsys.readouterr()
        counts[status] += 1
        if status:
            assert said.err.startswith("pyneuro: error: "), path.read_bytes()
            assert said.err.count("\n") == 1
            assert len(said.err) < 2000
    return counts


def test_damaged_netlists_are_mapped_or_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = fuzz(150, 1, tmp_path / "net.json", capsys)
    assert min(counts.values()) > 10


@pytest.mark.slow
def test_many_damaged_netlists_are_mapped_or_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = fuzz(10_000, 2, tmp_path / "net.json", capsys)
    assert min(counts.values()) > 1000


def test_damaged_bytes_are_read_or_refused(tmp_path: Path) -> None:
    path, refusals = tmp_path / "net.json", []
    for at in range(1000):
        dice = random.Random(f"bytes {at}")
        path.write_bytes(damaged(json.dumps(document(dice)), dice))
        try:
            read(path)
        except NetlistError as error:
            refusals.append(str(error))
    assert 0 < len(refusals) < 1000
    assert all(refusal.startswith(f"{path}: ") for refusal in refusals)
