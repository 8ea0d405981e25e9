"""Files from strangers, from bad disks and from people who move things about.

Each gives one error of ours with its exit code; nothing of the file is run, and the
file is as it was.
"""

# ruff: noqa: PT012 - what fails here is a whole transaction
from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chronicle.domain.timeline import effective_claims
from chronicle.errors import (
    ChronicleError,
    Damaged,
    IntegrityFailure,
    OutcomeUnknown,
    StorageError,
    Untrusted,
)
from chronicle.store.columnar import WIDTH
from chronicle.store.log import EventLog
from chronicle.store.sqlite.schema import APPLICATION_ID, SCHEMA_VERSION, STATEMENTS
from chronicle.store.sqlite.store import SQLiteStore
from codec_fuzz import HOSTILE_TYPES
from log_toys import Clock, control, draft, opening

ROWS = 300
CONTROL = ("control-reported",)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chronicle of some pages, closed."""
    path = tmp_path_factory.mktemp("made") / "a.chronicle"
    store = SQLiteStore.create(path, Clock())
    log = EventLog(store)
    log.append([*opening(), *(control(f"r{n}", note="n" * 90) for n in range(ROWS))])
    store.close()
    return path


@pytest.fixture
def path(tmp_path: Path, made: Path) -> Path:
    """A copy of it in a folder of its own."""
    path = tmp_path / "case" / made.name
    path.parent.mkdir()
    shutil.copy(made, path)
    return path


def by_hand(path: Path) -> closing[sqlite3.Connection]:
    """A connection as any program makes it, but quick."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    return closing(connection)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def read_all(path: Path) -> None:
    """Open the file and read all of it, in each way in which it can be read."""
    store = SQLiteStore.open(path, lock_timeout=0.2)
    try:
        log = EventLog(store)
        effective_claims(log.recorded())
        list(store.columnar())
        log.references()
        for n in range(ROWS):
            log.report(f"r{n}")
        log.position(Clock().now)
        store.identity()
    finally:
        store.close()


def tampered(path: Path, *statements: str) -> None:
    """Change a chronicle as its owner could with any SQLite program, traces removed."""
    with by_hand(path) as connection:
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# --- foreign files ----------------------------------------------------------------


def foreign(path: Path, *statements: str, marked: bool = True) -> None:
    with by_hand(path) as connection:
        for statement in statements:
            connection.execute(statement)
        if marked:
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _view(path: Path) -> None:
    """An append to it would be acknowledged, and go nowhere."""
    others = [s for s in STATEMENTS if " events" not in s]
    foreign(
        path,
        *others,
        "CREATE TABLE hidden (a)",
        "CREATE VIEW events AS SELECT 0 AS position, 0 AS stream, 0 AS version, "
        "'' AS type, 0 AS recorded_at, '' AS report, '' AS target, 0 AS dataset, "
        "x'' AS hot, x'' AS body",
        "CREATE TRIGGER t INSTEAD OF INSERT ON events BEGIN DELETE FROM hidden; END",
    )


def _file(*statements: str, marked: bool = True) -> Callable[[Path], None]:
    return lambda path: foreign(path, *statements, marked=marked)


def _newer(path: Path) -> None:
    foreign(path, *STATEMENTS, f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    with by_hand(path) as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")


def _rewritten_schema(path: Path) -> None:
    """The text of the schema is ours, but the file's owner wrote it there."""
    foreign(path, *STATEMENTS)
    with by_hand(path) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') "
            "WHERE name = 'events'"
        )


