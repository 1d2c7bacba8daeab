"""How long and how large a simulation can be: what cannot fit is refused before memory or time is taken."""

from __future__ import annotations

import os

from pyneuro.errors import SizeError

MOST_STEPS = 2**31 - 1
"""Timesteps are counted in 32 bits on the machine."""


def physical_memory() -> int:
    """Return the memory of this computer in bytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def free_memory() -> int:
    """Return the memory that nobody uses, in bytes."""
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def require(size: int, what: str) -> None:
    """Check that this computer has `size` bytes of memory in all.

    Parameters
    ----------
    size : int
        Bytes needed at least.
    what : str
        What needs them, as the subject of a sentence.

    Raises
    ------
    SizeError
        If it has fewer.
    """
    there = physical_memory()
    if size > there:
        raise SizeError(f"{what} needs about {size / 1e9:.3g} GB of memory, this computer has {there / 1e9:.3g} GB")
