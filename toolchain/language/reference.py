"""The reference of the language, in Markdown: made from the grammar, the statements, the options and the registries.

A test holds ``docs/mapping-language.md`` against it, so the reference cannot say what is not so.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Any

from toolchain.algorithm_options import options_of
from toolchain.algorithms import REGISTRY
from toolchain.figures import FIGURES
from toolchain.language import syntax
from toolchain.language.build import Builder
from toolchain.language.quantities import UNITS, shown, spoken
from toolchain.options import MAPPING_OPTIONS, POPULATION_OPTIONS, PROJECTION_OPTIONS, MappingOptions, OptionSpec
from toolchain.requirements import COMPARED, COMPARED_SHARES
from toolchain.settings import STAGES

LINE = re.compile(r"^(?:[!?]?(?P<rule>[a-z]+): |    \| )(?P<form>.+?)(?:\s*->\s*(?P<name>\w+))?$", re.MULTILINE)
"""A line of the grammar: a form of the rule that it begins or goes on with, and the name of the form."""
NOT_STATEMENTS = {
    "let": "A value gets a name, for the lines that follow. In Python any name will do.",
    "include": "The statements of another file; what several files include is read once. In Python `Include(path)`.",
}
TERMINALS = (
    ("NAME", "the name of a value that `let` has named"),
    ("OPTION, ALGORITHM, WORD", "names, listed below"),
    ("DIRECTION", "east, northeast, north, west, southwest or south; or E, NE, N, W, SW, S, as in reports"),
    ("STRING", "text in `\"` or `'`"),
    ("NUMBER", "as `128`, `1_000_000`, `0.5`, `5e6` or `0xFF00`"),
    ("SIZE", "as `16x12`: chips from west to east and from south to north; a torus unless `mesh` follows"),
    ("UNIT", ", ".join(f"`{unit}`" for unit in UNITS) + "; a KB is 1,024 B, an MB 1,024 KB"),
    ("SHAPE", "`torus` or `mesh`"),
    ("COMPARISON", "`<`, `<=`, `>` or `>=`"),
)


def reference() -> str:
    """The whole reference."""
    sections = (_statements(), _parts(), _options(), _algorithms(), _figures())
    return "\n".join(line for section in sections for line in section)


def _grammar() -> dict[str, list[tuple[str, str]]]:
    """The forms of each rule, as users read them, with their names."""
    text = files("toolchain.language").joinpath("mapping.lark").read_text(encoding="utf-8")
    rules: dict[str, list[tuple[str, str]]] = {}
    rule = ""
    for line in LINE.finditer(text):
        rule = line["rule"] or rule
        rules.setdefault(rule, []).append((_form(line["form"]), line["name"] or ""))
    return rules


def _form(rule: str) -> str:
    """A form as users read it: words bare, signs in quotes, what stands for something in angles."""
    bare = re.sub(r"\b([a-z]\w*|[A-Z]+)\b(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", r"<\1>", rule)
    return re.sub(r'"(\w+)"', r"\1", bare)


def _statements() -> Iterator[str]:
    """The forms of statements, by class."""
    forms: dict[str, list[str]] = {}
    for form, name in _grammar()["statement"]:
        made = name if name in NOT_STATEMENTS else inspect.signature(getattr(Builder, name)).return_annotation
        forms.setdefault(made, []).append(form)
    yield "### Statements\n"
    for name, lines in forms.items():
        yield from ("```", *lines, "```", "")
        if name in NOT_STATEMENTS:
            yield f"{NOT_STATEMENTS[name]}\n"
        else:
            statement = getattr(syntax, name)
            yield f"In Python `{_signature(statement)}`. {_example(statement)}\n"


def _signature(statement: Any) -> str:
    parameters = [p for p in inspect.signature(statement).parameters.values() if p.name != "where"]
    said = (p.name if p.default is p.empty else f"{p.name}={p.default!r}" for p in parameters)
    return f"{statement.__name__}({', '.join(said)})"


def _example(statement: Any) -> str:
    """The docstring of a statement, which begins with an example."""
    return "For example " + " ".join((inspect.getdoc(statement) or "").replace("``", "`").split())


def _parts() -> Iterator[str]:
    yield "### Parts of statements\n"
    yield "```"
    for rule, forms in _grammar().items():
        if rule not in ("start", "statement"):
            yield f"<{rule}> = {' | '.join(form for form, _ in forms)}"
    yield from ("```", "", "| part | what it is |", "|---|---|")
    yield from (f"| {name} | {meaning} |" for name, meaning in TERMINALS)
    yield ""


def _options() -> Iterator[str]:
    yield from _table("Options of the whole mapping: `set`", MAPPING_OPTIONS, MappingOptions())
    yield from _table("Options of populations", POPULATION_OPTIONS)
    yield from _table("Options of projections", PROJECTION_OPTIONS)


def _table(title: str, options: Mapping[str, OptionSpec], defaults: MappingOptions | None = None) -> Iterator[str]:
    yield f"### {title}\n"
    yield "| option | meaning | from | to |" + (" default |" if defaults else "")
    yield "|---|---|---|---|" + ("---|" if defaults else "")
    for name, spec in options.items():
        unit = f" ({spec.unit})" if spec.unit not in ("", "share") else ""
        default = getattr(defaults, name, None)
        last = "" if defaults is None else f" {spec.unsaid if default is None else _said(default, spec)} |"
        yield f"| `{name}` | {spec.meaning}{unit} | {_said(spec.low, spec)} | {_said(spec.high, spec)} |{last}"
    yield ""


def _said(number: float, spec: OptionSpec) -> str:
    return spoken(number, "share") if spec.unit == "share" else f"{number:,.10g}"


def _algorithms() -> Iterator[str]:
    yield "### Algorithms\n"
    yield from ("| stage | algorithm and its options | what it is | options are |", "|---|---|---|---|")
    for stage, there in REGISTRY.items():
        for name, algorithm in there.items():
            options = options_of(algorithm).values()
            given = ", ".join(f"{option.name}={shown(option.default)}" for option in options)
            bounds = "; ".join(f"`{option.name}` {option.bounds or 'true or false'}" for option in options)
            yield f"| {stage} | `{name}{f'({given})' if given else ''}` | {_about(algorithm)} | {bounds} |"
    yield ""


def _about(algorithm: Any) -> str:
    """The first line of the module in which an algorithm is."""
    module = inspect.getmodule(inspect.unwrap(algorithm))
    return (inspect.getdoc(module) or "").partition("\n")[0].rstrip(".")


def _figures() -> Iterator[str]:
    yield "### Figures\n"
    yield from ("| figure | meaning | stages that can minimise it | required of labels |", "|---|---|---|---|")
    for name, figure in FIGURES.items():
        stages = ", ".join(stage for stage in STAGES if figure.depends_on(stage))
        yield f"| {name} | {figure.meaning} | {stages} | {'yes' if figure.of_labels else ''} |"
    yield ""
    yield "All can be required. `minimise` takes those that a stage can minimise; one that `partition` alone changes"
    yield "lets all partitioners be tried, unless it is said which. What a netlist does not tell is refused: cycle load"
    yield "and dtcm, and link load or sdram, if its nets have no rates, or its vertices no SDRAM."
    yield ""
    yield f"Of both simulators, by `pyneuro compare`: {_listed(COMPARED)}."
    yield f"{_shares()} are shares, as are those above that say so. A share is said in %, or as a number below 1."


def _shares() -> str:
    return _listed(name for name, share in COMPARED_SHARES.items() if share).capitalize()


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}"
