import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]
Numbers = NDArray[np.int32]

class Blocks:
    def __init__(self, key: Words, mask: Words, route: Numbers, straight: NDArray[np.uint8], routes: int) -> None: ...
    def prefixes(self) -> tuple[Words, Words, Numbers]: ...
    def uniform(self) -> tuple[Words, Words, Numbers, NDArray[np.bool_]]: ...
