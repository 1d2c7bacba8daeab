"""From statements to `Settings`: names are looked up, values checked, and all that is wrong is told at once.

What is said once only (the machine, its clock, an option of the whole mapping, the algorithms of a stage, the
objective) is refused if it is said again, with both places.  Options of populations and projections may be: the last
statement that matches counts, so that exceptions come after what is true of most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final, Literal, cast

from toolchain.algorithms import REGISTRY
from toolchain.figures import FIGURES
from toolchain.language import syntax
from toolchain.language.places import PlaceJudge
from toolchain.language.quantities import Quantity, shown
from toolchain.language.shapes import misshapen
from toolchain.language.specs import ATTEMPTS, NUMBER, SHARE
from toolchain.machines import candidates
from toolchain.options import MAPPING_OPTIONS, POPULATION_OPTIONS, PROJECTION_OPTIONS, OptionSpec
from toolchain.problems import Problem, SettingsError, nearest, short
from toolchain.requirements import COMPARED, COMPARED_SHARES
from toolchain.search import too_many
from toolchain.settings import (
    STAGES,
    Choice,
    Objective,
    Option,
    Origin,
    Requirement,
    Rule,
    Settings,
)

YES_OR_NO: Final = ("real time",)
"""Figures that are required as they are, without a number."""
OF_LABELS: Final = (*(name for name, figure in FIGURES.items() if figure.of_labels), *COMPARED)
"""Figures that can be required of some populations or projections alone."""
COMPARISONS: Final = ("<", "<=", ">", ">=")


def resolve(statements: Iterable[syntax.Statement], problems: Sequence[Problem] = ()) -> Settings:
    """The settings that `statements` make.

    Parameters
    ----------
    problems : sequence of Problem
        What was found wrong before.

    Raises
    ------
    SettingsError
        With these and all that is wrong with the statements.
    """
    settings, found = judge(statements)
    if every := in_order([*problems, *found]):
        raise SettingsError(every)
    return settings


def judge(statements: Iterable[syntax.Statement]) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings that those of `statements` make that are right, and what is wrong with the others."""
    resolver = Resolver()
    placed: list[syntax.Statement] = []
    for number, given in enumerate(statements):
        statement = _with_place(given, number)
        included, problems = _included(statement) if isinstance(statement, syntax.Include) else ((statement,), ())
        placed += included
        resolver.problems += problems
    # The machine comes first, because what is said of chips is checked against it.
    for statement in sorted(placed, key=lambda one: not isinstance(one, syntax.Machine)):
        resolver.take(statement)
    resolver.check_machine()
    resolver.check_together()
    if (problem := too_many(resolver.stages)) is not None:
        resolver.problems.append(problem)
    settings = resolver.settings
    if not resolver.problems:
        resolver.problems += _nothing_left(settings)
    return settings, tuple(resolver.problems)


def _included(statement: syntax.Include) -> tuple[Sequence[syntax.Statement], Sequence[Problem]]:
    """The statements of a file that a script includes, and what is wrong with it."""
    from toolchain.language.parse import parse_file  # loading lark takes time

    if wrong := [Problem(message, statement.at(part)) for part, message in misshapen(statement)]:
        return (), wrong
    parsed = parse_file(statement.path)
    return parsed.statements, parsed.problems


def _nothing_left(settings: Settings) -> Sequence[Problem]:
    """A problem if nothing of the machine that is named works."""
    try:
        if settings.machine.name is not None:
            next(candidates(settings.machine))
    except SettingsError as error:
        return error.problems
    return ()


