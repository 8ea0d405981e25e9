"""A file appears when it is whole, and an old one stays until then."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from chronicle.errors import StorageError
from chronicle.store.whole_file import whole_file, write_whole


def cut_short(path: Path) -> None:
    with whole_file(path) as part:
        assert part.suffix == path.suffix  # by which others know what to write
        part.write_bytes(b"half")
        raise RuntimeError


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(
    tmp_path: Path, durable: bool
) -> None:
    write_whole(tmp_path / "a.txt", b"one", durable=durable)
    write_whole(tmp_path / "a.txt", b"two", durable=durable)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_bytes() == b"two"


def test_what_fails_on_the_way_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError):
        cut_short(path)
    assert [one.name for one in tmp_path.iterdir()] == ["a.mp4"]
    assert path.read_bytes() == b"old"


def test_the_file_behind_a_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    link, path = tmp_path / "link", tmp_path / "a"
    path.write_bytes(b"old")
    link.symlink_to(path)
    write_whole(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, b"said")
    assert os.read(reader, 10) == b"said"
    os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["none/a.txt", "nul\0", "folder"])
def test_what_cannot_be_written_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="cannot write"):
        write_whole(tmp_path / name, b"")
