import numpy as np
from numpy.typing import NDArray

class Stream:
    def __init__(self, key: NDArray[np.uint32], position: int) -> None: ...
    def state(self) -> tuple[NDArray[np.uint32], int]: ...

def bernoulli(
    stream: Stream,
    limit: int,
    rows: int,
    first: int,
    excluded: NDArray[np.int32],
    only_above: bool,
    chosen: NDArray[np.int32],
    counts: NDArray[np.int64],
    filled: int,
) -> tuple[int, int]: ...
def samples(stream: Stream, counts: NDArray[np.int64], rows: int, excluded: NDArray[np.int32]) -> NDArray[np.int32]: ...
def pairs(stream: Stream, n: int, rows: int, columns: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]: ...
