"""What the derived words of a core stand for, in real numbers.

A core derives words from the parameters at start-up, in fixed point: exp(-dt/tau), tau_m/cm, steps.  Next to
each such formula the model gives the real number that is meant, so that one comparison finds every word that the
arithmetic gets wrong: dt/tau has 15 fractional bits, and quotients wrap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LONGEST_TAU: Final = 320.0
"""Time constants of so many timesteps, and all shorter ones, decay right within 1 %: dt/tau has 15 fractional bits."""


def _as_it_is(value: Floats) -> Floats:
    return value


@dataclass(frozen=True, eq=False)
class Derived:
    """The meaning of a word that a core derives from `parameters`.

    Parameters
    ----------
    parameters : tuple of str
        Names of the cell's parameters that it follows from.
    formula : str
        What it is, in those names.
    exact : float64 array, shape () or (n,)
        The real number that the word should be.
    scale : float64 array, shape () or (n,)
        Errors are relative to this.
    effect, unit : str
        What it does to the cell, ending where a figure follows; unit of that figure.
    remedy : str
        What the user may do if it is wrong.
    figure : callable
        The figure of a value of the word.
    """

    parameters: tuple[str, ...]
    formula: str
    exact: Floats
    scale: Floats
    effect: str
    unit: str
    remedy: str
    figure: Callable[[Floats], Floats] = _as_it_is


def decay_word(parameter: str, tau: Floats, dt: float, what: str) -> Derived:
    """The factor exp(-dt/tau), by which `what` decays in a step of `dt` ms; what counts is its distance from 1."""

    def time_constant(factor: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            return np.abs(dt / np.log(factor))

    exact = np.exp(-dt / tau)
    return Derived(
        parameters=(parameter,),
        formula=f"exp(-timestep / {parameter})",
        exact=exact,
        scale=-np.expm1(-dt / tau),
        effect=f"lets {what} decay with a time constant of",
        unit=" ms",
        remedy=shorter_tau(parameter, dt),
        figure=time_constant,
    )


def shorter_tau(parameter: str, dt: float) -> str:
    """The remedy for a time constant that is too long for steps of `dt` ms."""
    return f"use a longer timestep or a {parameter} of at most {LONGEST_TAU * dt:g} ms"
