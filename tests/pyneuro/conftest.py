"""What the tests of the user's side share: nobody decides over what a test sets up."""

from __future__ import annotations

import pytest

from pyneuro import simulator
from pyneuro.options import ENVIRONMENT, Overrides


@pytest.fixture(autouse=True)
def _nothing_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a command line decided in an earlier test, and what the environment says."""
    monkeypatch.setattr(simulator, "overrides", Overrides())
    for variable in ENVIRONMENT.values():
        monkeypatch.delenv(variable, raising=False)
