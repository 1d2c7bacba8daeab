"""The options of an algorithm: its keyword-only parameters, read from its signature.

So an algorithm says once what it takes, and the mapping language, its errors and its reference follow from that.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from toolchain.settings import Option

KINDS: Final[Mapping[type, str]] = {
    int: "a whole number",
    float: "a number",
    str: "a word in quotes",
    bool: "true or false",
}
"""What an option may be, and what messages call it."""


@dataclass(frozen=True)
class AlgorithmOption:
    """An option of an algorithm: its type, one of `KINDS`, and its default."""

    name: str
    kind: type
    default: Option

    def wrong(self, value: object) -> str:
        """Why `value` will not do; "" if it will.  The algorithm itself knows its bounds."""
        accepted = (int, float) if self.kind is float else (self.kind,)
        if isinstance(value, accepted) and (self.kind is bool or not isinstance(value, bool)):
            return ""
        return f"must be {KINDS[self.kind]}"


def options_of(algorithm: Callable[..., Any]) -> dict[str, AlgorithmOption]:
    """The options of `algorithm` by name, in its order.

    Raises
    ------
    TypeError
        If one has no default, or is of none of `KINDS`: a defect of the algorithm.
    """
    found = {}
    kinds = {kind.__name__: kind for kind in KINDS}
    for parameter in inspect.signature(algorithm).parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            said, default = parameter.annotation, parameter.default
            kind = kinds.get(said if isinstance(said, str) else said.__name__)
            if kind is None or not isinstance(default, int | float | str | bool):
                raise TypeError(f"option '{parameter.name}' of {algorithm} needs a default, and one of {list(KINDS)}")
            found[parameter.name] = AlgorithmOption(parameter.name, kind, default)
    return found
