import numpy as np
from numpy.typing import NDArray

class Nets:
    def __init__(
        self,
        source: NDArray[np.int32],
        weight: NDArray[np.float64],
        net_start: NDArray[np.int32],
        sink_start: NDArray[np.int32],
        sink: NDArray[np.int32],
        list_start: NDArray[np.int32],
        list_of: NDArray[np.int32],
        out_start: NDArray[np.int32],
        out: NDArray[np.int32],
        list_of_net: NDArray[np.int32],
    ) -> None: ...

class Units:
    def __init__(
        self,
        cores: NDArray[np.int32],
        sdram: NDArray[np.int64],
        pinned: NDArray[np.int8],
        limit: NDArray[np.int32],
        chips: NDArray[np.uint8],
        fixed: NDArray[np.uint32],
        these: NDArray[np.uint64],
        those: NDArray[np.uint64],
    ) -> None: ...

class Annealing:
    total: float
    def __init__(
        self,
        nets: Nets,
        units: Units,
        chip_x: NDArray[np.int32],
        chip_y: NDArray[np.int32],
        room_cores: NDArray[np.int32],
        room_sdram: NDArray[np.int64],
        at: NDArray[np.int32],
        way: NDArray[np.int16],
        position: NDArray[np.int32],
    ) -> None: ...
    @property
    def position(self) -> NDArray[np.int32]: ...
    def entries(self) -> int: ...
    def typical_change(self, samples: int, seed: int) -> float: ...
    def anneal(self, effort: int, hot: float, cold: float, seed: int, entries: float = 0.0) -> None: ...
