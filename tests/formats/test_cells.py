"""What one cell may hold, and what it may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronicle.formats import cells

people = cells.whole(0, 10_000_000_000)
latitude = cells.decimal(-90, 90)

# Texts that Python's own int, float or fromisoformat would take.
LENIENT_NUMBERS = [
    "１２３",
    "١٢٣",
    "1_000",
    "+5",
    " 5",
    "5 ",
    "5\n",
    "1e3",
    "1E400",
    "inf",
    "Infinity",
    "nan",
    "0x10",
    "1,000",
    "²",
    "",
]


@pytest.mark.parametrize("text", [*LENIENT_NUMBERS, "5.0", "-1", "10000000001"])
def test_a_count_is_ascii_digits_in_range(text: str) -> None:
    with pytest.raises(ValueError, match="whole number from 0 to 10,000,000,000"):
        people(text)


@pytest.mark.parametrize("text", [*LENIENT_NUMBERS, ".5", "5.", "--5", "90.01", "-91"])
def test_a_coordinate_is_ascii_digits_with_a_point_in_range(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number from -90 to 90"):
        latitude(text)


def test_both_ends_of_a_range_belong_to_it() -> None:
    assert people("0") == 0
    assert people("10000000000") == 10_000_000_000
    assert latitude("-90") == -90.0
    assert latitude("90.0") == 90.0


@pytest.mark.parametrize(
    "text",
    [
        "02/03/2015",
        "2015-W11-7",
        "20150302",
        "2015-3-2",
        "2015-03-02T00:00",
        "2015-03",
        "２０１５-03-02",
        "29 June 2018",
        " 2015-03-02",
        "NaT",
    ],
)
def test_a_day_has_one_form(text: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        cells.day(text)


@pytest.mark.parametrize("text", ["2015-02-29", "2022-31-02", "0000-01-01"])
def test_a_day_is_on_the_calendar(text: str) -> None:
    with pytest.raises(ValueError, match="no day of the calendar"):
        cells.day(text)


@given(st.dates())
def test_every_day_of_the_calendar_is_read(day: date) -> None:
    assert cells.day(day.isoformat()) == day


@given(st.integers(min_value=0, max_value=10_000_000_000))
def test_every_count_is_read_as_written(number: int) -> None:
    assert people(str(number)) == number


@given(st.decimals(-90, 90, places=6))
def test_every_coordinate_is_read_as_python_reads_it(number: object) -> None:
    assert latitude(f"{number:f}") == float(f"{number:f}")


def read_or_rule(parse: Callable[[str], object], text: str) -> tuple[object, str]:
    try:
        return parse(text), ""
    except ValueError as broken:
        return None, str(broken)


@given(st.text() | st.text("0123456789-.eE_+ ١２", max_size=12))
def test_whatever_the_text_a_parser_answers_or_states_its_rule(text: str) -> None:
    for parse in (people, latitude, cells.day, cells.yes_no):
        value, rule = read_or_rule(parse, text)
        assert (value is None) == bool(rule)
        assert rule.startswith(("must ", "is no day")) if rule else text.isascii()


@pytest.mark.parametrize("text", ["Yes", "true", "1", "y", "yes "])
def test_yes_and_no_are_the_only_answers(text: str) -> None:
    assert cells.yes_no("yes") is True
    assert cells.yes_no("no") is False
    with pytest.raises(ValueError, match="'yes' or 'no'"):
        cells.yes_no(text)


def test_ids_are_parted_by_blanks_or_bars_and_keep_their_zeros() -> None:
    assert cells.ids("007 d15|0008 | NA") == ("007", "d15", "0008", "NA")
    assert cells.ids(" ") == ()


def test_names_are_parted_by_bars_and_keep_their_blanks() -> None:
    assert cells.names("Big Orm | أورم الكبرى|None") == (
        "Big Orm",
        "أورم الكبرى",
        "None",
    )
    assert cells.names("a||b") == ("a", "", "b")  # for the event to refuse
