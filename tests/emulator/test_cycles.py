"""Cycle estimates: the figure that is known, and that more work costs more."""

from emulator import cycles
from emulator.program import Instruction, Op, Program, Register, Role
from toolchain.models import CELL_MODELS
from toolchain.models.declaration import CellModel


def test_the_known_figure() -> None:
    """SPINNAKER.md 1: one LIF update with recording takes about 121 cycles, a fixed synapse about 31."""
    model = CELL_MODELS["IF_curr_exp"]
    assert isinstance(model, CellModel)
    assert cycles.program_cycles(model.program()) == 121
    assert cycles.SYNAPSE_CYCLES == 31


def test_every_operation_has_a_cost() -> None:
    registers = (Register("s", Role.STATE),)
    for op in Op:
        one = Program("one", registers, (Instruction(op, 0, 0),), 0, ())
        two = Program("two", registers, (Instruction(op, 0, 0),) * 2, 0, ())
        assert cycles.program_cycles(two) - cycles.program_cycles(one) == cycles.OPERATION_CYCLES[op] > 0


def test_substeps_cost_more() -> None:
    for model in CELL_MODELS.values():
        if isinstance(model, CellModel):
            assert cycles.program_cycles(model.program(1)) < cycles.program_cycles(model.program(2))
