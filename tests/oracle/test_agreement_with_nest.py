"""What agrees with NEST, and how well: one table, a row a model, each held to it through PyNN.

The same script builds the same cells on ``pyNN.nest`` and here; see ``agreement_script.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from processes import arrays_of

if find_spec("nest") is None:  # not imported here: NEST would change the warnings and signals of all tests
    pytest.skip("NEST is not installed (extra 'oracle')", allow_module_level=True)

Arrays = Mapping[str, NDArray[Any]]
CELLS = 3
CURRENTS = {"excitatory": 1.0, "inhibitory": -0.5}


@dataclass(frozen=True)
class Row:
    """A cell type, what it gets, and what then agrees.

    Parameters
    ----------
    cell : str
        The cell type as an expression in PyNN's names.
    weights : mapping of str to float
        Mean weight on each receptor, nA, uS or mV.
    current : float
        Of the noise that is injected, nA.
    v : float
        Largest difference (mV) of the voltages, at every sample of 0.1 ms that is not near a spike.
    note : str
        What limits the agreement.
    here : str
        The cell type here, if NEST has it only as a composition.
    near_ms : float
        How far a spike is near, before and after it.
    shift : int
        Timesteps that a spike may be off.
    """

    cell: str
    weights: Mapping[str, float]
    current: float
    v: float
    note: str
    here: str = ""
    near_ms: float = 0.0
    shift: int = 0

    @property
    def name(self) -> str:
        """The cell type without its parameters."""
        return (self.here or self.cell).partition("(")[0]


EXACT = "both solve the linear equations exactly; the rest is rounding"
GSL = "NEST's adaptive solver may be off by 1e-3 a step"
UPSTROKE = "before a spike v rises by 40 mV/ms; NEST's tolerance is set to 1e-10 (at its own 1e-6: up to 0.1 mV there)"
TABLE = (
    Row("IF_curr_exp(cm=0.25, tau_m=10.0, tau_refrac=2.0)", CURRENTS, 0.4, 1e-9, EXACT),
    Row("IF_curr_alpha(cm=0.25, tau_m=10.0, tau_refrac=2.0)", CURRENTS, 0.4, 1e-9, EXACT),
    Row("IF_curr_delta(cm=0.25, tau_m=10.0, tau_refrac=2.0)", CURRENTS, 0.4, 1e-9, EXACT),
    Row(
        "IF_cond_exp(cm=0.25, tau_m=10.0, tau_refrac=2.0)",
        {"excitatory": 0.003, "inhibitory": 0.003},
        0.4,
        1e-4,
        GSL,
    ),
    Row(
        "IF_cond_alpha(cm=0.25, tau_m=10.0, tau_refrac=2.0)",
        {"excitatory": 0.03, "inhibitory": 0.03},
        0.4,
        1e-4,
        GSL,
    ),
    Row(
        "PointNeuron(LIF(cm=0.25, tau_m=10.0, tau_refrac=2.0),"
        " fast=CurrExpPostSynapticResponse(tau_syn=1.0),"
        " slow=CurrExpPostSynapticResponse(tau_syn=8.0),"
        " GABA=CurrExpPostSynapticResponse(tau_syn=3.0))",
        {"fast": 1.0, "slow": 0.3, "GABA": -0.5},
        0.3,
        1e-9,
        EXACT,
    ),
    Row(
        "PointNeuron(LIF(cm=0.25, tau_m=10.0, tau_refrac=2.0),"
        " excitatory=CurrExpPostSynapticResponse(tau_syn=2.0),"
        " excitatory2=CurrExpPostSynapticResponse(tau_syn=9.0),"
        " inhibitory=CurrExpPostSynapticResponse(tau_syn=4.0))",
        {"excitatory": 1.0, "excitatory2": 0.3, "inhibitory": -0.5},
        0.3,
        1e-9,
        EXACT,
        here="IF_curr_dual_exp(cm=0.25, tau_m=10.0, tau_refrac=2.0, tau_syn_E=2.0, tau_syn_E2=9.0, tau_syn_I=4.0)",
    ),
    Row("HH_cond_exp()", {"excitatory": 0.05, "inhibitory": 0.01}, 0.5, 0.05, GSL, near_ms=3.0, shift=1),
    Row(
        "GIF_cond_exp(delta_v=0.0001, lambda0=1000.0, cm=0.25, tau_m=15.0,"
        " a_eta=[0.3, 0.1, 0.05], a_gamma=[2.0, 1.0, 1.0])",
        {"excitatory": 0.005, "inhibitory": 0.003},
        1.5,
        1e-4,
        "a threshold so sharp that nothing is left to chance; NEST resets v a step after the spike",
        near_ms=0.1,
    ),
    Row("IF_cond_exp_gsfa_grr()", {"excitatory": 0.02, "inhibitory": 0.01}, 4.0, 1e-4, GSL),
    Row(
        "EIF_cond_exp_isfa_ista()", {"excitatory": 0.01, "inhibitory": 0.01}, 2.0, 0.02, UPSTROKE, near_ms=0.1, shift=1
    ),
    Row(
        "EIF_cond_alpha_isfa_ista()",
        {"excitatory": 0.01, "inhibitory": 0.01},
        2.0,
        0.02,
        UPSTROKE,
        near_ms=0.1,
        shift=1,
    ),
    Row(
        "PointNeuron(AdExp(cm=0.25, tau_m=10.0, tau_refrac=2.0, v_spike=0.0),"
        " fast=BetaPSR(tau_rise=0.5, tau_decay=2.0), GABA=BetaPSR(tau_rise=1.0, tau_decay=8.0, e_syn=-75.0))",
        {"fast": 0.02, "GABA": 0.005},
        0.9,
        0.02,
        UPSTROKE,
        near_ms=0.1,
        shift=1,
    ),
    Row(
        "PointNeuron(AdExp(v_spike=-30.0, tau_refrac=2.0),"
        " fast=AlphaPSR(tau_syn=0.5), slow=AlphaPSR(tau_syn=8.0), GABA=AlphaPSR(e_syn=-75.0))",
        {"fast": 0.01, "slow": 0.003, "GABA": 0.01},
        2.0,
        0.02,
        UPSTROKE,
        near_ms=0.1,
        shift=1,
    ),
)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Arrays, Arrays]:
    """What all rows give on NEST and here."""
    script, folder = Path(__file__).with_name("agreement_script.py"), tmp_path_factory.mktemp("agreement")
    there = json.dumps([[row.cell, row.weights, row.current] for row in TABLE]).encode()
    here = json.dumps([[row.here or row.cell, row.weights, row.current] for row in TABLE]).encode()
    nest = arrays_of(script, folder / "nest.npz", "pyNN.nest", "spike_precision=on_grid", given=there)
    return nest, arrays_of(script, folder / "here.npz", "pyneuro", "backend=reference", given=here)


@pytest.mark.parametrize("number", range(len(TABLE)), ids=[row.name for row in TABLE])
def test_agreement(number: int, both: tuple[Arrays, Arrays]) -> None:
    """Every spike, and the voltage at every sample that is not near one."""
    row, (nest, here) = TABLE[number], both
    spikes = worst = 0.0
    for cell in range(CELLS):
        theirs, ours = (arrays[f"spikes {number} {cell}"] for arrays in both)
        assert len(theirs) == len(ours) > 10
        assert np.abs(theirs - ours).max() <= row.shift
        off = np.abs(nest[f"v {number}"] - here[f"v {number}"])[1:, cell]
        worst = max(worst, off[~near(np.concatenate([theirs, ours]), len(off), row.near_ms)].max())
        spikes += len(ours)
    print(f"{row.cell}: v differs by {worst:.2g} mV at the most, {spikes:.0f} spikes agree; {row.note}")
    assert worst < row.v


def near(spikes: NDArray[np.int64], samples: int, reach_ms: float) -> NDArray[np.bool_]:
    """Which of the samples 1, 2, ... are within `reach_ms` of one of the `spikes` (timesteps of 0.1 ms)."""
    marked = np.zeros(samples, np.bool_)
    reach = round(10.0 * reach_ms)
    for offset in range(-reach, reach + 1) if reach else ():
        marked[np.clip(spikes + offset - 1, 0, samples - 1)] = True
    return marked