FOREIGN: dict[str, Callable[[Path], None]] = {
    "empty": lambda path: path.write_bytes(b"") and None,
    "text": lambda path: path.write_text("settlement,controller\n" * 99) and None,
    "zip": lambda path: path.write_bytes(b"PK\x03\x04" + b"\0" * 5_000) and None,
    "magic only": lambda path: path.write_bytes(b"SQLite format 3\0") and None,
    "other database": _file("CREATE TABLE t (a)", marked=False),
    "our tables, not our mark": _file(*STATEMENTS, marked=False),
    "our mark, other tables": _file("CREATE TABLE t (a)"),
    "view": _view,
    "extra trigger": _file(
        *STATEMENTS,
        "CREATE TRIGGER mine AFTER INSERT ON events BEGIN "
        "UPDATE chronicle SET id = 'mine'; END",
    ),
    "extra table": _file(*STATEMENTS, "CREATE TABLE mine (a)"),
    "extra column": _file(*STATEMENTS, "ALTER TABLE events ADD COLUMN mine TEXT"),
    "extra index": _file(*STATEMENTS, "CREATE INDEX mine ON events (type)"),
    "trigger too few": _file(*STATEMENTS[:-1]),
    "statistics": _file(*STATEMENTS, "ANALYZE"),
    "newer": _newer,
    "rewritten": _rewritten_schema,
    "virtual table": _file(*STATEMENTS, "CREATE VIRTUAL TABLE m USING fts5(a)"),
    "folder": lambda path: path.mkdir(),
    "pipe": lambda path: os.mkfifo(path),
}


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_file_is_refused_and_untouched(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    path = tmp_path / "a.chronicle"
    make(path)
    before = snapshot(tmp_path) if path.is_file() else {}
    with pytest.raises(Untrusted) as refused:
        SQLiteStore.open(path)
    assert refused.value.exit_code == 9
    assert str(path) in str(refused.value)
    if before:
        assert snapshot(tmp_path) == before


def test_a_missing_file_says_how_one_is_made(tmp_path: Path) -> None:
    for name in ("a", "no/folder/a", "n" * 300):
        with pytest.raises(StorageError) as missing:
            SQLiteStore.open(tmp_path / name)
        assert missing.value.exit_code == 6
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    for name in ("loop", "dangling"):
        with pytest.raises(StorageError):
            SQLiteStore.open(tmp_path / name)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_link_to_a_foreign_file_is_refused(tmp_path: Path) -> None:
    foreign(tmp_path / "other.db", "CREATE TABLE t (a)", marked=False)
    (tmp_path / "a").symlink_to(tmp_path / "other.db")
    with pytest.raises(Untrusted):
        SQLiteStore.open(tmp_path / "a")


# --- a chronicle, tampered with ---------------------------------------------------

WATCHED = """
import sys
from pathlib import Path
import chronicle.store.sqlite.store, chronicle.store.log
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/store"]
import test_hostile_files as t
from chronicle.errors import Untrusted
t.read_all(Path(sys.argv[2]))  # what is imported late, is now
seen, refused = [], 0
WRONG = ("import", "exec", "compile", "socket", "subprocess", "os.system", "os.exec",
         "os.posix_spawn", "ctypes", "pickle", "webbrowser")
sys.addaudithook(lambda event, args: seen.append((event, repr(args)[:200]))
                 if event.startswith(WRONG) else None)
for path in sys.argv[3:]:
    try:
        t.read_all(Path(path))
    except Untrusted:
        refused += 1
print(refused, seen)
"""


@pytest.mark.parametrize(
    "type_", [t for t in HOSTILE_TYPES if t.isprintable()], ids=lambda t: t[:20]
)
def test_a_hostile_type_is_refused(path: Path, type_: str) -> None:
    quoted = type_.replace("'", "''")
    tampered(path, f"UPDATE events SET type = '{quoted}' WHERE position = 9")
    with pytest.raises(Untrusted, match="position 9"):
        read_all(path)


def test_a_hostile_type_is_not_looked_up_anywhere(path: Path) -> None:
    (path.parent / "evil.py").write_text("raise SystemExit('ran')")
    copies = []
    for type_ in ("os.system", "antigravity", "evil", "evil:run", "evil.run"):
        copies.append(path.with_name(f"{len(copies)}.chronicle"))
        shutil.copy(path, copies[-1])
        tampered(copies[-1], f"UPDATE events SET type = '{type_}' WHERE position = 6")
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, Path(__file__).parents[1], path, *copies],
        capture_output=True,
        text=True,
        cwd=path.parent,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("5 []\n", "", 0)


