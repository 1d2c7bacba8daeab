from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

COLUMN: Final[np.dtype[Any]]

def alias_table(weights: ArrayLike) -> NDArray[Any]: ...
