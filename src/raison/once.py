"""A property that is computed when it is first asked for, and kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Kept = TypeVar("Kept")


class once(Generic[Kept]):  # noqa: N801  (it is written like `property`)
    """Keep what a method without arguments returns, in the object's own dictionary.

    As `functools.cached_property` is from Python 3.12 on. Before, that holds one lock for all objects of a class while
    it computes, so that threads that work on different objects wait for each other. Here two threads that ask one
    object at the same time may both compute it; what is kept is the same.

    Args:
        compute: the method.
    """

    def __init__(self, compute: Callable[[Any], Kept]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> once[Kept]: ...

    @overload
    def __get__(self, instance: object, owner: type | None = None) -> Kept: ...

    def __get__(self, instance: object | None, owner: type | None = None) -> once[Kept] | Kept:
        if instance is None:
            return self  # pyright: ignore[reportReturnType]
        kept = instance.__dict__
        if self._name not in kept:
            kept[self._name] = self._compute(instance)
        return kept[self._name]
