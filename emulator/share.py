"""The C function that runs the ticks of one thread, for the widest vectors that this computer has."""

from __future__ import annotations

import importlib

from emulator.update import INSTRUCTION_SET

SHARE_ADDRESS: int = importlib.import_module(f"emulator.share_{INSTRUCTION_SET}").address()
"""Its address: cast it to ``emulator.share.share_t``."""
