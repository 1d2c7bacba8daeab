from typing import Final

import numpy as np
from numpy.typing import NDArray

OUTSIDE: Final[int]
TOO_LONG: Final[int]
UNKNOWN_TARGET: Final[int]
WRONG_PART: Final[int]

def first_bad_row(
    rows: NDArray[np.uint32],
    header: int,
    words: int,
    spare: bool,
    n: int,
    types: int,
    index_bits: int,
    type_bits: int,
    base: NDArray[np.int64],
    stride: NDArray[np.uint32],
    index_mask: NDArray[np.uint32],
    filter_mask: NDArray[np.uint32],
    filter_key: NDArray[np.uint32],
    limit: NDArray[np.int64],
    neuron_mask: NDArray[np.uint32],
    neurons: NDArray[np.int64],
) -> tuple[int, int, int]: ...
