"""The log as JSON lines: every field of every event, and nothing lost."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from chronicle.domain.events import EVENTS, Event, Redacted
from chronicle.domain.timeline import RecordedEvent
from chronicle.errors import BadField
from chronicle.formats.problem import Problem
from chronicle.formats.rows import CHUNK, open_local

__all__ = ["is_export", "line_of", "read_lines"]

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


_OURS = {"position", "recorded_at", "type"}
_MOST = 8 * 2**20  # bytes of a line
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def is_export(path: Path) -> bool:
    """Whether a file begins as `line_of` writes it."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        first = file.readline(_MOST)
    if not first.lstrip().startswith(b"{"):
        return False
    try:
        return set(_decode(first)) >= _OURS
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False


def read_lines(path: Path) -> Iterator[tuple[int, Event | Redacted] | Problem]:
    """The events of an export by line; positions and times of recording are left out.

    A line that no event could have written is a problem.
    """
    with (
        open_local(path, limit=_MOST_EXPORT) as raw,
        io.BufferedReader(raw, CHUNK) as file,
    ):
        number = 0
        while line := file.readline(_MOST):
            number += 1
            if not line.strip():
                continue
            try:
                yield number, _event_of(line)
            except BadField as bad:
                rule = f"{bad.field}: {bad.value}: {bad.rule}"
                yield _problem(path, number, rule)
            except (ValueError, TypeError, msgspec.MsgspecError, RecursionError) as bad:
                yield _problem(path, number, str(bad)[:200])


_MOST_EXPORT = 8 * 2**30


def _problem(path: Path, line: int, rule: str) -> Problem:
    return Problem(file=path.name, line=line, column=None, value="", rule=rule)


def _event_of(line: bytes) -> Event | Redacted:
    told = _decode(line)
    type_ = told.pop("type", None)
    for name in ("position", "recorded_at"):
        told.pop(name, None)
    if type_ == "redacted":
        return Redacted(str(told.get("report_id", "")), str(told.get("source", "")))
    if type_ not in EVENTS:
        raise ValueError(f"no event has the type {type_!r:.60}")
    kind = EVENTS[type_]
    known = {f.name for f in fields(kind)}
    if unknown := sorted(set(told) - known):
        raise ValueError(f"a {type_} has no field {unknown[0]!r}")
    return kind(**told)
