"""The quadratic integrate-and-fire cell: tau_m dV/dt = (V - v_rest) (V - v_thresh) / (v_thresh - v_rest) + tau_m/cm I.

Near v_rest it is the leaky cell of the same tau_m and cm; beyond v_thresh it runs away.  At v_spike V is reset to
v_reset, and held there for tau_refrac.  It is the normal form of cells whose firing starts by a saddle-node: above the
rheobase, which is cm (v_thresh - v_rest) / (4 tau_m), rates grow as the square root of the distance to it.
P. E. Latham, B. J. Richmond, P. G. Nelson, S. Nirenberg 2000, "Intrinsic dynamics in neuronal networks. I. Theory",
J. Neurophysiology 83:808-827; B. Ermentrout 1996, "Type I membranes, phase resetting curves, and synchrony", Neural
Computation 8:979-1001.

On a core V is solved over a step for the current at its start (`riccati`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emulator import arithmetic
from emulator.program import Kind, Role
from toolchain.errors import ParameterError
from toolchain.models.declaration import Floats, Parameter, Variable, Word, Words
from toolchain.models.lif import whole_steps
from toolchain.models.membrane import Membrane
from toolchain.models.parameters import to_accum, to_fraction
from toolchain.models.riccati import LARGE, MOST, ROOM, Riccati, bounded, least_w
from toolchain.models.tracing import Traced, select


class Quadratic(Membrane):
    """A membrane with a parabola for its current-voltage curve."""

    parameters = (
        Parameter("v_rest", "mV", -65.0),
        Parameter("cm", "nF", 1.0, above=0.0),
        Parameter("tau_m", "ms", 20.0, above=0.0),
        Parameter("tau_refrac", "ms", 0.1, minimum=0.0),
        Parameter("i_offset", "nA", 0.0),
        Parameter("v_reset", "mV", -65.0),
        Parameter("v_thresh", "mV", -50.0),
        Parameter("v_spike", "mV", 30.0),
    )
    state = (Variable("v", "mV", -65.0),)
    words = (
        Word("v", Role.STATE),
        Word("refract_timer", Role.STATE, Kind.INTEGER),
        Word("t_refract_steps", kind=Kind.INTEGER),
        Word("curvature", kind=Kind.FRACTION),
        *map(Word, ("vertex", "peak", "least", "gain", "floor", "i_offset", "reset", "slope_reset", "rate_reset")),
    )
    clamped = ("v",)
    linear = False
    resets_within_step = True
    ascending = (("v_rest", "v_thresh"), ("v_reset", "v_spike"), ("v_thresh", "v_spike"))

    def derivatives(self, s: Mapping[str, Floats], p: Mapping[str, Floats], current: Floats) -> dict[str, Floats]:
        """Time derivative of v (mV/ms)."""
        v, rest, threshold = s["v"], p["v_rest"], p["v_thresh"]
        bent = (v - rest) * (v - threshold) * (1.0 / ((threshold - rest) * p["tau_m"]))
        return {"v": bent + (current + p["i_offset"]) * (1.0 / p["cm"])}

    def threshold(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Whether v has reached v_spike."""
        return s["v"] >= p["v_spike"]

    def after_spike(self, s: Mapping[str, Floats], p: Mapping[str, Floats]) -> dict[str, Floats]:
        """Voltage v goes to v_reset."""
        return {"v": p["v_reset"]}

    def refractory_ms(self, p: Mapping[str, Floats]) -> Floats:
        """Absolute refractory time."""
        return p["tau_refrac"]

    def derive(self, raw: Mapping[str, Words], timestep: Words, dt: Words) -> dict[str, Words]:
        """Refractory steps; all else is `written`."""
        steps = whole_steps(raw["tau_refrac"], dt)
        return {"refract_timer": arithmetic.as_words(0), "t_refract_steps": steps, "i_offset": raw["i_offset"]}

    def written(self, values: Mapping[str, Floats], initial: Mapping[str, Floats], dt: float) -> dict[str, Words]:
        """Coefficients of steps of `dt`.

        Raises
        ------
        ParameterError
            If V moves by more in a step than the arithmetic of a core has room for.
        """
        p = values
        width = p["v_thresh"] - p["v_rest"]
        curvature, vertex = dt / (width * p["tau_m"]), (p["v_thresh"] + p["v_rest"]) / 2
        peak, reset = p["v_spike"] - vertex, p["v_reset"] - vertex
        fastest = np.max(curvature * np.maximum(peak, np.abs(reset)) ** 2)
        if fastest > ROOM - MOST:
            raise ParameterError(
                f"QuadraticIF: v moves by {fastest:g} mV in a sub-step of {dt:g} ms at v_spike or v_reset, and a core "
                f"has room for {ROOM - MOST:g}; use {np.ceil(fastest / (ROOM - MOST)):.0f} times as many sub-steps "
                "(mapping option 'substeps')"
            )
        numbers = {
            "vertex": vertex,
            "peak": peak,
            "least": least_w(curvature),
            "gain": LARGE * dt / p["cm"],
            "floor": -LARGE * dt * width / (4.0 * p["tau_m"]),
            "reset": reset,
            "slope_reset": LARGE * curvature * reset,
            "rate_reset": LARGE * curvature * reset**2,
        }
        words = {name: to_accum(f"QuadraticIF: {name}", "mV", value) for name, value in numbers.items()}
        return words | {"curvature": to_fraction(curvature)}

    def step(
        self, r: Mapping[str, Traced], s: Mapping[str, Traced], current: Traced
    ) -> tuple[dict[str, Traced], Traced]:
        """Solve V up to v_spike, if it is reached, and from v_reset on, if that does not hold it."""
        timer, free = s["refract_timer"], s["refract_timer"] <= 0
        drive = bounded(current * r["gain"] + r["floor"])
        passage = Riccati(r["curvature"], r["peak"], r["least"]).start(s["v"] - r["vertex"], drive)
        end = passage.resumed(r["reset"], r["slope_reset"], r["rate_reset"], drive)
        spike = passage.spike & free
        held = spike & (r["t_refract_steps"] > 0)
        moved = select(held, r["reset"], end) + r["vertex"]
        timer = select(spike, r["t_refract_steps"], select(free, timer, timer - 1))
        return {"v": select(free, moved, s["v"]), "refract_timer": timer}, spike
