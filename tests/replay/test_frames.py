"""Frames from columns equal the plain fold, told one moment and one day at a time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chronicle as ch
import strategies
from chronicle.errors import BudgetExceeded, UsageError
from chronicle.replay import frames
from chronicle.replay.frames import (
    CONTROL_COLUMNS,
    PANEL_COLUMNS,
    control_frame,
    days_of,
    panel_frame,
)
from chronicle.replay.frames_plain import plain_control, plain_panel
from chronicle.store.log import EventLog
from chronicle.store.memory import MemoryStore
from plain_log import PlainLog

DAY = date(2024, 11, 25)


def rows_of(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Plain values: days, aware times, text, numbers, None for what is missing."""
    columns = []
    for name in frame.columns:
        column = frame[name].astype(object)
        values = [None if pd.isna(value) else value for value in column]
        if name in ("known_from", "known_to"):
            values = [value and value.to_pydatetime() for value in values]
        elif str(frame[name].dtype).startswith("datetime"):
            values = [value and value.date() for value in values]
        columns.append(values)
    return list(zip(*columns, strict=True))


def recorded(data: st.DataObject) -> EventLog:
    """A log as Hypothesis has it, some of it recorded at the same time."""
    now = datetime(2024, 12, 1, tzinfo=UTC)

    def clock() -> datetime:
        return now

    log = EventLog(MemoryStore(clock))
    plain_log = PlainLog()
    for event in data.draw(strategies.logs()):
        if (decided := plain_log.append(event)) is not None:
            now += timedelta(hours=data.draw(st.sampled_from([0, 1, 5])))
            log.append([decided])
    return log


@given(st.data())
def test_control_with_both_intervals_is_the_fold_at_each_moment(
    data: st.DataObject,
) -> None:
    log = recorded(data)
    position = data.draw(st.integers(0, log.store.head()))
    found = control_frame(log, position)
    assert rows_of(found) == plain_control(list(log.recorded(upto=position)))


@given(st.data())
def test_a_panel_is_a_state_for_each_day(data: st.DataObject) -> None:
    log = recorded(data)
    position = data.draw(st.integers(0, log.store.head()))
    first = DAY + timedelta(days=data.draw(st.integers(-5, 9)))
    last = first + timedelta(days=data.draw(st.integers(0, 20)))
    freq = data.draw(st.sampled_from(["D", "W", "M"]))
    days = days_of(first, last, freq)
    by = data.draw(st.none() | st.sampled_from([DAY, DAY + timedelta(days=4)]))
    sources = log.store.codes("source")
    lens = data.draw(
        st.sampled_from(
            ["latest", "graded", "majority", "cautious", "cautious:1"]
            + [f"source:{id_}" for id_ in sources]
        )
    )
    found = panel_frame(log, first, last, freq, position, published_by=by, lens=lens)
    plain = list(log.recorded(upto=position))
    assert rows_of(found) == plain_panel(plain, days, published_by=by, lens=lens)


@given(st.data())
def test_the_rectangle_of_a_day_and_a_moment_is_the_report_that_decides(
    data: st.DataObject,
) -> None:
    from chronicle.domain.lenses import parse_lens
    from chronicle.domain.state import state_of

    log = recorded(data)
    events = list(log.recorded())
    if not events:
        return
    frame = control_frame(log, log.store.head())
    at = data.draw(st.sampled_from(events)).recorded_at
    on = DAY + timedelta(days=data.draw(st.integers(-3, 14)))
    known = [one for one in events if one.recorded_at <= at]
    day, moment = pd.Timestamp(on), pd.Timestamp(at)
    here = frame[
        (frame["valid_from"] <= day)
        & (frame["valid_to"].isna() | (day < frame["valid_to"]))
        & (frame["known_from"] <= moment)
        & (frame["known_to"].isna() | (moment < frame["known_to"]))
    ]
    state = state_of(known, on, parse_lens("latest"))
    decides = {
        id_: place.verdict.deciding[-1].claim.report_id  # type: ignore[union-attr]
        for id_, place in state.places.items()
        if place.verdict.deciding
    }
    assert dict(zip(here["settlement"], here["report"], strict=True)) == decides


