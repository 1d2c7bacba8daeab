"""How many ARM cycles a core needs: for its program, a tick, a packet, a row and a synaptic event.

What is known (instructions counted in the released IF_curr_exp binary, timings of the ARM9E-S pipeline
recalled): one LIF update with recording takes 95 instructions, about 121 cycles; one fixed synapse 25
instructions, about 31 cycles.  Timings: ALU 1, load 1 and 2 more for a half-word, store 1, long multiply 3,
taken branch 3.

The cost of a program is built from those timings: each operation, one load for each word that the cell
keeps and one store for each that changes, and what surrounds the program (the loop, the ring buffers, the
recording), whose share is set so that IF_curr_exp comes to its 121.  Another program's figure is an estimate.
Costs of a tick, a packet and a row are recalled orders of magnitude and nothing more: change the constants
where you know better.
"""

from __future__ import annotations

from collections.abc import Mapping

from emulator.program import Op, Program, Role

OPERATION_CYCLES: Mapping[Op, int] = {
    Op.ADD: 1,
    Op.SUB: 1,
    Op.MUL: 5,  # SMULL, and two ALU operations to take bits 15..46
    Op.DECAY: 5,  # UMULL, and two ALU operations for the sign
    Op.SHL: 1,
    Op.SHR: 1,
    Op.GE: 1,
    Op.GT: 1,
    Op.AND: 1,
    Op.OR: 1,
    Op.SELECT: 2,  # two conditional moves
    Op.COPY: 1,
    Op.LSR: 1,
    Op.SCALE: 5,  # SMULL, and two ALU operations to take bits n..n+31
    Op.SCALE16: 2,  # SMULBB, and one ALU operation
    Op.DIV: 240,  # no divide instruction: a library's loop over 47 bits of the dividend, 4 cycles and overhead a bit
    Op.POW: 100,  # 10 cycles a bit (two UMULLs, test, conditional moves), for an exponent of some hundred steps
    Op.BINOMIAL: 140,  # 14 cycles a trial (two multiplications, shifts, comparison, loop), for ten of them
    Op.LOOKUP: 8,  # two comparisons with conditional moves, subtraction, shift, load with its delay
    Op.LERP: 18,  # as LOOKUP with one more load, mask, subtraction, SMULL, two ALU operations, addition
}
RANDOM_CYCLES = 30
"""A word of KISS-64: four loads, four stores, three multiplications, one of them long, shifts and sums. [R]"""
LOAD_CYCLES = 1
STORE_CYCLES = 1
INPUT_CYCLES = 8
"""A receptor's ring-buffer slot: load of a half-word, shift, clear, addressing. [R]"""
RECORDING_CYCLES = 9
"""A recorded variable: index look-up, store, counters. [R]"""
LOOP_CYCLES = 9
"""The loop over the cells, and the test whether to send a spike. [R]"""

TICK_CYCLES = 500
"""Timer interrupt, start of the update, end of the recording; once a tick. [R]"""
SPIKE_CYCLES = 30
"""Sending a packet. [R]"""
PACKET_CYCLES = 40
"""Receiving a packet: fast interrupt, input buffer. [R]"""
ROW_CYCLES = 150
"""A row: search of the population table, set-up of the DMA, its interrupt, start of the loop. [R]"""
SYNAPSE_CYCLES = 31
"""A synaptic event on a fixed synapse. [T counts, R timings]"""
DYNAMIC_ROW_CYCLES = 150
"""What a row of synapses with dynamics takes beside that of a fixed one: it is written back. [R]"""
DYNAMIC_SYNAPSE_CYCLES = 60
"""A synapse with dynamics beside its programs: control word, search of the history, ring buffer, write-back. [R]"""
ATTEMPT_CYCLES = 150
"""An attempt of the population to rewire: the word that says whose neuron it is, a hash of six products of 64 bits,
which a core has not. [R]"""
OWN_ATTEMPT_CYCLES = 1500
"""An attempt at a place of the core: five more words, places and row from SDRAM, a search, and both back. [R]"""
SOURCE_CYCLES = 40
"""A source of random spikes in a tick. [R]"""
INTERVAL_CYCLES = 2000
"""An interval of a renewal source, with a logarithm, a root and a cosine in software floating point. [R]"""
WAVE_CYCLES = 300
"""A sine or a normal number in a tick, from tables, for each injected wave. [R]"""
STAGE_CYCLES = 10
"""A cell of a delay stage in a tick. [R]"""

TRANSFER_CYCLES = 100
"""Setting up a transfer of synaptic inputs between SDRAM and DTCM, and its end. [R]"""
TRANSFER_WORD_CYCLES = 2
"""A word of such a transfer, while the core waits: SDRAM gives a core some 100 words in a microsecond. [R]"""
SUM_WORD_CYCLES = 7
"""Adding a word of such inputs: two loads, an addition, a store, the loop. [R]"""


def send_cycles(words: int) -> int:
    """Cycles of a tick that a core takes to hand on `words` of synaptic inputs, and to clear them."""
    return TRANSFER_CYCLES + (TRANSFER_WORD_CYCLES + STORE_CYCLES) * words


def gather_cycles(words: int, feeders: int) -> int:
    """Cycles of a tick that a core of neurons takes to add up `words` from each of so many cores.

    Two buffers take turns, so only the first transfer is waited for.
    """
    return feeders * (TRANSFER_CYCLES + SUM_WORD_CYCLES * words) + (TRANSFER_WORD_CYCLES * words if feeders else 0)


def routine_cycles(program: Program) -> int:
    """Cycles of one run of a program over one synapse, or one spike, of a core: its operations alone."""
    return sum(OPERATION_CYCLES[instruction.op] for instruction in program.instructions)


def program_cycles(program: Program) -> int:
    """Cycles that one cell needs for one run of `program`, all variables recorded."""
    roles = [register.role for register in program.registers]
    written = {instruction.out for instruction in program.instructions}
    kept = sum(role in (Role.STATE, Role.PARAMETER, Role.CURRENT) for role in roles)
    changed = sum(program.registers[out].role == Role.STATE for out in written)
    return (
        LOOP_CYCLES
        + INPUT_CYCLES * roles.count(Role.RECEPTOR)
        + RANDOM_CYCLES * roles.count(Role.RANDOM)
        + LOAD_CYCLES * kept
        + sum(OPERATION_CYCLES[instruction.op] for instruction in program.instructions)
        + STORE_CYCLES * changed
        + RECORDING_CYCLES * len(program.recorded)
    )
