"""Problems: how what is wrong is shown, and which name is the nearest."""

from __future__ import annotations

from toolchain.did_you_mean import close_name
from toolchain.problems import Problem, SettingsError, render
from toolchain.settings import Origin

FIRST = Origin("a.map", 1, 7, 3, 'place "b" on chip (0, 0)')
LAST = Origin("a.map", 12, 7, 3, 'place "b" on chip (0, 1)')


def test_a_problem_shows_the_other_lines_that_it_is_about() -> None:
    problem = Problem("they contradict", LAST, ("leave one out",), also=(FIRST, FIRST, LAST, Origin("script")))
    assert render(problem) == (
        "a.map:12:7: error: they contradict\n"
        '  12 | place "b" on chip (0, 1)\n'
        "     |       ^^^\n"
        "     = leave one out\n"
        "a.map:1:7: note: together with this\n"
        '   1 | place "b" on chip (0, 0)\n'
        "     |       ^^^"
    )


def test_carets_stand_below_wide_signs() -> None:
    line = 'place "\u65e5\u672c\U0001f600" neer "e\u0301"'
    shown, carets = render(Problem("wrong", Origin("a.map", 1, 13, 4, line))).splitlines()[1:]
    assert carets == "     | " + " " * (12 + 3) + "^^^^"
    assert shown.endswith(line)
    carets = render(Problem("wrong", Origin("a.map", 1, 18, 4, line))).splitlines()[2]
    assert carets.endswith(" ^^^")


def test_of_many_problems_in_one_place_a_few_are_shown() -> None:
    error = SettingsError([Problem(f"{i} is wrong", FIRST) for i in range(9)] + [Problem("so is this", LAST)])
    assert str(error).startswith("10 errors")
    assert len(error.problems) == 10
    assert "2 is wrong" in str(error)
    assert "3 is wrong" not in str(error)
    assert "     = and 6 more errors here\na.map:12:7: error: so is this" in str(error)


def test_statements_of_a_script_are_different_places() -> None:
    same = [Problem("wrong", Origin("script", source=f"Machine('{i}')")) for i in range(5)]
    assert "more" not in str(SettingsError(same))


def test_the_nearest_name() -> None:
    links = ("east", "northeast", "north", "west", "southwest", "south")
    assert close_name("esat", links) == "east"
    assert close_name("NORTH", links) == "north"
    assert close_name("Spin5", ("SPIN3", "spin5")) == "spin5"
    assert close_name("up", links) == ""
