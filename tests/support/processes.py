"""Running a piece of Python in a process of its own, with the packages that the tests themselves run with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def in_new_process(script: str, *arguments: str, hash_seed: str = "0", places: tuple[Path, ...] = ()) -> str:
    """Return what `script` prints; `places` are further folders to import from.

    The current folder is not searched (-P), so that a source tree does not hide the installed packages.
    """
    path = os.pathsep.join([*map(str, places), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
    command = [sys.executable, "-P", "-c", script, *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def arrays_of(script: Path, path: Path, *arguments: str, given: bytes = b"") -> dict[str, NDArray[Any]]:
    """Return the arrays that a script writes to `path`, its first argument, given `given` on standard input."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, str(script), str(path), *arguments]
    done = subprocess.run(command, input=given, env=environment, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    with np.load(path) as arrays:
        return dict(arrays)
