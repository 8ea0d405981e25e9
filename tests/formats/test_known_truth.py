"""What looks like a value and is none is never recorded as one."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

import chronicle as ch
import sheets
from chronicle.domain.events import ControlReported, DisplacementReported
from chronicle.errors import InputError
from chronicle.formats.field_file import Wanted
from chronicle.formats.import_result import ImportResult
from chronicle.formats.source import Source
from chronicle.formats.spreadsheet.encoding import encoding_of
from chronicle.formats.spreadsheet.header_words import meanings, unit_of
from chronicle.formats.spreadsheet.mapping import ColumnMapping
from chronicle.formats.spreadsheet.numbers import people
from chronicle.formats.spreadsheet.table import TableOptions

CONTROL = ("Date", "Place", "Who", "Source")
FIGURES = ("Date", "Place", "IDPs", "Source")


def taken(
    path: Path, dates: str | None = None
) -> tuple[ImportResult, list[ControlReported | DisplacementReported]]:
    options = TableOptions(mapping=ColumnMapping(dates=dates), register=True)
    with ch.memory() as log:
        result = log.import_folder(path, wanted=Wanted(table=options))
        events = [one.event for one in log.log()]
        kinds = ControlReported | DisplacementReported
        return result, [one for one in events if isinstance(one, kinds)]


def text(tmp_path: Path, *table: Sequence[object]) -> Path:
    return sheets.text(tmp_path / "t.csv", table)


def test_days_that_a_spreadsheet_took_for_months_are_asked_about(
    tmp_path: Path,
) -> None:
    """3/4/2025 of someone who writes days first, opened where months come first."""
    rows: list[tuple[Any, ...]] = [
        (date(2025, 4, 3), "Tarn", "Red", "Radio"),
        ("25/03/2025", "Vell", "Red", "Radio"),
    ]
    path = sheets.excel(tmp_path / "t.xlsx", [CONTROL, *rows])
    with pytest.raises(InputError, match="has taken days for months"):
        taken(path)
    said, reports = taken(path, "dmy")
    assert [one.valid_from for one in reports] == [date(2025, 4, 3), date(2025, 3, 25)]
    assert not said.problems


def test_days_taken_for_months_show_between_two_columns_of_a_table(
    tmp_path: Path,
) -> None:
    rows = [(date(2025, 11, 7), "Tarn", "Red", "Radio", "14/07/2025")]
    path = sheets.excel(tmp_path / "t.xlsx", [(*CONTROL, "Published"), *rows])
    with pytest.raises(InputError, match="columns 'Date' and 'Published'"):
        taken(path)


def test_typed_days_after_the_twelfth_show_that_none_were_swapped(
    tmp_path: Path,
) -> None:
    rows: list[tuple[Any, ...]] = [
        (date(2025, 4, 13), "Tarn", "Red", "Radio"),
        ("25/03/2025", "Vell", "Red", "Radio"),
    ]
    _, reports = taken(sheets.excel(tmp_path / "t.xlsx", [CONTROL, *rows]))
    assert len(reports) == 2


def test_a_million_with_three_decimals_is_asked_about() -> None:
    assert people("1.2 million").persons == 1_200_000
    with pytest.raises(ValueError, match="--decimal"):
        people("1,234 million")
    assert people("1,234 million", "comma").persons == 1_234_000
    assert people("1,234 thousand", "point").persons == 1_234_000


@pytest.mark.parametrize(
    "word", ["n/a", "—", "NULL", "#N/A", "нет данных", "غير متوفر"]
)
def test_a_word_for_nothing_is_no_name_and_no_figure(word: str, tmp_path: Path) -> None:
    path = text(
        tmp_path,
        (*CONTROL, "Published"),
        ("2025-03-01", "Tarn", "Red", "Radio", word),
        ("2025-03-01", word, "Red", "Radio", ""),
        ("2025-03-01", "Vell", "Red", word, ""),
    )
    result, reports = taken(path)
    assert [one.published for one in reports] == [None]
    assert [(one.line, one.rule) for one in result.problems] == [
        (3, "must not be empty"),
        (4, "must not be empty"),
    ]
    assert f"3 cells say {word!r}; read as empty" in result.files[0].notes


def test_a_place_that_the_record_knows_may_be_called_none(tmp_path: Path) -> None:
    with ch.memory() as log:
        log.append(ch.SettlementRegistered(settlement="none", name="None"))
        options = TableOptions(register=True)
        log.import_folder(
            text(tmp_path, CONTROL, ("2025-03-01", "None", "Red", "Radio")),
            wanted=Wanted(table=options),
        )
        assert log.state(on="2025-03-01").control["none"] == "red"


@pytest.mark.parametrize("word", ["Total", "Grand total:", "Итого", "المجموع"])
def test_a_row_that_adds_up_others_is_not_counted_again(
    word: str, tmp_path: Path
) -> None:
    result, reports = taken(
        text(
            tmp_path,
            FIGURES,
            ("2025-03-01", "Tarn", "1,200", "IOM"),
            ("2025-03-01", word, "1,200", "IOM"),
        )
    )
    assert len(reports) == 1
    assert "adds up other rows" in result.problems[0].rule


@pytest.mark.parametrize("mark", ['"', "〃", "ditto", "то же"])
def test_a_mark_for_the_cell_above_is_no_value(mark: str, tmp_path: Path) -> None:
    result, reports = taken(
        text(
            tmp_path,
            CONTROL,
            ("2025-03-01", "Tarn", "Red", "Radio"),
            ("2025-03-02", mark, "Red", "Radio"),
        )
    )
    assert len(reports) == 1
    assert "stands for the cell above" in result.problems[0].rule


def test_the_fault_of_a_formula_is_no_value(tmp_path: Path) -> None:
    result, reports = taken(
        text(tmp_path, CONTROL, ("2025-03-01", "#REF!", "Red", "Radio"))
    )
    assert not reports
    assert "fault of a formula" in result.problems[0].rule


@pytest.mark.parametrize(
    ("header", "cell", "persons"),
    [
        ("IDPs (thousands)", "12.5", 12_500),
        ("IDPs ('000)", "7", 7_000),
        ("IDPs, тыс.", "3", 3_000),
        ("IDPs (millions)", "1.25", 1_250_000),
        ("IDPs", "12", 12),
    ],
)
def test_the_name_of_a_column_says_what_one_stands_for(
    header: str, cell: str, persons: int, tmp_path: Path
) -> None:
    table = ("Date", "Place", header, "Source"), ("2025-03-01", "Tarn", cell, "IOM")
    result, (report,) = taken(text(tmp_path, *table))
    assert isinstance(report, DisplacementReported)
    assert report.persons == persons
    told = any("one stands for" in note for note in result.files[0].notes)
    assert told == (unit_of(header) > 1)


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("عدد الافراد", 1),
        ("قتلى التحالف", 1),
        ("Population within 10 miles", 1),
        ("Max 1000 persons", 1),
        ("عدد النازحين (بالألف)", 1_000),
        ("النازحون بالآلاف", 1_000),
        ("Personas (miles)", 1_000),
        ("People (x1000)", 1_000),
        ("People (in 1,000)", 1_000),
    ],
)
def test_thousands_are_whole_words_of_the_name_of_a_column(
    header: str, unit: int
) -> None:
    assert unit_of(header) == unit


@pytest.mark.parametrize(
    "header",
    [
        "Number of families", "IDP households", "IDPs HH", "% of IDPs", "عدد الأسر",
        "Number of incidents", "Количество семей", "Displaced (change)",
    ],
)  # fmt: skip
def test_what_counts_no_people_is_no_figure_of_people(header: str) -> None:
    assert "persons" not in {meaning for meaning, _ in meanings(header)}


def test_a_formula_that_nobody_computed_is_told(tmp_path: Path) -> None:
    book = Workbook()
    for row in (CONTROL, ("2025-03-01", '="Ta"&"rn"', "Red", "Radio")):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    result, reports = taken(tmp_path / "t.xlsx")
    assert not reports
    assert any("formula without a result" in note for note in result.files[0].notes)


def test_a_formula_whose_result_is_an_empty_text_was_computed(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    book = Workbook()
    for row in ((*CONTROL, "Note"), ("2025-03-01", "Tarn", "Red", "Radio", "=A9&A9")):
        book.active.append(row)
    book.save(path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = re.sub(
        rb'<c r="E2"[^>]*><f>', rb'<c r="E2" t="str"><f>', parts[sheet]
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    result, reports = taken(path)
    assert len(reports) == 1
    assert not any("formula" in note for note in result.files[0].notes)


def test_utf8_that_is_spoilt_far_down_is_read_in_no_code_page(tmp_path: Path) -> None:
    rows = "".join(f"2025-03-01,Алеппо,Red,Radio {n}\n" for n in range(4_001))
    path = tmp_path / "t.csv"
    path.write_bytes(f"{','.join(CONTROL)}\n{rows}".encode() + b"caf\xe9,,,\n")
    with pytest.raises(InputError, match="UTF-8 but for some bytes"):
        encoding_of(path)
    source = Source.of(path)
    assert (source.encoding, source.broken) == ("utf-8", True)


@pytest.mark.parametrize("area", ["Homs Total", "Total Homs", "Subtotal: Homs"])
def test_a_subtotal_is_no_area(area: str, tmp_path: Path) -> None:
    table = ("Date", "Area", "IDPs", "Source"), ("2025-03-01", area, "9", "IOM")
    result, reports = taken(text(tmp_path, *table))
    assert not reports
    assert "adds up other rows" in result.problems[0].rule


def test_the_last_day_that_there_is_ends_no_span(tmp_path: Path) -> None:
    header = "Since", "Until", "Place", "IDPs", "Source"
    row = "2025-01-01", "9999-12-31", "Tarn", "9", "IOM"
    result, reports = taken(text(tmp_path, header, row))
    assert not reports
    assert result.problems[0].column == "Until"
    assert "ends no span" in result.problems[0].rule


@pytest.mark.parametrize("who", ["n/a", "NA", "N/A"])
def test_no_data_on_a_party_does_not_make_control_unknown(
    who: str, tmp_path: Path
) -> None:
    rows = ("2025-03-01", "Tarn", "Red", "Radio"), ("2025-03-02", "Tarn", who, "Radio")
    result, (report,) = taken(text(tmp_path, CONTROL, *rows))
    assert isinstance(report, ControlReported)
    assert report.status == "held"
    assert "names no party" in result.problems[0].rule
