"""Days and moments as people write them.

`on=` and `published_by=` are days; `known_at=` is a moment of the record's own clock: a
position, an aware time, or a day, which means its end in UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from chronicle.domain.fields import day
from chronicle.errors import UsageError

__all__ = ["Day", "KnownAt", "as_day", "as_known_at", "end_of_day", "spoken_day"]

Day = date | str
KnownAt = int | datetime | date | str

_POSITION = re.compile(r"@([0-9]{1,18})", re.ASCII)
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)


def as_day(value: Day, name: str) -> date:
    """A day given as `date` or ISO text; a time is refused, its day depends on a zone.

    Raises `UsageError` that names the argument.
    """
    try:
        return day(value)
    except ValueError as broken:
        raise UsageError(f"{name}: {value!r} {broken}") from None


_AGO = re.compile(r"-([0-9]{1,5})d", re.ASCII)


def spoken_day(value: Day, name: str, *, today: date, last: date | None) -> date:
    """As `as_day`, and the words `today`, `yesterday`, `last` and `-3d`.

    *last* is the last day that a report speaks of; None where there is no report.
    Raises `UsageError` that names the argument.
    """
    if value == "last":
        if last is None:
            raise UsageError(f"{name}: no report speaks of any day yet; name a day")
        return last
    back = {"today": 0, "yesterday": 1}.get(value) if isinstance(value, str) else None
    if isinstance(value, str) and (found := _AGO.fullmatch(value)):
        back = int(found[1])
    if back is None:
        return as_day(value, name)
    return today - timedelta(days=back)


def end_of_day(when: date) -> datetime:
    """The last microsecond of a day in UTC."""
    return datetime.combine(when, time.max, UTC)


def as_known_at(value: KnownAt | None, name: str = "known_at") -> int | datetime | None:
    """A position or an aware moment; None is *now*. Raises `UsageError`.

    Text may be `YYYY-MM-DD`, an ISO time with its offset, or `@POSITION`.
    """
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise UsageError(f"{name}: {value} has no time zone; add an offset")
        return value
    if isinstance(value, date):
        return end_of_day(value)
    if isinstance(value, str) and (found := _POSITION.fullmatch(value)):
        return int(found[1])
    if isinstance(value, str) and (found := _TIME.fullmatch(value)):
        if found[3] is None:
            raise UsageError(f"{name}: {value!r} has no offset; write {value}Z for UTC")
        try:
            return datetime.fromisoformat(value) + timedelta()
        except ValueError:
            raise UsageError(f"{name}: {value!r} is no time") from None
    try:
        return end_of_day(day(value))
    except ValueError as broken:
        more = (
            ", a time with its offset, or @POSITION" if "must be" in str(broken) else ""
        )
        raise UsageError(f"{name}: {value!r} {broken}{more}") from None
