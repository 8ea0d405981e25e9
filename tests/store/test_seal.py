"""The seal: leaves in the same transaction, old files, redactions, and what is found.

The hostile part edits a file as somebody would who has SQLite and knows the schema:
triggers are taken away and put back, so that nothing but the seal can tell.
"""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from pathlib import Path

import pytest

import chronicle as ch
from chronicle.errors import (
    Damaged,
    InputError,
    IntegrityFailure,
    RolledBack,
    SplitHistory,
    Tampered,
)
from chronicle.store.checkpoint import Head
from chronicle.store.headfile import head_beside, read_head
from chronicle.store.leaves import leaf_of, payload_hash
from chronicle.store.log import EventLog
from chronicle.store.merkle import Frontier
from chronicle.store.sqlite.schema import STATEMENTS
from chronicle.store.sqlite.store import SQLiteStore
from chronicle.store.verifying import verify
from log_toys import Clock, control, opening

OLD = Path(__file__).parents[1] / "golden" / "schema-1.chronicle.gz"
COUNT = 600  # events, so that the tree has subtrees that are kept


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("seal") / "a.chronicle"
    clock = Clock()
    store = SQLiteStore.create(path, clock)
    log = EventLog(store)
    log.append(opening())
    log.extend(
        control(f"r{n}", source=("radio", "paper")[n % 2], note=f"note {n}")
        for n in range(COUNT - 10)
    )
    clock.tick(60)
    log.append([control("keyed")], key="a key")
    log.append([ch.ReportRetracted(report="r3", reason="wrong")])
    log.append([ch.ReportRedacted(report="r4", reason="harmful")])
    store.close()
    return path


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    for file in made.parent.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path / made.name


def head_of(path: Path) -> Head:
    return Head.parse(read_head(head_beside(path)))


def edited(path: Path, *changes: str) -> None:
    """Run SQL without any trigger, and put the triggers back."""
    raw = sqlite3.connect(path)
    triggers = [s for s in STATEMENTS if s.startswith("CREATE TRIGGER")]
    for trigger in triggers:
        raw.execute(f"DROP TRIGGER {trigger.split()[2]}")
    for change in changes:
        raw.execute(change)
    for trigger in triggers:
        raw.execute(trigger)
    raw.commit()
    raw.close()


def checked(path: Path, *heads: Head) -> None:
    store = SQLiteStore.open(path)
    try:
        assert verify(store.sealed(), heads) is not None
        store.sealed().check_structure()
    finally:
        store.close()


# --- sealing -------------------------------------------------------------------------


def test_the_seal_is_that_of_a_naive_twin(path: Path) -> None:
    store = SQLiteStore.open(path)
    snapshot = store.sealed().snapshot()
    frontier = Frontier()
    leaves = []
    for rows in store.sealed().sealed_rows(0, store.head()):
        for row in rows:
            hash_ = row.salt
            if len(hash_) == 16:
                hash_ = payload_hash(row.salt, row.columnar, row.body)
            leaves.append(leaf_of(row.header, hash_))
    frontier.extend(leaves)
    assert len(leaves) == store.head() == snapshot.seal.size
    assert frontier.root() == snapshot.seal.frontier.root() == head_of(path).root
    salts = [r.salt for rows in store.sealed().sealed_rows(0, 99) for r in rows]
    assert len(set(salts)) == 99
    store.close()
    checked(path, head_of(path))


def test_a_transaction_that_fails_leaves_no_leaf(path: Path) -> None:
    before = read_head(head_beside(path))
    store = SQLiteStore.open(path)
    with pytest.raises(InputError):
        EventLog(store).append([control("x1"), control("x2", settlement="nowhere")])
    store.close()
    assert read_head(head_beside(path)) == before
    checked(path, head_of(path))


def test_what_adds_nothing_changes_no_head(path: Path) -> None:
    before = read_head(head_beside(path))
    with ch.open(path) as log:
        log.append(control("r7", source="paper", note="note 7"))
    assert read_head(head_beside(path)) == before


def test_the_head_file_is_there_before_the_acknowledgement(path: Path) -> None:
    with ch.open(path) as log:
        for n in range(3):
            log.append(control(f"n{n}"))
            assert head_of(path).size == log.head
            assert head_beside(path).stat().st_mode & 0o777 == 0o600


