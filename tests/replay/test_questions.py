"""Whatever is asked of a long log, columns and the plain fold give one answer."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chronicle as ch
import strategies
from chronicle.domain.cautions import facts_of
from chronicle.domain.incidents import incidents_table
from chronicle.domain.lenses import Lens, latest, parse_lens
from chronicle.domain.questions import Clocks, PlainQuestions
from chronicle.domain.state import references, state_of
from chronicle.domain.timeline import as_known, effective_claims
from chronicle.domain.views import displaced_table, history_table, why_table
from chronicle.errors import Conflict, InputError
from chronicle.replay import choosing, ledger, questions, spoken
from chronicle.replay import lenses as column_lenses
from chronicle.replay.questions import Questions
from chronicle.store.log import EventLog
from chronicle.store.memory import MemoryStore

LENSES = (
    *("latest", "graded", "majority", "source:radio", "source:paper", "source:nobody"),
    *("cautious", "cautious:0", "cautious:9"),
)
days = st.integers(-5, 12).map(lambda n: date(2024, 11, 25) + timedelta(days=n))


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few reports are many: several stretches, blocks and parts."""
    monkeypatch.setattr(choosing, "STRETCH", 1)
    monkeypatch.setattr(choosing, "FURTHER", 2)
    monkeypatch.setattr(choosing, "PART", 4)
    monkeypatch.setattr(spoken, "STRETCH", 1)
    monkeypatch.setattr(ledger, "BLOCK", 4)
    monkeypatch.setattr(questions, "BLOCK", 4)


def recorded(events: list[ch.Event], early: int) -> tuple[EventLog, Questions]:
    """A log, and its questions; index and ledger stand for its *early* first events.

    What no rule allows is left out.
    """
    log = EventLog(MemoryStore())
    asked = Questions(log)
    for number, event in enumerate(events):
        if number == early:
            asked.facts(log.store.head())
            asked.state(Clocks(date(2024, 12, 1), log.store.head()), "latest")
        with suppress(InputError, Conflict):
            log.append([event])
    return log, asked


def drawn(data: st.DataObject) -> tuple[EventLog, Questions]:
    """Whatever is invented."""
    events = data.draw(strategies.logs())
    return recorded(events, data.draw(st.integers(0, len(events))))


@pytest.mark.slow
@settings(max_examples=100)
@given(st.data())
def test_every_lens_and_clock_sees_by_columns_what_the_fold_sees(
    data: st.DataObject,
) -> None:
    log, asked = drawn(data)
    head = log.store.head()
    events = list(log.recorded())
    for _ in range(4):
        position = data.draw(st.just(head) | st.integers(0, head))
        on, lens = data.draw(days), data.draw(st.sampled_from(LENSES))
        by = data.draw(st.none() | days)
        plain = state_of(
            events, on, parse_lens(lens), known_at=position, published_by=by
        )
        quick = asked.state(Clocks(on, position, by), lens)
        assert quick.places == plain.places
        assert quick.references == plain.references
        assert quick.lens == plain.lens
        assert (quick.position, quick.published_by) == (position, by)
        assert quick.heard.other == plain.heard.other
        assert set(quick.links) <= set(plain.links)


