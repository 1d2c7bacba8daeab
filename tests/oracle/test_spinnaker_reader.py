"""Exports read by sPyNNaker's own packages: they find the machine, the placements and the tables that were written.

The packages need not be where the tests run: ``PYNEURO_SPINNAKER`` may name a Python that has them.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from graphs import faulty, populations

from emulator.machine import Machine, named
from toolchain.export import write_export
from toolchain.map_graph import map_graph

READER = Path(__file__).with_name("spinnaker_reader.py")
PYTHON = os.environ.get("PYNEURO_SPINNAKER") or (importlib.util.find_spec("pacman") and sys.executable)


@pytest.mark.skipif(
    not PYTHON, reason="sPyNNaker's packages are not there: pip install sPyNNaker, or PYNEURO_SPINNAKER"
)
@pytest.mark.parametrize(
    ("machine", "version"),
    [
        (named("spin3"), 3),
        (named("spin5"), 5),
        (faulty("spin5", 4), 5),
        (named("3 boards"), 5),
        (faulty("6 boards", 0), 5),
    ],
    ids=["spin3", "spin5", "faulty spin5", "3 boards", "faulty 6 boards"],
)
def test_their_readers_find_what_was_written(machine: Machine, version: int, tmp_path: Path) -> None:
    mapping = map_graph(populations({"a": 60}), machine)
    write_export(mapping, tmp_path)
    done = subprocess.run(
        [str(PYTHON), str(READER), str(tmp_path), str(version)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["placements"] == 60
    for tables, lengths in zip((mapping.tables, mapping.minimised), found["entries"], strict=True):
        assert lengths == {f"{table.x},{table.y}": len(table.key) for table in tables.tables}
    used = mapping.machine
    assert len(found["chips"]) == used.chips
    for x, y in np.argwhere(used.cores).tolist():
        cores, links, *_ = found["chips"][f"{x},{y}"]
        assert cores == used.cores[x, y]
        there = np.flatnonzero(used.links[x, y]).tolist()
        assert {int(link): tuple(end) for link, end in links.items()} == {n: used.neighbour(x, y, n) for n in there}
