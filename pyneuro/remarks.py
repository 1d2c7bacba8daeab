"""What went wrong on the machine during a run, in the user's words: saturated inputs, overruns, what was lost."""

from __future__ import annotations

import numpy as np

from emulator.machine import LINK_NAMES, Machine
from emulator.statistics import Statistics
from emulator.synaptic_rows import HISTORY


def remarks(counted: Statistics, machine: Machine) -> dict[str, str]:
    """Return what there is to say about a run on `machine`, by the name of the count that tells of it."""
    said = {
        "saturations": _saturations(counted),
        "overruns": _overruns(counted),
        "full_rows": _full_rows(counted),
        "forgotten": _forgotten(counted),
        "merged": _merged(counted),
        "packets_dropped": f"{counted.packets_dropped} packets were dropped by routers: their spikes are lost",
    }
    links = _overloaded_links(counted, machine)
    return {
        **{name: text for name, text in said.items() if getattr(counted, name)},
        **({"overloaded_links": links} if links else {}),
    }


def _saturations(counted: Statistics) -> str:
    share = counted.saturations / max(counted.synaptic_events, 1)
    return (
        f"{counted.saturations} of {counted.synaptic_events} synaptic events ({share:.2g}) found the input of their "
        f"cell at the largest number that the machine holds, most on {_most(counted, 'saturations')}: their weights "
        "are lost in part; raise the mapping option ring_buffer_sigma or spikes_per_second, or lower the weights"
    )


def _overruns(counted: Statistics) -> str:
    return (
        f"{counted.overruns} of {counted.ticks * len(counted.cores)} timesteps of cores took longer than a machine has "
        f"for them, most on {_most(counted, 'overruns')}: there, spikes would be late; lower the mapping option "
        "neurons_per_core or sources_per_core, or raise time_scale_factor in setup()"
    )


def _full_rows(counted: Statistics) -> str:
    return (
        f"{counted.full_rows} of {counted.attempts} attempts to rewire would have formed a synapse and found no room "
        f"for it, most on {_most(counted, 'full_rows')}: raise the mapping option rewired_row_synapses"
    )


def _forgotten(counted: Statistics) -> str:
    return (
        f"{counted.forgotten} of {counted.dynamic_events} times that a spike went through a synapse that changes, its "
        f"target had had more than {HISTORY - 1} spikes since the last spike of the source, most on "
        f"{_most(counted, 'forgotten')}: a core remembers no more, and the earliest have not changed the weight; only "
        "sources that spike more often, or targets that spike less, avoid this"
    )


def _merged(counted: Statistics) -> str:
    return (
        f"{counted.merged} of {counted.dynamic_events} times that a spike went through a synapse that changes, more "
        f"dopamine had come since the last spike of the source than the {HISTORY - 1} arrivals that a core remembers, "
        f"most on {_most(counted, 'merged')}: some were taken for one of about the same effect; bring dopamine in "
        "fewer, larger doses to avoid this"
    )


def _overloaded_links(counted: Statistics, machine: Machine) -> str:
    """Links over which more went, on average over the run, than they can take; "" if there are none."""
    capacity = machine.link_capacity * counted.seconds(machine.clock_hz)
    over = np.count_nonzero(counted.link_packets > capacity)
    if not over:
        return ""
    x, y, link = np.unravel_index(int(counted.link_packets.argmax()), counted.link_packets.shape)
    return (
        f"{over:,} of the machine's links had more packets to carry than the {machine.link_capacity:,.0f} a second "
        f"that they can, link {LINK_NAMES[link]} of chip ({x}, {y}) most, {counted.link_packets.max() / capacity:.3g} "
        "times as many: a board would delay or drop them, and has fewer or later spikes than this run, in which all "
        "arrive; say 'route using congestion' in the mapping, lower the rates, or raise time_scale_factor in setup()"
    )


def _most(counted: Statistics, name: str) -> str:
    return f"core {max(counted.cores, key=lambda core: int(getattr(core, name))).label!r}"
