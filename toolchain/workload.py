"""Workload: a network as the machine meets it, with delays in steps and expected rates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from toolchain.banks import Bank, Synapses, banks_of, rounded_dendrites
from toolchain.delays import Delays, in_steps
from toolchain.diagnostics import Diagnostic
from toolchain.network import Network
from toolchain.options import MappingOptions
from toolchain.rates import Rate, cell_rates, expected_rates
from toolchain.rewired_banks import rewired_banks
from toolchain.synapses import STATIC
from toolchain.synapses.modulation import NEUROMODULATION

UNCHANGING = (STATIC, NEUROMODULATION)
"""Synapse types that send the same always."""


@dataclass(frozen=True, eq=False)
class Workload:
    """A network, the delays of each projection and the expected rates of each population.

    Parameters
    ----------
    banks : tuple of Bank
        The synapses with dynamics.
    """

    network: Network
    delays: tuple[Delays, ...]
    rates: tuple[Rate, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    banks: tuple[Bank, ...] = ()

    @cached_property
    def fixed(self) -> Synapses:
        """The projections without dynamics that have synapses."""
        pairs = zip(self.network.projections, self.delays, strict=True)
        return [(made, delay) for made, delay in pairs if made.synapse in UNCHANGING and len(made)]

    @cached_property
    def spikes(self) -> tuple[NDArray[np.float64], ...]:
        """Spikes expected of each cell of each population in a tick; float64[cells], or float64[1] if all are alike."""
        ticks = self.network.timestep * 1e-3
        pairs = [(rate, cell_rates(p, rate)) for p, rate in zip(self.network.populations, self.rates, strict=True)]
        return tuple(ticks * (np.array([rate.mean]) if rates is None else rates) for rate, rates in pairs)


def prepare(network: Network, options: MappingOptions) -> Workload:
    """Round the delays of `network` and guess its rates.

    Raises
    ------
    MappingError
        If a delay exceeds what delay stages can do, or weights cannot be scaled alike.
    """
    delays, remarks = in_steps(network, options)
    remarks += rounded_dendrites(network, delays)
    banks = (*banks_of(network, delays), *rewired_banks(network, delays, options.rewired_row_synapses))
    in_order = tuple(sorted(banks, key=lambda bank: bank.numbers[0]))
    return Workload(network, delays, expected_rates(network, options), remarks, in_order)
