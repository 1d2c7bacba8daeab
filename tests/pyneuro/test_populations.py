"""Populations, views and assemblies: parameters, initial values, cells, and what is said about wrong ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pyNN.errors import InvalidDimensionsError, InvalidParameterValueError, NonExistentParameterError
from pyNN.parameters import Sequence
from pyNN.random import NumpyRNG, RandomDistribution

import pyneuro as sim
from pyneuro.errors import SizeError, UnsupportedError
from pyneuro.freeze import freeze
from pyneuro.populations import members
from toolchain.errors import ParameterError


@pytest.fixture(autouse=True)
def _setup() -> None:
    sim.setup(timestep=0.1, backend="reference")


def test_parameters_of_all_kinds() -> None:
    """Numbers, lists, functions and distributions; what is the same for all is one number."""
    rng = NumpyRNG(3)
    cells = sim.Population(
        4,
        sim.IF_curr_exp(
            tau_m=[1.0, 2.0, 3.0, 4.0],
            i_offset=lambda i: 0.1 * i,
            cm=RandomDistribution("uniform", (0.5, 1.5), rng=NumpyRNG(3)),
        ),
    )
    assert cells.get("tau_m").tolist() == [1.0, 2.0, 3.0, 4.0]
    assert np.allclose(cells.get("i_offset"), [0.0, 0.1, 0.2, 0.3])
    assert np.array_equal(cells.get("cm"), rng.next(4, "uniform", {"low": 0.5, "high": 1.5}))
    assert cells.get(["v_rest", "v_thresh"]) == [-65.0, -50.0]
    assert cells[2].tau_m == 3.0


def test_setting_parameters() -> None:
    """Of a population, a view of a view, a cell and an assembly."""
    cells, others = sim.Population(5, sim.IF_curr_exp()), sim.Population(2, sim.IF_curr_exp())
    cells.set(tau_m=10.0, cm=[1, 2, 3, 4, 5])
    cells[[0, 2, 4]][1:].set(tau_m=[7.0, 8.0])
    cells[1].i_offset = 0.5
    (cells[3:] + others).set(v_rest=-70.0)
    assert cells.get("tau_m").tolist() == [10.0, 10.0, 7.0, 10.0, 8.0]
    assert cells.get("i_offset").tolist() == [0.0, 0.5, 0.0, 0.0, 0.0]
    assert cells.get("v_rest").tolist() == [-65.0, -65.0, -65.0, -70.0, -70.0]
    assert others.get("v_rest") == -70.0
    assert (cells[:2] + others).get("v_rest").tolist() == [-65.0, -65.0, -70.0, -70.0]
    assert cells[[0, 4]].get("cm").tolist() == [1.0, 5.0]


def test_spike_times() -> None:
    """One list for all sources, or one for each; of a cell, too."""
    sources = sim.Population(3, sim.SpikeSourceArray(spike_times=[1.0, 2.0]))
    sources[1].spike_times = [0.5]
    sources[2:].set(spike_times=Sequence([3.0, 4.0, 5.0]))
    times = freeze(sim.simulator.state).populations[0].spike_times
    assert times is not None
    assert times.offsets.tolist() == [0, 2, 3, 6]
    assert times.times.tolist() == [1.0, 2.0, 0.5, 3.0, 4.0, 5.0]


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"tau_m": -3.0}, ParameterError, "IF_curr_exp.tau_m must be > 0 ms, got -3"),
        ({"tau_refrac": [0.1, -1.0]}, ParameterError, "IF_curr_exp.tau_refrac must be >= 0 ms, got -1 for cell 1"),
        ({"cm": float("nan")}, ParameterError, "IF_curr_exp.cm must be finite, got nan"),
        ({"v_rest": {}}, InvalidParameterValueError, "IF_curr_exp.v_rest must be one value or 2 values"),
        ({"v_rest": "low"}, InvalidParameterValueError, "v_rest"),
        ({"tau_mm": 3.0}, NonExistentParameterError, "tau_mm (valid parameters for IF_curr_exp are: cm"),
    ],
)
def test_wrong_parameters(parameters: dict[str, Any], error: type[Exception], message: str) -> None:
    """The message names model, parameter, limit and value, at creation and at set()."""
    with pytest.raises(error) as caught:
        sim.Population(2, sim.IF_curr_exp(**parameters), label="x")
    assert message in str(caught.value)
    assert sim.simulator.state.populations == []
    cells = sim.Population(2, sim.IF_curr_exp(), label="x")
    with pytest.raises(error) as caught:
        cells.set(**parameters)
    assert cells.get("tau_m") == 20.0


def test_what_is_refused_leaves_nothing_behind() -> None:
    """Neither wrong parameters nor wrong initial values, nor a population that comes too late."""
    cells = sim.Population(2, sim.IF_curr_exp())
    cells.record("v")
    for wrong in ({"tau_m": -3.0}, {"cm": [1.0, 2.0, 3.0]}):
        with pytest.raises((ParameterError, InvalidParameterValueError)):
            sim.Population(2, sim.IF_curr_exp(**wrong))
    with pytest.raises(NonExistentParameterError, match="gsyn_exc"):
        sim.Population(2, sim.IF_curr_exp(), initial_values={"gsyn_exc": 1.0})
    sim.run(1.0)
    with pytest.raises(UnsupportedError, match="cannot be added"):
        sim.Population(2, sim.IF_curr_exp())
    sim.reset()
    sim.run(1.0)
    assert sim.simulator.state.populations == [cells]
    assert [len(segment.analogsignals[0]) for segment in cells.get_data().segments] == [11, 11]


def test_a_population_that_does_not_fit() -> None:
    """Refused before memory is taken."""
    with pytest.raises(SizeError, match=r"'huge' of 1000000000000 cells needs about 2e\+05 GB of memory, this comp"):
        sim.Population(10**12, sim.IF_curr_exp(), label="huge")


def test_wrong_number_of_values() -> None:
    """As many values as cells, or one."""
    with pytest.raises(InvalidParameterValueError, match=r"cm must be one value or 2 values for 'x', got 3$"):
        sim.Population(2, sim.IF_curr_exp(cm=[1.0, 2.0, 3.0]), label="x")
    with pytest.raises(InvalidDimensionsError):
        sim.Population(2, sim.IF_curr_exp()).set(cm=[1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("times", "message"),
    [([2.0, 1.0], "ascending, got 2 ms before 1 ms"), ([-1.0], "at least 0 ms"), ([float("inf")], "at least 0 ms")],
)
def test_wrong_spike_times(times: list[float], message: str) -> None:
    """Spike times must be ascending times."""
    with pytest.raises(InvalidParameterValueError, match=f"SpikeSourceArray.spike_times must be .*{message}"):
        sim.Population(2, sim.SpikeSourceArray(spike_times=times))


def test_a_list_of_spike_times_for_each_source() -> None:
    """As many lists as sources, or one list."""
    with pytest.raises(InvalidParameterValueError, match=r"spike_times must be one value or 2 values for 'x', got 3$"):
        sim.Population(2, sim.SpikeSourceArray(spike_times=[[1.0], [2.0], [3.0]]), label="x")


@pytest.mark.parametrize("wrong", ["IF_curr_exp", 5, None])
def test_no_cell_type(wrong: Any) -> None:
    """The second argument is a cell type."""
    with pytest.raises(TypeError, match=f"needs a cell type, such as IF_curr_exp.., got {wrong!r}"):
        sim.Population(3, wrong)


def test_what_there_is_not() -> None:
    """Parameters, variables and cell types that there are not, and populations without cells."""
    cells = sim.Population(2, sim.IF_curr_exp())
    with pytest.raises(NonExistentParameterError, match="tau"):
        cells.get("tau")
    with pytest.raises(NonExistentParameterError, match="gsyn_exc"):
        cells.initialize(gsyn_exc=0.0)
    with pytest.raises(InvalidParameterValueError, match="initial value of 'v' must be a finite number"):
        cells.initialize(v=float("nan"))
    with pytest.raises(ValueError, match="must have at least 1 cell, got 0"):
        sim.Population(0, sim.IF_curr_exp(), label="none")
    from pyNN import mock

    with pytest.raises(UnsupportedError, match="IF_facets_hardware1 is not a cell type of pyneuro"):
        sim.Population(2, mock.IF_facets_hardware1())


def test_initial_values() -> None:
    """Of all cells, of a view, of a cell; random ones are drawn once, from the script's generator."""
    rng = NumpyRNG(8)
    cells = sim.Population(4, sim.IF_curr_exp(), initial_values={"isyn_exc": 0.25})
    cells.initialize(v=RandomDistribution("uniform", (-70.0, -60.0), rng=rng))
    drawn = NumpyRNG(8).next(5, "uniform", {"low": -70.0, "high": -60.0})
    cells[1:3].initialize(v=-50.0)
    cells[3].set_initial_value("v", -40.0)
    assert rng.next(1, "uniform", {"low": -70.0, "high": -60.0})[0] == drawn[4]
    initial = freeze(sim.simulator.state).populations[0].initial
    assert np.asarray(initial["v"]).tolist() == [drawn[0], -50.0, -50.0, -40.0]
    assert initial["isyn_exc"] == 0.25
    assert cells[1:].initial_values["v"].evaluate().tolist() == [-50.0, -50.0, -40.0]
    assert cells[3].get_initial_value("v") == -40.0


