from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emulator.image import MachineImage, NeuronCore
from emulator.program import Program
from emulator.registers import SharedRows

DRAWS_OF_ATTEMPTS: tuple[int, ...]

class Banks:
    rows: list[NDArray[np.uint32]]
    there: NDArray[np.int32]
    remembered: list[tuple[NDArray[np.int32], NDArray[np.int16], NDArray[np.int32]]]
    def __init__(
        self, image: MachineImage, core: NeuronCore, benches: Sequence[NDArray[np.int32]], shared: SharedRows
    ) -> None: ...

def bench(image: MachineImage) -> NDArray[np.int32]: ...
def programs_of(image: MachineImage, core: NeuronCore) -> list[Program]: ...
