"""The hot record: the few numbers of an event that replay needs, in 48 bytes.

It is derived from the event when it is recorded and stands beside the payload, so that
a million of them can be read as one array. The payload alone is the record; `check`
compares the two.

Ids are written as codes: the code of an id is the rank of its first mention in the log
among the ids of its kind, so it can be recomputed from the log and never changes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from itertools import repeat
from typing import Any

from chronicle.domain.events import (
    CATEGORIES,
    EVENTS,
    MEASURES,
    STATUSES,
    TIMES_OF_DAY,
    Event,
    Report,
)

__all__ = [
    "BLANK",
    "DTYPE",
    "KINDS",
    "MASK",
    "NOBODY",
    "NO_DAY",
    "WIDTH",
    "columnar",
    "day_number",
    "hot_controls",
]

# name, little-endian type; the order is stored and never changes.
DTYPE = [
    ("kind", "<u1"),  # KINDS of the TYPE; 255: redacted
    ("status", "<u1"),  # STATUSES, MEASURES, or 1 for a shut route
    ("time", "<u1"),  # rank in TIMES_OF_DAY
    ("grade", "<u1"),  # reliability A-F 1-6 (0 none) * 8 + credibility 1-6 (0 none)
    ("flags", "<u2"),  # 1 baseline, 2 aggregate, 4 disputes (of a link)
    ("mask", "<u2"),  # MASK of the fields that an amendment changes, else 0
    ("place", "<i4"),  # settlement code, or NOBODY
    ("actor", "<i4"),  # actor code, or NOBODY
    ("source", "<i4"),  # source code, or NOBODY
    ("valid", "<i4"),  # day number of `since_day`, or NO_DAY
    ("published", "<i4"),  # day number, or NO_DAY
    ("other", "<i4"),  # area, other settlement, or category
    ("since", "<i4"),
    ("until", "<i4"),
    ("amount", "<i8"),  # persons; of a remark the position of its report; -1 none
]
_RECORD = struct.Struct("<BBBBHHiiiiiiiiq")
WIDTH = _RECORD.size
NOBODY = -1
NO_DAY = -(1 << 31)
BLANK = _RECORD.pack(
    255, 0, 0, 0, 0, 0, -1, -1, -1, NO_DAY, NO_DAY, -1, NO_DAY, NO_DAY, -1
)

# Numbers are stored: new types go to the end.
KINDS = {
    type_: number
    for number, type_ in enumerate(
        (
            "control-reported",
            "displacement-reported",
            "incident-reported",
            "route-status-reported",
            "support-reported",
            "legend-reported",
            "report-retracted",
            "report-amended",
            "reports-linked",
            "report-redacted",
            "settlement-registered",
            "actor-registered",
            "source-registered",
            "route-registered",
            "import-finished",
            "evidence-exported",
        )
    )
}
assert KINDS.keys() == EVENTS.keys()

# What an amendment of a control report changes that replay can see.
MASK = {
    "settlement": 1,
    "controller": 2,
    "status": 4,
    "valid_from": 8,
    "time_of_day": 16,
    "published": 32,
    "reliability": 64,
    "credibility": 128,
}
OTHER_CHANGE = 1 << 15  # something else that a column of another kind may show

_STATUS = {word: rank for rank, word in enumerate(STATUSES)}
_TIME = {word: rank for rank, word in enumerate(TIMES_OF_DAY)}
_MEASURE = {word: rank for rank, word in enumerate(MEASURES)}
_CATEGORY = {word: rank for rank, word in enumerate(CATEGORIES)}
_EPOCH = date(1970, 1, 1).toordinal()
_LETTERS: dict[str | None, int] = {None: 0}
_LETTERS |= {letter: rank for rank, letter in enumerate("ABCDEF", 1)}


def day_number(day: date | None) -> int:
    """Days since 1970-01-01; `NO_DAY` for none."""
    return NO_DAY if day is None else day.toordinal() - _EPOCH


def columnar(event: Event, code: Callable[[str, str], int], position_of: Any) -> bytes:
    """The hot record of *event*.

    *code* gives the code of an id: `code("settlement", "alder")`; *position_of* the
    position of a report that a remark speaks of.
    """
    if isinstance(event, Report):
        source = code("source", event.source)
        published = day_number(event.published)
        grade = _LETTERS[event.reliability] * 8 + (event.credibility or 0)
    else:
        source, published, grade = NOBODY, NO_DAY, 0
    status = time = flags = mask = 0
    place = actor = other = NOBODY
    valid = since = until = NO_DAY
    amount = -1
    kind = KINDS[event.TYPE]
    e: Any = event
    if kind == 0:  # control
        status, time = _STATUS[e.status], _TIME[e.time_of_day]
        flags = int(e.baseline)
        place = code("settlement", e.settlement)
        actor = NOBODY if e.controller is None else code("actor", e.controller)
        valid = e.valid_from.toordinal() - _EPOCH
        if e.since is not None or e.until is not None:
            since, until = day_number(e.since), day_number(e.until)
    elif kind == 1:  # displacement
        status, time = _MEASURE[e.measure], 1
        mask = _CATEGORY[e.category]
        place = NOBODY if e.settlement is None else code("settlement", e.settlement)
        actor = code("counter", e.counter)
        other = code("area", e.area)
        valid = day_number(e.since_day)
        since, until = day_number(e.since), day_number(e.until)
        amount = -1 if e.persons is None else e.persons
    elif kind == 2:  # incident
        time = _TIME[e.time_of_day]
        flags = 2 * e.aggregate
        place = NOBODY if e.settlement is None else code("settlement", e.settlement)
        actor = NOBODY if e.alleged_actor is None else code("actor", e.alleged_actor)
        valid = day_number(e.valid_from)
    elif kind == 3:  # route status
        status, time = int(e.shut), _TIME[e.time_of_day]
        place = code("settlement", e.settlement_a)
        other = code("settlement", e.settlement_b)
        valid, until = day_number(e.valid_from), day_number(e.until)
    elif kind in (4, 5):  # support, legend
        valid = day_number(e.valid_from)
    elif kind in (6, 7, 8, 9):  # remarks
        amount = position_of(e.report)
        if kind == 8:
            flags = 4 * (e.relation == "disputes")
            other = position_of(e.other) & 0x7FFFFFFF
        elif kind == 7:
            return _amendment(e, source, published, grade, amount, code)
    elif kind == 10:
        place = code("settlement", e.settlement)
    elif kind == 11:
        actor = code("actor", e.actor)
        since, until = day_number(e.since), day_number(e.until)
    elif kind == 12:
        source = code("source", e.source)
        grade = _LETTERS[e.reliability] * 8
    elif kind == 13:
        place = code("settlement", e.settlement_a)
        other = code("settlement", e.settlement_b)
    # fmt: off
    return _RECORD.pack(
        kind, status, time, grade, flags, mask, place, actor, source,
        valid, published, other, since, until, amount,
    )
    # fmt: on


def hot_controls(
    columns: Mapping[str, Sequence[Any]], code: Callable[[str, str], int]
) -> Iterator[bytes]:
    """`columnar` of control reports given as columns of fields; codes are given now.

    What repeats is worked out once for each value, not for each row.
    """
    grades = zip(columns["reliability"], columns["credibility"], strict=True)
    nobody: dict[str | None, int] = {None: NOBODY}
    return map(
        _RECORD.pack,
        repeat(KINDS["control-reported"]),
        map(_STATUS.__getitem__, columns["status"]),
        map(_TIME.__getitem__, columns["time_of_day"]),
        _each(grades, lambda grade: _LETTERS[grade[0]] * 8 + (grade[1] or 0)),
        map(int, columns["baseline"]),
        repeat(0),
        _each(columns["settlement"], partial(code, "settlement")),
        _each(columns["controller"], partial(code, "actor"), nobody),
        _each(columns["source"], partial(code, "source")),
        _each(columns["valid_from"], day_number),
        _each(columns["published"], day_number),
        repeat(NOBODY),
        _each(columns["since"], day_number),
        _each(columns["until"], day_number),
        repeat(-1),
    )


def _each(
    values: Iterable[Any],
    worth: Callable[[Any], int],
    known: dict[Any, int] | None = None,
) -> Iterator[int]:
    """*worth* of each value, asked once for each, in the order of first mention."""
    held = list(values)
    known = {} if known is None else known
    for value in dict.fromkeys(held):
        if value not in known:
            known[value] = worth(value)
    return map(known.__getitem__, held)


def _amendment(
    e: Any, source: int, published: int, grade: int, amount: int, code: Any
) -> bytes:
    """The new values in the places of a control report, and which of them are new.

    Its own date of publication and grade make way: `since` holds the day on which the
    amendment itself was published.
    """
    changes = dict(e.changes)
    mask = 0
    for name in changes:
        mask |= MASK.get(name, OTHER_CHANGE)
    since = published
    actor = changes.get("controller")
    settlement = changes.get("settlement")
    letter = _LETTERS.get(changes.get("reliability"), 0)
    return _RECORD.pack(
        KINDS[e.TYPE],
        _STATUS.get(changes.get("status", "held"), 0),
        _TIME.get(changes.get("time_of_day", ""), 1),
        letter * 8 + (changes.get("credibility") or 0),
        0,
        mask,
        NOBODY if settlement is None else code("settlement", settlement),
        NOBODY if actor is None else code("actor", actor),
        source,
        _day_text(changes.get("valid_from")),
        _day_text(changes.get("published")),
        NOBODY,
        since,
        NO_DAY,
        amount,
    )


def _day_text(text: str | None) -> int:
    return NO_DAY if text is None else day_number(date.fromisoformat(text))