def test_initial_values_are_for_the_start() -> None:
    """After run() there is no initialising, nor a new population, until reset()."""
    cells = sim.Population(2, sim.IF_curr_exp())
    sim.run(1.0)
    with pytest.raises(UnsupportedError, match=r"what 'v' is at t = 0, and t is 1 ms: reset\(\) first"):
        cells.initialize(v=-60.0)
    with pytest.raises(UnsupportedError, match=r"'late' cannot be added at t = 1 ms: call reset\(\) first"):
        sim.Population(2, sim.IF_curr_exp(), label="late")
    sim.reset()
    cells.initialize(v=-60.0)
    more = sim.Population(1, sim.IF_curr_exp(v_rest=-70.0), label="in time")
    (cells + more).record("v")
    sim.run(1.0)
    assert cells.get_data().segments[-1].analogsignals[0].magnitude[0].tolist() == [-60.0, -60.0]
    assert more.get_data().segments[-1].analogsignals[0].shape == (11, 1)


def test_members() -> None:
    """The populations behind cells, and their places there."""
    a, b = sim.Population(5, sim.IF_curr_exp()), sim.Population(3, sim.IF_curr_exp())
    assert members(a) == [(a, None)]
    found = members(a[[4, 0, 2]][1:] + b)
    assert [population for population, _ in found] == [a, b]
    assert found[0][1] is not None
    assert found[0][1].tolist() == [2, 4]


