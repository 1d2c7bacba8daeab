"""The options of an algorithm: its keyword-only parameters, read from its signature, with their bounds.

So an algorithm says once what it takes, and the mapping language, its errors and its reference follow from that::

    @with_options
    def place(graph, machine, constraints, *, effort: Effort = 1.0, seed: Seed = 1) -> Placement:
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from typing import Annotated, Any, Final, ParamSpec, TypeVar, get_args, get_origin

from toolchain.errors import MappingError
from toolchain.settings import Option

P = ParamSpec("P")
T = TypeVar("T")

KINDS: Final[Mapping[type, str]] = {
    int: "a whole number",
    float: "a number",
    str: "a word in quotes",
    bool: "true or false",
}
"""What an option may be, and what messages call it."""


@dataclass(frozen=True)
class Between:
    """Bounds of a number, both included."""

    low: float
    high: float

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and math.isfinite(value) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"from {self.low:,.10g} to {self.high:,.10g}"


@dataclass(frozen=True)
class OneOf:
    """The words that an option may be."""

    words: tuple[str, ...]

    def __contains__(self, value: object) -> bool:
        return value in self.words

    def __str__(self) -> str:
        return " or ".join(f'"{word}"' for word in self.words)


Effort = Annotated[float, Between(0, 1000)]
"""How long to try; 1 by default."""
Seed = Annotated[int, Between(0, 10**9)]
"""Of what is drawn at random."""


@dataclass(frozen=True)
class AlgorithmOption:
    """An option of an algorithm: its type, one of `KINDS`, its default, and its bounds if it has any."""

    name: str
    kind: type
    default: Option
    bounds: Between | OneOf | None = None

    def wrong(self, value: object) -> str:
        """Why `value` will not do; "" if it will."""
        accepted = (int, float) if self.kind is float else (self.kind,)
        if not isinstance(value, accepted) or (self.kind is not bool and isinstance(value, bool)):
            return f"must be {KINDS[self.kind]}"
        return "" if self.bounds is None or value in self.bounds else f"must be {self.bounds}"


@cache
def options_of(algorithm: Callable[..., Any]) -> Mapping[str, AlgorithmOption]:
    """The options of `algorithm` by name, in its order.

    Raises
    ------
    TypeError
        If one has no default, or is of none of `KINDS`: a defect of the algorithm.
    """
    found = {}
    for parameter in inspect.signature(algorithm, eval_str=True).parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            said, default = parameter.annotation, parameter.default
            kind, *bounds = get_args(said) if get_origin(said) is Annotated else (said,)
            if kind not in KINDS or not isinstance(default, int | float | str | bool):
                names = [kind.__name__ for kind in KINDS]
                raise TypeError(f"option '{parameter.name}' of {algorithm} needs a default, and one of {names}")
            found[parameter.name] = AlgorithmOption(parameter.name, kind, default, *bounds)
    return found


def with_options(algorithm: Callable[P, T]) -> Callable[P, T]:
    """`algorithm`, which raises a MappingError for an option that is out of its bounds."""

    @wraps(algorithm)
    def checked(*args: P.args, **options: P.kwargs) -> T:
        taken = options_of(algorithm)
        for name, value in options.items():
            if name in taken and (why := taken[name].wrong(value)):
                module = algorithm.__module__.rpartition(".")[2]
                raise MappingError(f"'{name}' of {module} {why}, got {value}")
        return algorithm(*args, **options)

    return checked
