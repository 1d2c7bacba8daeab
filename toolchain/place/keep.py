"""Keeping to constraints: what every placer ends with.

A placer that knows nothing of constraints gives its placement to `keep`, which moves what they do not allow where
it is, and whom that displaces (see `settle`).  The placement need not be legal: it is a wish.

If no placement is found, constraints are left out, for good where the rest still cannot be met: first half of them,
then a quarter, at last one at a time.  What is left then cannot be met, and could be without any one of them: those
are named, by where they were said.

Sources: J. W. Chinneck, E. W. Dravnieks 1991, "Locating minimal infeasible constraint sets in linear programs", ORSA
Journal on Computing 3 (one at a time); A. Zeller, R. Hildebrandt 2002, "Simplifying and isolating failure-inducing
input", IEEE Trans. Software Engineering 28 (many at a time).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np

from emulator.machine import Machine
from toolchain.constraints import FREE, Constraints, Group, Origins
from toolchain.errors import ConstraintsError, MappingError
from toolchain.graph import Graph
from toolchain.place import Placement
from toolchain.place.fits import check_fits, sdram_error
from toolchain.place.settle import settle
from toolchain.place.units import units_of


def keep(graph: Graph, wish: Placement, constraints: Constraints) -> Placement:
    """The placement near to `wish` that keeps to `constraints` and to what the chips hold.

    Parameters
    ----------
    wish : Placement
        Any chip that exists for each vertex; its cores do not matter.

    Raises
    ------
    MappingError
        If none is found: which constraint, or which population, is in the way.
    """
    check_fits(graph, wish.machine)
    placement = _settled(graph, wish, constraints)
    if placement is None:
        raise _refusal(graph, wish, constraints)
    return placement


def _settled(graph: Graph, wish: Placement, constraints: Constraints) -> Placement | None:
    chips = wish.x.astype(np.int64) * wish.machine.height + wish.y
    return settle(units_of(graph, wish.machine, constraints), wish.machine, chips)


def _refusal(graph: Graph, wish: Placement, constraints: Constraints) -> MappingError:
    """The error that names the constraints of a smallest set that cannot be met."""
    if _settled(graph, wish, FREE) is None:
        return sdram_error(graph, wish.machine)
    origins = _said(graph, constraints)
    many = len(origins)
    while many > 1:
        many = -(-many // 2)
        for first in reversed(range(0, len(origins), many)):
            rest = origins[:first] + origins[first + many :]
            if _settled(graph, wish, _of(graph, constraints, rest)) is None:
                origins = rest
    return _named(graph, wish.machine, origins)


def _named(graph: Graph, machine: Machine, said: list[Origins]) -> MappingError:
    names = [" and ".join(origins) for origins in said]
    if len(names) == 1:
        listed, remedy = f"constraint of {names[0]}", "leave it out, or allow more chips"
    else:
        listed = f"constraints of {', '.join(names[:-1])} and {names[-1]} together"
        remedy = "leave one of them out, or allow more chips"
    return ConstraintsError(
        f"network {graph.name!r} fits {machine.name}, but not with the placement {listed}; {remedy}",
        tuple(dict.fromkeys(chain.from_iterable(said))),
    )


def _said(graph: Graph, constraints: Constraints) -> list[Origins]:
    """Where the constraints were said, each place once; what has no origin is described."""
    limited = sorted({*constraints.chips, *constraints.core})
    origins = [_limit_origin(graph, constraints, vertex) for vertex in limited]
    origins += [_group_origin(graph, constraints, i) for i in range(len(constraints.together))]
    origins += [_origin(graph, "apart", rule.origin, rule.these, rule.those) for rule in constraints.apart]
    origins += [_origin(graph, "near", rule.origin, rule.these, rule.those) for rule in constraints.near]
    return list(dict.fromkeys(origins))


def _of(graph: Graph, constraints: Constraints, origins: list[Origins]) -> Constraints:
    """The constraints that were said at `origins`."""
    kept = set(origins)
    limited = {v for v in {*constraints.chips, *constraints.core} if _limit_origin(graph, constraints, v) in kept}
    groups = [i for i in range(len(constraints.together)) if _group_origin(graph, constraints, i) in kept]
    return replace(
        constraints,
        chips={vertex: chips for vertex, chips in constraints.chips.items() if vertex in limited},
        core={vertex: core for vertex, core in constraints.core.items() if vertex in limited},
        together=tuple(constraints.together[i] for i in groups),
        together_origins=tuple(constraints.together_origins[i] for i in groups) if constraints.together_origins else (),
        apart=tuple(r for r in constraints.apart if _origin(graph, "apart", r.origin, r.these, r.those) in kept),
        near=tuple(r for r in constraints.near if _origin(graph, "near", r.origin, r.these, r.those) in kept),
    )


def _limit_origin(graph: Graph, constraints: Constraints, vertex: int) -> Origins:
    return constraints.origins.get(vertex) or _origin(graph, "on", "", (vertex,))


def _group_origin(graph: Graph, constraints: Constraints, group: int) -> Origins:
    given = constraints.together_origins[group] if constraints.together_origins else ()
    return given or _origin(graph, "with", "", constraints.together[group])


def _origin(graph: Graph, kind: str, origin: str, *sides: Group) -> Origins:
    """`origin`, or where that is unknown what the constraint is about."""
    names = (graph.vertices[side[0]].name + (", ..." if len(side) > 1 else "") for side in sides if side)
    return (origin or f"{kind} ({'; '.join(names)})",)