def test_ids_and_structures() -> None:
    """Ids are consecutive over populations; PyNN's structures and descriptions work."""
    a, b = sim.Population((2, 3), sim.IF_curr_exp()), sim.Population(3, sim.IF_curr_exp(), structure=sim.Line(dx=2.0))
    assert [int(cell) for cell in b] == [6, 7, 8]
    assert b.id_to_index(b[2]) == 2
    assert a.positions.shape == (3, 6)
    assert b[2].position.tolist() == [4.0, 0.0, 0.0]
    assert "IF_curr_exp" in a.describe()
    assert len(b.sample(2, rng=NumpyRNG(1))) == 2


def test_izhikevich_is_pynns_and_spinnakers_has_another_name() -> None:
    assert sim.Izhikevich.default_parameters == {"a": 0.02, "b": 0.2, "c": -65.0, "d": 2.0, "i_offset": 0.0}
    assert sim.Izhikevich.recordable == ["spikes", "v", "u"]
    assert sim.Izhikevich.voltage_based_synapses
    with pytest.raises(KeyError, match=r"tau_syn_E.*steps of v in mV.*Izhikevich_curr_exp.* 1 nA is 1 mV/ms") as error:
        sim.Izhikevich(a=0.1, tau_syn_E=2.0)
    assert isinstance(error.value, sim.errors.NonExistentParameterError)
    cells = sim.Population(1, sim.Izhikevich_curr_exp(a=0.1, tau_syn_E=2.0))
    assert cells.get(["a", "b", "tau_syn_E", "v_thresh"]) == [0.1, 0.2, 2.0, 30.0]
    assert sim.extra_models.Izhikevich_curr_exp is sim.Izhikevich_curr_exp
    assert sim.Izhikevich_cond.conductance_based


def test_a_description_has_the_parameters_of_the_first_cell() -> None:
    sim.setup()
    cells = sim.Population(2, sim.IF_curr_exp(tau_m=[12.5, 20.0]), label="few")
    assert "'tau_m': 12.5" in cells.describe()
    assert cells.describe(template=None)["cell_parameters"] == cells[0].get_parameters()


def test_refused_parameters_are_named_with_their_population() -> None:
    sim.setup()
    kind = sim.PointNeuron(sim.LIF(), A=sim.CondExpPostSynapticResponse(tau_syn=-1.0))
    with pytest.raises(ValueError, match=r"^population 'odd': A\.tau_syn must be"):
        sim.Population(2, kind, label="odd")


def test_recorded_weights_have_the_unit_of_the_receptor() -> None:
    sim.setup()
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0]))
    for kind, unit in ((sim.IF_curr_delta(), "mV"), (sim.IF_curr_exp(), "nA"), (sim.IF_cond_exp(), "uS")):
        made = sim.Projection(source, sim.Population(1, kind), sim.AllToAllConnector())
        recorder = sim.WeightRecorder(1.0, made)
        recorder(0.0)
        assert recorder.get_weights().dimensionality.string == unit


def test_spike_times_need_no_name() -> None:
    """As in sPyNNaker's scripts; cells of several parameters do."""
    sim.setup()
    given = sim.Population(2, sim.SpikeSourceArray(range(3)))
    assert np.array_equal(given.get("spike_times").value, [0.0, 1.0, 2.0])
    with pytest.raises(TypeError, match=r"SpikeSourcePoisson takes parameters by their names, as rate=10\.0"):
        sim.SpikeSourcePoisson(10.0)
    with pytest.raises(TypeError, match="takes parameters by their names"):
        sim.SpikeSourceArray([1.0], spike_times=[2.0])


@pytest.mark.parametrize(
    "name",
    [
        "Neuromodulation",
        "PfisterSpikeTriplet",
        "SpikeNearestPairRule",
        "Vogels2011Rule",
        "WeightDependenceAdditiveTriplet",
    ],
)
def test_synapses_that_spynnaker_has_among_its_extra_models(name: str) -> None:
    assert getattr(sim.extra_models, name) is getattr(sim, name)
