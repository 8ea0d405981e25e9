"""Files of the field that somebody saved with a spreadsheet."""

import csv

from openpyxl import Workbook

import field_files
from chronicle.domain.events import IncidentReported
from chronicle.formats.known_formats import recognised


def test_a_format_is_told_and_read_in_a_workbook_too(tmp_path):
    plain = field_files.FOLDER / "acled" / "new.csv"
    book = Workbook()
    book.active.title = "Notes"
    book.active.append(["Downloaded on Monday"])
    sheet = book.create_sheet("Data")
    with plain.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            sheet.append([int(cell) if cell.isdigit() else cell for cell in row])
    path = tmp_path / "acled.xlsx"
    book.save(path)
    assert recognised(path).name == "acled"
    told = field_files.events(field_files.read(path), IncidentReported)
    assert told == field_files.events(field_files.read(plain), IncidentReported)
