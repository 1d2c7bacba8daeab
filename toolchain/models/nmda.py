"""NMDA receptors: conductances that rise and decay slowly, and that magnesium blocks unless the cell is depolarised.

The current is g B(V) (e_rev - V), where g is a difference of exponentials (``rising``) and

    B(V) = 1 / (1 + [Mg] / 3.57 exp(-0.062 V)),    V in mV, [Mg] in mM

(C. E. Jahr and C. F. Stevens 1990, "Voltage dependence of NMDA-activated macroscopic conductances predicted by
single-channel kinetics", J. Neuroscience 10:3178-3182).  B is one curve for all concentrations: it is half open at
ln([Mg] / 3.57) / 0.062 mV, and its argument on a core is the distance of V from there.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emulator.program import Kind, Table
from toolchain.models.declaration import Floats, Parameter, Word, Words
from toolchain.models.inputs import ConductanceInput, Names, combined
from toolchain.models.parameters import to_accum
from toolchain.models.receptors import Total
from toolchain.models.rising import DualExponential
from toolchain.models.tabulate import tabulate
from toolchain.models.tracing import Traced, interpolate, product

STEEPNESS = 0.062
"""Per mV."""
HALF = 3.57
"""mM, the concentration that blocks half of the receptors at 0 mV."""
FURTHEST = 200.0
"""Distance (mV) from the half-open voltage beyond which a core takes B as constant: at 4e-6 of 0 or 1."""
LEAST_MG = HALF * np.exp(-10.0 * FURTHEST * STEEPNESS)
"""mM; a core takes less as so much, which is none."""
OPEN: Table = tabulate(lambda x: 1.0 / (1.0 + np.exp(-STEEPNESS * x)), -FURTHEST, FURTHEST, 1025, Kind.UNIT)


class NMDA(DualExponential):
    """An NMDA receptor, with the reversal potential of the cations that it lets through.

    Besides those of a difference of exponentials it has the parameter ``mg``, the concentration of magnesium, mM.
    """

    def __init__(self, names: Names, e_rev: float = 0.0, tau_rise: float = 2.0, tau_decay: float = 100.0) -> None:
        super().__init__(names, ConductanceInput(e_rev), tau_rise, tau_decay)
        self._mg, self._half_open = names.of("mg"), names.of("half_open")
        self.parameters += (Parameter(self._mg, "mM", 1.0, minimum=0.0),)
        self.words += (Word(self._half_open),)

    def current(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> Floats:
        """What is not blocked of the current of an open conductance."""
        blocked = 1.0 + p[self._mg] * (1.0 / HALF) * np.exp(-STEEPNESS * s["v"])
        return self.input.current(s[self.variable], s, p, self.names) / blocked

    def written(self, values: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Coefficients of steps of `dt`, and the voltage at which half is open."""
        half_open = np.log(np.maximum(values[self._mg], LEAST_MG) / HALF) / STEEPNESS
        return super().written(values, dt) | {self._half_open: to_accum(self._mg, "mM", half_open)}

    def effective(self, s: Mapping[str, Traced]) -> Traced:
        """The word as it is, before magnesium."""
        return s[self.names.state]

    def conductance(self, s: Mapping[str, Traced], v: Traced, r: Mapping[str, Traced]) -> tuple[Traced, Traced]:
        """What is not blocked at `v`."""
        opened = interpolate(OPEN, v - r[self._half_open])
        return s[self.names.state] * opened, r[self.names.of(self.names.reversal)]

    def added(self, total: Total, s: Mapping[str, Traced], v: Traced, r: Mapping[str, Traced]) -> Traced | Total:
        """Its conductance times the driving force."""
        conductance, reversal = self.conductance(s, v, r)
        current = product(conductance, reversal - v, 15 + self.input.scale_bits, Kind.ACCUM)
        return combined(total, current, self.names)
