"""Every example runs, small, on both simulators, and prints what it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pyneuro

EXAMPLES = Path(__file__).parents[1] / "examples"
SMALL = {
    "own_model.py": [],
    "tour.py": [],
    "vogels_abbott.py": ["--cells", "200", "--duration", "50", "--timestep", "1.0"],
    "brunel.py": ["--cells", "200", "--indegree", "20", "--duration", "50"],
    "hh_network.py": ["--cells", "200", "--duration", "20"],
}


def run(name: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run an example by the command line, in a process of its own."""
    command = [sys.executable, "-m", "pyneuro", "run", str(EXAMPLES / name), *words]
    environment = {**os.environ, "PYTHONPATH": str(Path(pyneuro.__file__).parents[1])}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300)


def test_no_example_is_forgotten() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SMALL)


@pytest.mark.parametrize("backend", ["emulator", "reference"])
@pytest.mark.parametrize("name", SMALL)
def test_example_runs(name: str, backend: str, tmp_path: Path) -> None:
    done = run(name, "--backend", backend, "--json", "--", *SMALL[name], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "spikes" in done.stdout.splitlines()[0]


def test_projections_of_the_benchmark_are_independent(tmp_path: Path) -> None:
    """No two populations hear the same cells."""
    script = (EXAMPLES / "vogels_abbott.py").read_text().replace("sim.run(", "check(); sim.run(")
    check = """
def check():
    import numpy as np
    from pyneuro import simulator
    shared = [set(map(tuple, np.array(p.get([], format="list")).astype(int))) for p in simulator.state.projections]
    same = len(shared[0] & shared[2]) / len(shared[0])
    assert same < 0.1, same
"""
    (tmp_path / "checked.py").write_text(check + script)
    done = run(str(tmp_path / "checked.py"), "--", *SMALL["vogels_abbott.py"], cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_conductance_model_runs(tmp_path: Path) -> None:
    arguments = ["--model", "coba", *SMALL["vogels_abbott.py"]]
    done = run("vogels_abbott.py", "--json", "--", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_tour_plots(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    done = run("tour.py", "--", "--plot", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tour.png").read_bytes().startswith(b"\x89PNG")
