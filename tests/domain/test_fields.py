"""Rules of single fields: what is taken, in which form, what is refused and why."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronicle.domain import fields
from chronicle.domain.fields import Rule
from strategies import steady


def refused(rule: Rule, value: object, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        rule(value)


@pytest.mark.parametrize("value", ["", "NA", "007", " x ", "حلب", "Ḥimṣ", "🏚"])
def test_text_is_taken_as_it_stands(value):
    assert fields.text(10)(value) == value


def test_text_is_kept_in_one_unicode_form():
    assert fields.text(10)("e\u0301") == "é"
    assert fields.ident("Ba\u0304b") == "Bāb"


@steady
@given(st.text())
def test_what_a_rule_returns_it_takes_again_unchanged(value):
    for rule in (fields.text(20), fields.text(20, lines=True), fields.ident):
        try:
            once = rule(value)
        except ValueError:
            continue
        assert rule(once) == once
        assert unicodedata.is_normalized("NFC", once)


@pytest.mark.parametrize("value", [None, 1, b"x", ["x"], type("S", (str,), {})("x")])
def test_only_str_itself_is_text(value):
    refused(fields.text(10), value, "must be text")


@pytest.mark.parametrize(
    "hidden",
    [
        "\x00",
        "\x1b",
        "\r",
        "\x7f",
        "\x85",
        "\u061c",
        "\u200e",
        "\u200f",
        "\u2028",
        "\u202e",
        "\u2066",
        "\u2069",
        "\ufeff",
    ],
)
def test_text_that_reads_as_what_it_is_not_is_refused(hidden):
    refused(fields.text(10), f"a{hidden}b", "control or direction-changing")
    refused(fields.text(10, lines=True), f"a{hidden}b", "control or direction-changing")


def test_lines_and_tabs_are_for_notes_only():
    assert fields.text(10, lines=True)("a\n\tb") == "a\n\tb"
    refused(fields.text(10), "a\nb", "control")
    refused(fields.text(10), "a\tb", "control")


def test_a_lone_surrogate_is_refused():
    refused(fields.text(10), "a\ud800", "lone surrogate")


def test_text_may_be_as_long_as_its_limit_before_and_after_its_one_form():
    assert fields.text(3)("abc") == "abc"
    refused(fields.text(3), "abcd", "is longer than 3 characters")
    refused(fields.text(3), "e\u0301e\u0301", "is longer than 3 characters")
    # NFC takes U+0958 apart: two characters given, four kept.
    refused(fields.text(3), "\u0958\u0958", "is longer than 3 characters in NFC")


def test_a_flood_of_marks_is_refused_before_it_is_put_in_order():
    # A million marks out of order would take NFC many minutes.
    refused(fields.text(300), "a" + "\u0301\u0323" * 500_000, "is longer than 300")


@pytest.mark.parametrize("value", ["", " ", "\u00a0\u3000"])
def test_needed_text_must_not_be_empty(value):
    refused(fields.text(10, needed=True), value, "must not be empty")


@pytest.mark.parametrize("value", ["alder", "حلب", "a:b/c", "0042", "x" * 120])
def test_an_id_is_one_word(value):
    assert fields.ident(value) == value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (7, "must be text"),
        ("", "must not be empty"),
        ("a b", "no blanks"),
        ("a\u3000b", "no blanks"),
        ("a\u200bb", "no invisible characters"),
        ("a\u00adb", "no invisible characters"),
        ("a\nb", "control"),
        ("x" * 121, "longer than 120"),
    ],
)
def test_what_is_no_id(value, words):
    refused(fields.ident, value, words)


@steady
@given(st.dates())
def test_a_day_is_a_date_or_its_iso_text(value):
    assert fields.day(value) is value
    assert fields.day(value.isoformat()) == value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (datetime(2024, 11, 27, tzinfo=UTC), "must be a day, not a time"),
        (datetime(2024, 11, 27), "must be a day, not a time"),  # noqa: DTZ001
        ("2024-02-30", "is no day of the calendar"),
        ("0000-01-01", "is no day of the calendar"),
        ("2024-11-27T00:00:00", "YYYY-MM-DD"),
        ("2024-11-27\n", "YYYY-MM-DD"),
        ("20241127", "YYYY-MM-DD"),
        ("2024-W48-3", "YYYY-MM-DD"),
        ("27/11/2024", "YYYY-MM-DD"),
        ("٢٠٢٤-١١-٢٧", "YYYY-MM-DD"),
        ("", "YYYY-MM-DD"),
        (None, "YYYY-MM-DD"),
        (20241127, "YYYY-MM-DD"),
        (type("D", (date,), {})(2024, 11, 27), "YYYY-MM-DD"),
    ],
)
def test_what_is_no_day(value, words):
    refused(fields.day, value, words)


def test_a_count_is_a_whole_number_of_people():
    assert fields.count(0) == 0
    assert fields.count(10_000_000_000) == 10_000_000_000
    for value in (-1, 10_000_000_001, 1.0, True, "1", None):
        refused(fields.count, value, "must be a whole number from 0 to 10,000,000,000")


def test_a_number_is_finite_and_within_its_closed_range():
    latitude = fields.number(-90, 90)
    assert latitude(-90) == -90.0
    assert type(latitude(90)) is float
    for value in (90.001, -91, float("nan"), float("inf"), True, "1", None, 10**400):
        refused(latitude, value, "must be a number from -90 to 90")


def test_a_choice_is_one_of_its_words_exactly():
    rule = fields.choice("", "north", "south")
    assert rule("") == ""
    assert rule("south") == "south"
    for value in ("North", " south", None, 1, ["north"]):
        refused(rule, value, "must be one of '', 'north', 'south'")


def test_a_flag_is_true_or_false_and_nothing_else():
    assert fields.flag(True) is True
    assert fields.flag(False) is False
    for value in (0, 1, "true", None):
        refused(fields.flag, value, "must be True or False")


def test_credibility_runs_from_one_to_six():
    assert [fields.credibility(n) for n in range(1, 7)] == [1, 2, 3, 4, 5, 6]
    for value in (0, 7, 2.0, True, "2", None):
        refused(fields.credibility, value, "must be a whole number from 1 to 6")


def test_several_values_become_a_tuple_each_by_its_rule():
    rule = fields.several(fields.rule_of(fields.Id), 2)
    assert rule(["a", "b"]) == ("a", "b")
    assert rule(()) == ()
    refused(rule, ["a", "b", "c"], "holds more than 2 values")
    refused(rule, ["a", ""], "must not be empty")
    for value in ("ab", {"a"}, None, {"a": 1}):
        refused(rule, value, "must be a list")


def test_matching_text_is_empty_or_matches_as_a_whole():
    rule = fields.matching(re.compile("[0-9]+"), "digits")
    assert rule("") == ""
    assert rule("12") == "12"
    for value in ("12x", "12\n", None, 12):
        refused(rule, value, "digits")


def test_an_optional_value_is_none_or_keeps_its_rule():
    rule = fields.optional(fields.rule_of(fields.Count))
    assert rule(None) is None
    assert rule(3) == 3
    refused(rule, "3", "must be a whole number")


def test_the_rule_of_a_type_is_found_among_other_remarks_on_it():
    rule = Rule(fields.ident, "an id")
    assert fields.rule_of(Annotated[str, "of a place", rule]) is rule
    assert fields.rule_of(Annotated[str, "of a place", rule] | None).check(None) is None
    with pytest.raises(TypeError, match="has no rule"):
        fields.rule_of(Annotated[str, "of a place"])
