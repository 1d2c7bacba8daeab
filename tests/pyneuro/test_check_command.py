"""``pyneuro check``, and mapping files where scripts and the command line take them."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest
from processes import in_new_process

import pyneuro
from pyneuro import mapping, simulator
from pyneuro.cli import main
from pyneuro.cli.script import run_script
from pyneuro.errors import MappingWarning
from toolchain.language import SettingsError

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPT = """
import pyneuro as sim

sim.setup(timestep=1.0, backend="reference")
noise = sim.Population(4, sim.SpikeSourcePoisson(rate=20.0), label="noise")
cells = sim.Population(4, sim.IF_curr_exp(), label="cells")
sim.Projection(noise, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.1), label="input")
print("built")
sim.run(1e9)
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    return str(path)


def check(tmp_path: Path, text: str, *words: str) -> int:
    (tmp_path / "a.map").write_text(text)
    return main(["check", str(tmp_path / "a.map"), *words])


def test_a_file_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, "machine spin5\n") == 0
    told = f"{tmp_path}/a.map: 1 statement, no errors; labels were not checked, for no network was named\n"
    assert capsys.readouterr().out == told
    assert check(tmp_path, "machine spin4\nplace\n") == 1
    out = capsys.readouterr().out
    assert "a.map:1:1: error: unknown machine 'spin4'" in out
    assert "a.map:2:6: error: expected 'using' or a label in quotes, the line ends here" in out
    assert out.endswith("a.map: 1 statement, 2 errors; labels were not checked, for no network was named\n")


