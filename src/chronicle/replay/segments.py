"""Sealed segments: stretches of the log as hashed columns, a cache of the log.

    ▕ 2,097,152 rows ▏▕ 262,144 ▏▕ 262,144 ▏▕ 32,768 ▏▕ 4,096 ▏▕ 4,096 ▏ rest of the log

A segment is written once. Eight neighbours of one size are joined to one of the next;
nothing is ever inserted into one. A column is kept as offsets from its least value in
the narrowest type that holds them, and one that never changes as a single number.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chronicle.replay.cache_file import BROKEN, discard, load, peek, save
from chronicle.replay.columns import Columns, blank, read
from chronicle.replay.source import ColumnarSource
from chronicle.store.columnar import NO_DAY, NOBODY

__all__ = ["SIZES", "pack", "read_all", "seal", "sealed_segments", "unpack"]

VERSION = 1
FAN = 8
SIZES = tuple(4_096 * FAN**level for level in range(4))
_NONE = {
    "valid": NO_DAY,
    "published": NO_DAY,
    "since": NO_DAY,
    "until": NO_DAY,
    **dict.fromkeys(("place", "actor", "source", "other", "amount"), NOBODY),
}


def pack(columns: Columns) -> tuple[dict[str, list[int]], dict[str, NDArray[Any]]]:
    """Columns in their narrow form: per column [base, whether any is none], and codes.

    A code is 0 for none, else the value less the base. A column without codes has but
    one value, its base.
    """
    bases: dict[str, list[int]] = {}
    codes: dict[str, NDArray[Any]] = {}
    for f in fields(columns)[1:]:
        values = getattr(columns, f.name)
        low, high = int(values.min()), int(values.max())
        if low == high:
            bases[f.name] = [low, 0]
            continue
        none = _NONE.get(f.name)
        lacks = none is not None and low == none  # none is the least of all values
        if lacks:
            there = values != none
            low = int(values[there].min())
            shifted = np.where(there, values.astype(np.int64) - (low - 1), 0)
        else:
            shifted = values.astype(np.int64) - (low - 1)
        bases[f.name] = [low - 1, int(lacks)]
        codes[f.name] = shifted.astype(np.min_scalar_type(high - low + 1))
    return bases, codes


def unpack(
    bases: dict[str, list[int]], codes: dict[str, NDArray[Any]], into: Columns
) -> None:
    """Write the columns that `pack` was given into *into*, but for the positions."""
    for f in fields(Columns)[1:]:
        base, lacks = bases[f.name]
        values = getattr(into, f.name)
        if f.name not in codes:
            values[:] = base
            continue
        code = codes[f.name]
        wide = np.int64 if values.dtype.itemsize == 8 else np.int32
        np.add(code, base, out=values, dtype=wide, casting="unsafe")
        if lacks:
            values[code == 0] = _NONE[f.name]


def sealed_segments(
    folder: Path, source: ColumnarSource
) -> list[tuple[int, int, Path]]:
    """The segments that stand for the log as it is now: a chain from its beginning.

    Where some overlap, because a merge was interrupted, the longest are taken.
    """
    found: dict[int, list[tuple[int, Path]]] = {}
    for path in folder.glob("segment-*.cache"):
        about = peek(path)
        if about and _fits(about, source):
            found.setdefault(about["first"], []).append((about["last"], path))
    chain, position = [], 1
    while position in found:
        last, path = max(found[position])
        chain.append((position, last, path))
        position = last + 1
    return chain


def _fits(about: dict[str, Any], source: ColumnarSource) -> bool:
    if about.get("kind") != "segment" or about.get("version") != VERSION:
        return False
    first, last = about.get("first"), about.get("last")
    if type(first) is not int or type(last) is not int:
        return False
    if not 1 <= first <= last <= source.head():
        return False
    return bool(about.get("identity") == source.identity(last))


def read_all(folder: Path | None, source: ColumnarSource, head: int) -> Columns:
    """The whole log up to *head*: from segments as far as they go, then from the log.

    A damaged segment is removed, and the log read instead.
    """
    found = blank(1, head)
    position = 0
    chain = sealed_segments(folder, source) if folder else []
    for first, last, path in chain:
        if last > head or not _load(path, found.take(slice(first - 1, last))):
            break
        position = last
    if position < head:
        rest = read(source.scan(position, head), after=position)
        if not position:
            return rest
        for f in fields(Columns):
            getattr(found, f.name)[position:] = getattr(rest, f.name)
    return found


def _load(path: Path, into: Columns) -> bool:
    """Fill *into*, whose columns are views, from a segment; a bad one is removed."""
    vault = load(path, sealed=True)
    shape = (len(into),)
    if vault is None or any(code.shape != shape for code in vault.arrays.values()):
        discard(path)
        return False
    try:
        unpack(vault.about["bases"], vault.arrays, into)
    except BROKEN:
        discard(path)
        return False
    return True


def seal(folder: Path, source: ColumnarSource, columns: Columns) -> None:
    """Write segments of *columns* (the whole log) that are not there yet, and merge.

    Raises `OSError` where the disk refuses; what was written before is good.
    """
    chain = sealed_segments(folder, source)
    position = chain[-1][1] if chain else 0
    while len(columns) - position >= SIZES[0]:
        rows = max(size for size in SIZES if size <= len(columns) - position)
        _write(folder, source, columns, position + 1, position + rows)
        position += rows
    while merged := _next_merge(sealed_segments(folder, source)):
        _write(folder, source, columns, merged[0][0], merged[-1][1])
        for _, _, path in merged:
            discard(path)
    kept = {path for _, _, path in sealed_segments(folder, source)}
    for path in folder.glob("segment-*.cache"):
        if path not in kept:
            discard(path)


def _write(
    folder: Path, source: ColumnarSource, columns: Columns, first: int, last: int
) -> None:
    bases, codes = pack(columns.take(slice(first - 1, last)))
    about = {
        "kind": "segment",
        "version": VERSION,
        "first": first,
        "last": last,
        "identity": source.identity(last),
        "bases": bases,
    }
    path = folder / f"segment-{first:010d}-{last:010d}.cache"
    save(path, about, codes, sealed=True)


def _next_merge(chain: list[tuple[int, int, Path]]) -> list[tuple[int, int, Path]]:
    """The first neighbours that can be joined to a segment of the next size."""
    for size in SIZES[:-1]:
        run: list[tuple[int, int, Path]] = []
        for segment in chain:
            same = segment[1] - segment[0] + 1 == size
            run = [*run, segment] if same else []
            if len(run) == FAN:
                return run
    return []
