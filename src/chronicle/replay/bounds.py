"""Whether hot records can be what they say, before arrays are made of that size.

A damaged bit makes of a day one that lies millions of years away, of a code one of a
thousand million settlements. What is checked are bounds: that a record says what its
event says is for `audit` to find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.events import CATEGORIES, MEASURES, STATUSES, TIMES_OF_DAY
from chronicle.errors import Damaged
from chronicle.store.columnar import DTYPE, KINDS, NO_DAY, NOBODY, WIDTH, day_number

__all__ = ["checked"]

_FIRST, _LAST = day_number(date.min), day_number(date.max)
_DAYS = ("valid", "published", "since", "until")
_DATED = 4  # kinds 0 to 3 (control, displacement, incident, route status) have a day
_DISPLACEMENT = KINDS["displacement-reported"]
_REMARKS = (KINDS["report-retracted"], KINDS["report-redacted"])  # and between
_ROUTES = (KINDS["route-status-reported"], KINDS["route-registered"])
_REDACTED = 255
# kind -> how many values its status has
_STATUSES = np.zeros(256, np.uint8)
_STATUSES[[KINDS["control-reported"], KINDS["report-amended"]]] = len(STATUSES)
_STATUSES[_DISPLACEMENT] = len(MEASURES)
_STATUSES[KINDS["route-status-reported"]] = 2
_STATUSES = np.maximum(_STATUSES, 1)

Codes = Callable[[str], Sequence[str]]
Records = NDArray[Any]


def checked(pieces: Iterable[bytes], after: int, codes: Codes) -> Iterator[bytes]:
    """*pieces* of joined hot records, whose first stands at position *after* + 1.

    *codes* gives the ids of a kind. Raises `Damaged` naming the first position whose
    record is of no kind, day, code or position that there is.
    """
    counts: dict[str, int] = {}  # asked after the first piece: it grows with the log
    for piece in pieces:
        if not counts:
            for kind in ("settlement", "actor", "source", "counter", "area"):
                counts[kind] = len(codes(kind))
        records = np.frombuffer(piece, np.dtype(DTYPE))
        wrong = _wrong(records, after, counts)
        if wrong.any():
            raise Damaged(
                f"position {after + 1 + int(np.argmax(wrong))}: its hot record is not "
                "what any event says; restore a backup"
            )
        after += len(piece) // WIDTH
        yield piece


def _wrong(records: Records, after: int, counts: dict[str, int]) -> NDArray[np.bool_]:
    """Which of the records cannot be."""
    kind, amount = records["kind"], records["amount"]
    grade, other = records["grade"], records["other"]
    wrong = (kind >= len(KINDS)) & (kind != _REDACTED)
    wrong |= records["status"] >= _STATUSES[kind]
    wrong |= records["time"] >= len(TIMES_OF_DAY)
    wrong |= (grade >= 56) | (grade & 7 == 7)  # six letters, six numbers, and none
    for name in _DAYS:
        day = records[name]
        wrong |= ((day < _FIRST) | (day > _LAST)) & (day != NO_DAY)
    wrong |= (kind < _DATED) & (records["valid"] == NO_DAY)
    figure = kind == _DISPLACEMENT
    wrong |= figure & (records["mask"] >= len(CATEGORIES))
    actors = np.where(figure, counts["counter"], counts["actor"])
    for name, most in (
        ("place", counts["settlement"]),
        ("source", counts["source"]),
        ("actor", actors),
    ):
        wrong |= (records[name] < NOBODY) | (records[name] >= most)
    wrong |= figure & ((other < NOBODY) | (other >= counts["area"]))
    route = (kind == _ROUTES[0]) | (kind == _ROUTES[1])
    wrong |= route & ((other < 0) | (other >= counts["settlement"]))
    remark = (kind >= _REMARKS[0]) & (kind <= _REMARKS[1])
    position = np.arange(after + 1, after + 1 + len(records))
    wrong |= remark & ((amount < 1) | (amount >= position))
    wrong |= (amount < -1) & ~remark
    found: NDArray[np.bool_] = wrong
    return found
