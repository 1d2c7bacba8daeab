"""A model with a table and a random number, from its declaration to cores that run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from declared import same
from networks import cells

from emulator import update
from emulator.emulator import Emulator
from emulator.image import NeuronCore, load_image, save_image
from emulator.program import Kind, Role
from emulator.random import UniformStreams
from emulator.seeds import source_seeds
from toolchain import memory
from toolchain.compile import compile_network
from toolchain.models import CELL_MODELS, CURR_EXP
from toolchain.models.declaration import Word
from toolchain.models.lif import LeakyIntegrateAndFire
from toolchain.models.point_neuron import PointNeuron
from toolchain.models.tabulate import tabulate
from toolchain.models.tracing import Traced, interpolate, select
from toolchain.network import Network, Recording

CHANCE = tabulate(lambda v: 1.0 / (1.0 + np.exp(-(v + 55.0) / 3.0)), -90.0, -30.0, 256, Kind.UNIT)
SIZE = 300


class Escape(LeakyIntegrateAndFire):
    """It spikes with a probability that rises with v."""

    words = (*LeakyIntegrateAndFire.words, Word("u", Role.RANDOM, Kind.UNIT))

    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced]:
        state, _ = super().step(r, s, current)
        spike = r["u"] < interpolate(CHANCE, state["v"])
        return {**state, "v": select(spike, r["v_reset"], state["v"])}, spike


MODEL = PointNeuron("Escape", Escape(), CURR_EXP)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    monkeypatch.setitem(CELL_MODELS._items, MODEL.name, MODEL)
    everyone = (Recording("spikes", np.arange(SIZE, dtype=np.int32)),)
    population = cells("p", SIZE, MODEL.name, parameters={"i_offset": np.linspace(0.0, 1.0, SIZE)}, recordings=everyone)
    return Network("n", 1.0, (cells("other", 3), population), (), seed=5)


def test_the_program_has_what_the_model_declares() -> None:
    program = MODEL.program()
    assert MODEL.draws == ("u",)
    assert program.tables == (CHANCE,)
    assert [program.registers[r].name for r in program.numbers(Role.RANDOM)] == ["u"]
    assert "u" not in MODEL.registers({}, {}, 3, 1.0)


def test_cells_draw_from_their_own_streams_whatever_their_core(network: Network) -> None:
    mapping = compile_network(network)
    emulator = Emulator(mapping.image)
    emulator.run(100)
    program = MODEL.program()
    words = MODEL.registers(network.populations[1].parameters, {}, SIZE, 1.0)
    registers = update.allocate(program, words, SIZE)
    streams = UniformStreams(source_seeds(network.seed, 1, 0, SIZE))
    wanted = []
    for tick in range(100):
        registers[program.register("u")] = streams.draw()
        update.run(program, registers)
        wanted += [(tick, i) for i in np.flatnonzero(registers[program.spike]).tolist()]
    found = []
    for core in mapping.cores_of(1):
        ticks, index = emulator.spikes(core)
        found += list(zip(ticks.tolist(), (index + mapping.partition.slices[core].start).tolist(), strict=True))
    assert len(mapping.cores_of(1)) > 1
    assert len(wanted) > 500
    assert sorted(found) == wanted


def test_only_cores_that_draw_have_seeds(network: Network, tmp_path: Path) -> None:
    image = compile_network(network).image
    seeds = {core.label.split("[")[0]: core.seed.shape for core in image.cores if isinstance(core, NeuronCore)}
    assert seeds["other"] == (0, 4)
    assert seeds["p"][0] > 0
    save_image(tmp_path / "image.npz", image)
    assert same(load_image(tmp_path / "image.npz"), image)


def test_tables_and_streams_take_memory() -> None:
    given = {"per_core": 256, "entries": 0, "stride": 0, "row_words": 0, "recorded": (), "ticks": 0}
    program = MODEL.program()
    plain = replace(program, tables=(), registers=tuple(r for r in program.registers if r.role != Role.RANDOM))
    for cells_of_core in (1, 200):
        need, less = (memory.neuron_core(p, cells_of_core, **given) for p in (program, plain))  # type: ignore[arg-type]
        wanted = 4 * (3 + len(CHANCE.values)) + 16 * cells_of_core
        assert need.dtcm_bytes - less.dtcm_bytes == need.sdram_bytes - less.sdram_bytes == wanted
