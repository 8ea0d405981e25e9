"""Checking, proving and witnessing a log, whichever store keeps it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from chronicle.errors import ChronicleError, UnknownReport, Untrusted, UsageError
from chronicle.store.checkpoint import COSIGNATURE, Head, VerifyingKey, vkey_of
from chronicle.store.keys import signing_key, witness_key
from chronicle.store.log import EventLog
from chronicle.store.proofs import proof_of, sealed_snapshot
from chronicle.store.protocol import microseconds
from chronicle.store.sealed import Sealed
from chronicle.store.verifying import Progress, verify
from chronicle.store.witness import Witnessed, witness

__all__ = [
    "Checked",
    "check_log",
    "head_of",
    "own_key",
    "prove_position",
    "prove_report",
    "sealed_of",
    "witness_log",
]


@runtime_checkable
class _Sealing(Protocol):
    def sealed(self) -> Sealed: ...


def sealed_of(log: EventLog) -> Sealed:
    """The seal of a log; raises `UsageError` of one in memory, which has none."""
    if not isinstance(log.store, _Sealing):
        raise UsageError("a log in memory has no seal: there is nobody to keep it from")
    return log.store.sealed()


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in order; `signers` are keys whose signatures are right."""

    events: int
    head: Head
    heads: int  # from outside, with which the log begins
    signers: tuple[VerifyingKey, ...]


def check_log(
    log: EventLog,
    heads: Sequence[Head] = (),
    keys: Sequence[VerifyingKey] = (),
    progress: Progress | None = None,
) -> Checked:
    """All of a log against its seal, *heads* from outside, and their signatures.

    With *keys* each head from outside, or without any the log's own, must be signed by
    one of them; without keys, a signature of one's own key must be right where there is
    one. Raises `IntegrityFailure`, or `Untrusted` for a signature.
    """
    sealed = sealed_of(log)
    sealed_snapshot(sealed)
    structure = _Beside(sealed)
    try:
        found = verify(sealed, heads, progress)
    except ChronicleError as error:
        structure.join()
        log.store.distrust(error)
        raise
    structure.join()
    if structure.found is not None:
        log.store.distrust(structure.found)
        raise structure.found
    assert found is not None
    return Checked(
        found.events, found.head, found.heads, _signers(found.head, heads, keys)
    )


class _Beside(threading.Thread):
    """What the database keeps beside the rows, looked at while the rows are hashed."""

    def __init__(self, sealed: Sealed) -> None:
        super().__init__(daemon=True)
        self._sealed = sealed
        self.found: ChronicleError | None = None
        self.start()

    def run(self) -> None:
        try:
            self._sealed.check_structure()
        except ChronicleError as error:
            self.found = error


def _signers(
    head: Head, heads: Sequence[Head], keys: Sequence[VerifyingKey]
) -> tuple[VerifyingKey, ...]:
    known = list(keys) or [key for key in (own_key(head.origin),) if key is not None]
    right = tuple(
        key for key in known if sum(key.signed(one) for one in (head, *heads))
    )
    if keys:
        for one in heads or [head]:
            if not any(key.signed(one) for key in keys):
                raise Untrusted(
                    f"the head of {one.size:,} events is signed by none of the keys "
                    "given; it may be anybody's"
                )
    return right


def own_key(origin: str) -> VerifyingKey | None:
    """What others need to check heads that this user signs for a log."""
    key = signing_key()
    return None if key is None else vkey_of(key, origin)


def head_of(log: EventLog) -> str:
    """The signed head of a log as it is now."""
    return sealed_snapshot(sealed_of(log)).head


def prove_report(log: EventLog, report: str) -> str:
    """The proof that a report is in the log, as a `.tlog-proof`.

    Raises `UnknownReport`.
    """
    row = log.store.reports([report]).get(report)
    if row is None:
        raise UnknownReport(report)
    return prove_position(log, row.position)


def prove_position(log: EventLog, position: int) -> str:
    """The proof of the event at a position; raises `UsageError` for one beyond."""
    sealed = sealed_of(log)
    snapshot = sealed_snapshot(sealed)
    if not 1 <= position <= snapshot.seal.size:
        raise UsageError(
            f"no position {position}; the log ends at {snapshot.seal.size}"
        )
    return proof_of(sealed, snapshot, position)


def witness_log(
    log: EventLog,
    folder: Path,
    name: str,
    when: datetime,
    progress: Progress | None = None,
) -> tuple[Witnessed, VerifyingKey]:
    """Check a log as a witness and keep its head in *folder*, cosigned as *name*.

    Returns what was seen, and the key with which others check the cosignature.
    """
    if not name or any(char.isspace() or char == "+" for char in name):
        raise UsageError(
            f"--name {name!r}: a witness has a name without blanks and '+'"
        )
    key = witness_key()
    seconds = microseconds(when) // 1_000_000
    seen = witness(sealed_of(log), folder, key, name, seconds, progress)
    return seen, vkey_of(key, name, COSIGNATURE)