TAMPERED = {
    "another type of ours": "UPDATE events SET type='source-registered' {}",
    "body of another type": "UPDATE events SET body=x'9101' {}",
    "shape 0": "UPDATE events SET body = cast(x'9700' || substr(body, 3) AS BLOB) {}",
    "shape 2": "UPDATE events SET body = cast(x'9702' || substr(body, 3) AS BLOB) {}",
    "shape 127": "UPDATE events SET body = cast(x'977f' || substr(body, 3) AS BLOB) {}",
    "no array": "UPDATE events SET body = x'c0' {}",
    "empty body of a registration": "UPDATE events SET body = x'' WHERE position = 1",
    "cut body": "UPDATE events SET body = cast(substr(body, 1, 20) AS BLOB) {}",
    "longer body": "UPDATE events SET body = cast(body || x'00' AS BLOB) {}",
    "huge body": "UPDATE events SET body = zeroblob(1100000) {}",
    "time of no clock": "UPDATE events SET recorded_at = 9223372036854775807 {}",
    "time of no clock, early": "UPDATE events SET recorded_at=-9223372036854775807 {}",
    "stream of no code": "UPDATE events SET stream = 77 {}",
    "narrow hot record": "UPDATE events SET hot = x'00' {}",
    "missing row": "DELETE FROM events {}",
    "missing rows": "DELETE FROM events WHERE position BETWEEN 5 AND 99",
    "missing code": "DELETE FROM codes WHERE kind = 'stream' AND code = 1",
    "position far away": "UPDATE events SET position = 4000000000000000000 {}",
    "position before the first": "UPDATE events SET position = position + 1",
    "no identity": "DELETE FROM chronicle",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED.keys())
def test_a_chronicle_that_was_tampered_with_is_not_believed(
    path: Path, statement: str
) -> None:
    if statement == TAMPERED["position before the first"]:
        order = "CREATE TEMP TABLE t AS SELECT * FROM events"
        shift = "INSERT INTO events SELECT position + 1, stream, version, type, "
        rest = "recorded_at, report, target, dataset, hot, body FROM t"
        tampered(path, order, "DELETE FROM events", shift + rest)
    else:
        tampered(path, statement.format("WHERE position = 9"))
    before = path.read_bytes()
    with pytest.raises((Untrusted, IntegrityFailure)) as found:
        read_all(path)
    assert found.value.exit_code in (7, 9)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("body", "7"),
        ("body", "'text'"),
        ("body", "NULL"),
        ("body", "1.5"),
        ("type", "7"),
        ("type", "x'ff'"),
        ("type", "NULL"),
        ("recorded_at", "'now'"),
        ("recorded_at", "NULL"),
        ("stream", "'text'"),
        ("hot", "'" + "h" * 48 + "'"),
        ("hot", "NULL"),
        ("type", "cast(x'ff' AS TEXT)"),
    ],
)
def test_values_of_other_types_in_strict_tables_are_not_believed(
    path: Path, column: str, value: str
) -> None:
    """The schema's text says STRICT; that the rows are, the file's owner decides."""
    strict = next(s for s in STATEMENTS if s.startswith("CREATE TABLE events"))
    loose = strict.replace(") STRICT", ")").replace(" NOT NULL", "")
    with by_hand(path) as connection:
        rows = connection.execute("SELECT * FROM events").fetchall()
    path.unlink()
    others = [s for s in STATEMENTS if s is not strict]
    kind = loose.split(column + " ", 1)[1].split(",")[0]
    loose = loose.replace(f"{column} {kind}", column, 1)
    with by_hand(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN")
        connection.execute(loose)
        for statement in others:
            connection.execute(statement)
        connection.execute("INSERT INTO chronicle VALUES (1, 'mine', 0)")
        for number, kind_, id_ in ((0, "stream", "register"), (1, "stream", "s")):
            connection.execute(
                "INSERT INTO codes VALUES (?,?,?,?)", (number + 1, kind_, number, id_)
            )
        marks = ",".join("?" * 10)
        connection.executemany(f"INSERT INTO events VALUES ({marks})", rows)
        connection.execute("DROP TRIGGER events_update")
        connection.execute(f"UPDATE events SET {column} = {value} WHERE position = 9")
        connection.execute(next(s for s in others if "events_update" in s))
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = ? WHERE name = 'events'", (strict,)
        )
        connection.execute("COMMIT")
    with pytest.raises((Untrusted, IntegrityFailure)):
        read_all(path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET type = 'x'",
        "UPDATE events SET body = x''",
        "UPDATE events SET recorded_at = 0",
        "DELETE FROM events",
        "REPLACE INTO events SELECT position, stream, version, 'x', recorded_at, "
        "report, target, dataset, hot, body FROM events WHERE position = 7",
        "INSERT INTO events SELECT position + 1000, stream, version, type, recorded_at,"
        " 'new', target, dataset, hot, body FROM events WHERE position = 7",
        "UPDATE codes SET id = 'x'",
        "DELETE FROM codes",
        "INSERT INTO codes SELECT seq + 1000, kind, code, 'x' FROM codes",
    ],
)
def test_the_tables_themselves_refuse_to_change_the_past(
    path: Path, statement: str
) -> None:
    store = SQLiteStore.open(path)
    before = list(store.rows())
    with store.datastore.get_connection(commit=True) as connection:
        raw = connection._sqlite_conn
        with pytest.raises(sqlite3.IntegrityError):
            raw.execute(statement)
        assert not raw.in_transaction
    assert list(store.rows()) == before
    store.close()


