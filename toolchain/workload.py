"""Workload: a network as the machine meets it, with delays in steps and expected rates."""

from __future__ import annotations

from dataclasses import dataclass

from toolchain.delays import Delays, in_steps
from toolchain.diagnostics import Diagnostic
from toolchain.network import Network
from toolchain.options import MappingOptions
from toolchain.rates import Rate, expected_rates


@dataclass(frozen=True, eq=False)
class Workload:
    """A network, the delays of each projection and the expected rates of each population."""

    network: Network
    delays: tuple[Delays, ...]
    rates: tuple[Rate, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


def prepare(network: Network, options: MappingOptions) -> Workload:
    """Round the delays of `network` and guess its rates.

    Raises
    ------
    MappingError
        If a delay exceeds what delay stages can do.
    """
    delays, remarks = in_steps(network)
    return Workload(network, delays, expected_rates(network, options), remarks)
