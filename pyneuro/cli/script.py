"""Running a user's PyNN script under the command line, unchanged.

The script sees its own ``sys.argv``.  PyNN's ``get_simulator()`` and ``get_script_args()`` want the simulator's name as
the first argument; under ``pyneuro run`` that is always pyneuro, so it need not be given.
"""

from __future__ import annotations

import runpy
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyNN import utility

import pyneuro
from emulator.errors import EmulatorError
from pyneuro.errors import PyneuroError, ScriptError
from toolchain.errors import ToolchainError


@contextmanager
def _arguments(path: Path, arguments: Sequence[str]) -> Iterator[None]:
    """Give the script its ``sys.argv`` and its folder on ``sys.path``; and let get_simulator() answer pyneuro."""
    argv, folder = sys.argv, str(path.resolve().parent)
    found = utility.get_simulator, utility.get_script_args
    sys.argv = [str(path), *arguments]
    sys.path.insert(0, folder)
    utility.get_simulator, utility.get_script_args = _without_name(found[0]), _script_arguments
    try:
        yield
    finally:
        sys.argv = argv
        sys.path.remove(folder)
        utility.get_simulator, utility.get_script_args = found


def _script_arguments(n_args: int, usage: str = "") -> list[str]:
    """Return the script's `n_args` arguments, as PyNN's function of that name; the simulator's need not be given."""
    given = sys.argv[1 : n_args + 1]
    found = given if len(given) == n_args else ["pyneuro", *given]
    if len(found) != n_args:
        raise ScriptError(f"the script takes {n_args} arguments, got {len(given)}. {usage}".rstrip())
    return found


def _without_name(get_simulator: Callable[..., Any]) -> Callable[..., Any]:
    """Return PyNN's `get_simulator` with the name of the simulator put before the script's arguments."""

    def named(*arguments: Any) -> Any:
        rest = sys.argv[1:]
        sys.argv = [sys.argv[0], "pyneuro", *(rest[1:] if rest[:1] == ["pyneuro"] else rest)]
        return get_simulator(*arguments)

    return named


def run_script(path: Path, arguments: Sequence[str]) -> None:
    """Run the script at `path` as the main program.

    Raises
    ------
    ScriptError
        If there is no such file, if the script raises (the message names its line), or if it exits with a
        status other than 0.
    BrokenPipeError
        If nobody reads the output any more.
    """
    if not path.is_file():
        raise ScriptError(f"there is no script {str(path)!r}")
    assert pyneuro.__name__ in sys.modules, "PyNN finds the back end by its being imported"
    try:
        with _arguments(path, arguments):
            runpy.run_path(str(path), run_name="__main__")
    except SystemExit as exit_:
        if exit_.code not in (None, 0):
            raise ScriptError(f"{path} stopped with exit status {exit_.code}") from exit_
    except SyntaxError as error:
        raise ScriptError(f"{error.filename}:{error.lineno}: {error.msg}") from error
    except BrokenPipeError:
        raise  # of who reads our output, not of the script
    except Exception as error:
        ours = isinstance(error, (PyneuroError, ToolchainError, EmulatorError))
        kind = "" if ours else f"{type(error).__name__}: "
        raise ScriptError(f"{_where(error, path)}{kind}{error}") from error


def _where(error: BaseException, path: Path) -> str:
    """Return ``script.py:12: `` for the deepest frame of `error` inside the script, or nothing."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{path}:{lines[-1]}: " if lines else ""
