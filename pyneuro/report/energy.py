"""An estimate of the power that a real machine would take, of published figures; nothing here was measured by us.

Boards and chips take power whether they compute or not, cores that are in use more, and each packet a little at every
router that it passes.  A core is taken to be busy all the time, as the figure for it was measured, so that the estimate
is an upper one for cores that sleep through a part of each tick.

Sources: E. Stromatias, C. Patterson, S. Furber 2014, "Optimising the overall power usage on the SpiNNaker
neuromimetic platform", IJCNN; E. Painkras et al. 2013, "SpiNNaker: A 1-W 18-Core System-on-Chip for
Massively-Parallel Neural Network Simulation", IEEE J. Solid-State Circuits 48; the figures of a core, over 806 of them,
and of the board of four chips, over an hour, as measured by SpiNNaker's makers (SpiNNMachine, ``version_spin1.py`` and
``version_3.py``).
"""

from __future__ import annotations

import numpy as np

from emulator.machine import Machine
from emulator.statistics import Statistics
from pyneuro.report.layers import Layers
from pyneuro.report.schema.mapping import EnergyRow, EnergySection
from pyneuro.report.survey import Survey
from toolchain.map_graph import GraphMapping

IDLE_CHIP_WATTS = 0.35
IDLE_BOARD_WATTS = 26.84
"""Of a board of 48 chips, these included."""
IDLE_SMALL_BOARD_WATTS = 3.56
"""The same of a board of four."""
BOARD_CHIPS, SMALL_BOARD_CHIPS = 48, 4
ACTIVE_CORE_WATTS = 0.034
PACKET_JOULES = 40 * 25e-12
"""A packet of 40 bits at one router, 25 pJ a bit."""

STROMATIAS = "Stromatias et al. 2014"
SPINNMACHINE = "SpiNNMachine, measured over 806 cores"
SMALL_BOARD = "SpiNNMachine, measured over an hour"
PAINKRAS = "Painkras et al. 2013"


def energy_section(
    mapping: GraphMapping,
    layers: Layers,
    found: Survey,
    time_scale_factor: float = 1.0,
    statistics: Statistics | None = None,
) -> EnergySection:
    """Estimate the power of the boards in use; of the packets of the run, or else of the expected ones."""
    machine = mapping.machine
    boards = np.unique(layers.board[layers.used > 0])
    chips = float(np.count_nonzero(np.isin(layers.board, boards) & (machine.cores > 0)))
    seconds = statistics.seconds(machine.clock_hz) if statistics else 0.0
    expected = float(found.rates.sum()) / time_scale_factor
    rate = float(layers.packets.sum()) / seconds if seconds else expected
    rows = tuple(
        row for row in (*_boards(machine, len(boards)), *_parts(chips, float(mapping.cores), rate)) if row.count
    )
    watts = sum(row.watts for row in rows)
    joules = watts * seconds if seconds else None
    events = sum(core.synaptic_events for core in statistics.cores) if statistics else 0
    return EnergySection(
        rows=rows,
        watts=watts,
        expected_watts=watts + (expected - rate) * PACKET_JOULES,
        measured=bool(seconds),
        seconds=seconds or None,
        joules=joules,
        nanojoules_per_event=1e9 * joules / events if joules and events else None,
    )


def _boards(machine: Machine, used: int) -> tuple[EnergyRow, ...]:
    """What boards take besides their chips; a mesh that is no set of boards has none."""
    each, source = IDLE_BOARD_WATTS - BOARD_CHIPS * IDLE_CHIP_WATTS, STROMATIAS
    if machine.name == "spin3":
        each, source = IDLE_SMALL_BOARD_WATTS - SMALL_BOARD_CHIPS * IDLE_CHIP_WATTS, SMALL_BOARD
    elif machine.boards == 1 and machine.name != "spin5":
        return ()
    return (_row("boards in use, without their chips", float(used), each, source),)


def _parts(chips: float, cores: float, rate: float) -> tuple[EnergyRow, ...]:
    """What is the same on any board; `rate` is that of packets at all routers, a second."""
    return (
        _row("chips of these boards, idle", chips, IDLE_CHIP_WATTS, STROMATIAS),
        _row("cores in use", cores, ACTIVE_CORE_WATTS, SPINNMACHINE),
        _row("packets a second at a router", rate, PACKET_JOULES, PAINKRAS),
    )


def _row(part: str, count: float, each: float, source: str) -> EnergyRow:
    return EnergyRow(part, count, each, count * each, source)
