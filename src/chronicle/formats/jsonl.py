"""The log as JSON lines: every field of every event, and nothing lost."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import msgspec

from chronicle.domain.events import Redacted
from chronicle.domain.timeline import RecordedEvent

__all__ = ["line_of"]

_encode = msgspec.json.Encoder().encode


def line_of(recorded: RecordedEvent) -> str:
    """One event as a JSON object on one line: position, recorded_at, type, its fields.

    Days are ISO text, `recorded_at` is an ISO time in UTC, unknown is null. Of a
    redacted report only the id and the source are left.
    """
    event = recorded.event
    told: dict[str, Any] = {
        "position": recorded.position,
        "recorded_at": recorded.recorded_at,
        "type": "redacted" if isinstance(event, Redacted) else event.TYPE,
    }
    told |= {f.name: getattr(event, f.name) for f in fields(event)}
    return _encode(told).decode()