def test_a_redaction_keeps_the_leaf_and_takes_the_salt(path: Path) -> None:
    raw = sqlite3.connect(path)
    (position,) = raw.execute(
        "SELECT position FROM events WHERE report = 'r4'"
    ).fetchone()
    assert raw.execute("SELECT position FROM emptied").fetchall() == [(position,)]
    first, salts = raw.execute(
        "SELECT first, salts FROM leaves WHERE first <= ? ORDER BY first DESC LIMIT 1",
        (position,),
    ).fetchone()
    at = 16 * (position - first)
    assert salts[at : at + 16] == bytes(16)
    raw.close()
    old = head_of(path)
    with ch.open(path) as log:
        log.append(ch.ReportRedacted(report="r5", reason="harmful too"))
    checked(path, old, head_of(path))


# --- files of schema 1 ---------------------------------------------------------------


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.chronicle"
    path.write_bytes(gzip.decompress(OLD.read_bytes()))
    return path


def test_an_old_file_is_read_as_it_is(old: Path) -> None:
    before = old.read_bytes()
    with ch.open(old) as log:
        assert log.head == 308
        assert not log._log.store.cautions
        assert log.state(on="2024-11-30").control["alder"]
    assert old.read_bytes() == before
    assert not head_beside(old).exists()


def test_an_old_file_is_sealed_by_its_first_write(old: Path) -> None:
    with ch.open(old) as log:
        told = list(log.log())
        assert log.append(control("new")) == [309]
        assert log.append(control("k1", controller="red"), key="golden key") == [306]
        assert list(log.log())[:308] == told
    assert head_of(old).size == 309
    checked(old, head_of(old))
    raw = sqlite3.connect(old)
    assert raw.execute("PRAGMA user_version").fetchone() == (2,)
    raw.close()


def test_an_old_file_stays_old_when_its_first_write_is_refused(old: Path) -> None:
    with ch.open(old) as log, pytest.raises(InputError):
        log.append(control("new", settlement="nowhere"))
    raw = sqlite3.connect(old)
    assert raw.execute("PRAGMA user_version").fetchone() == (1,)
    raw.close()


def test_an_old_file_beside_a_head_was_put_back(old: Path, path: Path) -> None:
    with ch.open(old) as log:
        log.append(control("new"))
    old.write_bytes(gzip.decompress(OLD.read_bytes()))
    with ch.open(old) as log:
        assert isinstance(log._log.store.finding, RolledBack)
        with pytest.raises(Damaged):
            log.append(control("newer"))


# --- what is found -------------------------------------------------------------------

