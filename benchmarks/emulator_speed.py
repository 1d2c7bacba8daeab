"""How fast the emulator runs: a random network of IF_curr_exp cells that fire at a given rate.

    python benchmarks/emulator_speed.py                      # 4,096 cells, 80 synapses each, 10,000 ticks
    python benchmarks/emulator_speed.py --synapses 4000 --timestep 1 --ticks 1000 --cells 16384

The image is made directly: a core for each slice of the cells, one population-table entry for each source core, and
routing tables that send every packet to all cores.  A constant current makes the cells fire; the weights
are too small to matter.  Printed are CPU seconds, and from them synaptic events and neuron updates a second.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from numpy.typing import NDArray

from emulator.emulator import Emulator
from emulator.image import MachineImage, NeuronCore, Recording, RoutingTable
from emulator.machine import FIRST_CORE_BIT, LINKS, MONITOR, Machine, torus
from emulator.synaptic_rows import PopulationTable
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel

HEADER = 3


def main() -> None:
    """Build the image, run it, print a line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cells", type=int, default=4096)
    options.add_argument("--per-core", type=int, default=256)
    options.add_argument("--synapses", type=int, default=80, help="synapses that a cell makes")
    options.add_argument("--rate", type=float, default=10.0, help="spikes a second of a cell")
    options.add_argument("--timestep", type=float, default=0.1, help="ms")
    options.add_argument("--ticks", type=int, default=10000)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--record", action="store_true", help="record every voltage")
    chosen = options.parse_args()

    started = time.perf_counter()
    image = random_image(chosen)
    built = time.perf_counter()
    emulator = Emulator(image, chosen.threads)
    loaded = time.perf_counter()
    cpu = time.process_time()
    emulator.run(chosen.ticks)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - loaded
    counted = emulator.statistics()
    updates = chosen.cells * chosen.ticks
    print(
        f"built {built - started:.2f} s, loaded {loaded - built:.2f} s, ran {wall:.3f} s, {cpu:.3f} CPU s: "
        f"{counted.spikes} spikes, {counted.synaptic_events / cpu / 1e6:.0f} M synaptic events/s, "
        f"{updates / cpu / 1e6:.0f} M updates/s, {1e9 * cpu / updates:.2f} ns an update, "
        f"{1e9 * cpu / max(counted.packets_received, 1):.0f} ns a packet"
    )


def random_image(chosen: argparse.Namespace) -> MachineImage:
    """Cells that fire at the rate chosen, connected at random."""
    rng = np.random.default_rng(1)
    model = CELL_MODELS["IF_curr_exp"]
    assert isinstance(model, CellModel)
    cores = -(-chosen.cells // chosen.per_core)
    machine = torus(*_box(cores))
    places = [
        (x, y, p)
        for x in range(machine.width)
        for y in range(machine.height)
        for p in range(MONITOR + 1, int(machine.cores[x, y]) + 1)
    ][:cores]
    bits = (chosen.per_core - 1).bit_length()
    return MachineImage(
        label="benchmark",
        machine=machine,
        timestep=chosen.timestep,
        time_scale_factor=1000.0,
        programs=(model.program(),),
        tables=broadcast(machine, places, bits),
        cores=tuple(
            _core(chosen, model, rng, number=number, place=place, cores=cores) for number, place in enumerate(places)
        ),
    )


def _box(cores: int) -> tuple[int, int]:
    side = max(2, int(np.ceil(np.sqrt(cores / 15))))
    return side, side


def broadcast(machine: Machine, places: list[tuple[int, int, int]], bits: int) -> tuple[RoutingTable, ...]:
    """Tables that send the keys of each core along its row of chips, and from there up the columns, to all cores."""
    tables = []
    for x in range(machine.width):
        for y in range(machine.height):
            local = sum(1 << FIRST_CORE_BIT + p for cx, cy, p in places if (cx, cy) == (x, y))
            routes = [local | _onward(machine, x, y, sx, sy) for sx, sy, _ in places]
            key = (np.arange(len(places), dtype=np.uint32) + 1) << np.uint32(bits)
            mask = np.full(len(places), ~((1 << bits) - 1) & 0xFFFFFFFF, dtype=np.uint32)
            tables.append(RoutingTable(x, y, key, mask, np.array(routes, dtype=np.uint32)))
    return tuple(tables)


def _onward(machine: Machine, x: int, y: int, sx: int, sy: int) -> int:
    """Links by which chip (x, y) hands on what comes from (sx, sy)."""
    east = LINKS.index((1, 0))
    north = LINKS.index((0, 1))
    along = y == sy and (x + 1) % machine.width != sx
    up = (y + 1) % machine.height != sy
    return along << east | up << north


def _core(
    chosen: argparse.Namespace,
    model: CellModel,
    rng: np.random.Generator,
    *,
    number: int,
    place: tuple[int, int, int],
    cores: int,
) -> NeuronCore:
    """One slice: its cells, and the rows of all source cores."""
    n = chosen.per_core
    bits = (n - 1).bit_length()
    x, y, p = place
    # A cell at 15.13 mV above rest in the limit takes 95 ms from reset to threshold, and is 5 ms refractory.
    period = 1000.0 / chosen.rate - 5.0
    drive = 15.0 / (1 - np.exp(-period / 20.0)) / 20.0
    parameters = {"tau_m": 20.0, "cm": 1.0, "tau_refrac": 5.0, "i_offset": drive}
    phase = rng.uniform(0, period, n)
    initial = {"v": -65.0 + 20.0 * drive * (1 - np.exp(-phase / 20.0))}
    address, stride, rows = _rows(rng, cores, n, chosen.synapses / cores, bits)
    return NeuronCore(
        label=f"cells[{number * n}:{number * n + n}]", x=x, y=y, p=p, n=n,
        key=(number + 1) << bits, mask=~((1 << bits) - 1) & 0xFFFFFFFF, dtcm_bytes=0, sdram_bytes=0,
        record_spikes=np.arange(n, dtype=np.int32),
        program=0,
        registers=model.registers(parameters, initial, n, chosen.timestep),
        shift=(0, 0), index_bits=bits, type_bits=1,
        table=PopulationTable(
            (np.arange(cores, dtype=np.uint32) + 1) << np.uint32(bits),
            np.full(cores, ~((1 << bits) - 1) & 0xFFFFFFFF, dtype=np.uint32), address, stride,
        ),
        rows=rows,
        recordings=(Recording("v", np.arange(n, dtype=np.int32), 1),) if chosen.record else (),
    )  # fmt: skip


def _rows(
    rng: np.random.Generator, cores: int, n: int, mean: float, bits: int
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32]]:
    """Address and stride of each source core, and all rows: weight 1, random delays, types and targets."""
    counts = rng.poisson(mean, (cores, n))
    stride = counts.max(axis=1) + HEADER
    address = np.concatenate([[0], np.cumsum(stride * n)])
    low = np.uint32((1 << bits) - 1)
    rows: NDArray[np.uint32] = rng.integers(0, 1 << bits + 5, int(address[-1]), dtype=np.uint32) & ~low
    rows |= np.uint32(1 << 16) | rng.integers(0, n, len(rows), dtype=np.uint32)
    for source in range(cores):
        block = rows[address[source] : address[source + 1]].reshape(n, -1)
        block[:, :HEADER] = 0
        block[:, 1] = counts[source]
        block[:, HEADER:][np.arange(stride[source] - HEADER) >= counts[source][:, None]] = 0
    return address[:-1].astype(np.uint32), stride.astype(np.uint32), rows


if __name__ == "__main__":
    main()
