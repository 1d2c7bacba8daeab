"""Cells that spike by chance against NEST: other random numbers, the same rates and intervals."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from processes import arrays_of
from scipy.stats import ks_2samp

if find_spec("nest") is None:  # not imported here: NEST would change the warnings and signals of all tests
    pytest.skip("NEST is not installed (extra 'oracle')", allow_module_level=True)


def test_gif_cells_spike_as_often_and_as_regularly_as_in_nest(tmp_path: Path) -> None:
    """Means within three standard errors and 2 %, intervals of one distribution."""
    script = Path(__file__).with_name("chance_script.py")
    nest = arrays_of(script, tmp_path / "nest.npz", "pyNN.nest", "spike_precision=on_grid")
    here = arrays_of(script, tmp_path / "here.npz", "pyneuro", "backend=reference")
    for number in range(sum(name.startswith("counts") for name in nest)):
        theirs, ours = nest[f"counts {number}"], here[f"counts {number}"]
        error = np.hypot(theirs.std(), ours.std()) / np.sqrt(len(theirs))
        same = ks_2samp(nest[f"intervals {number}"], here[f"intervals {number}"]).pvalue
        print(f"{theirs.mean():.2f} and {ours.mean():.2f} spikes a cell, standard error {error:.2f}; p = {same:.2f}")
        assert theirs.mean() > 5
        assert abs(theirs.mean() - ours.mean()) < 3.0 * error + 1e-9
        assert ours.mean() == pytest.approx(theirs.mean(), rel=0.02)
        assert same > 0.01
