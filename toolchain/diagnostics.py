"""Diagnostics: what the tool chain changed or foresees, told to the user and not only logged."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnostic:
    """A remark of `stage` on `subject` (a population or projection, by its label)."""

    stage: str
    subject: str
    message: str

    def __str__(self) -> str:
        """Return the remark as one line."""
        return f"{self.subject}: {self.message}"


def and_others(number: int) -> str:
    """`` (and 2 others)``: cells of which a remark holds, besides the one that it names."""
    return f" (and {number:,} {'other' if number == 1 else 'others'})" if number else ""
