from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

SLOW_CUTOFF_RAW: Final[int]
FAST_CUTOFF_RAW: Final[int]
LAMBDA_MAX: Final[int]

def source_seeds(network_seed: int, population: int, first: int, n: int) -> NDArray[np.uint32]: ...
def poisson_trains(
    rate: ArrayLike, start: ArrayLike, stop: ArrayLike, seed: ArrayLike, timestep: float, first_tick: int, n_ticks: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]: ...

class PoissonTrains:
    n: int
    tick: int
    timestep: float
    def __init__(
        self,
        rate: ArrayLike,
        start: ArrayLike,
        stop: ArrayLike,
        seed: ArrayLike,
        timestep: float,
        first_tick: int = 0,
    ) -> None: ...
    def run(self, n_ticks: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]: ...
    def continued(self, rate: ArrayLike, start: ArrayLike, stop: ArrayLike) -> PoissonTrains: ...
