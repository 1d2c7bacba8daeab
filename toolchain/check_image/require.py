"""What a violation is said with."""

from __future__ import annotations

from emulator.image import Core
from toolchain.errors import IllegalProductError


def require(holds: bool, violation: str) -> None:
    """Raise IllegalProductError unless it `holds`."""
    if not holds:
        raise IllegalProductError("image", violation)


def name(core: Core) -> str:
    """What messages call a core."""
    return f"core {core.label!r} at {(core.x, core.y, core.p)}"
