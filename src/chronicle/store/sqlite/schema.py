"""The tables of a chronicle in SQLite, and how a file is known to be one.

The schema of a file is compared word for word with what this module would make: a
view, a trigger or a column too many makes it a foreign file, of which nothing is run.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from chronicle.domain.visible import visible
from chronicle.errors import Damaged, StorageError, Untrusted
from chronicle.store.sqlite.errors import operational
from chronicle.store.sqlite.extent import missing_bytes
from chronicle.store.sqlite.header import application_of, uri

__all__ = [
    "APPLICATION_ID",
    "LEAST",
    "PATIENCE",
    "SCHEMA_VERSION",
    "STATEMENTS",
    "best_mode",
    "check_file",
    "one_name",
    "set_pragmas",
    "upgrade",
]

PATIENCE = 5.0  # seconds
LEAST = 0.1  # seconds: somebody closes the file, which takes a moment
# What the disk or another program refuses; all else that SQLite says is damage.
REFUSALS = (
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
)
APPLICATION_ID = 0x4348524E  # "CHRN"
SCHEMA_VERSION = 2

_FIRST = (  # schema 1
    """CREATE TABLE chronicle (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT""",
    """CREATE TABLE codes (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  code INTEGER NOT NULL CHECK (code >= 0),
  id TEXT NOT NULL,
  UNIQUE (kind, id),
  UNIQUE (kind, code)
) STRICT""",
    """CREATE TABLE events (
  position INTEGER PRIMARY KEY CHECK (position > 0),
  stream INTEGER NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 0),
  type TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  report TEXT,
  target TEXT,
  dataset INTEGER,
  hot BLOB NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (stream, version)
) STRICT""",
    "CREATE UNIQUE INDEX events_report ON events (report) WHERE report IS NOT NULL",
    "CREATE INDEX events_target ON events (target) WHERE target IS NOT NULL",
    """CREATE TABLE commands (
  key TEXT PRIMARY KEY,
  digest BLOB NOT NULL,
  positions TEXT NOT NULL
) STRICT, WITHOUT ROWID""",
    # The one change that the log allows: a redaction that is itself in the log empties
    # the payload of the report that it names, and of the remarks on that report.
    """CREATE TRIGGER events_update BEFORE UPDATE ON events
WHEN NOT (
  NEW.body = x'' AND OLD.type <> 'report-redacted'
  AND NEW.position = OLD.position AND NEW.stream = OLD.stream
  AND NEW.version = OLD.version AND NEW.type = OLD.type
  AND NEW.recorded_at = OLD.recorded_at AND NEW.report IS OLD.report
  AND NEW.target IS OLD.target AND NEW.dataset IS OLD.dataset
  AND EXISTS (
    SELECT 1 FROM events AS redaction WHERE redaction.type = 'report-redacted'
    AND redaction.target IN (OLD.report, OLD.target)
  )
)
BEGIN SELECT RAISE(ABORT, 'append-only: a recorded event is never changed'); END""",
    """CREATE TRIGGER events_delete BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'append-only: a recorded event is never deleted'); END""",
    """CREATE TRIGGER codes_update BEFORE UPDATE ON codes
BEGIN SELECT RAISE(ABORT, 'append-only: a code never changes its meaning'); END""",
    """CREATE TRIGGER codes_delete BEFORE DELETE ON codes
