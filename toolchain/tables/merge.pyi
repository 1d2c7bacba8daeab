import numpy as np
from numpy.typing import NDArray

def merge(
    blocks: NDArray[np.uint32],
    block_route: NDArray[np.int32],
    entries: NDArray[np.uint32],
    route: NDArray[np.int32],
    ordered: bool,
) -> int: ...
