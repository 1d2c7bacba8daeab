"""The whole way from a network to a machine image: every stage in turn, each product checked.

>>> mapping = compile_network(network, machine="spin5")          # doctest: +SKIP
>>> mapping.partition, mapping.placement, mapping.image          # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from emulator.image import MachineImage
from emulator.machine import Machine
from toolchain.accuracy import inexact_words
from toolchain.algorithms import bind
from toolchain.banks import Bank
from toolchain.check_image import check as check_image
from toolchain.check_network import check_network
from toolchain.currents import coarse_currents
from toolchain.diagnostics import Diagnostic
from toolchain.dynamic_rows import weight_halves
from toolchain.errors import MappingError
from toolchain.figures import Mapped
from toolchain.idle_options import without_effect
from toolchain.image import Plan, build_image
from toolchain.keys import Keys
from toolchain.link_load import overloaded_links
from toolchain.machines import cut_off, machines_of
from toolchain.map_graph import GraphMapping, only
from toolchain.memory import CoreMemory
from toolchain.network import Network, Projection
from toolchain.options import MappingOptions, mapping_options
from toolchain.partition import Partition
from toolchain.partition.check import check as check_partition
from toolchain.partition.load import overloads
from toolchain.place import Placement
from toolchain.quantisation import Quantisation, quantise
from toolchain.responses import lossy_responses
from toolchain.rewiring import CoreState, present_synapses, structural_group
from toolchain.rounding import coarse_steps, rounded_amplitudes, rounded_parameters, short_time_constants
from toolchain.route import Routes
from toolchain.rows import Slicing
from toolchain.search import Trial, by_partitions
from toolchain.settings import UNSAID, Algorithm, Settings
from toolchain.sources import wrapping_sources
from toolchain.stopwatch import Stopwatch
from toolchain.synapses import ELECTRICAL
from toolchain.tables import Tables
from toolchain.targets import weights_of
from toolchain.times import rounded_times
from toolchain.weights import ring_buffer_shifts, weight_scale
from toolchain.workload import prepare


@dataclass(frozen=True, eq=False)
class Mapping:
    """A network on a machine: the product of every stage.

    Parameters
    ----------
    network : str
        Label of the network.
    shifts : tuple of tuple of int
        Ring-buffer shift of each receptor of each population.
    quantisation : tuple of Quantisation
        What 16-bit weights do to each projection.
    diagnostics : tuple of Diagnostic
        What was changed, or may go wrong at run time, in the user's words.
    seconds : dict of str to float
        Wall-clock time of each stage, and of all checkers together ("check"), of all that was tried by the same watch.
    banks : tuple of Bank
        The synapses with dynamics.
    trials : tuple of Trial
        The algorithms that were tried.
    """

    network: str
    options: MappingOptions
    partition: Partition
    graph_mapping: GraphMapping
    shifts: tuple[tuple[int, ...], ...]
    quantisation: tuple[Quantisation, ...]
    image: MachineImage
    diagnostics: tuple[Diagnostic, ...]
    seconds: dict[str, float]
    banks: tuple[Bank, ...] = ()
    trials: tuple[Trial, ...] = ()

    @property
    def machine(self) -> Machine:
        """The machine, named or chosen."""
        return self.graph_mapping.machine

    @property
    def placement(self) -> Placement:
        """Chip and core of each slice."""
        return self.graph_mapping.placement

    @property
    def keys(self) -> Keys:
        """Keys of each net."""
        return self.graph_mapping.keys

    @property
    def routes(self) -> Routes:
        """Tree of each net."""
        return self.graph_mapping.routes

    @property
    def tables(self) -> Tables:
        """Routing tables as generated."""
        return self.graph_mapping.tables

    @property
    def minimised(self) -> Tables:
        """Routing tables as loaded."""
        return self.graph_mapping.minimised

    @property
    def memory(self) -> tuple[CoreMemory, ...]:
        """Memory regions of each slice."""
        return self.partition.memory

    @property
    def mapped(self) -> Mapped:
        """What figures are taken of."""
        tick = self.image.cycles_per_tick
        return Mapped(self.graph_mapping, self.partition, tick, self.time_scale_factor, self.quantisation)

    @property
    def time_scale_factor(self) -> float:
        """Wall-clock time over biological time."""
        return self.image.time_scale_factor

    def cores_of(self, population: int) -> tuple[int, ...]:
        """Numbers of the image's cores that hold the cells of a population, in order.

        Cell i of the population is cell ``i - start`` of the one whose slice has ``start <= i < stop``.
        """
        return self.partition.slices_of(population)

    def plastic_weights(
        self, network: Network, number: int, rows: Callable[[int, int], NDArray[np.uint32]]
    ) -> NDArray[np.float64]:
        """Weights of the plastic projection `number` of `network`, in its order and PyNN's unit.

        Parameters
        ----------
        network : Network
            What was mapped.
        rows : callable
            The rows of a core of the image and of a bank, as they are.
        """
        made, slicing = network.projections[number], self.partition.slicing
        weights = np.zeros(len(made))
        banks = zip(self.banks, self.partition.rows.banks, strict=True)
        for place, (bank, blocks) in enumerate(pair for pair in banks if pair[0].target == made.target):
            if number in bank.numbers:
                member = bank.numbers.index(number)
                words = np.concatenate([rows(core, place) for core in self.cores_of(made.target)])
                halves = list(weight_halves(bank, slicing, blocks))[member]
                chosen = bank.chosen[member]
                weights[slice(None) if chosen is None else chosen] = words.view(np.uint16)[halves]
        return weights * weights_of(network, made).sign / weight_scale(network, made, self.shifts)

    def present_synapses(self, network: Network, number: int, core: Callable[[int], CoreState]) -> Projection:
        """The structural projection `number` of `network` with the synapses that it has now.

        Parameters
        ----------
        network : Network
            What was mapped.
        core : callable
            The state of a core of the image.
        """
        target, slicing = network.projections[number].target, self.partition.slicing
        banks = zip(self.banks, self.partition.rows.banks, strict=True)
        group = structural_group(network, slicing, [pair for pair in banks if pair[0].target == target], target)
        assert group is not None, "a structural projection is one of a group"
        return present_synapses(group, number, [core(i) for i in self.cores_of(target)], self.shifts)


def compile_network(
    network: Network,
    machine: Machine | str | None = None,
    options: MappingOptions | None = None,
    *,
    time_scale_factor: float | None = None,
    like: Mapping | None = None,
    settings: Settings = UNSAID,
    watch: Stopwatch | None = None,
) -> Mapping:
    """Map `network` onto `machine` and write its image.

    Parameters
    ----------
    machine : Machine, str or None
        A machine as it is, or its name, instead of all that `settings` say of it; None for theirs.
    options : MappingOptions, optional
        None for those of `settings`.
    time_scale_factor : float, optional
        Wall-clock time over biological time; by default that of the options.
    like : Mapping, optional
        A mapping of a network of the same populations, whose cuts are kept: so a run can go on with changed
        weights, parameters or projections.
    settings : Settings
        What is said about the mapping.
    watch : Stopwatch, optional
        Counts the time of each stage.

    Raises
    ------
    NetworkError, ParameterError
        If the network contradicts itself.
    MachineError
        If there is no machine of that name.
    MappingError
        If the network does not fit, or has something that no machine can do.
    IllegalProductError
        If a stage made an illegal product.
    """
    options = options or mapping_options(settings)
    machines = only(machine) if machine is not None else machines_of(settings)
    watch = watch or Stopwatch()
    timed = watch.timed
    timed("check", check_network, network)
    _refuse(network)
    inexact = timed("check", inexact_words, network, options.substeps)
    factor = options.time_scale_factor if time_scale_factor is None else time_scale_factor
    scale = _time_scale_factor(network.timestep, factor)
    limits = next(iter(machines(1)))
    workload = timed("partition", prepare, network, options)
    slicing = _kept_cuts(network, like) if like else None
    budget = limits.clock_hz * network.timestep * 1e-3 * scale

    def cut(algorithm: Algorithm) -> Partition:
        parts: Partition = timed("partition", bind("partition", algorithm), workload, limits, options, budget, slicing)
        timed("check", partial(check_partition, kept_cuts=slicing is not None), network, parts, limits, options)
        return parts

    def measured(parts: Partition, mapped: GraphMapping) -> Mapped:
        return Mapped(mapped, parts, budget, scale)

    parts, mapped, trials = by_partitions(cut, settings, machines, measured, watch)
    shifts = timed("weights", ring_buffer_shifts, workload, options)
    quantisation, vanished = timed("weights", quantise, network, shifts)
    image = timed("image", build_image, Plan(workload, parts, mapped, shifts, options, scale))
    timed("check", check_image, network, parts, mapped, image, options)
    remarks = (
        *workload.diagnostics,
        *cut_off(limits, mapped.machine),
        *without_effect(workload, options),
        *inexact,
        *rounded_parameters(network),
        *rounded_amplitudes(network),
        *coarse_currents(network.populations),
        *short_time_constants(network, options.substeps),
        *rounded_times(network, options.substeps),
        *wrapping_sources(network),
        *vanished,
        *coarse_steps(network, shifts),
        *timed("weights", lossy_responses, network, shifts, options.substeps),
        *overloads(network, parts, budget, options),
        *overloaded_links(mapped.graph, mapped.routes, mapped.machine, scale),
    )
    return Mapping(
        network.label,
        options,
        parts,
        mapped,
        shifts,
        quantisation,
        image,
        remarks,
        watch.seconds,
        workload.banks,
        trials,
    )


REFUSED = {
    ELECTRICAL: "cannot be run on SpiNNaker: a gap junction couples voltages in every instant, and its cores send each "
    "other spikes only",
}
"""Synapse types that no core has, and why."""


def _refuse(network: Network) -> None:
    """Refuse what no core has by its name."""
    for projection in network.projections:
        if projection.synapse in REFUSED:
            raise MappingError(
                f"projection '{network.name_of(projection)}': {projection.synapse} {REFUSED[projection.synapse]}; use "
                "backend='reference', or leave it out"
            )


def _time_scale_factor(timestep: float, given: float | None) -> float:
    if given is None:
        return max(1.0, 1.0 / timestep)
    if not 0.0 < given < float("inf"):
        raise MappingError(f"time_scale_factor must be > 0, got {given}")
    return float(given)


def _kept_cuts(network: Network, like: Mapping) -> Slicing:
    """The cuts of the mapping `like`."""
    slicing = like.partition.slicing
    if slicing.sizes != tuple(population.size for population in network.populations):
        raise MappingError("the populations are not those that were mapped before: reset the simulation first")
    return slicing
