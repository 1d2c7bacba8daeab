import numpy as np
from numpy.typing import NDArray

DROPPED: int
SPLIT: int
LOST: int
LOOP: int

def walk(
    neighbour: NDArray[np.int32],
    offset: NDArray[np.int64],
    keys: NDArray[np.uint32],
    masks: NDArray[np.uint32],
    routes: NDArray[np.uint32],
    source: int,
    key: int,
    mask: int,
    chip: NDArray[np.int32],
    arrival: NDArray[np.int8],
    route: NDArray[np.uint32],
    visited: NDArray[np.int32],
    stamp: int,
) -> tuple[int, int]: ...
