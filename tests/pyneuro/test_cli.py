"""The command line: what it prints, what it writes, and how it fails."""

import json
from pathlib import Path
from typing import Any

import pytest

from pyneuro import simulator
from pyneuro.cli import main
from pyneuro.errors import MappingWarning, RunWarning
from pyneuro.options import Overrides

SHARED = Path(__file__).parents[2].parent / "shared"
RUN_FIGURES = """network backend machine neurons synapses timestep_ms bio_s build_s map_s load_s sim_s cpu_s rtf spikes
rate_hz synaptic_events saturations packets dropped overruns threads peak_rss_mb spike_hash"""
MAP_FIGURES = "cores chips boards entries_generated entries_minimised entries_max hops map_s cpu_s peak_rss_mb"
SCRIPT = """
import sys
import pyneuro as sim
sim.setup(timestep=1.0, seed=3)
noise = sim.Population(20, sim.SpikeSourcePoisson(rate=100.0), label="noise")
cells = sim.Population(5, sim.IF_curr_exp(), label="cells")
sim.Projection(noise, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.3, delay=2.0))
cells.record(["spikes", "v"])
sim.run(float(sys.argv[1]) if len(sys.argv) > 1 else 200.0)
sim.end()
"""


@pytest.fixture(autouse=True)
def _fresh_overrides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(simulator, "overrides", Overrides())
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "small.py"
    path.write_text(SCRIPT)
    return str(path)


