"""Registries: what there is of a kind, by name; a user's own is added to what comes with the package."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar

from toolchain.errors import ModelError


class Named(Protocol):
    """What has a name."""

    @property
    def name(self) -> str:
        """The name by which networks refer to it."""


T = TypeVar("T", bound=Named)


class Registry(Mapping[str, T]):
    """Things by name, in the order in which they came.

    Parameters
    ----------
    what : str
        What they are, for messages: "cell model".
    items : iterable
        Those that come with the package.
    """

    def __init__(self, what: str, items: Iterable[T]) -> None:
        self._what = what
        self._items = {item.name: item for item in items}
        self._own: set[str] = set()

    def __getitem__(self, name: str) -> T:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: T) -> None:
        """Add `item`, in place of another of a user's of that name, as when a script runs again.

        Raises
        ------
        ModelError
            If one of that name comes with the package.
        """
        if item.name in self._items and item.name not in self._own:
            raise ModelError(f"there is a {self._what} '{item.name}' already; give yours another name")
        self._own.add(item.name)
        self._items[item.name] = item
