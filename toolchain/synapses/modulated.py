"""STDP mechanisms that dopamine modulates, as a core has them: formats of numbers, programs and layout of rows.

None of this is sPyNNaker's arithmetic.  The words are chosen so that little is lost by rounding where much is learnt:

- The **weight** is the stored one (16 bits) with 15 bits behind it, for which each synapse has a word.  So it may
  creep; what is stored, and sent, is rounded to the nearest.
- The **eligibility** is a word in which the largest step of the rule is from 2^19 to 2^20.  It stops at +-2^30, a
  thousand such steps.  (Timing curves are s4.11, 256 times as coarse.)
- The **concentration** is a word of 2^-21.  It stops at +-2^30, which is 512.
- Their product is cut to a word in which the largest step and the largest dose that is expected in a tick make up to
  2^19.  It stops where it does not fit, at 4,096 times that or more.
- **Decays** are products of two tables of s0.31; towards zero, so that what has faded does nothing any more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from emulator.conversion import ACCUM_ONE
from emulator.cycles import routine_cycles
from emulator.program import Kind, Program, Register, Role
from emulator.synaptic_rows import HISTORY, MODULATED_WORDS, MOST_LEARNT
from toolchain.models.functions import fade
from toolchain.models.tracing import Step, Traced, trace
from toolchain.network import Projection
from toolchain.synapses.layout import RowLayout
from toolchain.synapses.mechanism import Plasticity, rules_of
from toolchain.synapses.modulation import CONCENTRATION_BITS, Learning, elapse, limited, merged, time_constant
from toolchain.synapses.programs import marking_words, stdp_programs
from toolchain.synapses.releasing import UNITS, decay_tables

RATE_SHIFT = 16
"""Of the product of eligibility and concentration, beside the ring-buffer shift of dopamine."""
LARGEST_WEIGHT = 0xFFFF
DOSE_BYTES = HISTORY * 8 + 4
"""What a cell needs to remember dopamine: a tick and a concentration an entry, and a count."""


@dataclass(frozen=True, eq=False)
class Modulated(Plasticity):
    """An STDP mechanism whose changes wait for dopamine.

    Parameters
    ----------
    bits : int
        The words of eligibilities, as s16.15, are 2^bits times the change of the synaptic input in a ms.
    dopamine : mapping of str to float
        Parameters of the projections that bring it.
    timestep : float
        ms.
    unit : float
        What a weight of 1 comes to in the synaptic input.
    """

    bits: int
    dopamine: Mapping[str, float]
    timestep: float
    unit: float

    @property
    def layout(self) -> RowLayout:
        """As of others, with two words a synapse."""
        return RowLayout(super().layout.header, MODULATED_WORDS)

    @property
    def cycles(self) -> int:
        """Of a synapse for a spike of the source, with one of the target and an arrival of dopamine before it."""
        add, _ = dopamine_programs(self.dopamine, self.timestep)
        return super().cycles + routine_cycles(add) + 3 * routine_cycles(self.elapse(0, 0))

    @property
    def parameter_bytes(self) -> int:
        """Tables and numbers of the rules, and those of the decays."""
        program = self.elapse(0, 0)
        tables = sum(len(table.values) for table in program.tables)
        return super().parameter_bytes + 4 * (tables + len(program.numbers(Role.CONSTANT)))

    def elapse(self, shift: int, dopamine_shift: int) -> Program:
        """The program of time that goes by.

        Parameters
        ----------
        shift, dopamine_shift : int
            Ring-buffer shifts of the weights, and of dopamine.
        """
        rate_shift = RATE_SHIFT + dopamine_shift
        bits = rate_shift - self.bits - CONCENTRATION_BITS - shift
        share, power = math.frexp(math.ldexp(time_constant(self.dopamine), bits))
        change_shift = min(max(31 - power, 1), 32)
        share = min(math.ldexp(share, power - 31 + change_shift), 1.0 - 2.0**-31)
        registers = [Register(name, Role.STATE) for name in ("weight", "eligibility", "dopamine")]
        registers += [Register("since", Role.INPUT, 0, Kind.INTEGER)]
        registers += [Register("tau", Role.CONSTANT, round(share * UNITS[Kind.UNIT]), Kind.UNIT)]
        registers += [Register(name, Role.CONSTANT, self._limit(name, shift)) for name in ("w_min", "w_max")]
        tables = decay_tables({name: self.dopamine[name] for name in ("tau_c", "tau_d")}, self.timestep)

        def step(r: Mapping[str, Traced]) -> Step:
            decay = {name: table(r["since"]) for name, table in tables.items() if table}
            x = elapse(Learning(r["weight"], r["eligibility"], r["dopamine"]), decay, r, (rate_shift, change_shift))
            return Step({"weight": x.weight, "eligibility": x.eligibility, "dopamine": x.dopamine}, None, {})

        return trace("Neuromodulation.elapse", registers, step)

    def _limit(self, name: str, shift: int) -> int:
        """A limit of the weights in steps of the stored ones, s16.15."""
        steps = math.ldexp(self.dopamine[name] * self.unit, 15 - shift)
        return round(min(steps, LARGEST_WEIGHT) * ACCUM_ONE)


def dopamine_programs(dopamine: Mapping[str, float], timestep: float) -> tuple[Program, Program]:
    """The programs of concentrations: after an arrival of dopamine, and for two that are merged."""
    [table] = decay_tables({"tau_d": dopamine["tau_d"]}, timestep).values()
    assert table is not None, "tau_d is above 0"
    most = MOST_LEARNT / ACCUM_ONE

    def add(r: Mapping[str, Traced]) -> Step:
        left = fade(r["dopamine"], table(r["since"]))
        return Step({"dopamine": limited(left + limited(r["dose"], most), most)}, None, {})

    def merge(r: Mapping[str, Traced]) -> Step:
        one = merged(r["dopamine"], r["next"], table(r["gap"]), table(r["since"]))
        return Step({"dopamine": limited(one, most)}, None, {})

    registers = [Register("dopamine", Role.STATE), Register("since", Role.INPUT, 0, Kind.INTEGER)]
    merging = [Register("next", Role.INPUT), Register("gap", Role.INPUT, 0, Kind.INTEGER)]
    return (
        trace("Neuromodulation.add", [*registers, Register("dose", Role.INPUT)], add),
        trace("Neuromodulation.merge", [*registers, *merging], merge),
    )


def modulated(made: Projection, dopamine: Mapping[str, float], timestep: float, unit: float) -> Modulated:
    """The mechanism of a projection of STDPMechanism onto cells with dopamine.

    Parameters
    ----------
    dopamine : mapping of str to float
        Parameters of the projections that bring it.
    timestep : float
        ms.
    unit : float
        What a weight of 1 comes to in the synaptic input.
    """
    timing, weight, p = rules_of(made)
    words, bits = marking_words(timing, weight, p, timestep, unit)
    rules = stdp_programs(timing, weight, words, "eligibility")
    return Modulated(timing, weight, p, words, rules, bits, dopamine, timestep, unit)
