"""Heads signed with the user's key, or unsigned where there is none."""

from __future__ import annotations

from chronicle.store.checkpoint import Head, signed
from chronicle.store.keys import signing_key

__all__ = ["sign"]


def sign(body: str) -> str:
    """The text of a head with that body; raises what `signing_key` raises."""
    key = signing_key()
    return Head.parse(body, "the head").text if key is None else signed(body, key).text
