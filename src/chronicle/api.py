"""One object, `Chronicle`, that joins the log, the fold and the answers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from chronicle.domain.cautions import Facts, cautions
from chronicle.domain.events import ControlReported, Event, ReportRedacted
from chronicle.domain.incidents import incidents_table
from chronicle.domain.lenses import parse_lens
from chronicle.domain.names import Gazetteer
from chronicle.domain.quality import STALE_DAYS, check_table
from chronicle.domain.questions import Asked, Clocks, PlainQuestions
from chronicle.domain.state import References, State, diff, state_of
from chronicle.domain.table import Table
from chronicle.domain.timeline import RecordedEvent, effective_claims
from chronicle.domain.times import Day, KnownAt, as_day, as_known_at, spoken_day
from chronicle.domain.views import (
    clocks,
    diff_table,
    displaced_table,
    history_table,
    marked,
    why_table,
)
from chronicle.errors import (
    AmbiguousName,
    InputError,
    IntegrityFailure,
    MissingExtra,
    UnknownId,
    UsageError,
)
from chronicle.store.address import is_server
from chronicle.store.branch_guard import WHAT_IF, is_what_if
from chronicle.store.checkpoint import VerifyingKey
from chronicle.store.custody import (
    Checked,
    check_log,
    head_of,
    prove_position,
    prove_report,
    witness_log,
)
from chronicle.store.log import EventLog
from chronicle.store.memory import MemoryStore, system_clock
from chronicle.store.protocol import Store
from chronicle.store.scratch import scratch_folder
from chronicle.store.sql.store import SQLStore
from chronicle.store.sqlite.store import LOCK_TIMEOUT, SQLiteStore
from chronicle.store.witness import Witnessed, heads_in

if TYPE_CHECKING:
    import pandas as pd

    from chronicle import Picture
    from chronicle.archive.write import Archived
    from chronicle.formats.field_file import Wanted
    from chronicle.formats.import_result import ImportResult
    from chronicle.formats.importer import Progress
    from chronicle.formats.merging import Merge
    from chronicle.formats.spreadsheet.table import TableFile
    from chronicle.formats.writing.evidence import Bundle
    from chronicle.replay import Replay
    from chronicle.store.copying import Copy
    from chronicle.store.postgres.store import PostgresStore
    from chronicle.store.sqlite.backup import Backup
    from chronicle.store.sqlite.backup import Progress as BackupProgress
    from chronicle.store.undo import Undone

__all__ = ["Chronicle", "create", "memory", "migrate", "open_chronicle", "restore"]

SOONEST, LATEST = 0.005, 0.25  # seconds between looks at the log: busy, quiet
LONG = 50_000  # events from which on columns are worth the time to load them
Clock = Callable[[], datetime]


class Chronicle:
    """The record of a conflict; `create`, `open` or `memory` makes one.

    Days are `date` or ISO text. `on=` is the end of a day in the world, `known_at=` a
    moment of the record's own clock (a day, an aware time, `@POSITION` or a position),
    `published_by=` a day of the sources' clock.
    """

    def __init__(self, log: EventLog, clock: Clock = system_clock) -> None:
        self._clock = clock  # for `today`; what is recorded has the store's own
        self._facts: tuple[int, Facts] | None = None
        self._log = log
        self._identity: str | None = None
        self._columns: Asked | None = None

    def __enter__(self) -> Chronicle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._log.store.close()

    @property
    def head(self) -> int:
        """The last position of the log; 0 when it is empty."""
        return self._log.store.head()

    @property
    def identity(self) -> str:
        """The id of this log, given once when it was made."""
        if self._identity is None:
            self._identity = self._log.store.identity()
        return self._identity

    @property
    def wrote(self) -> bool:
        """Whether anything was recorded through this object."""
        return self._log.store.wrote

    @property
    def finding(self) -> IntegrityFailure | None:
        """What was found wrong with the log when it was opened; then it is read-only.

        The answers are of what is left. `verify` looks at all of it.
        """
        return self._log.store.finding

    @property
    def cautions(self) -> list[str]:
        """What could not be looked at when the log was opened, and why."""
        return list(self._log.store.cautions)

    @property
    def what_if(self) -> str:
        """The name of the branch that this is; empty for the record."""
        identity = self.identity
        return identity.removeprefix(WHAT_IF) if is_what_if(identity) else ""

    def told_apart(self, table: Table) -> Table:
        """*table*, with WHAT-IF in its header when it is of a branch."""
        return marked(table, self.what_if)

    def purge(self) -> bool:
        """Whether all redacted payloads have left the disk, after trying once more.

        Where they have not, another program is reading: they leave with the next write,
        or when the last program closes the file. Raises `Busy` when another is writing.
        """
        return self._log.store.purge()

    # --- telling ---------------------------------------------------------------

    def append(
        self,
        event_or_events: Event | Iterable[Event],
        *,
        expected: Mapping[str, int] | None = None,
        key: str | None = None,
    ) -> list[int]:
        """Record events, all or none; the position at which each of them stands.

        What is in the log already adds nothing and gives its position there.
        *expected* maps settlements to the last position seen of them: a later event
        raises `Conflict`. *key* names the command, so that it can be repeated when its
        outcome is unknown. Raises `InputError` for what no rule allows. After a
        redaction `purge` says whether the payload has left the disk.
        """
        if isinstance(event_or_events, Event):
            events = [event_or_events]
        elif isinstance(event_or_events, Iterable):
            events = list(event_or_events)
        else:
            raise InputError(f"{type(event_or_events).__name__} is no event")
        positions = self._log.append(events, expected=expected, key=key)
        if any(isinstance(event, ReportRedacted) for event in events):
            from chronicle.replay.stored import drop_caches

            drop_caches(self._log)
        return positions

    def import_folder(
        self,
        *paths: str | Path,
        dataset: str | None = None,
        strict: bool = False,
        complete: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
        result: ImportResult | None = None,
        wanted: Wanted | None = None,
        accept: Sequence[str] = (),
    ) -> ImportResult:
        """Import folders or files, of the own format or the field's, as one command.

        Each file goes in whole in one transaction; bad rows become problems. The same
        files again add nothing; a later vintage records what is new and changed, and
        counts what it does not tell again. Only *complete* retracts that, and only
        what the same file of the same data set told before. *strict* leaves a file
        with problems out and raises `RefusedImport`; *dry_run* does it all on a copy
        that is thrown away; *result* is filled as files go in; *wanted* names the
        format, where it should not be found by itself, and sets its options; *accept*
        names values that look wrong and are right.
        """
        if not dry_run:
            from chronicle.formats.field_file import ANY
            from chronicle.formats.importer import import_paths

            return import_paths(
                self._log,
                [Path(path) for path in paths],
                dataset=dataset,
                strict=strict,
                complete=complete,
                progress=progress,
                result=result,
                wanted=wanted or ANY,
                accept=accept,
            )
        with self._copy() as copy:
            return copy.import_folder(
                *paths,
                dataset=dataset,
                strict=strict,
                complete=complete,
                progress=progress,
                result=result,
                wanted=wanted,
                accept=accept,
            )

    def import_frame(
        self,
        frame: pd.DataFrame,
        kind: str | None = None,
        *,
        dataset: str = "frame",
        strict: bool = False,
        complete: bool = False,
        dry_run: bool = False,
        wanted: Wanted | None = None,
        accept: Sequence[str] = (),
    ) -> ImportResult:
        """Import a pandas frame, as if it were the CSV file that it would be.

        *kind* is the name of a file of the own format (`control`, `settlements`), or
        `table` for any columns; without it the columns say it, as a file's do. Problems
        name the column and the line that a row would have there: the first is line 2.
        The frame of a *dataset* is a vintage of its last one. Else as `import_folder`.
        """
        from chronicle.formats.field_file import ANY
        from chronicle.formats.frame_file import frame_file

        with frame_file(frame, kind, wanted or ANY) as (path, asked):
            return self.import_folder(
                path,
                dataset=dataset,
                strict=strict,
                complete=complete,
                dry_run=dry_run,
                wanted=asked,
                accept=accept,
            )

    def tables_in(
        self,
        *paths: str | Path,
        dataset: str | None = None,
        wanted: Wanted | None = None,
    ) -> list[TableFile]:
        """Those of the files that are tables to be read by a mapping, not yet read.

        `proposal` of each says what its columns will become.
        """
        from chronicle.formats.field_file import ANY
        from chronicle.formats.importer import tables_in

        found = [Path(path) for path in paths]
        return tables_in(self._log, found, dataset, wanted or ANY)

    def merge(
        self, other: str | Path, *, strict: bool = False, dry_run: bool = False
    ) -> Merge:
        """Take in another chronicle, or an export of one as JSON lines.

        A report that both tell alike is there once; one that both tell under one id in
        other words is a conflict: it stands as it is here, and is told. Remarks follow
        their reports. `recorded_at` is this record's clock, and where the events came
        from is kept. With *strict* a conflict leaves everything out, and raises
        `Conflict`; *dry_run* does it all on a copy.
        """
        if dry_run:
            with self._copy() as copy:
                return copy.merge(other, strict=strict)
        from chronicle.formats.jsonl import is_export
        from chronicle.formats.merging import merge_export, merge_record

        told = os.fspath(other)
        if not is_server(told) and is_export(Path(other)):
            return merge_export(self._log, Path(other), strict=strict)
        with open_chronicle(other) as record:
            return merge_record(
                self._log, record.name, record.identity, record.log(), strict=strict
            )

    def undo_import(self, position: int | None = None) -> Undone:
        """Take back what the last command of imports brought, or one import.

        Its reports are retracted, its changes taken back; new registrations stay. The
        same file imported again brings it all back. *position* is that of the
        `ImportFinished` of one file. Raises `InputError` where there is none.
        """
        from chronicle.store.undo import undo_import

        return undo_import(self._log, position)

    def _copy(self) -> Chronicle:
        """A copy that vanishes when it is closed."""
        store = self._log.store
        if isinstance(store, MemoryStore):
            return Chronicle(EventLog(_twin(store)))
        assert isinstance(store, SQLStore)
        return _Scratch(store)

    def backup(
        self, path: str | Path, *, progress: BackupProgress | None = None
    ) -> Backup:
        """A copy as of now in a new file, proven by opening and replaying it.

        Writers go on meanwhile. *path* may be a folder; then the copy is called after
        the file and its last position. *progress* is told what is done, and how much
        of it. Raises `Conflict` when something is there already, and an
        `IntegrityFailure` for a copy that cannot be proven, which is not kept.
        """
        store = self._log.store
        if isinstance(store, SQLiteStore):
            from chronicle.store.sqlite.backup import backup

            return backup(store, _file(path), progress)
        where = Path(path)
        if where.is_dir():
            where = where / f"{self.name}-{self.head}.chronicle"
        made = self.copy(where, progress=progress)
        return Backup(where, made.identity, made.position, made.digest)

    def copy(
        self, place: str | Path, *, progress: BackupProgress | None = None
    ) -> Copy:
        """The same chronicle in another place, a path or a `postgresql://` address.

        All is as it was: positions, `recorded_at`, ids, keys. It is compared and
        replayed before it is seen. Raises `Conflict` when something is there already.
        """
        store = self._log.store
        if isinstance(store, MemoryStore):
            raise UsageError("a chronicle in memory has no copy: export it")
        assert isinstance(store, SQLStore)
        from chronicle.store.copying import copied

        told = os.fspath(place)
        with store.snapshot() as snapshot:
            return copied(
                snapshot, told if is_server(told) else str(_file(place)), progress
            )

    # --- asking ----------------------------------------------------------------

    def position(self, known_at: KnownAt | None = None) -> int:
        """The position that a moment of the record's clock names."""
        return self._log.position(as_known_at(known_at))

    def facts(self, known_at: KnownAt | None = None) -> Facts:
        """When the record begins, the days it speaks of, what lacks a publication."""
        position = self.position(known_at)
        if self._facts is None or self._facts[0] != position:
            self._facts = position, self._asked(position).facts(position)
        return self._facts[1]

    def day(self, value: Day | None = None, name: str = "on") -> date:
        """A day in words: `last`, `today`, `yesterday`, `-3d`, or a date.

        `last` is the last day that a control report speaks of, and what None stands
        for; in an empty record None is today. Raises `UsageError`.
        """
        if isinstance(value, date):
            return as_day(value, name)
        last = self.facts().last_day if value in (None, "last") else None
        today = self._clock().date()
        if value is None:
            return last or today
        return spoken_day(value, name, today=today, last=last)

    def state(
        self,
        on: Day | None = None,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
        lens: str = "latest",
    ) -> State:
        """What was so at the end of *on*, as known then, seen through a lens.

        Without *on* it is the last day that a control report speaks of. *on* and
        *published_by* take the words of `day`. Raises `UnknownId` for a lens of a
        source that the record does not know. `State.cautions` say what the answer
        lacks, and why.
        """
        day = self.day(on)
        by = None if published_by is None else self.day(published_by, "published_by")
        self._check_lens(lens)
        position = self.position(known_at)
        return self._told(self._asked(position).state(Clocks(day, position, by), lens))

    def _told(self, found: State) -> State:
        """*found* with what it lacks, and what it is a state of."""
        facts = self.facts(found.position or None)
        lacks = cautions(facts, found.on, found.position, found.published_by)
        told = (*self._found(), *lacks)
        from chronicle.replay.stored import digest_of

        digest = digest_of(self._log, found.position)
        return replace(found, what_if=self.what_if, cautions=told, digest=digest)

    def _found(self) -> tuple[str, ...]:
        return () if self.finding is None else (f"NOT WHOLE: {self.finding}",)

    def _check_lens(self, lens: str) -> None:
        """A lens of a source that never spoke sees nothing, and that helps nobody."""
        source = lens.removeprefix("source:")
        if source != lens and source:
            self.check_source(source)

    def check_source(self, source: str) -> None:
        """Raise `UnknownId` with the nearest ids for a source nobody heard of."""
        known = set(self.codes("source"))
        if source not in known:
            known.update(self.references().sources)
        if source not in known:
            near = get_close_matches(source, sorted(known), 3)
            raise UnknownId("source", source, near or sorted(known)[:5])

    def _asked(self, position: int) -> Asked:
        """What answers up to a position: columns where that is long, else the fold."""
        if position < LONG:
            return PlainQuestions(lambda upto: self._log.recorded(upto=upto))
        if self._columns is None:
            from chronicle.replay.questions import Questions

            self._columns = Questions(self._log)
        return self._columns

    def map(
        self,
        on: Day | Sequence[Day] | None = None,
        out: str | Path | None = None,
        *,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
        lens: str = "latest",
        place: str | None = None,
        km: float = 40.0,
        admin1: str | None = None,
        days_per_second: float = 2.0,
        licence: str = "",
    ) -> Picture:
        """Who held what at the end of one day or several, drawn.

        Several days stand side by side; into a film (*out* ends in .gif, .webp, .mp4)
        go all from the first of *on* to the last. Without *on* it is the last day
        reported on, for a film every day of the reports. Else as `State.map`.
        """
        from chronicle import map_record

        return map_record(
            self,
            on,
            out,
            known_at=known_at,
            published_by=published_by,
            lens=lens,
            place=place,
            km=km,
            admin1=admin1,
            days_per_second=days_per_second,
            licence=licence,
        )

    @property
    def name(self) -> str:
        """What to call it: its file, its branch; empty in memory."""
        store = self._log.store
        if isinstance(store, SQLiteStore):
            return store.path.name
        return store.title if isinstance(store, SQLStore) else self.what_if

    def control_days(self, known_at: KnownAt | None = None) -> tuple[date, date] | None:
        """The first and the last day that reports of control speak of, if any do."""
        days = [
            recorded.event.since_day
            for recorded in self._log.recorded(upto=self.position(known_at))
            if isinstance(recorded.event, ControlReported)
        ]
        return (min(days), max(days)) if days else None

    def replay(self, *, compiled: bool = False) -> Replay:
        """The replay engine: any day as known at any position, in microseconds.

        It answers in codes and arrays, for programs that ask much; its caches lie in a
        folder beside the file, and are made anew when they do not stand for the log.
        Codes are ranks in `codes`. *compiled* needs numba (extra `fast`), and is worth
        its start-up time for many questions.
        """
        from chronicle.replay.stored import replay_of

        return replay_of(self._log, compiled=compiled)

    def frame(self, known_at: KnownAt | None = None) -> pd.DataFrame:
        """Every control report with both its intervals, as a pandas frame.

        A row says what a report says of the days `[valid_from, valid_to)` as the record
        stood in `[known_from, known_to)`; open ends are NaT. The next report of the
        place ends the days, and which is the next hangs on what is known, so a report
        has a row for each span of knowledge in which its end is the same. The row that
        holds a day and a moment is of the report that decides then, seen through the
        lens *latest*; one that was outdone on its own day holds no day. What was
        recorded and taken back at the same moment has no row.
        """
        from chronicle.replay.frames import control_frame

        return self._told_apart(control_frame(self._log, self.position(known_at)))

    def panel(
        self,
        freq: str = "D",
        start: Day | None = None,
        end: Day | None = None,
        *,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
        lens: str = "latest",
    ) -> pd.DataFrame:
        """Who held each settlement at the end of each day, as a pandas frame.

        *freq* is `D`, or `W` or `M` for the last day of each week (Sunday) or month;
        the last of them ends with *end*. Without *start* and *end* from the first to
        the last day that a control report which counts speaks of. `last_reported` is
        the last such day of the place by then: unchanged is not the same as reported.
        Raises `BudgetExceeded` for more than a hundred million rows.
        """
        from chronicle.replay.frames import panel_frame

        self._check_lens(lens)
        by = None if published_by is None else self.day(published_by, "published_by")
        frame = panel_frame(
            self._log,
            None if start is None else self.day(start, "start"),
            None if end is None else self.day(end, "end"),
            freq,
            self.position(known_at),
            published_by=by,
            lens=lens,
        )
        return self._told_apart(frame)

    def _told_apart(self, frame: pd.DataFrame) -> pd.DataFrame:
        """*frame*, marked when it is of a branch."""
        table = self.told_apart(Table((), [], str(frame.attrs["header"])))
        frame.attrs |= {"header": table.header, "what_if": self.what_if}
        return frame

    def codes(self, kind: str) -> list[str]:
        """The ids of `settlement`, `actor` or `source`, in order of their codes."""
        return self._log.store.codes(kind)

    def history(
        self,
        settlement: str,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
    ) -> Table:
        """Every control report on a place, in order, and whether it counts."""
        id_ = self.find(settlement)
        position = self.position(known_at)
        log = list(self._asked(position).history(id_, position))
        by = None if published_by is None else self.day(published_by, "published_by")
        table = _history(id_, log, position, by)
        if position == 0:
            table.notes.extend(cautions(self.facts(), date.max, 0, None))
        elif not table.rows:
            table.notes.append(f"no report of control speaks of {id_}")
        return self.told_apart(table)

    def why(
        self,
        settlement: str,
        on: Day | None = None,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
        lens: str = "latest",
    ) -> Table:
        """The reports for and against, and the reasoning of the lens in the notes."""
        id_ = self.find(settlement)
        self._check_lens(lens)
        day, position = self.day(on), self.position(known_at)
        asked = self._asked(position)
        by = None if published_by is None else self.day(published_by, "published_by")
        state = asked.place(id_, Clocks(day, position, by), lens)
        told = cautions(self.facts(position or None), day, position, by)
        if id_ not in state.places:
            raise UsageError(
                told[0]
                if position == 0
                else f"{id_} was registered after position {position}; ask later"
            )
        log = list(asked.history(id_, position))
        table = why_table(state, id_, _history(id_, log, position, by))
        table.notes.extend(told)
        return self.told_apart(table)

    def diff(
        self, before: State | Day, after: State | Day, *, lens: str = "latest"
    ) -> Table:
        """Where two states differ: of two days, two clocks, or two lenses.

        A day stands for its state as known now, through *lens*. A place of which the
        first state knows nothing is *reported first*, which is no change of hands.
        """
        old, new = (
            one if isinstance(one, State) else self.state(one, lens=lens)
            for one in (before, after)
        )
        header = f"From the {clocks(old)}\nto the {clocks(new)}"
        table = diff_table(diff(old, new), new, header)
        table.notes.extend(dict.fromkeys((*old.cautions, *new.cautions)))
        return self.told_apart(table)

    def displaced(
        self,
        on: Day | None = None,
        area: str | None = None,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
    ) -> Table:
        """The figures of displaced people that hold on a day, never added blindly."""
        day, position = self.day(on), self.position(known_at)
        by = None if published_by is None else self.day(published_by, "published_by")
        found = self._asked(position).figures(Clocks(day, position, by))
        state = self._told(found)
        table = displaced_table(state, area)
        table.notes.extend(state.cautions)
        return self.told_apart(table)

    def incidents(
        self,
        since: Day | None = None,
        until: Day | None = None,
        *,
        settlement: str | None = None,
        kind: str | None = None,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
    ) -> Table:
        """Incidents of the days `[since, until]`, authors alleged, never added blindly.

        Without *since* and *until* all up to the last day reported on. *kind* is one of
        ACLED's sub-events, such as `Air/drone strike`.
        """
        place = None if settlement is None else self.find(settlement)
        day, position = self.day(until), self.position(known_at)
        by = None if published_by is None else self.day(published_by, "published_by")
        first = None if since is None else self.day(since, "since")
        asked = self._asked(position)
        state = self._told(asked.incidents(Clocks(day, position, by), first))
        table = incidents_table(state, first, place, kind)
        table.notes.extend(state.cautions)
        return self.told_apart(table)

    def log(self, after: int = 0, upto: int | None = None) -> Iterator[RecordedEvent]:
        """The events after one position and up to another, as they were recorded."""
        return self._log.recorded(after, upto)

    def follow(
        self, after: int = 0, *, stop: threading.Event | None = None
    ) -> Iterator[RecordedEvent]:
        """The events after a position, and those that anybody records from then on.

        Each comes once and in order. It waits for the next one, looking less often
        while the log is quiet (a quarter of a second at most), until *stop* is set;
        without *stop* it never ends. For a view in SQL that has each event once,
        whatever dies when, see `Follower`.
        """
        stop = stop or threading.Event()
        pause = SOONEST
        with self._log.store.waiting() as wait:
            while not stop.is_set():
                before = after
                for recorded in self._log.recorded(after):
                    after = recorded.position
                    yield recorded
                pause = SOONEST if after > before else min(2 * pause, LATEST)
                wait(stop, pause)

    def report(self, report: str) -> RecordedEvent | None:
        """The event that tells *report*, as it was first recorded; None for none."""
        return self._log.report(report)

    def export(
        self,
        name: str,
        known_at: KnownAt | None = None,
        published_by: Day | None = None,
        lens: str = "latest",
        start: Day | None = None,
        end: Day | None = None,
    ) -> bytes | dict[str, bytes]:
        """The record in another form: its bytes, or those of each file of a folder.

        *name* is one of `formats.writing.export.EXPORTS`; *start* and *end* (included)
        are days of a panel. Sensitive places are told coarsely or not at all.
        """
        from chronicle.formats.writing.content import Content
        from chronicle.formats.writing.export import written

        log = self._log.recorded(upto=self.position(known_at))
        by = None if published_by is None else self.day(published_by, "published_by")
        content = Content.of(log, parse_lens(lens), by)
        days = [
            None if day is None else as_day(day, word)
            for word, day in (("start", start), ("end", end))
        ]
        return written(content, name, (days[0], days[1]))

    def archive(self, folder: str | Path, *, licence: str = "") -> Archived:
        """Bring the archive in *folder* up to the last position, or begin one.

        An archive is a Parquet dataset that other engines replay: see docs/archive.md.
        Rows that later positions close are closed by rewriting their partition, and
        the rest stays. *licence* is told in the manifest; without it that of before
        stays. Raises `Conflict` for an archive of another log, `UsageError` for a
        folder of something else and without pyarrow (extra `arrow`).
        """
        from chronicle.archive.arrow import write_archive

        return write_archive(self._log, Path(folder), licence=licence)

    def verify(
        self,
        heads: Sequence[str | Path] = (),
        keys: Sequence[str] = (),
        progress: Callable[[int], None] | None = None,
    ) -> Checked:
        """Check all of the log against its seal, and against heads kept outside.

        *heads* are files, or folders of a witness; *keys* are those that must have
        signed. Raises `Tampered` that names the first bad position, `RolledBack` where
        the log lost its end, `SplitHistory` where it was made anew, `Damaged`, and
        `Untrusted` for a wrong signature.
        """
        found = [head for path in heads for head in heads_in(Path(path))]
        known = [VerifyingKey.parse(key) for key in keys]
        return check_log(self._log, found, known, progress)

    def prove(self, report: str | int) -> str:
        """The proof that a report, or the event at a position, is in the log.

        It is the text of a `.tlog-proof`, which `tools/verify_proof.py` checks without
        Chronicle. Raises `UnknownReport`.
        """
        if isinstance(report, int):
            return prove_position(self._log, report)
        return prove_report(self._log, report)

    def signed_head(self) -> str:
        """What stands for the whole log: how many events, their root, who says so."""
        return head_of(self._log)

    def witness(
        self,
        folder: str | Path,
        name: str = "witness",
        progress: Callable[[int], None] | None = None,
    ) -> tuple[Witnessed, VerifyingKey]:
        """Check the log against the heads in *folder*; keep its head there, cosigned.

        Returns what was seen, and the key with which others check the cosignature.
        Raises what `verify` raises, and nothing is kept then.
        """
        return witness_log(self._log, Path(folder), name, self._clock(), progress)

    def export_evidence(
        self,
        out: str | Path,
        reports: Sequence[str] = (),
        *,
        attachments: Sequence[str | Path] = (),
        purpose: str = "",
    ) -> Bundle:
        """A folder that proves itself: events, signed head, proofs, a page to read.

        Without *reports* it holds the whole log, else those and what was said of them.
        *attachments* are files, kept under their SHA-256. That it was exported, as of
        which head and for what *purpose*, is recorded first, where the log can be
        written to. Raises `UsageError` where *out* is there already.
        """
        from chronicle.formats.writing.evidence import write_evidence

        return write_evidence(
            self._log,
            Path(out),
            reports,
            attachments=[Path(path) for path in attachments],
            purpose=purpose,
            name=self.name,
        )

    def vintages(self, of: int | None = None) -> Table:
        """The imports in order; with *of*, a position, what that one said anew."""
        from chronicle.formats.vintage_tables import changes_table, vintages_table

        if of is None:
            return vintages_table(self._log.recorded(types=("import-finished",)))
        return changes_table(self._log.recorded(), of)

    def references(self) -> References:
        """Settlements, routes, actors and sources as registered now, by id."""
        head = self.head
        if head < LONG:
            return self._log.references()
        return self._asked(head).references(head)

    def check(self, on: Day | None = None, stale_days: int = STALE_DAYS) -> Table:
        """Disputes, stale places, problems of imports, drifting counts, broken names.

        *on* defaults to the last day that a report speaks of. Raises `IntegrityFailure`
        when the log was changed from outside in a way that shows.
        """
        if stale_days < 0:
            raise UsageError(f"stale_days: {stale_days} is no number of days")
        from chronicle.store.audit import audit

        audit(self._log.store)
        events = list(self._log.recorded())
        when = self.day(on) if on is not None or self.facts().last_day else None
        state = state_of(events, when or date.min, parse_lens("latest"))
        return self.told_apart(check_table(state, events, stale_days))

    def find(self, name: str) -> str:
        """The id of the settlement that *name* names, in any script.

        Raises `UnknownId` with candidates when there is none, or more than one.
        """
        head = self.head
        if head >= LONG and self._asked(head).knows(name):
            return name
        settlements = self.references().settlements
        if name in settlements:
            return name
        gazetteer = Gazetteer(
            {id_: (place.name, *place.aliases) for id_, place in settlements.items()}
        )
        found = gazetteer.find(name)
        if len(found) == 1:
            return found[0]
        if found:
            raise AmbiguousName("settlement", name, found)
        raise UnknownId("settlement", name, gazetteer.like(name))


