"""The layout of rows whose synapses have dynamics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.synaptic_rows import ROW_HEADER_WORDS


@dataclass(frozen=True)
class RowLayout:
    """How long a row of synapses with dynamics is; see `emulator.synaptic_rows`.

    Parameters
    ----------
    header : int
        Words of the plastic part before the weights.
    words : int
        Words that each synapse has besides its weight.
    """

    header: int
    words: int = 0

    def plastic_words(self, synapses: NDArray[np.integer]) -> NDArray[np.int64]:
        """Words of the plastic part of rows of so many synapses."""
        count = synapses.astype(np.int64)
        return self.header + (count + 1) // 2 + self.words * count

    def words_of_rows(self, synapses: NDArray[np.int32]) -> NDArray[np.int64]:
        """Words of rows of so many synapses."""
        return ROW_HEADER_WORDS + self.plastic_words(synapses) + (synapses + 1) // 2
