"""An estimate of the power that a real machine would take, of published figures; nothing here was measured by us.

Boards and chips take power whether they compute or not, cores that are in use more, and each packet a little at every
router that it passes.  A core is taken to be busy all the time, as the figure for it was measured, so that the estimate
is an upper one for cores that sleep through a part of each tick.

Sources: E. Stromatias, C. Patterson, S. Furber 2014, "Optimising the overall power usage on the SpiNNaker
neuromimetic platform", IJCNN; E. Painkras et al. 2013, "SpiNNaker: A 1-W 18-Core System-on-Chip for
Massively-Parallel Neural Network Simulation", IEEE J. Solid-State Circuits 48; the figure of a core as measured by
SpiNNaker's makers over 806 cores (SpiNNMachine, ``version_spin1.py``).
"""

from __future__ import annotations

import numpy as np

from emulator.statistics import Statistics
from pyneuro.report.layers import Layers
from pyneuro.report.schema.mapping import EnergyRow, EnergySection
from pyneuro.report.survey import Survey
from toolchain.map_graph import GraphMapping

IDLE_CHIP_WATTS = 0.35
IDLE_BOARD_WATTS = 26.84
"""Of a board of 48 chips, these included."""
BOARD_CHIPS = 48
ACTIVE_CORE_WATTS = 0.034
PACKET_JOULES = 40 * 25e-12
"""A packet of 40 bits at one router, 25 pJ a bit."""

STROMATIAS = "Stromatias et al. 2014"
SPINNMACHINE = "SpiNNMachine, measured over 806 cores"
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
    full = float(len(boards)) if machine.boards > 1 or machine.name == "spin5" else 0.0
    rows = _rows(full, chips, float(mapping.cores), rate)
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


def _rows(boards: float, chips: float, cores: float, rate: float) -> tuple[EnergyRow, ...]:
    """The parts of the estimate that there is any of; `rate` is that of packets at all routers, a second."""
    parts = (
        ("boards in use, without their chips", boards, IDLE_BOARD_WATTS - BOARD_CHIPS * IDLE_CHIP_WATTS, STROMATIAS),
        ("chips of these boards, idle", chips, IDLE_CHIP_WATTS, STROMATIAS),
        ("cores in use", cores, ACTIVE_CORE_WATTS, SPINNMACHINE),
        ("packets a second at a router", rate, PACKET_JOULES, PAINKRAS),
    )
    return tuple(EnergyRow(part, number, each, number * each, source) for part, number, each, source in parts if number)