def toy() -> list[Any]:
    """Two places, one of which a report speaks of."""
    return [
        ch.SettlementRegistered(settlement="birch", name="Birch", lat=1, lon=2),
        ch.SettlementRegistered(settlement="alder", name="Alder", lat=1, lon=3),
        ch.ActorRegistered(actor="red", name="Red"),
        ch.ControlReported(
            report_id="r1", source="radio", settlement="birch", controller="red",
            valid_from=DAY,
        ),
    ]  # fmt: skip


def test_an_amendment_that_shows_nothing_parts_no_rectangle() -> None:
    now = datetime(2024, 12, 1, tzinfo=UTC)
    log = EventLog(MemoryStore(lambda: now))
    log.append([*toy(), ch.ActorRegistered(actor="blue", name="Blue")])
    for new, change in (("a", "blue"), ("b", "red"), ("c", "blue")):
        now += timedelta(hours=1)
        log.append(
            [
                ch.ReportAmended(
                    report_id=new, source="radio", report="r1", note="typing",
                    changes={"controller": change},
                )
            ]
        )  # fmt: skip
    now += timedelta(hours=1)
    log.append(
        [ch.ReportRetracted(report_id="d", source="radio", report="b", reason="no")]
    )
    found = control_frame(log, log.store.head())
    assert found["control"].tolist() == ["red", "blue", "red", "blue"]
    assert rows_of(found) == plain_control(list(log.recorded()))


CONTROL_TYPES = {
    "valid_from": "datetime64[us]",
    "valid_to": "datetime64[us]",
    "known_from": "datetime64[us, UTC]",
    "known_to": "datetime64[us, UTC]",
    "published": "datetime64[us]",
    "credibility": "UInt8",
    "baseline": "bool",
    "report": "str",
    "position": "int64",
}


@pytest.mark.parametrize("full", [False, True])
def test_columns_and_types_are_the_same_for_every_log(full: bool) -> None:
    log = EventLog(MemoryStore())
    if full:
        log.append(toy())
    frame = control_frame(log, log.store.head())
    assert len(frame) > 0 or not full
    assert tuple(frame.columns) == CONTROL_COLUMNS
    types = {name: str(frame[name].dtype) for name in CONTROL_COLUMNS}
    assert types == dict.fromkeys(CONTROL_COLUMNS, "category") | CONTROL_TYPES
    rows = panel_frame(log, DAY, DAY, "D", log.store.head())
    assert tuple(rows.columns) == PANEL_COLUMNS
    types = {name: str(rows[name].dtype) for name in PANEL_COLUMNS}
    days = dict.fromkeys(("on", "since", "last_reported"), "datetime64[us]")
    assert types == dict.fromkeys(PANEL_COLUMNS, "category") | days


def test_the_last_day_of_each_week_and_month_stands_for_it() -> None:
    first, last = date(2024, 11, 29), date(2024, 12, 10)  # a Friday, a Tuesday
    assert len(days_of(first, last, "D")) == 12
    sundays = [date(2024, 12, 1), date(2024, 12, 8)]
    assert days_of(first, last, "W") == [*sundays, last]
    assert days_of(first, last, "M") == [date(2024, 11, 30), last]
    with pytest.raises(UsageError, match="freq: 'Q' is none of D, W, M"):
        days_of(first, last, "Q")
    with pytest.raises(UsageError, match="has no day"):
        days_of(last, first, "D")


def test_a_panel_over_its_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    log = EventLog(MemoryStore())
    log.append(toy())
    monkeypatch.setattr(frames, "MOST_CELLS", 3)
    with pytest.raises(BudgetExceeded, match="choose fewer days"):
        panel_frame(log, DAY, DAY + timedelta(days=9), "D", log.store.head())