def first_said(name: str) -> Lens:
    """A lens that looks back to the very first report, which no column knows."""
    return Lens("first", lambda reports, defaults: latest(reports[:1], defaults))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_lens_that_the_columns_do_not_know_is_given_all_reports(
    data: st.DataObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (questions, column_lenses):
        monkeypatch.setattr(module, "parse_lens", first_said)
    log, asked = drawn(data)
    events, on = list(log.recorded()), data.draw(days)
    plain = state_of(events, on, first_said(""))
    assert asked.state(Clocks(on, log.store.head(), None), "first").places == (
        plain.places
    )


@settings(max_examples=25)
@given(st.data())
def test_facts_and_references_by_columns_are_those_of_the_events(
    data: st.DataObject,
) -> None:
    log, asked = drawn(data)
    events = list(log.recorded())
    for position in range(len(events) + 1):
        prefix = list(as_known(events, position))
        assert asked.facts(position) == facts_of(prefix)
        assert asked.references(position) == references(prefix)


@st.composite
def crowded(draw: st.DrawFn) -> list[ch.Event]:
    """One place of which much is said, by few, of few days; and remarks on that."""
    events: list[ch.Event] = strategies.opening()
    claims = draw(st.integers(4, 18))
    few = st.sampled_from(strategies.DAYS)
    for n in range(claims):
        held = draw(st.sampled_from(["red", "red", "blue", None]))
        events.append(
            ch.ControlReported(
                report_id=f"c{n}",
                source=draw(strategies.source),
                settlement=draw(st.sampled_from(["alder", "alder", "alder", "birch"])),
                controller=held,
                status="held" if held else "contested",
                valid_from=draw(few),
                time_of_day=draw(st.sampled_from(["", "", "night"])),
                published=draw(st.none() | few),
                credibility=draw(st.sampled_from([None, 1, 3])),
                baseline=draw(st.integers(0, 5)) == 0,
            )
        )
    about = [f"c{n}" for n in range(claims)]
    for n in range(draw(st.integers(0, 8))):
        report = draw(st.sampled_from(about) | st.sampled_from(about[-3:]))
        own = {"report_id": f"m{n}", "published": draw(st.none() | few)}
        kind = draw(st.sampled_from(["retract", "retract", "amend", "link"]))
        if kind == "retract" or not report.startswith("c"):
            events.append(ch.ReportRetracted(report=report, **own))
        elif kind == "amend":
            changes = draw(
                st.sampled_from(
                    [
                        {"valid_from": draw(few)},
                        {"published": draw(st.none() | few)},
                        {"controller": "blue", "status": "held"},
                        {"settlement": "alder"},
                        {"settlement": "birch"},
                    ]
                )
            )
            events.append(ch.ReportAmended(report=report, changes=changes, **own))
        else:
            other = draw(st.sampled_from(about[:claims]))
            if other != report:
                events.append(
                    ch.ReportsLinked(
                        report=report, other=other, relation="disputes", **own
                    )
                )
        about.append(f"m{n}")
    return events


@pytest.mark.slow
@settings(max_examples=100)
@given(st.data())
def test_much_that_is_said_of_one_place_is_seen_as_the_fold_sees_it(
    data: st.DataObject,
) -> None:
    events = data.draw(crowded())
    log, asked = recorded(events, data.draw(st.integers(0, len(events))))
    head = log.store.head()
    plain = PlainQuestions(lambda upto: log.recorded(upto=upto))
    for _ in range(4):
        on = data.draw(st.sampled_from(strategies.DAYS))
        by = data.draw(st.none() | st.sampled_from(strategies.DAYS))
        clocks = Clocks(on, data.draw(st.just(head) | st.integers(0, head)), by)
        lens = data.draw(st.sampled_from(LENSES))
        assert asked.state(clocks, lens).places == plain.state(clocks, lens).places


@settings(max_examples=50)
@given(st.data())
def test_one_place_by_columns_is_told_as_of_the_whole_log(data: st.DataObject) -> None:
    events = data.draw(crowded() | strategies.logs())
    log, asked = recorded(events, data.draw(st.integers(0, len(events))))
    head = log.store.head()
    plain = PlainQuestions(lambda upto: log.recorded(upto=upto))
    lens = data.draw(st.sampled_from(LENSES))
    by = data.draw(st.none() | days)
    clocks = Clocks(data.draw(days), data.draw(st.integers(5, head)), by)
    for id_ in (*strategies.SETTLEMENTS, "nowhere"):
        tables = [
            history_table(id_, told, effective_claims(told, by), f"{asked_.knows(id_)}")
            for asked_ in (asked, plain)
            for told in [list(asked_.history(id_, clocks.position))]
        ]
        assert tables[0] == tables[1]
        states = [asked_.place(id_, clocks, lens) for asked_ in (asked, plain)]
        assert (id_ in states[0].places) == (id_ in states[1].places)
        if id_ in states[0].places:
            assert why_table(states[0], id_, tables[0]) == why_table(
                states[1], id_, tables[1]
            )


@settings(max_examples=30)
@given(st.data())
def test_figures_and_incidents_by_columns_are_those_of_the_fold(
    data: st.DataObject,
) -> None:
    log, asked = drawn(data)
    head = log.store.head()
    plain = PlainQuestions(lambda upto: log.recorded(upto=upto))
    for _ in range(3):
        position = data.draw(st.just(head) | st.integers(0, head))
        clocks = Clocks(data.draw(days), position, data.draw(st.none() | days))
        since = data.draw(st.none() | days)
        quick, told = asked.figures(clocks), plain.figures(clocks)
        assert quick.figures == told.figures
        assert displaced_table(quick, None) == displaced_table(told, None)
        quick, told = asked.incidents(clocks, since), plain.incidents(clocks, since)
        both = [incidents_table(one, since, None, None) for one in (quick, told)]
        assert both[0] == both[1]


@pytest.mark.parametrize(("report", "other"), [("new", "old"), ("old", "new")])
@pytest.mark.parametrize("early", [0, 99])
def test_a_report_long_past_disputes_the_one_that_decides(
    report: str, other: str, early: int
) -> None:
    told = [("old", "blue"), ("mid", "red"), ("late", "blue"), ("new", "red")]
    events: list[ch.Event] = strategies.opening()
    for day, (id_, actor) in enumerate(told, 1):
        events.append(
            ch.ControlReported(
                report_id=id_,
                source="radio",
                settlement="alder",
                controller=actor,
                valid_from=date(2024, 1, day),
            )
        )
    events.append(ch.ReportsLinked(report=report, other=other, relation="disputes"))
    log, asked = recorded(events, early)
    clocks = Clocks(date(2024, 1, 6), log.store.head())
    plain = PlainQuestions(lambda upto: log.recorded(upto=upto)).state(clocks, "latest")
    assert plain.places["alder"].disputed
    assert asked.state(clocks, "latest").places == plain.places
