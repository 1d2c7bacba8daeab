"""The replay of traces of plastic synapses: of those that come with the project, and of random ones in plain Python."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from stdp_traces import lut, write_trace

from pyneuro.errors import GoldenError
from pyneuro.verify import verify_arithmetic

RULES = [f"{timing}_{weight}" for timing in ("pair", "nearest", "vogels") for weight in ("add", "mult")]
GOLDEN = Path(__file__).parents[2].parent / "shared" / "golden"


@pytest.mark.parametrize("rule", [*RULES, "triplet_add"])
@pytest.mark.parametrize("back", [0, 1])
def test_random_traces_replay(tmp_path: Path, rule: str, back: int) -> None:
    write_trace(tmp_path, seed=7, rule=rule, backpropagation_delay=back)
    (replay,) = verify_arithmetic(tmp_path)
    assert (replay.mismatches, replay.unsupported) == (0, "")
    assert replay.steps > 80


@pytest.mark.parametrize("shift", [0, 1, 6])
@pytest.mark.parametrize("table_shift", [0, 3])
@pytest.mark.parametrize("chance", [0.02, 0.7])
def test_other_scales_and_rates_replay(tmp_path: Path, shift: int, table_shift: int, chance: float) -> None:
    """Dense trains make histories overflow and traces wrap; small shifts make weights wrap below 0."""
    for seed, rule in enumerate(("pair_add", "triplet_add", "vogels_add", "nearest_mult")):
        write_trace(tmp_path, seed, chance=chance, rule=rule, weight_shift=shift, table_shift=table_shift)
        assert verify_arithmetic(tmp_path)[0].mismatches == 0


def test_every_column_counts(tmp_path: Path) -> None:
    write_trace(tmp_path, seed=3)
    path = tmp_path / "stdp.csv"
    lines = path.read_text().splitlines()
    first_pre = next(number for number, line in enumerate(lines) if ",pre," in line)
    first_post = next(number for number, line in enumerate(lines) if ",post," in line)
    for number, column in ((first_pre, 3), (first_pre, 4), (first_pre, 6), (first_post, 3), (first_post, 4)):
        fields = lines[number].split(",")
        fields[column] = str(int(fields[column]) + 1)
        path.write_text("\n".join([*lines[:number], ",".join(fields), *lines[number + 1 :]]) + "\n")
        assert verify_arithmetic(tmp_path)[0].mismatches == 1, (number, column)


def test_unknown_rules_are_named(tmp_path: Path) -> None:
    write_trace(tmp_path, seed=3)
    entry = json.loads((tmp_path / "index.json").read_text())[0]
    (tmp_path / "index.json").write_text(json.dumps([entry | {"rule": "pair_cubic"}]))
    assert verify_arithmetic(tmp_path)[0].unsupported == "rule 'pair_cubic'"
    words = {name: word for name, word in entry["weight_parameters_raw"].items() if not name.startswith("a")}
    (tmp_path / "index.json").write_text(json.dumps([entry | {"weight_parameters_raw": words}]))
    assert verify_arithmetic(tmp_path)[0].unsupported == "a rule without a_plus, a_minus"


@pytest.mark.parametrize("line", ["5,pre", "x,pre,0,5,1,2", "5,other,0,5,1,2", "1,pre,0,1,2048,1,1,1,1,1,1,1"])
def test_foreign_lines_are_refused(tmp_path: Path, line: str) -> None:
    write_trace(tmp_path, seed=3)
    path = tmp_path / "stdp.csv"
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(GoldenError, match=r"stdp\.csv, line \d+: (no event|time 1 is before)"):
        verify_arithmetic(tmp_path)


def test_tables_must_be_those_of_the_rule(tmp_path: Path) -> None:
    write_trace(tmp_path, seed=3, timing_luts=[lut(20, 0)] * 3)
    with pytest.raises(GoldenError, match="2 timing_luts expected"):
        verify_arithmetic(tmp_path)


def test_empty_files_are_refused(tmp_path: Path) -> None:
    write_trace(tmp_path, seed=3)
    (tmp_path / "stdp.csv").write_text("time,event,post_index,a,b,weights\n")
    with pytest.raises(GoldenError, match="no row after the header"):
        verify_arithmetic(tmp_path)


def test_the_golden_files_replay() -> None:
    if not GOLDEN.exists():
        pytest.skip(f"{GOLDEN} is not there")
    replays = [replay for replay in verify_arithmetic(GOLDEN) if replay.file.startswith("stdp")]
    assert len(replays) >= 5
    assert all(not replay.mismatches and not replay.unsupported for replay in replays)
