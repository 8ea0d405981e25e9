"""Versions and rectangles against the fold, on whatever Hypothesis invents."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import replay_cases
from chronicle.archive.rectangles import NO_END, rectangles
from chronicle.archive.versions import Versions, versions
from chronicle.domain.lenses import parse_lens
from chronicle.domain.state import state_of
from chronicle.replay.columns import FOREVER, read
from chronicle.replay.versions import Entries, resolve
from chronicle.store.columnar import WIDTH, day_number
from replay_cases import DAY0, PLACES, Case, case, claims

LATEST = parse_lens("latest")
DAYS = [DAY0 + timedelta(days=n) for n in (-1, 0, 3, 6, 9, 13)]


def decided(case: Case, on: date, position: int, by: date | None) -> dict[str, int]:
    """The position of the report that decides on each place that has one."""
    state = state_of(case.log, on, LATEST, known_at=position, published_by=by)
    return {
        id_: place.verdict.deciding[-1].position
        for id_, place in state.places.items()
        if place.verdict.deciding
    }


def looked_up(case: Case, entries: Entries, on: date, position: int) -> dict[str, int]:
    boxes = rectangles(entries)
    day = day_number(on)
    valid = entries.valid[boxes.entry]
    inside = (valid <= day) & (day < boxes.valid_to)
    inside &= (boxes.known_from <= position) & (position < boxes.known_to)
    place = entries.place[boxes.entry[inside]].tolist()
    found = entries.position[boxes.entry[inside]].tolist()
    assert len(set(place)) == len(place)  # rectangles of a place never overlap
    ids = {case.code("settlement", id_): id_ for id_ in PLACES}
    return {ids[code]: at for code, at in zip(place, found, strict=True)}


def folded(
    case: Case, found: Versions, on: date, position: int, by: date | None
) -> dict[str, int]:
    e, day = found.entries, day_number(on)
    seen = (e.valid <= day) & (e.known_from <= position) & (position < e.known_to)
    if by is None:
        seen &= found.published_to == NO_END
    else:
        seen &= found.published_from <= day_number(by)
        seen &= day_number(by) < found.published_to
    rows = np.flatnonzero(seen)
    assert len(set(e.position[rows].tolist())) == len(rows)  # one version of each
    order = np.lexsort((e.position[rows], e.time[rows], e.valid[rows]))
    ids = {case.code("settlement", id_): id_ for id_ in PLACES}
    last = {}
    for row in rows[order].tolist():
        last[ids[int(e.place[row])]] = int(e.position[row])
    return last


@given(replay_cases.cases())
@settings(max_examples=60)
def test_a_rectangle_holds_what_decides_on_each_day_as_known_at_each_position(
    case: Case,
) -> None:
    entries = resolve(read([case.rows]))
    for on in DAYS:
        for position in range(len(case.log) // 2, len(case.log) + 1, 3):
            assert looked_up(case, entries, on, position) == decided(
                case, on, position, None
            )


@given(replay_cases.cases())
@settings(max_examples=60)
def test_versions_hold_on_all_three_clocks(case: Case) -> None:
    columns = read([case.rows])
    found = versions(columns, resolve(columns))
    for on in DAYS[1::2]:
        for position in (len(case.log) // 2, len(case.log) - 2, len(case.log)):
            for by in (None, *DAYS[1:]):
                assert folded(case, found, on, position, by) == decided(
                    case, on, position, by
                )


@given(replay_cases.cases(redact=False), st.integers(0, 24))
@settings(max_examples=40)
def test_a_later_archive_only_closes_rows_and_adds_rows(case: Case, cut: int) -> None:
    before = min(len(replay_cases.references()) + cut, len(case.log))
    boxes = {
        end: {
            (place, valid, position, to, known, begin, last): known_to
            for place, valid, position, to, known, known_to, begin, last in rows(
                case, end
            )
        }
        for end in (before, len(case.log))
    }
    for key, known_to in boxes[before].items():
        later = boxes[len(case.log)][key]
        assert later == known_to or (known_to == FOREVER and later > before)
    new = boxes[len(case.log)].keys() - boxes[before].keys()
    assert all(key[4] > before for key in new)


def rows(case: Case, end: int) -> list[tuple[int, ...]]:
    """All rectangles and versions of a prefix, as numbers."""
    columns = read([case.rows[: end * WIDTH]])
    entries = resolve(columns)
    boxes = rectangles(entries)
    e = entries.take(boxes.entry)
    none = np.full(len(boxes), -1)
    found = versions(columns, entries)
    v = found.entries
    first = (e.place, e.valid, e.position, boxes.valid_to, boxes.known_from)
    second = (v.place, v.valid, v.position, v.time, v.known_from)
    lists = [
        (*first, boxes.known_to, none, none),
        (*second, v.known_to, found.published_from, found.published_to),
    ]
    return [
        row
        for columns_ in lists
        for row in zip(*(column.tolist() for column in columns_), strict=True)
    ]


@given(st.lists(claims("x"), max_size=6))
@settings(max_examples=20)
def test_reports_that_nothing_is_said_of_make_two_rectangles_at_most(
    told: list[object],
) -> None:
    named = [replace(one, report_id=f"r{n}") for n, one in enumerate(told)]  # type: ignore[type-var]
    entries = resolve(read([case([*replay_cases.references(), *named]).rows]))  # type: ignore[list-item]
    assert len(rectangles(entries)) <= 2 * len(entries)
