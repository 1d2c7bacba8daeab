"""``pyneuro models``: the facts are those of the declarations, and the errors are measured."""

from __future__ import annotations

import json

import pytest

from pyneuro.cli import main
from pyneuro.cli.models import describe, to_text
from pyneuro.model_errors import drive, measure
from toolchain.models import BIT_EXACT, CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.synapses.release import RELEASE_MODELS
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES

EVERY = {**CELL_MODELS, **RELEASE_MODELS, **TIMING_RULES, **WEIGHT_RULES}


@pytest.mark.parametrize("name", EVERY)
def test_every_model_is_described(name: str) -> None:
    """Each has its parameters in the text, with unit and default."""
    text = to_text(describe(EVERY[name]))
    words = " ".join(text.split())
    assert text.startswith(f"{name} (")
    for parameter in EVERY[name].parameters:
        assert f"{parameter.name} = {parameter.default:g} {parameter.unit}".rstrip() in words


def test_facts_of_a_cell() -> None:
    """IF_curr_exp: its operations and the 121 cycles that its cost is anchored to."""
    facts = describe(EVERY["IF_curr_exp"])
    assert (facts["operations"], facts["cycles"], facts["equals_spynnaker"]) == (21, 121, True)
    assert facts["receptors"] == {"excitatory": "nA", "inhibitory": "nA"}


def test_exact_models_are_models() -> None:
    """What is said to equal sPyNNaker is a cell with dynamics."""
    assert all(isinstance(CELL_MODELS[name], CellModel) for name in BIT_EXACT)


def test_errors_are_measured() -> None:
    """IF_curr_exp under a current that makes it spike at some 30 Hz: nearly the reference, but not it."""
    model = CELL_MODELS["IF_curr_exp"]
    assert isinstance(model, CellModel)
    assert drive(model) == pytest.approx(0.9, rel=0.2)
    for error, timestep in zip(measure(model), (1.0, 0.1), strict=True):
        assert error.timestep == timestep
        assert 20.0 < error.rates_hz[0] < 40.0
        assert 0.0 < error.rms < 0.1
        assert error.shift_ms < 2.0


def test_the_command_prints_what_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Names choose; --json prints one object; a name that there is not is refused with the nearest."""
    assert main(["models", "--no-errors", "SpikePairRule", "IF_curr_exp"]) == 0
    text = capsys.readouterr().out
    assert "SpikePairRule (timing rule of STDPMechanism)" in text
    assert "equals sPyNNaker's bit for bit" in text
    assert main(["models", "--no-errors", "--json", "IF_curr_exp"]) == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["bytes"] == 68
    assert main(["models", "IF_cur_exp"]) == 2
    assert "there is no model 'IF_cur_exp'" in capsys.readouterr().err
