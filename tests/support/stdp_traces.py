"""Golden traces of plastic synapses, made here in plain Python from what sPyNNaker's C does, a synapse at a time."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

ONE = 2048
DEFAULTS: dict[str, Any] = {
    "rule": "pair_add",
    "backpropagation_delay": 1,
    "weight_shift": 3,
    "alpha_s4_11": 246,
    "weight_parameters_raw": {
        **{"min_weight": 0, "max_weight": 32768, "a_plus": 328, "a_minus": 393},
        **{"a2_plus": 328, "a2_minus": 229, "a3_plus": 197, "a3_minus": 70},
    },
}
TAUS = {"pair": (20, 30), "nearest": (20, 30), "vogels": (20,), "triplet": (17, 34, 101, 125)}


def lut(tau: float, shift: int) -> dict[str, Any]:
    """A table as a host writes it."""
    size = 2 * math.ceil(math.log(ONE) * tau / (1 << shift) / 2)
    return {"size": size, "shift": shift, "values": [int(math.exp(-(i << shift) / tau) * ONE) for i in range(size)]}


class Replayed:
    """One source and its targets under one rule."""

    def __init__(self, entry: dict[str, Any], targets: int) -> None:
        self.entry = entry
        self.timing, self.weight = entry["rule"].split("_")
        self.p = entry["weight_parameters_raw"]
        self.history: list[list[tuple[int, tuple[int, int, int]]]] = [[(0, (0, 0, 0))] for _ in range(targets)]
        self.weights = [synapse["weight"] for synapse in entry["synapses"]]
        self.last, self.trace = 0, (0, 0)

    def post(self, neuron: int, time: int) -> tuple[int, tuple[int, ...]]:
        """A spike of a target: the events it remembers, less one, and what is stored of its trace."""
        events = self.history[neuron]
        before, (o1, o2, at) = events[-1]
        minus = {"pair": 1, "triplet": 1}.get(self.timing, 0)
        slow = times(o2 + (ONE if at else 0), self.table(3, time - before)) if self.timing == "triplet" else 0
        fast = 0 if self.timing == "nearest" else times(o1, self.table(minus, time - before)) + ONE
        fast, slow = short(fast), short(slow)
        events.append((time, (fast, slow, time)))
        if len(events) > 16:
            del events[1]
        stored: dict[str, tuple[int, ...]] = {"nearest": (), "triplet": (fast, slow, time & 0xFFFF, time >> 16)}
        return len(events) - 1, stored.get(self.timing, (fast,))

    def pre(self, time: int) -> tuple[int, ...]:
        """A spike of the source, which brings all weights up to date; what is stored of its trace."""
        r1, r2 = self.trace
        fast = 0 if self.timing == "nearest" else times(r1, self.table(0, time - self.last)) + ONE
        slow = times(r2 + ONE, self.table(2, time - self.last)) if self.timing == "triplet" and self.last else 0
        new = short(fast), short(slow)
        for number, synapse in enumerate(self.entry["synapses"]):
            self.weights[number] = self._update(self.weights[number], synapse, time, new)
        self.last, self.trace = time, new
        return {"nearest": (), "triplet": new}.get(self.timing, new[:1])

    def _update(self, stored: int, synapse: dict[str, int], time: int, new: tuple[int, int]) -> int:
        back = synapse["delay"] if self.entry["backpropagation_delay"] else 0
        start, end = max(self.last - back, 0), max(time - back, 0)
        events = self.history[synapse["post_index"]]
        weight = stored << self.entry["weight_shift"]
        seen = [number for number, (at, _) in enumerate(events) if number and at <= end]
        for number in seen:
            at, trace = events[number]
            if at > start:
                weight = self._after_post(weight, at + back, at + back - events[number - 1][0], trace)
        if seen:
            at, trace = events[seen[-1]]
            weight = self._after_pre(weight, time - at - back, new, trace)
        return weight >> self.entry["weight_shift"] & 0xFFFF

    def _after_post(self, weight: int, time: int, since: int, trace: tuple[int, int, int]) -> int:
        apart = time - self.last
        decayed = self.table(0, apart)
        if self.timing == "nearest":
            return self._up(weight, 0 if since < apart else decayed)
        pair = times(self.trace[0], decayed)
        return self._up(weight, pair, times(pair, trace[1]))

    def _after_pre(self, weight: int, apart: int, new: tuple[int, int], trace: tuple[int, int, int]) -> int:
        decayed = self.table(0 if self.timing == "vogels" else 1, apart)
        if self.timing == "nearest":
            return self._down(weight, decayed)
        pair = times(trace[0], decayed)
        if self.timing == "vogels":
            return self._up(weight, pair - self.entry["alpha_s4_11"])
        return self._down(weight, pair, times(pair, new[1]))

    def _up(self, weight: int, pair: int, triplet: int = 0) -> int:
        if self.weight == "mult":
            return weight + scaled((self.p["max_weight"] - weight) * self.p["a_plus"] >> 15, pair)
        if self.timing == "triplet":
            weight += scaled(self.p["a2_plus"], pair) + scaled(self.p["a3_plus"], triplet)
        else:
            weight += scaled(self.p["a_plus"], pair)
        return min(weight, self.p["max_weight"])

    def _down(self, weight: int, pair: int, triplet: int = 0) -> int:
        if self.weight == "mult":
            return weight - scaled((weight - self.p["min_weight"]) * self.p["a_minus"] >> 15, pair)
        if self.timing == "triplet":
            weight -= scaled(self.p["a2_minus"], pair) + scaled(self.p["a3_minus"], triplet)
        else:
            weight -= scaled(self.p["a_minus"], pair)
        return max(weight, self.p["min_weight"])

    def table(self, number: int, steps: int) -> int:
        """The decay over `steps`."""
        found = self.entry["timing_luts"][number]
        place = steps >> found["shift"]
        return int(found["values"][place]) if 0 <= place < found["size"] else 0


def short(word: int) -> int:
    """The low 16 bits, with their sign."""
    return (word + 2**15) % 2**16 - 2**15


def times(a: int, b: int) -> int:
    """The product of two traces."""
    return short(a) * short(b) >> 11


def scaled(a: int, trace: int) -> int:
    """The product of an s16.15 number and a trace."""
    return a * (trace << 4) >> 15


def write_trace(directory: Path, seed: int, steps: int = 400, chance: float = 0.1, **fields: Any) -> None:
    """Write a directory with an index and one file of random spikes."""
    rng = np.random.default_rng(seed)
    shift = int(fields.pop("table_shift", 0))
    entry = DEFAULTS | {"file": "stdp.csv", "kind": "stdp"} | fields
    taus = TAUS[entry["rule"].split("_")[0]]
    entry.setdefault("timing_luts", [lut(tau, shift) for tau in taus])
    entry.setdefault(
        "synapses",
        [
            {"weight": int(rng.integers(0, 2000)), "delay": delay, "type": delay % 2, "post_index": delay % 3}
            for delay in rng.permutation(np.arange(1, 17))[:7].tolist()
        ],
    )
    made = Replayed(entry, 3)
    lines = ["time,event,post_index,a,b,weights"]
    for time in range(1, steps):
        for neuron in np.flatnonzero(rng.random(3) < chance).tolist():
            count, stored = made.post(neuron, time)
            lines.append(f"{time},post,{neuron},{count},{':'.join(map(str, stored))},")
        if rng.random() < chance:
            stored = made.pre(time)
            lines.append(f"{time},pre,0,{time},{':'.join(map(str, stored))},{','.join(map(str, made.weights))}")
    (directory / "index.json").write_text(json.dumps([entry]))
    (directory / "stdp.csv").write_text("\n".join(lines) + "\n")
