"""Write a record as an archive, or go on with one that is there.

An export reads the log once, in order: for ids, moments, reference data and the claims
that need their events. Versions and rectangles come from columns, some settlements at a
time, so that memory follows `BATCH` and not the log. Files are written first, then the
manifest in one step, then the scripts, and only then goes what no manifest names.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from chronicle.archive.manifest import (
    ArchiveFile,
    Manifest,
    read_manifest,
    write_manifest,
)
from chronicle.archive.others import ClaimRows, reference_rows
from chronicle.archive.partitions import Key, Partitions, arrow_schema
from chronicle.archive.rectangles import rectangles
from chronicle.archive.report_ids import ReportIds, Spool
from chronicle.archive.schema import SCHEMA, STILL, TABLES
from chronicle.archive.sql import write_scripts
from chronicle.archive.tables import Rows, Words, control_rows, latest_rows
from chronicle.archive.versions import Versions, columns_of, ranges, versions
from chronicle.domain.events import Reference
from chronicle.errors import Conflict, StorageError
from chronicle.replay.columns import CONTROL, DISPLACEMENT, FOREVER
from chronicle.replay.versions import resolve
from chronicle.store.branch_guard import WHAT_IF
from chronicle.store.log import EventLog
from chronicle.store.protocol import Store, moment
from chronicle.store.register import REFERENCE_TYPES, recorded_of

__all__ = ["BATCH", "Archived", "write_archive"]

BATCH = 4_000_000  # claims of control that are in memory at once: about 2 GB
_CLAIMS = {
    "displacement-reported": ("displacement", DISPLACEMENT),
    "incident-reported": ("incidents", 2),
}
_CODES = ("settlement", "actor", "source", "counter", "area")


@dataclass(frozen=True, slots=True)
class Archived:
    """What an export did: positions, files written, kept and removed, rows written."""

    before: int
    position: int
    written: int
    kept: int
    removed: int
    rows: int
    bytes: int


def write_archive(
    log: EventLog, folder: Path, *, licence: str = "", batch: int = BATCH
) -> Archived:
    """Bring the archive in *folder* up to the last position of *log*.

    A new or empty folder gets all of it. One of this log goes on: rows that later
    positions close are closed by rewriting their partition, and everything else stays.
    After a redaction, and where the licence or the schema is another, all is written
    anew. Raises `Conflict` for an archive of another log, and `UsageError` for a folder
    of something else.
    """
    store = log.store
    head, redactions = store.head(), store.redactions()
    old = read_manifest(folder)
    _same_log(old, store, head, folder)
    licence = licence or (old.licence if old else "")
    anew = old is None or (
        (old.redactions, old.licence, old.schema) != (redactions, licence, SCHEMA)
    )
    if old is not None and not anew and old.position == head and _complete(folder, old):
        write_scripts(folder, old)
        return Archived(head, head, 0, len(old.files), 0, 0, 0)
    after = 0 if anew or old is None else old.position
    generation = old.generation + 1 if old else 1
    folder.mkdir(parents=True, exist_ok=True)
    out = Partitions(folder, generation, after, head)
    try:
        with tempfile.TemporaryDirectory() as name:
            export = _Export(store, head, after, out, Path(name), batch)
            digest, recorded_at = export.run(None if anew else old)
        files = out.close()
    except OSError as broken:
        out.abandon()
        why = broken.strerror or broken
        raise StorageError(
            f"cannot write the archive {folder}: {why}; the one before is as it was"
        ) from None
    except BaseException:
        out.abandon()
        raise
    if store.redactions() != redactions:
        for file in files:
            (folder / file.path).unlink(missing_ok=True)
        raise Conflict("a report was redacted meanwhile; nothing changed: export again")
    gone = export.rewritten
    held = [] if anew or old is None else old.files
    kept = [file for file in held if _key(file) not in gone]
    what_if = store.identity()
    manifest = Manifest(
        log=store.identity(),
        position=head,
        recorded_at=recorded_at,
        digest=digest,
        redactions=redactions,
        generation=generation,
        licence=licence,
        what_if=what_if.removeprefix(WHAT_IF) if what_if.startswith(WHAT_IF) else "",
        files=sorted([*kept, *files], key=lambda file: file.path),
    )
    write_manifest(folder, manifest)
    write_scripts(folder, manifest)
    removed = _sweep(folder, manifest)
    return Archived(
        after,
        head,
        len(files),
        len(kept),
        removed,
        sum(file.rows for file in files),
        sum(file.bytes for file in files),
    )


def _same_log(old: Manifest | None, store: Store, head: int, folder: Path) -> None:
    if old is None:
        return
    if old.log != store.identity():
        raise Conflict(f"{folder} is the archive of another log, {old.log}")
    if old.position > head:
        raise Conflict(
            f"{folder} goes to position {old.position:,} and this log to {head:,}: an "
            "older copy was put back; export it to a new folder"
        )


def _complete(folder: Path, manifest: Manifest) -> bool:
    """Whether every file is there, in its size."""
    return all(
        (path := folder / file.path).is_file() and path.stat().st_size == file.bytes
        for file in manifest.files
    )


def _key(file: ArchiveFile) -> Key:
    return Key(file.table, file.group, file.year)


def _sweep(folder: Path, manifest: Manifest) -> int:
    """Remove files of the archive that its manifest does not name."""
    named = {file.path for file in manifest.files}
    removed = 0
    for table in TABLES:
        for path in sorted((folder / table).rglob("*.parquet")):
            if path.relative_to(folder).as_posix() not in named:
                path.unlink(missing_ok=True)
                removed += 1
    return removed


class _Export:
    """One export: what it reads, and which partitions it begins anew."""

    def __init__(
        self,
        store: Store,
        head: int,
        after: int,
        out: Partitions,
        room: Path,
        batch: int,
    ) -> None:
        self.store, self.head, self.after = store, head, after
        self.out, self.room, self.batch = out, room, batch
        self.rewritten: set[Key] = set()

    def run(self, old: Manifest | None) -> tuple[str, str]:
        """Write everything; the digest of the log, and when it was last recorded."""
        ids, digest, recorded_at = self._read_once(old)
        self._codes()
        self._control(ids)
        return digest, recorded_at

    def _read_once(self, old: Manifest | None) -> tuple[ReportIds, str, str]:
        """Read the log in order; what comes of events alone is written on the way."""
        spools, sources = {}, {}
        for type_, (table, kind) in _CLAIMS.items():
            columns = columns_of(self.store, self.head, kind, None, (0, 0))
            found = versions(columns, resolve(columns, kind), kind)
            chosen = self._to_write(table, found)
            sources[type_] = ClaimRows(table, chosen, columns, self.store)
            spools[type_] = Spool(self.room / table, arrow_schema(TABLES[table]))
        ids = ReportIds(self.room / "ids")
        references: list[tuple[int, Reference]] = []
        moments: list[tuple[int, datetime]] = []
        hashed = hashlib.sha256()
        stamp = None
        for row in self.store.rows(0, self.head):
            hashed.update(len(row.body).to_bytes(8, "little"))
            hashed.update(row.body)
            ids.add(row.report)
            if row.recorded_at != stamp:
                stamp = row.recorded_at
                moments.append((row.position, moment(stamp)))
            else:
                moments[-1] = (row.position, moments[-1][1])
            if row.type in REFERENCE_TYPES:
                event = recorded_of(row).event
                assert isinstance(event, Reference)
                references.append((row.position, event))
            elif row.type in sources and sources[row.type].at(row.position):
                spools[row.type].add(sources[row.type].of(recorded_of(row)))
            if old is not None and row.position == old.position:
                _same_prefix(old, hashed.hexdigest())
        for type_, (table, _) in _CLAIMS.items():
            for key, data in _by_partition(table, spools[type_].table()):
                self.out.add(key, data, whole=key in self.rewritten)
        self._small("moments", moments)
        for table, rows in reference_rows(references).items():
            self._small(table, rows)
        last = moments[-1][1].isoformat() if moments else ""
        return ids.closed(), hashed.hexdigest(), last

    def _to_write(self, table: str, found: Versions) -> Versions:
        """The versions of figures or incidents that are new, or stand beside closed
        ones.

        A claim that is amended may change its year, and its year is in its event: where
        any row is closed, the standing rows of all years are written anew.
        """
        e = found.entries
        closed = (e.known_from <= self.after) & (e.known_to > self.after)
        closed &= e.known_to <= self.head
        fresh = (e.known_from > self.after) | closed
        if closed.any():
            fresh |= e.known_to == FOREVER
            self.rewritten |= {Key(table, "standing", year) for year in range(10_000)}
        return found.take(fresh)

    def _small(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        """A table that is written whole with every export."""
        key = Key(table)
        self.rewritten.add(key)
        shape = TABLES[table]
        spool = Spool(self.room / f"{table}.rows", arrow_schema(shape))
        spool.add(rows)
        data = spool.table()
        order = [(name, "ascending") for name in shape.order]
        self.out.add(key, data.take(pc.sort_indices(data, order)), whole=True)

    def _codes(self) -> None:
        self._small(
            "codes",
            [
                (kind, code, id_)
                for kind in _CODES
                for code, id_ in enumerate(self.store.codes(kind))
            ],
        )

    def _control(self, ids: ReportIds) -> None:
        """`control` and `latest`, a span of settlements at a time."""
        settlements = self.store.codes("settlement")
        rank = np.empty(len(settlements), np.int32)
        rank[sorted(range(len(settlements)), key=settlements.__getitem__)] = np.arange(
            len(settlements)
        )
        actors, sources = self.store.codes("actor"), self.store.codes("source")
        words = Words(settlements, actors, sources, rank)
        spans = ranges(self.store, self.head, rank, self.batch)
        held = list(self._rows_of(spans[0], words)) if len(spans) == 1 else None

        def rows_of_all() -> Iterator[Rows]:
            if held is not None:
                yield from held
                return
            for span in spans:
                yield from self._rows_of(span, words)

        if self.after:
            for rows in rows_of_all():
                self.rewritten |= rows.closing(self.after, self.head)
        for rows in rows_of_all():
            whole = {key for key in self.rewritten if key.table == rows.table}
            for key, data in rows.parts(self.after, whole, ids):
                self.out.add(key, data, whole=key in whole)

    def _rows_of(self, span: tuple[int, int], words: Words) -> Iterator[Rows]:
        columns = columns_of(self.store, self.head, CONTROL, words.rank, span)

        def inside(place: NDArray[np.integer]) -> NDArray[np.bool_]:
            at = words.rank[place]
            found: NDArray[np.bool_] = (at >= span[0]) & (at < span[1])
            return found

        entries = resolve(columns)
        found = versions(columns, entries)
        yield control_rows(found.take(inside(found.entries.place)), words)
        entries = entries.take(inside(entries.place))
        yield latest_rows(entries, rectangles(entries), words)


def _same_prefix(old: Manifest, digest: str) -> None:
    if old.digest != digest:
        raise Conflict(
            f"the first {old.position:,} events are not those that the archive was "
            "made of; export to a new folder"
        )


def _by_partition(table: str, data: pa.Table) -> Iterator[tuple[Key, pa.Table]]:
    """Rows of figures or incidents by group and year, each sorted."""
    if not data.num_rows:
        return
    group = np.where(data["known_to"].to_numpy() == STILL, 0, 1)
    year = pc.year(data["valid_from"]).to_numpy()
    order = [(name, "ascending") for name in TABLES[table].order]
    pairs = np.unique(np.stack([group, year]), axis=1)
    for which, when in zip(*pairs.tolist(), strict=True):
        rows = np.flatnonzero((group == which) & (year == when))
        part = data.take(pa.array(rows))
        key = Key(table, ("standing", "superseded")[which], when)
        yield key, part.take(pc.sort_indices(part, order))
