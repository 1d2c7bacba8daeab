"""Running a piece of Python in a process of its own, with the packages that the tests themselves run with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def in_new_process(script: str, *arguments: str, hash_seed: str = "0", places: tuple[Path, ...] = ()) -> str:
    """Return what `script` prints; `places` are further folders to import from.

    The current folder is not searched (-P), so that a source tree does not hide the installed packages.
    """
    path = os.pathsep.join([*map(str, places), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path}
    command = [sys.executable, "-P", "-c", script, *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
