"""Replay is the plain fold: every lens and clock, tails, series, figures, points."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chronicle.domain.displacement import place_of
from chronicle.domain.events import STATUSES, ControlReported, DisplacementReported
from chronicle.domain.lenses import parse_lens
from chronicle.domain.state import State, diff, state_of
from chronicle.errors import UsageError
from chronicle.replay import Control, Replay, changed, sums
from chronicle.replay.engine import TAIL
from chronicle.replay.source import MemorySource
from chronicle.store.columnar import WIDTH, day_number
from replay_cases import (
    ACTORS,
    DAY0,
    PLACES,
    SOURCES,
    Case,
    case,
    cases,
    references,
)
from synthetic import synthetic

REGISTERED = 7
days = st.integers(-1, 17).map(lambda n: DAY0 + timedelta(days=n))
lenses = st.sampled_from(
    ["latest", "graded", "majority", "cautious", "cautious:0", "cautious:9"]
    + [f"source:{source}" for source in SOURCES]
)
Answer = list[tuple[int, str, int]]


def told(found: Case, state: State) -> Answer:
    """Actor code, status and deciding position of each settlement in the fold."""
    return [
        (
            -1 if place.control is None else found.code("actor", place.control),
            place.status,
            place.verdict.deciding[-1].position if place.verdict.deciding else 0,
        )
        for place in state.places.values()
    ]


def answered(control: Control) -> Answer:
    words = [STATUSES[status] for status in control.status]
    columns = control.actor.tolist(), words, control.position.tolist()
    return list(zip(*columns, strict=True))[: len(PLACES)]


def by_code(found: Case, lens: str) -> str:
    """The lens with the code of its source in the place of the source's id."""
    rule, _, source = lens.partition(":")
    return f"source:{found.code('source', source)}" if rule == "source" else lens


def with_tail(found: Case, before: int) -> Replay:
    """Replay whose index was made when the log had *before* events."""
    source = found.source(before)
    replay = Replay.open(source)
    source.append(found.rows[before * WIDTH :])
    replay.refresh()
    return replay


@settings(max_examples=150, deadline=None)
@given(cases(), st.data())
def test_every_lens_and_clock_is_the_fold(found: Case, data: Any) -> None:
    head = len(found.log)
    split = data.draw(st.integers(REGISTERED, head), label="events in the index")
    replays = [Replay.open(found.source()), with_tail(found, split)]
    for _ in range(6):
        on, lens = data.draw(days), data.draw(lenses)
        position = data.draw(st.integers(REGISTERED, head + 1))
        published_by = data.draw(st.none() | days)
        state = state_of(
            found.log,
            on,
            parse_lens(lens),
            known_at=position,
            published_by=published_by,
        )
        for replay in replays:
            control = replay.state(
                on, position, lens=by_code(found, lens), published_by=published_by
            )
            assert answered(control) == told(found, state), (on, position, lens)


