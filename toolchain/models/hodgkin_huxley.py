"""Hodgkin and Huxley's membrane: the spike comes from the channels, and nothing is ever reset.

    cm dV/dt = gbar_Na m^3 h (e_rev_Na - V) + gbar_K n^4 (e_rev_K - V) + g_leak (e_rev_leak - V) + I

with gates m, h and n that relax at rates which depend on V (``kinetics``).  Units are PyNN's: uS, nF, nA, mV.  For
currents by area read uS as mS/cm2, nF as uF/cm2 and nA as uA/cm2: the cell is then a patch of 0.001 cm2.

A cell spikes where V stops rising above a level, and not again for 2 ms, as NEST's ``hh_cond_exp_traub`` and
``hh_psc_alpha`` do it; the 2 ms hold back the spike, not the membrane.

On a core gates and voltage relax in turn (``channels``); recorded gates are those of half a sub-step before.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulator.program import Kind, Role
from toolchain.errors import ParameterError
from toolchain.models.channels import CHANNELS, GATE_SCALE, V_SCALE, CoreGate, active, passive
from toolchain.models.declaration import Floats, Parameter, Variable, Word, Words
from toolchain.models.derived import Derived
from toolchain.models.kinetics import GATES, SQUID_AXON, TRAUB_MILES, Kinetics
from toolchain.models.membrane import Membrane
from toolchain.models.parameters import to_accum
from toolchain.models.point_neuron import PointNeuron
from toolchain.models.receptors import Receptor
from toolchain.models.relaxation import Z_SCALE, relaxed
from toolchain.models.tracing import Traced, select

REFRACTORY: Final = 2.0
"""Time (ms) after a spike in which no other is looked for."""
LONGEST_STEP: Final = 0.05
"""Longest sub-step, ms."""
MOST: Final = 10.0
"""Largest sum of all conductances times dt / cm that the arithmetic of a sub-step has room for."""
GAINS: Final = {"gain_Na": "gbar_Na", "gain_K": "gbar_K", "gain_leak": "g_leak"}
"""Words of a core, and the conductances that they are dt / cm times."""
VOLTAGES: Final = {"e_rev_Na": "reversal_Na", "e_rev_K": "reversal_K", "e_rev_leak": "reversal_leak"}
"""Parameters, and the words that they are kept as."""
UNITS: Final = {"gbar": "uS", "g": "uS", "cm": "nF", "v": "mV", "e": "mV", "i": "nA"}
"""Units by the beginnings of the names of parameters."""
MINIMA: Final = {"gbar": 0.0, "g": 0.0}


class HodgkinHuxley(Membrane):
    """A membrane with fast sodium and delayed potassium channels.

    Parameters
    ----------
    name : str
        What messages call it.
    kinetics : Kinetics
        Of the gates.
    defaults : mapping of str to float
        Parameters and their defaults; with a ``v_offset``, which the voltages of `kinetics` and `level` are counted
        from, or without.
    level : float
        A maximum of V above this is a spike, mV.
    start : mapping of str to float
        First values of v and the gates.
    """

    linear = False
    compared = ("v",)
    longest_step = LONGEST_STEP
    scale_bits: Mapping[str, int] = {"v": V_SCALE, **dict.fromkeys(GATES, GATE_SCALE)}

    def __init__(
        self, name: str, kinetics: Kinetics, defaults: Mapping[str, float], level: float, start: Mapping[str, float]
    ) -> None:
        self.name = name
        self.kinetics = kinetics
        self.level = level
        self.shifted = "v_offset" in defaults
        self.parameters = tuple(_parameter(name, value) for name, value in defaults.items())
        self.state = (Variable("v", "mV", start["v"]), *(Variable(gate, "", start[gate]) for gate in GATES))
        history = [f"{gate}_{what}" for gate in GATES for what in ("target", "trend")]
        history += [f"{channel}_{what}" for channel in CHANNELS for what in ("open", "trend")]
        self.words = (
            *(Word(name, Role.STATE) for name in ("v", *GATES, *history)),
            Word("refract_timer", Role.STATE, Kind.INTEGER),
            Word("t_refract_steps", kind=Kind.INTEGER),
            Word("dt", kind=Kind.FRACTION),
            *(Word(name) for name in ("gain", *(f"gain_{channel}" for channel in CHANNELS), "gain_leak")),
            *(Word(name) for name in (*VOLTAGES.values(), *(["origin"] if self.shifted else []), "level", "i_offset")),
        )
        self._gates = {gate: CoreGate.of(gate, kinetics, shifted=self.shifted) for gate in GATES}

    # --- the float reference ------------------------------------------------------------------------

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivatives of v (mV/ms) and of the gates (1/ms)."""
        v = s["v"]
        total = p["gbar_Na"] * s["m"] ** 3 * s["h"] * (p["e_rev_Na"] - v)
        total = total + p["gbar_K"] * s["n"] ** 4 * (p["e_rev_K"] - v)
        total = total + p["g_leak"] * (p["e_rev_leak"] - v) + current + p["i_offset"]
        rates = self.kinetics.rates(v - p["v_offset"] if self.shifted else v)
        moves = {gate: alpha - (alpha + beta) * s[gate] for gate, (alpha, beta) in rates.items()}
        return {"v": total / p["cm"]} | moves

    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Whether v is above the level of spikes."""
        return s["v"] >= (p["v_offset"] + self.level if self.shifted else self.level)

    def spikes(
        self, s: Mapping[str, Floats], p: Mapping[str, Floats], before: Mapping[str, Floats]
    ) -> NDArray[np.bool_]:
        """Whether v is above the level and has stopped rising."""
        return self.threshold(s, p) & (before["v"] > s["v"])

    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """Nothing changes."""
        return {}

    def refractory_ms(self, p: Mapping[str, Floats]) -> Floats:
        """Time in which no other spike is looked for."""
        return np.array(REFRACTORY)

    # --- the core -----------------------------------------------------------------------------------

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """The injected current; all else is `written`."""
        return {"i_offset": raw["i_offset"]}

    def written(self, values: Mapping[str, Floats], initial: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Words that the host computes."""
        gains = self._gains(values, dt)
        self._check(gains, dt)
        offset = values["v_offset"] if self.shifted else np.zeros(())
        voltages = {word: values[parameter] for parameter, word in VOLTAGES.items()}
        voltages |= {"origin": offset, "level": offset + self.level}
        targets = {f"{gate}_target": self.kinetics.target(gate, initial["v"] - offset) for gate in GATES}
        opened = {
            "Na_open": gains["gain_Na"] * initial["m"] ** 3 * initial["h"],
            "K_open": gains["gain_K"] * initial["n"] ** 4,
        }
        words = self._scaled(gains | opened, "", Z_SCALE)
        words |= self._scaled(voltages, "mV", V_SCALE) | self._scaled(targets, "", GATE_SCALE)
        words |= {word.name: np.zeros((), np.int32) for word in self.words if word.name.endswith(("_trend", "_timer"))}
        words["t_refract_steps"] = np.array(np.ceil(REFRACTORY / dt - 1e-6), np.int32)
        words["dt"] = np.array(round(dt * 2.0**32), np.uint32).view(np.int32)
        return words

    def exact(self, values: Mapping[str, Floats], dt: float) -> dict[str, Derived]:
        """What the words of conductances stand for."""
        gains, scale = self._gains(values, dt), 2.0**Z_SCALE
        return {
            word: Derived(
                parameters=(parameter, "cm"),
                formula=f"{parameter} * timestep / cm",
                exact=gains[word] * scale,
                scale=np.maximum(gains[word], np.finfo(float).tiny) * scale,
                effect="makes the conductance",
                unit=" cm/timestep",
                remedy=f"use a longer timestep, or 0 for {parameter}",
                figure=lambda value: value / scale,
            )
            for word, parameter in GAINS.items()
        }

    def _gains(self, values: Mapping[str, Floats], dt: float) -> dict[str, Floats]:
        """Factors that make dV (mV) in a step of a current (nA), and z of open channels."""
        gain = dt / values["cm"]
        return {"gain": gain} | {word: values[parameter] * gain for word, parameter in GAINS.items()}

    def _check(self, gains: Mapping[str, Floats], dt: float) -> None:
        """Refuse steps that are too long for the membrane."""
        total = np.max(gains["gain_Na"] + gains["gain_K"] + gains["gain_leak"])
        if total > MOST or dt > 2.0 * LONGEST_STEP + 1e-9:
            fewer = max(total / MOST, dt / (2.0 * LONGEST_STEP))
            raise ParameterError(
                f"{self.name}: sub-steps of {dt:g} ms are too long for a membrane whose time constant can be "
                f"{dt / total:.3g} ms (cm / (gbar_Na + gbar_K + g_leak)); use at least {np.ceil(fewer):.0f} times as "
                "many (mapping option 'substeps')"
            )

    def _scaled(self, values: Mapping[str, Floats], unit: str, scale: int) -> dict[str, Words]:
        """Words of 2^scale times `values`."""
        labels = {"gain": "timestep / cm"} | {word: parameter for parameter, word in VOLTAGES.items()}
        return {
            word: to_accum(f"{self.name}: {labels.get(word, word)}", unit, value, 2.0**scale)
            for word, value in values.items()
        }

    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced]:
        """New states and spikes where all input is a current."""
        return self.looked_at(r, s["v"], self.moved(r, s, current, ()), 1)

    def moved(
        self,
        r: Mapping[str, Traced],
        s: Mapping[str, Traced],
        current: Traced,
        conductances: Sequence[tuple[Traced, Traced]],
    ) -> dict[str, Traced]:
        """States after a sub-step.

        Parameters
        ----------
        current : Traced
            Currents that are no conductances, s16.15.
        conductances : sequence of (Traced, Traced)
            2^10 times a conductance (uS), and its reversal potential (mV), both s16.15.
        """
        state = dict(s)
        for gate in GATES:
            self._gates[gate].move(r, state)
        z, pull = passive(r, s["v"], current, conductances)
        z, pull = active(r, state, z, pull)
        return state | {"v": relaxed(s["v"], z, pull)}

    def looked_at(
        self, r: Mapping[str, Traced], before: Traced, s: Mapping[str, Traced], substeps: int
    ) -> tuple[dict[str, Traced], Traced]:
        """States after a look for spikes, and their mask; V was `before` so many sub-steps ago."""
        waits = s["refract_timer"] > 0
        spike = (s["v"] >= r["level"]) & (before > s["v"]) & (s["refract_timer"] <= 0)
        timer = select(waits, s["refract_timer"] - substeps, s["refract_timer"])
        return {**s, "refract_timer": select(spike, r["t_refract_steps"], timer)}, spike