class _Scratch(Chronicle):
    """A copy in a folder of its own, removed on closing."""

    def __init__(self, store: SQLStore) -> None:
        with ExitStack() as stack:
            folder = stack.enter_context(scratch_folder())
            if isinstance(store, SQLiteStore):
                copy = folder / store.path.name
                store.copy_to(copy)
            else:
                from chronicle.store.copying import copied

                copy = folder / "copy.chronicle"
                with store.snapshot() as snapshot:
                    copied(snapshot, str(copy))
            super().__init__(EventLog(SQLiteStore.open(copy)))
            self._stack = stack.pop_all()

    def close(self) -> None:
        super().close()
        self._stack.close()


def _twin(store: MemoryStore) -> MemoryStore:
    """A copy row by row: a redacted report cannot be told once more."""
    twin = MemoryStore(store._clock, store.identity())
    with store._lock:
        for name, value in vars(store).items():
            if isinstance(value, list | dict):
                setattr(twin, name, deepcopy(value))
    return twin


def _history(
    settlement: str, log: list[RecordedEvent], position: int, published_by: date | None
) -> Table:
    clock = f"as known at position {position}"
    if published_by is not None:
        clock += f", as published by {published_by}"
    found = effective_claims(log, published_by)
    return history_table(settlement, log, found, f"Reports on {settlement}, {clock}")


