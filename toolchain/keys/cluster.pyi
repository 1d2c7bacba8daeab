import numpy as np
from numpy.typing import NDArray

def forest(
    start: NDArray[np.int64],
    chip: NDArray[np.int32],
    routes: NDArray[np.uint64],
    height: NDArray[np.int8],
    pairs: NDArray[np.int32],
    spare: int,
    most: int,
) -> NDArray[np.int32]: ...
