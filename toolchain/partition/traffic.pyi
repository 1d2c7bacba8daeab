import numpy as np
from numpy.typing import NDArray

def mark_traffic(
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    delay: NDArray[np.float64],
    timestep: float,
    cells: NDArray[np.int32],
    stages: NDArray[np.int32],
    targets: NDArray[np.int32],
    wanted: NDArray[np.uint8],
) -> int: ...
