"""Building the index: two linear sorts, one running maximum, some copies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.domain.events import NAMELESS, STATUSES
from chronicle.replay.columns import (
    CONTROL,
    FOREVER,
    REDACTED,
    RETRACTED,
    Columns,
    Int32,
    UInt8,
)
from chronicle.replay.index import BLOCK, Codes, Index, Rows, lay_world
from chronicle.replay.versions import Entries, resolve, roots, targets
from chronicle.store.columnar import DTYPE, NO_DAY, NOBODY

__all__ = ["UNKNOWN", "blocks", "build", "sides_of"]

UNKNOWN = STATUSES.index("unknown")
_NAMELESS = np.array([word in NAMELESS for word in STATUSES])


def build(columns: Columns, entries: Entries | None = None) -> Index:
    """The index of a whole log, whose positions run from 1 without gaps."""
    if entries is None:
        entries = resolve(columns)
    settlements = columns.settlements()
    codes, side_actor, side_status = sides_of(entries.status, entries.actor)
    said = _narrow(codes, len(side_actor))
    place = _narrow(entries.place, settlements)
    days, rank, day = _ranks(entries.valid)
    # entries come in order of (position, known_from), and both sorts are stable
    by_day = _order(day.astype(np.int32) * 4 + entries.time, 4 * len(days))
    by_place = by_day[_order(place[by_day], settlements)]
    start = np.zeros(settlements + 1, np.int32)
    np.cumsum(np.bincount(place, minlength=settlements), out=start[1:])
    published_base, published = _published(entries.published)
    told = _gather(
        by_place,
        {
            "known_from": entries.known_from,
            "known_to": entries.known_to,
            "day": day,
            "published": published,
            "said": said,
            "source": _narrow(entries.source, int(entries.source.max(initial=0))),
            "grade": entries.grade,
            "bits": entries.time + np.uint8(4) * entries.baseline,
        },
    )
    known_from, known_to = told["known_from"], told["known_to"]
    near_from, near_to = blocks(known_from, known_to)
    far_from, far_to = blocks(near_from, near_to)
    overruled = np.empty(len(place), np.bool_)
    overruled[by_place] = _overruled(start, told["day"], known_to)
    world = _world(place, said, entries, day, by_day[~overruled[by_day]], len(days))
    remark, remark_root, remark_row = _remarks(columns)
    remark_at = np.zeros(len(columns) + 1, np.bool_)
    remark_at[remark] = True
    first = int(days[0]) if len(days) else 0
    return Index(
        side_actor=side_actor,
        side_status=side_status,
        calendar=np.array([first, published_base], np.int32),
        days=days,
        rank=rank,
        start=start,
        **told,
        near_from=near_from,
        near_to=near_to,
        far_from=far_from,
        far_to=far_to,
        **world,
        **_world_checkpoints(settlements, world),
        **_news(start, told["day"], told["said"], known_from, known_to, len(columns)),
        remark=remark,
        remark_root=remark_root,
        remark_row=remark_row,
        remark_bit=np.packbits(remark_at, bitorder="little"),
    )


def _gather(order: Rows, columns: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Columns in another order. Side by side they cost one miss a row, not one each."""
    types = [(name, column.dtype) for name, column in columns.items()]
    width = sum(dtype.itemsize for _, dtype in types)
    if width > 16:
        return {name: column[order] for name, column in columns.items()}
    wide: Any = np.int64 if width <= 8 else np.complex128
    if gap := np.dtype(wide).itemsize - width:
        types.append(("", np.dtype(f"V{gap}")))
    rows = np.empty(len(columns[types[0][0]]), np.dtype(types))
    for name, column in columns.items():
        rows[name] = column
    rows = rows.view(wide)[order].view(rows.dtype)
    return {name: np.ascontiguousarray(rows[name]) for name in columns}


def _narrow(values: NDArray[Any], most: int) -> Codes:
    """Codes from 0 to *most* in the narrowest type that holds them."""
    if most < 1 << 8:
        return values.astype(np.uint8)
    return values.astype(np.uint16 if most < 1 << 16 else np.int32)


