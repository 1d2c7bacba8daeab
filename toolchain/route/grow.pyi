import numpy as np
from numpy.typing import NDArray

def grow(
    neighbour: NDArray[np.int32],
    width: int,
    height: int,
    wraps: bool,
    explores: bool,
    source: int,
    sinks: NDArray[np.int32],
    chip: NDArray[np.int32],
    arrival: NDArray[np.int8],
    route: NDArray[np.uint32],
    row: NDArray[np.int32],
    queue: NDArray[np.int32],
    towards: NDArray[np.int8],
    links: NDArray[np.int8],
) -> int: ...
