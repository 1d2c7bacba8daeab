"""What a user's equations are given and return: names that were not declared are errors in the user's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from toolchain.did_you_mean import did_you_mean
from toolchain.errors import ModelError


class Given(dict[str, Any]):
    """Values that equations are given; one that is missing is an error that lists what was declared.

    Parameters
    ----------
    where : str
        Whose equations: ``Leaky.slopes()``.
    what : str
        What they are: parameter, state variable.
    """

    def __init__(self, where: str, what: str, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._where, self._what = where, what

    def __missing__(self, name: str) -> NoReturn:
        declared = f"; declared are {', '.join(self)}" if self else ""
        raise ModelError(f"{self._where}: there is no {self._what} '{name}'{declared}")


def known_only(
    where: str, values: Any, known: Iterable[str], what: str = "state variable", declared: str = "state"
) -> dict[str, Any]:
    """What equations return, by state variable, or whatever else (`what`) is `declared` as an attribute.

    Raises
    ------
    ModelError
        If it is no mapping, or has a name that is not among the `known`.
    """
    names = list(known)
    if not isinstance(values, Mapping):
        example = names[0] if names else "v"
        raise ModelError(f"{where} must return a dict, as {{'{example}': ...}}, got {values!r}")
    for name in values:
        if name not in names:
            hint = f"{did_you_mean(str(name), names)}; what it changes must be declared in `{declared}`"
            raise ModelError(f"{where} returns '{name}', which is not a {what}{hint}")
    return dict(values)
