from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pyneuro.reference.formula import Formula

class Integrator:
    def __init__(
        self,
        slopes: Formula,
        past: Formula | None,
        reset: Formula | None,
        clamped: Sequence[bool],
        rests: NDArray[np.bool_],
        tables: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
        timestep: float,
        small: Sequence[float],
        limits: tuple[float, float],
    ) -> None: ...
    def advance(
        self,
        state: NDArray[np.float64],
        current: NDArray[np.float64] | None,
        held: NDArray[np.uint8] | None,
        fired: NDArray[np.uint8],
    ) -> int: ...
