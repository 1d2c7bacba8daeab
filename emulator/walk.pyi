from typing import Any

import numpy as np
from numpy.typing import NDArray

class EndlessWalkError(Exception): ...

def walk(
    neighbour: NDArray[np.int32],
    core_at: NDArray[np.int32],
    table_start: NDArray[np.int64],
    key: NDArray[np.uint32],
    mask: NDArray[np.uint32],
    route: NDArray[np.uint32],
    sources: NDArray[np.int64],
) -> dict[str, Any]: ...