def _file(path: str | Path) -> Path:
    """Raises `UsageError` for what names no file on this computer."""
    told = os.fspath(path)
    if "://" in told or not told or "\0" in told:
        raise UsageError(f"{told!r} is no path of a file, and a chronicle is a file")
    if not Path(path).name:
        raise UsageError(f"{told!r} is a folder, and a chronicle is a file")
    return Path(path)


def create(path: str | Path, *, clock: Clock = system_clock) -> Chronicle:
    """A new chronicle in a file, or at a `postgresql://` address.

    Raises `Conflict` when something is there already. On a server its own clock stamps
    what is recorded, unless another *clock* is given.
    """
    if is_server(told := os.fspath(path)):
        return Chronicle(EventLog(_servers().create(told, _or_its_own(clock))), clock)
    return Chronicle(EventLog(SQLiteStore.create(_file(path), clock)), clock)


def open_chronicle(
    path: str | Path,
    *,
    clock: Clock = system_clock,
    lock_timeout: float = LOCK_TIMEOUT,
) -> Chronicle:
    """The chronicle in a file, or at a `postgresql://` address.

    Raises `StorageError` (missing), `Untrusted` (no chronicle, a foreign schema) or
    `Damaged`; nothing of a refused file is run. *lock_timeout* is in seconds.
    """
    store: Store
    if is_server(told := os.fspath(path)):
        store = _servers().open(told, _or_its_own(clock), lock_timeout)
    else:
        store = SQLiteStore.open(_file(path), clock, lock_timeout)
    return Chronicle(EventLog(store), clock)


