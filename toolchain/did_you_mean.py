"""Unknown names: the nearest name there is, and the end of a message about one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


def close_name(name: str, known: Sequence[str]) -> str:
    """The nearest of `known`, whatever the case; of several that of the same letters; "" if none is near."""
    of = {one.casefold(): one for one in reversed(known)}
    close = difflib.get_close_matches(name.casefold(), list(of))
    same = [one for one in close if sorted(one) == sorted(name.casefold())]
    return of[(same or close)[0]] if close else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` where one of the `known` names is near, else a list of them, if there are any."""
    names = list(known)
    if close := close_name(name, names):
        return f"; did you mean '{close}'?"
    return f"; there are {', '.join(names)}" if names else ""
