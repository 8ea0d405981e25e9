"""The index answers as the plain fold does, on any day, as known at any position."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from chronicle.domain.events import STATUSES
from chronicle.domain.lenses import parse_lens
from chronicle.domain.state import State, state_of
from chronicle.replay import kernels
from chronicle.replay.build import build
from chronicle.replay.columns import read
from chronicle.replay.index import Index, last_visible, ranks_upto, winners
from chronicle.replay.source import MemorySource
from chronicle.store.columnar import day_number
from replay_cases import DAY0, PLACES, Case, case, cases, references
from synthetic import events_of, synthetic

LATEST = parse_lens("latest")
DAYS = [DAY0 + timedelta(days=n) for n in (-1, 0, 1, 3, 5, 8, 11, 12, 20)]


def index_of(found: Case) -> Index:
    return build(read(found.source().scan(0)))


def expected(found: Case, state: State) -> list[tuple[int, str, int]]:
    """Actor code, status and deciding position of each settlement in the fold."""
    return [
        (
            -1 if place.control is None else found.code("actor", place.control),
            place.status,
            place.verdict.deciding[-1].position if place.verdict.deciding else 0,
        )
        for place in state.places.values()
    ]


def entries_known(
    index: Index, known: np.ndarray, on: int, position: int
) -> np.ndarray:
    """Known positions with those that have no meaning looked up."""
    unsure = np.flatnonzero(known < 0)
    upto = np.full(len(unsure), index.upto(on))
    found = last_visible(index, unsure, upto, position)
    known = known.copy()
    known[unsure] = np.where(found < 0, 0, index.known_from[found])
    return known


def answered(index: Index, way: Any, on: int, position: int) -> list[tuple]:
    said, known = way(index, on, position)
    root = index.root(entries_known(index, known, on, position)).tolist()
    actor, status = index.side_actor[said].tolist(), index.side_status[said].tolist()
    return [(a, STATUSES[s], r) for a, s, r in zip(actor, status, root, strict=True)]


@settings(max_examples=80, deadline=None)
@given(cases())
def test_the_index_is_the_fold(found: Case) -> None:
    index = index_of(found)
    registered = 8  # the references come first
    for position in range(registered, len(found.log) + 2):
        for on in DAYS:
            state = state_of(found.log, on, LATEST, known_at=position)
            want = expected(found, state)
            day = day_number(on)
            assert answered(index, winners, day, position) == want
            assert answered(index, kernels.winners, day, position) == want
            places, ons = np.arange(3), np.full(3, day)
            one = last_visible(index, places, ranks_upto(index, ons), position)
            same = kernels.points(index, places, ons, np.full(3, position))
            assert one.tolist() == same.tolist()
            assert [
                int(index.root(index.known_from[[i]])[0]) if i >= 0 else 0 for i in one
            ] == [position_ for _, _, position_ in want]


def full_scan(index: Index, on: int, position: int) -> tuple[np.ndarray, np.ndarray]:
    """The oracle for logs that are too large for the fold: every entry is looked at."""
    said = np.zeros(index.settlements, index.said.dtype)
    known = np.zeros(index.settlements, np.int32)
    seen = index.day < index.upto(on)
    seen &= (index.known_from <= position) & (position < index.known_to)
    place = np.repeat(np.arange(index.settlements), np.diff(index.start))
    said[place[seen]] = index.said[seen]
    known[place[seen]] = index.known_from[seen]
    return said, known


@pytest.mark.parametrize("restated", [0, 5])
@pytest.mark.parametrize("settlements", [40, 700])
def test_a_large_made_up_log_is_answered_as_by_a_full_scan(
    restated: int, settlements: int
) -> None:
    log = synthetic(20_000, seed=3, settlements=settlements, restated=restated)
    index = build(read([log.columnar]))
    rng = np.random.default_rng(5)
    head = len(log.rows)
    for _ in range(120):
        on = int(rng.integers(index.days[0] - 1, index.days[-1] + 2))
        position = int(rng.choice([head, rng.integers(0, head), log.known_on(on)]))
        said, known = full_scan(index, on, position)
        for way in (winners, kernels.winners):
            fast_said, fast_known = way(index, on, position)
            assert np.array_equal(fast_said, said)
            sure = entries_known(index, fast_known, on, position)
            assert np.array_equal(sure, known)


def test_a_million_points_in_one_call_are_single_questions() -> None:
    log = synthetic(5_000, seed=4, settlements=60, corrected=0.2)
    index = build(read([log.columnar]))
    rng = np.random.default_rng(6)
    places = rng.integers(0, 60, 3_000)
    on = rng.integers(index.days[0] - 1, index.days[-1] + 2, 3_000)
    position = rng.integers(0, len(log.rows) + 1, 3_000)
    many = last_visible(index, places, ranks_upto(index, on), position)
    assert many.tolist() == kernels.points(index, places, on, position).tolist()
    for n in range(0, 3_000, 100):
        _, known = full_scan(index, int(on[n]), int(position[n]))
        at = many[n]
        assert (index.known_from[at] if at >= 0 else 0) == known[places[n]]


def test_a_made_up_log_is_the_rows_of_its_events() -> None:
    log = synthetic(3_000, seed=2, settlements=9, corrected=0.3, restated=1)
    found = case(list(events_of(log)))
    ours, theirs = read([log.columnar]), read([found.rows])
    control = np.isin(ours.kind, (0, 6, 7))
    for name in ("kind", "valid", "time", "position", "mask", "published"):
        mine, other = getattr(ours, name), getattr(theirs, name)
        assert np.array_equal(mine[control], other[control]), name
    on = date(2023, 5, 5)
    for position in (30, 900, 2_000, len(log.rows)):
        state = state_of(found.log, on, LATEST, known_at=position)
        index = build(ours)
        said = answered(index, winners, day_number(on), position)
        assert said == expected(found, state)


def test_an_empty_log_says_nothing() -> None:
    index = build(read(MemorySource().scan(0)))
    said, known = winners(index, day_number(DAY0), 5)
    assert said.tolist() == known.tolist() == []
    index = index_of(case([]))
    assert not kernels.winners(index, 0, 0)[0].size


def test_a_place_without_reports_is_unknown() -> None:
    found = case(list(references()))
    index = index_of(found)
    said = answered(index, winners, day_number(DAY0), 99)
    assert said == [(-1, "unknown", 0)] * len(PLACES)