def _order(key: NDArray[Any], most: int) -> Rows:
    """A stable order; with 16 bits NumPy's is a radix sort, which is linear."""
    narrow = key.astype(np.uint16 if most <= 1 << 16 else np.int32, copy=False)
    return np.argsort(narrow, kind="stable")


def sides_of(
    status: UInt8, actor: Int32, known: tuple[Int32, UInt8] | None = None
) -> tuple[NDArray[np.int64], Int32, UInt8]:
    """Codes of (status, actor) pairs, and the meaning of the codes.

    A status without a name has none, whatever an amendment left behind. Codes that are
    *known* already keep their number, and new ones follow.
    """
    old_actor = np.array([NOBODY], np.int32) if known is None else known[0]
    old_status = np.array([UNKNOWN], np.uint8) if known is None else known[1]
    width = max(int(actor.max(initial=0)), int(old_actor.max(initial=0))) + 2
    named = np.where(_NAMELESS[status], NOBODY, actor)
    key = status.astype(np.int64) * width + named + 1
    old_key = old_status.astype(np.int64) * width + old_actor + 1
    code = np.full(len(STATUSES) * width, -1, np.int64)
    code[old_key] = np.arange(len(old_key))
    present = np.zeros(len(code), np.bool_)
    present[key] = True
    new = np.flatnonzero(present & (code < 0))
    code[new] = len(old_key) + np.arange(len(new))
    return (
        code[key],
        np.concatenate([old_actor, (new % width - 1).astype(np.int32)]),
        np.concatenate([old_status, (new // width).astype(np.uint8)]),
    )


def _ranks(valid: Int32) -> tuple[Int32, Int32, Codes]:
    """The days that occur, how many up to each day, and each value's own rank.

    The calendar has fewer than four million days, so a table of them all will do.
    """
    if not len(valid):
        return valid[:0], valid[:0], valid[:0].astype(np.uint8)
    first = int(valid.min())
    table = np.zeros(int(valid.max()) - first + 1, np.int32)
    table[valid - first] = 1
    days = (np.flatnonzero(table) + first).astype(np.int32)
    rank = np.cumsum(table, dtype=np.int32)
    return days, rank, _narrow(rank - 1, len(days))[valid - first]


def _published(published: Int32) -> tuple[int, Codes]:
    told = published != NO_DAY
    if not told.any():
        return 0, np.zeros(len(published), np.uint8)
    base = int(published[told].min()) - 1
    days = np.where(told, published - np.int32(base), 0)
    return base, _narrow(days, int(days.max()))


def blocks(low: Int32, high: Int32) -> tuple[Int32, Int32]:
    """The least of *low* and the greatest of *high* in each block."""
    cuts = np.arange(0, len(low), BLOCK)
    if not len(cuts):
        return low[:0], high[:0]
    return np.minimum.reduceat(low, cuts), np.maximum.reduceat(high, cuts)


def _places(start: Int32) -> Codes:
    """The settlement of each entry by settlement."""
    settlements = len(start) - 1
    codes = _narrow(np.arange(settlements, dtype=np.int32), settlements)
    return np.repeat(codes, np.diff(start))


def _overruled(start: Int32, day: Codes, known_to: Int32) -> NDArray[np.bool_]:
    """Which entries by settlement have one behind them that stands, of the same day.

    They decide nothing at the end of a day as seen now, nor need a warning.
    """
    count, place = len(day), _places(start)
    if not count:
        return np.zeros(0, np.bool_)
    at = np.where(known_to == FOREVER, np.arange(count, dtype=np.int32), count)
    following = np.append(np.minimum.accumulate(at[::-1])[::-1][1:], count)
    there = np.minimum(following, count - 1)
    same = (place[there] == place) & (day[there] == day)
    found: NDArray[np.bool_] = same & (following < count)
    return found


def _world(
    place: Codes, said: Codes, entries: Entries, day: Codes, by_day: Rows, days: int
) -> dict[str, Any]:
    known = np.where(
        entries.known_to == FOREVER, entries.known_from, -entries.known_to
    ).astype(np.int32, copy=False)
    end = np.zeros(days + 1, np.int32)
    np.cumsum(np.bincount(day[by_day], minlength=days), out=end[1:])
    columns = {"world_place": place, "world_said": said, "world_known": known}
    return {"world_end": end, **_gather(by_day, columns)}


def _world_checkpoints(settlements: int, world: dict[str, Any]) -> dict[str, Any]:
    """One for every `settlements / 3` entries: some fifteen bytes an entry."""
    end = world["world_end"]
    rows = [0]  # after how many days; the first is before all days
    while True:
        wanted = int(end[rows[-1]]) + max(512, settlements // 3)
        found = int(np.searchsorted(end, wanted))
        if found >= len(end):
            break
        rows.append(found)
    start = end[rows]
    said = np.zeros((len(rows), settlements), world["world_said"].dtype)
    known = np.zeros((len(rows), settlements), np.int32)
    for row in range(1, len(rows)):
        said[row], known[row] = said[row - 1], known[row - 1]
        part = slice(start[row - 1], start[row])
        lay_world(
            said[row],
            known[row],
            world["world_place"][part],
            world["world_said"][part],
            world["world_known"][part],
        )
    at = np.searchsorted(rows, np.arange(len(end)), "right") - 1
    return {
        "world_row": at.astype(np.int32),
        "world_start": start,
        "world_checkpoint_said": said,
        "world_checkpoint_known": known,
    }


def _news(
    start: Int32, day: Codes, said: Codes, known_from: Int32, known_to: Int32, head: int
) -> dict[str, Any]:
    """The entries that were later in the world than all that was known of the place.

    Takes columns by settlement. There an entry was the latest when it was recorded
    when all that stand behind it were recorded later: one running minimum, backwards,
    over (settlement, known_from).
    """
    settlements, place = len(start) - 1, _places(start)
    told = place.astype(np.int64) << 32 | known_from
    behind = np.minimum.accumulate(told[::-1])[::-1]
    last = len(told) - 1  # nothing stands behind it
    newest = np.flatnonzero(np.append(told[:-1] < behind[1:], True)[: last + 1])
    known = known_from[newest]
    # taken back before it was outdone by what is later still
    until = np.append(known[1:], np.int32(FOREVER))
    until[:-1][place[newest[1:]] != place[newest[:-1]]] = FOREVER
    taken = known_to[newest] < until
    at = np.full(head + 1, FOREVER, np.int32)
    at[known] = np.where(taken, ~newest, newest)  # one event makes one entry at most
    known = np.flatnonzero(at != FOREVER).astype(np.int32)
    taken = at[known] < 0
    newest = np.where(taken, ~at[known], at[known]).astype(np.intp)
    known[taken] *= -1
    news = {
        "news_place": place[newest],
        "news_said": said[newest],
        "news_known": known,
        "news_day": day[newest],
    }
    every = max(2048, settlements * 2)
    edges = np.arange(0, head + 1, every)
    start = np.searchsorted(np.abs(known), edges, "right").astype(np.int32)
    rows = {
        name: np.zeros((len(edges), settlements), news[f"news_{name}"].dtype)
        for name in ("said", "known", "day")
    }
    for row in range(1, len(edges)):
        part = slice(start[row - 1], start[row])
        for name, checkpoints in rows.items():
            checkpoints[row] = checkpoints[row - 1]
            checkpoints[row][news["news_place"][part]] = news[f"news_{name}"][part]
    return {
        **news,
        "news_every": np.array([every], np.int32),
        "news_start": start,
        **{f"news_checkpoint_{name}": found for name, found in rows.items()},
    }


def _remarks(columns: Columns) -> tuple[Int32, Int32, NDArray[Any]]:
    """The remarks at the end of whose chains there is a control report."""
    remarks = np.flatnonzero((columns.kind >= RETRACTED) & (columns.kind <= REDACTED))
    root, _ = roots(columns, remarks, targets(columns, remarks))
    bears = (root >= 0) & (columns.kind[root] == CONTROL)
    remarks, root = remarks[bears], root[bears]
    rows = np.zeros(len(remarks), np.dtype(DTYPE))
    for name, _type in DTYPE:
        rows[name] = getattr(columns, name)[remarks]
    return columns.position[remarks], columns.position[root], rows
