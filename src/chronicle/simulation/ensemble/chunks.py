"""Finished chunks of an ensemble in a folder, so that an interrupted run goes on.

A chunk is one `.npz` of plain arrays, written beside and moved into place; a file that
is torn or does not match its own digest is not trusted and is run again.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import msgspec
import numpy as np

from chronicle.errors import Conflict, StorageError
from chronicle.simulation.compiled.engine import Results
from chronicle.store.whole_file import write_whole

__all__ = ["ChunkFolder"]

_CHUNK = re.compile(r"chunk-([0-9]{8})-([0-9a-f]{16})\.npz", re.ASCII)


@dataclass(frozen=True, slots=True)
class ChunkFolder:
    """The folder of one run."""

    path: Path

    @classmethod
    def opened(cls, path: Path, identity: str, resume: bool) -> ChunkFolder:
        """Open or make the folder of the run that *identity* names.

        Raises `Conflict` if it holds another run, or this one and *resume* is off.
        """
        manifest = path / "run.json"
        try:
            path.mkdir(parents=True, exist_ok=True)
            if not manifest.exists():
                write_whole(
                    manifest, msgspec.json.encode({"identity": identity}), durable=True
                )
                return cls(path)
            found = msgspec.json.decode(manifest.read_bytes())
        except (OSError, ValueError, RecursionError, msgspec.DecodeError) as error:
            raise StorageError(f"{path}: cannot be used for a run: {error}") from error
        if not isinstance(found, dict) or found.get("identity") != identity:
            raise Conflict(f"{path} holds another run; give another folder")
        if not resume:
            raise Conflict(f"{path} holds this run already; resume it, with --resume")
        return cls(path)

    def save(self, first: int, part: Results) -> None:
        """Keep a finished chunk; it is either there whole or not at all."""
        arrays = {field.name: getattr(part, field.name) for field in fields(part)}
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)
        content = buffer.getvalue()
        name = f"chunk-{first:08d}-{hashlib.sha256(content).hexdigest()[:16]}.npz"
        try:
            write_whole(self.path / name, content, durable=True)
        except StorageError as error:
            raise StorageError(
                f"{self.path}: chunk not kept: {error}; earlier chunks are safe, "
                "make room and resume"
            ) from error

    def load(self, replicas: int) -> dict[int, Results]:
        """Chunks by first replica; overlapping, torn and foreign files are left out."""
        found: dict[int, Results] = {}
        end = 0
        for file in sorted(self.path.glob("chunk-*.npz")):
            named = _CHUNK.fullmatch(file.name)
            if named is None or not file.is_file():
                continue
            first, digest = int(named[1]), named[2]
            content = file.read_bytes()
            if hashlib.sha256(content).hexdigest()[:16] != digest or first < end:
                continue
            try:
                with np.load(io.BytesIO(content), allow_pickle=False) as data:
                    part = Results(*(data[field.name] for field in fields(Results)))
            except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile):
                continue
            if not _whole(part) or first + len(part.fall_day) > replicas:
                continue
            found[first] = part
            end = first + len(part.fall_day)
        return found


def _whole(part: Results) -> bool:
    """Whether the arrays have the types, and among themselves the sizes, of results."""
    if part.fall_day.ndim != 2 or part.displaced.ndim != 2:
        return False
    (replicas, places), days = part.fall_day.shape, part.displaced.shape[1]
    if not replicas:
        return False
    people, by_day = part.hosted.shape[-1:] == (places,), bool(part.hosted_by_day.size)
    alike = Results.empty(0, places, days, people, by_day)
    return all(
        one.dtype == other.dtype
        and one.ndim == other.ndim
        and (one.shape[1:] == other.shape[1:] and len(one) in (0, replicas))
        for one, other in zip(part.arrays(), alike.arrays(), strict=True)
    )