def _with_place(statement: syntax.Statement, number: int) -> syntax.Statement:
    """A statement that knows where it stands, if only in the list that a script gave."""
    if not isinstance(statement, syntax.Statement) or statement.where is not None:
        return statement
    return replace(statement, where=syntax.Where(Origin(f"script:mapping[{number}]", source=repr(statement))))


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Problems in the order of their places, file by file; of several in one place the first, the cause."""
    first: dict[tuple[str, int, int], Problem] = {}
    for number, problem in enumerate(problems):
        at = problem.origin
        first.setdefault((at.text, at.line, at.column or number), problem)
    every = list(first.values())
    file = {name: i for i, name in enumerate(dict.fromkeys(problem.origin.text for problem in every))}
    return sorted(every, key=lambda p: (file[p.origin.text], p.origin.line, p.origin.column))


class Resolver(PlaceJudge):
    """Takes statement after statement."""

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[str, Option] = {}
        self.rules: list[Rule] = []
        self.stages: dict[str, Choice] = {}
        self.whole_objective: Objective | None = None
        self.tries = Settings().attempts
        self.requirements: list[Requirement] = []

    @property
    def settings(self) -> Settings:
        """The settings so far."""
        return Settings(
            machine=self.machine_settings,
            options=MappingProxyType(self.given),
            rules=tuple(self.rules),
            placement=tuple(self.placement),
            keys=tuple(self.key_rules),
            stages=MappingProxyType(self.stages),
            objective=self.whole_objective,
            attempts=self.tries,
            requirements=tuple(self.requirements),
            origins=MappingProxyType(self.origins),
        )

    def take(self, statement: object) -> None:
        """Take a statement."""
        take = TAKE.get(type(statement))
        if take is None or not isinstance(statement, syntax.Statement):
            self.wrong(f"this is no statement about a mapping: {short(repr(statement))}", Origin("script"))
            return
        wrong = list(misshapen(statement))
        for part, message in wrong:
            self.wrong(message, statement.at(part))
        if not wrong:
            take(self, statement)

    # --- options ------------------------------------------------------------------------------------------------------

    def take_set(self, statement: syntax.Set) -> None:
        """Take options of the whole mapping."""
        plain = {}
        for name, value in statement.options.items():
            if name in STAGES:
                origin = statement.at(f"options.{name}")
                algorithm = value if isinstance(value, str) else next(iter(REGISTRY[name]))
                self.wrong(f"'{name}' is no option to set", origin, f"write, for example: {name} using {algorithm}")
            elif self.once(f"'{name}'", statement.at(f"options.{name}")):
                plain[name] = value
        found = self.options("the mapping", MAPPING_OPTIONS, statement, plain)
        self.given |= found
        self.origins |= {name: statement.at(f"options.{name}") for name in found}

    def take_population(self, statement: syntax.PopulationOptions) -> None:
        """Take options of populations."""
        self._rules("population", POPULATION_OPTIONS, statement)

    def take_projection(self, statement: syntax.ProjectionOptions) -> None:
        """Take options of projections."""
        self._rules("projection", PROJECTION_OPTIONS, statement)

    def _rules(
        self,
        kind: Literal["population", "projection"],
        specs: Mapping[str, OptionSpec],
        statement: syntax.PopulationOptions | syntax.ProjectionOptions,
    ) -> None:
        found = self.options(f"a {kind}", specs, statement, statement.options)
        for pattern, origin in self.labels(statement, statement.labels):
            self.rules += [
                Rule(kind, pattern, name, value, origin, statement.at(f"options.{name}"))
                for name, value in found.items()
            ]

    # --- algorithms and requirements ----------------------------------------------------------------------------------

    def take_using(self, statement: syntax.Using) -> None:
        """Take the algorithms that a stage tries."""
        if statement.stage not in STAGES:
            origin = statement.at("stage")
            self.wrong(
                f"there is no stage '{short(str(statement.stage))}'", origin, *nearest(str(statement.stage), STAGES)
            )
            return
        given = statement.algorithms
        tried = tuple(given) if isinstance(given, tuple | list) else (given,)
        found = [self.algorithm(statement.stage, one, statement, f"algorithms.{i}") for i, one in enumerate(tried)]
        if not tried:
            self.wrong(f"stage '{statement.stage}' needs an algorithm to use", statement.at(), *_some(statement.stage))
        stage, wanted = statement.stage, statement.minimising
        objective = self._goal(wanted, statement, "minimising", stage) if wanted != "" else None
        if self.once(f"what stage '{statement.stage}' uses", statement.at()):
            algorithms = tuple(one for one in found if one is not None)
            self.stages[statement.stage] = Choice(algorithms, objective, statement.at())

    def take_minimise(self, statement: syntax.Minimise) -> None:
        """Take the objective of the whole mapping."""
        objective = self._goal(statement.objective, statement, "objective")
        if self.once("what to minimise", statement.at()):
            self.whole_objective = objective
            self.origins["objective"] = statement.at()

    def _goal(
        self, given: str | Mapping[str, float], statement: syntax.Statement, part: str, stage: str = ""
    ) -> Objective | None:
        if not isinstance(given, str):
            return self.objective(given, statement, part, stage)
        from toolchain.language.parse import parse_text  # loading lark takes time

        parsed = parse_text(f"minimise {given}", str(statement.at()))
        self.problems += parsed.problems
        for one in parsed.statements:
            if isinstance(one, syntax.Minimise) and isinstance(one.objective, Mapping):
                return self.objective(one.objective, one, "objective", stage)
        return None

    def take_attempts(self, statement: syntax.Attempts) -> None:
        """Take how often another way is tried."""
        number = self.whole("the number of attempts", ATTEMPTS, statement.number, statement.at("number"))
        if self.once("the number of attempts", statement.at()) and number is not None:
            self.tries = number
            self.origins["attempts"] = statement.at()

    def take_require(self, statement: syntax.Require) -> None:
        """Take a requirement."""
        figure, origin = statement.figure, statement.at("figure")
        if figure not in FIGURES and figure not in COMPARED:
            self.wrong(
                f"there is no figure '{short(str(figure))}' to require",
                origin,
                *nearest(str(figure), [*FIGURES, *COMPARED]),
            )
            return
        if statement.label and figure not in OF_LABELS:
            self.wrong(f"'{figure}' is a figure of the whole mapping, not of labels", statement.at("label"))
            return
        threshold = self._threshold(statement)
        if threshold is None:
            return
        said = "" if figure in YES_OR_NO else f" {statement.comparison} {shown(statement.threshold)}"
        text = figure + (f' of "{statement.label}"' if statement.label else "") + said
        comparison = cast(Literal["<", "<=", ">", ">=", "is"], statement.comparison)
        self.requirements.append(
            Requirement(text, figure, comparison, threshold, statement.label, statement.at(), statement.at("label"))
        )

    def _threshold(self, statement: syntax.Require) -> float | None:
        figure, value, origin = statement.figure, statement.threshold, statement.at("threshold")
        if figure in YES_OR_NO:
            if statement.comparison == "is":
                return 1.0
            self.wrong(f"{figure} is no number", origin, f"write: require {figure}")
            return None
        if statement.comparison not in COMPARISONS:
            self.wrong("expected a comparison (<, <=, >, >=) and a number", origin, f"as in: require {figure} <= ...")
            return None
        share = COMPARED_SHARES[figure] if figure in COMPARED else FIGURES[figure].share
        if isinstance(value, Quantity) and value.measures == "share" and not share:
            self.wrong(f"{figure} is no share; leave the % out", origin)
            return None
        return self.number(f"the threshold of {figure}", SHARE if share else NUMBER, value, origin)


def _some(stage: str) -> tuple[str, ...]:
    """The hint that lists the algorithms of a stage."""
    return nearest("", REGISTRY[stage])


TAKE: Final[Mapping[type, Callable[[Resolver, Any], None]]] = MappingProxyType(
    {
        syntax.Machine: Resolver.take_machine,
        syntax.Clock: Resolver.take_clock,
        syntax.LinkCapacity: Resolver.take_link_capacity,
        syntax.DeadChips: Resolver.take_dead_chips,
        syntax.DeadCores: Resolver.take_dead_cores,
        syntax.DeadLinks: Resolver.take_dead_links,
        syntax.ForbiddenLinks: Resolver.take_forbidden_links,
        syntax.Reserve: Resolver.take_reserve,
        syntax.Set: Resolver.take_set,
        syntax.PopulationOptions: Resolver.take_population,
        syntax.ProjectionOptions: Resolver.take_projection,
        syntax.PlaceOn: Resolver.take_place_on,
        syntax.PlaceNear: Resolver.take_place_near,
        syntax.PlaceWith: Resolver.take_place_with,
        syntax.PlaceApart: Resolver.take_place_apart,
        syntax.Keys: Resolver.take_keys,
        syntax.Using: Resolver.take_using,
        syntax.Minimise: Resolver.take_minimise,
        syntax.Attempts: Resolver.take_attempts,
        syntax.Require: Resolver.take_require,
    }
)
"""What takes each statement."""
