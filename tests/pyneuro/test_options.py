"""setup(): what it takes, who decides, and what it says to what it does not take."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest

import pyneuro
from emulator.errors import MachineError
from emulator.machine import spin3
from pyneuro import simulator
from pyneuro.errors import SetupError
from pyneuro.mapping import Clock, DeadChips, Reserve
from pyneuro.mapping import Machine as Named
from pyneuro.options import Options, Overrides, options
from toolchain.errors import MappingError
from toolchain.language import on_machine
from toolchain.machines import candidates
from toolchain.settings import UNSAID


def test_who_decides(tmp_path: Path) -> None:
    """The command line before the script, the script before the environment, that before the default."""
    environment = {"PYNEURO_BACKEND": "reference", "PYNEURO_MACHINE": "spin5", "PYNEURO_THREADS": "3"}
    script = {"machine": "spin3"}
    assert options({}, Overrides(), {}) == Options(mapping=UNSAID)
    chosen = options(script, Overrides(), environment)
    assert (chosen.backend, chosen.machine, chosen.threads) == ("reference", "spin3", 3)
    mapping = tmp_path / "a.map"
    mapping.write_text("set neurons_per_core = 100")
    chosen = options(script, Overrides(backend="emulator", machine="2x2", mapping=mapping), environment)
    assert (chosen.backend, chosen.machine, chosen.threads) == ("emulator", "2x2", 3)
    assert dict(chosen.mapping.options) == {"neurons_per_core": 100}


def test_settings_know_who_named_the_machine(tmp_path: Path) -> None:
    mapping = tmp_path / "a.map"
    mapping.write_text("machine spin5")
    said = {"mapping": mapping}
    for chosen, name, origin in (
        (options(said, Overrides(), {}), "spin5", f"{mapping}:1"),
        (options(said, Overrides(machine="spin3"), {}), "spin3", "command line"),
        (options({"machine": "2x2"}, Overrides(mapping=mapping), {}), "spin5", f"{mapping}:1"),
        (options({"machine": "2x2"}, Overrides(mapping=mapping, machine="spin3"), {}), "spin3", "command line"),
        (options({"machine": "2x2"}, Overrides(), {"PYNEURO_MAPPING": str(mapping)}), "2x2", "script"),
        (options({"machine": "spin5", **said}, Overrides(), {}), "spin5", f"{mapping}:1"),
        (options(said, Overrides(), {"PYNEURO_MACHINE": "spin3"}), "spin5", f"{mapping}:1"),
        (options({}, Overrides(), {"PYNEURO_MACHINE": "spin3"}), "spin3", "PYNEURO_MACHINE"),
        (
            options({}, Overrides(), {"PYNEURO_MACHINE": "2x2", "PYNEURO_MAPPING": str(mapping)}),
            "2x2",
            "PYNEURO_MACHINE",
        ),
    ):
        settings = on_machine(chosen.mapping, chosen.machine)
        assert (settings.machine.name, str(settings.machine.origin)) == (name, origin)
        assert chosen.machine == name


def test_a_script_says_its_machine_and_its_factor_once(tmp_path: Path) -> None:
    mapping = tmp_path / "a.map"
    mapping.write_text("machine 3 boards\nset time_scale_factor = 10")
    for said, beside, place in (
        ("the machine", {"machine": "spin5"}, "a.map:1:1: error: "),
        ("the machine", {"machine": spin3()}, "a.map:1:1: error: "),
        ("'time_scale_factor'", {"time_scale_factor": 4}, "a.map:2:5: error: "),
    ):
        with pytest.raises(MappingError, match=re.escape(f"{place}{said} is said twice")) as caught:
            options({"mapping": mapping, **beside}, Overrides(), {})
        assert "= setup(" in str(caught.value)
    with pytest.raises(MappingError, match=r"setup\(machine='spin5'\) says it, too"):
        options({"mapping": [Named("spin3")], "machine": "spin5"}, Overrides(), {})


def test_the_factor_in_a_mapping(tmp_path: Path) -> None:
    """By the same name; the command line holds against the script."""
    mapping = tmp_path / "a.map"
    mapping.write_text("set time_scale_factor = 10")
    for chosen, factor, origin in (
        (options({"mapping": {"time_scale_factor": 4}}, Overrides(), {}), 4, "script"),
        (options({"mapping": {"time_scale_factor": 4}, "time_scale_factor": 4.0}, Overrides(), {}), 4, "script"),
        (options({"time_scale_factor": 4.0}, Overrides(), {}), 4, "script"),
        (options({"time_scale_factor": 4.0}, Overrides(mapping=mapping), {}), 10, f"{mapping}:1"),
        (options({"time_scale_factor": 4.0}, Overrides(), {"PYNEURO_MAPPING": str(mapping)}), 4, "script"),
    ):
        assert chosen.time_scale_factor == chosen.mapping.options["time_scale_factor"] == factor
        assert str(chosen.mapping.origins["time_scale_factor"]) == origin


def test_what_is_said_of_parts_holds_of_a_machine_that_a_script_made() -> None:
    said = [DeadChips(((1, 1),)), Reserve(cores=3), Clock(180_000_000)]
    chosen = options({"machine": spin3(), "mapping": said}, Overrides(), {})
    (machine,) = candidates(chosen.mapping.machine)
    assert (machine.chips, machine.clock_hz, int(machine.cores.max())) == (3, 180_000_000, 13)
    with pytest.raises(MappingError, match=r"dead chip \(5, 5\): spin3 has no such chip"):
        next(
            candidates(
                options({"machine": spin3(), "mapping": [DeadChips(((5, 5),))]}, Overrides(), {}).mapping.machine
            )
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"backend": "emulater"}, "there is no backend 'emulater'; did you mean 'emulator'"),
        ({"backend": 3}, "there is no backend 3; there are emulator, reference"),
        ({"dt": 0.1}, "no argument 'dt'; did you mean 'timestep'"),
        ({"time_step": 0.1}, "did you mean 'timestep'"),
        ({"timestp": 0.1}, "did you mean 'timestep'"),
        ({"mindelay": 0.1}, "did you mean 'min_delay'"),
        ({"timestep": -0.1}, "timestep must be a positive number of ms, got -0.1"),
        ({"timestep": "1"}, "timestep must be a positive number of ms, got '1'"),
        ({"timestep": float("nan")}, "timestep must be a positive number"),
        ({"timestep": 1.0, "min_delay": 0.5}, "min_delay must be at least the timestep, 1 ms, got 0.5 ms"),
        ({"max_delay": "long"}, "max_delay must be a positive number of ms or 'auto', got 'long'"),
        ({"min_delay": 2.0, "max_delay": 1.0}, "min_delay, 2 ms, is greater than max_delay, 1 ms"),
        ({"time_scale_factor": 0}, "time_scale_factor must be a positive number, got 0"),
        ({"machine": 3}, "machine must be the name of a machine or a Machine, got 3"),
        ({"seed": -1}, "seed must be a whole number, at least 0, got -1"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"threads": 0}, "threads must be a whole number, at least 1, got 0"),
        ({"threads": 1025}, "threads must be at most 1024, got 1025"),
        ({"mapping": 5}, "mapping must be options by name, a mapping file or a list of statements, got 5"),
        ({"threads": True}, "threads must be a whole number"),
    ],
)
def test_what_cannot_be_honoured(arguments: dict[str, Any], message: str) -> None:
    """One message that names argument, value and remedy."""
    with pytest.raises(SetupError) as caught:
        pyneuro.setup(**arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("PYNEURO_BACKEND", "nest", "PYNEURO_BACKEND must be one of emulator, reference, got 'nest'"),
        ("PYNEURO_THREADS", "two", "PYNEURO_THREADS must be a whole number of threads, got 'two'"),
    ],
)
def test_wrong_environment(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str) -> None:
    """A wrong variable of the environment is named."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(SetupError, match=message):
        pyneuro.setup()