@settings(max_examples=60, deadline=None)
@given(cases(most=30), st.data())
def test_a_tail_is_folded_as_if_it_were_in_the_index(found: Case, data: Any) -> None:
    head = len(found.log)
    split = data.draw(st.integers(0, head))
    replay, whole = with_tail(found, split), Replay.open(found.source())
    compiled = Replay.open(found.source(), compiled=True)
    places = np.array([0, 1, 2, 3, -1, 0, 1, 2])
    for position in (0, split, (split + head) // 2, head):
        for day in (-1, 3, 7, 12, 20):
            on = DAY0 + timedelta(days=day)
            one, other = replay.state(on, position), whole.state(on, position)
            third = compiled.state(on, position)
            for column in ("actor", "status", "position", "decided_by"):
                want = getattr(other, column).tolist()
                assert getattr(third, column).tolist() == want
                assert getattr(one, column).tolist() == want
            ons = np.full(len(places), day_number(on))
            positions = np.full(len(places), position)
            asked = [
                r.points(places, ons, positions) for r in (replay, whole, compiled)
            ]
            for column in range(3):
                a, b, c = (points[column].tolist() for points in asked)
                assert a == b == c
            if len(other) == 3:
                assert asked[1][0][:3].tolist() == other.actor.tolist()
                assert asked[1][2][:3].tolist() == other.position.tolist()


@settings(max_examples=60, deadline=None)
@given(cases(), st.data())
def test_what_changed_is_what_the_fold_says(found: Case, data: Any) -> None:
    replay = Replay.open(found.source())
    answers = []
    for _ in range(2):
        on = data.draw(days)
        position = data.draw(st.integers(REGISTERED, len(found.log)))
        state = state_of(found.log, on, parse_lens("latest"), known_at=position)
        answers.append((state, replay.state(on, position)))
    (before, one), (after, other) = answers
    names = {found.code("settlement", place): place for place in PLACES}
    assert [names[code] for code in changed(one, other)] == [
        change.settlement for change in diff(before, after)
    ]


@settings(max_examples=80, deadline=None)
@given(cases(), st.data())
def test_a_series_is_a_state_for_every_day(found: Case, data: Any) -> None:
    replay = with_tail(found, data.draw(st.integers(REGISTERED, len(found.log))))
    lens = data.draw(lenses)
    position = data.draw(st.integers(REGISTERED, len(found.log)))
    published_by = data.draw(st.none() | days)
    asked = [DAY0 + timedelta(days=n) for n in (-1, 0, 2, 3, 7, 11, 16)]
    line = replay.series(
        asked, position, lens=by_code(found, lens), published_by=published_by
    )
    for row, on in enumerate(asked):
        state = state_of(
            found.log,
            on,
            parse_lens(lens),
            known_at=position,
            published_by=published_by,
        )
        for actor in ACTORS:
            code = found.code("actor", actor)
            count = sum(place.control == actor for place in state.places.values())
            assert line.by_actor(code)[row] == count
        spoken = sum(place.verdict.deciding != () for place in state.places.values())
        assert line.count[row].sum() == spoken


@settings(max_examples=150, deadline=None)
@given(cases(), st.data())
def test_figures_are_those_that_the_fold_holds(found: Case, data: Any) -> None:
    replay = Replay.open(found.source())
    names = {area: found.code("area", area) for area in ("", "SY02", "alder")}
    area_of_place = np.full(3, -1, np.int32)
    area_of_place[found.code("settlement", "alder")] = names["alder"]
    for _ in range(4):
        on, published_by = data.draw(days), data.draw(st.none() | days)
        position = data.draw(st.integers(REGISTERED, len(found.log)))
        state = state_of(
            found.log,
            on,
            parse_lens("latest"),
            known_at=position,
            published_by=published_by,
        )
        figures = replay.figures(
            on,
            position,
            published_by=published_by,
            no_area=names[""],
            area_of_place=area_of_place,
        )
        want = [one.position for one in state.figures]
        assert figures.position.tolist() == want
        for row, one in enumerate(state.figures):
            claim = one.claim
            assert isinstance(claim, DisplacementReported)
            if not figures.partial[row]:
                persons = -1 if claim.persons is None else claim.persons
                assert figures.persons[row] == persons, place_of(claim)


def test_sums_are_by_what_is_counted_and_where() -> None:
    log = synthetic(3_000, seed=8, settlements=20, corrected=0.05)
    replay = Replay.open(MemorySource(log.columnar))
    on = int(log.recorded[-1]) - 400
    figures = replay.figures(on, 2_500)
    found = sums(figures)
    assert found.persons.sum() == np.maximum(figures.persons, 0).sum()
    assert found.figures.sum() == len(figures.position)
    for row in range(0, len(found.area), 17):
        mine = (
            (figures.measure == found.measure[row])
            & (figures.category == found.category[row])
            & (figures.counter == found.counter[row])
            & (figures.area == found.area[row])
        )
        assert figures.persons[mine].sum() == found.persons[row]
        assert mine.sum() == found.figures[row] > 0
    assert (found.uncounted == 0).all()


def test_a_large_tail_with_new_places_and_sides_is_folded() -> None:
    log = synthetic(12_000, seed=11, settlements=300, corrected=0.1)
    rows = log.columnar
    before = len(log.rows) - TAIL
    source = MemorySource(rows[: before * WIDTH])
    replay = Replay.open(source)
    source.append(rows[before * WIDTH :])
    replay.refresh()
    whole = Replay.open(MemorySource(rows), compiled=True)
    assert replay.head == whole.head == len(log.rows)
    for on in range(log.recorded[0], log.recorded[-1] + 40, 160):
        for position in (before, before + 99, len(log.rows) - 7, None):
            one, other = replay.state(on, position), whole.state(on, position)
            for column in ("actor", "status", "position"):
                assert np.array_equal(getattr(one, column), getattr(other, column))
            graded = replay.state(on, position, lens="graded", published_by=on)
            again = whole.state(on, position, lens="graded", published_by=on)
            assert np.array_equal(graded.actor, again.actor)
            assert np.array_equal(graded.position, again.position)


def test_a_tail_that_grew_too_long_becomes_an_index() -> None:
    log = synthetic(TAIL + 40, seed=12, settlements=30)
    source = MemorySource(log.columnar[: 60 * WIDTH])
    replay = Replay.open(source)
    source.append(log.columnar[60 * WIDTH :])
    replay.refresh()
    assert replay._tail is None
    assert replay.head == len(log.rows)


def test_a_redaction_takes_a_report_out_of_all_prefixes() -> None:
    log = synthetic(600, seed=13, settlements=5)
    source = MemorySource(log.columnar)
    replay = Replay.open(source)
    on = int(log.recorded[-1])
    state = replay.state(on)
    gone = int(state.position[0])
    source.blank(gone)
    replay.refresh()
    assert gone not in replay.state(on).position
    assert gone not in replay.state(on, gone).position


def test_a_question_that_makes_no_sense_is_refused() -> None:
    replay = Replay.open(MemorySource())
    for lens in ("lately", "source:", "cautious:x"):
        with pytest.raises(UsageError):
            replay.state(DAY0, lens=lens)
    with pytest.raises(UsageError):
        replay.state(DAY0, -1)
    with pytest.raises(UsageError):
        replay.series([])
    with pytest.raises(UsageError):
        replay.series([DAY0, DAY0])
    with pytest.raises(UsageError):
        replay.points(np.zeros(2), np.zeros(3), np.zeros(2))


def test_an_empty_log_answers_everything_with_nothing() -> None:
    replay = Replay.open(MemorySource())
    for lens in ("latest", "graded", "majority", "cautious", "source:0"):
        assert len(replay.state(DAY0, lens=lens, published_by=DAY0)) == 0
        assert len(replay.state(DAY0, lens=lens)) == 0
        assert replay.series([DAY0], lens=lens).count.sum() == 0
    assert replay.figures(DAY0).position.tolist() == []
    actor, status, position = replay.points(*np.zeros((3, 1), np.int64))
    assert (actor[0], STATUSES[status[0]], position[0]) == (-1, "unknown", 0)


def test_a_date_far_off_costs_nothing_and_is_kept() -> None:
    first = ControlReported(
        report_id="a", source="radio", settlement="alder", controller="red",
        valid_from=date(1, 1, 1),
    )  # fmt: skip
    last = replace(
        first, report_id="b", controller="blue", valid_from=date(9999, 12, 31)
    )
    found = case([*references(), first, last])
    replay = Replay.open(found.source())
    assert replay.state(date(2024, 1, 1)).actor[0] == found.code("actor", "red")
    assert replay.state(date.max).actor[0] == found.code("actor", "blue")


def control(name: str, **fields: Any) -> ControlReported:
    """Alder under red on 27 November, says the radio, unless told otherwise."""
    given_: dict[str, Any] = {
        "source": "radio",
        "settlement": "alder",
        "controller": "red",
        "valid_from": "2024-11-27",
    }
    return ControlReported(report_id=name, **(given_ | fields))


def test_a_tail_does_not_outdo_a_later_time_of_the_same_day() -> None:
    night = control("a", controller="red", time_of_day="night")
    morning = control("b", controller="blue", time_of_day="morning")
    found = case([*references(), night, morning])
    replay = with_tail(found, len(found.log) - 1)
    state = replay.state(date(2024, 11, 28))
    assert state.position[0] == len(references()) + 1


def test_a_cautious_lens_does_not_mind_baselines() -> None:
    said = control("b", valid_from="2024-11-28")
    for baseline in (True, False):
        other = control("a", source="paper", controller="blue", baseline=baseline)
        replay = Replay.open(case([*references(), other, said]).source())
        state = replay.state(date(2024, 11, 30), lens="cautious")
        assert STATUSES[state.status[0]] == ("held" if baseline else "contested")