# --- bad disks ------------------------------------------------------------------------


READINGS: dict[str, Callable[[SQLiteStore], int]] = {
    "rows": lambda store: len(list(store.rows())),
    "events": lambda store: len(list(EventLog(store).recorded())),
    "rows of a type": lambda store: (
        len(list(store.rows(types=CONTROL)))
        + sum(row.type not in CONTROL for row in store.rows())
    ),
    "hot records": lambda store: len(b"".join(store.columnar())) // WIDTH,
}


def test_damaged_bytes_are_refused_or_harmless(path: Path) -> None:
    """64 bytes anywhere: no error of somebody else's, and no event that is just gone.

    Without a digest of each event, damage inside of one can still look like sense.
    """
    whole = path.read_bytes()
    refused = 0
    for start in range(0, len(whole), 1_531):
        damaged = whole[:start] + b"\xa5" * 64 + whole[start + 64 :]
        path.write_bytes(damaged)
        for read in READINGS.values():
            try:
                store = SQLiteStore.open(path)
                try:
                    count = read(store)
                finally:
                    store.close()
            except (Untrusted, IntegrityFailure):
                refused += 1
            else:
                assert count == 5 + ROWS
        assert path.read_bytes() == damaged
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    assert refused > len(whole) // 1_531


@pytest.mark.parametrize("keep", [1, 99, 4_096, 4_097, 20_000, -4_096, -1])
def test_a_truncated_file_is_refused(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])
    before = snapshot(path.parent)
    with pytest.raises((Untrusted, IntegrityFailure, StorageError)) as found:
        read_all(path)
    assert found.value.exit_code in (6, 7, 9)
    assert snapshot(path.parent) == before