def test_machines() -> None:
    """A machine is named, or made; a name that is none is refused at once."""
    assert pyneuro.setup(machine="3 boards") == 0
    assert pyneuro.setup(machine=spin3()) == 0
    with pytest.raises(MachineError, match="unknown machine 'spin4'; known are spin3"):
        pyneuro.setup(machine="spin4")


def test_mapping_options_are_checked_at_once() -> None:
    """Before anything is built."""
    with pytest.raises(MappingError, match=r"(?s)has no option 'neurons_a_core'.*did you mean 'neurons_per_core'"):
        pyneuro.setup(mapping={"neurons_a_core": 5})
    with pytest.raises(MappingError, match=r"there is no mapping file none.map"):
        pyneuro.setup(mapping="none.map")


def test_failed_setup_keeps_what_there_was() -> None:
    """A setup() that fails changes nothing."""
    pyneuro.setup(timestep=1.0)
    pyneuro.Population(2, pyneuro.IF_curr_exp())
    with pytest.raises(SetupError):
        pyneuro.setup(timestep=-1.0)
    assert pyneuro.get_time_step() == 1.0
    assert len(simulator.state.populations) == 1


def test_arguments_of_other_back_ends_are_ignored(caplog: pytest.LogCaptureFixture) -> None:
    """A portable script may pass what other simulators take; that is said, once each."""
    with caplog.at_level(logging.WARNING, "PyNN"):
        assert pyneuro.setup(timestep=0.5, t_flush=200.0, rng_seed=3, label="VA") == 0
    assert [record.args[0] for record in caplog.records if isinstance(record.args, tuple)] == [
        "t_flush",
        "rng_seed",
        "label",
    ]