BEGIN SELECT RAISE(ABORT, 'append-only: a code is never deleted'); END""",
)
_SEAL = (  # what schema 2 adds
    """CREATE TABLE leaves (
  first INTEGER PRIMARY KEY CHECK (first > 0),
  hashes BLOB NOT NULL,
  salts BLOB NOT NULL
) STRICT""",
    """CREATE TABLE emptied (
  position INTEGER PRIMARY KEY CHECK (position > 0),
  payload BLOB NOT NULL
) STRICT""",
    """CREATE TABLE subtrees (
  level INTEGER NOT NULL,
  number INTEGER NOT NULL,
  root BLOB NOT NULL,
  PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE seal (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  state BLOB NOT NULL,
  head TEXT NOT NULL
) STRICT""",
    # A salt gives way to the hash of its payload when a redaction takes that away.
    """CREATE TRIGGER emptied_insert BEFORE INSERT ON emptied
WHEN NOT EXISTS (
  SELECT 1 FROM events WHERE events.position = NEW.position AND body = x''
)
BEGIN SELECT RAISE(ABORT, 'append-only: that event was not emptied'); END""",
    """CREATE TRIGGER emptied_update BEFORE UPDATE ON emptied
BEGIN SELECT RAISE(ABORT, 'append-only: a hash is never changed'); END""",
    """CREATE TRIGGER emptied_delete BEFORE DELETE ON emptied
BEGIN SELECT RAISE(ABORT, 'append-only: a hash is never deleted'); END""",
    """CREATE TRIGGER leaves_update BEFORE UPDATE ON leaves
WHEN NOT (
  NEW.first = OLD.first AND NEW.hashes = OLD.hashes
  AND length(NEW.salts) = length(OLD.salts)
  AND EXISTS (
    SELECT 1 FROM emptied WHERE emptied.position >= OLD.first
    AND emptied.position < OLD.first + length(OLD.salts) / 16
  )
)
BEGIN SELECT RAISE(ABORT, 'append-only: a leaf is never changed'); END""",
    """CREATE TRIGGER leaves_delete BEFORE DELETE ON leaves
BEGIN SELECT RAISE(ABORT, 'append-only: a leaf is never deleted'); END""",
    """CREATE TRIGGER subtrees_update BEFORE UPDATE ON subtrees
BEGIN SELECT RAISE(ABORT, 'append-only: a hash is never changed'); END""",
    """CREATE TRIGGER subtrees_delete BEFORE DELETE ON subtrees
BEGIN SELECT RAISE(ABORT, 'append-only: a hash is never deleted'); END""",
    """CREATE TRIGGER seal_delete BEFORE DELETE ON seal
BEGIN SELECT RAISE(ABORT, 'append-only: the seal is never deleted'); END""",
    """CREATE TRIGGER commands_update BEFORE UPDATE ON commands
BEGIN SELECT RAISE(ABORT, 'append-only: an outcome is never changed'); END""",
    """CREATE TRIGGER commands_delete BEFORE DELETE ON commands
BEGIN SELECT RAISE(ABORT, 'append-only: an outcome is never deleted'); END""",
    """CREATE TRIGGER chronicle_update BEFORE UPDATE ON chronicle
BEGIN SELECT RAISE(ABORT, 'append-only: the id is never changed'); END""",
    """CREATE TRIGGER chronicle_delete BEFORE DELETE ON chronicle
BEGIN SELECT RAISE(ABORT, 'append-only: the id is never deleted'); END""",
)
STATEMENTS = (*_FIRST, *_SEAL)
SCHEMAS = {1: _FIRST, 2: STATEMENTS}  # those that we read


def upgrade(cursor: sqlite3.Cursor) -> None:
    """Give a chronicle of an older schema the tables of the newest.

    Within the transaction of its first write since, so that it is done whole or not at
    all. What the new tables hold is filled in by who writes to them.
    """
    if cursor.execute("PRAGMA user_version").fetchone()[0] == 1:
        for statement in _SEAL:
            cursor.execute(statement)
        cursor.execute("PRAGMA user_version=2")


def best_mode(path: Path) -> str:
    """How the file can be opened: `rw`, `ro`, or read-only without side files.

    Where we may not write to the folder, SQLite cannot make the `-shm` file that
    reading needs. Where there is none, nobody has the file open, and it is read as one
    that does not change.
    """
    folder = os.access(path.parent, os.W_OK)
    if folder and os.access(path, os.W_OK):
        return "rw"
    return "ro" if folder or _has_log(path, 0) else "ro&immutable=1"


def _has_log(path: Path, above: int = 1) -> bool:
    """Whether a write-ahead log of so many bytes or more is beside the file."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size >= above
    except OSError:
        return False


def _check_mode(path: Path) -> str:
    """How the schema is looked at: whatever is refused is left as it was found.

    A connection that may write takes its side files away when it closes, but folds a
    write-ahead log into the file first: where there is one, ours may not write.
    """
    mode = best_mode(path)
    return "ro" if mode == "rw" and _has_log(path) else mode


def set_pragmas(connection: sqlite3.Connection) -> None:
    """What each connection needs, because builds of SQLite differ in their defaults."""
    for pragma in (
        "synchronous=FULL",  # NORMAL loses acknowledged events at a power cut
        "fullfsync=ON",  # macOS: fsync alone does not reach the disk
        "checkpoint_fullfsync=ON",
        "trusted_schema=OFF",
        "cell_size_check=ON",
        "foreign_keys=ON",
        "recursive_triggers=ON",  # REPLACE must not delete behind the trigger's back
        "secure_delete=ON",  # a redacted payload is overwritten, not only unlinked
        "cache_size=-16384",  # KiB; a long transaction writes its index pages once
        "mmap_size=0",  # a file cut short under a map kills the process
        "wal_autocheckpoint=0",  # checkpoints run under the writer's lock
    ):
        connection.execute(f"PRAGMA {pragma}").close()


Schema = frozenset[tuple[object, ...]]
"""(type, name, table, sql) of each object; text in a file that is sound."""


def _schema(connection: sqlite3.Connection) -> Schema:
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema")
    return frozenset(tuple(row) for row in rows)


@cache
def expected_schema(version: int) -> Schema:
    """What `sqlite_schema` holds in a chronicle of that schema."""
    connection = sqlite3.connect(":memory:")
    try:
        for statement in SCHEMAS[version]:
            connection.execute(statement)
        return _schema(connection)
    finally:
        connection.close()


def check_file(path: Path, patience: float = PATIENCE) -> None:
    """Refuse whatever is not a chronicle, before anything of it is used.

    Raises `StorageError` (missing, unreadable, known by a second name, beside it a
    journal of another program), `Busy` (locked for *patience* seconds), `Untrusted`
    (not a chronicle, a foreign or newer schema) or `Damaged` (a chronicle that SQLite
    cannot read, or one that was cut short).
    """
    if application_of(path) != APPLICATION_ID:  # before SQLite reads its schema
        raise Untrusted(f"{path} is an SQLite file, but no chronicle; nothing was run")
    real = path.resolve()
    one_name(real)
    _no_journal(path, real)
    _check_content(path, real, patience)


def one_name(real: Path) -> None:
    """Refuse a file with two names: SQLite's side files would go by one of them.

    Raises `StorageError`. Writers through two names do not see each other's log, and
    what one of them acknowledged is lost after a crash.
    """
    if real.stat().st_nlink > 1:
        raise StorageError(
            f"{real} has a second name (a hard link): what is written through one name "
            "can be lost through the other; remove one, or make a copy with `cp`"
        )


def _no_journal(path: Path, real: Path) -> None:
    """Refuse a rollback journal, which SQLite would write back into the file.

    A chronicle has a write-ahead log and never such a journal: it is of a program that
    was interrupted, or of another file that had this name.
    """
    journal = real.with_name(real.name + "-journal")
    if journal.exists() and journal.stat().st_size:
        raise StorageError(
            f"{journal} lies beside {path}: another program's unfinished change, which "
            "SQLite would undo in the file; neither was touched: move the journal away "
            "if it is not of this file, else let that program finish"
        )


def _check_content(path: Path, real: Path, patience: float) -> None:
    location = uri(real, _check_mode(real))
    try:
        connection = sqlite3.connect(location, uri=True, timeout=max(patience, LEAST))
        with closing(connection):
            connection.execute("PRAGMA trusted_schema=OFF").close()
            connection.execute("BEGIN").close()  # all of it as of one moment
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            found = _schema(connection)
            short = missing_bytes(connection, real)
    except (sqlite3.Error, UnicodeDecodeError) as broken:
        code = getattr(broken, "sqlite_errorcode", 0) or 0
        if code & 0xFF in REFUSALS and isinstance(broken, sqlite3.Error):
            raise operational(path, broken) from None
        raise Damaged(
            f"{path} is damaged ({visible(str(broken))}); it was not touched: "
            "restore a backup"
        ) from None
    if application != APPLICATION_ID:
        raise Untrusted(f"{path} is an SQLite file, but no chronicle; nothing was run")
    if version > SCHEMA_VERSION:
        raise Untrusted(
            f"{path} has schema {version}, this program knows {SCHEMA_VERSION}; "
            "use a newer Chronicle"
        )
    expected = expected_schema(version) if version in SCHEMAS else frozenset()
    if not expected or found != expected:
        # A damaged or hostile file has bytes, numbers or nothing where names stand.
        strange = sorted({visible(str(name)) for _, name, _, _ in found ^ expected})
        raise Untrusted(
            f"{path} has a foreign schema ({', '.join(strange) or version}); "
            "nothing of it was run"
        )
    if short:
        raise Damaged(
            f"{path} is damaged ({short:,} bytes at its end are missing: it was cut "
            "short); it was not touched: restore a backup"
        )
