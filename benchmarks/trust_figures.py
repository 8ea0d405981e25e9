"""What the seal of a record costs: appending, verifying, opening, a proof.

Each is the same work with the seal and without, or beside a bare program that does the
least that it could; costs are ratios of seconds of the processor, ours over theirs:
what waits for the disk is the same in both.
"""

from __future__ import annotations

import hashlib
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from chronicle.store.leaves import header_bytes
from chronicle.store.proofs import proof_of, sealed_snapshot
from chronicle.store.sql import writing
from chronicle.store.sql.sealing import SealWriting
from chronicle.store.sqlite.header import uri
from chronicle.store.sqlite.store import SQLiteStore
from chronicle.store.verifying import verify
from figures import interleaved, spread
from log_figures import claims, filled, new_log, register

ROUNDS = 5


def cost(
    name: str,
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    count: int,
    against: str,
    goal: str,
) -> dict[str, Any]:
    """A row whose ratio is ours over theirs: how many times as long it takes."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return {
        "name": name,
        "value": round(statistics.median(ours) * 1e6 / count, 3),
        "unit": "us of CPU each",
        "ratio": round(statistics.median(ratios), 3),
        "against": against,
        "goal": goal,
        "spread": spread(ratios),
        "n": count,
        "rounds": len(ratios),
    }


class Unsealed(SealWriting):
    """A transaction without a seal, which only this benchmark has."""

    def __init__(self, *_: Any) -> None:
        self.headers, self.payloads = [], []

    def take_rows(self) -> None:
        self.headers, self.payloads = [], []

    def take_codes(self, codes: Any) -> None:
        list(codes)

    def take_command(self, *_: Any) -> None:
        """Nothing to take it into."""

    def finish(self, sign: Callable[[str], str]) -> str | None:
        return None


def append(count: int, folder: Path) -> Iterator[dict[str, Any]]:
    """`EventLog.extend` with the seal and without it, on new reports."""
    events = claims(count)

    def run(kind: type[SealWriting]) -> Callable[[], Any]:
        def deed() -> Callable[[], None]:
            log = logs[kind]
            assert log.extend(events) == count
            return log.store.close

        return deed

    logs: dict[type[SealWriting], Any] = {}
    times: list[list[float]] = [[], []]
    real = writing.SealWriting
    try:
        for number in range(ROUNDS):
            kinds = (SealWriting, Unsealed)
            for at in (0, 1) if number % 2 else (1, 0):
                writing.SealWriting = kinds[at]  # type: ignore[misc]
                logs[kinds[at]] = new_log(folder / f"{at}.chronicle")
                register(logs[kinds[at]])
                times[at] += interleaved([run(kinds[at])], 1, time.process_time)[0]
    finally:
        writing.SealWriting = real  # type: ignore[misc]
    yield cost(
        "trust.append",
        times[0],
        times[1],
        count=count,
        against="the same without leaves, tree, signature and head file",
        goal="<= 1.35 x",
    )


def check(count: int, folder: Path) -> Iterator[dict[str, Any]]:
    """`verify` of the events against one SHA-256 over what a leaf is made of, each."""
    log = filled(folder / "a.chronicle", count)
    store = log.store
    assert isinstance(store, SQLiteStore)
    size = store.head()
    sealed = store.sealed()
    data = [
        header_bytes(row.header) + row.salt + row.columnar + row.body
        for rows in sealed.sealed_rows(0, size)
        for row in rows
    ]

    def ours() -> None:
        found = verify(sealed)
        assert found is not None
        assert found.events == size

    def structure() -> None:
        sealed.check_structure()

    def theirs() -> None:
        for one in data:
            hashlib.sha256(one).digest()

    times = interleaved([ours, theirs, structure], ROUNDS, time.process_time)
    yield cost(
        "trust.verify",
        times[0],
        times[1],
        count=size,
        against="hashing the same bytes, in memory, one SHA-256 for each event",
        goal="<= 6 x",
    )
    yield cost(
        "trust.verify_indexes",
        times[2],
        times[1],
        count=size,
        against="the same; `verify` does it beside, in another thread",
        goal="",
    )
    snapshot = sealed_snapshot(sealed)
    proof = proof_of(sealed, snapshot, size // 2)
    path = "\n".join(proof.partition("\n\n")[0].split("\n")[3:])
    extra = proof.split("\n")[1]
    for name, value, told in (
        ("trust.proof_path", len(path), "hashes up to the root, in base64"),
        ("trust.proof_without_event", len(proof) - len(extra), "with the signed head"),
        ("trust.proof_file", len(proof.encode()), "with the event itself"),
    ):
        yield {
            "name": name,
            "value": value,
            "unit": "bytes",
            "ratio": round(value / 1024, 3),
            "against": f"1 kB: {told}",
            "goal": "<= 1 x",
            "n": size,
        }
    store.close()


def opening(count: int, folder: Path) -> Iterator[dict[str, Any]]:
    """Open with all looks, and the last position, against a bare connection's."""
    path = folder / "a.chronicle"
    filled(path, count).store.close()

    def ours() -> Callable[[], None]:
        store = SQLiteStore.open(path)
        assert store.head() >= count
        assert store.finding is None
        return store.close

    def theirs() -> Callable[[], None]:
        raw = sqlite3.connect(uri(path, "rw"), uri=True)
        assert raw.execute("SELECT MAX(position) FROM events").fetchone()[0] >= count
        return raw.close

    times = interleaved([ours, theirs], 40, time.process_time)
    yield cost(
        "trust.open",
        times[0],
        times[1],
        count=1,
        against=f"sqlite3.connect and MAX(position), {count:,} reports",
        goal="<= 3 x",
    )


def takes(events: int) -> Iterator[tuple[str, Callable[[], Iterator[dict[str, Any]]]]]:
    """The figures of the seal, by name."""
    for name, take in (("append", append), ("verify", check), ("open", opening)):

        def taken(take: Any = take) -> Iterator[dict[str, Any]]:
            with tempfile.TemporaryDirectory() as folder:
                yield from take(events, Path(folder))

        yield f"trust.{name}", taken
