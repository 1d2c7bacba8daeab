"""Random numbers: PyNN's generators and distributions, and a native generator.

``NumpyRNG`` is the Mersenne Twister, the same numbers on every back end of PyNN.  ``NativeRNG`` is numpy's
PCG64: other numbers, drawn faster; a ``FixedProbabilityConnector`` with it draws the distances between
connections instead of one number a pair.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyNN import random
from pyNN.random import GSLRNG, NumpyRNG, RandomDistribution, WrappedRNG


class NativeRNG(random.NativeRNG, WrappedRNG):
    """The native generator of pyneuro.

    Parameters
    ----------
    seed : int, optional
        Without one, no two runs are alike.
    """

    translations = NumpyRNG.translations | {"uniform_int": ("integers", {"low": "low", "high": "high"})}

    def __init__(self, seed: int | None = None, parallel_safe: bool = True) -> None:
        WrappedRNG.__init__(self, seed, parallel_safe)
        self.generator = np.random.Generator(np.random.PCG64(seed))
        self.permutation = self.generator.permutation
        self.choice = self.generator.choice
        self.uniform = self.generator.uniform

    def __deepcopy__(self, memo: dict[int, Any]) -> NativeRNG:
        copy = NativeRNG(self.seed, self.parallel_safe)
        copy.generator.bit_generator.state = deepcopy(self.generator.bit_generator.state)
        return copy

    def _next(self, distribution: str, n: int, parameters: dict[str, Any]) -> NDArray[Any]:
        name, names = self.translations[distribution]
        if set(parameters) != set(names):
            raise KeyError(f"distribution {distribution!r} takes {', '.join(names)}, got {', '.join(parameters)}")
        arguments = {names[key]: value for key, value in parameters.items()}
        if name == "normal_clipped":
            low, high = arguments.pop("low"), arguments.pop("high")
            return np.asarray(self._clipped(lambda size: self._normal(**arguments, size=size), low, high, n))
        if name == "normal_clipped_to_boundary":
            low, high = arguments.pop("low"), arguments.pop("high")
            return np.clip(self._normal(**arguments, size=n), low, high)
        return np.asarray(getattr(self.generator, name)(size=n, **arguments))

    def _normal(self, mu: float, sigma: float, size: int) -> NDArray[np.float64]:
        return self.generator.normal(mu, sigma, size)


__all__ = ["GSLRNG", "NativeRNG", "NumpyRNG", "RandomDistribution"]
