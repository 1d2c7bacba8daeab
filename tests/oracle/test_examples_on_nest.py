"""The examples are plain PyNN: they run unchanged on NEST."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("nest") is None:
    pytest.skip("NEST is not installed (extra 'oracle')", allow_module_level=True)

EXAMPLES = Path(__file__).parents[2] / "examples"
SMALL = {
    "tour.py": [],
    "vogels_abbott.py": ["--cells", "100", "--duration", "20"],
    "brunel.py": ["--cells", "100", "--indegree", "10", "--duration", "20"],
}


@pytest.mark.parametrize("name", SMALL)
def test_example_runs_on_nest(name: str, tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLES / name), "nest", *SMALL[name]]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "spikes" in done.stdout
