"""Tampering with a record of which a head is held outside: all of it is to be found.

    python tests/soak_tamper.py 50000        random edits, rewrites, rollbacks
    python tests/soak_tamper.py bits 100000  single bits of the file; `all` for each

A round changes a copy of a chronicle and asks `verify`, with a head that was kept
before. It is *found* when that refuses, *no change* when the file still says the same
in every row, and *silent* otherwise; the campaign fails at the first silent one, and at
anything that is not an error of the tree. Rounds are named by seed and number.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

import chronicle as ch
from chronicle.errors import ChronicleError
from chronicle.store.checkpoint import Head, signed
from chronicle.store.headfile import head_beside, read_head
from chronicle.store.keys import signing_key
from chronicle.store.leaves import leaf_of, payload_hash
from chronicle.store.log import EventLog
from chronicle.store.seal import Seal, origin_of
from chronicle.store.sqlite.schema import STATEMENTS
from chronicle.store.sqlite.store import SQLiteStore
from chronicle.store.verifying import verify
from log_toys import Clock, control, opening

EVENTS = 320  # more than 256, so that there is a subtree that is kept
TRIGGERS = [s for s in STATEMENTS if s.startswith("CREATE TRIGGER")]
TABLES = ("chronicle", "codes", "events", "commands", "leaves", "emptied", "subtrees")


class Case:
    """A chronicle, an older copy of it, and the head that is held outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path, self.older = folder / "a.chronicle", folder / "older"
        clock = Clock()
        store = SQLiteStore.create(self.path, clock, identity="ab" * 16)
        log = EventLog(store)
        log.append(opening())
        for n in range(EVENTS // 8):
            clock.tick(60)
            log.append(
                [
                    control(
                        f"r{n}-{m}",
                        source=("radio", "paper", "livemap")[m % 3],
                        settlement=("alder", "birch", "cedar")[n % 3],
                        controller=("red", "blue")[(n + m) % 2],
                        note=f"as told, {n}",
                    )
                    for m in range(8)
                ],
                key=f"k{n}" if n % 5 == 0 else None,
            )
            if n == EVENTS // 16:
                store.close()
                shutil.copy(self.path, self.older)
                store = SQLiteStore.open(self.path, clock)
                log = EventLog(store)
        log.append([ch.ReportRetracted(report="r3-1", reason="wrong")])
        log.append([ch.ReportAmended(report="r4-1", changes={"controller": "red"})])
        log.append([ch.ReportRedacted(report="r5-1", reason="harmful")])
        store.close()
        self.head = Head.parse(read_head(head_beside(self.path)))
        self.original = self.path.read_bytes()
        self.said = said(self.path)
        self.copy = folder / "copy.chronicle"

    def fresh(self) -> Path:
        """A copy to tamper with, as whoever does it finds it: without our head."""
        for suffix in ("-wal", "-shm", "-journal", ".head"):
            self.copy.with_name(self.copy.name + suffix).unlink(missing_ok=True)
        self.copy.write_bytes(self.original)
        return self.copy

    def outcome(self) -> str:
        """How `verify` with the head outside takes the copy."""
        try:
            store = SQLiteStore.open(self.copy)
            try:
                verify(store.sealed(), [self.head])
                store.sealed().check_structure()
            finally:
                store.close()
        except ChronicleError as error:
            return f"found: {type(error).__name__}"
        now = said(self.copy)
        if now == self.said:
            return "no change"
        grown = list(map(_grown, self.said, now))
        if all(grown):
            return "not promised (something was added since the head)"
        at = TABLES.index("commands")
        if all(grown[:at] + grown[at + 1 :]) and len(now[at]) > len(self.said[at]):
            return "not promised (outcomes of keys, where others were kept since)"
        return "SILENT"


def _grown(before: Any, now: Any) -> bool:
    """Whether all of *before* is still there."""
    if isinstance(before, bytes):
        return bool(now.startswith(before))
    return {*before} <= {*now}


def said(path: Path) -> list[Any]:
    """Every row of every table, and what is found by id."""
    with closing(sqlite3.connect(path)) as raw:
        rows: list[Any] = [
            raw.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            for table in TABLES
            if table != "leaves"
        ]
        leaves = raw.execute("SELECT * FROM leaves ORDER BY first").fetchall()
        # How they are cut into rows says nothing.
        rows += [b"".join(row[column] for row in leaves) for column in (1, 2)]
        rows += [
            raw.execute(f"SELECT position FROM events WHERE {lookup}").fetchall()
            for lookup in ("report = 'r5-3'", "target = 'r3-1'", "stream = 2")
        ]
    return rows


# --- deeds ---------------------------------------------------------------------------


def unguarded(raw: sqlite3.Connection) -> None:
    for trigger in TRIGGERS:
        raw.execute(f"DROP TRIGGER {trigger.split()[2]}")


def guarded(raw: sqlite3.Connection) -> None:
    for trigger in TRIGGERS:
        raw.execute(trigger)
    raw.commit()


def edit(raw: sqlite3.Connection, chance: random.Random) -> str:
    """One random change of one random table; what it was."""
    table = chance.choice((*TABLES, "events", "events", "events"))
    columns = [row[1:3] for row in raw.execute(f"PRAGMA table_info({table})")]
    rowids = "key" if table == "commands" else "number" if table == "subtrees" else None
    rowids = rowids or "rowid"
    ids = [row[0] for row in raw.execute(f"SELECT {rowids} FROM {table}")]
    one, other = chance.choice(ids), chance.choice(ids)
    deed = chance.choice(("value", "value", "bits", "delete", "swap", "forge"))
    name, kind = chance.choice(columns)
    if deed == "delete":
        raw.execute(f"DELETE FROM {table} WHERE {rowids} = ?", (one,))
    elif deed == "swap":
        values = [
            raw.execute(
                f"SELECT {name} FROM {table} WHERE {rowids} = ?", (n,)
            ).fetchone()
            for n in (one, other)
        ]
        raw.execute(f"UPDATE {table} SET {name} = ? WHERE {rowids} = ?", (None, other))
        raw.execute(
            f"UPDATE {table} SET {name} = ? WHERE {rowids} = ?", (*values[1], one)
        )
        raw.execute(
            f"UPDATE {table} SET {name} = ? WHERE {rowids} = ?", (*values[0], other)
        )
    elif deed == "forge":
        row = list(
            raw.execute(f"SELECT * FROM {table} WHERE {rowids} = ?", (one,)).fetchone()
        )
        for at, (_, type_) in enumerate(columns):
            if chance.random() < 0.5 or at == 0:
                row[at] = _value(type_, chance, row[at])
        marks = ",".join("?" * len(row))
        raw.execute(f"INSERT INTO {table} VALUES ({marks})", row)
    else:
        (was,) = raw.execute(
            f"SELECT {name} FROM {table} WHERE {rowids} = ?", (one,)
        ).fetchone()
        new = _value(kind, chance, was, bits=deed == "bits")
        raw.execute(f"UPDATE {table} SET {name} = ? WHERE {rowids} = ?", (new, one))
    return f"{deed} {table}.{name}"


def _value(kind: str, chance: random.Random, was: object, bits: bool = False) -> object:
    if kind == "INTEGER":
        number = was if isinstance(was, int) else 0
        return number + chance.choice((-1, 1, 7, 1 << chance.randrange(20)))
    if isinstance(was, bytes) and was and bits:
        at = chance.randrange(len(was))
        return was[:at] + bytes([was[at] ^ 1 << chance.randrange(8)]) + was[at + 1 :]
    if kind == "BLOB":
        return chance.randbytes(chance.choice((0, 16, 32, 48, 60)))
    text = was if isinstance(was, str) and was else "x"
    at = chance.randrange(len(text))
    return text[:at] + chance.choice("abc0_") + text[at + 1 :]


def reseal(raw: sqlite3.Connection) -> None:
    """Make leaves, subtrees, seal and head anew, as an insider with the key can.

    The salts stay, so that all that was not changed has the leaf that it had.
    """
    identity, created = raw.execute("SELECT id, created_at FROM chronicle").fetchone()
    seal = Seal.start(identity, created)
    codes = raw.execute("SELECT kind, code, id FROM codes ORDER BY seq").fetchall()
    seal.take_codes(codes)
    names = {(kind, code): id_ for kind, code, id_ in codes}
    for key, digest, listed in raw.execute("SELECT * FROM commands").fetchall():
        seal.take_command(key, digest, msgspec.json.decode(listed))
    salts = b"".join(
        s for (s,) in raw.execute("SELECT salts FROM leaves ORDER BY first")
    )
    emptied = dict(raw.execute("SELECT position, payload FROM emptied"))
    leaves = []
    rows = raw.execute("SELECT * FROM events ORDER BY position").fetchall()
    for n, row in enumerate(rows):
        position, stream, version, type_, stamp, report, target, dataset, hot, body = (
            row
        )
        name = names.get(("dataset", dataset), "")
        header = (
            stamp,
            names.get(("stream", stream), ""),
            version,
            type_,
            report,
            target,
        )
        salt = salts[n * 16 : n * 16 + 16] or os.urandom(16)
        payload = emptied.get(position) or payload_hash(salt, hot, body)
        leaves.append(leaf_of((*header, name), payload))
    raw.execute("DELETE FROM leaves")
    raw.execute("DELETE FROM subtrees")
    salts += os.urandom(max(16 * len(leaves) - len(salts), 0))
    for at in range(0, len(leaves), 256):
        raw.execute(
            "INSERT INTO leaves VALUES (?,?,?)",
            (
                at + 1,
                b"".join(leaves[at : at + 256]),
                salts[at * 16 : min(at + 256, len(leaves)) * 16],
            ),
        )

    def keep(level: int, first: int, roots: object) -> None:
        if level == 8:
            for number, root in enumerate(roots, first):  # type: ignore[arg-type]
                raw.execute(
                    "INSERT INTO subtrees VALUES (?,?,?)", (level, number, root)
                )

    seal.frontier.extend(leaves, keep)
    key = signing_key()
    assert key is not None
    head = signed(seal.body(origin_of(identity)), key).text
    raw.execute("UPDATE seal SET state = ?, head = ?", (seal.to_bytes(), head))


def by_sql(case: Case, chance: random.Random) -> str:
    """Edits by somebody who knows the schema, but nothing of the seal."""
    with closing(sqlite3.connect(case.fresh())) as raw:
        unguarded(raw)
        told = _edits(raw, chance)
        guarded(raw)
    return told


def by_insider(case: Case, chance: random.Random) -> str:
    """The same by somebody who makes the seal anew, and signs it with our key."""
    with closing(sqlite3.connect(case.fresh())) as raw:
        unguarded(raw)
        told = _edits(raw, chance)
        raw.execute("SAVEPOINT sealing")
        try:
            reseal(raw)
            told = f"resealed: {told}"
        except (sqlite3.Error, TypeError, ValueError, msgspec.MsgspecError):
            raw.execute("ROLLBACK TO sealing")  # what it made cannot be sealed
        raw.execute("RELEASE sealing")
        guarded(raw)
    return told


def _edits(raw: sqlite3.Connection, chance: random.Random) -> str:
    """One to three changes that the constraints let in."""
    told = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        for _ in range(30):
            try:
                raw.execute("SAVEPOINT one")
                told.append(edit(raw, chance))
                raw.execute("RELEASE one")
                break
            except (sqlite3.Error, IndexError):  # refused, or the table is empty
                raw.execute("ROLLBACK TO one")
                raw.execute("RELEASE one")
    return "; ".join(told)


def by_cutting(case: Case, chance: random.Random) -> str:
    """The last events taken away, and the seal of what is left put right."""
    count = chance.choice((1, 1, 2, chance.randrange(1, 40)))
    with closing(sqlite3.connect(case.fresh())) as raw:
        unguarded(raw)
        last = raw.execute("SELECT MAX(position) FROM events").fetchone()[0] - count
        raw.execute("DELETE FROM events WHERE position > ?", (last,))
        raw.execute("DELETE FROM emptied WHERE position > ?", (last,))
        reseal(raw)
        guarded(raw)
    return f"the last {count} cut off, resealed"


def by_rollback(case: Case, chance: random.Random) -> str:
    """An older copy, whole and sound; sometimes it was gone on with since."""
    path = case.fresh()
    shutil.copy(case.older, path)
    if chance.random() < 0.5:
        with ch.open(path) as log:
            more = chance.choice((1, EVENTS // 2 + 3, EVENTS))
            log.append([control(f"n{n}") for n in range(more)])
        return f"rolled back, and {more} told since"
    return "rolled back"


def by_bytes(case: Case, chance: random.Random) -> str:
    """Some bytes of the file."""
    data = bytearray(case.original)
    at, count = chance.randrange(len(data)), chance.choice((1, 1, 8, 64, 512))
    count = min(count, len(data) - at)
    data[at : at + count] = chance.randbytes(count)
    case.fresh().write_bytes(data)
    return f"{count} bytes at {at}"


def by_bit(case: Case, at: int) -> str:
    """One bit of the file."""
    data = bytearray(case.original)
    data[at // 8] ^= 1 << at % 8
    case.fresh().write_bytes(data)
    return f"bit {at}"


DEEDS: tuple[Callable[[Case, random.Random], str], ...] = (
    *(by_sql, by_sql, by_insider, by_insider, by_insider),
    *(by_cutting, by_rollback, by_bytes),
)


def rounds(count: int, seed: int, folder: Path) -> Counter[str]:
    """*count* rounds of tampering; how they ended. Raises at the first silent one."""
    case, ended = Case(folder), Counter[str]()
    for number in range(count):
        chance = random.Random(f"{seed}-{number}")
        deed = chance.choice(DEEDS)
        told = deed(case, chance)
        found = case.outcome()
        ended[f"{deed.__name__}: {found.partition(':')[0]}"] += 1
        if found == "SILENT":
            raise AssertionError(f"round {seed}-{number}: {deed.__name__}: {told}")
    return ended


def bits(count: int | None, seed: int, folder: Path) -> Counter[str]:
    """*count* single bits of the file by chance, or all of them."""
    case, ended = Case(folder), Counter[str]()
    size = len(case.original) * 8
    chance = random.Random(seed)
    wanted = range(size) if count is None else chance.sample(range(size), count)
    for at in wanted:
        told = by_bit(case, at)
        found = case.outcome()
        ended[found.partition(":")[0]] += 1
        if found == "SILENT":
            raise AssertionError(f"{told} of {size}")
    return ended


def main() -> int:
    """Print how the rounds ended; 1 where one was silent."""
    words = sys.argv[1:]
    of_bits = words[:1] == ["bits"]
    number = (words[1:] if of_bits else words)[:1] or ["500"]
    seed = int(words[-1]) if len(words) > 1 + of_bits else 1
    with tempfile.TemporaryDirectory() as name:
        os.environ["CHRONICLE_CONFIG"] = str(Path(name) / "config")
        folder = Path(name)
        if of_bits:
            count = None if number == ["all"] else int(number[0])
            ended = bits(count, seed, folder)
        else:
            ended = rounds(int(number[0]), seed, folder)
    for how, many in sorted(ended.items()):
        sys.stdout.write(f"{many:>9,} {how}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
