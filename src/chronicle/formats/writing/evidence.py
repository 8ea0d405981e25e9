"""Evidence: a folder of the log, or of some reports, that proves itself.

    head.txt            the signed head of the log
    events.jsonl        an event a line: leaf, header, and what it says in words
    codebook.json       the fields of each kind of event, in stored order
    proofs/N.tlog-proof for each event, where not all of the log is there
    attachments/SHA256  files, as they are; attachments.csv has their names
    custody.csv         imports and exports, with the head before and after each
    view.html           the same to read, without scripts
    manifest.sha256     SHA-256 of every file above

It is made whole under another name and then called what it is to be called. Its files
are read-only. `tools/verify_proof.py` checks it without Chronicle.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from chronicle.domain.events import EvidenceExported, ImportFinished
from chronicle.errors import ChronicleError, StorageError, UnknownReport, UsageError
from chronicle.formats.writing.evidence_page import page
from chronicle.formats.writing.guard import csv_bytes
from chronicle.store.brought import Brought
from chronicle.store.codec import SHAPES
from chronicle.store.custody import prove_position, sealed_of
from chronicle.store.log import EventLog
from chronicle.store.proofs import proof_of, revealed, sealed_snapshot
from chronicle.store.protocol import moment
from chronicle.store.register import recorded_of
from chronicle.store.sealed import Sealed, SealedRow, Snapshot, Tree
from chronicle.store.verifying import verify

__all__ = ["Bundle", "write_evidence"]

MANIFEST = "manifest.sha256"
READ_ONLY = 0o444
README = """\
Evidence from the chronicle {origin}

{what}, as of position {size}. The root of its hash tree is in head.txt, with the
signature of who keeps it. Check it with Python alone, on a machine without Chronicle:

    python verify_proof.py THIS-FOLDER --key KEY

where KEY comes from who keeps the chronicle (`chronicle head FILE --key`), by another
way than this folder; verify_proof.py is in the folder `tools` of Chronicle. view.html
is for reading. What a source says is a claim: this proves that it was recorded, when,
and that it was not changed since. It does not prove that it is true.
"""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was written; *recorded* is the position of the export in the log, if any."""

    path: Path
    events: int
    digest: str  # SHA-256 of the manifest
    recorded: int | None
    receipt: Path | None  # the proof that the export is in the log
    unrecorded: str = ""  # why it is not


def write_evidence(
    log: EventLog,
    out: Path,
    reports: Sequence[str] = (),
    *,
    attachments: Sequence[Path] = (),
    purpose: str = "",
    name: str = "",
) -> Bundle:
    """Write the folder *out*, record that it was, and write the receipt beside it.

    All of the log is checked before. Where the log cannot be written to, the folder is
    there and the export is not recorded. Raises `UsageError` where *out* is there, and
    what `verify` raises.
    """
    if out.exists() or not out.parent.is_dir():
        raise UsageError(f"--out {out}: name a new folder in one that is there")
    sealed = sealed_of(log)
    snapshot = sealed_snapshot(sealed)
    verify(sealed)
    chosen = _positions(log, reports)
    made = out.with_name(f".{out.name}.{secrets.token_hex(4)}.new")
    try:
        made.mkdir()
        writing = _Writing(log, sealed, snapshot, made)
        count = writing.fill(chosen, attachments, name or out.name)
        digest = _manifest(made)
        made.rename(out)
    except OSError as broken:
        raise StorageError(f"cannot write {out}: {broken.strerror}") from None
    finally:
        shutil.rmtree(made, ignore_errors=True)
    event = EvidenceExported(
        file=out.name,
        digest=digest,
        events=snapshot.seal.size,
        root=snapshot.seal.frontier.root().hex(),
        reports=len(reports),
        reason=purpose,
    )
    try:
        (recorded,) = log.append([event])
    except ChronicleError as error:
        return Bundle(out, count, digest, None, None, str(error))
    receipt = out.with_name(f"{out.name}.receipt.tlog-proof")
    receipt.write_text(prove_position(log, recorded), encoding="utf-8", newline="\n")
    return Bundle(out, count, digest, recorded, receipt)


def _positions(log: EventLog, reports: Sequence[str]) -> list[int] | None:
    """Where *reports* and the remarks on them stand; None for all of the log."""
    if not reports:
        return None
    told = log.store.reports(list(dict.fromkeys(reports)))
    for report in reports:
        if report not in told:
            raise UnknownReport(report)
    found = {row.position for row in told.values()}
    left = list(told)
    while left:  # remarks on remarks too
        rows = [r for r in log.store.remarks_on(left) if r.position not in found]
        found.update(row.position for row in rows)
        left = [row.report for row in rows if row.report]
    return sorted(found)


