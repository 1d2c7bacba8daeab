"""Replay golden traces through the programs and kernels that the emulator runs.

A trace of a neuron is replayed by deriving the registers of its model from the parameters that the host
writes, stepping the model's program, and comparing every column of the file with the registers.  The
neuron runs in several lanes at once, so that the vector loop of the kernel and its remainder both do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator import arithmetic, update
from emulator.program import Program, Role
from pyneuro.errors import GoldenError
from pyneuro.golden import INDEX, Table, field, integers, read_index, read_table
from pyneuro.verify_operations import operation
from pyneuro.verify_stdp import UnknownRuleError, replay_stdp
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel

Words = NDArray[np.int32]
LANES = 17
"""Copies of a replayed neuron: one vector of the widest kind, and one."""
MODELS = {"Izhikevich": "Izhikevich_curr_exp"}
"""Names of models here that golden files call otherwise: sPyNNaker's Izhikevich is not PyNN's."""
RECEPTOR_COLUMNS = {"excitatory": "exc_in", "excitatory2": "exc2_in", "inhibitory": "inh_in"}
INPUT_COLUMNS = ("step", "current", *RECEPTOR_COLUMNS.values())


@dataclass(frozen=True)
class Replay:
    """What came of a file.

    Parameters
    ----------
    file : str
        As the index names it.
    steps : int
        Rows replayed.
    mismatches : int
        Rows, and derived words, that came out otherwise.
    unsupported : str
        Why it could not be replayed; empty if it was.
    """

    file: str
    steps: int = 0
    mismatches: int = 0
    unsupported: str = ""

    def __str__(self) -> str:
        """Return the line that is printed."""
        return f"{self.file}: " + (
            f"not supported ({self.unsupported})"
            if self.unsupported
            else f"{self.steps} steps, {self.mismatches} mismatches"
        )


class _UnsupportedError(Exception):
    """Part of a file that this version has no arithmetic for."""


def verify_arithmetic(directory: Path) -> list[Replay]:
    """Replay every file that the index of `directory` lists.

    Raises
    ------
    GoldenError
        If the index or a file is truncated or foreign; the message names file and line.
    """
    return [_replay(directory, entry) for entry in read_index(directory)]


def main(directory: Path) -> int:
    """Print a line a file; return 0 only if nothing mismatches and nothing is unsupported, else 1."""
    replays = verify_arithmetic(directory)
    print(*replays, sep="\n")
    return int(any(replay.mismatches or replay.unsupported for replay in replays))


def _replay(directory: Path, entry: Mapping[str, Any]) -> Replay:
    replay = {
        "neuron": _replay_neuron,
        "operations": _replay_operations,
        "functions": _replay_operations,
        "stdp": replay_stdp,
    }
    file, kind = entry["file"], entry["kind"]
    try:
        if kind not in replay:
            raise _UnsupportedError(f"kind '{kind}'")
        return Replay(file, *replay[kind](directory / file, entry))
    except (_UnsupportedError, UnknownRuleError) as reason:
        return Replay(file, unsupported=str(reason))
    except OverflowError as error:
        raise GoldenError(f"{directory / file}: {error}") from None


# --- operations and functions -----------------------------------------------------------------------


def _replay_operations(path: Path, entry: Mapping[str, Any]) -> tuple[int, int]:
    table = read_table(path, labelled=True)
    if len(table.columns) != 3:
        raise GoldenError(f"{path}, line 1: a name, two operands and a result expected")
    a, b, wanted = table.columns.values()
    labels = np.array(table.labels)
    mismatches = 0
    for name in dict.fromkeys(table.labels):
        function = operation(name)
        if function is None:
            raise _UnsupportedError(f"operation '{name}'")
        rows = labels == name
        wrong = function(a[rows], b[rows]) != arithmetic.as_words(wanted[rows])
        mismatches += int(np.count_nonzero(wrong))
    return len(table), mismatches


# --- neurons ----------------------------------------------------------------------------------------


def _replay_neuron(path: Path, entry: Mapping[str, Any]) -> tuple[int, int]:
    name = field(entry, "model", str)
    model = CELL_MODELS.get(MODELS.get(name, name))
    if not isinstance(model, CellModel):
        raise _UnsupportedError(f"model '{entry['model']}'")
    table = read_table(path)
    if len(table) < (steps := field(entry, "n_steps", int)):
        raise GoldenError(f"{path}, line {len(table) + 2}: {steps} steps expected, got {len(table)}")
    substeps = field(entry, "steps_per_timestep", int)
    words = _derived(model, entry, substeps)
    mismatches = _compare_derived(words, integers(entry, "derived_raw"))
    program = model.program(substeps)
    if foreign := [c for r, c in RECEPTOR_COLUMNS.items() if c in table.columns and r not in model.receptors]:
        raise _UnsupportedError(f"column '{foreign[0]}' of {model.name}")
    probes = {name: _probe(model, program, name) for name in table.columns if name not in INPUT_COLUMNS}
    seen = _run(program, words, table, list(probes.values()))
    wanted = np.stack([_wanted(table, name) for name in probes])
    wrong = (seen != wanted[:, :, None]).any(axis=(0, 2))
    return len(table), mismatches + int(np.count_nonzero(wrong))


def _derived(model: CellModel, entry: Mapping[str, Any], substeps: int) -> dict[str, Words]:
    """First words of the registers, from what the host writes."""
    written = {name: arithmetic.as_words(word) for name, word in integers(entry, "parameters_raw").items()}
    states = {word.name for word in model.words if word.role == Role.STATE}
    initial = {
        name: word for name in states if (word := written.pop(f"{name}_init", written.pop(name, None))) is not None
    }
    names = [parameter.name for parameter in model.parameters]
    if missing := [name for name in names if name not in written]:
        raise GoldenError(f"{INDEX}, entry of {entry['file']}: 'parameters_raw' lacks {', '.join(missing)}")
    if unknown := [name for name in written if name not in names]:
        raise _UnsupportedError(f"parameters {', '.join(unknown)} of {model.name}")
    dt = arithmetic.as_words(field(entry, "timestep_raw", int))
    return model.derive(written, initial, dt, substeps)


def _compare_derived(words: Mapping[str, Words], derived: Mapping[str, int]) -> int:
    names = {name: name.removesuffix("_u032") for name in derived}
    if unknown := [name for name, word in names.items() if word not in words]:
        raise _UnsupportedError(f"derived {', '.join(unknown)}")
    return sum(int(words[word]) != int(arithmetic.as_words(derived[name])) for name, word in names.items())


@dataclass(frozen=True)
class _Probe:
    """A register to look at in each step, before or after the program."""

    register: int
    before: bool


def _probe(model: CellModel, program: Program, column: str) -> _Probe:
    """Where the values of a column are."""
    if column == "spike":
        return _Probe(program.spike, before=False)
    recorded = {variable: register for variable, register, _ in program.recorded}
    if column.startswith("rec_"):
        name = column.removeprefix("rec_")
        synaptic = (variable for variable in recorded if variable.endswith(f"_{name}"))
        register = recorded.get(name, recorded.get(next(synaptic, "")))
        if register is not None:
            return _Probe(register, before=program.registers[register].role == Role.STATE)
    elif column in (word.name for word in model.words if word.role == Role.STATE):
        return _Probe(program.register(column), before=False)
    raise _UnsupportedError(f"column '{column}' of {model.name}")


def _wanted(table: Table, column: str) -> Words:
    """The words that a column stands for; a spike is a mask."""
    values = table.columns[column]
    return arithmetic.as_words(-(values != 0).astype(np.int64) if column == "spike" else values)


def _run(program: Program, words: Mapping[str, Words], table: Table, probes: Sequence[_Probe]) -> Words:
    """What the probes see: int32[probes, steps, lanes]."""
    core = update.allocate(program, words, LANES)
    inputs = {receptor: column for receptor, column in RECEPTOR_COLUMNS.items() if column in table.columns}
    inputs |= {"current": "current"} if "current" in table.columns else {}
    given = {program.register(name): arithmetic.as_words(table.columns[column]) for name, column in inputs.items()}
    seen = np.empty((len(probes), len(table), LANES), dtype=np.int32)
    before = [n for n, probe in enumerate(probes) if probe.before]
    after = [n for n, probe in enumerate(probes) if not probe.before]
    before_registers, after_registers = ([probes[n].register for n in group] for group in (before, after))
    for step in range(len(table)):
        for register, column in given.items():
            core[register] = column[step]
        seen[before, step] = core[before_registers]
        update.run(program, core)
        seen[after, step] = core[after_registers]
    return seen
