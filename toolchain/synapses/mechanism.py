"""STDP mechanisms as a core has them: programs, words and layout of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.cycles import DYNAMIC_ROW_CYCLES, DYNAMIC_SYNAPSE_CYCLES, routine_cycles
from emulator.program import Program
from emulator.synaptic_rows import HISTORY
from toolchain.network import Projection
from toolchain.synapses.declaration import TimingRule, WeightRule
from toolchain.synapses.layout import RowLayout
from toolchain.synapses.programs import RuleWords, StdpPrograms, rule_words, stdp_programs
from toolchain.synapses.timing import TIMING_RULES
from toolchain.synapses.weight import WEIGHT_RULES


@dataclass(frozen=True, eq=False)
class Plasticity:
    """An STDP mechanism.

    Parameters
    ----------
    p : mapping of str to float
        All parameters of both rules.
    words : RuleWords
        What the host writes for them.
    """

    timing: TimingRule
    weight: WeightRule
    p: Mapping[str, float]
    words: RuleWords
    rules: StdpPrograms

    @property
    def programs(self) -> tuple[Program, ...]:
        """All programs."""
        return self.rules.add_post, *self.rules.of_rows

    @property
    def layout(self) -> RowLayout:
        """The layout of its rows: the tick of the last spike, then traces, two a word."""
        return RowLayout(1 + (len(self.timing.pre_traces) + 1) // 2)

    @property
    def cycles(self) -> int:
        """Estimated cycles of a synapse for a spike of the source, with one of the target before it."""
        return DYNAMIC_SYNAPSE_CYCLES + routine_cycles(self.rules.apply_pre) + routine_cycles(self.rules.apply_post)

    @property
    def row_cycles(self) -> int:
        """Estimated cycles of a row, beside those of one that never changes."""
        return DYNAMIC_ROW_CYCLES

    @property
    def history_bytes(self) -> int:
        """What a cell needs to remember its spikes: a tick and 16-bit traces an entry, and a count."""
        return HISTORY * (4 + 2 * len(self.timing.post_traces)) + 4

    @property
    def parameter_bytes(self) -> int:
        """Tables of 16-bit entries, and numbers."""
        tables = (*self.words.decays.values(), *self.words.curves.values())
        numbers = len(self.words.weights) + len(self.words.constants)
        return sum(2 * len(table.values) for table in tables) + 4 * numbers


def rules_of(made: Projection) -> tuple[TimingRule, WeightRule, dict[str, float]]:
    """The rules of a projection of STDPMechanism, and all their parameters."""
    timing, weight = TIMING_RULES[made.rules[0]], WEIGHT_RULES[made.rules[1]]
    p = {
        parameter.name: float(made.parameters.get(parameter.name, parameter.default))
        for parameter in (*timing.parameters, *weight.parameters)
    }
    return timing, weight, p


def plasticity(made: Projection, timestep: float, unit: float) -> Plasticity:
    """The mechanism of a projection of STDPMechanism.

    Parameters
    ----------
    timestep : float
        ms.
    unit : float
        What a weight of 1 comes to in the synaptic input.
    """
    timing, weight, p = rules_of(made)
    words = rule_words(timing, weight, p, timestep, unit)
    return Plasticity(timing, weight, p, words, stdp_programs(timing, weight, words))
