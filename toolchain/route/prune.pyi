import numpy as np
from numpy.typing import NDArray

def prune(
    neighbour: NDArray[np.int32],
    up: NDArray[np.int8],
    source: int,
    sinks: NDArray[np.int32],
    chip: NDArray[np.int32],
    arrival: NDArray[np.int8],
    route: NDArray[np.uint32],
    mark: NDArray[np.uint8],
    seen: NDArray[np.int32],
) -> int: ...
