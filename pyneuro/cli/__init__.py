"""The command line ``pyneuro``.

Exit status: 0 all is well; 1 the work was done and something that was required does not hold, or of ``check`` the file
has errors; 2 the work could not be done, with one message that says why and what to try.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from emulator.errors import EmulatorError
from pyneuro.errors import MappingWarning, PyneuroError, RunWarning
from pyneuro.version import VERSION
from toolchain.errors import ToolchainError

FAILED = 1
ERROR = 2
INTERRUPTED = 130
CUT_OFF = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    ours, script_arguments = _split(words)
    options = _parser().parse_args(ours)
    options.arguments = script_arguments
    warnings.formatwarning = _plain_warning
    try:
        return int(import_module(f"pyneuro.cli.{options.module}").main(options))
    except BrokenPipeError:
        # Whoever read our output has seen enough; keep Python from complaining when it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CUT_OFF
    except (PyneuroError, ToolchainError, EmulatorError, OSError) as error:
        if options.debug:
            traceback.print_exc()
        print(f"pyneuro: error: {error}", file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        print("pyneuro: interrupted", file=sys.stderr)
        return INTERRUPTED


def _plain_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """Return a warning of ours as one line, any other as Python shows it."""
    if issubclass(category, (MappingWarning, RunWarning)):
        return f"pyneuro: warning: {message}\n"
    return _formatwarning(message, category, filename, lineno, line)


_formatwarning = warnings.formatwarning


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Split at the first ``--``: what is ours, what is the script's."""
    if "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pyneuro",
        description="SpiNNaker without the board: compile PyNN networks, emulate the machine, compare.",
        epilog="What follows -- goes to the script.",
    )
    parser.add_argument("--version", action="version", version=f"pyneuro {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)
    _add_map(commands)
    _add_compare(commands)
    _add_diff(commands)
    _add_check(commands)
    _add_models(commands)
    _add_verify(commands)
    return parser


Commands = argparse._SubParsersAction  # argparse has no public name for it


def _command(
    commands: Commands[argparse.ArgumentParser], name: str, module: str, summary: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=summary, description=summary)
    command.set_defaults(module=module)
    command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return command


def _add_machine(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--machine", metavar="M", help="spin3, spin5, 'N boards', WxH or 'WxH mesh' (default: the smallest that fits)"
    )


def _add_mapping(command: argparse.ArgumentParser) -> None:
    _add_machine(command)
    command.add_argument("--mapping", metavar="FILE", type=Path, help="a mapping file: what is said about the mapping")


def _add_run(commands: Commands[argparse.ArgumentParser]) -> None:
    command = _command(commands, "run", "run", "run a PyNN script")
    command.add_argument("script", type=Path)
    command.add_argument("--backend", choices=["emulator", "reference"], help="where to run it (default: emulator)")
    _add_mapping(command)
    command.add_argument("--threads", type=int, metavar="N", help="threads of the emulator (default: 1)")
    command.add_argument("--out", type=Path, metavar="DIR", help="write results and report there")
    command.add_argument("--stage", help=argparse.SUPPRESS)  # of the error budget; `compare` asks for them
    command.add_argument("--variation", type=int, help=argparse.SUPPRESS)
    command.add_argument("--json", action="store_true", help="print the figures as one JSON object, the last line")


def _add_map(commands: Commands[argparse.ArgumentParser]) -> None:
    command = _command(commands, "map", "map", "map a script's network, or a netlist, and run nothing")
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("script", type=Path, nargs="?")
    what.add_argument("--netlist", type=Path, metavar="FILE", help="a bare machine graph, JSON")
    keys = ["allocated", "given"]
    command.add_argument("--keys", choices=keys, default=keys[0], help="keys of the nets (default: allocated)")
    _add_mapping(command)
    command.add_argument("--out", type=Path, metavar="DIR", help="write the report there")
    command.add_argument(
        "--export",
        type=Path,
        metavar="DIR",
        help="write machine, placements, keys and routing tables there in sPyNNaker's JSON forms, and the netlist",
    )
    command.add_argument(
        "--trace",
        action="append",
        default=[],
        metavar="KEY",
        help="print the way of a key (0x... or decimal) or of a neuron's key ('population[3]') through the tables; "
        "may be repeated",
    )
    command.add_argument(
        "--explain", action="store_true", help="print what holds for the mapping, and where it was said"
    )
    command.add_argument("--json", action="store_true", help="print the figures as one JSON object, the last line")


def _add_compare(commands: Commands[argparse.ArgumentParser]) -> None:
    command = _command(commands, "compare", "compare", "run a script on both simulators and compare")
    command.add_argument("script", type=Path)
    _add_mapping(command)
    command.add_argument("--threads", type=int, metavar="N", help="threads of the emulator (default: 1)")
    command.add_argument("--out", type=Path, metavar="DIR", help="where the report goes (default: SCRIPT-report)")
    command.add_argument("--json", action="store_true", help="print the comparison as one JSON object, the last line")
    command.add_argument(
        "--seeds",
        type=int,
        default=0,
        metavar="N",
        help="run the reference N more times, with other seeds: its own spread",
    )
    command.add_argument(
        "--no-budget",
        dest="budget",
        action="store_false",
        help="leave out the error budget, which runs the script on the stages between the two simulators",
    )
    command.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="RULE",
        help="what must hold, as 'rate < 2 %%'; may be repeated",
    )


def _add_diff(commands: Commands[argparse.ArgumentParser]) -> None:
    command = _command(
        commands,
        "diff",
        "diff",
        "say what changed between two mappings; 0 if nothing did, 1 if something, 2 if in trouble",
    )
    command.add_argument("before", type=Path, metavar="A.json", help="a report.json, as map, run and compare write it")
    command.add_argument("after", type=Path, metavar="B.json", help="another")
    command.add_argument("--json", action="store_true", help="print the changes as one JSON object, the last line")


def _add_check(commands: Commands[argparse.ArgumentParser]) -> None:
    command = _command(commands, "check", "check", "check a mapping file, and its labels against those of a network")
    command.add_argument("mapping", type=Path, metavar="FILE", help="a mapping file")
    command.add_argument("script", type=Path, nargs="?", help="a PyNN script, or a netlist (.json)")
    _add_machine(command)


def _add_models(commands: Commands[argparse.ArgumentParser]) -> None:
    command = _command(commands, "models", "models", "print what each model is, what it costs, and how exact it is")
    command.add_argument("names", nargs="*", metavar="NAME", help="models to print (default: all)")
    command.add_argument(
        "--no-errors", dest="errors", action="store_false", help="measure nothing: leave out the errors on the machine"
    )
    command.add_argument("--json", action="store_true", help="print one JSON object")


def _add_verify(commands: Commands[argparse.ArgumentParser]) -> None:
    command = _command(
        commands, "verify-arithmetic", "verify", "replay golden traces through the programs and kernels of the emulator"
    )
    command.add_argument("directory", type=Path, metavar="DIR", help="a folder with an index.json")
