from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from emulator.program import Program

INSTRUCTION_SET: str
PROGRAM_ADDRESS: int

def available_sets() -> tuple[str, ...]: ...
def address_of(name: str) -> int: ...
def allocate(program: Program, values: Mapping[str, NDArray[np.int32]], n: int) -> NDArray[np.int32]: ...
def run(program: Program, registers: NDArray[np.int32], function: int = ...) -> None: ...