LAST = "(SELECT MAX(position) FROM events)"
EDITS = {
    "a body": ["UPDATE events SET body = zeroblob(9) WHERE position = 50"],
    "a time": ["UPDATE events SET recorded_at = recorded_at - 1 WHERE position = 50"],
    "all times": ["UPDATE events SET recorded_at = recorded_at - 1000000"],
    "a report id": ["UPDATE events SET report = 'other' WHERE position = 50"],
    "a target": ["UPDATE events SET target = 'r2' WHERE target = 'r3'"],
    "a type": ["UPDATE events SET type = 'support-reported' WHERE position = 50"],
    "a version": [f"UPDATE events SET version = 9999 WHERE position = {LAST}"],
    "a hot record": ["UPDATE events SET hot = zeroblob(48) WHERE position = 50"],
    "two hot records": [
        "UPDATE events SET hot = (SELECT hot FROM events WHERE position = 51) "
        "WHERE position = 52"
    ],
    "two rows swapped": [
        "UPDATE events SET position = 9999 WHERE position = 50",
        "UPDATE events SET position = 50 WHERE position = 51",
        "UPDATE events SET position = 51 WHERE position = 9999",
    ],
    "the last deleted": [f"DELETE FROM events WHERE position = {LAST}"],
    "one in the middle deleted": ["DELETE FROM events WHERE position = 300"],
    "a forged event added": [
        "INSERT INTO events SELECT position + 1, stream, version + 999, type, "
        f"recorded_at, 'forged', NULL, NULL, hot, body FROM events "
        f"WHERE position = {LAST}"
    ],
    "emptied, and no redaction": [
        "UPDATE events SET body = x'', hot = "
        "(SELECT hot FROM events WHERE report = 'r4') WHERE report = 'r9'"
    ],
    "a redaction taken away": [
        "UPDATE events SET target = 'r8' WHERE type = 'report-redacted'"
    ],
    "two codes": [
        "UPDATE codes SET id = 'x' WHERE kind = 'actor' AND id = 'red'",
        "UPDATE codes SET id = 'red' WHERE kind = 'actor' AND id = 'blue'",
        "UPDATE codes SET id = 'blue' WHERE kind = 'actor' AND id = 'x'",
    ],
    "a code added": ["INSERT INTO codes SELECT MAX(seq) + 1, 'k', 0, 'i' FROM codes"],
    "the outcome of a key": ["UPDATE commands SET positions = '[3]'"],
    "an outcome deleted": ["DELETE FROM commands"],
    "the id": ["UPDATE chronicle SET id = 'another'"],
    "when it was made": ["UPDATE chronicle SET created_at = created_at - 1"],
    "a leaf": ["UPDATE leaves SET hashes = zeroblob(length(hashes)) WHERE first = 1"],
    "a row of leaves": ["DELETE FROM leaves WHERE first = 1"],
    "a subtree": ["UPDATE subtrees SET root = zeroblob(32)"],
    "no subtree": ["DELETE FROM subtrees"],
    "a subtree too many": ["INSERT INTO subtrees VALUES (8, 99, zeroblob(32))"],
    "a row of no leaves": ["INSERT INTO leaves VALUES (9999, x'', x'00')"],
    "a leaf too many": ["INSERT INTO leaves VALUES (9999, zeroblob(32), zeroblob(16))"],
    "emptied that is not there": ["INSERT INTO emptied VALUES (9999, zeroblob(32))"],
    "a number of a code": [
        "UPDATE codes SET seq = 9999 WHERE seq = (SELECT MAX(seq) FROM codes)"
    ],
    "where a salt was": [
        "UPDATE leaves SET salts = randomblob(length(salts)) WHERE first = "
        "(SELECT MAX(first) FROM leaves WHERE first <= "
        "(SELECT position FROM emptied))"
    ],
    "the head": ["UPDATE seal SET head = replace(head, 'codes', 'kodes')"],
    "the seal": ["UPDATE seal SET state = zeroblob(88)"],
    "an index": [  # the table says one thing, its index another
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, 'IS NOT NULL', 'IS NULL') "
        "WHERE name = 'events_target'",
        "PRAGMA writable_schema = OFF",
    ],
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_found(path: Path, edit: str) -> None:
    try:
        edited(path, *EDITS[edit])
        with pytest.raises((IntegrityFailure, ch.errors.Untrusted)):
            checked(path)
    except sqlite3.Error:
        pytest.fail("the edit was not made")


def test_the_first_bad_position_is_named(path: Path) -> None:
    edited(
        path,
        "UPDATE events SET body = x'00' WHERE position IN (57, 58, 300)",
    )
    with pytest.raises(Tampered, match="position 57") as found:
        checked(path)
    assert found.value.position == 57
    assert found.value.as_dict()["position"] == 57


def test_a_file_changed_near_its_end_opens_read_only(path: Path) -> None:
    edited(path, "UPDATE events SET body = zeroblob(9) WHERE position = 590")
    with ch.open(path) as log:
        finding = log._log.store.finding
        assert isinstance(finding, Tampered)
        assert finding.position == 590
        assert log.head == COUNT - 2
        with pytest.raises(Damaged, match="position 590"):
            log.append(control("more"))


def rewritten(path: Path, *changes: str) -> None:
    """What an insider can do: edit, and make leaves, subtrees and seal anew."""
    edited(
        path, *changes, "DELETE FROM leaves", "DELETE FROM subtrees",
        "DELETE FROM seal", "DELETE FROM emptied",
    )  # fmt: skip
    store = SQLiteStore(path, Clock(), 5.0)
    with store.writing():
        pass
    store.close()


def test_a_log_made_anew_agrees_with_itself_and_not_with_a_head_outside(
    path: Path,
) -> None:
    with ch.open(path) as log:
        outside = head_of(path)
        log.append([control(f"m{n}") for n in range(40)])
    rewritten(path, "UPDATE events SET body = x'00' WHERE position = 590")
    checked(path)  # nobody can tell from the file alone
    with pytest.raises(SplitHistory, match="1 to 598"):
        checked(path, outside)
    with pytest.raises(SplitHistory):
        checked(path, outside, head_of(path))


