"""The report as one HTML page that needs nothing else: no network, pictures in inline SVG.

The look is in ``page.css`` beside this module; it follows the reader's light or dark scheme, prints on paper, and
tells reference and emulator apart by two colours that colour-blind readers can tell apart too.  All can be read
without script; ``page.js`` lets the reader look closer at the board.  What the page may load is nothing, and it says so
to the browser.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.resources import files

from pyneuro.report import Finding, Report
from pyneuro.report.markup import Markup, element, prose
from pyneuro.report.page_data import page_data
from pyneuro.report.page_sections import SECTIONS
from pyneuro.report.words import SYMBOLS, amount, number, percent

INLINE = ("page.css", "page.js")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
WORDS = {"good": "good", "note": "note", "bad": "problem"}


def to_html(report: Report) -> str:
    """Return `report` as an HTML page."""
    sections = [(name, body(report)) for name, body in SECTIONS.items()]
    present = [(name, body) for name, body in sections if body]
    style, script = (files("pyneuro.report").joinpath(name).read_text(encoding="utf-8") for name in INLINE)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{report.title} – pyneuro report"),
        element("style", Markup(style)),
    )
    looking = (page_data(report), element("script", Markup(script))) if report.machine else ()
    header, main = _header(report, [name for name, _ in present]), element("main", *_sections(present))
    body = element("body", header, main, *looking)
    return "<!DOCTYPE html>\n" + element("html", head, body, lang="en") + "\n"


def _sections(present: Iterable[tuple[str, Markup]]) -> list[Markup]:
    return [element("section", element("h2", name), body, id=_anchor(name)) for name, body in present]


def _anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def _header(report: Report, names: Sequence[str]) -> Markup:
    links = [element("li", element("a", name, href=f"#{_anchor(name)}")) for name in names]
    return element(
        "header",
        element("p", report.made_by, class_="made-by"),
        element("h1", report.title),
        element("p", _subtitle(report), class_="subtitle") if report.network else "",
        element("ul", *map(_finding, report.findings), class_="findings") if report.findings else "",
        _key_figures(report),
        element("nav", element("ul", *links), aria_label="Sections"),
    )


def _subtitle(report: Report) -> str:
    network = report.network
    if network is None:
        return ""
    parts = [amount(network.cells, "cell"), amount(network.synapses, "synapse")]
    parts.append(f"timestep {network.timestep_ms:g} ms")
    if report.runs:
        parts.append(f"{report.runs[0].bio_s:g} s simulated")
    return " · ".join(parts)


def _finding(finding: Finding) -> Markup:
    symbol = element("span", SYMBOLS[finding.level], class_="symbol", role="img", aria_label=WORDS[finding.level])
    more = (" See ", element("a", finding.section, href=f"#{_anchor(finding.section)}"), ".") if finding.section else ()
    return element("li", symbol, element("span", prose(finding.text), *more), class_=finding.level)


def _key_figures(report: Report) -> Markup:
    figures: list[tuple[str, str, str]] = []
    if report.machine:
        machine = report.machine
        figures.append((f"{machine.cores_used:,}", "cores", f"of {machine.cores:,} on {machine.name}"))
        figures.append((f"{machine.chips_used:,}", "chips", f"of {machine.chips:,}"))
    if report.execution:
        figures.append((percent(report.execution.busiest_share), "of a tick", "the fullest of any core"))
    if report.tables:
        figures.append(
            (f"{report.tables.most:,}", "routing entries", f"in the fullest table, of {report.tables.limit:,}")
        )
    for run in report.runs:
        simulated = dict(run.seconds).get("sim")
        pace = f", {simulated / run.bio_s:.3g} × real time" if simulated is not None and run.bio_s else ""
        figures.append((f"{number(run.rate_hz)} Hz", run.backend, f"{run.spikes:,} spikes{pace}"))
    items = [
        element("div", element("dt", name), element("dd", element("b", value), element("span", note)))
        for value, name, note in figures
    ]
    return element("dl", *items, class_="figures") if items else Markup()
