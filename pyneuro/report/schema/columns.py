"""The parts that tell what long tables have beyond their first rows: a list for each field, of a value a row."""

from __future__ import annotations

from dataclasses import dataclass

from pyneuro.errors import ReportError

Texts = tuple[str, ...]
Integers = tuple[int, ...]
Numbers = tuple[float, ...]


class Long:
    """Lists of the same length; None stands for one in which all is None."""

    def __post_init__(self) -> None:
        lengths = {len(column) for column in vars(self).values() if column is not None}
        if len(lengths) > 1:
            raise ReportError(f"the columns of {type(self).__name__} have different lengths")

    def __len__(self) -> int:
        return next(len(column) for column in vars(self).values() if column is not None)


@dataclass(frozen=True)
class CoreColumns(Long):
    """Further cores: for each field of CoreRow a list with a value a core, or null if that is null for all."""

    label: Texts
    kind: Texts
    neurons: Integers
    x: Integers
    y: Integers
    p: Integers
    key: tuple[str | None, ...]
    mask: tuple[str | None, ...]
    sdram_bytes: Integers | None
    dtcm_bytes: Integers | None = None
    expected: Numbers | None = None
    mean: Numbers | None = None
    largest: Numbers | None = None
    overruns: Integers | None = None
    spikes: Integers | None = None
    packets_received: Integers | None = None
    synaptic_events: Integers | None = None
    saturations: Integers | None = None


@dataclass(frozen=True)
class NetColumns(Long):
    """Further trees: a list for each field, a value a tree.  Fields as those of NetRow; `label` is one of the cores."""

    label: Texts
    weight: Numbers
    sinks: Integers
    chips: Integers
    links: Integers
    longest: Integers
    digest: Texts


@dataclass(frozen=True)
class TableColumns(Long):
    """Routing tables of further chips: for each field of TableRow a list with a value a chip."""

    x: Integers
    y: Integers
    generated: Integers
    minimised: Integers
    defaultable: Integers
    link_only: Integers
    unique_routes: Integers
    digest: Texts
