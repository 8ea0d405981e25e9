"""Hostile spreadsheets end in an error of ours, and whole ones are never misread."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path

import pytest

import sheets
import table_truth as truth
from shell import run
from table_fuzz import OPTIONS, hostile, misread, taken


def check(seeds: range, folder: Path) -> None:
    for seed in seeds:
        data = hostile(seed)
        taken(folder / "x.csv", data, seed, OPTIONS[seed % len(OPTIONS)])
        assert misread(seed, folder) == "", seed


def test_a_hundred_files(tmp_path: Path) -> None:
    check(range(50), tmp_path)


@pytest.mark.slow
def test_five_thousand_files(tmp_path: Path) -> None:
    check(range(50, 2_550), tmp_path)


@pytest.mark.slow
def test_three_hundred_tables_of_known_truth_are_read_as_they_are_or_refused(
    tmp_path: Path,
) -> None:
    ended: Counter[str] = Counter()
    for seed in range(300):
        assert truth.misread(seed, tmp_path, ended) == "", seed
    assert ended["whole"] > 200  # and they are read, not only refused


@pytest.mark.parametrize("make", ["xlsx", "ods"])
def test_a_workbook_with_bytes_spoilt(make: str, tmp_path: Path) -> None:
    record = tmp_path / "v.chronicle"
    run("init", record)
    path = tmp_path / f"book.{make}"
    table = [("Date", "Place", "Who", "Source"), *[row[:4] for row in sheets.rows(5)]]
    write = sheets.excel if make == "xlsx" else sheets.ods
    whole = write(path, table).read_bytes()
    for at in range(0, len(whole), len(whole) // 40):
        path.write_bytes(whole[:at] + b"\xff" + whole[at + 1 :])
        assert run("import", record, path, "--register").code in (0, 3)
        path.write_bytes(whole[:at])
        assert run("import", record, path, "--register").code in (0, 3)


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"]
)
def test_a_workbook_with_a_part_spoilt(part: str, tmp_path: Path) -> None:
    record = tmp_path / "v.chronicle"
    run("init", record)
    whole = sheets.excel(tmp_path / "whole.xlsx", [("Date", "Place"), ("x", "y")])
    path = tmp_path / "book.xlsx"
    for spoilt in (b"", b"<a>", b"\xff\xfe", b"<?xml version='1.0'?><a/>"):
        with (
            zipfile.ZipFile(whole) as source,
            zipfile.ZipFile(path, "w") as target,
        ):
            for name in source.namelist():
                target.writestr(name, spoilt if name == part else source.read(name))
        ended = run("import", record, path)
        assert ended.code == 3, ended
        assert "fault in Chronicle" not in ended.err
