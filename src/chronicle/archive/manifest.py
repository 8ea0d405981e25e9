"""The manifest: which files are the archive, at which position of which log.

It is one JSON file, replaced in one step after all files that it names are on the disk.
A program that dies before leaves the old manifest with the old files; what it had
written is named by no manifest, and the next export removes it.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import msgspec

from chronicle.archive.schema import SCHEMA, TABLES, described
from chronicle.errors import StorageError, Untrusted, UsageError

__all__ = ["MANIFEST", "ArchiveFile", "Manifest", "read_manifest", "write_manifest"]

MANIFEST = "manifest.json"
FORMAT = "chronicle-archive"


class ArchiveFile(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet file; *path* is relative to the folder, with forward slashes."""

    path: str
    table: str
    group: str = ""
    year: int | None = None
    rows: int
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive is made of.

    *digest* is SHA-256 over the stored bodies of events 1 to *position*, each behind
    its length in eight bytes, little-endian. *generation* counts the exports into the
    folder.
    """

    format: str = FORMAT
    schema: int = SCHEMA
    log: str
    position: int
    recorded_at: str = ""
    digest: str
    redactions: int = 0
    generation: int = 1
    licence: str = ""
    what_if: str = ""
    files: list[ArchiveFile] = []
    tables: dict[str, object] = msgspec.field(default_factory=described)

    def of(self, table: str) -> list[ArchiveFile]:
        """The files of one table."""
        return [file for file in self.files if file.table == table]


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of an archive; None for a folder that is not there or is empty.

    What an export that died left behind counts as empty. Raises `UsageError` for a
    folder of something else, `Untrusted` for a manifest that no version of Chronicle
    wrote.
    """
    path = folder / MANIFEST
    if not path.exists():
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"--out {folder} is a file; name a folder")
        names = {entry.name for entry in folder.iterdir()} if folder.exists() else set()
        if names - TABLES.keys() - {MANIFEST + ".part"}:
            raise UsageError(
                f"--out {folder} holds other things; name a new folder, or one of an "
                "archive, which then goes on"
            )
        return None
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as bad:
        raise Untrusted(f"{path} is no manifest of an archive: {bad}") from None
    if found.format != FORMAT or found.schema > SCHEMA:
        raise Untrusted(
            f"{path} has schema {found.schema}, and this version knows {SCHEMA}: "
            "use the newer Chronicle that wrote it"
        )
    for file in found.files:
        if file.path.startswith("/") or ".." in file.path.split("/"):
            raise Untrusted(f"{path} names a file outside the archive: {file.path!r}")
    return found


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put *manifest* in the place of the old one, when its files are on the disk."""
    data = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    replace_file(folder / MANIFEST, data + b"\n")


def replace_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and wait until it is on the disk."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
    except OSError as broken:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise StorageError(f"cannot write {path}: {broken.strerror}") from None


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can say so."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sealed(path: Path) -> tuple[int, str]:
    """Bytes and SHA-256 of a file, once it is on the disk."""
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        os.fsync(file.fileno())
        while piece := file.read(1 << 20):
            hashed.update(piece)
    return path.stat().st_size, hashed.hexdigest()
