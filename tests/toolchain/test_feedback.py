"""Feedback: what fails leads to another attempt, until nothing fails or nothing is left to change."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from toolchain.algorithms import REGISTRY
from toolchain.errors import MappingError, TablesError
from toolchain.feedback import with_feedback
from toolchain.figures import FIGURES, SMALL, Cells, Measured
from toolchain.remedies import REMEDIES, Failed
from toolchain.requirements import Verdict, excess
from toolchain.settings import FEEDBACK, Algorithm, Choice, Origin, Requirement, Rule, Settings

MARGIN = "cycles_margin is what is required, for cycle load"
LOAD = Requirement("require cycle load <= 80 %", "cycle load", "<=", 0.8)
TABLES = Requirement("require table entries <= 10", "table entries", "<=", 10)


def verdict(requirement: Requirement, passed: bool, cells: Cells | None = None, value: float = 99.0) -> Verdict:
    """A verdict on `requirement`."""
    return Verdict(requirement, passed, Measured(value, cells=cells), False, "")


def neurons(settings: Settings) -> int:
    """Neurons a core."""
    return int(settings.options.get("neurons_per_core", 256))


def judge_load(limit: int) -> Callable[[Settings], tuple[Verdict, ...]]:
    """The load is met with up to `limit` neurons a core; the tables always are."""

    def judge(settings: Settings) -> tuple[Verdict, ...]:
        busiest = Cells("a", neurons(settings), "neurons_per_core")
        load = 0.8 * neurons(settings) / limit
        return verdict(TABLES, True), verdict(LOAD, load <= 0.8, busiest, load)

    return judge


def test_what_holds_at_once_is_not_tried_again() -> None:
    made, attempts = with_feedback(Settings(), lambda settings: settings, judge_load(256))
    assert made == Settings()
    assert [(one.changed, one.kept) for one in attempts] == [("", True)]


def test_what_fails_is_changed_until_it_holds() -> None:
    made, attempts = with_feedback(Settings(), lambda settings: settings, judge_load(64))
    assert neurons(made) == 64
    assert [one.changed for one in attempts] == [
        "",
        MARGIN,
        "half as many cells a core, for cycle load",
        "again half as many cells a core, for cycle load",
    ]
    assert [one.kept for one in attempts] == [False, False, False, True]
    assert made.origins["neurons_per_core"] == made.origins["cycles_margin"] == FEEDBACK
    assert made.options["cycles_margin"] == 0.8


def test_of_those_that_fail_as_much_the_one_that_is_least_beyond_is_kept() -> None:
    made, attempts = with_feedback(Settings(), lambda settings: settings, judge_load(1))
    assert neurons(made) == 64
    assert [one.kept for one in attempts] == [False, False, False, True]
    made, attempts = with_feedback(Settings(attempts=20), lambda settings: settings, judge_load(1))
    assert neurons(made) == 1, "halving goes on as long as it helps"
    assert len(attempts) == 10


def test_if_nothing_helps_the_first_is_kept_and_halving_is_not_repeated() -> None:
    judged = (verdict(LOAD, False, Cells("a", 200, "neurons_per_core")),)
    made, attempts = with_feedback(Settings(attempts=9), lambda settings: settings, lambda _: judged)
    assert made == Settings(attempts=9)
    assert [one.changed for one in attempts] == ["", MARGIN, "half as many cells a core, for cycle load"]


def test_fewer_failures_count_more_than_how_much_is_failed() -> None:
    """One that fails by much is better than two that fail by little; of two that fail alike the first."""
    tried = [[2.0, 11], [0.9, 11], [9.0, 10], [9.0, 10]]

    def judge(number: int) -> tuple[Verdict, ...]:
        load, entries = tried[number]
        busiest = Cells("a", 200, "neurons_per_core")
        return verdict(LOAD, load <= 0.8, busiest, load), verdict(TABLES, entries <= 10, None, entries)

    numbers = count()
    made, _ = with_feedback(Settings(attempts=3), lambda _: next(numbers), judge)
    assert made == 2


def test_how_far_beyond_a_requirement() -> None:
    assert excess(verdict(LOAD, False, value=1.2)) == pytest.approx(0.5)
    assert excess(verdict(LOAD, True, value=1.2)) == 0
    least = Requirement("chips >= 8", "chips", ">=", 8)
    assert excess(verdict(least, False, value=2.0)) == pytest.approx(0.75)
    assert excess(verdict(Requirement("hops < 0", "hops", "<", 0), False, value=7.0)) == 7
    assert excess(Verdict(LOAD, False, None, True, "")) == 0
    real_time = Measured(0.0, excess=0.25)
    assert excess(Verdict(Requirement("real time", "real time", "is", 1), False, real_time, False, "")) == 0.25


def test_there_are_no_more_attempts_than_allowed() -> None:
    _, attempts = with_feedback(Settings(attempts=1), lambda settings: settings, judge_load(1))
    assert len(attempts) == 2
    _, attempts = with_feedback(Settings(attempts=0), lambda settings: settings, judge_load(1))
    assert len(attempts) == 1


def test_what_the_user_said_stays() -> None:
    said = Settings(
        options={"neurons_per_core": 200},
        origins={"neurons_per_core": Origin("a.map", 3), "cycles_margin": Origin("a.map", 4)},
    )
    made, attempts = with_feedback(said, lambda settings: settings, judge_load(100))
    assert (neurons(made), len(attempts)) == (200, 1)


def test_long_tables_lead_to_stronger_algorithms_where_the_user_chose_none() -> None:
    chosen = Choice((Algorithm("ner"),), origin=Origin("a.map", 2))
    tried = []

    def attempt(settings: Settings) -> Settings:
        tried.append(settings)
        if "place" not in settings.stages:
            raise TablesError("too long")
        return settings

    made, attempts = with_feedback(Settings(stages={"route": chosen}), attempt, lambda _: ())
    assert [one.failure for one in attempts] == ["too long"] * 3 + [""]
    assert attempts[-1].kept
    assert made.stages["route"] == chosen
    assert [one.name for one in made.stages["minimise"].algorithms] == ["best"]
    assert "scatter" not in [one.name for one in made.stages["place"].algorithms]


def named(settings: Settings) -> dict[str, Algorithm]:
    """The first algorithm of each stage."""
    return {"place": Algorithm("compact"), "minimise": Algorithm("best")} | {
        stage: choice.algorithms[0] for stage, choice in settings.stages.items()
    }


def test_a_remedy_tries_the_algorithms_of_its_own_stages_alone() -> None:
    tried: list[Settings] = []

    def attempt(settings: Settings) -> Settings:
        tried.append(settings)
        return settings

    with_feedback(Settings(), attempt, lambda _: (verdict(TABLES, False),), named)
    counts = [{stage: len(choice.algorithms) for stage, choice in one.stages.items()} for one in tried]
    routers, allocators, placers = (len(REGISTRY[stage]) for stage in ("route", "keys", "place"))
    assert counts == [
        {},
        {"place": 1, "minimise": 1, "route": routers, "keys": allocators},
        {"place": placers - 1, "minimise": 1, "route": 1, "keys": 1},
    ]


def test_a_remedy_that_comes_to_nothing_is_taken_back_and_the_next_is_tried() -> None:
    tried: list[int] = []

    def attempt(settings: Settings) -> Settings:
        tried.append(neurons(settings))
        if neurons(settings) < 256:
            raise MappingError("too many cores")
        return settings

    made, attempts = with_feedback(Settings(), attempt, judge_load(1))
    assert neurons(made) == 256
    assert tried == [256, 256, 128]
    assert [one.failure for one in attempts] == ["", "", "too many cores"]
    assert [one.kept for one in attempts] == [True, False, False]


def test_there_is_no_remedy_for_what_cannot_be_measured() -> None:
    unknown = Verdict(LOAD, False, None, False, "", hopeless=True)
    _, attempts = with_feedback(Settings(), lambda settings: settings, lambda _: (unknown,))
    assert len(attempts) == 1


def test_sources_that_are_too_many_become_fewer() -> None:
    """Not the neurons: they are on other cores."""
    judged = (verdict(LOAD, False, Cells("noise", 400, "sources_per_core")),)
    tried: list[Settings] = []
    with_feedback(Settings(attempts=2), lambda settings: tried.append(settings) or settings, lambda _: judged)  # type: ignore[func-returns-value]
    assert dict(tried[2].options) == {"cycles_margin": 0.8, "sources_per_core": 200}


def test_nothing_is_tried_that_would_leave_things_as_they_are() -> None:
    """The user has said how many cells the population with the worst core has, or there is only one."""
    said = Settings(
        options={"cycles_margin": 0.5},
        rules=(Rule("population", "a*", "neurons_per_core", 200), Rule("population", "b", "cycles_margin", 0.9)),
    )
    for settings, cells in (
        (said, Cells("a", 200, "neurons_per_core")),
        (said, Cells("b", 1, "neurons_per_core")),
        (Settings(options={"cycles_margin": 0.8}), Cells("a", 1, "neurons_per_core")),
    ):
        judged = (verdict(LOAD, False, cells),)
        _, attempts = with_feedback(settings, lambda settings: settings, lambda _, judged=judged: judged)
        assert len(attempts) == 1


def test_every_figure_that_fails_has_its_turn() -> None:
    judged = (verdict(TABLES, False), verdict(LOAD, False, Cells("a", 9, "neurons_per_core")))
    _, attempts = with_feedback(Settings(attempts=2), lambda settings: settings, lambda _: judged)
    assert [one.changed.rpartition(", for ")[2] for one in attempts[1:]] == ["table entries", "cycle load"]


def test_if_tables_stay_too_long_the_first_failure_is_told_with_all_that_was_tried() -> None:
    numbers = iter(range(9))

    def attempt(settings: Settings) -> Settings:
        raise TablesError(f"too long {next(numbers)}")

    with pytest.raises(TablesError, match=r"too long 0\. Tried also, in vain: ") as error:
        with_feedback(Settings(attempts=2), attempt, lambda _: ())
    assert str(error.value).endswith(
        "(1) the best of all minimisers is used, for table entries; "
        "(2) every router and key allocator is tried, for table entries"
    )
    with pytest.raises(TablesError, match=r"too long 3$"):
        with_feedback(Settings(attempts=0), attempt, lambda _: ())


def test_other_errors_are_not_tried_again() -> None:
    def attempt(settings: Settings) -> Settings:
        raise MappingError("no room")

    with pytest.raises(MappingError, match="no room"):
        with_feedback(Settings(), attempt, lambda _: ())


def test_remedies_are_for_figures_that_there_are() -> None:
    assert set(REMEDIES) <= set(FIGURES)
    for figure, remedies in REMEDIES.items():
        for remedy in remedies:
            changed = remedy.change(Settings(), Failed(figure, Cells("a", 9, "neurons_per_core"), 0.5))
            assert changed is not None
            for stage, choice in changed.stages.items():
                assert choice.objective is not None
                assert set(choice.objective.weights) == {figure} <= set(SMALL)
                assert FIGURES[figure].depends_on(stage)
