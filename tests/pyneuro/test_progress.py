"""Progress is shown on a terminal and nowhere else."""

import io

import pytest

from pyneuro import progress as module
from pyneuro.progress import progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_pipe_sees_nothing() -> None:
    assert progress("running", 100, io.StringIO()) is None


def test_a_terminal_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.0)
    stream = Terminal()
    show = progress("running", 100, stream)
    assert show is not None
    show(50)
    assert "running [###############...............]  50 %" in stream.getvalue()
    show(100)
    assert stream.getvalue().endswith("\r\x1b[K")


def test_short_work_shows_nothing() -> None:
    stream = Terminal()
    show = progress("running", 100, stream)
    assert show is not None
    show(100)
    assert stream.getvalue() == ""
