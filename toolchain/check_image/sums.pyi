from typing import Final

import numpy as np
from numpy.typing import NDArray

DELAY_BIT: Final[int]
TYPE_BIT: Final[int]
MECHANISM_BIT: Final[int]

def hashes(ends: NDArray[np.uint64], what: NDArray[np.uint64]) -> NDArray[np.uint64]: ...
def add_up(
    hashed: NDArray[np.uint64], piece: NDArray[np.int32], cell: NDArray[np.int32], sums: NDArray[np.uint64]
) -> None: ...
def add_wanted(
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    weight: NDArray[np.float64],
    scale: float,
    steps: NDArray[np.uint8],
    first_source: int,
    first_target: int,
    kind: int,
    piece: NDArray[np.int32],
    sums: NDArray[np.uint64],
) -> None: ...
def find_rows(
    key: NDArray[np.uint32],
    mask: NDArray[np.uint32],
    address: NDArray[np.uint32],
    stride: NDArray[np.uint32],
    sender_key: NDArray[np.uint32],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    number: NDArray[np.uint32],
    words: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int]: ...
def sum_rows(
    words: NDArray[np.uint32],
    row: NDArray[np.int64],
    packet: NDArray[np.int64],
    room: NDArray[np.int64],
    sender: NDArray[np.uint64],
    stage: NDArray[np.uint8],
    first_target: int,
    index_bits: int,
    type_bits: int,
) -> tuple[int, int]: ...
