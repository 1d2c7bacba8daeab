from collections.abc import Sequence

from emulator.hearing import Hearing
from emulator.image import Injected, MachineImage
from emulator.link import Feeds
from emulator.random import UniformStreams

class Loaded:
    tick: int
    def __init__(
        self,
        image: MachineImage,
        feeds: Feeds,
        hearing: Hearing,
        costs: Sequence[Sequence[int]],
        threads: int,
        tick: int = 0,
    ) -> None: ...
    def set_currents(self, number: int, currents: Sequence[Injected], tick_cost: int) -> None: ...
    def set_streams(self, number: int, streams: UniformStreams) -> None: ...
