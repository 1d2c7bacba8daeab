"""Writing a report: ``report.html``, ``report.txt`` and ``report.json`` in one folder, each complete or not at all."""

from __future__ import annotations

from pathlib import Path

from emulator.archive import written_beside
from pyneuro.report import Report
from pyneuro.report.to_html import to_html
from pyneuro.report.to_json import to_json
from pyneuro.report.to_text import to_text

RENDERINGS = {"report.html": to_html, "report.txt": to_text, "report.json": to_json}


def write_report(folder: str | Path, report: Report) -> tuple[Path, ...]:
    """Write all renderings of `report` into `folder`, which is made if need be; return their paths, the page first."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, render in RENDERINGS.items():
        with written_beside(folder / name) as file:
            file.write(render(report).encode("utf-8", "replace"))
    return tuple(folder / name for name in RENDERINGS)
