"""Arrays in a file: written whole or not at all, mapped when read, never trusted.

    magic · length of the header · header (JSON) · SHA-256 of the header · arrays

The header names the file's kind, its version, what it stands for, each array's type,
shape and place, and a check of the arrays' bytes. Caches that are mapped carry a
position-weighted sum, which runs at the speed of memory and finds torn, lost, swapped
and flipped bytes; sealed segments carry a SHA-256. Neither is a defence against
somebody who may write to the folder: such a one may write to the log as well.

Whatever does not fit is answered with None, and the caller makes the file anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import mmap
import os
import stat
import tempfile
from dataclasses import dataclass
from os import fdopen
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from chronicle.store.columnar import DTYPE

__all__ = ["BROKEN", "Vault", "discard", "load", "peek", "save", "sweep"]

_MAGIC = b"chronicle replay 1\n"
_ALIGN = 64
BROKEN = (
    *(OSError, ValueError, LookupError, TypeError, OverflowError, AttributeError),
    *(RecursionError, MemoryError),
)
"""What comes of headers that somebody made by hand."""

_WORDS = 1 << 15
_TYPES = {"|u1", "|b1", "<u2", "<u4", "<u8", "<i2", "<i4", "<i8"}
_HOT = "hot"


@dataclass(frozen=True, slots=True, eq=False)
class Vault:
    """What a file holds; the arrays are private to this process, and writable."""

    about: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


def save(
    path: Path, about: dict[str, Any], arrays: dict[str, NDArray[Any]], *, sealed: bool
) -> None:
    """Write a file so that a crash at any instant leaves the old one or the new.

    Raises `OSError` where the disk refuses; nothing is left behind then.
    """
    places: list[Any] = []
    offset = 0
    for name, array in arrays.items():
        kind = _HOT if array.dtype == np.dtype(DTYPE) else array.dtype.str
        places.append([name, kind, list(array.shape), offset])
        offset += -(-array.nbytes // _ALIGN) * _ALIGN
    pieces = []
    for array in arrays.values():
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        pieces.append(data)
        if gap := -array.nbytes % _ALIGN:
            pieces.append(np.zeros(gap, np.uint8))
    check = _sealed(pieces) if sealed else _summed(pieces, offset)
    header = json.dumps(
        {"about": about, "arrays": places, "bytes": offset, "check": check},
        sort_keys=True,
    ).encode()
    head = _MAGIC + len(header).to_bytes(8, "little") + header
    head += hashlib.sha256(header).digest()
    head += bytes(-len(head) % _ALIGN)
    handle, name = tempfile.mkstemp(prefix=".tmp-", dir=path.parent)
    try:
        with fdopen(handle, "wb") as file:
            file.write(head)
            for piece in pieces:
                file.write(piece.data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        discard(Path(name))
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path) -> None:
    """Remove what an interrupted `save` left; one that runs now fails with OSError."""
    for path in folder.glob(".tmp-*"):
        discard(path)


def discard(path: Path) -> None:
    """Remove a file that is of no more use; it does no harm if it stays."""
    with contextlib.suppress(OSError):
        path.unlink()


def _sealed(pieces: list[NDArray[np.uint8]]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece.data)
    return digest.hexdigest()


def _summed(pieces: list[NDArray[np.uint8]], size: int) -> str:
    body = np.empty(size, np.uint8)
    at = 0
    for piece in pieces:
        body[at : at + len(piece)] = piece
        at += len(piece)
    return _sum(body)


def _sum(body: NDArray[np.uint8]) -> str:
    """Every word times an odd weight, by blocks; the sums are hashed in their order.

    A word that changes changes its block's sum, because odd weights are invertible.
    """
    words = body.view(np.uint64)
    weights = np.arange(_WORDS, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C16)
    weights |= np.uint64(1)
    whole = len(words) // _WORDS * _WORDS
    sums = words[:whole].reshape(-1, _WORDS) @ weights
    rest = words[whole:] @ weights[: len(words) - whole]
    digest = hashlib.sha256(len(body).to_bytes(8, "little"))
    digest.update(sums.astype("<u8").tobytes())
    digest.update(int(rest).to_bytes(8, "little"))
    return digest.hexdigest()


def peek(path: Path) -> dict[str, Any] | None:
    """What a file says that it stands for; its arrays are not looked at."""
    try:
        with _opened(path) as file:
            found = _header(file.read(len(_MAGIC) + 8), file.read)
        return dict(found[0]["about"]) if found else None
    except BROKEN:
        return None


def _opened(path: Path) -> BinaryIO:
    """The file at *path*, if it is a plain one: to open a pipe would wait for ever."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    file = os.fdopen(handle, "rb")
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        file.close()
        raise OSError(f"{path} is no plain file")
    return file


def _header(start: bytes, read: Any) -> tuple[dict[str, Any], int] | None:
    """The header, and where the arrays begin."""
    length = int.from_bytes(start[len(_MAGIC) :], "little")
    if not start.startswith(_MAGIC) or length > 1 << 20:
        return None
    data, digest = read(length), read(32)
    if len(data) != length or hashlib.sha256(data).digest() != digest:
        return None
    header = json.loads(data)
    end = len(start) + length + 32
    return header, end + -end % _ALIGN


def load(path: Path, *, sealed: bool) -> Vault | None:
    """The arrays of a file, mapped; None for one that is damaged or cannot be read."""
    try:
        with _opened(path) as file:
            found = _header(file.read(len(_MAGIC) + 8), file.read)
            if found is None:
                return None
            header, start = found
            size = os.fstat(file.fileno()).st_size
            if size != start + header["bytes"]:
                return None
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        body = np.frombuffer(mapped, np.uint8)[start:]
        check = _sealed([body]) if sealed else _sum(body)
        if check != header["check"]:
            return None
        arrays = {
            name: _array(body, kind, tuple(shape), offset)
            for name, kind, shape, offset in header["arrays"]
        }
        return Vault(dict(header["about"]), arrays)
    except BROKEN:
        return None


def _array(
    body: NDArray[np.uint8], kind: str, shape: tuple[int, ...], offset: int
) -> NDArray[Any]:
    if kind != _HOT and kind not in _TYPES:
        raise ValueError(f"no type {kind!r}")
    dtype = np.dtype(DTYPE) if kind == _HOT else np.dtype(kind)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    return body[offset : offset + size].view(dtype).reshape(shape)
