"""Which run a folder is taken by, so that another is told what differs.

The chunks of each arm know only the digest of what they depend on, and that two digests
differ helps nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec

from chronicle.errors import Conflict, StorageError
from chronicle.simulation.scenario import Scenario
from chronicle.store.whole_file import write_whole

__all__ = ["asked_of", "chunk_folder", "held_by", "holds_anything"]

FILE = "asked.json"


def asked_of(scenario: Scenario, record: str, position: int) -> dict[str, object]:
    """What a run is of: a scenario with its seed and replicas, on a record."""
    rest = replace(scenario, seed=0, replicas=1, engine="auto")
    return {
        "scenario": scenario.id,
        "replicas": scenario.replicas,
        "seed": scenario.seed,
        "record": record,
        "position": position,
        "rest": rest.identity,
    }


def holds_anything(folder: Path) -> bool:
    """Whether a finished chunk of some run is in *folder*."""
    return any((folder / "chunks").glob("*/chunk-*.npz"))


@contextmanager
def held_by(folder: Path | None, asked: Mapping[str, object]) -> Iterator[None]:
    """Take *folder* for a run; a `Conflict` inside then says what differs."""
    if folder is None:
        yield
        return
    path = folder / "chunks" / FILE
    before = _read(path)
    if not any((folder / "chunks").glob("*/run.json")):  # no arm of any run has begun
        _write(path, asked)
    try:
        yield
    except Conflict as taken:
        apart = _differences(before or {}, asked)
        if apart:
            raise Conflict(
                f"{folder} holds another run: {'; '.join(apart)}; give another folder"
            ) from None
        raise taken from None


def _differences(
    before: Mapping[str, object], asked: Mapping[str, object]
) -> list[str]:
    """In words, the plainest first; none where they are alike or nothing is known."""
    if set(before) != set(asked):
        return []
    found = []
    for key, now in asked.items():
        then = before[key]
        if then == now or key == "rest":
            continue
        if isinstance(now, int) and isinstance(then, int):
            found.append(f"its {key} {_verb(key)} {then:,}, not {now:,}")
        else:
            found.append(f"its {key} {_verb(key)} {str(then)[:80]}, not {now}")
    if before["rest"] != asked["rest"] and not found:
        found.append("its scenario had the same name and said something else")
    return found


def _verb(key: str) -> str:
    return "were" if key == "replicas" else "was"


def _read(path: Path) -> Mapping[str, object] | None:
    """What is kept; None for nothing, or for what was changed since."""
    try:
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if isinstance(found, dict) else None


def _write(path: Path, asked: Mapping[str, object]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as broken:
        raise StorageError(f"cannot write {path}: {broken.strerror}") from None
    write_whole(path, msgspec.json.encode(asked))


def chunk_folder(folder: Path, number: int) -> Path:
    """Where the results of an arm are kept, chunk by chunk."""
    return folder / "chunks" / str(number)
