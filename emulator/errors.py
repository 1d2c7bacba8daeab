"""Errors of the emulator; each is also the standard kind of error that it is."""


class EmulatorError(Exception):
    """Base of all errors that the emulator raises on purpose."""


class MachineError(EmulatorError, ValueError):
    """A machine that does not exist or cannot be built."""


class ArchiveError(EmulatorError, ValueError):
    """A file that is truncated, damaged, foreign or of another version, or a value that cannot be written."""


class ImageError(EmulatorError, ValueError):
    """An image that is truncated, foreign or contradicts itself."""


class ProgramError(EmulatorError, ValueError):
    """A program that names registers it does not have, or cannot be traced."""
