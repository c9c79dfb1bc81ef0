"""Cures for both who read them: plain YAML has the object's fields, a program or stack file those of the typed spec."""

from __future__ import annotations

__all__ = ["in_both_words"]


def in_both_words(cure: str, spec: str) -> str:
    """A cure in the object's words, and how the typed spec says the same.

    Args:
        cure: What to do, in fields of the InferenceService object.
        spec: The same in fields of the typed spec, for example ``use `scaling.kpa```.

    """
    return f"{cure} (in a typed spec: {spec})"
