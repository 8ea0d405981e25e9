"""`Chronicle`, which joins the log, the fold and the answers; here it is told."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from chronicle.api.preview import RecordPreview
from chronicle.api.stores import file_of, opened_store
from chronicle.domain.events import Event, ReportRedacted
from chronicle.domain.times import Day, KnownAt
from chronicle.errors import (
    InputError,
    UsageError,
)
from chronicle.store.address import is_server
from chronicle.store.log import EventLog
from chronicle.store.memory import MemoryStore
from chronicle.store.scratch import scratch_folder
from chronicle.store.sql.store import SQLStore
from chronicle.store.sqlite.store import SQLiteStore

if TYPE_CHECKING:
    import pandas as pd

    from chronicle import Picture
    from chronicle.formats.field_file import Wanted
    from chronicle.formats.import_result import ImportResult
    from chronicle.formats.importer import Progress
    from chronicle.formats.merging import Merge
    from chronicle.formats.spreadsheet.table import TableFile
    from chronicle.store.copying import Copy
    from chronicle.store.sqlite.backup import Backup
    from chronicle.store.sqlite.backup import Progress as BackupProgress
    from chronicle.store.undo import Undone


__all__ = ["Chronicle"]


class Chronicle(RecordPreview):
    """The record of a conflict; `create`, `open` or `memory` makes one.

    Days are `date` or ISO text. `on=` is the end of a day in the world, `known_at=` a
    moment of the record's own clock (a day, an aware time, `@POSITION` or a position),
    `published_by=` a day of the sources' clock.
    """

    def __enter__(self) -> Chronicle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

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
        with Chronicle(EventLog(opened_store(other))) as record:
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

            return backup(store, file_of(path), progress)
        if isinstance(store, MemoryStore):
            raise UsageError("a chronicle in memory has no backup: export it")
        from chronicle.store.copying import copied
        from chronicle.store.sqlite.backup import Backup

        assert isinstance(store, SQLStore)
        with store.snapshot() as snapshot:
            where = file_of(path)
            if where.is_dir():
                where = where / f"{store.title}-{snapshot.head}.chronicle"
            made = copied(snapshot, str(where), progress)
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
                snapshot, told if is_server(told) else str(file_of(place)), progress
            )

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
