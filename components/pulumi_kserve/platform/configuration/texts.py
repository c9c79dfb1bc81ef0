"""Texts as the chart and KServe's JSON take them."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

__all__ = ["Image", "Plain", "Text"]

Text: TypeAlias = Annotated[str, Field(pattern=r'^[^"\\\x00-\x1f]*$')]
"""Text that the chart puts between quotation marks as it is: without quotation marks, backslashes and line breaks."""
Plain: TypeAlias = Annotated[Text, Field(min_length=1)]
"""Such a text that is not empty."""
Image: TypeAlias = Annotated[
    str, Field(pattern=r"^[a-z0-9][-a-zA-Z0-9._/:]*(:[\w][-\w.]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$")
]
"""An image with its tag, its digest, or both."""
