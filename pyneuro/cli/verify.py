"""``pyneuro verify-arithmetic``: replay golden traces through the emulator's programs and kernels."""

from __future__ import annotations

import argparse

from pyneuro import verify


def main(options: argparse.Namespace) -> int:
    """Print a line a file; 0 only when nothing mismatches and nothing is unsupported."""
    return verify.main(options.directory)
