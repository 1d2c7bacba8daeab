"""What is said about a run that went wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from emulator.machine import named
from emulator.statistics import CoreStatistics, Statistics
from pyneuro.remarks import remarks


def counted(overruns: int = 0, saturations: int = 0, dropped: int = 0) -> Statistics:
    """The counts of two cores and 100 ticks; the second core has most of what went wrong."""
    quiet = CoreStatistics("quiet", 0, 0, 1, 10.0, 20, 0, 0, 0, 0, 0, 0, 5, 0)
    busy = replace(quiet, label="busy", overruns=overruns, saturations=saturations, synaptic_events=15)
    none = np.zeros((1, 1), np.uint64)
    return Statistics(100, 1000.0, (quiet, busy), np.zeros((1, 1, 6), np.uint64), dropped, none)


def test_a_run_without_trouble() -> None:
    """There is nothing to say."""
    assert remarks(counted(), named("spin5")) == {}


def test_each_trouble_has_its_words() -> None:
    """A count, what it is a part of, where most of it was, and a remedy."""
    said = remarks(counted(overruns=7, saturations=4, dropped=3), named("spin5"))
    assert list(said) == ["saturations", "overruns", "packets_dropped"]
    assert said["saturations"].startswith("4 of 20 synaptic events (0.2) found")
    assert "most on core 'busy': their weights are lost in part; raise" in said["saturations"]
    assert said["overruns"].startswith("7 of 200 timesteps of cores took longer")
    assert "time_scale_factor" in said["overruns"]
    assert said["packets_dropped"].startswith("3 packets were dropped")


def test_histories_that_were_too_short_have_their_words() -> None:
    """What a synapse missed, how often, and where most of it was."""
    quiet, busy = counted().cores
    missed = replace(busy, dynamic_events=10, forgotten=2, merged=3)
    said = remarks(replace(counted(), cores=(quiet, missed)), named("spin5"))
    assert list(said) == ["forgotten", "merged"]
    assert said["forgotten"].startswith("2 of 10 times")
    assert "more than 15 spikes since the last spike of the source, most on core 'busy'" in said["forgotten"]
    assert said["merged"].startswith("3 of 10 times")
    assert "than the 15 arrivals that a core remembers" in said["merged"]


def test_links_with_too_much_to_carry_have_their_words() -> None:
    """100 ticks of 1,000 cycles at 200 MHz are 0.5 ms, in which a link takes 3,000 packets."""
    packets = np.zeros((2, 1, 6), np.uint64)
    packets[0, 0, 0], packets[1, 0, 4] = 3000, 3001
    said = remarks(replace(counted(), link_packets=packets), named("spin5"))
    assert list(said) == ["overloaded_links"]
    assert said["overloaded_links"].startswith("1 of the machine's links had more packets")
    assert "link SW of chip (1, 0) most, 1 times as many" in said["overloaded_links"]
    assert "route using congestion" in said["overloaded_links"]
    packets[1, 0, 4] = 3000
    assert remarks(replace(counted(), link_packets=packets), named("spin5")) == {}
