"""Explaining settings: everything that holds for a mapping, and where each came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from toolchain.options import MAPPING_OPTIONS, mapping_options
from toolchain.search import DEFAULTS, partitioners
from toolchain.settings import DEFAULT, STAGES, Choice, MachineSettings, PlaceRule, Settings


@dataclass(frozen=True)
class Held:
    """One thing that holds: its name in the mapping language, its value, and where that came from."""

    name: str
    value: str
    origin: str


def explain(settings: Settings) -> tuple[Held, ...]:
    """All that holds by `settings`: machine, options, rules, places, keys, algorithms, requirements."""
    stages = {**DEFAULTS, "partition": partitioners(settings), **settings.stages}
    return (
        *_machine(settings),
        *_options(settings),
        *(
            Held(f'{rule.kind} "{rule.pattern}"', f"{rule.option} = {rule.value}", str(rule.origin))
            for rule in settings.rules
        ),
        *(Held(f'place "{rule.pattern}"', _where(rule), str(rule.origin)) for rule in settings.placement),
        *(
            Held(f'keys of "{rule.pattern}"', f"from {rule.key:#x} mask {rule.mask:#x}", str(rule.origin))
            for rule in settings.keys
        ),
        *(
            Held(f"{stage} using", _tried(stages[stage]), str(stages[stage].origin))
            for stage in STAGES
            if stage in stages
        ),
        Held("minimise", str(settings.objective or "hops x entries x chips"), _origin(settings, "objective")),
        Held("attempts", str(settings.attempts), _origin(settings, "attempts")),
        *(Held("require", one.text.removeprefix("require "), str(one.origin)) for one in settings.requirements),
    )


def _origin(settings: Settings, name: str) -> str:
    return str(settings.origins.get(name, DEFAULT))


def _machine(settings: Settings) -> Iterator[Held]:
    """The machine, and of its other fields those about which something was said."""
    said, plain = settings.machine, MachineSettings()
    yield Held("machine", said.name or "the smallest that fits", str(said.origin))
    for field in fields(said):
        value = getattr(said, field.name)
        if field.name not in ("name", "made", "origin") and value != getattr(plain, field.name):
            yield Held(field.name.replace("_", " "), _listed(value), _origin(settings, field.name))


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _options(settings: Settings) -> Iterator[Held]:
    options = mapping_options(settings)
    for name in MAPPING_OPTIONS:
        value = getattr(options, name)
        yield Held(name, "as is needed" if value is None else f"{value:g}", _origin(settings, name))


def _where(rule: PlaceRule) -> str:
    """The rest of the statement that puts populations somewhere."""
    if rule.kind == "near":
        return f'near "{rule.other}" within {rule.hops} hops'
    if rule.kind in ("with", "apart"):
        return f'{"with" if rule.kind == "with" else "apart from"} "{rule.other}"'
    if rule.chip is not None:
        return f"on chip {rule.chip}" + ("" if rule.core is None else f" core {rule.core}")
    if rule.board is not None:
        return f"on board {rule.board}"
    assert rule.region is not None
    return f"on chips ({rule.region.x0}, {rule.region.y0}) to ({rule.region.x1}, {rule.region.y1})"


def _tried(choice: Choice) -> str:
    tried = " or ".join(map(str, choice.algorithms))
    return f"{tried} minimising {choice.objective}" if choice.objective else tried
