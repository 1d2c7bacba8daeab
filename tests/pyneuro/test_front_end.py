"""pyneuro is found as a back end of PyNN, offers PyNN's interface, and is quick to import."""

from __future__ import annotations

import subprocess
import sys
from inspect import isclass
from pathlib import Path
from typing import Any

import pytest
from pyNN import common, mock, utility
from pyNN.common.populations import BasePopulation
from pyNN.connectors import Connector
from pyNN.random import AbstractRNG
from pyNN.standardmodels import StandardModelType

import pyneuro
from pyneuro.errors import UnsupportedError
from pyneuro.standardmodels.unsupported import UNSUPPORTED


def test_pynn_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyNN's get_simulator(), its import statement and our own get_simulator()."""
    monkeypatch.setattr(sys, "argv", ["script.py", "pyneuro", "--plot", "x"])
    option = ("--plot", "where to", {"default": ""})
    for get_simulator in (utility.get_simulator, pyneuro.get_simulator):
        sim, arguments = get_simulator(option)
        assert sim is pyneuro
        assert arguments.plot == "x"
    monkeypatch.setattr(sys, "argv", ["script.py", "pyneuro.options"])
    assert pyneuro.get_simulator()[0].__name__ == "pyneuro.options"


def test_importing_is_quick_and_does_nothing(tmp_path: Path) -> None:
    """Neither PyNN nor numpy is imported before something is used, and no file is written."""
    code = (
        "import sys, pyneuro; print(sorted({'pyNN', 'neo', 'numpy'} & set(sys.modules)), 'pyNN.pyneuro' in sys.modules)"
    )
    run = [sys.executable, "-c", code]
    output = subprocess.check_output(run, cwd=tmp_path, env={"PYTHONPATH": ":".join(sys.path)}, text=True)
    assert output == "[] True\n"
    assert list(tmp_path.iterdir()) == []


def test_everything_that_a_back_end_has() -> None:
    """Functions, populations, connectors and standard models that PyNN's own example of a back end offers."""
    kinds = (Connector, StandardModelType, BasePopulation, common.Assembly, common.Projection, AbstractRNG)
    models = {name for name, thing in vars(mock).items() if isclass(thing) and issubclass(thing, kinds)}
    bases = {"AbstractRNG", "FixedNumberConnector", "StandardSynapseType", "NativeRNG"}
    functions = set(mock_control_names()) | {"create", "connect", "record", "record_v", "record_gsyn"}
    others = {"Space", "Network", "RandomDistribution", "list_standard_models", "errors", "random", "space"}
    assert [name for name in sorted((models - bases) | functions | others) if not hasattr(pyneuro, name)] == []


def mock_control_names() -> list[str]:
    """Functions of PyNN's module `control` that its back ends re-export."""
    module = sys.modules["pyNN.mock.control"]
    return [name for name, thing in vars(module).items() if callable(thing) and name != "get_io"]


def test_star_import_and_listing() -> None:
    """``from pyneuro import *`` gives the interface, and dir() lists it."""
    names: dict[str, Any] = {}
    exec("from pyneuro import *", names)
    assert names["Population"] is pyneuro.Population
    assert {"setup", "Projection", "IF_curr_exp"} <= set(dir(pyneuro))
    with pytest.raises(AttributeError, match="no attribute 'Populaton'"):
        _ = pyneuro.Populaton
    with pytest.raises(AttributeError, match="no attribute '_hidden'"):
        _ = pyneuro._hidden


def test_pynns_errors_are_there() -> None:
    """Scripts catch ``sim.errors.ConnectionError``."""
    from pyNN.errors import ConnectionError

    assert pyneuro.errors.ConnectionError is ConnectionError
    with pytest.raises(AttributeError):
        _ = pyneuro.errors.NoSuchError


def test_standard_models() -> None:
    """What there is is listed."""
    assert pyneuro.list_standard_models() == [
        "EIF_cond_alpha_isfa_ista",
        "EIF_cond_exp_isfa_ista",
        "GIF_cond_exp",
        "HH_cond_exp",
        "IF_cond_alpha",
        "IF_cond_exp",
        "IF_cond_exp_gsfa_grr",
        "IF_curr_alpha",
        "IF_curr_delta",
        "IF_curr_exp",
        "Izhikevich",
        "SpikeSourceArray",
        "SpikeSourceGamma",
        "SpikeSourceInhGamma",
        "SpikeSourcePoisson",
        "SpikeSourcePoissonRefractory",
    ]


@pytest.mark.parametrize("name", ["IF_facets_hardware1", "NaChannel", "MultiCompartmentNeuron"])
def test_what_is_lacking_says_so(name: str) -> None:
    """A model that PyNN has and pyneuro lacks can be named, and says on construction what there is instead."""
    model = getattr(pyneuro, name)
    with pytest.raises(UnsupportedError, match=f"{name} is not available in pyneuro; its .* are ") as told:
        model()
    assert "IF_curr_dual_exp" in str(told.value)
    assert "PSR" not in str(told.value), "a receptor is no cell type"
    assert name in UNSUPPORTED
