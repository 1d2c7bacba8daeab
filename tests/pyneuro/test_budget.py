"""The error budget: its networks, the simulators between the two, and the account."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from emulator.interpreter import RESOLUTION, real_registers
from emulator.waves import Wave
from pyneuro.analysis import SpikeTrains
from pyneuro.budget import StageRun, account
from pyneuro.budget.account import spike_shift
from pyneuro.budget.cells import ProgramCells
from pyneuro.budget.networks import Quantiser, parts_for_delays, refined, varied
from pyneuro.budget.simulations import STAGES, ExactDelays, ProgramSimulation
from pyneuro.emulated import EmulatedSimulation
from pyneuro.reference import ReferenceSimulation
from pyneuro.report import Report
from pyneuro.report.findings import findings
from pyneuro.results import PopulationResult, Results, Signal
from tests.support.networks import array_source, cells, connect, poisson_source
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel
from toolchain.network import Current, Network, Recording, WaveCurrent
from toolchain.options import MappingOptions

EVERY = np.arange(20, dtype=np.int32)


def excited(cell: str = "IF_curr_exp", weight: float = 0.3, delay: float = 1.5, timestep: float = 0.5) -> Network:
    """Poisson sources that drive cells which excite each other."""
    recordings = (Recording("spikes", EVERY), Recording("v", EVERY), Recording(f"{synaptic(cell)}_exc", EVERY))
    random = np.random.default_rng(1)
    pairs = [(int(a), int(b)) for a, b in random.integers(0, 20, (80, 2))]
    populations = (
        poisson_source("noise", 30, 100.0),
        cells("cells", 20, cell, recordings=recordings),
        array_source("given", [[3.0, 20.0], [7.5]]),
    )
    projections = (
        connect((0, 1), [(i, i % 20) for i in range(30)], 5.0 * weight, delay),
        connect((1, 1), pairs, weight, delay),
        connect((2, 1), [(0, 3), (1, 4)], 3.0 * weight, 2 * delay),
    )
    return Network("excited", timestep, populations, projections, seed=5)


def synaptic(cell: str) -> str:
    """What the synaptic variables of a cell type begin with."""
    return "gsyn" if "cond" in cell else "isyn"


# --- networks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("delay", "parts"), [(1.5, 1), (0.75, 2), (0.6, 5), (0.55, 10), (0.123, 10), (0.25, 2)])
def test_timestep_is_divided_until_delays_are_multiples(delay: float, parts: int) -> None:
    """The fewest parts of 0.5 ms of which the delays are multiples; ten if that is not enough."""
    assert parts_for_delays(excited(delay=delay)) == parts


def test_refined_networks_record_as_often() -> None:
    """A fifth of the timestep, five times as many steps between two samples."""
    fine = refined(excited(), 5)
    assert fine.timestep == 0.1
    assert {recording.interval_steps for recording in fine.populations[1].recordings} == {5}


def test_quantiser_rounds_to_what_a_core_stores() -> None:
    """Weights become multiples of 2^(shift - 15); a network that shares projections shares the rounded ones."""
    network = excited(weight=0.3)
    quantise = Quantiser(((), (2, 2), ()))
    once, again = quantise(network), quantise(network)
    assert once.projections[1].weight == round(0.3 * 2**13) / 2**13 != 0.3
    assert once.projections[1] is again.projections[1]


def test_variations_differ_in_seed_and_by_a_trace_of_voltage() -> None:
    """Variation 2 is the same each time, and not variation 3; sources have no voltage."""
    network = excited()
    two, same, three = varied(network, 2), varied(network, 2), varied(network, 3)
    assert (two.seed, three.seed) == (7, 8)
    first = [one.populations[1].initial["v"] for one in (two, same, three)]
    assert np.array_equal(first[0], first[1])
    assert not np.array_equal(first[0], first[2])
    assert 0.0 < np.abs(np.asarray(first[0]) + 65.0).max() < 0.1
    assert two.populations[0].initial == {}


def test_variations_have_other_noise() -> None:
    """Steps of current and sines stay."""
    every = np.arange(3, dtype=np.int32)
    step = Current(every, np.zeros(1), np.ones(1))
    noise = WaveCurrent(every, Wave(0.0, 1e9, 1.0, 0.1, amplitude=0.2, frequency=5.0, deviation=0.3, seed=11))
    network = Network("n", 1.0, (cells("p", 3, currents=(step, noise)),), ())
    ours, other = varied(network, 2).populations[0].currents
    assert ours is step
    assert isinstance(other, WaveCurrent)
    assert other.wave == replace(noise.wave, seed=13)


@pytest.mark.parametrize("stage", STAGES)
def test_currents_are_exchanged_at_every_stage(stage: str) -> None:
    """Between two runs, without an update."""
    every = np.arange(3, dtype=np.int32)
    before, after = (
        Network("n", 1.0, (cells("p", 3, currents=currents, recordings=(Recording("v", every),)),), ())
        for currents in ((), (WaveCurrent(every, Wave(0.0, 1e9, 1.0, 0.4)),))
    )
    simulation = STAGES[stage](before, MappingOptions())
    simulation.run(10)
    simulation.inject(after)
    simulation.run(10)
    v = simulation.signal(0, "v")
    assert np.allclose(v[:11], -65.0, atol=1e-3)
    assert np.all(np.diff(v[10:], axis=0) > 0.1)


# --- simulations ------------------------------------------------------------------------------------------


def test_exact_delays_change_nothing_where_there_is_nothing_to_round() -> None:
    """Delays that are multiples of the timestep: the same run as the reference."""
    network = excited()
    one, other = ExactDelays(network), ReferenceSimulation(network)
    for simulation in (one, other):
        simulation.run(200)
    assert all(np.array_equal(a, b) for a, b in zip(one.spikes(1), other.spikes(1), strict=True))
    assert np.array_equal(one.signal(1, "v"), other.signal(1, "v"))


def test_exact_delays_are_exact() -> None:
    """A delay of 0.75 ms with a timestep of 0.5 ms: the current begins 0.75 ms after the spike."""
    recordings = (Recording("v", np.zeros(1, np.int32)),)
    populations = (array_source("source", [[1.0]]), cells("cell", 1, recordings=recordings))
    network = Network("exact", 0.5, populations, (connect((0, 1), [(0, 0)], 1.0, 0.75),))
    simulation = ExactDelays(network)
    simulation.run(20)
    t = 0.5 * np.arange(21) - 1.75
    tau_m, tau_syn = 20.0, 5.0
    rise = tau_m * tau_syn / (tau_m - tau_syn) * (np.exp(-t / tau_m) - np.exp(-t / tau_syn))
    assert simulation.signal(1, "v")[:, 0] == pytest.approx(np.where(t > 0, rise, 0.0) - 65.0, abs=1e-9)
    assert simulation.step == 20


@pytest.mark.filterwarnings("ignore::pyneuro.errors.MappingWarning")
def test_delays_that_are_cut_belong_to_the_algorithm() -> None:
    """The stage of the weights has them as they are, and the machine adds nothing of its own."""
    network, options = excited(delay=12.0), MappingOptions(longest_delay=2.0)
    stage = ProgramSimulation(network, options, in_words=True)
    machine = EmulatedSimulation(network, mapping={"longest_delay": 2.0})
    before = [STAGES["weights"](network, given) for given in (options, MappingOptions())]
    for simulation in (stage, machine, *before):
        simulation.run(200)
    voltages, early, uncut = (one.signal(1, "v") for one in (stage, *before))
    assert len(stage.spikes(1)[0]) > 20
    assert np.array_equal(voltages, machine.signal(1, "v"))
    assert np.array_equal(early, uncut)
    assert not np.array_equal(voltages[:20], uncut[:20])


@pytest.mark.parametrize(
    ("cell", "weight"),
    [
        ("IF_curr_exp", 0.3),
        ("IF_cond_exp", 0.006),
        ("Izhikevich_cond", 0.03),
        ("IF_curr_alpha", 3.0),
    ],
)
@pytest.mark.filterwarnings("ignore:.*that comes alone:pyneuro.errors.MappingWarning")
def test_fixed_point_outside_the_machine_is_that_of_the_machine(cell: str, weight: float) -> None:
    """Without saturation the last stage is the emulator, spike for spike and sample for sample."""
    network = excited(cell, weight)
    stage = ProgramSimulation(network, MappingOptions(), in_words=True)
    machine = EmulatedSimulation(network)
    for simulation in (stage, machine):
        simulation.run(130)
        simulation.run(70)
    assert machine.statistics().saturations == 0
    assert len(stage.spikes(1)[0]) > 20
    for population in range(3):
        assert all(
            np.array_equal(a, b) for a, b in zip(stage.spikes(population), machine.spikes(population), strict=True)
        )
    for variable in ("v", f"{synaptic(cell)}_exc"):
        assert np.array_equal(stage.signal(1, variable), machine.signal(1, variable))


def test_the_algorithm_in_real_numbers_lies_between() -> None:
    """Before spikes interfere, real numbers are near the reference, and nearer to it than fixed point is."""
    network = excited(weight=0.01)
    runs = {name: make(network, MappingOptions()) for name, make in STAGES.items()}
    for simulation in runs.values():
        simulation.run(100)
    v = {name: simulation.signal(1, "v") for name, simulation in runs.items()}
    apart = {name: float(np.abs(v[name] - v["algorithm"]).max()) for name in runs}
    assert 0.0 < apart["arithmetic"] < 0.01
    assert 0.0 < apart["weights"] < 0.3


def test_weights_come_to_the_program_in_the_machines_units() -> None:
    """Alpha functions are scaled by their area there, which differs from cell to cell."""
    network = excited("IF_curr_alpha", 0.05)
    tau_syn_E = np.where(EVERY < 10, 0.75, 2.0)
    cells = replace(network.populations[1], parameters={"tau_syn_E": tau_syn_E})
    network = replace(network, populations=(network.populations[0], cells, network.populations[2]))
    runs = {name: STAGES[name](network, MappingOptions()) for name in ("weights", "algorithm", "arithmetic")}
    for simulation in runs.values():
        simulation.run(100)
    v = {name: simulation.signal(1, "v") for name, simulation in runs.items()}
    for half in (slice(0, 10), slice(10, 20)):
        moved = np.ptp(v["weights"][:, half])
        assert 0.0 < np.abs(v["arithmetic"] - v["algorithm"])[:, half].max() < 0.02 * moved
        assert np.abs(v["algorithm"] - v["weights"])[:, half].max() < 0.4 * moved


@pytest.mark.parametrize("name", [name for name, model in CELL_MODELS.items() if isinstance(model, CellModel)])
def test_real_registers_are_those_of_the_core_before_rounding(name: str) -> None:
    """Whatever a model keeps in a register, its real number differs from its word by what rounding does."""
    population = cells("cells", 1, name, parameters={"i_offset": 0.7})
    model = CELL_MODELS[name]
    assert isinstance(model, CellModel)
    real, words = (
        ProgramCells(model, [0], [population], 0.5, 0, in_words=in_words, substeps=model.substeps(0.5))
        for in_words in (False, True)
    )
    rounded = real_registers(words.program, words._registers)
    resolution = np.array([[RESOLUTION[register.kind]] for register in words.program.registers])
    assert np.all(np.abs(real._registers - rounded) <= 4.0 * resolution + 0.005 * np.abs(rounded))


def test_stages_go_on_with_a_changed_network_and_start_again() -> None:
    """Parameters change between runs, the state stays; a reset gives the first run again."""
    network = excited()
    changed = replace(
        network,
        populations=(
            network.populations[0],
            replace(network.populations[1], parameters={"i_offset": 1.0}),
            network.populations[2],
        ),
    )
    for make in STAGES.values():
        simulation = make(network, MappingOptions())
        simulation.run(100)
        first = simulation.signal(1, "v")
        simulation.update(changed)
        simulation.run(100)
        after = simulation.signal(1, "v")
        assert np.array_equal(after[:101], first)
        assert len(simulation.spikes(1)[0]) > 0
        simulation.update(network)
        simulation.reset()
        simulation.run(100)
        assert np.array_equal(simulation.signal(1, "v"), first)


# --- the account ------------------------------------------------------------------------------------------


def results(spikes: list[tuple[int, int]], v: float = 0.0) -> Results:
    """A run of 100 steps of two cells."""
    steps, indices = (np.array(column) for column in zip(*sorted(spikes), strict=True))
    signal = Signal("mV", np.arange(2, dtype=np.int32), 1, np.full((101, 2), v))
    population = PopulationResult(
        "cells", 2, False, np.arange(2, dtype=np.int32), steps.astype(np.int64), indices.astype(np.int32), {"v": signal}
    )
    return Results("network", "reference", 1.0, 100, (population,))


def test_account_splits_a_difference() -> None:
    """Each stage has the difference to the one before; one that does nothing has no shares; the total is over all."""
    base, moved = results([(10, 0), (20, 1)]), results([(10, 0), (22, 1), (50, 1)], v=3.0)
    found = account([StageRun("a", "", base), StageRun("b", "idle", base), StageRun("c", "busy", moved)], base)
    assert [step.name for step in found.steps] == ["b", "c"]
    assert found.steps[0].shares == ()
    [share] = found.steps[1].shares
    assert (share.diverges_ms, share.voltage_rms, share.shift_ms) == (21.0, 3.0, 1.0)
    assert share.rate_hz == pytest.approx(5.0)
    assert repr(found.total.shares) == repr((share,))
    assert found.spread == ()


def test_account_is_silent_about_what_was_not_recorded() -> None:
    """A population of which neither spikes nor v were recorded has no share: that it does not differ is not known."""
    [both] = results([(10, 0), (20, 1)]).populations
    quiet = replace(both, spikes_recorded=EVERY[:0], spike_steps=both.spike_steps[:0], spike_indices=EVERY[:0])
    unseen = replace(quiet, label="unseen", signals={"isyn_exc": both.signals["v"]})
    run = replace(results([(10, 0), (20, 1)]), populations=(both, unseen))
    assert [share.label for share in account([StageRun("a", "", run), StageRun("b", "", run)], run).total.shares] == [
        "cells"
    ]


def test_account_tells_the_spread_over_seeds() -> None:
    """The standard deviation of the rates of all runs of the reference."""
    base, other = results([(10, 0), (20, 1)]), results([(10, 0), (20, 1), (30, 1), (40, 1)])
    [spread] = account([StageRun("a", "", base), StageRun("b", "", base)], base, [other]).spread
    assert (spread.runs, spread.rate_hz) == (2, pytest.approx(10.0 / math.sqrt(2.0)))


def test_spike_shift_ends_where_trains_part() -> None:
    """Spikes are paired in order until two are more than 5 ms apart."""
    one = SpikeTrains(np.array([10, 20, 30, 90]), np.zeros(4, np.int64), 1, 100, 1.0)
    other = SpikeTrains(np.array([10, 23, 60, 91]), np.zeros(4, np.int64), 1, 100, 1.0)
    assert spike_shift(one, other) == pytest.approx(1.5)
    assert math.isnan(spike_shift(one, SpikeTrains(np.zeros(0, np.int64), np.zeros(0, np.int64), 1, 100, 1.0)))


def test_findings_tell_what_exceeds_the_spread() -> None:
    """A cause that moves a rate by more than three standard deviations over seeds is named, another is not."""
    base, other = results([(10, 0), (20, 1)]), results([(10, 0), (20, 1), (30, 1)])
    moved = results([(10, 0), *[(20 + k, 1) for k in range(20)]])
    stages = [StageRun("a", "", base), StageRun("b", "16-bit weights", other), StageRun("c", "fixed point", moved)]
    report = Report("title", "by", budget=account(stages, base, [other]))
    [finding] = findings(report)
    assert finding.text == (
        "The rate of 'cells' is moved by +90 Hz by fixed point, more than the reference's own spread of 3.54 Hz over 2 "
        "seeds explains."
    )
    calm = account(stages[:2], base, [other])
    assert [f.level for f in findings(Report("title", "by", budget=calm))] == ["good"]
