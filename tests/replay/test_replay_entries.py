"""Entries are what the plain fold says stood, over every prefix of the log."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from chronicle.domain.events import (
    NAMELESS,
    STATUSES,
    TIMES_OF_DAY,
    ControlReported,
    DisplacementReported,
    ReportAmended,
    ReportRetracted,
)
from chronicle.domain.timeline import as_known, effective_claims
from chronicle.errors import Damaged
from chronicle.replay.columns import CONTROL, DISPLACEMENT, Columns, join, read
from chronicle.replay.versions import Entries, resolve
from chronicle.replay.versions_plain import retell
from chronicle.store.columnar import BLANK, day_number
from replay_cases import Case, case, cases, references


def columns_of(found: Case) -> Columns:
    return read(found.source().scan(0))


def rows_of(entries: Entries) -> list[tuple[Any, ...]]:
    names = list(Entries.__slots__)
    return list(zip(*(getattr(entries, name).tolist() for name in names), strict=True))


def standing_control(found: Case, position: int) -> list[tuple[Any, ...]]:
    """What the fold says stands at a position, in the terms of an entry."""
    rows = []
    for one in effective_claims(as_known(found.log, position)).standing:
        claim = one.claim
        if isinstance(claim, ControlReported):
            letter = "ABCDEF".index(claim.reliability) + 1 if claim.reliability else 0
            rows.append(
                (
                    found.code("settlement", claim.settlement),
                    day_number(claim.valid_from),
                    TIMES_OF_DAY.index(claim.time_of_day),
                    one.position,
                    STATUSES.index(claim.status),
                    -1
                    if claim.controller is None
                    else found.code("actor", claim.controller),
                    found.code("source", claim.source),
                    letter * 8 + (claim.credibility or 0),
                    day_number(claim.published),
                    claim.baseline,
                )
            )
    return rows


def visible_control(entries: Entries, position: int) -> list[tuple[Any, ...]]:
    seen = (entries.known_from <= position) & (position < entries.known_to)
    return [
        (row[0], row[1], row[2], row[3], *row[6:12])
        for row in rows_of(entries.take(seen))
    ]


@settings(max_examples=300, deadline=None)
@given(cases())
def test_entries_stand_exactly_where_the_fold_says(found: Case) -> None:
    entries = resolve(columns_of(found))
    for position in range(len(found.log) + 2):
        assert visible_control(entries, position) == standing_control(found, position)


@settings(max_examples=300, deadline=None)
@given(cases(most=40))
def test_whole_columns_and_one_event_at_a_time_agree(found: Case) -> None:
    columns = columns_of(found)
    for kind in (CONTROL, DISPLACEMENT):
        plain = [tuple(told) for told in retell(columns, kind=kind)]
        assert rows_of(resolve(columns, kind)) == plain


@settings(max_examples=100, deadline=None)
@given(cases())
def test_displacement_that_stands_is_what_the_fold_says(found: Case) -> None:
    entries = resolve(columns_of(found), DISPLACEMENT)
    for position in range(len(found.log) + 1):
        standing = effective_claims(as_known(found.log, position)).standing
        seen = (entries.known_from <= position) & (position < entries.known_to)
        assert entries.position[seen].tolist() == [
            s.position for s in standing if isinstance(s.claim, DisplacementReported)
        ]


def test_a_claim_with_many_corrections_keeps_its_place() -> None:
    claim = ControlReported(
        report_id="r", source="radio", settlement="alder", controller="red",
        valid_from="2024-11-27",
    )  # fmt: skip
    mends = [
        ReportAmended(report="r", report_id=f"a{n}", changes={"valid_from": day})
        for n, day in enumerate(["2024-11-29", "2024-11-26", "2024-12-03"])
    ]
    entries = resolve(columns_of(case([*references(), claim, *mends])))
    place = len(references()) + 1
    assert entries.position.tolist() == [place] * 4
    assert entries.known_from.tolist() == [place, place + 1, place + 2, place + 3]
    assert entries.known_to.tolist()[:3] == [place + 1, place + 2, place + 3]
    assert np.diff(entries.valid).tolist() == [2, -3, 7]


def test_a_chain_of_retractions_turns_the_claim_off_and_on() -> None:
    claim = ControlReported(
        report_id="r0", source="radio", settlement="alder", controller="red",
        valid_from="2024-11-27",
    )  # fmt: skip
    chain = [
        ReportRetracted(report_id=f"r{n}", report=f"r{n - 1}") for n in range(1, 8)
    ]
    entries = resolve(columns_of(case([claim, *chain])))
    assert entries.known_from.tolist() == [1, 3, 5, 7]
    assert entries.known_to.tolist()[:3] == [2, 4, 6]


def test_a_blank_row_never_was() -> None:
    claim = ControlReported(
        report_id="r0", source="radio", settlement="alder", controller="red",
        valid_from="2024-11-27",
    )  # fmt: skip
    found = case([claim, ReportRetracted(report_id="r1", report="r0")])
    source = found.source()
    source.blank(2)
    assert resolve(read(source.scan(0))).known_to.tolist() == [2**31 - 1]
    source.blank(1)
    assert not len(resolve(read(source.scan(0))))


def test_half_a_record_is_damage() -> None:
    with pytest.raises(Damaged):
        read([BLANK + b"x"])


@settings(max_examples=50, deadline=None)
@given(cases())
def test_columns_read_in_two_parts_are_the_columns_read_in_one(found: Case) -> None:
    source, head = found.source(), len(found.log)
    for middle in (0, head // 2, head):
        parts = read(source.scan(0, middle)), read(source.scan(middle), after=middle)
        both, whole = join(parts), columns_of(found)
        for name in Columns.__slots__:
            assert getattr(both, name).tolist() == getattr(whole, name).tolist()


def test_a_status_without_a_name_hides_the_name() -> None:
    assert {STATUSES.index(word) for word in NAMELESS} == {1, 5, 6}
