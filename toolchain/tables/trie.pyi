import numpy as np
from numpy.typing import NDArray

def prefix_entries(
    key: NDArray[np.uint32],
    mask: NDArray[np.uint32],
    route: NDArray[np.int32],
    straight: NDArray[np.uint8],
    routes: int,
) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int32]]: ...
