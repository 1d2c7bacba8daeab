import numpy as np
from numpy.typing import NDArray

def round_delays(
    delay: NDArray[np.float64], timestep: float, steps: NDArray[np.uint8]
) -> tuple[float, int, int, float]: ...
def count_inputs(post: NDArray[np.int32], counts: NDArray[np.int32]) -> None: ...
def weight_sums(weight: NDArray[np.float64]) -> tuple[float, float, float, float]: ...
def quantisation_errors(weight: NDArray[np.float64], scale: float) -> tuple[float, float, int, int]: ...
def mark_blocks(
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    steps: NDArray[np.uint8],
    source_slice: NDArray[np.int32],
    target_slice: NDArray[np.int32],
    present: NDArray[np.uint8],
) -> None: ...
def count_rows(
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    steps: NDArray[np.uint8],
    source_slice: NDArray[np.int32],
    target_slice: NDArray[np.int32],
    row_of_cell_0: NDArray[np.int64],
    counts: NDArray[np.int32],
) -> None: ...
def place_synapses(
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    steps: NDArray[np.uint8],
    source_slice: NDArray[np.int32],
    target_slice: NDArray[np.int32],
    row_of_cell_0: NDArray[np.int64],
    filled: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.int32]]: ...
def fill_rows(
    pre: NDArray[np.int32],
    post: NDArray[np.int32],
    steps: NDArray[np.uint8],
    weight: NDArray[np.float64],
    scale: float,
    source_slice: NDArray[np.int32],
    target_slice: NDArray[np.int32],
    target_start: NDArray[np.int32],
    word_of_cell_0: NDArray[np.int64],
    stride: NDArray[np.int64],
    delay_shift: int,
    type_field: int,
    words: NDArray[np.uint32],
) -> None: ...
