"""Search: every stage tries the algorithms that it is given, and the best mapping is kept.

The algorithms of a stage are tried one after the other, and for each the later stages find what is best after it.
So a tree is walked: its nodes are products, each made once, and its leaves are whole mappings.  Each stage keeps
the leaf that costs least by its own objective; of those that cost the same, the first.  What fails at one leaf is
noted, and is the user's error only if nothing else succeeds.

Where nothing is said of any stage, there is a yardstick besides: the mapping that the usual algorithms make.  Less
traffic may cost entries, and fewer entries traffic; but what has more of either than the yardstick is not kept, and if
nothing else is left, the yardstick is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf, prod
from time import process_time
from types import MappingProxyType
from typing import Final

from emulator.machine import Machine
from toolchain.algorithms import REGISTRY, bind
from toolchain.constraints import FREE, Constraints
from toolchain.errors import ConstraintsError, MappingError
from toolchain.figures import FIGURES, Mapped, cost, values
from toolchain.fixed_keys import fix_keys
from toolchain.graph import Graph
from toolchain.keys import Keys
from toolchain.machines import Machines, machines_of
from toolchain.map_graph import ConstraintsOf, GraphMapping, Stages
from toolchain.partition import Partition
from toolchain.place import Placement
from toolchain.problems import Problem, SettingsError
from toolchain.route import Routes
from toolchain.rules import constraints_of
from toolchain.settings import Algorithm, Choice, Objective, Settings
from toolchain.stopwatch import Stopwatch

STAGES = ("place", "route", "keys", "minimise")
"""The stages over a graph that have algorithms to choose from, in their order."""
MOST_TRIALS = 256
DEFAULTS: Final[Mapping[str, Choice]] = MappingProxyType(
    {
        "partition": Choice((Algorithm("uniform"),)),
        "place": Choice((Algorithm("compact"), Algorithm("annealing"))),
        "route": Choice((Algorithm("trunk"), Algorithm("ner"))),
        "keys": Choice((Algorithm("along_trees"),)),
        "minimise": Choice((Algorithm("best"),)),
    }
)
"""What stages try about which nothing is said; annealing starts from the best of other placers."""
YARDSTICK: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {
        "place": Algorithm("hilbert", MappingProxyType({"order": "breadth_first"})),
        "route": Algorithm("ner"),
        "keys": Algorithm("dense"),
        "minimise": Algorithm("ordered_covering"),
    }
)
"""What rig does by default: a mapping by default has neither more hops nor more entries, unless the graph is large."""
QUICK: Final = Algorithm("prefixes")
"""Stands in for the default minimiser, which runs all of them, until it is known which mapping is kept."""
MOST_ANNEALED: Final = 1000
"""Vertices that a graph may have to be annealed by default: two seconds then, and far longer for larger ones."""
DEAR: Final = Choice((Algorithm("annealing", MappingProxyType({"entries": 4.0})),))
"""What is tried if all else has more entries than the yardstick: a placer for which they are dear."""
LARGE: Final = Choice((Algorithm("compact"), YARDSTICK["place"]))
"""The placers for larger graphs. They have no yardstick: to minimise its tables may take longer than all else."""


@dataclass(frozen=True)
class Trial:
    """One combination of algorithms.

    Parameters
    ----------
    algorithms : mapping of str to Algorithm
        Of each stage, as far as it came.
    figures : mapping of str to float
        Of the mapping; empty if it failed.
    failure : str
        Why it failed.
    kept : bool
        Whether this is the mapping that is used.
    cpu_s : float
        CPU seconds that it took; what it shares with an earlier trial counts for that one.
    """

    algorithms: Mapping[str, Algorithm]
    figures: Mapping[str, float] = field(default_factory=dict)
    failure: str = ""
    kept: bool = False
    cpu_s: float = field(default=0.0, compare=False)


Named = Mapping[str, Algorithm]
Measured = Callable[[GraphMapping], Mapped]
Leaf = tuple[GraphMapping, int]
"""A whole mapping, and the number of its trial."""


def search(
    graph: Graph,
    machines: Machines,
    choices: Mapping[str, Choice],
    constraints: ConstraintsOf = lambda machine: FREE,
    *,
    objective: Objective | None = None,
    measured: Measured = Mapped,
    watch: Stopwatch | None = None,
) -> tuple[GraphMapping, tuple[Trial, ...]]:
    """Map `graph` in every way that `choices` allow, and keep the best.

    Parameters
    ----------
    machines : callable
        The machines to try, from small to large, that have so many cores.
    choices : mapping of str to Choice
        What stages try; the others try `DEFAULTS`, large graphs the placers of `LARGE`.
    constraints : callable
        What a placement on a machine must keep to.
    objective : Objective, optional
        Of the stages that have none of their own.
    measured : callable
        What figures are taken of, from a mapping of the graph.
    watch : Stopwatch, optional
        Counts the time of all that is tried.

    Raises
    ------
    MappingError
        If no way is found, or there are more than `MOST_TRIALS`.
    """
    tried = {**defaults(len(graph.vertices)), "minimise": Choice((QUICK,)), **choices}
    if problem := too_many(tried):
        raise SettingsError([problem])
    walk = _Walk(Stages(graph, machines, constraints, watch), tried, objective, measured)
    if objective is None and not choices.keys() & set(STAGES) and len(graph.vertices) <= MOST_ANNEALED:
        mapping, kept = walk.placed_no_worse(YARDSTICK, DEAR)
    else:
        mapping, kept = walk.placed({})
    if "minimise" not in choices:
        mapping = walk.minimised_best(mapping, kept)
    walk.stages.check(mapping)
    return mapping, tuple(replace(trial, kept=number == kept) for number, trial in enumerate(walk.trials))


def too_many(choices: Mapping[str, Choice]) -> Problem | None:
    """The problem that `choices` have more than `MOST_TRIALS` combinations, where most algorithms are named."""
    ways = prod(len(choices[stage].algorithms) for stage in STAGES if stage in choices)
    if ways <= MOST_TRIALS:
        return None
    *others, most = sorted((choices[s] for s in STAGES if s in choices), key=lambda choice: len(choice.algorithms))
    return Problem(
        f"{ways:,} combinations of algorithms are too many to try, {MOST_TRIALS} are the limit",
        most.origin,
        ("name fewer algorithms; the numbers of each stage are multiplied",),
        tuple(choice.origin for choice in others if len(choice.algorithms) > 1),
    )


def defaults(vertices: int) -> dict[str, Choice]:
    """What is tried for a graph of so many vertices where nothing is said."""
    return {**DEFAULTS, "place": DEFAULTS["place"] if vertices <= MOST_ANNEALED else LARGE}


def by_settings(
    graph: Graph,
    settings: Settings,
    machines: Machines | None = None,
    measured: Measured = Mapped,
    watch: Stopwatch | None = None,
) -> tuple[GraphMapping, tuple[Trial, ...]]:
    """Map `graph` as `settings` say, on one of `machines` instead of theirs if given; for errors see `search`."""

    def constraints(machine: Machine) -> Constraints:
        return constraints_of(fixed, machine, settings.placement)

    fixed = fix_keys(graph, settings.keys)
    machines = machines or machines_of(settings)
    how = partial(search, objective=settings.objective, measured=measured, watch=watch)
    try:
        return how(fixed, machines, settings.stages, constraints)
    except ConstraintsError as error:
        raise _with_lines(error, settings) from None


def _with_lines(error: ConstraintsError, settings: Settings) -> MappingError:
    """The error with the lines that say what cannot be kept."""
    rules = {str(rule.origin): rule.origin for rule in settings.placement}
    origins = [rules[name] for name in error.origins if name in rules]
    return SettingsError([Problem(str(error), origins[-1], also=tuple(origins[:-1]))]) if origins else error


def partitioners(settings: Settings) -> Choice:
    """The partitioners that are tried; by default all of them where the objective counts what only they change."""
    wanted = settings.objective.weights if settings.objective else {}
    alone = any(FIGURES[name].stage == "partition" for name in wanted)
    default = Choice(tuple(map(Algorithm, REGISTRY["partition"]))) if alone else DEFAULTS["partition"]
    return settings.stages.get("partition", default)


def by_partitions(
    cut: Callable[[Algorithm], Partition],
    settings: Settings,
    machines: Machines | None,
    measured: Callable[[Partition, GraphMapping], Mapped],
    watch: Stopwatch,
) -> tuple[Partition, GraphMapping, tuple[Trial, ...]]:
    """Cut a network by each partitioner that `settings` name, map what comes of it, and keep the best.

    Parameters
    ----------
    cut : callable
        Makes the partition, by an algorithm.
    measured : callable
        What figures are taken of, from a partition and a mapping of its graph.
    watch : Stopwatch
        Counts the time of all that is tried.

    Raises
    ------
    MappingError
        That of the first, if none comes to anything.
    """
    choice = partitioners(settings)
    found: list[tuple[Partition, GraphMapping, int]] = []
    trials: list[Trial] = []
    failures: list[MappingError] = []
    for algorithm in choice.algorithms:
        started = process_time()
        try:
            partition = cut(algorithm)
            cut_s = process_time() - started
            mapping, tried = by_settings(partition.graph, settings, machines, partial(measured, partition), watch)
        except MappingError as failure:
            failures.append(failure)
            trials.append(Trial({"partition": algorithm}, failure=str(failure), cpu_s=process_time() - started))
            continue
        kept = next(number for number, trial in enumerate(tried) if trial.kept)
        found.append((partition, mapping, len(trials) + kept))
        tried = (replace(tried[0], cpu_s=cut_s + tried[0].cpu_s), *tried[1:])
        trials += [replace(trial, algorithms={"partition": algorithm, **trial.algorithms}) for trial in tried]
    if not found:
        raise failures[0]
    objective = choice.objective or settings.objective
    best = min(found, key=lambda one: (cost(measured(one[0], one[1]), objective), one[2]))
    return *best[:2], tuple(replace(trial, kept=number == best[2]) for number, trial in enumerate(trials))


class _Walk:
    """The walk over the tree; `named` are the algorithms from the root to a node."""

    def __init__(
        self, stages: Stages, choices: Mapping[str, Choice], objective: Objective | None, measured: Measured
    ) -> None:
        self.stages = stages
        self.choices = choices
        self.objective = objective
        self.measured = measured
        self.trials: list[Trial] = []
        self.most_hops, self.most_entries = inf, inf
        self._started = process_time()

    def placed_no_worse(self, yardstick: Named, otherwise: Choice) -> Leaf:
        """The best mapping that has neither more hops nor more entries than that by `yardstick`.

        If none has that was chosen, the placers `otherwise` are tried; at last it is the yardstick's own.
        """
        alone = {stage: Choice((algorithm,)) for stage, algorithm in yardstick.items()}
        leaves, failures = [], []
        for choices in (alone, self.choices, {**self.choices, "place": otherwise}):
            self.choices = choices
            try:
                leaf = self.placed({})
            except MappingError as failure:
                failures.append(failure)
                continue
            if choices is alone:
                self.most_hops, self.most_entries = leaf[0].hops, leaf[0].entries_minimised
                leaves.append(leaf)
            elif not self._worse(leaf[0]):
                return leaf
        if not leaves:
            raise failures[1]
        return leaves[0]

    def _worse(self, mapping: GraphMapping) -> bool:
        """Whether it has more hops or more entries than the yardstick, if there is one."""
        return mapping.hops > self.most_hops or mapping.entries_minimised > self.most_entries

    def placed(self, named: Named) -> Leaf:
        """Try the placers."""
        return self._best(
            "place",
            named,
            lambda algorithm, named: self.routed(self.stages.place(bind("place", algorithm)), named),
        )

    def routed(self, placement: Placement, named: Named) -> Leaf:
        """Try the routers."""
        return self._best(
            "route",
            named,
            lambda algorithm, named: self.keyed(
                placement, self.stages.route(placement, bind("route", algorithm)), named
            ),
        )

    def keyed(self, placement: Placement, routes: Routes, named: Named) -> Leaf:
        """Try the key allocators."""
        return self._best(
            "keys",
            named,
            lambda algorithm, named: self.minimised(
                placement, routes, self.stages.keys(placement, routes, bind("keys", algorithm)), named
            ),
        )

    def minimised(self, placement: Placement, routes: Routes, keys: Keys, named: Named) -> Leaf:
        """Try the minimisers."""
        tables = self.stages.generate(placement, routes, keys)

        def whole(algorithm: Algorithm, named: Named) -> Leaf:
            mapping = self.stages.minimise(placement, routes, keys, tables, bind("minimise", algorithm))
            self._note(named, values(self.measured(mapping)))
            return mapping, len(self.trials) - 1

        return self._best("minimise", named, whole)

    def minimised_best(self, mapping: GraphMapping, kept: int) -> GraphMapping:
        """The mapping of trial `kept` with its tables minimised by the default minimiser."""
        (algorithm,) = DEFAULTS["minimise"].algorithms
        minimise = bind("minimise", algorithm)
        started, quick = process_time(), self.trials[kept]
        better = self.stages.minimise(mapping.placement, mapping.routes, mapping.keys, mapping.tables, minimise)
        named = {**quick.algorithms, "minimise": algorithm}
        self.trials[kept] = Trial(named, values(self.measured(better)), cpu_s=quick.cpu_s + process_time() - started)
        return better

    def _best(self, stage: str, named: Named, complete: Callable[[Algorithm, Named], Leaf]) -> Leaf:
        """The leaf that costs `stage` least; `complete` finds the best one after an algorithm."""
        choice = self.choices[stage]
        leaves, failures = [], []
        for algorithm in choice.algorithms:
            tried = {**named, stage: algorithm}
            before = len(self.trials)
            try:
                leaves.append(complete(algorithm, tried))
            except MappingError as failure:
                failures.append(failure)
                if len(self.trials) == before:
                    self._note(tried, {}, str(failure))
        if not leaves:
            raise failures[0]
        objective = choice.objective or self.objective
        return min(leaves, key=lambda leaf: (self._worse(leaf[0]), cost(self.measured(leaf[0]), objective), leaf[1]))

    def _note(self, named: Named, figures: Mapping[str, float], failure: str = "") -> None:
        """Add a trial, which ends here and began where the one before it ended."""
        now = process_time()
        self.trials.append(Trial(named, figures, failure, cpu_s=now - self._started))
        self._started = now
