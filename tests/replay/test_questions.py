"""Whatever is asked of a long log, columns and the plain fold give one answer."""

from __future__ import annotations

from collections.abc import Callable
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
from chronicle.domain.outline import outline_of
from chronicle.domain.questions import Asked, Clocks, PlainQuestions
from chronicle.domain.state import references, state_of
from chronicle.domain.table import Table
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


Set = Callable[[object, str, object], None]


def make_a_few_many(put: Set) -> None:
    """So that a few reports are many: several stretches, blocks and parts."""
    put(choosing, "STRETCH", 1)
    put(choosing, "FURTHER", 2)
    put(choosing, "PART", 4)
    put(spoken, "STRETCH", 1)
    put(ledger, "BLOCK", 4)
    put(questions, "BLOCK", 4)


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `make_a_few_many` sets, for one test."""
    make_a_few_many(monkeypatch.setattr)


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
        assert asked.outline(Clocks(on, position, by), lens) == outline_of(plain)


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
        assert asked.outline(clocks, lens) == plain.outline(clocks, lens)


@st.composite
def entangled(draw: st.DrawFn) -> list[ch.Event]:
    """A few reports of several kinds and places, many links between them, and remarks.

    Remarks speak of reports and of remarks, and come between the reports.
    """
    events: list[ch.Event] = strategies.opening()
    claims: list[str] = []
    remarks: list[str] = []
    few = st.sampled_from(strategies.DAYS[:3])
    for n in range(draw(st.integers(4, 16))):
        told = {"report_id": f"r{n}", "published": draw(st.none() | few)}
        step = draw(st.sampled_from(["claim", "link", "link", "remark"]))
        if len(claims) < 2 or step == "claim":
            source, place = draw(strategies.source), draw(strategies.place)
            kind = draw(st.sampled_from(["control", "control", "incident", "figure"]))
            where = {"settlement": place, "source": source}
            if kind == "control":
                held = {"controller": draw(strategies.actor), "valid_from": draw(few)}
                events.append(ch.ControlReported(**told, **where, **held))
            elif kind == "incident":
                what = {"kind": "Armed clash", "valid_from": draw(few)}
                events.append(ch.IncidentReported(**told, **where, **what))
            else:
                what = {"category": "displaced", "valid_on": draw(few)}
                events.append(
                    ch.DisplacementReported(**told, **where, measure="stock", **what)
                )
            claims.append(f"r{n}")
            continue
        if step == "link":
            report, other = draw(st.permutations(claims))[:2]
            relation = draw(st.sampled_from(["disputes", "same-change"]))
            link = {"report": report, "other": other, "relation": relation}
            events.append(ch.ReportsLinked(**told, **link))
        else:
            of = draw(st.sampled_from(claims) | st.sampled_from(remarks or claims))
            kind = draw(st.sampled_from(["retract", "retract", "retract", "redact"]))
            if kind == "retract" or of not in claims:
                events.append(ch.ReportRetracted(report=of, **told))
            else:
                events.append(ch.ReportRedacted(report=of, **told))
        remarks.append(f"r{n}")
    return events


@settings(max_examples=50)
@given(st.data())
def test_what_a_report_is_linked_with_is_told_of_any_kind(
    data: st.DataObject,
) -> None:
    events = data.draw(entangled())
    log, asked = recorded(events, data.draw(st.integers(0, len(events))))
    plain = PlainQuestions(lambda upto: log.recorded(upto=upto))
    head = log.store.head()
    position = data.draw(st.just(head) | st.integers(min(9, head), head))
    by = data.draw(st.none() | st.sampled_from(strategies.DAYS[:4]))
    clocks = Clocks(data.draw(st.sampled_from(strategies.DAYS[:4])), position, by)
    lens = data.draw(st.sampled_from(LENSES))
    assert asked.state(clocks, lens).places == plain.state(clocks, lens).places
    assert asked.outline(clocks, lens) == plain.outline(clocks, lens)
    for id_ in strategies.SETTLEMENTS:
        history, why = one_place(asked, id_, clocks, lens)
        assert (history, why) == one_place(plain, id_, clocks, lens)


def one_place(
    asked: Asked, settlement: str, clocks: Clocks, lens: str
) -> tuple[Table, Table | None]:
    """What `history` and `why` tell of a settlement."""
    told = list(asked.history(settlement, clocks.position))
    found = effective_claims(told, clocks.published_by)
    table = history_table(settlement, told, found, f"{asked.knows(settlement)}")
    state = asked.place(settlement, clocks, lens)
    if settlement not in state.places:
        return table, None
    return table, why_table(state, settlement, table)


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
        told = [one_place(asked_, id_, clocks, lens) for asked_ in (asked, plain)]
        assert told[0] == told[1]


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
