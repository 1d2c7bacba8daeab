from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

KINDS: Final[dict[str, int]]
BEGINS: Final[int]
BIN: Final[np.dtype[Any]]
SOURCE: Final[np.dtype[Any]]

class Trains:
    n: int
    tick: int
    def __init__(
        self, records: NDArray[Any], bins: NDArray[Any], columns: NDArray[Any], expected: float, tick: int = 0
    ) -> None: ...
    def run(self, n_ticks: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]: ...
    def follow(self, previous: Trains) -> None: ...
