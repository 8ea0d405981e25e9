"""Days, numbers and encodings of spreadsheets: read in one way, or asked about."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronicle.errors import InputError
from chronicle.formats.spreadsheet.cells import tidy
from chronicle.formats.spreadsheet.dates import Days
from chronicle.formats.spreadsheet.encoding import encoding_of
from chronicle.formats.spreadsheet.header_words import meanings
from chronicle.formats.spreadsheet.numbers import decimal_sign, degrees, people

MARCH = date(2025, 3, 1)


@pytest.mark.parametrize(
    "cell",
    [
        "2025-03-01", "2025/3/1", "2025.03.01", "20250301", "2025-03-01 00:00:00",
        "2025-03-01T00:00:00.000", "1 Mar 2025", "1. March 2025", "March 1, 2025",
        "01-Mar-25", "1 mars 2025", "1 de marzo de 2025", "1 марта 2025 г.",
        "1 березня 2025", "١ آذار ٢٠٢٥", "1 مارس 2025", "1.3.2025", "\u200f2025-03-01 ",
        "45717", 45717, 45717.0, 20250301, datetime.combine(MARCH, time()), MARCH,
    ],
)  # fmt: skip
def test_a_day_in_many_forms(cell: object) -> None:
    assert Days([cell]).day(cell) == (MARCH, "day", False)  # type: ignore[arg-type, list-item]


@pytest.mark.parametrize(
    "cell",
    ["31/02/2025", "2025-02-30", "yesterday", "1/2", "0", "1 foo 2025", 17, True],
)
def test_what_is_no_day(cell: object) -> None:
    with pytest.raises(ValueError):
        Days([cell]).day(cell)  # type: ignore[arg-type, list-item]


def test_a_time_is_cut_and_a_month_is_a_month() -> None:
    assert Days([]).day("2025-03-01 14:30").cut
    assert Days([]).day("March 2025") == (MARCH, "month", False)
    assert Days([], epoch_1904=True).day(44255).day == MARCH


@given(st.lists(st.dates(date(1990, 1, 1), date(2060, 1, 1)), min_size=1, max_size=9))
def test_a_column_of_one_order_is_read_right_or_asked_about(days: list[date]) -> None:
    for order, form in (("dmy", "%d/%m/%Y"), ("mdy", "%m/%d/%Y"), ("ymd", "%Y/%m/%d")):
        column = [day.strftime(form) for day in days]
        found = Days(column)
        if not found.doubt:
            assert [found.day(text).day for text in column] == days
        assert [Days(column, order).day(text).day for text in column] == days


@given(st.text(max_size=30))
def test_any_text_is_a_day_or_a_value_error(text: str) -> None:
    try:
        found = Days([text])
        if not found.doubt:
            found.day(text)
        people(text)
    except ValueError:
        pass
    assert tidy(tidy(text)) == tidy(text)


@given(st.integers(0, 10_000_000))
def test_numbers_are_read_as_they_were_written(count: int) -> None:
    for text in (f"{count}", f"{count:,}", f"{count:,}".replace(",", " "), f"~{count}"):
        assert people(text).persons == count
    dotted = f"{count:,}".replace(",", ".")
    if dotted.count(".") == 1:
        with pytest.raises(ValueError, match="--decimal"):
            people(dotted)
    assert people(dotted, "comma").persons == count


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1.2 million", (1_200_000, None, None, "")),
        ("about 1,5 million", (1_500_000, None, None, "about")),
        ("5-7k", (None, 5_000, 7_000, "range")),
        ("up to 300", (300, None, 300, "under")),
        ("120+", (120, 120, None, "over")),
        ("более 5 тыс.", (5_000, 5_000, None, "over")),
        ("حوالي ١٢٬٠٠٠", (12_000, None, None, "about")),
        ("12.0", (12, None, None, "")),
        ("900 people", (900, None, None, "")),
        ("1'234'567", (1_234_567, None, None, "")),
    ],
)
def test_figures(text: str, told: tuple[object, ...]) -> None:
    assert people(text) == told


@pytest.mark.parametrize(
    "cell",
    [
        "", "-5", "many", "1,23", "7-5", "1.5", 12.5, -1, True, float("nan"),
        float("inf"), "1e5", "99999999999999999",
    ],
)  # fmt: skip
def test_what_is_no_figure(cell: object) -> None:
    with pytest.raises(ValueError):
        people(cell)  # type: ignore[arg-type]


def test_the_decimal_sign_of_a_column() -> None:
    assert decimal_sign(["36,2", "36,245"]) == "comma"
    assert decimal_sign(["1.234.567", "31.500"]) == "comma"
    assert decimal_sign(["1,234.5"]) == "point"
    assert decimal_sign(["31.500"]) is None
    assert decimal_sign(["1,5", "1.5"]) is None
    assert degrees("36,20", 90) == 36.2
    with pytest.raises(ValueError, match="from -90 to 90"):
        degrees("120", 90)


WORDS = {
    "cp1252": "Évreux, Besançon, Málaga, Köln, niño, forêt, événement",
    "cp1256": "حلب، دمشق، دير الزور، المدينة، السيطرة",
    "cp1251": "Киев, Харьков, населённый пункт, Источник",
}


@pytest.mark.parametrize("name", WORDS)
def test_encodings_are_found(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(WORDS[name].encode(name))
    assert path.read_bytes().decode(encoding_of(path)) == WORDS[name]
    for other in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le"):
        path.write_bytes(f"a,b\n{WORDS[name]}\nthe rest is plain\n".encode(other))
        assert WORDS[name] in path.read_bytes().decode(encoding_of(path))


@pytest.mark.parametrize(
    "data", [b"\x00\x01\x02" * 9, b"\x81\x8d\x8f" * 9, b"\xff\xfe\0\0"]
)
def test_what_is_no_text(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    with pytest.raises(InputError):
        encoding_of(path)


@pytest.mark.parametrize(
    ("column", "headers"),
    [
        ("valid_from", "Date|DATE |التاريخ|Fecha|Дата|valid_from|As of"),
        ("settlement", "Place|المكان|Localité|Населённый пункт|Place / المكان|Місто"),
        ("to_actor", "Who|Held by (party)|الجهة المسيطرة|Contrôlé par|Controlado por"),
        ("source", "Source|المصدر|Fuente|Джерело|Источник"),
        ("persons", "IDPs|Number of IDPs|عدد النازحين|Déplacés|Desplazados"),
    ],
)  # fmt: skip
def test_headers_in_six_languages(column: str, headers: str) -> None:
    for header in headers.split("|"):
        assert meanings(header)[0][0] == column, header
