"""Golden traces replay without a mismatch; what is wrong with a file is found and named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pyneuro.errors import GoldenError
from pyneuro.verify import main, verify_arithmetic
from pyneuro.verify_operations import OPERATIONS, operation

SHARED = Path(__file__).parents[2].parent / "shared" / "golden"
needs_golden = pytest.mark.skipif(not SHARED.is_dir(), reason="no golden traces in ../shared/golden")
MODELS = ("IF_curr_exp", "IF_curr_alpha", "IF_curr_delta", "IFCurrExpCa2Adaptive", "IF_cond_exp", "Izhikevich")
MODELS += ("Izhikevich_cond",)


def index() -> list[dict[str, Any]]:
    return list(json.loads((SHARED / "index.json").read_text())) if SHARED.is_dir() else []


@needs_golden
def test_no_mismatch_in_the_golden_directory() -> None:
    replays = {replay.file: replay for replay in verify_arithmetic(SHARED)}
    wanted = {e["file"]: e.get("n_steps", 0) for e in index() if e.get("model") in MODELS or "fixed_point" in e["file"]}
    assert len(wanted) == 17
    assert {file: replays[file].mismatches for file in wanted} == dict.fromkeys(wanted, 0)
    assert not any(replays[file].unsupported for file in wanted)
    assert all(replays[file].steps >= max(1, steps) for file, steps in wanted.items())


# --- a small directory of our own -------------------------------------------------------------------

HEADER = "step,current,exc_in,inh_in,rec_v,rec_exc,rec_inh,spike,v,refract_timer,exc,inh"
ROWS = [  # the first steps of IF_curr_exp_syn_1ms.csv
    "0,0,0,22938,-2129920,0,20787,0,-2150194,0,0,17019",
    "1,0,147456,0,-2150194,133634,17019,0,-2035465,0,109412,13934",
    "2,0,0,0,-2035465,109412,13934,0,-1946947,0,89580,11408",
]
ENTRY: dict[str, Any] = {
    "file": "neuron.csv",
    "kind": "neuron",
    "model": "IF_curr_exp",
    "timestep_raw": 32768,
    "steps_per_timestep": 1,
    "parameters_raw": {
        "v_init": -2129920,
        "v_rest": -2129920,
        "cm": 32768,
        "tau_m": 655360,
        "i_offset": 0,
        "v_reset": -2129920,
        "tau_refrac": 65536,
        "v_thresh": -1638400,
        "tau_syn_E": 163840,
        "tau_syn_I": 163840,
    },
    "derived_raw": {"r_membrane": 655360, "exp_tc": 31170, "t_refract_steps": 2, "init_E_u032": 3892384920},
    "n_steps": 3,
}
OPERATION_ROWS = ["op,a_raw,b_raw,result_raw", "k*k,-98304,32769,-98307", "k>>10,-1,0,-1", "const 0.1k,0,0,3276"]


def write(folder: Path, entries: list[dict[str, Any]], rows: list[str] | None = None) -> Path:
    (folder / "neuron.csv").write_text("\n".join([HEADER, *(rows or ROWS)]) + "\n")
    (folder / "ops.csv").write_text("\n".join(OPERATION_ROWS) + "\n")
    (folder / "index.json").write_text(json.dumps(entries))
    return folder


def changed(**fields: Any) -> dict[str, Any]:
    return ENTRY | fields


def test_a_line_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    operations = {"file": "ops.csv", "kind": "operations"}
    assert main(write(tmp_path, [ENTRY, operations])) == 0
    assert capsys.readouterr().out == "neuron.csv: 3 steps, 0 mismatches\nops.csv: 3 steps, 0 mismatches\n"
    assert main(write(tmp_path, [{"file": "x.csv", "kind": "weather"}, operations])) == 1
    assert capsys.readouterr().out.startswith("x.csv: not supported (kind 'weather')\n")


@pytest.mark.parametrize("column", [c for c in HEADER.split(",") if c != "step"])
def test_every_column_counts(tmp_path: Path, column: str) -> None:
    fields = ROWS[1].split(",")
    at = HEADER.split(",").index(column)
    fields[at] = str(int(fields[at]) + 40)
    replay = verify_arithmetic(write(tmp_path, [ENTRY], [ROWS[0], ",".join(fields), ROWS[2]]))[0]
    assert replay.mismatches in ([1, 2] if column in ("current", "exc_in", "inh_in") else [1])


def test_derived_words_count(tmp_path: Path) -> None:
    derived = ENTRY["derived_raw"] | {"exp_tc": 31171, "t_refract_steps": 3}
    assert verify_arithmetic(write(tmp_path, [changed(derived_raw=derived)]))[0].mismatches == 2


def test_operations_count(tmp_path: Path) -> None:
    folder = write(tmp_path, [{"file": "ops.csv", "kind": "functions"}])
    (folder / "ops.csv").write_text("\n".join(OPERATION_ROWS).replace("-98307", "-98306"))
    assert verify_arithmetic(folder)[0].mismatches == 1


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (changed(model="IF_facets_hardware1"), "model 'IF_facets_hardware1'"),
        (changed(model="SpikeSourcePoisson"), "model 'SpikeSourcePoisson'"),
        (changed(parameters_raw=ENTRY["parameters_raw"] | {"tau_x": 1}), "parameters tau_x of IF_curr_exp"),
        (changed(derived_raw={"exp_tx": 1}), "derived exp_tx"),
    ],
)
def test_what_is_not_supported_is_said(tmp_path: Path, entry: dict[str, Any], reason: str) -> None:
    replay = verify_arithmetic(write(tmp_path, [entry]))[0]
    assert str(replay) == f"neuron.csv: not supported ({reason})"


@pytest.mark.parametrize("column", ["rec_q", "u", "exc2_in"])
def test_a_column_that_is_not_supported_is_said(tmp_path: Path, column: str) -> None:
    folder = write(tmp_path, [ENTRY])
    (folder / "neuron.csv").write_text("\n".join([HEADER.replace("rec_v", column), *ROWS]))
    assert verify_arithmetic(folder)[0].unsupported == f"column '{column}' of IF_curr_exp"


def test_an_operation_that_is_not_supported_is_said(tmp_path: Path) -> None:
    folder = write(tmp_path, [{"file": "ops.csv", "kind": "operations"}])
    (folder / "ops.csv").write_text("op,a_raw,b_raw,result_raw\nlk*lk,1,2,3\n")
    assert verify_arithmetic(folder)[0].unsupported == "operation 'lk*lk'"
    assert all(operation(name) for name in [*OPERATIONS, "k<<3", "const -0.1k", "const 1e-6k", "sizeof accum"])
    assert operation("sizeof bool") is None


# --- files that are truncated or foreign ------------------------------------------------------------


def cut(folder: Path) -> None:
    text = (folder / "neuron.csv").read_text()
    (folder / "neuron.csv").write_text(text[: len(text) - 20])


def lose_rows(folder: Path) -> None:
    (folder / "neuron.csv").write_text("\n".join([HEADER, *ROWS[:2]]))


def replace(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: void((folder / name).write_bytes(content))


def void(_: object) -> None:
    return None


@pytest.mark.parametrize(
    ("breakage", "message"),
    [
        (cut, r"neuron\.csv, line 4: 12 columns expected, got 9"),
        (lose_rows, r"neuron\.csv, line 4: 3 steps expected, got 2"),
        (replace("neuron.csv", b""), r"neuron\.csv, line 1: empty"),
        (replace("neuron.csv", HEADER.encode()), r"neuron\.csv, line 2: no row after the header"),
        (replace("neuron.csv", (HEADER + "\n" + "x," * 11 + "1").encode()), r"line 2: not all integers: x,x"),
        (replace("neuron.csv", (HEADER + "\n" + "9" * 30 + ",1" * 11).encode()), r"line 2: not all integers: 999"),
        (replace("neuron.csv", b"\xff\xfe\x00"), r"neuron\.csv: cannot be read"),
        (lambda folder: (folder / "neuron.csv").unlink(), r"neuron\.csv: cannot be read: .*No such file"),
        (lambda folder: shutil.copy(folder / "ops.csv", folder / "neuron.csv"), r"line 2: not all integers"),
        (replace("index.json", b"[\n{,"), r"index\.json, line 2: not JSON"),
        (replace("index.json", b"{}"), r"index\.json: must be a list of files"),
        (replace("index.json", b'[{"kind": "neuron"}]'), r"index\.json: entry 0 must be an object with 'file'"),
        (lambda folder: (folder / "index.json").unlink(), r"index\.json: cannot be read"),
    ],
)
def test_a_broken_directory_is_named(tmp_path: Path, breakage: Callable[[Path], object], message: str) -> None:
    write(tmp_path, [ENTRY])
    breakage(tmp_path)
    with pytest.raises(GoldenError, match=message):
        verify_arithmetic(tmp_path)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (changed(timestep_raw="1"), "'timestep_raw' must be int, got '1'"),
        (changed(model=None), "'model' must be str, got None"),
        (changed(parameters_raw={"v_rest": 0}), "'parameters_raw' lacks cm, tau_m"),
        (changed(parameters_raw={"v_rest": 0.5}), "'parameters_raw' must hold integers, got 0.5"),
        (changed(timestep_raw=2**40), "does not fit 32-bit words"),
        ({"file": "ops.csv", "kind": "operations"}, "line 1: a name, two operands and a result expected"),
    ],
)
def test_a_foreign_entry_is_named(tmp_path: Path, entry: dict[str, Any], message: str) -> None:
    write(tmp_path, [entry])
    (tmp_path / "ops.csv").write_text("op,a\nk*k,1\n")
    with pytest.raises(GoldenError, match=message):
        verify_arithmetic(tmp_path)
