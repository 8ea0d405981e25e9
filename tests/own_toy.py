"""A toy folder of Chronicle's own CSV files: three places, two actors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chronicle.formats.csv_folder.folder import CsvRow, read_folder
from chronicle.formats.problem import Problem

CASE = Path(__file__).parent.parent / "scenarios" / "syria-2024" / "data"
CONTROL = "id,valid_from,settlement,to_actor,status,source"
INCIDENT = "id,valid_from,settlement,area,kind,alleged_actor,killed,killed_low,source"
TOY = {
    "settlements.csv": "id,name,aliases,lat,lon\n"
    "alder,Alder,Aldermere|ألدر,10.00,20.00\n"
    "birch,Birch,,10.10,20.10\n"
    "cedar,Cedar,,10.20,20.20\n",
    "actors.csv": "id,name,side\nred,Red Army,north\nblue,Blue Guard,south\n",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())
    return folder


def rows_of(folder: Path, name: str, **kwargs: Any) -> list[CsvRow | Problem]:
    """What one file of *folder* says."""
    found = {file.name: file for file in read_folder(folder, **kwargs)}
    return list(found[name].rows())


def told(folder: Path, name: str, *lines: str, **kwargs: Any) -> list[CsvRow | Problem]:
    """What a file of these lines says in the toy folder."""
    write(folder, {**TOY, name: "\n".join(lines) + "\n"})
    return rows_of(folder, name, **kwargs)


def problems(rows: Sequence[CsvRow | Problem]) -> list[str]:
    return [str(row) for row in rows if isinstance(row, Problem)]


def events(rows: Sequence[CsvRow | Problem]) -> list[Any]:
    return [event for row in rows if isinstance(row, CsvRow) for event in row.events]