def migrate(
    url: str, *, writers: Sequence[str] = (), readers: Sequence[str] = ()
) -> int:
    """Bring a chronicle on a server to the newest schema, and let roles in.

    For its owner. *writers* may add and read, *readers* read. Returns the version of
    the schema.
    """
    if not is_server(url):
        raise UsageError(f"{url!r} is a file, which is brought up to date by writing")
    return _servers().migrate(url, writers=writers, readers=readers)


def _or_its_own(clock: Clock) -> Clock | None:
    return None if clock is system_clock else clock


def _servers() -> type[PostgresStore]:
    try:
        from chronicle.store.postgres.store import PostgresStore
    except ImportError:
        raise MissingExtra(
            "a chronicle on a server needs psycopg", "postgres"
        ) from None
    return PostgresStore


def restore(
    source: str | Path,
    path: str | Path,
    *,
    replace: bool = False,
    progress: BackupProgress | None = None,
) -> Backup:
    """The backup *source* as a chronicle in *path*, proven as `Chronicle.backup` does.

    Raises `Conflict` when something is at *path*; with *replace* that is moved aside,
    to `Backup.aside`, and what writes to it is refused from then on. *path* may be a
    `postgresql://` address, where nothing is replaced.
    """
    from chronicle.store.sqlite.backup import Backup
    from chronicle.store.sqlite.backup import restore as restored

    if is_server(told := os.fspath(path)):
        if replace:
            raise UsageError("on a server nothing is replaced: name another schema")
        with open_chronicle(source) as kept:
            made = kept.copy(told, progress=progress)
        return Backup(made.place, made.identity, made.position, made.digest)
    return restored(_file(source), _file(path), replace=replace, progress=progress)


def memory(*, clock: Clock = system_clock) -> Chronicle:
    """A chronicle in memory, gone when the program ends."""
    return Chronicle(EventLog(MemoryStore(clock)), clock)
