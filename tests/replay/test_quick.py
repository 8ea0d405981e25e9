"""The state by columns equals the plain fold, on whatever is invented."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chronicle as ch
import strategies
from chronicle.domain.lenses import parse_lens
from chronicle.domain.state import state_of
from chronicle.domain.views import state_table
from chronicle.replay.state import quick_state
from chronicle.store.log import EventLog
from chronicle.store.memory import MemoryStore
from plain_log import PlainLog

LATEST = parse_lens("latest")


@given(st.data())
def test_columns_and_fold_give_one_state(data: st.DataObject) -> None:
    log = EventLog(MemoryStore())
    plain_log = PlainLog()
    for event in data.draw(strategies.logs()):
        if (decided := plain_log.append(event)) is not None:
            log.append([decided])
    position = data.draw(st.integers(0, log.store.head()))
    on = date(2024, 11, 25) + timedelta(days=data.draw(st.integers(-5, 12)))
    events = list(log.recorded())
    plain = state_of(events, on, LATEST, known_at=position)
    quick = quick_state(log, on, position)
    assert state_table(quick).rows == state_table(plain).rows
    for id_, place in plain.places.items():
        told = quick.places[id_]
        assert told.disputed == place.disputed
        assert told.last_heard == place.last_heard
        assert told.verdict == place.verdict
    assert quick.figures == plain.figures
    assert quick.open_routes == plain.open_routes
    assert quick.heard.incidents == plain.heard.incidents
    assert quick.heard.support == plain.heard.support
    assert quick.heard.legends == plain.heard.legends


@pytest.mark.parametrize(("report", "other"), [("new", "old"), ("old", "new")])
def test_a_report_long_past_disputes_the_one_that_decides(
    report: str, other: str
) -> None:
    with ch.memory() as log:
        log.append(
            [
                ch.SettlementRegistered(settlement="a", name="a", lat=1, lon=2),
                ch.ActorRegistered(actor="red", name="r"),
                ch.ActorRegistered(actor="blue", name="b"),
            ]
        )
        for day, (id_, actor) in enumerate(
            [("old", "blue"), ("mid", "red"), ("late", "blue"), ("new", "red")], 1
        ):
            log.append(
                ch.ControlReported(
                    report_id=id_,
                    source="who",
                    settlement="a",
                    controller=actor,
                    valid_from=date(2024, 1, day),
                )
            )
        log.append(ch.ReportsLinked(report=report, other=other, relation="disputes"))
        on = date(2024, 1, 6)
        assert log.state(on).places["a"].disputed
        assert quick_state(log._log, on, log.head).places == log.state(on).places


@pytest.mark.parametrize("day", ["2024-11-27", "2024-12-04", "2024-12-08"])
def test_the_real_case_by_columns_is_the_real_case(day: str) -> None:
    from chronicle.cli.demo import bundled_case

    with ch.memory() as chronicle:
        chronicle.import_folder(bundled_case())
        log = chronicle._log
        plain = state_of(log.recorded(), date.fromisoformat(day), LATEST)
        quick = quick_state(log, date.fromisoformat(day), chronicle.head)
    assert state_table(quick).rows == state_table(plain).rows
