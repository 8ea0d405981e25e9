"""Events to bytes and back: an allow-list of shapes, upcasters, and nothing else.

A stored event is its `TYPE` and a MessagePack array `[shape, field, field, …]`. The
order of the fields belongs to the shape and never changes; fields at the end that hold
their default are left out. Nothing that is read names a class, a module or a function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import date
from itertools import repeat
from operator import attrgetter
from typing import Any

import msgspec

from chronicle.domain.events import EVENTS, Event
from chronicle.errors import BadField, InputError, Untrusted

__all__ = [
    "MAX_BYTES",
    "SHAPES",
    "UPCASTERS",
    "decode",
    "encode",
    "encode_columns",
    "values_of",
]

MAX_BYTES = 1 << 20  # one event; a report is a claim, not an archive

_REPORT = ("report_id", "source")
_GRADES = ("published", "reliability", "credibility")
_REST = ("basis", "note", "dataset", "ref")

# The stored order of fields by TYPE, for the newest shape: (number, fields).
SHAPES: dict[str, tuple[int, tuple[str, ...]]] = {
    "control-reported": (
        1,
        (
            *_REPORT,
            *("settlement", "controller", "status", "valid_from"),
            *_GRADES,
            *("time_of_day", "from_actor", "kind", "claimed_by"),
            *_REST,
            *("precision", "since", "until", "baseline"),
        ),
    ),
    "displacement-reported": (
        1,
        (
            *_REPORT,
            *("measure", "category", "persons", "area", "counter", "valid_on"),
            *_GRADES,
            *("since", "until", "low", "high", "qualifier", "includes"),
            *_REST,
            *("settlement", "origin", "destination"),
        ),
    ),
    "incident-reported": (
        1,
        (
            *_REPORT,
            *("settlement", "kind", "valid_from", "alleged_actor"),
            *_GRADES,
            *("killed", "killed_low", "killed_high"),
            *("injured", "injured_low", "injured_high"),
            *("civilians", "disputed", "aggregate", "time_of_day", "claimed_by"),
            *_REST,
            *("area", "precision", "since", "until"),
        ),
    ),
    "support-reported": (
        1,
        (*_REPORT, "backer", "backed", "support", "valid_from", *_GRADES, *_REST),
    ),
    "route-status-reported": (
        1,
        (
            *_REPORT,
            *("settlement_a", "settlement_b", "shut", "valid_from", "until"),
            *_GRADES,
            "time_of_day",
            *_REST,
        ),
    ),
    "legend-reported": (
        1,
        (*_REPORT, "legend", "colour", "means", "valid_from", *_GRADES, *_REST),
    ),
    "reports-linked": (
        1,
        (*_REPORT, "report", "other", "relation", *_GRADES, *_REST),
    ),
    "report-retracted": (1, (*_REPORT, "report", "reason", *_GRADES, *_REST)),
    "report-amended": (
        1,
        (*_REPORT, "report", "changes", "reason", *_GRADES, *_REST),
    ),
    "report-redacted": (
        1,
        (*_REPORT, "report", "reason", "digest", "was", *_GRADES, *_REST),
    ),
    "settlement-registered": (
        3,
        (
            *("settlement", "name", "lat", "lon", "aliases", "kind", "admin1"),
            *("admin1_pcode", "pcode", "geonames_id", "population", "sensitivity"),
            *("basis", "note", "dataset", "published", "population_published"),
        ),
    ),
    "route-registered": (
        2,
        (
            *("settlement_a", "settlement_b", "distance_km", "road_class", "road"),
            *("basis", "note", "dataset", "published"),
        ),
    ),
    "actor-registered": (
        1,
        (
            *("actor", "name", "short", "side", "kind", "colour", "since", "until"),
            *("note", "dataset"),
        ),
    ),
    "source-registered": (
        1,
        (
            *("source", "name", "kind", "affiliation", "reliability", "since"),
            *("note", "dataset"),
        ),
    ),
    "import-finished": (
        1,
        (
            *("file", "digest", "new", "changed", "gone", "problems", "note"),
            "dataset",
        ),
    ),
    "evidence-exported": (
        1,
        (
            *("file", "digest", "events", "root", "reports", "reason", "note"),
            "dataset",
        ),
    ),
}

# (TYPE, old shape) -> a function from its values to those of the next shape.
UPCASTERS: dict[tuple[str, int], Callable[[list[Any]], list[Any]]] = {
    # From 2 on a settlement may have no coordinates; the order of fields is the same.
    ("settlement-registered", 1): lambda values: values,
    # From here on they may say when they were published; fields were added at the end.
    ("settlement-registered", 2): lambda values: values,
    ("route-registered", 1): lambda values: values,
}

_pack = msgspec.msgpack.Encoder(enc_hook=lambda value: _iso(value)).encode
_unpack = msgspec.msgpack.Decoder(type=list[Any]).decode


def _iso(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _defaults(type_: str) -> tuple[Any, ...]:
    """The defaults in stored order; `MISSING` where a field must be given."""
    by_name = {f.name: f.default for f in fields(EVENTS[type_])}
    return tuple(by_name[name] for name in SHAPES[type_][1])


_DEFAULTS = {type_: _defaults(type_) for type_ in SHAPES}
_VALUES: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    type_: attrgetter(*names) for type_, (_, names) in SHAPES.items()
}


def values_of(event: Event) -> tuple[Any, ...]:
    """The values of an event in stored order."""
    return _VALUES[event.TYPE](event)


def encode(event: Event) -> bytes:
    """The stored bytes of *event*; raises `InputError` above `MAX_BYTES`."""
    return _encode(event.TYPE, _VALUES[event.TYPE](event))


def encode_columns(type_: str, columns: Sequence[Sequence[Any]]) -> list[bytes]:
    """`encode` of events of one `TYPE`, given as columns in stored order."""
    defaults = _DEFAULTS[type_]
    last = len(columns)
    while last and all(value == defaults[last - 1] for value in set(columns[last - 1])):
        last -= 1
    rows = zip(*columns[:last], strict=True)
    if not last or defaults[last - 1] in columns[last - 1]:  # rows of several lengths
        return [_encode(type_, row) for row in rows]
    shape = repeat(SHAPES[type_][0])
    bodies = list(map(_pack, zip(shape, *columns[:last], strict=False)))
    if max(map(len, bodies), default=0) > MAX_BYTES:
        return [_encode(type_, row) for row in rows]  # and refuse it
    return bodies


def _encode(type_: str, values: tuple[Any, ...]) -> bytes:
    defaults, last = _DEFAULTS[type_], len(values)
    while last and values[last - 1] == defaults[last - 1]:
        last -= 1
    try:
        body = _pack((SHAPES[type_][0], *values[:last]))
    except (TypeError, ValueError, OverflowError, RecursionError) as bad:
        raise InputError(f"{type_} holds what cannot be stored: {bad}") from None
    if len(body) > MAX_BYTES:
        raise InputError(f"an event of {len(body):,} bytes; the limit is {MAX_BYTES:,}")
    return body


def decode(type_: str, body: bytes) -> Event:
    """The event of that `TYPE`; raises `Untrusted` for whatever was never written."""
    if type(type_) is not str or type_ not in SHAPES:
        raise Untrusted(f"unknown event type {type_!r:.80}; nothing of it was run")
    if type(body) is not bytes:
        raise Untrusted(f"a stored {type_} is no bytes, but {type(body).__name__}")
    if len(body) > MAX_BYTES:
        raise Untrusted(f"a stored {type_} of {len(body):,} bytes is over the limit")
    newest, names = SHAPES[type_]
    try:
        shape, *values = _unpack(body)
        if type(shape) is not int or not 1 <= shape <= newest:
            raise Untrusted(f"a stored {type_} has the unknown shape {shape!r:.40}")
        for old in range(shape, newest):
            values = UPCASTERS[type_, old](values)
        if len(values) > len(names):
            raise Untrusted(f"a stored {type_} has {len(values)} fields")
        return EVENTS[type_](**dict(zip(names, values, strict=False)))
    except (
        BadField,
        TypeError,
        ValueError,
        RecursionError,
        msgspec.MsgspecError,
    ) as bad:
        raise Untrusted(f"a stored {type_} cannot be read: {bad}"[:400]) from None