def test_labels_of_a_script(script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = 'population "cell?": neurons_per_core = 2\nprojection "noise -> *": weight_shift = 1\n'
    assert check(tmp_path, right, script) == 0
    assert capsys.readouterr().out.endswith("a.map: 2 statements, no errors\n")
    wrong = right + 'projection "inptu": weight_shift = 1\nplace "cels" on board 0\nmachine spin4\n'
    assert check(tmp_path, wrong, script) == 1
    out = capsys.readouterr().out
    assert out.startswith("built\n")
    for line, column, message, hint in (
        (3, 12, "no projection is called 'inptu'", "did you mean 'input'?"),
        (4, 7, "no population is called 'cels'", "did you mean 'cells'?"),
        (5, 1, "unknown machine 'spin4'", "did you mean 'spin5'?"),
    ):
        assert f"a.map:{line}:{column}: error: {message}" in out
        assert f"     = {hint}" in out


def test_contradictions_in_a_script_and_in_a_netlist(
    script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = 'place "cells" on chip (0, 0)\nplace "c*" on chip (0, 1)\n'
    keys = 'keys of "noise" from 0 mask 0xFFFFFF00\nkeys of "n*" from 0x100 mask 0xFFFFFF00\n'
    netlist = tmp_path / "n.json"
    vertices = [{"name": f"{name}[0:4]", "neurons": 4} for name in ("cells", "noise")]
    document = {"format": "pyneuro-netlist-1", "name": "n", "vertices": vertices, "nets": []}
    netlist.write_text(json.dumps(document))
    for words in ((script,), (str(netlist),)):
        assert check(tmp_path, places + keys, *words) == 1
        out = capsys.readouterr().out
        assert "a.map:2:7: error: 'cells' on chip (0, 0)" in out
        assert 'a.map:1:7: note: together with this\n   1 | place "cells" on chip (0, 0)\n' in out
        assert "a.map:4:9: error: 'noise' has keys from 0x0" in out
        assert out.endswith("a.map: 4 statements, 2 errors\n")
        for machine in ("", "machine spin3\n"):
            assert check(tmp_path, machine + 'place "cells" near "noise"\n', *words) == 0


def test_what_is_wrong_with_the_file_is_told_if_the_script_fails_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(tmp_path, "machine spin4\n", str(tmp_path / "absent.py")) == 2
    out, error = capsys.readouterr()
    assert "a.map:1:1: error: unknown machine 'spin4'" in out
    assert "there is no script" in error


def test_what_the_named_machine_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, "machine spin5\ndead 16 cores on chip (0, 0)\n") == 1
    assert "a.map:2:6: error: 16 dead cores on chip (0, 0) of spin5: it has 15 to use" in capsys.readouterr().out
    assert check(tmp_path, "dead 16 cores on chip (0, 0)\n") == 0


def test_a_machine_of_the_command_line(script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that names none is judged against it, one that names another against both."""
    on = ("--machine", "spin3")
    said = 'dead chips (5, 5)\nplace "cells" on chip (1, 2)\n'
    assert check(tmp_path, "dead 16 cores on chip (0, 0)\n", *on) == 1
    assert "a.map:1:6: error: 16 dead cores on chip (0, 0) of spin3" in capsys.readouterr().out
    for before in ("", "machine 3 boards\n"):
        assert check(tmp_path, before + said, script) == int(not before)
        assert ("a.map:1:12: error: dead chips are given, but no machine is named" in capsys.readouterr().out) == (
            not before
        )
        assert check(tmp_path, before + said, script, *on) == 1
        out = capsys.readouterr().out
        first = 1 + before.count("\n")
        assert f"a.map:{first}:12: error: spin3 has no chip (5, 5)" in out
        assert f"a.map:{first + 1}:23: error: spin3 has no chip (1, 2)" in out
        assert out.endswith("2 errors\n")
    assert check(tmp_path, "machine spin4\n", *on) == 1
    assert "unknown machine 'spin4'" in capsys.readouterr().out
    assert check(tmp_path, said, "--machine", "spin4") == 2
    assert "unknown machine 'spin4'" in capsys.readouterr().err


def test_a_script_under_python_is_warned_of_what_is_not_met(tmp_path: Path) -> None:
    """Its exit status is Python's; the command line judges, and does not warn."""
    said = tmp_path / "a.map"
    said.write_text("require chips < 1\nrequire cores >= 1\nrequire hops < 0\n")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        small_run(said)
    told = [str(one.message) for one in caught if issubclass(one.category, MappingWarning)]
    assert told == [
        f"the requirement 'chips < 1' is not met: 1; try more neurons a core ({said}:1)",
        f"the requirement 'hops < 0' is not met: 0; try place using annealing(effort=4) ({said}:3)",
    ]
    simulator.overrides.judges = True
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small_run(said)


def small_run(mapping: Path) -> None:
    pyneuro.setup(timestep=1.0, mapping=mapping)
    pyneuro.Population(3, pyneuro.IF_curr_exp(), label="a")
    pyneuro.run(1.0)
    pyneuro.end()


CORNER, SECOND = 'place "cells" on chip (5, 5)\n', 'place "cells" on board 1\n'
ANYWHERE = "no machine is named, and no standard one has all these places"


@pytest.mark.parametrize(
    ("said", "machine", "problem"),
    [
        (("", CORNER, ()), "spin5", ""),
        (("", SECOND, ()), "3 boards", ""),
        (("", f"reserve 2 cores on every chip\n{CORNER}", ()), "spin5", ""),
        (("", 'place "cells" on chip (255, 0)\n', ()), "", ANYWHERE),
        (("", 'place "cells" on chip (0, 0) core 16\n', ()), "", ANYWHERE),
        (("machine='spin3'", f"machine spin5\n{CORNER}", ()), "spin5", ""),
        (("machine='spin5'", "machine spin3\n", ("--machine", "3 boards")), "3 boards", ""),
        (("machine='spin3'", CORNER, ()), "", "cannot be on chip (5, 5), which spin3 lacks"),
        (("machine='spin3'", "dead chips (5, 5)\n", ()), "", "dead chip (5, 5): spin3 has no such chip"),
        (("machine=spin3()", "dead chips (1, 1)\n", ()), "spin3", ""),
        (("machine=spin3()", CORNER, ()), "", "cannot be on chip (5, 5), which spin3 lacks"),
    ],
)
def test_check_and_map_agree_on_the_machine(
    said: tuple[str, str, tuple[str, ...]],
    machine: str,
    problem: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of the file, then of the script; where neither names one it is the smallest that has the places."""
    of_script, text, words = said
    script = tmp_path / "on.py"
    head = SCRIPT.replace("setup(", f"setup({of_script}, " if of_script else "setup(")
    script.write_text("from emulator.machine import spin3\n" + head)
    assert check(tmp_path, text, str(script), *words) == int(bool(problem))
    assert problem in capsys.readouterr().out
    mapped = main(["map", str(script), "--mapping", str(tmp_path / "a.map"), "--json", *words])
    out, error = capsys.readouterr()
    if machine:
        assert mapped == 0
        assert json.loads(out.splitlines()[-1])["machine"] == machine
    else:
        assert mapped == 2
        assert problem in error


def test_a_netlist_names_the_machine_for_check_and_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    netlist = tmp_path / "n.json"
    vertices = [{"name": "cells[0:4]", "neurons": 4}]
    document = {"format": "pyneuro-netlist-1", "name": "n", "machine": "spin3", "vertices": vertices, "nets": []}
    netlist.write_text(json.dumps(document))
    assert check(tmp_path, CORNER, str(netlist)) == 1
    assert main(["map", "--netlist", str(netlist), "--mapping", str(tmp_path / "a.map")]) == 2
    assert capsys.readouterr().err.count("which spin3 lacks") == 1


def test_what_a_mapping_would_stop_at_is_found(script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shifts = 'projection "*": weight_shift = 1\nprojection "input": weight_shift = 2\n'
    again = SCRIPT.replace('label="input")', 'label="input")\nsim.Projection(noise, cells, sim.AllToAllConnector())')
    Path(script).write_text(again)
    assert check(tmp_path, shifts, script) == 1
    out = capsys.readouterr().out
    assert "onto the same receptor, excitatory of 'cells'" in out
    assert '   1 | projection "*": weight_shift = 1\n' in out
    assert '   2 | projection "input": weight_shift = 2\n' in out
    many = " or ".join(["hilbert"] * 129)
    assert check(tmp_path, f"route using ner or trunk\nplace using {many}") == 1
    out = capsys.readouterr().out
    assert "a.map:2:1: error: 258 combinations of algorithms are too many to try" in out


def one_vertex(tmp_path: Path) -> Path:
    """A netlist of one vertex, a[0:4]."""
    netlist = tmp_path / "n.json"
    netlist.write_text(
        '{"format": "pyneuro-netlist-1", "name": "n", "vertices": [{"name": "a[0:4]", "neurons": 4}], "nets": []}'
    )
    return netlist


def test_what_a_netlist_does_not_tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    netlist = one_vertex(tmp_path)
    assert check(tmp_path, "require link load < 80 %\nrequire hops < 9\nminimise sdram", str(netlist)) == 1
    out = capsys.readouterr().out
    assert "a.map:1:1: error: 'link load < 80 %' is never met: the netlist tells no rates" in out
    assert "a.map:3:1: error: sdram cannot be minimised: the netlist tells no SDRAM" in out
    assert out.endswith("2 errors\n")


def test_what_cannot_be_checked_at_all(script: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "none.map")]) == 2
    assert "there is no mapping file" in capsys.readouterr().err
    (tmp_path / "a.map").write_text("machine spin5")
    assert main(["check", script, str(tmp_path / "a.map")]) == 2
    assert "the mapping file comes first" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_ends_a_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "script.py").write_text("raise BrokenPipeError")
    with pytest.raises(BrokenPipeError):
        run_script(tmp_path / "script.py", ())


def test_labels_of_a_netlist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    netlist = one_vertex(tmp_path)
    assert check(tmp_path, 'place "a" on board 0\nplace "b" on board 0\n', str(netlist)) == 1
    out = capsys.readouterr().out
    assert "a.map:2:7: error: no population is called 'b'" in out
    assert "2 statements, 1 error\n" in out


def test_a_script_that_builds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.py").write_text("")
    assert check(tmp_path, "machine spin5\n", str(tmp_path / "empty.py")) == 2
    assert "made no network: it never called run()" in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.map")), ids=lambda path: path.name)
def test_the_examples_are_right(path: Path) -> None:
    script = path.with_suffix(".py")
    assert main(["check", str(path), *([str(script)] if script.exists() else [])]) == 0


def test_setup_takes_files_and_statements(tmp_path: Path) -> None:
    (tmp_path / "a.map").write_text("set neurons_per_core = 2")
    pyneuro.setup(mapping=tmp_path / "a.map")
    pyneuro.setup(mapping=[mapping.Machine("spin5"), mapping.Set({"cycles_margin": mapping.Quantity(80, "%")})])
    pyneuro.setup(mapping=[])
    with pytest.raises(SettingsError, match="'neurons_per_core' must be from 1 to 256, got 0"):
        pyneuro.setup(mapping=[mapping.Set({"neurons_per_core": 0})])
    simulator.state.clear()


def test_a_wrong_file_stops_the_command_line(tmp_path: Path, script: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.map").write_text("place using hilbrt\nplcae\n")
    assert main(["map", script, "--mapping", str(tmp_path / "bad.map")]) == 2
    err = capsys.readouterr().err
    assert err.startswith("pyneuro: error: 2 errors in what is said about the mapping\n")
    assert "did you mean 'hilbert'?" in err
    assert "did you mean 'place'?" in err


def test_settings_are_explained_where_a_mapping_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    netlist, said = tmp_path / "n.json", tmp_path / "a.map"
    vertices = [{"name": f"a[{i}]", "neurons": 4} for i in range(99)]
    netlist.write_text(json.dumps({"format": "pyneuro-netlist-1", "name": "n", "vertices": vertices, "nets": []}))
    said.write_text("machine spin3\nattempts 2\n")
    assert main(["map", "--netlist", str(netlist), "--mapping", str(said), "--explain"]) == 2
    out, error = capsys.readouterr()
    assert f"{said}:2" in next(line for line in out.splitlines() if line.startswith("attempts"))
    assert "needs 99 cores" in error


def test_mapping_a_netlist_loads_neither_pynn_nor_solvers() -> None:
    script = "import sys, pyneuro.cli.map; print([m for m in ('pyNN.common', 'scipy.optimize') if m in sys.modules])"
    assert in_new_process(script) == "[]\n"
