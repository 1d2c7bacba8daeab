"""PyNN's procedural functions: cells and connections one by one."""

from __future__ import annotations

from typing import Any

from pyNN import common

from pyneuro import simulator
from pyneuro.connectors import FixedProbabilityConnector
from pyneuro.populations import Population
from pyneuro.projections import Projection
from pyneuro.standardmodels.synapses import StaticSynapse

create = common.build_create(Population)
connect = common.build_connect(Projection, FixedProbabilityConnector, StaticSynapse)
record = common.build_record(simulator)
set = common.set


def record_v(source: Any, filename: str) -> None:
    """Record the voltage of `source` to a file."""
    record(["v"], source, filename)


def record_gsyn(source: Any, filename: str) -> None:
    """Record the synaptic conductances of `source` to a file."""
    record(["gsyn_exc", "gsyn_inh"], source, filename)


__all__ = ["connect", "create", "record", "record_gsyn", "record_v", "set"]
