"""A pytest plugin by which PyNN's own system scenarios run on pyneuro, once each.

PyNN runs each scenario on those of its back ends that it names.  Here pyneuro takes the place of all of them, and of
each scenario one run is kept: as "nest" only where the scenario names no other, for as "nest" some scenarios expect
what is NEST's alone (the times of a StepCurrentSource, earlier by the least delay).

>>> python -m pytest -p tests.oracle.scenarios_plugin PYNN_SOURCE/test/system/scenarios      # doctest: +SKIP
"""

from __future__ import annotations

import sys

import pytest

import pyneuro

PLACES = ("brian2", "neuron", "nest")
for place in PLACES:
    sys.modules[f"pyNN.{place}"] = pyneuro


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep one run of each scenario, and none that no place of ours is named for."""
    kept: dict[str, pytest.Item] = {}
    for place in PLACES:
        for item in items:
            if item.name.endswith(f"[{place}]"):
                kept.setdefault(f"{item.path}::{getattr(item, 'originalname', item.name)}", item)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept.values()])
    items[:] = kept.values()
