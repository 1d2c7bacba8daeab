import numpy as np
from numpy.typing import NDArray

def traffic_pairs(
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    delay: NDArray[np.float64],
    timestep: float,
    cells: NDArray[np.int32],
    stages: NDArray[np.int32],
    targets: NDArray[np.int32],
    slices: int,
) -> tuple[NDArray[np.int64], int]: ...