def test_heads_of_several_ages_narrow_down_where(path: Path) -> None:
    heads = []
    with ch.open(path) as log:
        for n in range(5):
            heads.append(head_of(path))
            log.append([control(f"m{n}")])
    checked(path, *heads)
    # Salts are random, so that a log made anew differs from its beginning: the older
    # heads are those of another copy that agrees up to there.
    store = SQLiteStore.open(path)
    wrong = Head(heads[3].origin, heads[3].size, bytes(32))
    with pytest.raises(SplitHistory, match=f"{heads[2].size + 1} to {heads[3].size}"):
        verify(store.sealed(), [*heads[:3], wrong, heads[4]])
    store.close()


def test_an_older_copy_is_found_by_the_head_beside_it(path: Path) -> None:
    older = path.read_bytes()
    with ch.open(path) as log:
        log.append([control("late")])
    path.write_bytes(older)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    with ch.open(path) as log:
        finding = log._log.store.finding
        assert isinstance(finding, RolledBack)
        assert finding.position == COUNT - 1
        assert "position 599" in str(finding)
        assert log.state(on="2024-11-30").control["alder"] == "red"
        with pytest.raises(Damaged):
            log.append([control("later")])


def test_a_write_ahead_log_that_is_gone_is_found(path: Path) -> None:
    store = SQLiteStore.open(path)
    EventLog(store).append([control(f"w{n}") for n in range(50)])
    copy = path.with_name("copy.chronicle")
    shutil.copy(path, copy)  # as a crash leaves it, without its log
    shutil.copy(head_beside(path), head_beside(copy))
    store.close()
    with ch.open(copy) as log:
        assert isinstance(log._log.store.finding, RolledBack)


def test_another_chronicle_under_the_name_is_found(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.chronicle"
    ch.create(other).close()
    shutil.copy(other, path)
    with ch.open(path) as log:
        assert isinstance(log._log.store.finding, SplitHistory)
    head_beside(path).unlink()  # as the message of the manual says
    with ch.open(path) as log:
        assert log._log.store.finding is None
        log.append(opening())
    checked(path, head_of(path))


def test_a_head_that_is_behind_is_one_of_this_log(path: Path) -> None:
    """A process was killed between its commit and the head file."""
    behind = read_head(head_beside(path))
    with ch.open(path) as log:
        log.append([control("late")])
    head_beside(path).write_text(behind)
    with ch.open(path) as log:
        assert log._log.store.finding is None
        assert not log._log.store.cautions
        log.append([control("later")])
    checked(path, Head.parse(behind), head_of(path))


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"no head at all\n"])
def test_a_head_that_is_missing_or_unreadable_is_a_caution(
    path: Path, content: bytes | None
) -> None:
    head_beside(path).unlink()
    if content is not None:
        head_beside(path).write_bytes(content)
    with ch.open(path) as log:
        assert log._log.store.finding is None
        (said,) = log._log.store.cautions
        assert ".head" in said
        assert "the next write makes it anew" in said.lower()
        log.append([control("late")])
    with ch.open(path) as log:
        assert not log._log.store.cautions
    assert head_of(path).size == COUNT - 1


def test_a_head_that_cannot_be_written_undoes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("chronicle.store.sqlite.store.write_head", full)
    with ch.open(path) as log:
        assert log.append([control("late")]) == [COUNT - 1]
        assert "what is recorded is recorded" in log._log.store.cautions[0]
    checked(path, head_of(path))


def test_a_new_chronicle_keeps_the_last_head_of_one_that_is_gone(path: Path) -> None:
    last = read_head(head_beside(path))
    path.unlink()
    ch.create(path).close()
    kept = [f for f in path.parent.iterdir() if ".head." in f.name]
    assert [file.read_text() for file in kept] == [last]
    checked(path, head_of(path))


def test_merging_undoing_and_copies_are_no_tampering(
    path: Path, tmp_path: Path
) -> None:
    outside = head_of(path)
    other = tmp_path / "other.chronicle"
    with ch.create(other) as log:
        log.append([*opening(), control("theirs")])
    with ch.open(path) as log:
        log.merge(other)
        log.undo_import()
        assert log.append(ch.ReportRedacted(report="r100", reason="harm"))
        with log._copy() as copy:
            copy.append(control("tried"))
            assert copy._log.store.finding is None
    checked(path, outside, head_of(path))
