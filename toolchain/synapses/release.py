"""Release models: what a spike sends, given the spikes before it.

**Resources.**  In the model of Tsodyks and Markram a synapse has resources, of which a spike uses the share `u` of
those that are there.  What was used recovers with `tau_rec`; `u` itself rises by ``U (1 - u)`` at each spike and
falls back with `tau_facil` (Tsodyks, Pawelzik & Markram 1998, Neural Computation 10:821-835; Tsodyks, Uziel &
Markram 2000, J. Neuroscience 20:RC50).  Kept here is not the share x that is there, but ``depleted = 1 - x``: it
starts at 0, as `u` does, and a core whose numbers end below 1 can hold it.  A spike is, in this order: recovery since
the spike before; `u`; then ``u x`` is sent, with the x before it, and is lost.

The form of 2000, PyNN's, knows a third state: what was used is first active, for the time constant of the current
that it makes, and only then begins to recover.  So it needs `tau_psc` of the target (NEST's tsodyks_synapse).  The
two-variable form leaves that out (NEST's tsodyks2_synapse); it is the limit of `tau_psc` = 0.

**Chance.**  The others release by chance.  One transmits or not, with a fixed probability.  Two have `u` for the
probability that what is there is released (Fuhrmann, Segev, Markram & Tsodyks 2002, J. Neurophysiology 87:140-148): at
one site, which is there or not (PyNN's stochastic_stp_synapse), or at each of `n` (Loebel et al. 2009, Frontiers in
Computational Neuroscience 3:27; NEST's quantal_stp_synapse).  A site that has released recovers by chance too, so
that after t it is still empty with the probability exp(-t / tau_rec).
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from emulator.program import MOST_TRIALS, Kind
from toolchain.models.functions import binomial, convert, product, select
from toolchain.models.parameters import Parameter, Variable
from toolchain.registry import Registry
from toolchain.synapses.declaration import Release, ReleaseModel, Value, Values

USE = Parameter("U", "", 0.5, minimum=0.0, maximum=1.0)
RECOVERY = Parameter("tau_rec", "ms", 100.0, above=0.0)
FACILITATION = Parameter("tau_facil", "ms", 0.0, minimum=0.0)
UTILISATION = Variable("u", "", 0.0)
DEPLETED = Variable("depleted", "", 0.0)

APART = 2e-5
"""Two time constants that are nearer than this, relative to their mean, are taken this far apart: the formula for
different ones has the quotient 0 / 0 where they are equal."""


def utilisation(s: Values, p: Values, decay: Values) -> Value:
    """`u` of a spike: what is left of that of the spike before, and the share U of the rest."""
    left = s["u"] * decay["tau_facil"]
    return left + p["U"] - p["U"] * left


class Tsodyks2(ReleaseModel):
    """Short-term depression and facilitation, in two variables."""

    name = "Tsodyks2Synapse"
    parameters = (USE, RECOVERY, FACILITATION)
    state = (UTILISATION, DEPLETED)
    time_constants = ("tau_rec", "tau_facil")

    def release(self, s: Values, p: Values, weight: Value, decay: Values, draw: tuple[Value, ...]) -> Release:
        """See `ReleaseModel`."""
        u = utilisation(s, p, decay)
        depleted = s["depleted"] * decay["tau_rec"]
        released = u - u * depleted
        return Release({"u": u, "depleted": depleted + released}, weight * released)


class TsodyksMarkram(ReleaseModel):
    """Short-term depression and facilitation, in three variables; `active` is the share that makes current."""

    name = "TsodyksMarkramSynapse"
    parameters = (USE, RECOVERY, FACILITATION, Parameter("tau_psc", "ms", 3.0, minimum=0.0))
    state = (UTILISATION, DEPLETED, Variable("active", "", 0.0))
    time_constants = ("tau_rec", "tau_facil", "tau_psc")
    of_target = MappingProxyType({"tau_psc": "tau_syn"})

    def derive(self, p: Values) -> Values:
        """Add ``hold``, by which what is active delays recovery.

        Between spikes, active' = -active / tau_psc and depleted' = (active - depleted) / tau_rec.
        """
        recovery, current = np.asarray(p["tau_rec"], np.float64), np.asarray(p["tau_psc"], np.float64)
        mean = (recovery + current) / 2.0
        near = np.abs(recovery - current) < APART * mean
        recovery = np.where(near, (1.0 + APART / 2.0) * mean, recovery)
        current = np.where(near, (1.0 - APART / 2.0) * mean, current)
        return {**p, "tau_rec": recovery, "tau_psc": current, "hold": current / (recovery - current)}

    def release(self, s: Values, p: Values, weight: Value, decay: Values, draw: tuple[Value, ...]) -> Release:
        """See `ReleaseModel`."""
        u = utilisation(s, p, decay)
        late = product(p["hold"], s["active"] * (decay["tau_rec"] - decay["tau_psc"]), 15, Kind.UNIT)
        depleted = s["depleted"] * decay["tau_rec"] + late
        released = u - u * depleted
        active = s["active"] * decay["tau_psc"] + released
        return Release({"u": u, "depleted": depleted + released, "active": active}, weight * released)


class SimpleStochastic(ReleaseModel):
    """Transmission with a fixed probability."""

    name = "SimpleStochasticSynapse"
    parameters = (Parameter("p", "", 0.5, minimum=0.0, maximum=1.0),)
    draws = 1

    def release(self, s: Values, p: Values, weight: Value, decay: Values, draw: tuple[Value, ...]) -> Release:
        """See `ReleaseModel`."""
        return Release({}, select(draw[0] < p["p"], weight, 0))


class StochasticTsodyksMarkram(ReleaseModel):
    """One site that releases all or nothing, with the probability `u`; ``empty`` is 1 or 0."""

    name = "StochasticTsodyksMarkramSynapse"
    parameters = (USE, RECOVERY, FACILITATION)
    state = (UTILISATION, Variable("empty", "", 0.0))
    time_constants = ("tau_rec", "tau_facil")
    draws = 2

    def release(self, s: Values, p: Values, weight: Value, decay: Values, draw: tuple[Value, ...]) -> Release:
        """See `ReleaseModel`."""
        u = utilisation(s, p, decay)
        empty = select(draw[0] < decay["tau_rec"], s["empty"], 0)
        chance = u - u * empty
        released = draw[1] < chance
        return Release({"u": u, "empty": select(released, 1, empty)}, select(released, weight, 0))


class MultiQuantal(ReleaseModel):
    """`n` sites that each release a quantum, the weight, with the probability `u`; ``a`` counts those that can."""

    name = "MultiQuantalSynapse"
    parameters = (
        USE,
        Parameter("n", "", 1.0, minimum=1.0, maximum=MOST_TRIALS),
        Parameter("tau_rec", "ms", 800.0, above=0.0),
        FACILITATION,
    )
    state = (UTILISATION, Variable("a", "", "n"))
    counts = ("n", "a")
    time_constants = ("tau_rec", "tau_facil")
    draws = 2

    def most(self, p: Values) -> Value:
        """All sites."""
        return p["n"]

    def release(self, s: Values, p: Values, weight: Value, decay: Values, draw: tuple[Value, ...]) -> Release:
        """See `ReleaseModel`."""
        u = utilisation(s, p, decay)
        available = p["n"] - binomial(p["n"] - s["a"], decay["tau_rec"], draw[0])
        released = binomial(available, u, draw[1])
        return Release({"u": u, "a": available - released}, weight * convert(released, Kind.ACCUM))


RELEASE_MODELS: Registry[ReleaseModel] = Registry(
    "synapse type", (TsodyksMarkram(), Tsodyks2(), SimpleStochastic(), StochasticTsodyksMarkram(), MultiQuantal())
)
"""All release models by name."""
