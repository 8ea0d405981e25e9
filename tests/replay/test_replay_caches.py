"""Caches of replay: found only where they fit, made anew where they do not."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chronicle.replay import Replay, cache_file, segments
from chronicle.replay.cache_file import load, peek, save
from chronicle.replay.columns import Columns, blank, read
from chronicle.replay.engine import TAIL
from chronicle.replay.segments import pack, read_all, seal, sealed_segments, unpack
from chronicle.replay.source import MemorySource
from chronicle.store.columnar import WIDTH
from synthetic import SyntheticLog, synthetic

SIZE = 3 * TAIL + 200


@pytest.fixture(scope="module")
def log() -> SyntheticLog:
    return synthetic(SIZE, seed=21, settlements=120, corrected=0.05)


def source_of(log: SyntheticLog, positions: int | None = None) -> MemorySource:
    return MemorySource(log.columnar[: (positions or len(log.rows)) * WIDTH])


def some_answers(replay: Replay, log: SyntheticLog) -> list[Any]:
    found: list[Any] = [replay.head]
    for on in range(log.recorded[0], log.recorded[-1], 300):
        for position in (replay.head // 3, replay.head):
            state = replay.state(on, position)
            found += [state.actor.tolist(), state.position.tolist()]
    return found


class Counting(MemorySource):
    """A source that says how many rows were read from it."""

    read = 0

    def scan(self, after: int, upto: int | None = None) -> Iterator[bytes]:
        for piece in super().scan(after, upto):
            self.read += len(piece) // WIDTH
            yield piece


def test_a_saved_index_answers_without_reading_the_log(
    log: SyntheticLog, tmp_path: Path
) -> None:
    first = Replay.open(source_of(log), tmp_path)
    source = Counting(log.columnar)
    again = Replay.open(source, tmp_path)
    assert some_answers(again, log) == some_answers(first, log)
    assert source.read == 0


def test_a_saved_index_is_used_for_the_log_that_has_grown(
    log: SyntheticLog, tmp_path: Path
) -> None:
    Replay.open(source_of(log, SIZE - 900), tmp_path)
    source = Counting(log.columnar)
    grown = Replay.open(source, tmp_path)
    assert source.read == len(log.rows) - (SIZE - 900)
    assert some_answers(grown, log) == some_answers(Replay.open(source_of(log)), log)


def test_an_index_of_another_log_is_not_used(log: SyntheticLog, tmp_path: Path) -> None:
    other = synthetic(SIZE, seed=22, settlements=120)
    Replay.open(source_of(other), tmp_path)
    found = Replay.open(source_of(log), tmp_path)
    assert some_answers(found, log) == some_answers(Replay.open(source_of(log)), log)


def test_a_redaction_makes_the_caches_useless(
    log: SyntheticLog, tmp_path: Path
) -> None:
    Replay.open(source_of(log), tmp_path)
    source = source_of(log)
    plain = source_of(log)
    for one in (source, plain):
        one.blank(5_000)
    found = Replay.open(source, tmp_path)
    assert some_answers(found, log) == some_answers(Replay.open(plain), log)


def test_a_log_that_is_shorter_than_the_cache_is_believed(
    log: SyntheticLog, tmp_path: Path
) -> None:
    Replay.open(source_of(log), tmp_path)
    short = Replay.open(source_of(log, TAIL + 300), tmp_path)
    assert short.head == TAIL + 300
    plain = Replay.open(source_of(log, TAIL + 300))
    assert some_answers(short, log) == some_answers(plain, log)


def test_any_damaged_byte_is_found(log: SyntheticLog, tmp_path: Path) -> None:
    want = some_answers(Replay.open(source_of(log), tmp_path), log)
    rng = np.random.default_rng(3)
    files = sorted(tmp_path.glob("*.cache"))
    assert len(files) >= 3
    for path in files:
        data = path.read_bytes()
        places = [0, 25, 60, len(data) - 1, *rng.integers(0, len(data), 6).tolist()]
        for place in places:
            broken = bytearray(data)
            broken[place] ^= 1 << int(rng.integers(8))
            path.write_bytes(broken)
            assert some_answers(Replay.open(source_of(log), tmp_path), log) == want
            path.write_bytes(data)
        for cut in (0, 10, len(data) // 2, len(data) - 1):
            path.write_bytes(data[:cut])
            assert some_answers(Replay.open(source_of(log), tmp_path), log) == want
        path.write_bytes(data + b"x")
        assert some_answers(Replay.open(source_of(log), tmp_path), log) == want


def test_swapped_pages_and_lost_words_are_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.cache"
    values = np.arange(200_000, dtype=np.int64)
    save(path, {"kind": "x"}, {"values": values}, sealed=False)
    data = path.read_bytes()
    start = len(data) - values.nbytes
    page, other = start + 4096, start + 40_960
    swapped = bytearray(data)
    swapped[page : page + 4096] = data[other : other + 4096]
    swapped[other : other + 4096] = data[page : page + 4096]
    lost = bytearray(data)
    lost[page : page + 4096] = bytes(4096)
    assert load(path, sealed=False) is not None
    for broken in (swapped, lost):
        path.write_bytes(broken)
        assert load(path, sealed=False) is None


class Crash(BaseException):
    """The machine stops here."""


class Stopping:
    """Lets *after* - 1 file operations happen and none of the later ones."""

    def __init__(self, after: int) -> None:
        self.left = after

    def wrap(self, real: Any) -> Any:
        def step(*args: Any, **kwargs: Any) -> Any:
            self.left -= 1
            if self.left <= 0:
                raise Crash
            return real(*args, **kwargs)

        return step

    def opened(self, *args: Any) -> Any:
        """A file of which the machine stops in the middle of a piece."""
        stopping, file = self, os.fdopen(*args)

        class Half(io.BufferedWriter):
            def write(self, data: Any, /) -> int:
                stopping.left -= 1
                if stopping.left <= 0:
                    super().write(data[: len(data) // 2])
                    self.flush()
                    raise Crash
                return super().write(data)

        return Half(file.detach())


def test_a_crash_at_any_step_of_saving_leaves_a_cache_that_can_be_trusted(
    log: SyntheticLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    want = some_answers(Replay.open(source_of(log)), log)
    Replay.open(source_of(log, TAIL * 2), tmp_path / "old")
    after, crashed = 0, True
    while crashed:
        after += 1
        folder = tmp_path / str(after)
        shutil.copytree(tmp_path / "old", folder)  # an older cache is there
        stopping = Stopping(after)
        with monkeypatch.context() as patch:
            patch.setattr(cache_file, "fdopen", stopping.opened)
            for of, name in (
                (os, "fsync"),
                (os, "open"),
                (Path, "replace"),
                (Path, "unlink"),
            ):
                patch.setattr(of, name, stopping.wrap(getattr(of, name)))
            try:
                Replay.open(source_of(log), folder)
                crashed = False
            except Crash:
                crashed = True
        assert some_answers(Replay.open(source_of(log), folder), log) == want
        assert not list(folder.glob(".tmp-*"))
    assert after > 50


def test_a_full_or_read_only_disk_costs_only_the_cache(
    log: SyntheticLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    want = some_answers(Replay.open(source_of(log)), log)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert some_answers(Replay.open(source_of(log), tmp_path), log) == want
    assert not list(tmp_path.iterdir())


def test_packed_columns_are_the_columns(log: SyntheticLog) -> None:
    columns = read([log.columnar])
    for part in (slice(0, 1), slice(0, 300), slice(2_000, 9_000)):
        piece = columns.take(part)
        again = blank(int(piece.position[0]), len(piece))
        unpack(*pack(piece), again)
        for name in Columns.__slots__:
            assert np.array_equal(getattr(again, name), getattr(piece, name)), name
            assert getattr(again, name).dtype == getattr(piece, name).dtype


def test_segments_are_merged_and_never_change_what_they_say(
    log: SyntheticLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "SIZES", (256, 1_024, 4_096))
    monkeypatch.setattr(segments, "FAN", 4)
    source, whole = source_of(log), read([log.columnar])
    sizes = set()
    for head in (300, 1_300, 2_000, 5_000, 9_000, len(log.rows)):
        seal(tmp_path, source, whole.take(slice(0, head)))
        chain = sealed_segments(tmp_path, source)
        sizes |= {last - first + 1 for first, last, _ in chain}
        assert [first for first, _, _ in chain][1:] == [
            last + 1 for _, last, _ in chain
        ][:-1]
        assert head - chain[-1][1] < 256
        again = read_all(tmp_path, source, head)
        for name in Columns.__slots__:
            want = getattr(whole, name)[:head]
            assert np.array_equal(getattr(again, name), want)
    assert sizes == {256, 1_024, 4_096}


def test_columns_and_index_are_small(log: SyntheticLog, tmp_path: Path) -> None:
    replay = Replay.open(source_of(log), tmp_path)
    rows = len(log.rows)
    disk = sum(p.stat().st_size for p in tmp_path.glob("segment-*"))
    assert disk <= 40 * rows
    assert replay.nbytes <= 40 * rows + 100_000
    assert all((peek(path) or {})["version"] == 1 for path in tmp_path.glob("*.cache"))
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.cache")} == {0o600}


@pytest.mark.parametrize("name", ["index-x.cache", "segment-x.cache"])
def test_a_pipe_among_the_caches_is_passed_over(
    name: str, log: SyntheticLog, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / name)
    plain = some_answers(Replay.open(source_of(log)), log)
    assert some_answers(Replay.open(source_of(log), tmp_path), log) == plain


@pytest.mark.parametrize(
    "more",
    [
        {"bases": None},
        {"bases": {}},
        {"bases": {"kind": [1 << 80, 0]}},
        {"bases": {"kind": ["a", "b"]}},
        {"bases": {"kind": 3}},
    ],
)
def test_segments_made_by_hand_cost_only_their_reading(
    more: dict[str, Any], log: SyntheticLog, tmp_path: Path
) -> None:
    source = source_of(log)
    for last in (TAIL, 2 * TAIL):
        about = {"kind": "segment", "version": segments.VERSION, "first": 1}
        about |= {"last": last, "identity": source.identity(last), **more}
        save(tmp_path / f"segment-{last}.cache", about, {}, sealed=True)
    whole = read_all(tmp_path, source, source.head())
    assert (whole.valid == read(source.scan(0, source.head())).valid).all()
    assert not list(tmp_path.glob("segment-20*.cache"))


@pytest.mark.parametrize("about", [3, None, [1], "text", [[[], 1]]])
def test_a_header_that_is_no_table_is_no_cache(about: Any, tmp_path: Path) -> None:
    save(path := tmp_path / "x.cache", about, {}, sealed=True)
    assert peek(path) is None
    assert load(path, sealed=True) is None
