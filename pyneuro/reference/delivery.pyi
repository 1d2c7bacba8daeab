"""Types of the delivery kernels."""

import numpy as np
from numpy.typing import NDArray

def order_by_source(pre: NDArray[np.int32], offsets: NDArray[np.int64], order: NDArray[np.uint32]) -> None: ...
def deliver(
    fired: NDArray[np.int64],
    offsets: NDArray[np.int64],
    targets: NDArray[np.int32],
    weights: NDArray[np.float64],
    delays: NDArray[np.int32],
    ring: NDArray[np.float64],
    now: int,
) -> None: ...
def scatter(
    synapses: NDArray[np.int64],
    sent: NDArray[np.float64],
    targets: NDArray[np.int32],
    delays: NDArray[np.int32],
    ring: NDArray[np.float64],
    now: int,
) -> None: ...
def count_until(
    cells: NDArray[np.int32],
    bounds: NDArray[np.int64],
    stamps: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> NDArray[np.int64]: ...
