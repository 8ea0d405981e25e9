"""Streams of events, so many at a time as a transaction decides on at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from chronicle.domain.events import Event
from chronicle.store.bulk import Controls

__all__ = ["CHUNK", "chunks", "chunks_and_columns"]

T = TypeVar("T")

CHUNK = 4_096  # events that are decided on before they are inserted


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """Lists of `CHUNK` items, the last one shorter."""
    chunk: list[T] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


Numbered = tuple[int, Event]


def chunks_and_columns(
    rows: Iterable[Numbered | Controls],
) -> Iterator[list[Numbered] | Controls]:
    """Likewise, with columns handed on as they come."""
    chunk: list[Numbered] = []
    for row in rows:
        if isinstance(row, Controls):
            if chunk:
                yield chunk
                chunk = []
            yield row
            continue
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
