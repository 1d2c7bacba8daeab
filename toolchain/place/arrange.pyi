import numpy as np
from numpy.typing import NDArray

class Arrangement:
    total: float
    def __init__(
        self,
        chips: NDArray[np.int32],
        room: NDArray[np.int32],
        need: NDArray[np.int32],
        fixed: NDArray[np.int8],
        at: NDArray[np.int32],
        distance: NDArray[np.int16],
        net_start: NDArray[np.int32],
        net_bundle: NDArray[np.int32],
        bundle_start: NDArray[np.int32],
        bundle_net: NDArray[np.int32],
        weight: NDArray[np.float64],
        position: NDArray[np.int32],
    ) -> None: ...
    @property
    def position(self) -> NDArray[np.int32]: ...
    def anneal(self, effort: int, hot: float, cold: float, seed: int) -> None: ...
    def typical_change(self, samples: int, seed: int) -> float: ...
