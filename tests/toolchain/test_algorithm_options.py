"""The options of algorithms, read from signatures, and their bounds, which all algorithms keep."""

from __future__ import annotations

from typing import Annotated

import pytest

from toolchain.algorithm_options import AlgorithmOption, Between, OneOf, options_of, with_options
from toolchain.algorithms import REGISTRY
from toolchain.errors import MappingError

BOUNDED = [
    (stage, name, option)
    for stage, there in REGISTRY.items()
    for name, algorithm in there.items()
    for option in options_of(algorithm).values()
    if option.bounds is not None
]


@with_options
def takes(
    *,
    effort: Annotated[float, Between(0, 2.5)] = 1.0,
    seed: int = 1,
    way: Annotated[str, OneOf(("up", "down"))] = "up",
    fast: bool = False,
) -> str:
    """Tell the way, as an algorithm with an option of each kind."""
    return way


def test_options_are_read_from_signatures() -> None:
    options = options_of(takes)
    assert list(options) == ["effort", "seed", "way", "fast"]
    assert options["effort"] == AlgorithmOption("effort", float, 1.0, Between(0, 2.5))
    assert options["seed"] == AlgorithmOption("seed", int, 1)
    right = {"effort": 2, "seed": -2, "way": "down", "fast": True}
    assert [options[name].wrong(value) for name, value in right.items()] == [""] * 4
    wrong = {"effort": True, "seed": 2.5, "way": 3, "fast": 1}
    assert [options[name].wrong(value) for name, value in wrong.items()] == [
        "must be a number",
        "must be a whole number",
        "must be a word in quotes",
        "must be true or false",
    ]


def test_bounds_are_kept_by_the_algorithm_itself() -> None:
    assert takes(effort=2.5, way="down") == "down"
    with pytest.raises(MappingError, match=r"'effort' of test_algorithm_options must be from 0 to 2\.5, got 3"):
        takes(effort=3)
    with pytest.raises(MappingError, match=r"'way' of .* must be .up. or .down., got left"):
        takes(way="left")
    for value in (float("nan"), float("inf")):
        assert options_of(takes)["effort"].wrong(value)


def test_options_without_a_default_or_of_another_type_are_refused() -> None:
    def bare(*, effort: int) -> None: ...

    def odd(*, ways: tuple[int, ...] = ()) -> None: ...

    for algorithm in (bare, odd):
        with pytest.raises(TypeError, match="needs a default"):
            options_of(algorithm)


@pytest.mark.parametrize(("stage", "name", "option"), BOUNDED, ids=lambda one: getattr(one, "name", one))
def test_every_algorithm_refuses_options_out_of_their_bounds(stage: str, name: str, option: AlgorithmOption) -> None:
    assert not option.wrong(option.default)
    bounds = option.bounds
    for value in (bounds.low - 1, bounds.high + 1) if isinstance(bounds, Between) else ("elsewhere",):
        plain = int(value) if option.kind is int else value
        with pytest.raises(MappingError, match=f"'{option.name}' of .* must be"):
            REGISTRY[stage][name](**{option.name: plain})


def test_numbers_of_algorithms_have_bounds() -> None:
    for there in REGISTRY.values():
        for algorithm in there.values():
            for option in options_of(algorithm).values():
                assert option.kind is bool or option.bounds is not None
