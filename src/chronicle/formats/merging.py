"""Another record, or an export of one, taken into this one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chronicle.domain.events import Event, ImportFinished, Redacted
from chronicle.domain.timeline import RecordedEvent
from chronicle.formats.jsonl import line_of, read_lines
from chronicle.formats.problem import Problem
from chronicle.formats.rows import digest_of
from chronicle.store.log import EventLog
from chronicle.store.merge import Clash, Merged, merge_events

__all__ = ["MERGED", "Merge", "merge_export", "merge_record"]

MERGED = "merge"  # the data set of the event that closes a merge
_SHOWN = 3  # fields of a conflict that a problem shows


@dataclass
class Merge:
    """What a merge came to; `problems` are lines that could not be read and conflicts:
    ids that say something else here."""

    file: str
    new: int = 0
    known: int = 0
    known_ids: list[str] = field(default_factory=list)
    conflicts: int = 0
    left_out: int = 0
    problems: list[Problem] = field(default_factory=list)


def merge_export(log: EventLog, path: Path, *, strict: bool = False) -> Merge:
    """Take in a file of JSON lines that `export` wrote; positions are left out."""
    problems: list[Problem] = []

    def events() -> Iterator[tuple[int, Event | Redacted]]:
        for one in read_lines(path):
            if isinstance(one, Problem):
                problems.append(one)
            else:
                yield one

    digest = digest_of(path, limit=8 * 2**30)[1]
    return _merge(log, path.name, digest, events(), problems, strict, "an export")


def merge_record(
    log: EventLog,
    name: str,
    identity: str,
    events: Iterable[RecordedEvent],
    *,
    strict: bool = False,
) -> Merge:
    """Take in the events of another record, whose *identity* is kept with them."""
    seen = hashlib.sha256()

    def told() -> Iterator[tuple[int, Event | Redacted]]:
        for one in events:
            seen.update(line_of(one).encode())
            yield one.position, one.event

    return _merge(log, name, seen, told(), [], strict, f"chronicle {identity}")


def _merge(
    log: EventLog,
    name: str,
    digest: Any,
    events: Iterable[tuple[int, Event | Redacted]],
    problems: list[Problem],
    strict: bool,
    origin: str,
) -> Merge:
    def closing(merged: Merged) -> ImportFinished:
        return ImportFinished(
            dataset=MERGED,
            file=name,
            digest=digest if isinstance(digest, str) else digest.hexdigest(),
            new=merged.new,
            problems=len(problems) + len(merged.clashes) + len(merged.refused),
            note=f"merged from {origin}",
        )

    run = hashlib.sha256(f"merge {name} {origin}".encode()).digest()
    merged = merge_events(
        log, events, closing, run=(run, log.store.head()), strict=strict
    )
    problems += [_of_clash(name, clash) for clash in merged.clashes]
    problems += [
        Problem(file=name, line=line, column=None, value="", rule=str(error))
        for line, error in merged.refused
    ]
    return Merge(
        name, merged.new, merged.known, merged.known_ids, len(merged.clashes),
        merged.left_out, problems,
    )  # fmt: skip


def _of_clash(name: str, clash: Clash) -> Problem:
    told = ", ".join(
        f"{field} {_short(here)} here and {_short(there)} there"
        for field, here, there in clash.differs[:_SHOWN]
    )
    more = ", …" if len(clash.differs) > _SHOWN else ""
    rule = f"says something else here, which stands: {told}{more}"
    return Problem(file=name, line=clash.line, column="id", value=clash.id, rule=rule)


def _short(value: object) -> str:
    told = "nothing" if value in (None, "", ()) else str(value)
    return told if len(told) <= 40 else told[:39] + "…"
