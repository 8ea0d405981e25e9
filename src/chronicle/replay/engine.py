"""Replay: any day, as known at any position, from the hot records of a log.

`Replay.open` takes the saved index if it stands for the log as it is, and makes it anew
if not. What the log has gained since is folded when a question is asked.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.errors import MissingExtra, UsageError
from chronicle.replay import index as plain
from chronicle.replay.answer import Control
from chronicle.replay.build import UNKNOWN, build
from chronicle.replay.cache_file import discard, load, peek, save, sweep
from chronicle.replay.columns import Columns, Int32, UInt8, read
from chronicle.replay.delta import Tail, follow, later_of, lay_tail
from chronicle.replay.figures import Figures, FiguresOn, figures_on, gather_figures
from chronicle.replay.index import Index, Rows
from chronicle.replay.lenses import ColumnLens, last_rows, lens_named, verdicts
from chronicle.replay.rectangles import Versions, versions_in
from chronicle.replay.segments import read_all, seal
from chronicle.replay.series import Series, series
from chronicle.replay.source import ColumnarSource
from chronicle.replay.standing import (
    EffectiveColumns,
    View,
    recent_rows,
    standing,
    view_of,
)
from chronicle.store.columnar import KINDS, day_number

__all__ = ["TAIL", "Replay"]

TAIL = 4_096  # events that are folded when a question is asked
VERSION = 1
_SOURCE_REGISTERED = KINDS["source-registered"]
Day = int | date


class Replay:
    """The answers of one log. Days are `date`s or day numbers since 1970-01-01.

    A *position* is the last one known; None is now, and one beyond the head is the
    head. Settlements, actors and sources are codes, as in the hot records.
    """

    def __init__(
        self,
        source: ColumnarSource,
        folder: Path | None = None,
        *,
        compiled: bool = False,
    ) -> None:
        self._source = source
        self._folder = folder
        self._index: Index
        self._index_head = -1
        self._held_for = ""
        self._grades: tuple[Int32, Int32, UInt8]
        self._tail: Tail | None = None
        self._head = 0
        self._figures: Figures | None = None
        self._winners: Callable[[Index, int, int], tuple[Any, Any]] = plain.winners
        self._find: Callable[[Index, Rows, int, int], NDArray[Any]] = plain.find
        if compiled:
            self._compile()
        self.refresh()

    @classmethod
    def open(
        cls,
        source: ColumnarSource,
        folder: Path | None = None,
        *,
        compiled: bool = False,
    ) -> Replay:
        """Replay of *source*, with caches in *folder* where one is given.

        With *compiled*, questions about all settlements and batches of points run
        compiled (extra `fast`): worth it for a process that asks many, not for one
        question, because the compiler alone takes longer to load.
        """
        return cls(source, folder, compiled=compiled)

    def _compile(self) -> None:
        try:
            from chronicle.replay import kernels
        except ImportError:
            raise MissingExtra("compiled replay needs numba", "fast") from None
        self._winners, self._find = kernels.winners, kernels.find

    # --- the index, the tail and the caches ------------------------------------------

    def refresh(self) -> None:
        """Take in what the log has gained; make the index anew when it is too old."""
        head = self._source.head()
        held = self._index_head
        if held < 0 or held > head or self._held_for != self._source.identity(held):
            if not self._load(head):
                self._rebuild(head)
        elif head - held > TAIL:
            self._rebuild(head)
        self._figures = None
        self._head = head
        self._tail = None
        if head > self._index_head:
            after = self._index_head
            columns = read(self._source.scan(after, head), after=after)
            self._tail = follow(self._index, after, columns)

    def _load(self, head: int) -> bool:
        """Take the newest saved index that stands for the log; False without one."""
        if self._folder is None:
            return False
        saved = []
        for path in self._folder.glob("index-*.cache"):
            about = peek(path) or {}
            at = about.get("head")
            good = about.get("kind") == "index" and about.get("version") == VERSION
            if good and type(at) is int and head - TAIL <= at <= head:
                saved.append((at, path))
        for at, path in sorted(saved, reverse=True):
            identity = self._source.identity(at)
            if (peek(path) or {}).get("identity") != identity:
                continue
            vault = load(path, sealed=False)
            if vault is None:
                discard(path)
                continue
            names = [f.name for f in fields(Index)]
            if set(vault.arrays) != {*names, "grade_at", "grade_of", "grade_is"}:
                continue
            self._index = Index(**{name: vault.arrays[name] for name in names})
            self._grades = (
                vault.arrays["grade_at"],
                vault.arrays["grade_of"],
                vault.arrays["grade_is"],
            )
            self._index_head, self._held_for = at, identity
            return True
        return False

    def _rebuild(self, head: int) -> None:
        identity = self._source.identity(head)
        columns = read_all(self._folder, self._source, head)
        self._index = build(columns)
        self._grades = _grades(columns)
        self._index_head, self._held_for = head, identity
        if self._folder is not None and head >= TAIL:
            with contextlib.suppress(OSError):  # a cache that cannot be kept is none
                self._save(columns, identity)

    def _save(self, columns: Columns, identity: str) -> None:
        assert self._folder is not None
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep(self._folder)
        seal(self._folder, self._source, columns)
        name = hashlib.sha256(identity.encode()).hexdigest()[:24]
        path = self._folder / f"index-{name}.cache"
        about = {
            "kind": "index",
            "version": VERSION,
            "head": self._index_head,
            "identity": identity,
        }
        arrays = {f.name: getattr(self._index, f.name) for f in fields(Index)}
        at, of, is_ = self._grades
        arrays |= {"grade_at": at, "grade_of": of, "grade_is": is_}
        save(path, about, arrays, sealed=False)
        for other in self._folder.glob("index-*.cache"):
            if other != path:
                discard(other)

    # --- questions -------------------------------------------------------------------

    @property
    def head(self) -> int:
        """The last position taken in."""
        return self._head

    @property
    def nbytes(self) -> int:
        """Bytes of the index in memory or mapped; the tail not counted."""
        return self._index.nbytes

    def _position(self, position: int | None) -> int:
        if position is None:
            return self._head
        if position < 0:
            raise UsageError(f"no position {position}: positions are 1, 2, 3 …")
        return min(position, self._head)

    def state(
        self,
        on: Day,
        position: int | None = None,
        *,
        lens: str | ColumnLens = "latest",
        published_by: Day | None = None,
    ) -> Control:
        """Control of all settlements at the end of *on*, as known at *position*.

        In a lens given by name, `source:ID` has a source's code for an id.
        """
        day, known_at = _day(on), self._position(position)
        if lens != "latest" or published_by is not None:
            return self._judged(day, known_at, _lens(lens), published_by)
        index, tail = self._index, self._tail
        said, known = self._winners(index, day, known_at)
        actor, status = index.side_actor, index.side_status
        if tail is not None and len(said) < tail.settlements:
            more = np.zeros(tail.settlements - len(said), np.int32)
            said = np.concatenate([said, more.astype(said.dtype)])
            known = np.concatenate([known, more])
        if tail is not None and known_at > tail.head:
            both = lay_tail(index, tail, day, known_at, (said, known), self._find)
            said, known = both
            actor, status = tail.side_actor, tail.side_status

        def find(places: Rows) -> Int32:
            found = self._find(index, places, day, known_at)
            entry: Int32 = np.where(found < 0, 0, index.known_from[found])
            return entry

        return Control(day, known_at, said, known, actor, status, find, self.root)

    def view(self, on: Day, position: int, published_by: Day | None = None) -> View:
        """What stands on a day as known at a position, to be looked at in part."""
        by = None if published_by is None else _day(published_by)
        return view_of(self._index, self.tail_at(position), _day(on), position, by)

    @property
    def index(self) -> Index:
        """The index, which stands for the log up to some position."""
        return self._index

    def tail_at(self, position: int) -> Tail | None:
        """What a position has beyond the index; None where it has nothing."""
        return self._tail if position > self._index_head else None

    def standing(
        self,
        on: Day,
        position: int | None = None,
        *,
        published_by: Day | None = None,
    ) -> EffectiveColumns:
        """The control reports that stand, which is what a lens sees."""
        return self.view(on, self._position(position), published_by).standing()

    def versions(self) -> Versions:
        """All versions of all control reports, whether they still stand or not."""
        return versions_in(self._index, self._tail)

    def _judged(
        self, day: int, position: int, lens: ColumnLens, published_by: Day | None
    ) -> Control:
        looks_back = lens.rule in ("graded", "cautious") and published_by is None
        if looks_back and position <= self._index_head:
            rows = recent_rows(self._index, day, position, lens.days)
            reports = standing(self._index, None, day, position, rows=rows)
        else:
            reports = self.standing(day, position, published_by=published_by)
        if lens.rule == "source":
            reports = reports.take(reports.source == lens.source)
        ends = last_rows(reports)
        found = verdicts(reports, ends, lens, self.grades(position))
        settlements = max(self.settlements, reports.settlements)
        said = np.zeros(settlements, np.int64)
        known = np.zeros(settlements, np.int32)
        actor = np.append(np.int32(-1), found.actor)  # each settlement its own side
        status = np.append(np.uint8(UNKNOWN), found.status)
        places = reports.place[ends]
        said[places] = np.arange(1, len(ends) + 1)
        known[places] = reports.known[found.chosen]
        root = np.zeros(settlements, np.int32)
        root[places] = reports.position[found.chosen]
        return Control(
            day, position, said, known, actor, status, _nothing, lambda _: root
        )

    def points(
        self, settlements: NDArray[Any], on: NDArray[Any], positions: NDArray[Any]
    ) -> tuple[Int32, UInt8, Int32]:
        """Many questions in one call: actors, statuses and deciding positions.

        The three arrays go together: settlement code, day number, position. Seen by
        the lens *latest*. Codes that are not in the log are unknown.
        """
        places, days, known_at = (
            np.asarray(a, np.int64) for a in (settlements, on, positions)
        )
        if not places.shape == days.shape == known_at.shape or places.ndim != 1:
            raise UsageError("points are three arrays of one length")
        if len(known_at) and int(known_at.min()) < 0:
            raise UsageError("positions are 1, 2, 3 …; 0 is before the first")
        known_at = np.minimum(known_at, self._head)
        index, tail = self._index, self._tail
        at = np.full(len(places), -1, np.intp)
        old = (places >= 0) & (places < index.settlements)
        at[old] = self._many(places[old], days[old], known_at[old])
        if tail is not None:
            actor, status = tail.side_actor, tail.side_status
            there = (places >= 0) & (places < tail.settlements)
            said, known = np.zeros(len(at), np.int64), np.zeros(len(at), np.int32)
            said[there], known[there] = later_of(
                index, tail, at[there], places[there], days[there], known_at[there]
            )
        else:
            actor, status = index.side_actor, index.side_status
            if not len(index.day):
                at = np.full(len(at), -1, np.intp)
                said, known = np.zeros(len(at), np.int64), np.zeros(len(at), np.int32)
            else:
                said = np.where(at < 0, 0, index.said[at])
                known = np.where(at < 0, np.int32(0), index.known_from[at])
        return actor[said], status[said], self.root(known)

    def series(
        self,
        days: NDArray[Any] | list[Day],
        position: int | None = None,
        *,
        lens: str | ColumnLens = "latest",
        published_by: Day | None = None,
    ) -> Series:
        """How many settlements each side holds on each of *days*, which increase."""
        numbers = np.array([_day(day) for day in days], np.int32)
        if not len(numbers) or (np.diff(numbers) <= 0).any():
            raise UsageError("a series needs days, each later than the one before")
        rule, last = _lens(lens), int(numbers[-1])
        reports = self.standing(last, position, published_by=published_by)
        if rule.rule == "source":
            reports = reports.take(reports.source == rule.source)
        return series(reports, numbers, rule, self.grades(position))

    def figures(
        self,
        on: Day,
        position: int | None = None,
        *,
        published_by: Day | None = None,
        no_area: int = -1,
        area_of_place: Int32 | None = None,
    ) -> FiguresOn:
        """The displacement figures that hold on a day; see `figures.figures_on`."""
        return figures_on(
            self.all_figures(),
            _day(on),
            self._position(position),
            None if published_by is None else _day(published_by),
            no_area=no_area,
            area_of_place=area_of_place,
        )

    def all_figures(self) -> Figures:
        """The displacement reports of the whole log."""
        if self._figures is None:
            columns = read_all(self._folder, self._source, self._head)
            self._figures = gather_figures(columns)
        return self._figures

    # --- what the answers are made of ------------------------------------------------

    @property
    def settlements(self) -> int:
        """How many settlement codes there are."""
        tail = self._tail
        return self._index.settlements if tail is None else tail.settlements

    def root(self, known: Int32) -> Int32:
        """The positions of the reports that remarks, or they themselves, stand for."""
        root, tail = self._index.root(known), self._tail
        if tail is None or not len(tail.remark):
            return root
        remark = tail.columns.position[tail.remark]
        at = np.minimum(np.searchsorted(remark, known), len(remark) - 1)
        found: Int32 = np.where(remark[at] == known, tail.remark_root[at], root)
        return found

    def grades(self, position: int | None = None) -> UInt8:
        """The default reliability of each source code: 1-6 for A-F, 0 for none."""
        known_at = self._position(position)
        parts = [self._grades]
        if self._tail is not None:
            parts.append(_grades(self._tail.columns))
        at, of, is_ = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        found = np.zeros(int(of.max(initial=-1)) + 1, np.uint8)
        early = at <= known_at
        found[of[early]] = is_[early]  # the last registration counts
        return found

    def _many(
        self, places: NDArray[Any], days: NDArray[Any], positions: NDArray[Any]
    ) -> NDArray[Any]:
        if self._winners is plain.winners:
            upto = plain.ranks_upto(self._index, days)
            return plain.last_visible(self._index, places, upto, positions)
        from chronicle.replay import kernels

        return kernels.points(self._index, places, days, positions)


def _grades(columns: Columns) -> tuple[Int32, Int32, UInt8]:
    """Positions of registrations of sources, their codes and default grades."""
    rows = np.flatnonzero(columns.kind == _SOURCE_REGISTERED)
    letter = columns.grade[rows] >> np.uint8(3)
    return columns.position[rows], columns.source[rows], letter


def _day(day: Day) -> int:
    return day_number(day) if isinstance(day, date) else int(day)


def _lens(lens: str | ColumnLens) -> ColumnLens:
    if isinstance(lens, ColumnLens):
        return lens
    code = lens.removeprefix("source:")
    source = int(code) if lens != code and code.isascii() and code.isdigit() else None
    return lens_named(lens, source)


def _nothing(places: Rows) -> Int32:
    return np.zeros(len(places), np.int32)
