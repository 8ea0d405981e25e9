"""Pandas frames straight from columns: control with both intervals, and panels.

Columns and dtypes are the same for every log, an empty one too: ids are categories in
their own order, days `datetime64[us]`, times `datetime64[us, UTC]`, numbers that may be
unknown nullable integers. `attrs` say which question a frame answers, as text and
numbers that a Parquet file can keep. The plain twins are in `frames_plain`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from chronicle.domain.lenses import parse_lens
from chronicle.domain.state import references
from chronicle.domain.vocabulary import RELIABILITIES, STATUSES, TIMES_OF_DAY
from chronicle.errors import BudgetExceeded, UsageError
from chronicle.replay.columns import FOREVER, Int32, Int64, UInt8
from chronicle.replay.index import Rows
from chronicle.replay.labels import Labels, labels_of
from chronicle.replay.lenses import ColumnLens, lens_named
from chronicle.replay.panel import Panel, panel
from chronicle.replay.rectangles import Versions, rectangles, told_apart
from chronicle.replay.standing import EffectiveColumns
from chronicle.replay.stored import digest_of, replay_of
from chronicle.store.columnar import NO_DAY, day_number
from chronicle.store.log import EventLog
from chronicle.store.register import REFERENCE_TYPES

__all__ = [
    "CONTROL_COLUMNS",
    "FREQUENCIES",
    "MOST_CELLS",
    "PANEL_COLUMNS",
    "control_frame",
    "days_of",
    "panel_frame",
]

CONTROL_COLUMNS = (
    *("settlement", "control", "status", "valid_from", "valid_to"),
    *("known_from", "known_to", "time_of_day", "published", "source"),
    *("reliability", "credibility", "baseline", "report", "position"),
)
PANEL_COLUMNS = ("settlement", "on", "control", "status", "since", "last_reported")
FREQUENCIES = ("D", "W", "M")
MOST_CELLS = 100_000_000  # rows of a panel: some 3 GB
DAY_US = 86_400_000_000  # microseconds
_EPOCH = date(1970, 1, 1)
_FAR = np.iinfo(np.int64).min  # NaT


def control_frame(log: EventLog, position: int) -> pd.DataFrame:
    """Every control report up to a position, a row for each rectangle of it.

    See `rectangles` for what the two intervals mean; rows come by settlement, in order
    of days, and within a report of knowledge.
    """
    replay = replay_of(log)
    versions = replay.versions()
    labels = labels_of(log, replay.head)
    early = versions.known_from <= position
    if not early.all():
        versions = versions.take(early)
    versions, known_from, known_to = told_apart(
        versions, *_moments(versions, labels, position)
    )
    found = rectangles(versions.place, versions.valid, known_from, known_to)
    rows, rank = _by_id(versions.place[found.version], log.store.codes("settlement"))
    told = versions.take(found.version[rows])
    known = [_moment(labels, edge[rows]) for edge in (found.known_from, found.known_to)]
    columns = {
        "settlement": _ids(told.place, log.store.codes("settlement"), rank),
        "control": _ids(told.actor, log.store.codes("actor")),
        "status": _words(told.status, STATUSES),
        "valid_from": _days(told.valid),
        "valid_to": _days(found.valid_to[rows]),
        "known_from": known[0],
        "known_to": known[1],
        "time_of_day": _words(told.time, TIMES_OF_DAY),
        "published": _days(told.published),
        "source": _ids(told.source, log.store.codes("source")),
        "reliability": _words((told.grade >> 3).astype(np.int16) - 1, RELIABILITIES),
        "credibility": _numbers(told.grade & np.uint8(7)),
        "baseline": told.baseline,
        "report": _texts(labels, told.position),
        "position": told.position.astype(np.int64),
    }
    header = f"Reports of control, as known at position {position}"
    return _framed(columns, log, position, {"header": header})


def panel_frame(
    log: EventLog,
    first: date | None,
    last: date | None,
    freq: str,
    position: int,
    *,
    published_by: date | None = None,
    lens: str = "latest",
) -> pd.DataFrame:
    """Who held each registered settlement at the end of each of the `days_of` a span.

    An end that is None is the first or the last day that a report which stands and
    was published by then speaks of. Raises `BudgetExceeded` for more than `MOST_CELLS`
    rows, and `UsageError` as `days_of`.
    """
    replay = replay_of(log)
    upto = last or date.max
    reports = replay.standing(upto, position, published_by=published_by)
    days = days_of(*_span(reports, first, last), freq)
    ids = log.store.codes("settlement")
    registered = labels_of(log, replay.head).registered
    there = np.flatnonzero(registered <= position)
    if published_by is not None:
        out = references(
            log.recorded(upto=position, types=REFERENCE_TYPES), published_by
        )
        there = np.array([n for n in there if ids[n] in out.settlements], np.intp)
    places = np.array(sorted(there.tolist(), key=ids.__getitem__), np.int32)
    if len(places) * len(days) > MOST_CELLS:
        raise BudgetExceeded(
            f"{len(days):,} days of {len(places):,} places are more than "
            f"{MOST_CELLS:,} rows; choose fewer days, or weeks or months"
        )
    numbers = np.array([day_number(day) for day in days], np.int32)
    name = parse_lens(lens).name
    rule = _lens(log, name)
    if rule.rule == "source":
        reports = reports.take(np.flatnonzero(reports.source == rule.source))
    grades = replay.grades(position)
    columns = _panel_columns(log, reports, places, numbers, rule, grades)
    clock = f"as known at position {position}"
    if published_by is not None:
        clock += f", as published by {published_by}"
    about = {
        "from": str(days[0]) if days else "",
        "to": str(days[-1]) if days else "",
        "published_by": "" if published_by is None else str(published_by),
        "lens": name,
        "header": f"Control by day, {clock}, lens {name}",
    }
    return _framed(columns, log, position, about)


def _lens(log: EventLog, name: str) -> ColumnLens:
    sources, source = log.store.codes("source"), name.removeprefix("source:")
    return lens_named(name, sources.index(source) if source in sources else None)


def _panel_columns(
    log: EventLog,
    reports: EffectiveColumns,
    places: Int32,
    days: Int32,
    lens: ColumnLens,
    grades: UInt8,
) -> dict[str, Any]:
    if len(days):
        found = panel(reports, places, days, lens, grades)
    else:
        none = np.zeros(0, np.int32)
        places, found = none, Panel(none, none.astype(np.uint8), none, none)
    return {
        "settlement": _ids(places, log.store.codes("settlement")).repeat(len(days)),
        "on": np.tile(_days(days), len(places)),
        "control": _ids(found.actor, log.store.codes("actor")),
        "status": _words(found.status, STATUSES),
        "since": _days(found.since),
        "last_reported": _days(found.reported),
    }


def _span(
    reports: EffectiveColumns, first: date | None, last: date | None
) -> tuple[date | None, date | None]:
    """The ends of a panel, where they are not given those of the reports."""
    if not len(reports):
        return first, last
    if first is None:
        first = _EPOCH + timedelta(days=int(reports.valid.min()))
    if last is None:
        last = _EPOCH + timedelta(days=int(reports.valid.max()))
    return first, last


def days_of(first: date | None, last: date | None, freq: str) -> list[date]:
    """The days of a panel: each, or the last of each week (Sunday) or month.

    The last period ends with *last*, when it is cut short; without both ends there is
    no day. Raises `UsageError`.
    """
    if freq not in FREQUENCIES:
        raise UsageError(f"freq: {freq!r} is none of {', '.join(FREQUENCIES)}")
    if first is None or last is None:
        return []
    if last < first:
        raise UsageError(f"a panel from {first} to {last} has no day")
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    if freq == "W":
        return [day for day in days if day.isoweekday() == 7 or day == last]
    if freq == "M":
        return [
            day
            for day, next_ in zip(days, [*days[1:], None], strict=True)
            if next_ is None or next_.month != day.month
        ]
    return days


# --- columns -------------------------------------------------------------------------


def _framed(
    columns: dict[str, Any], log: EventLog, position: int, about: dict[str, str]
) -> pd.DataFrame:
    frame = pd.DataFrame(columns, copy=False)
    frame.attrs |= {
        **about,
        "log": log.store.identity(),
        "position": position,
        "digest": digest_of(log, position),
    }
    return frame


def _moments(versions: Versions, labels: Labels, position: int) -> tuple[Int32, Int32]:
    """The moments at which versions became known, and at which they were given up."""
    ends = versions.known_to <= position
    if len(labels.first) == 1:
        start = np.zeros(len(versions), np.int32)
        end = np.where(ends, np.int32(0), np.int32(FOREVER))
        return start, end
    upto = np.where(ends, versions.known_to, 0)
    end = np.where(ends, labels.moments(upto), np.int32(FOREVER))
    return labels.moments(versions.known_from), end


def _moment(labels: Labels, moments: Int32) -> Any:
    """Ranks of moments as times; NaT for those that never come."""
    stamps = np.append(labels.stamp, _FAR)
    at = np.minimum(moments, len(labels.stamp))
    return pd.DatetimeIndex(stamps[at].view("datetime64[us]"), tz="UTC").array


def _by_id(
    place: NDArray[Any], ids: list[str]
) -> tuple[Rows | slice, NDArray[np.intp] | None]:
    """The order of rows by settlement id, and the ranks of codes among the ids."""
    order = np.array(sorted(range(len(ids)), key=ids.__getitem__), np.intp)
    if (order == np.arange(len(order))).all():
        return slice(None), None
    rank = np.empty(len(order), np.intp)
    rank[order] = np.arange(len(order))
    return np.argsort(rank[place], kind="stable"), rank


def _ids(
    codes: NDArray[Any], ids: list[str], rank: NDArray[np.intp] | None = None
) -> pd.Categorical:
    """Ids as categories in their own order; code -1 is missing."""
    if rank is None:
        order = sorted(range(len(ids)), key=ids.__getitem__)
        rank = np.empty(len(ids), np.intp)
        rank[order] = np.arange(len(ids))
    return _category(codes, rank, sorted(ids))


def _words(codes: NDArray[Any], words: Sequence[str]) -> pd.Categorical:
    return _category(codes, np.arange(len(words)), list(words))


def _category(
    codes: NDArray[Any], rank: NDArray[np.intp], words: list[str]
) -> pd.Categorical:
    """Codes of *words* by their rank; the narrowest integers, as pandas has them."""
    narrow = np.min_scalar_type(-max(len(words), 1) - 1)
    table = np.append(rank, -1).astype(narrow)  # of -1, which is the last
    dtype = pd.CategoricalDtype(pd.Index(words, dtype="str"))
    return pd.Categorical.from_codes(table[codes], dtype=dtype, validate=False)


def _days(numbers: Int32) -> Any:
    """Day numbers as `datetime64[us]`; `NO_DAY` is NaT."""
    found = numbers.astype(np.int64) * DAY_US
    found[numbers == NO_DAY] = _FAR
    return found.view("datetime64[us]")


def _numbers(values: NDArray[np.uint8]) -> Any:
    """Small numbers of which 0 is unknown."""
    return pd.arrays.IntegerArray(values, values == 0)


def _texts(labels: Labels, positions: Int32) -> Any:
    """The ids of the reports told at some positions, as pandas keeps text."""
    try:
        import pyarrow as pa
    except ImportError:
        return _decoded(labels, positions)
    buffers = [None, pa.py_buffer(labels.end), pa.py_buffer(labels.text)]
    every = pa.LargeStringArray.from_buffers(labels.head, buffers[1], buffers[2])
    return pd.array(every.take(pa.array(positions - 1)), dtype="str")


def _decoded(labels: Labels, positions: Int32) -> Any:
    text = labels.text.tobytes()
    end: Int64 = labels.end
    starts, ends = end[positions - 1].tolist(), end[positions].tolist()
    found = [text[a:b].decode() for a, b in zip(starts, ends, strict=True)]
    return pd.array(found, dtype="str")