def test_damage_that_a_write_meets_stops_it(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[4_096 * 2 :] = b"\xa5" * (len(whole) - 4_096 * 2)
    path.write_bytes(whole)
    with pytest.raises(ChronicleError) as found:
        store = SQLiteStore.open(path)
        try:
            EventLog(store).append([control("new")])
        finally:
            store.close()
    assert isinstance(found.value, IntegrityFailure | Untrusted)


def test_nothing_is_added_after_a_gap(path: Path) -> None:
    for change in (
        f"DELETE FROM events WHERE position = {4 + ROWS}",
        f"UPDATE events SET position = 1 << 61 WHERE position = {5 + ROWS}",
    ):
        copy = path.with_name("copy")
        shutil.copy(path, copy)
        tampered(copy, change)
        store = SQLiteStore.open(copy)
        with (
            pytest.raises(Damaged, match=r"is missing|the log ends at"),
            store.writing(),
        ):
            pass
        store.close()


def test_a_deleted_write_ahead_log_leaves_an_older_but_sound_chronicle(
    path: Path, tmp_path: Path
) -> None:
    """Only a head kept elsewhere shows this; what is left must still be right."""
    store = SQLiteStore.open(path)
    EventLog(store).append([control("late")])
    copy = tmp_path / "copy"
    shutil.copy(path, copy)
    store.close()
    older = SQLiteStore.open(copy)
    assert older.head() == 5 + ROWS
    assert EventLog(older).append([control("late")]) == [6 + ROWS]
    older.close()


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_nothing_is_acknowledged_when_the_side_files_are_gone(
    path: Path, suffix: str
) -> None:
    store = SQLiteStore.open(path)
    log = EventLog(store)
    log.append([control("one")])
    path.with_name(path.name + suffix).unlink()
    with pytest.raises(StorageError, match="removed or replaced"):
        log.append([control("two")])
    store.close()


@pytest.mark.parametrize("how", ["removed", "replaced", "renamed"])
def test_nothing_is_acknowledged_when_the_file_is_gone(path: Path, how: str) -> None:
    store = SQLiteStore.open(path)
    log = EventLog(store)
    other = path.with_name("other")
    shutil.copy(path, other)

    def vanish() -> None:
        if how == "removed":
            path.unlink()
        elif how == "replaced":
            other.replace(path)
        else:
            path.rename(path.with_name("elsewhere"))

    with pytest.raises(StorageError, match="removed or replaced"), store.writing() as w:
        w.insert([draft("while writing")])
        vanish()
    with pytest.raises(StorageError, match="removed or replaced"):
        log.append([control("after")])
    with pytest.raises(StorageError, match="removed or replaced"):
        store.head()
    store.close()


def test_a_file_put_in_the_place_of_a_checked_one_is_not_read(path: Path) -> None:
    store = SQLiteStore.open(path)
    evil = path.with_name("evil")
    _view(evil)
    evil.replace(path)
    with pytest.raises(StorageError):
        list(store.rows())
    store.close()


def test_a_full_disk_records_nothing_and_reading_goes_on(path: Path) -> None:
    """SQLite's own limit on pages gives the error that a full disk gives."""
    store = SQLiteStore.open(path)
    log = EventLog(store)
    with store.datastore.get_connection(commit=True) as connection:
        raw = connection._sqlite_conn
        pages = raw.execute("PRAGMA page_count").fetchone()[0]
        raw.execute(f"PRAGMA max_page_count={pages}").close()
    with pytest.raises(StorageError, match="full; nothing was recorded"):
        log.append([control("new0", note="n" * 19_000)])
    with pytest.raises(StorageError, match="full; nothing was recorded"):
        log.append([control(f"new{n}", note="n" * 9_000) for n in range(99)])
    assert store.head() == 5 + ROWS
    assert len(list(log.recorded())) == 5 + ROWS
    with store.datastore.get_connection(commit=True) as connection:
        connection._sqlite_conn.execute("PRAGMA max_page_count=99999").close()
    assert log.append([control("new0")]) == [6 + ROWS]
    store.close()


LIMITED = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from chronicle.errors import OutcomeUnknown, StorageError
from chronicle.store.log import EventLog
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import control
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = SQLiteStore.open(Path(sys.argv[1]))
log = EventLog(store)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
acknowledged = failed = 0
for n in range(60):
    try:
        log.append([control(f"n{n}", note="n" * 9_000)], key=str(n))
        acknowledged += 1
    except (OutcomeUnknown, StorageError) as error:
        failed += 1
assert len(list(log.recorded())) >= acknowledged
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
for n in range(60):  # the same commands again settle what is unknown
    log.append([control(f"n{n}", note="n" * 9_000)], key=str(n))
store.close()
print(acknowledged, failed)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of a process there")
def test_a_disk_that_takes_no_more_loses_nothing_acknowledged(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, path, Path(__file__).parents[1]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    acknowledged, failed = map(int, done.stdout.split())
    assert acknowledged + failed == 60
    assert min(acknowledged, failed) > 0
    store = SQLiteStore.open(path)
    ids = [row.report for row in store.rows(5 + ROWS)]
    assert ids[:acknowledged] == [f"n{n}" for n in range(acknowledged)]
    assert sorted(ids, key=str) == sorted(f"n{n}" for n in range(60))
    store.close()


def test_an_unknown_outcome_says_so_and_the_key_settles_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit reaches the disk, and its answer does not reach us."""
    store = SQLiteStore.open(path)
    log = EventLog(store)

    def commit(raw: sqlite3.Connection) -> None:
        raw.commit()
        raise OutcomeUnknown("the answer was lost")

    with monkeypatch.context() as lost:
        lost.setattr(store, "_commit", commit)
        with pytest.raises(OutcomeUnknown) as unknown:
            log.append([control("new")], key="k")
        assert unknown.value.exit_code == 8
    assert log.append([control("new")], key="k") == [6 + ROWS]
    assert store.head() == 6 + ROWS
    store.close()


# --- read-only ------------------------------------------------------------------------

READ_ONLY = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from chronicle.errors import StorageError
from chronicle.store.log import EventLog
from chronicle.store.sqlite.store import SQLiteStore
from log_toys import control
path = Path(sys.argv[1])
if os.geteuid() == 0:  # a user whom permissions stop; root goes through walls
    for name in ("a.chronicle", "other"):
        SQLiteStore.create(path.parent.parent / name).close()  # what is imported late
    os.setuid(65_534)
try:
    store = SQLiteStore.open(path)
except StorageError as error:
    sys.exit(str(error))
log = EventLog(store)
count = len(list(log.recorded()))
try:
    log.append([control("new")])
except StorageError as error:
    print(count, "nothing was recorded" in str(error))
store.close()
"""


def as_nobody(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", READ_ONLY, path, Path(__file__).parents[1]],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def open_folders(path: Path) -> Iterator[None]:
    """Let anybody pass the folders above, as a shared disk would."""
    above = [
        folder for folder in path.parents if folder.stat().st_mode & 0o055 != 0o055
    ]
    modes = [folder.stat().st_mode for folder in above]
    for folder in above:
        folder.chmod(0o755)
    yield
    for folder, mode in zip(above, modes, strict=True):
        folder.chmod(mode)


@pytest.mark.skipif(sys.platform == "win32", reason="other permissions there")
@pytest.mark.usefixtures("open_folders")
@pytest.mark.parametrize(
    ("folder", "file"), [(0o555, 0o444), (0o777, 0o444), (0o555, 0o666)]
)
def test_what_cannot_be_written_can_be_read(path: Path, folder: int, file: int) -> None:
    path.chmod(file)
    path.parent.chmod(folder)
    done = as_nobody(path)
    path.parent.chmod(0o755)
    assert (done.stdout, done.stderr) == (f"{5 + ROWS} True\n", "")


@pytest.mark.skipif(sys.platform == "win32", reason="other permissions there")
@pytest.mark.usefixtures("open_folders")
def test_what_cannot_be_read_says_so(path: Path) -> None:
    path.chmod(0o000)
    done = as_nobody(path)
    assert done.stderr.startswith("cannot read")


def test_reading_goes_on_while_another_writes(path: Path) -> None:
    writer = SQLiteStore.open(path)
    reader = SQLiteStore.open(path)
    with writer.writing() as work:
        work.insert([draft("new")])
        assert reader.head() == 5 + ROWS
    assert reader.head() == 6 + ROWS
    reader.close()
    writer.close()


@pytest.mark.parametrize("name", ["CAST(name AS BLOB)", "NULL", "7", "char(27) || '['"])
def test_what_is_no_name_in_the_schema_is_refused_in_words(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "toy.chronicle"
    SQLiteStore.create(path).close()
    with by_hand(path) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            f"UPDATE sqlite_schema SET name = {name} "
            "WHERE rowid = (SELECT max(rowid) FROM sqlite_schema WHERE type='trigger')"
        )
    with pytest.raises((Untrusted, Damaged)) as refused:
        SQLiteStore.open(path)
    assert str(refused.value).isprintable()
