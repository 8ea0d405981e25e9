"""Compressed files, with caps on what they may unpack to."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from chronicle.errors import InputError
from chronicle.formats.rows import MAX_BYTES, open_local

__all__ = ["check_archive", "is_packed", "unpacked"]

MAX_RATIO = 200  # unpacked to packed, above `FREE` bytes
FREE = 16 * 2**20
MAX_MEMBERS = 1_000
_PIECE = 2**20
_OFFICE = ("[Content_Types].xml", "mimetype", "content.xml")


def check_archive(path: Path) -> list[str]:
    """The names in a ZIP archive; raises `InputError` for one that is a trap."""
    try:
        with open_local(path):  # a regular file
            pass
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError, EOFError):
        raise InputError(f"{path.name}: is a damaged archive or workbook") from None
    if len(members) > MAX_MEMBERS:
        raise InputError(f"{path.name}: holds more than {MAX_MEMBERS:,} files")
    size = sum(one.file_size for one in members)
    _check(path, size, max(path.stat().st_size, 1))
    if any(one.flag_bits & 1 for one in members):
        raise InputError(f"{path.name}: is encrypted; save it without a password")
    return [one.filename for one in members if not one.is_dir()]


def _check(path: Path, size: int, packed: int) -> None:
    if size > MAX_BYTES or (size > FREE and size > MAX_RATIO * packed):
        raise InputError(
            f"{path.name}: unpacks to more than {size:,} bytes, {size // packed} times "
            "its size; unpack it yourself if it is what it says"
        )


def is_packed(path: Path) -> bool:
    """Whether a file is compressed, and no workbook."""
    if not path.is_file():
        return False
    with open_local(path) as raw:
        start = raw.read(4) or b""
    if start.startswith(b"\x1f\x8b"):
        return True
    return start == b"PK\x03\x04" and not set(check_archive(path)) & set(_OFFICE)


@contextmanager
def unpacked(path: Path) -> Iterator[list[Path]]:
    """The files in a compressed file, unpacked into a folder of its name that vanishes.

    Names with folders in them, and what begins with a point, are left out: a name never
    leads out of the folder. Raises `InputError` for one that unpacks to too much.
    """
    with TemporaryDirectory(prefix="chronicle-") as scratch:
        stem = path.name.split(".")[0] or "archive"
        folder = Path(scratch) / stem
        folder.mkdir()
        try:
            found = list(_unpack(path, folder))
        except (zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile, OSError):
            raise InputError(f"{path.name}: is damaged; nothing was read") from None
        except (NotImplementedError, RuntimeError):
            raise InputError(f"{path.name}: is packed in a way not read here") from None
        if not found:
            raise InputError(f"{path.name}: holds no file")
        yield found


def _unpack(path: Path, folder: Path) -> Iterator[Path]:
    packed = path.stat().st_size
    with path.open("rb") as raw:
        start = raw.read(2)
    if start == b"\x1f\x8b":
        name = path.name.removesuffix(".gz").removesuffix(".GZ")
        target = folder / (name if name != path.name else f"{name}.csv")
        with gzip.open(path) as file:
            _copy(path, file, target, 0, packed)
        yield target
        return
    done = 0
    check_archive(path)
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            name = Path(member.filename).name
            if member.is_dir() or name.startswith((".", "__")) or not name:
                continue
            if "__MACOSX" in member.filename:
                continue
            target = folder / name
            if target.exists():
                raise InputError(
                    f"{path.name}: holds two files named {name}; unpack it"
                )
            with archive.open(member) as file:
                done = _copy(path, file, target, done, packed)
            yield target


def _copy(
    path: Path, file: IO[bytes] | gzip.GzipFile, target: Path, done: int, packed: int
) -> int:
    with target.open("wb") as out:
        while chunk := file.read(_PIECE):
            done += len(chunk)
            _check(path, done, max(packed, 1))
            out.write(chunk)
    return done
