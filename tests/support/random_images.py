"""Random small machine images, for laws of the emulator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from images import image, ints, mask_for, neurons, poisson, route, source, stages, synapses, table
from numpy.typing import NDArray

from emulator.image import Core, Current, MachineImage, NeuronCore, RoutingTable, SynapseCore, WaveCurrent
from emulator.machine import LINKS, Machine, torus
from emulator.waves import Wave

Place = tuple[int, int, int]


def random_image(seed: int, ticks: int) -> MachineImage:
    """Three neuron cores, some with synapse cores, array and Poisson sources and delay stages, anywhere on a torus.

    Routes are right, but some table entries are split, some sinks hear what they have no rows for, and some
    entries name cores that are not there.
    """
    rng = np.random.default_rng(seed)
    machine = torus(3, 3)
    places = [(x, y, p) for x in range(3) for y in range(3) for p in (1, 2, 3)]
    chosen = [places[k] for k in rng.permutation(len(places))[:7]]
    sizes = [int(n) for n in rng.integers(1, 10, 6)]
    keys = [0x100 * (k + 1) for k in range(7)]
    senders = list(range(5))
    send = rng.random((int(rng.integers(1, 4)), sizes[0])) < 0.7
    send[-1, 0] = True
    heard = {keys[k]: sizes[k] for k in senders}
    cores: list[Core] = [
        _neurons(rng, sizes[k], heard, (keys[5], send), ticks, place=chosen[k], key=keys[k]) for k in range(3)
    ]
    spikes = np.unique(rng.integers(0, [ticks, sizes[3]], (ticks // 2, 2)), axis=0)
    cores.append(source(sizes[3], [(int(t), int(i)) for t, i in spikes], keys[3], chosen[3]))
    rates = rng.choice([0.0, 5.0, 40.0, 700.0, 2500.0, 12000.0], sizes[4]).tolist()
    cores.append(poisson(rates, keys[4], chosen[4], stop=ticks - 3, seed=seed & 0xFFFF))
    cores.append(stages(cores[0], send, keys[5], chosen[5]))
    for k in range(3):
        cells = cores[k]
        assert isinstance(cells, NeuronCore)
        for more in range(1, int(rng.integers(1, 4)) if cells.n > 1 else 1):
            rows = _blocks(rng, cells.n, heard, (keys[5], send))
            place = (cells.x, cells.y, cells.p + 3 * more)
            cores.append(synapses(cells, k, rows, place, f"synapses {more}"))
    order = rng.permutation(len(cores))
    where = {k: position for position, k in enumerate(order.tolist())}
    cores = [replace(core, neurons=where[core.neurons]) if isinstance(core, SynapseCore) else core for core in cores]
    return image([cores[k] for k in order], _tables(rng, machine, cores), machine)


def _neurons(
    rng: np.random.Generator,
    n: int,
    heard: dict[int, int],
    delays: tuple[int, NDArray[np.bool_]],
    ticks: int,
    *,
    place: Place,
    key: int,
) -> Core:
    """Integrators with rows for most of the senders `heard` (their keys and sizes), and for each delay stage."""
    population = _blocks(rng, n, heard, delays)
    steps = np.unique(rng.integers(0, ticks, 3)).astype(np.int32)
    amplitude = rng.integers(-500, 3000, len(steps)).astype(np.int32)
    current = Current(np.unique(rng.integers(0, n, 2)).astype(np.int32), steps, amplitude)
    return neurons(
        n,
        population,
        place=place,
        key=key,
        threshold=int(rng.integers(2000, 200000)),
        shift=(int(rng.integers(0, 4)), int(rng.integers(0, 3))),
        recordings=[("v", range(n), int(rng.integers(1, 4))), ("net", (0,), 1)],
        currents=[current, Current(ints(0), ints(3), ints(50)), _wave(rng, n, ticks)],
        label=f"cells {key:#x} ",
    )


Blocks = list[tuple[int, int, list[list[tuple[int, int, int, int]]]]]


def _blocks(rng: np.random.Generator, n: int, heard: dict[int, int], delays: tuple[int, NDArray[np.bool_]]) -> Blocks:
    """Rows for most of the senders `heard` (their keys and sizes), and for each delay stage."""
    population = []
    for sender, size in heard.items():
        if rng.random() < 0.8:
            mask = mask_for(size)
            population.append((sender, mask, [_row(rng, n) for _ in range(-mask & 0xFFFFFFFF)]))
    delay_key, send = delays
    stage_bits = (send.shape[1] - 1).bit_length()
    for stage in range(len(send)):
        # An entry for each stage: a part of the block of keys that the delay core sends.
        rows = [_row(rng, n) for _ in range(1 << stage_bits)]
        population.append((delay_key | stage << stage_bits, 0xFFFFFFFF & ~((1 << stage_bits) - 1), rows))
    return population


def _wave(rng: np.random.Generator, n: int, ticks: int) -> WaveCurrent:
    """A sine with noise into some neurons, for some ticks."""
    start, stop = np.sort(rng.integers(0, ticks, 2)).tolist()
    index = np.flatnonzero(rng.random(n) < 0.5).astype(np.int32)
    wave = Wave(
        start, stop, float(rng.integers(1, 5)), 0.02, 0.1, 40.0, 10.0, deviation=0.05, seed=int(rng.integers(99))
    )
    return WaveCurrent(index, wave)


def _row(rng: np.random.Generator, n: int) -> list[tuple[int, int, int, int]]:
    count = int(rng.integers(0, 6))
    heavy = rng.random() < 0.2
    weight = rng.integers(0, 0x10000 if heavy else 3000, count)
    columns = (rng.integers(0, n, count), weight, rng.integers(1, 17, count), rng.integers(0, 2, count))
    return [tuple(map(int, synapse)) for synapse in zip(*columns, strict=True)]  # type: ignore[misc]


def all_to_all(machine: Machine, cores: Sequence[Core]) -> list[RoutingTable]:
    """Tables by which every sender reaches every neuron and delay core, by a tree of x first, then y."""
    return [
        table(x, y, *((cores[number].key, cores[number].mask, word) for number, word in by_sender.items()))
        for (x, y), by_sender in _routes(machine, cores)
    ]


def _tables(rng: np.random.Generator, machine: Machine, cores: Sequence[Core]) -> list[RoutingTable]:
    """The same, with faults: copies for cores that are not there, and entries that divide blocks of keys."""
    made = []
    for (x, y), by_sender in _routes(machine, cores):
        entries = []
        for number, word in by_sender.items():
            sender = cores[number]
            nobody = route(15) if rng.random() < 0.1 else 0
            if rng.random() < 0.3:
                # The same route twice, for odd and for even keys; odd ones may go to one more core.
                extra = route(14) if rng.random() < 0.3 else 0
                entries += [(sender.key | 1, sender.mask | 1, word | nobody | extra)] * (~sender.mask & 1)
            entries.append((sender.key, sender.mask, word | nobody))
        made.append(table(x, y, *entries))
    return made


def _routes(machine: Machine, cores: Sequence[Core]) -> list[tuple[tuple[int, int], dict[int, int]]]:
    """Route words by chip and sender."""
    routes: dict[tuple[int, int], dict[int, int]] = {}
    for number, sender in enumerate(cores):
        for target in cores if sender.mask else ():
            if target.label.startswith(("cells", "delays")):
                _path(routes, machine, (sender.x, sender.y), (target.x, target.y, target.p), number)
    return sorted(routes.items())


def _path(
    routes: dict[tuple[int, int], dict[int, int]], machine: Machine, start: tuple[int, int], end: Place, number: int
) -> None:
    x, y = start
    while (x, y) != end[:2]:
        link = LINKS.index((1, 0)) if x != end[0] else LINKS.index((0, 1))
        chip = routes.setdefault((x, y), {})
        chip[number] = chip.get(number, 0) | 1 << link
        dx, dy = LINKS[link]
        x, y = (x + dx) % machine.width, (y + dy) % machine.height
    chip = routes.setdefault((x, y), {})
    chip[number] = chip.get(number, 0) | route(end[2])