def last_object(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The JSON object on the last line of standard output."""
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


@pytest.mark.parametrize("backend", ["emulator", "reference"])
def test_run_prints_every_figure(backend: str, script: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", script, "--backend", backend, "--json"]) == 0
    figures = last_object(capsys)
    assert list(figures) == RUN_FIGURES.split()
    assert figures["backend"] == backend
    assert (figures["neurons"], figures["synapses"], figures["bio_s"]) == (5, 100, 0.2)
    assert isinstance(figures["spikes"], int)
    assert figures["spikes"] > 0


def test_arguments_after_the_dashes_are_the_scripts(script: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", script, "--json", "--", "50"]) == 0
    assert last_object(capsys)["bio_s"] == 0.05


def test_spikes_do_not_depend_on_threads_machine_or_placement(
    script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.map").write_text("place using sequential\nset neurons_per_core = 2\n")
    variants = [[], ["--threads", "2"], ["--machine", "3 boards"], ["--mapping", str(tmp_path / "m.map")]]
    hashes = set()
    for variant in variants:
        assert main(["run", script, "--json", *variant]) == 0
        hashes.add(last_object(capsys)["spike_hash"])
    assert len(hashes) == 1


def test_resets_and_changes_are_counted_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the machine counted, and the time it ran, are those of the whole script."""
    runs = {"whole": "sim.run(400)", "pieces": "sim.run(100); cells.set(i_offset=0.0)\n" * 4, "resets": ""}
    runs["resets"] = "sim.run(400); sim.reset()\n" * 2
    figures = {}
    for name, text in runs.items():
        path = tmp_path / f"{name}.py"
        path.write_text(SCRIPT.replace("sim.run(float(sys.argv[1]) if len(sys.argv) > 1 else 200.0)", text))
        assert main(["run", str(path), "--json"]) == 0
        figures[name] = last_object(capsys)
    for count in ("bio_s", "packets", "synaptic_events", "spikes", "spike_hash"):
        assert figures["pieces"][count] == figures["whole"][count]
    assert figures["resets"]["bio_s"] == 0.8
    assert figures["resets"]["packets"] == 2 * figures["whole"]["packets"]


def test_run_writes_results_and_report(script: str, tmp_path: Path) -> None:
    assert main(["run", script, "--out", str(tmp_path / "out")]) == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["figures.json", "report.html", "report.json", "report.txt", "results.npz"]


def test_map_prints_every_figure_and_does_not_run(script: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", script, "--machine", "spin5", "--json"]) == 0
    figures = last_object(capsys)
    assert [name for name in figures if name in MAP_FIGURES.split()] == MAP_FIGURES.split()
    assert figures["machine"] == "spin5"
    assert figures["cores"] == 2


def test_map_takes_a_netlist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = {
        "format": "pyneuro-netlist-1",
        "name": "pair",
        "vertices": [{"name": "a", "neurons": 4}, {"name": "b", "neurons": 4}],
        "nets": [{"source": 0, "sinks": [1], "weight": 4, "key": 4096, "mask": 4294963200}],
    }
    path = tmp_path / "pair.json"
    path.write_text(json.dumps(document))
    for keys in ("given", "allocated"):
        assert main(["map", "--netlist", str(path), "--keys", keys, "--out", "mapped", "--json"]) == 0
        assert last_object(capsys)["cores"] == 2
        given = "0x00001000" in Path("mapped/report.json").read_text()
        assert given == (keys == "given")


def test_map_warns_of_what_it_changes_and_foresees(tmp_path: Path) -> None:
    """Of a network and of a netlist: here of delays, and of a link that has too much to carry."""
    rounded = tmp_path / "rounded.py"
    rounded.write_text(SCRIPT.replace("delay=2.0", "delay=2.4"))
    with pytest.warns(MappingWarning, match="100 of 100 delays are no multiple of the timestep"):
        assert main(["map", str(rounded)]) == 0
    document = {
        "format": "pyneuro-netlist-1",
        "name": "pair",
        "vertices": [{"name": f"v{i}", "neurons": 4} for i in range(20)],
        "nets": [{"source": 0, "sinks": list(range(20)), "weight": 4, "rate": 100}],
    }
    path = tmp_path / "pair.json"
    path.write_text(json.dumps(document))
    narrow = tmp_path / "narrow.map"
    narrow.write_text("machine spin5\nlink capacity 80 packets/s\n")
    with pytest.warns(
        MappingWarning, match=r"link .* of chip .*: at the expected rates it has 125 % of the 80 packets"
    ):
        assert main(["map", "--netlist", str(path), "--mapping", str(narrow), "--out", "narrow"]) == 0
    assert "1 link has more to carry at the expected rates" in Path("narrow/report.txt").read_text().replace("\n ", "")


def test_compare_reports_and_judges(script: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", script, "--require", "rate<50%"]) == 0
    said = capsys.readouterr().out
    assert "Comparison" in said
    assert "small-report/report.html" in said
    assert Path("small-report/report.html").is_file()
    assert main(["compare", script, "--json", "--require", "rate<0%", "--out", "there"]) == 1
    figures = last_object(capsys)
    assert figures["passed"] is False
    assert Path("there/report.json").is_file()


def test_what_only_compare_judges_is_said_once(script: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`map` and `run` say so and are not failed by it; `compare` judges it, whoever required it."""
    Path("a.map").write_text("machine spin3\nrequire chips <= 4\nrequire rate error < 0 %\n")
    note = "pyneuro: note: not judged: 'rate error < 0 %' (a.map:3); `pyneuro compare SCRIPT` judges"
    for command in ("map", "run"):
        assert main([command, script, "--mapping", "a.map", "--out", "there"]) == 0
        out, error = capsys.readouterr()
        assert error.count("not judged") == 1
        assert note in error
        assert "not judged" not in out
        assert "Not judged: 'rate error < 0 %'" in Path("there/report.txt").read_text().replace("\n  ", " ")
    Path("own.py").write_text(SCRIPT.replace("seed=3", "seed=3, mapping='a.map'"))
    assert main(["compare", "own.py", "--out", "there", "--no-budget"]) == 1
    out, error = capsys.readouterr()
    assert "not judged" not in out.lower() + error
    assert "rate error < 0 %" in out


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_compare_shows_the_line_of_what_is_not_met_and_what_to_try(
    words: tuple[str, ...], script: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.map").write_text("machine spin3\nrequire chips <= 0\n  require rate error < 0 %\nrequire distance < 1000\n")
    how = ("--mapping", "a.map", "--out", "there", "--no-budget", "--require", "vmax<0", *words)
    assert main(["compare", script, *how]) == 1
    error = capsys.readouterr().err
    assert "a.map:2:1: error: 'chips <= 0' is not met: 1\n   2 | require chips <= 0\n" in error
    assert "a.map:3:3: error: 'rate error < 0 %' is not met by cells: 0 %\n   3 |   require rate error < 0 %\n" in error
    assert error.count("     = try what mends the cause that the error budget names") == 2
    assert "command line: error: 'vmax<0' is not met by cells" in error
    assert "    | --require vmax<0\n" in error
    assert "distance" not in error
    rows = {row["requirement"]: row for row in json.loads(Path("there/report.json").read_text())["requirements"]}
    assert rows["rate error < 0 %"]["origin"] == "a.map:3"
    assert "error budget" in rows["rate error < 0 %"]["remedy"]
    assert (rows["distance < 1000"]["origin"], rows["distance < 1000"]["remedy"]) == ("a.map:4", "")
    assert rows["vmax<0"]["origin"] == "command line"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(3)", "stopped with exit status 3"),
        ("def", "invalid syntax"),
        ("pass", "it never called run()"),
        (
            "import pyneuro as sim; sim.setup(backend='brian')",
            "there is no backend 'brian'; there are emulator, reference",
        ),
        (
            "import pyneuro as sim\nsim.setup()\nsim.Population(1, sim.IF_curr_exp(tau_m=-3.0))",
            "IF_curr_exp.tau_m must be > 0 ms, got -3",
        ),
    ],
)
@pytest.mark.parametrize("command", ["run", "map"])
def test_a_script_that_fails_is_told_in_one_line(
    command: str, text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.py"
    path.write_text(text)
    assert main([command, str(path), "--out", "nowhere"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("pyneuro: error: ")
    assert message in said
    assert "Traceback" not in said
    assert not Path("nowhere").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "missing.py"], "there is no script 'missing.py'"),
        (["run", "{script}", "--machine", "spin6"], "unknown machine 'spin6'"),
        (["run", "{script}", "--mapping", "missing.map"], "there is no mapping file missing.map"),
        (["compare", "{script}", "--require", "rat<2%"], "rat"),
        (["map", "--netlist", "missing.json"], "missing.json"),
        (["verify-arithmetic", "missing"], "missing"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    words: list[str], message: str, script: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word.format(script=script) for word in words]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said


def test_debug_shows_the_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.py"
    path.write_text("1 / 0")
    assert main(["run", str(path), "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_what_cannot_be_honoured_is_refused_before_the_script_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "noisy.py"
    path.write_text("print('started')")
    (tmp_path / "file").touch()
    (tmp_path / "bad.map").write_text("place using hilbrt")
    for words in (["--machine", "spin6"], ["--mapping", str(tmp_path / "bad.map")], ["--out", "file"]):
        for command in ("run", "map", "compare"):
            assert main([command, str(path), *words]) == 2
            assert "started" not in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--seeds", "2", "--no-budget"], ["--seeds", "-1"]])
def test_seeds_that_would_be_ignored_are_refused(
    words: list[str], script: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", script, *words]) == 2
    assert "leave out --no-budget" in capsys.readouterr().err


def test_cells_that_tell_nothing_have_no_budget(tmp_path: Path) -> None:
    """Neither spikes nor v recorded: no row of zeros, but a warning."""
    path = tmp_path / "silent.py"
    path.write_text(
        "import pyneuro as sim\nsim.setup(timestep=1.0)\nsim.Population(1, sim.IF_curr_exp())\nsim.run(2.0)"
    )
    with pytest.warns(RunWarning, match="record the spikes or v of some cells"):
        assert main(["compare", str(path), "--out", str(tmp_path / "out")]) == 0
    assert "16-bit weights" not in (tmp_path / "out" / "report.html").read_text()


def test_a_comparison_is_written_before_it_is_judged(script: str) -> None:
    assert main(["compare", script, "--require", "no such label:rate<5%"]) == 2
    assert Path("small-report/report.html").is_file()


def test_get_simulator_answers_pyneuro_without_being_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "portable.py"
    path.write_text(
        "from pyNN.utility import get_simulator\n"
        "sim, options = get_simulator(('--n', 'cells', {'type': int}))\n"
        "sim.setup(timestep=1.0)\n"
        "sim.Population(options.n, sim.IF_cond_exp())\n"
        "sim.run(10.0)\n"
    )
    for arguments in (["--n", "3"], ["pyneuro", "--n", "3"]):
        assert main(["run", str(path), "--json", "--", *arguments]) == 0
        assert last_object(capsys)["neurons"] == 3


def test_scripts_of_the_older_kind_run_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Many of PyNN's examples take the simulator's name by get_script_args() and import all of it."""
    path = tmp_path / "older.py"
    path.write_text(
        "from pyNN.utility import get_script_args\n"
        "name, n = get_script_args(2)\n"
        "exec(f'from pyNN.{name} import *')\n"
        "setup(timestep=1.0, min_delay=1.0, label='older', rng_seed=3)\n"
        "cells = Population(int(n), IF_curr_exp())\n"
        "run(10.0)\n"
        "end()\n"
    )
    for arguments in (["3"], ["pyneuro", "3"]):
        assert main(["run", str(path), "--json", "--", *arguments]) == 0
        assert last_object(capsys)["neurons"] == 3
    assert main(["run", str(path)]) == 2
    assert "takes 2 arguments, got 0" in capsys.readouterr().err


def test_verify_arithmetic_says_what_it_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not (SHARED / "golden").is_dir():
        pytest.skip("the golden traces are not beside the project")
    status = main(["verify-arithmetic", str(SHARED / "golden")])
    said = capsys.readouterr().out.splitlines()
    assert "IF_curr_exp_dc_1ms.csv: 1000 steps, 0 mismatches" in said
    unsupported = [line for line in said if "not supported" in line]
    assert all(line in unsupported or line.endswith(" 0 mismatches") for line in said)
    assert status == (1 if unsupported else 0)
