"""Stand-ins for functions, for the tests."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def always(value: T) -> Callable[..., T]:
    """Return a function that answers every call with the same value."""

    def answer(*_: object, **__: object) -> T:
        return value

    return answer
