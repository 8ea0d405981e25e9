"""The own format as spreadsheets save it: other signs, encodings, capitals, blanks."""

from __future__ import annotations

from pathlib import Path

import pytest

import chronicle as ch
from own_toy import TOY, write
from shell import run

HEADER = "id,valid_from,settlement,to_actor,status,source,note"
ROWS = "c1,2024-11-27,alder,red,,radio,été\nc2,2024-11-28,birch,,contested,radio,\n"
PLAIN = f"{HEADER}\n{ROWS}"


def spread(text: str, sign: str) -> str:
    return text.replace(",", sign)


MAKES = {
    "plain": PLAIN.encode(),
    "byte order mark": PLAIN.encode("utf-8-sig"),
    "semicolons": spread(PLAIN, ";").encode(),
    "tabs": spread(PLAIN, "\t").encode(),
    "sep=": ("sep=;\r\n" + spread(PLAIN, ";")).encode("utf-8-sig"),
    "UTF-16": spread(PLAIN, "\t").encode("utf-16"),
    "cp1252": PLAIN.encode("cp1252"),
    "capitals": PLAIN.replace(HEADER, HEADER.upper()).encode(),
    "blanks in the header": PLAIN.replace("valid_from", " Valid from ").encode(),
    "blank columns": PLAIN.replace("\n", ",,\n").encode(),
    "blank rows": (PLAIN + ",,,,,,\n,,,,,,\n").encode(),
    "blanks around": PLAIN.replace("alder", " alder\u00a0").replace(
        "2024-11-28", "2024-11-28 "
    ).encode(),
    "carriage returns": PLAIN.replace("\n", "\r\n").encode(),
}  # fmt: skip


@pytest.mark.parametrize("make", MAKES)
def test_each_gives_what_the_plain_file_gives(make: str, tmp_path: Path) -> None:
    write(tmp_path, TOY)
    (tmp_path / "control.csv").write_bytes(MAKES["plain"])
    with ch.memory() as plain, ch.memory() as log:
        plain.import_folder(tmp_path, dataset="d")
        (tmp_path / "control.csv").write_bytes(MAKES[make])
        result = log.import_folder(tmp_path, dataset="d")
        assert result.problems == []
        told = [r.event for r in plain.log()][:-1]
        assert [r.event for r in log.log()][:-1] == told


def test_what_was_found_is_said(tmp_path: Path) -> None:
    write(tmp_path, TOY)
    record = tmp_path / "v.chronicle"
    run("init", record)
    for make, said in (
        ("semicolons", "cells are parted by semicolons"),
        ("cp1252", "read as cp1252"),
        ("blanks around", "2 rows had blanks around their cells; read without"),
    ):
        (tmp_path / "control.csv").write_bytes(MAKES[make])
        ended = run("import", record, tmp_path)
        assert ended.code == 0
        assert f"control.csv: {said}" in ended.err


def test_a_faulty_row_is_told_in_any_dialect(tmp_path: Path) -> None:
    write(tmp_path, TOY)
    bad = spread(PLAIN + "c3,31/02/22,alder,red,,radio,\nc4,2024-11-29,alder\n", ";")
    (tmp_path / "control.csv").write_bytes(bad.encode())
    with ch.memory() as log:
        result = log.import_folder(tmp_path)
        assert [str(p) for p in result.problems] == [
            "control.csv:4: valid_from: '31/02/22': must be a day, YYYY-MM-DD",
            "control.csv:5: has 3 cells where the header has 7",
        ]
        assert log.report("c2") is not None
