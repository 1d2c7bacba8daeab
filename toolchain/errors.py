"""Errors of the tool chain; each is also the standard kind of error that it is."""

LIMITS_OF_CORES = ("neurons_per_core", "sources_per_core", "cycles_margin", "synapse_cores")
"""Options that may make a network need more cores."""
LIMITS_OF_SDRAM = ("reserved_sdram_bytes", "recording_ticks")
"""What leaves less SDRAM of each chip for the network itself."""


class ToolchainError(Exception):
    """Base of all errors that the tool chain raises on purpose."""


class NetworkError(ToolchainError, ValueError):
    """A network that contradicts itself: a wrong shape, unit, sign or range."""


class ParameterError(NetworkError):
    """A parameter of a model that is out of its bounds; names model, parameter, limit and value."""


class ModelError(ToolchainError, ValueError):
    """A model of a user's that cannot be what it is declared to be."""


class MappingError(ToolchainError, ValueError):
    """A network that does not fit the machine: what needs how much, what there is, what to try.

    Parameters
    ----------
    limits : tuple of str
        What a user may have said that leaves so little room, by the names of `toolchain.settings.Settings.origins`.
    """

    def __init__(self, message: str, *, limits: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.limits = limits


class ConstraintsError(MappingError):
    """Constraints on the placement that cannot be kept together; `origins` is where they were said."""

    def __init__(self, message: str, origins: tuple[str, ...]) -> None:
        super().__init__(message)
        self.origins = origins


class CoresError(MappingError):
    """A network that needs more cores than the machine has; `spare` tells whether it could do with fewer."""

    def __init__(self, message: str, spare: bool, *, limits: tuple[str, ...] = ()) -> None:
        super().__init__(message, limits=limits)
        self.spare = spare


class TablesError(MappingError):
    """A routing table that is longer than the router's memory."""


class NetlistError(ToolchainError, ValueError):
    """A netlist file that is truncated, foreign or contradicts itself."""


class IllegalProductError(ToolchainError, AssertionError):
    """A stage made an illegal product: a defect of this tool chain, never the user's fault."""

    def __init__(self, stage: str, violation: str) -> None:
        super().__init__(f"stage '{stage}' made an illegal product: {violation} (this is a defect of pyneuro)")
        self.stage = stage
        self.violation = violation
