"""Run synapses of NEST 3: reads a pickled list of cases from standard input, writes the .npz named in argv.

A case is a mapping: ``model`` and ``parameters`` of the synapse, ``delay``, spike times ``pre`` and ``post`` of the two
cells (ms), ``archive``, parameters of the target, and for a model with dopamine ``common``, its common properties,
and ``dopamine``, spike times.  Arrays written for case i: ``weights_i``, what each spike of the source sent, and
``times_i``, when.
"""

from __future__ import annotations

import pickle
import sys
from typing import Any

import nest
import numpy as np
from numpy.typing import NDArray

RESOLUTION = 0.1


def parrot(times: NDArray[np.float64], **parameters: float) -> Any:
    """A cell that spikes at `times` (ms)."""
    generator = nest.Create("spike_generator", params={"spike_times": np.round(times - 1.0, 1)})
    cell = nest.Create("parrot_neuron", params=parameters)
    nest.Connect(generator, cell, syn_spec={"delay": 1.0})
    return cell


def run(case: dict[str, Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Times and weights of what the synapse of `case` sends."""
    nest.ResetKernel()
    nest.resolution = RESOLUTION
    nest.rng_seed = 5
    recorder = nest.Create("weight_recorder")
    pre, post = parrot(case["pre"]), parrot(case["post"], **case.get("archive", {}))
    common = {"weight_recorder": recorder, **case.get("common", {})}
    if "dopamine" in case:
        volume = nest.Create("volume_transmitter")
        nest.Connect(parrot(case["dopamine"]), volume, syn_spec={"delay": RESOLUTION})
        common["volume_transmitter"] = volume
    nest.CopyModel(case["model"], "recorded", common)
    # Receptor 1 of a parrot takes spikes and repeats none.
    nest.Connect(
        pre,
        post,
        syn_spec={"synapse_model": "recorded", "receptor_type": 1, "delay": case["delay"], **case["parameters"]},
    )
    nest.Simulate(float(max(case["pre"].max(), case["post"].max(initial=0.0))) + 10.0)
    events = recorder.events
    return events["times"], events["weights"]


if __name__ == "__main__":
    found = {}
    for number, one in enumerate(pickle.load(sys.stdin.buffer)):
        found[f"times_{number}"], found[f"weights_{number}"] = run(one)
    np.savez(sys.argv[1], **found)
