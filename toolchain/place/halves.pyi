import numpy as np
from numpy.typing import NDArray

class Halves:
    def __init__(
        self,
        net_start: NDArray[np.int32],
        net_unit: NDArray[np.int32],
        unit_start: NDArray[np.int32],
        unit_net: NDArray[np.int32],
        weight: NDArray[np.float64],
        anchors: NDArray[np.int8],
        size: NDArray[np.int32],
        held: NDArray[np.int8],
        most: NDArray[np.int32],
    ) -> None: ...
    def grow(self, first: int) -> NDArray[np.int8]: ...
    def refine(self, side: NDArray[np.int8], passes: int) -> tuple[NDArray[np.int8], float]: ...
    def is_balanced(self) -> bool: ...
