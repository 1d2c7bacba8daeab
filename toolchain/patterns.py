"""Patterns of labels: what settings say of populations and projections, and which those are.

A pattern is one of file names (``*``, ``?``), or a label as it is.  Projections are matched by their label or by
``PRE -> POST``; vertices of a netlist by their name or by what is before its ``[``.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from toolchain.network import Network, Projection

ARROW = re.compile(r"\s*->\s*")


def matches(pattern: str, *labels: str) -> bool:
    """Whether one of `labels` is, or matches, a pattern; around the arrow of a projection blanks do not count."""
    pattern = ARROW.sub(" -> ", pattern)
    plain = [ARROW.sub(" -> ", label) if "->" in label else label for label in labels]
    return pattern in plain or any(fnmatchcase(label, pattern) for label in plain)


def projection_labels(network: Network, projection: Projection) -> tuple[str, str]:
    """What a pattern may call a projection: its label, and ``PRE -> POST``."""
    pre, post = (network.populations[number].label for number in (projection.source, projection.target))
    return projection.label, f"{pre} -> {post}"
