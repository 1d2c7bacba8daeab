import numpy as np
from numpy.typing import NDArray

def gather(
    net_start: NDArray[np.int32],
    net_vertex: NDArray[np.int32],
    vertex_start: NDArray[np.int32],
    vertex_net: NDArray[np.int32],
    weight: NDArray[np.float64],
    room: NDArray[np.int32],
    order: NDArray[np.int32],
) -> None: ...