class _Writing:
    """The files of one folder, as of one moment of the log."""

    def __init__(
        self, log: EventLog, sealed: Sealed, snapshot: Snapshot, folder: Path
    ) -> None:
        self._log, self._sealed, self._snapshot = log, sealed, snapshot
        self._folder = folder

    def fill(
        self, chosen: Sequence[int] | None, attachments: Sequence[Path], name: str
    ) -> int:
        """Write all but the manifest; how many events there are."""
        size = self._snapshot.seal.size
        self._write("head.txt", self._snapshot.head)
        book = {
            type_: {str(shape): names for shape in range(1, newest + 1)}
            for type_, (newest, names) in SHAPES.items()
        }
        self._write("codebook.json", json.dumps(book, indent=1) + "\n")
        told: list[dict[str, object]] = []
        with (self._folder / "events.jsonl").open("w", encoding="utf-8") as lines:
            for row in self._rows(chosen):
                line = _told(row)
                lines.write(json.dumps(line, ensure_ascii=False) + "\n")
                told.append(line)
        if chosen is not None:
            (self._folder / "proofs").mkdir()
            for position in chosen:
                proof = proof_of(self._sealed, self._snapshot, position)
                self._write(f"proofs/{position}.tlog-proof", proof)
        self._attach(attachments)
        self._custody(chosen)
        what = f"{len(told):,} of {size:,} events" if chosen else f"All {size:,} events"
        origin = self._snapshot.origin
        self._write("README.txt", README.format(origin=origin, what=what, size=size))
        title = f"{name}: {what}"
        self._write("view.html", page(title, self._snapshot.head, told))
        return len(told)

    def _write(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text, encoding="utf-8", newline="\n")

    def _rows(self, chosen: Sequence[int] | None) -> Iterator[SealedRow]:
        if chosen is None:
            for rows in self._sealed.sealed_rows(0, self._snapshot.seal.size):
                yield from rows
            return
        for position in chosen:
            for rows in self._sealed.sealed_rows(position - 1, position):
                yield from rows

    def _attach(self, attachments: Sequence[Path]) -> None:
        if not attachments:
            return
        folder = self._folder / "attachments"
        folder.mkdir()
        imported = {
            event.digest: event.file
            for row in self._log.store.rows(types=(ImportFinished.TYPE,))
            if isinstance(event := recorded_of(row).event, ImportFinished)
        }
        rows = []
        for path in attachments:
            if not path.is_file():
                raise UsageError(f"--attach {path}: no such file")
            data = path.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            (folder / digest).write_bytes(data)
            rows.append((digest, path.name, len(data), imported.get(digest, "")))
        columns = ("sha256", "name", "bytes", "imported_as")
        (self._folder / "attachments.csv").write_bytes(csv_bytes(columns, rows))

    def _custody(self, chosen: Sequence[int] | None) -> None:
        """Imports and exports; of chosen reports, only the imports that brought them.

        An import begins where the transaction before it ended, so its head before is
        that of the first of its own rows.
        """
        tree, size = Tree(self._sealed), self._snapshot.seal.size
        types = (ImportFinished.TYPE, EvidenceExported.TYPE)
        begins = {one.position: one for one in Brought(self._log.store).imports}
        rows: list[Sequence[object]] = []
        for row in self._log.store.rows(0, size, types):
            event: Any = recorded_of(row).event
            before = row.position - 1
            one = begins.get(row.position)
            if one is not None:
                own = self._log.store.rows(one.after, one.position)
                mine = [r.position for r in own if one.holds(r.position, r.recorded_at)]
                before = mine[0] - 1
                if chosen is not None and not {*mine} & {*chosen}:
                    continue
            rows.append(
                (
                    *(row.position, moment(row.recorded_at), row.type),
                    *(event.file, event.digest),
                    *(before, tree.root(before).hex()),
                    *(row.position, tree.root(row.position).hex()),
                )
            )
        columns = (
            *("position", "recorded_at", "type", "file", "digest"),
            *("events_before", "root_before", "events_after", "root_after"),
        )
        (self._folder / "custody.csv").write_bytes(csv_bytes(columns, rows))


def _told(row: SealedRow) -> dict[str, object]:
    """An event as a line; what was redacted has no `event`."""
    event = None
    if row.body:
        shape, *values = msgspec.msgpack.decode(row.body)
        names = SHAPES[row.header[3]][1]
        event = dict(zip(names, values, strict=False)) if shape else None
    return {
        "position": row.position,
        "recorded_at": moment(row.header[0]).isoformat().replace("+00:00", "Z"),
        "type": row.header[3],
        "report": row.header[4],
        "event": event,
        "header": row.header,
        "leaf": b64encode(revealed(row)).decode(),
    }


def _manifest(folder: Path) -> str:
    """Write the list of files, make all read-only; the digest of the list."""
    names = sorted(
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.is_file()
    )
    lines = (
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in names
    )
    text = "".join(lines)
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")
    for name in (*names, MANIFEST):
        (folder / name).chmod(READ_ONLY)
    return hashlib.sha256(text.encode()).hexdigest()
