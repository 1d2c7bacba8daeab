"""The one-way rule: pyneuro -> toolchain -> emulator."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "emulator": {"emulator"},
    "toolchain": {"toolchain", "emulator"},
    "pyneuro": {"pyneuro", "toolchain", "emulator"},
}
CIMPORT = re.compile(r"^\s*(?:from\s+(\w+)[\w.]*\s+c?import|c?import\s+(\w+))", re.MULTILINE)


def imported(path: Path) -> set[str]:
    """Top-level names of all packages that the module at `path` imports or cimports."""
    text = path.read_text()
    if path.suffix != ".py":
        return {a or b for a, b in CIMPORT.findall(text)}
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import in line {node.lineno}"
            names.add((node.module or "").split(".")[0])
    return names


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_go_one_way(package: str) -> None:
    """No module imports against the arrow."""
    paths = [p for p in (ROOT / package).rglob("*") if p.suffix in {".py", ".pyx", ".pxd", ".pxi"}]
    assert paths
    wrong = {str(p.relative_to(ROOT)): bad for p in paths if (bad := imported(p) & (set(ALLOWED) - ALLOWED[package]))}
    assert not wrong
