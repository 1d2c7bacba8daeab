"""Errors that the user's side raises; each is also the standard kind of error that it is."""

import sys
import warnings
from typing import Any


class PyneuroError(Exception):
    """Base of the errors of the front end, the comparison and the command line."""


class SetupError(PyneuroError, ValueError):
    """An argument of ``setup()`` or of the command line that cannot be honoured."""


class UnsupportedError(PyneuroError, NotImplementedError):
    """A feature of PyNN that a simulator cannot honour; names the feature and what can be done."""


class ScriptError(PyneuroError, RuntimeError):
    """A user's script that is not there or that stopped with an error of its own."""


class ComparisonError(PyneuroError, ValueError):
    """Two runs that cannot be compared: another network, timestep, length or recording."""


class IntegrationError(PyneuroError, ArithmeticError):
    """A cell whose state grows without bound."""


class GoldenError(PyneuroError, ValueError):
    """A file of golden traces that is truncated or foreign; names file and line."""


class ReportError(PyneuroError, ValueError):
    """A file that is no report, or one of another version; names file and place."""


class SizeError(PyneuroError, MemoryError):
    """Something too large for the memory of this computer, refused before it is built."""


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn at the line of the script that called into pyneuro, by way of PyNN or not."""
    level, frame = 1, sys._getframe()
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] in ("pyneuro", "pyNN"):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def __getattr__(name: str) -> Any:
    """Return PyNN's error `name`: scripts find them as ``sim.errors``."""
    from pyNN import errors

    return getattr(errors, name)


class MappingWarning(UserWarning):
    """What mapping changed about a network, or what may go wrong on the machine, in the user's words."""


class RunWarning(UserWarning):
    """What a run did otherwise than asked for, in the user's words."""