class HodgkinHuxleyNeuron(PointNeuron):
    """A point neuron whose conductances act on the membrane within a sub-step, as its channels do.

    Spikes are looked for after every second sub-step, 0.1 ms apart, as in the reference, or else in every one.
    """

    def __init__(self, membrane: HodgkinHuxley, parts: tuple[Receptor, ...], name: str = "") -> None:
        super().__init__(name or membrane.name, membrane, parts)
        self._membrane = membrane

    def extended(self, name: str, parts: tuple[Receptor, ...]) -> HodgkinHuxleyNeuron:
        """The cell with further receptors, and with another name."""
        return HodgkinHuxleyNeuron(self._membrane, self.parts + parts, name)

    def effective(self, part: Receptor, s: Mapping[str, Traced]) -> Traced | None:
        """All the bits that there are."""
        return part.fine(s)

    def _advanced(
        self, r: Mapping[str, Traced], state: dict[str, Traced], held: dict[str, Traced], substeps: int
    ) -> tuple[dict[str, Traced], dict[str, Traced], Traced]:
        """States of membrane and receptors after all sub-steps, and the mask of the cells that spike in any of them."""
        apart = 1 if substeps % 2 else 2
        masks = []
        for _ in range(substeps // apart):
            before = state["v"]
            for _ in range(apart):
                state, held = self._through_channels(r, state, held), self._decayed(r, held)
            state, spike = self._membrane.looked_at(r, before, state, apart)
            masks.append(spike)
        return state, held, reduce(operator.or_, masks)

    def _through_channels(
        self, r: Mapping[str, Traced], state: Mapping[str, Traced], held: Mapping[str, Traced]
    ) -> dict[str, Traced]:
        """The state of the membrane after a sub-step."""
        conductances = []
        current, v = r["i_offset"] + r["current"], self._plain("v", state)
        for part in self.parts:
            conductance = part.conductance(held, v, r)
            if conductance is not None:
                conductances.append(conductance)
            else:
                current = part.added(current, held, v, r)
        return self._membrane.moved(r, state, current, conductances)


def traub_membrane() -> HodgkinHuxley:
    """The membrane of PyNN's ``HH_cond_exp``, with its defaults."""
    defaults = {
        "gbar_Na": 20.0,
        "gbar_K": 6.0,
        "g_leak": 0.01,
        "cm": 0.2,
        "v_offset": -63.0,
        "e_rev_Na": 50.0,
        "e_rev_K": -90.0,
        "e_rev_leak": -65.0,
        "i_offset": 0.0,
    }
    return HodgkinHuxley("HH_cond_exp", TRAUB_MILES, defaults, 30.0, {"v": -65.0, "m": 0.0, "h": 1.0, "n": 0.0})


def squid_membrane() -> HodgkinHuxley:
    """A patch of 0.001 cm2 of the squid's giant axon: 1 uF/cm2; 120, 36 and 0.3 mS/cm2."""
    defaults = {
        "gbar_Na": 120.0,
        "gbar_K": 36.0,
        "g_leak": 0.3,
        "cm": 1.0,
        "e_rev_Na": 50.0,
        "e_rev_K": -77.0,
        "e_rev_leak": -54.0,
        "i_offset": 0.0,
    }
    gates = {gate: float(SQUID_AXON.target(gate, np.array(-65.0))) for gate in GATES}
    return HodgkinHuxley("HH_squid", SQUID_AXON, defaults, 0.0, {"v": -65.0, **gates})


def _parameter(name: str, default: float) -> Parameter:
    kind = name.split("_", maxsplit=1)[0]
    return Parameter(name, UNITS[kind], default, above=0.0 if kind == "cm" else None, minimum=MINIMA.get(kind))
