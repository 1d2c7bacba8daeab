import numpy as np
from numpy.typing import NDArray

def grow_cheapest(
    neighbour: NDArray[np.int32],
    cost: NDArray[np.float64],
    source: int,
    sinks: NDArray[np.int32],
    chip: NDArray[np.int32],
    arrival: NDArray[np.int8],
    route: NDArray[np.uint32],
    row: NDArray[np.int32],
    distance: NDArray[np.float64],
    towards: NDArray[np.int8],
    wanted: NDArray[np.uint8],
    heap: NDArray[np.int32],
    place: NDArray[np.int32],
    touched: NDArray[np.int32],
) -> int: ...
