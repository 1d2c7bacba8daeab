"""Workload: a network as the machine meets it, with delays in steps and expected rates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from toolchain.banks import Bank, Synapses, banks_of, rounded_dendrites
from toolchain.delays import Delays, in_steps
from toolchain.diagnostics import Diagnostic
from toolchain.network import Network
from toolchain.options import MappingOptions
from toolchain.rates import Rate, expected_rates
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
