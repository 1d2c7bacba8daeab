"""Formulas: what a function of a model computes, as a list of operations that compiled code runs.

A model writes its equations as numpy functions of named arrays.  Called once with symbols in place of the arrays
that change, such a function leaves a trace of operations, and these can then be run for any cells, in blocks that
stay in the cache, without numpy's cost a call.  Parameters are not symbols: what depends on them alone is computed
by numpy during the trace and kept as a constant, one number for all cells or one for each.

Registers are numbered: the symbols first, then constants, then results.  A result takes a register that no later
operation reads, so that a block of cells stays in the nearest cache.  A true mask is 1, a false one 0.  What is divided
by a constant is multiplied by its reciprocal, which is quicker and differs in the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

from toolchain.errors import NetworkError

Floats = NDArray[np.float64]


class Op(IntEnum):
    """Operations, in the numbers that the kernel gives them."""

    ADD = 0
    SUB = 1
    MUL = 2
    DIV = 3
    MIN = 4
    MAX = 5
    GE = 6
    GT = 7
    AND = 8
    OR = 9
    NOT = 10
    WHERE = 11
    EXP = 12
    EXPM1 = 13
    LOG = 14
    SQRT = 15
    SIN = 16
    COS = 17
    TANH = 18


UFUNCS: Mapping[Any, Op] = {
    np.add: Op.ADD,
    np.subtract: Op.SUB,
    np.multiply: Op.MUL,
    np.divide: Op.DIV,
    np.minimum: Op.MIN,
    np.maximum: Op.MAX,
    np.greater_equal: Op.GE,
    np.greater: Op.GT,
    np.bitwise_and: Op.AND,
    np.logical_and: Op.AND,
    np.bitwise_or: Op.OR,
    np.logical_or: Op.OR,
    np.invert: Op.NOT,
    np.logical_not: Op.NOT,
    np.exp: Op.EXP,
    np.expm1: Op.EXPM1,
    np.log: Op.LOG,
    np.sqrt: Op.SQRT,
    np.sin: Op.SIN,
    np.cos: Op.COS,
    np.tanh: Op.TANH,
}
KNOWN = ", ".join(sorted({*(ufunc.__name__ for ufunc in UFUNCS), "negative", "square", "abs", "where", "clip"}))
HIGHEST_POWER = 16
"""Whole powers up to this are products."""


@dataclass(frozen=True, eq=False)
class Formula:
    """A traced function.

    Parameters
    ----------
    code : int32[operations, 5]
        Rows of operation, result, and up to three operands, all register numbers.
    constants : tuple of float64[] or float64[cells]
        Contents of the registers that follow the symbols.
    symbols, registers : int
        Number of registers of symbols, and of all.
    outputs : mapping of str to int
        Register of each value that the function returned.
    """

    code: NDArray[np.int32]
    constants: tuple[Floats, ...]
    symbols: int
    registers: int
    outputs: Mapping[str, int]


def formula(where: str, symbols: Sequence[str], function: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Formula:
    """Trace `function`, which maps arrays by name to arrays by name.

    Parameters
    ----------
    where : str
        Model and function, for messages.
    symbols : sequence of str
        Names of the arrays that change.

    Raises
    ------
    NetworkError
        If the function does something with a symbol that has no operation.
    """
    trace = _Trace(len(symbols))
    try:
        returned = function({name: Symbol(trace, ("symbol", number)) for number, name in enumerate(symbols)})
        return trace.finish({name: trace.number(value) for name, value in returned.items()})
    except _NotTracedError as error:
        raise NetworkError(f"{where}: the reference simulator has no {error}; it has {KNOWN}") from None


class _NotTracedError(TypeError):
    """Something that is no operation; the message names it."""


class _Trace:
    """What was met so far; equal operations on the same operands are done once."""

    def __init__(self, symbols: int) -> None:
        self.symbols = symbols
        self.constants: list[Floats] = []
        self.operations: list[tuple[Op, tuple[Any, ...]]] = []
        self._known: dict[Any, Any] = {}
        self._kept: list[Any] = []

    def number(self, value: Any) -> Any:
        """Place of a symbol, or of a number or array as a constant."""
        if isinstance(value, Symbol):
            return value.place
        array = np.asarray(value, np.float64)
        if array.ndim:
            self._kept.append(value)  # or its id might be given to another
        key = ("array", id(value)) if array.ndim else ("number", float(array), np.signbit(array).item())
        if key not in self._known:
            self._known[key] = ("constant", len(self.constants))
            self.constants.append(array)
        return self._known[key]

    def operation(self, op: Op, *operands: Any) -> Symbol:
        """The result of an operation."""
        key = (op, tuple(self.number(operand) for operand in operands))
        if key not in self._known:
            self._known[key] = ("result", len(self.operations))
            self.operations.append(key)
        return Symbol(self, self._known[key])

    def finish(self, outputs: Mapping[str, Any]) -> Formula:
        """Number the registers: symbols, constants, results."""
        places = self._places(set(outputs.values()))
        code = np.zeros((len(self.operations), 5), np.int32)
        for number, (op, operands) in enumerate(self.operations):
            code[number, :2] = op, places["result", number]
            code[number, 2 : 2 + len(operands)] = [places[operand] for operand in operands]
        named = {name: places[place] for name, place in outputs.items()}
        return Formula(code, tuple(self.constants), self.symbols, max(places.values(), default=-1) + 1, named)

    def _places(self, kept: set[Any]) -> dict[Any, int]:
        """The register of everything; those of results that are read no more, and not `kept`, are taken again."""
        last = {operand: number for number, (_, operands) in enumerate(self.operations) for operand in operands}
        given = [("symbol", n) for n in range(self.symbols)] + [("constant", n) for n in range(len(self.constants))]
        places: dict[Any, int] = {place: register for register, place in enumerate(given)}
        free: list[int] = []
        registers = len(given)
        for number, (_, operands) in enumerate(self.operations):
            done = (each for each in dict.fromkeys(operands) if each[0] == "result" and last[each] == number)
            free += [places[each] for each in done if each not in kept]
            if not free:
                free.append(registers)
                registers += 1
            places["result", number] = free.pop()
        return places


class Symbol(NDArrayOperatorsMixin):
    """An array of which nothing is known; what is done with it is traced."""

    def __init__(self, trace: _Trace, place: tuple[str, int]) -> None:
        self.trace = trace
        self.place = place

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Symbol:
        """Trace a call of a numpy function of arrays."""
        if method != "__call__" or options:
            raise _NotTracedError(f"{ufunc.__name__} with options")
        if ufunc is np.divide and not isinstance(inputs[1], Symbol):
            with np.errstate(divide="ignore"):  # x / 0 is infinite either way
                return self.trace.operation(Op.MUL, inputs[0], np.divide(1.0, inputs[1]))
        if ufunc in UFUNCS:
            return self.trace.operation(UFUNCS[ufunc], *inputs)
        if ufunc in COMPOSED:
            made: Symbol = COMPOSED[ufunc](*inputs)
            return made
        raise _NotTracedError(f"function {ufunc.__name__}")

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        """Trace a call of another numpy function."""
        if function is np.where and len(inputs) == 3 and not options:
            return self.trace.operation(Op.WHERE, *inputs)
        if function is np.clip and len(inputs) == 3 and not options:
            return np.minimum(np.maximum(inputs[0], inputs[1]), inputs[2])
        if function is np.zeros_like:
            return 0.0
        if function is np.ones_like:
            return 1.0
        raise _NotTracedError(f"function {function.__name__}")

    def __bool__(self) -> bool:
        raise _NotTracedError("choice by if, and, or, not (use where)")

    def __array__(self, *arguments: Any, **options: Any) -> Any:
        raise _NotTracedError("way to make an array of a traced value")

    __float__ = __int__ = __index__ = __array__


def _power(base: Any, exponent: Any) -> Any:
    """A whole power as products, any other one as an exponential."""
    whole = isinstance(exponent, int | float) and float(exponent).is_integer() and 0 < exponent <= HIGHEST_POWER
    if not whole:
        return np.exp(exponent * np.log(base))
    half = _power(base, int(exponent) // 2) if exponent > 1 else 1.0
    return half * half * base if int(exponent) % 2 else half * half


COMPOSED: Mapping[Any, Callable[..., Any]] = {
    np.negative: lambda a: 0.0 - a,
    np.positive: lambda a: a,
    np.square: lambda a: a * a,
    np.absolute: lambda a: np.maximum(a, 0.0 - a),
    np.less: lambda a, b: np.greater(b, a),
    np.less_equal: lambda a, b: np.greater_equal(b, a),
    np.reciprocal: lambda a: 1.0 / a,
    np.power: _power,
    np.cosh: lambda a: 0.5 * (np.exp(a) + np.exp(0.0 - a)),
    np.sinh: lambda a: 0.5 * (np.exp(a) - np.exp(0.0 - a)),
    np.tan: lambda a: np.sin(a) / np.cos(a),
}
