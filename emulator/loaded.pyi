from collections.abc import Sequence

from emulator.hearing import Hearing
from emulator.image import MachineImage
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
    def set_streams(self, number: int, streams: UniformStreams) -> None: ...
