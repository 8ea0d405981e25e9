"""Which reports count: the two clocks, the order of a day, what falls and stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chronicle.domain.events import (
    Claim,
    Redacted,
    Report,
    ReportRedacted,
    ReportRetracted,
    ReportsLinked,
)
from chronicle.domain.timeline import (
    RecordedEvent,
    as_known,
    as_of,
    effective_claims,
    order,
    published_by_then,
)
from plain_log import PlainLog, moment
from strategies import FAR_DAYS, day, logs, recorded, steady
from toys import amend, control, december, ids, incident, logged, redact, retract

# --- the order of claims ---------------------------------------------------------


def test_a_day_runs_from_morning_over_unstated_and_evening_to_night():
    times = ["night", "", "morning", "evening"]
    log = logged(*(control(f"r-{t}", "red", 2, time_of_day=t) for t in times))
    said = [one.claim.time_of_day for one in as_of(log, december(2))]
    assert said == ["morning", "", "evening", "night"]


def test_the_day_goes_before_the_hour_and_the_hour_before_the_position():
    log = logged(
        control("late", "red", 3, time_of_day="morning"),
        control("night", "red", 2, time_of_day="night"),
        control("first", "red", 2),
        control("second", "red", 2),
    )
    assert ids(as_of(log, december(3))) == ["first", "second", "night", "late"]


def test_a_claim_without_an_hour_stands_where_the_unstated_ones_do():
    log = logged(
        incident("i1", 2, time_of_day="evening"),
        control("r1", "red", 2, time_of_day="morning"),
    )
    support = replace(log[1].event, report_id="r2", time_of_day="")
    log += [RecordedEvent(3, moment(3), support)]
    assert ids(as_of(log, december(2))) == ["r1", "r2", "i1"]


@steady
@given(logs())
def test_the_order_is_total_and_no_two_claims_share_a_place_in_it(events):
    found = effective_claims(recorded(events)).standing
    assert len({order(one) for one in found}) == len(found)


@steady
@given(logs(), st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_how_claims_were_shuffled(events, random):
    found = list(effective_claims(recorded(events)).standing)
    right = sorted(found, key=order)
    random.shuffle(found)
    assert sorted(found, key=order) == right


# --- what was known --------------------------------------------------------------


def test_what_was_known_is_a_prefix_by_position():
    log = logged(*(control(f"r{n}", "red", n) for n in (1, 2, 3)))
    assert list(as_known(log)) == log
    assert list(as_known(log, 2)) == log[:2]
    assert list(as_known(log, 0)) == []
    assert list(as_known(log, 99)) == log


def test_what_was_known_at_a_moment_includes_what_was_recorded_at_it():
    log = logged(*(control(f"r{n}", "red", n) for n in (1, 2, 3, 4)))
    assert [moment(n) for n in (2, 3)] == [moment(2)] * 2  # two at one moment
    assert list(as_known(log, moment(2))) == log[:3]
    assert list(as_known(log, moment(2) - timedelta(microseconds=1))) == log[:1]
    assert list(as_known(log, moment(0) - timedelta(days=1))) == []


def test_nothing_is_read_behind_the_prefix():
    def log():
        yield from logged(control("r1", "red", 1), control("r2", "red", 2))
        raise AssertionError("read too far")

    assert len(list(as_known(log(), 1))) == 1


@steady
@given(logs(), st.data())
def test_what_was_known_never_changes_but_for_what_a_redaction_takes_away(events, data):
    """Whatever is appended, each earlier position holds what it held, with this one
    exception: the redacted report, and the remarks made on it, whenever they were made,
    are `Redacted` with the same id and source."""
    cut = data.draw(st.integers(0, len(events)))
    before, log = PlainLog(events[:cut]), PlainLog(events)
    later = log.rows[len(before.rows) :]
    redacted = {r.event.report for r in later if isinstance(r.event, ReportRedacted)}
    for held, holds in zip(
        before.rows, as_known(log.rows, len(before.rows)), strict=True
    ):
        event = held.event
        about = {getattr(event, "report_id", None), getattr(event, "report", None)}
        if isinstance(event, Report) and about & redacted:
            assert holds == held._replace(event=Redacted(event.report_id, event.source))
        else:
            assert holds == held


@steady
@given(logs(without=["redaction"]), st.data())
def test_what_stood_never_changes_by_what_is_appended(events, data):
    before = recorded(events[: data.draw(st.integers(0, len(events)))])
    after = as_known(recorded(events), len(before))
    assert effective_claims(after) == effective_claims(before)


@steady
@given(logs(), st.data())
def test_after_a_redaction_the_past_is_as_if_it_had_never_been_told(events, data):
    """Of the prefix that was known, just the redacted reports and the remarks on them
    are missing; whatever else stood, stands at the same position."""
    cut = data.draw(st.integers(0, len(events)))
    before, log = PlainLog(events[:cut]), PlainLog(events)
    gone = {r.event.report_id for r in log.rows if isinstance(r.event, Redacted)}
    kept = [
        row for row in before.rows if getattr(row.event, "report_id", None) not in gone
    ]
    now, then = (
        effective_claims(as_known(log.rows, len(before.rows))),
        effective_claims(kept),
    )
    assert now.standing == then.standing
    assert now.links == then.links


# --- what the source clock lets through ------------------------------------------


def test_a_report_counts_from_the_day_on_which_it_was_published():
    report = control("r1", "red", 1, published=december(3))
    assert not published_by_then(report, december(2))
    assert published_by_then(report, december(3))
    assert published_by_then(report, None)


def test_a_report_without_a_date_stays_out_but_a_baseline_stays_in():
    assert not published_by_then(control("r1", "red", 1), date.max)
    assert not published_by_then(incident("i1", 1), date.max)
    assert published_by_then(control("r1", "red", 1, baseline=True), date.min)
    dated = control("r1", "red", 1, baseline=True, published=december(3))
    assert not published_by_then(dated, december(2))


def test_a_remark_without_a_date_always_holds_and_one_with_a_date_waits():
    assert published_by_then(retract("r1"), date.min)
    dated = retract("r1", published=december(3))
    assert not published_by_then(dated, december(2))
    told = control("r1", "red", 1, published=december(1))
    log = logged(told, replace(dated, report_id="x"))
    assert ids(effective_claims(log, december(2)).standing) == ["r1"]
    assert ids(effective_claims(log, december(3)).standing) == []


def test_of_an_amended_date_of_publication_the_amended_one_decides():
    told = control("r1", "red", 1, published=december(5))
    log = logged(told, amend("r1", "a1", published=december(2)))
    assert ids(effective_claims(log, december(2)).standing) == ["r1"]
    assert ids(effective_claims(log[:1], december(2)).standing) == []
    late = logged(told, amend("r1", "a1", published=december(8)))
    assert ids(effective_claims(late, december(5)).standing) == []


def test_an_amendment_waits_for_its_own_date_of_publication():
    told = control("r1", "red", 1, published=december(1))
    log = logged(told, amend("r1", "a1", controller="blue", published_on=december(4)))
    held = [
        effective_claims(log, december(n)).standing[0].claim.controller
        for n in (1, 3, 4, 5)
    ]
    assert held == ["red", "red", "blue", "blue"]


# --- what falls and what stands --------------------------------------------------


def test_a_retracted_report_falls_and_stands_again_when_that_is_retracted():
    log = logged(
        control("r1", "red", 1),
        retract("r1", "x1"),
        retract("x1", "x2"),
        retract("x2", "x3"),
        retract("x3", "x4"),
    )
    standing = [
        ids(effective_claims(as_known(log, n)).standing) for n in (1, 2, 3, 4, 5)
    ]
    assert standing == [["r1"], [], ["r1"], [], ["r1"]]
    assert effective_claims(log[:4]).fallen == {"r1": "x1", "x2": "x3"}
    assert effective_claims(log).fallen == {"x1": "x2", "x3": "x4"}


def test_a_report_retracted_twice_stands_only_when_both_are_taken_back():
    log = logged(
        control("r1", "red", 1),
        retract("r1", "x1"),
        retract("r1", "x2"),
        retract("x1", "y1"),
        retract("x2", "y2"),
    )
    assert ids(effective_claims(as_known(log, 4)).standing) == []
    assert effective_claims(as_known(log, 3)).fallen == {
        "r1": "x2"
    }  # the newest fells it
    assert ids(effective_claims(log).standing) == ["r1"]


def test_a_redaction_is_final_whoever_published_what():
    log = logged(control("r1", "red", 1), redact("r1", "x1"), retract("x1", "x2"))
    assert effective_claims(log).fallen == {"x1": "x2", "r1": "x1"}
    assert ids(effective_claims(log).standing) == []
    later = replace(redact("r1", "x1"), published=date(2031, 1, 1))
    told = control("r1", "red", 1, published=december(1))
    assert ids(effective_claims(logged(told, later), december(1)).standing) == []


def test_a_redacted_place_in_the_log_tells_nothing():
    log = logged(Redacted("r1", "radio"), redact("r1", "x1"), control("r2", "red", 1))
    assert ids(effective_claims(log).standing) == ["r2"]


def test_amendments_are_laid_on_in_log_order_and_keep_the_place_of_the_report():
    log = logged(
        control("r1", "red", 1),
        amend("r1", "a1", controller="blue", note="first"),
        control("r2", "green", 1),
        amend("r1", "a2", controller="green"),
    )
    (one, two) = effective_claims(log).standing
    assert (one.claim.controller, one.claim.note) == ("green", "first")
    assert (one.position, one.recorded_at) == (1, moment(1))
    assert one.amendments == ("a1", "a2")
    assert order(one) < order(two)
    assert log[0].event.controller == "red"


@pytest.mark.parametrize("taken_back", [(), ("a1",), ("a2",), ("a1", "a2")])
def test_an_amendment_that_is_retracted_changes_nothing(taken_back):
    log = logged(
        control("r1", "red", 1),
        amend("r1", "a1", controller="blue", note="first"),
        amend("r1", "a2", controller="green", valid_from=december(5)),
        *(retract(report, f"x:{report}") for report in taken_back),
    )
    said = {
        (): ("green", "first", december(5)),
        ("a1",): ("green", "", december(5)),
        ("a2",): ("blue", "first", december(1)),
        ("a1", "a2"): ("red", "", december(1)),
    }
    (one,) = effective_claims(log).standing
    claim = one.claim
    assert (claim.controller, claim.note, claim.valid_from) == said[taken_back]


def test_an_amendment_that_moves_the_day_moves_the_report():
    log = logged(control("r1", "red", 1), amend("r1", "a1", valid_from=december(5)))
    assert ids(as_of(log, december(4))) == []
    assert ids(as_of(log, december(5))) == ["r1"]
    assert ids(as_of(as_known(log, 1), december(4))) == ["r1"]


def test_a_link_counts_until_it_is_retracted_and_no_sooner_than_published():
    link = ReportsLinked(
        **{"report_id": "l1", "report": "r1", "other": "r2", "relation": "disputes"},
        published=december(3),
    )
    log = logged(control("r1", "red", 1), control("r2", "blue", 1), link)
    assert effective_claims(log).links == (link,)
    assert effective_claims(log, december(2)).links == ()
    log = logged(*(row.event for row in log), retract("l1", "x1"))
    assert effective_claims(log).links == ()


def test_links_are_in_log_order():
    both = [
        ReportsLinked(report_id=f"l{n}", report="r1", other="r2", relation="disputes")
        for n in (1, 2)
    ]
    assert effective_claims(logged(*both)).links == tuple(both)


@steady
@given(logs(), st.data())
def test_to_retract_and_to_take_that_back_changes_nothing(events, data):
    log = PlainLog(events)
    before = effective_claims(log.rows)
    assume(before.standing)
    felled = data.draw(st.sampled_from(ids(before.standing)))
    first = log.append(ReportRetracted(report=felled))
    assert ids(effective_claims(log.rows).standing) == [
        one for one in ids(before.standing) if one != felled
    ]
    log.append(ReportRetracted(report=first.report_id))
    assert effective_claims(log.rows).standing == before.standing
    assert effective_claims(log.rows).links == before.links


# --- the cut through the world ---------------------------------------------------


@steady
@given(logs(), day, st.none() | day)
def test_upto_gives_in_order_just_what_stands_and_is_dated_by_then(events, on, by):
    log = recorded(events)
    found = as_of(log, on, by)
    assert found == sorted(found, key=order)
    dated = {
        s.position
        for s in effective_claims(log, by).standing
        if s.claim.since_day <= on
    }
    assert {one.position for one in found} == dated
    assert all(isinstance(one.claim, Claim) for one in found)


@steady
@given(logs())
def test_what_is_dated_in_the_future_counts_on_its_day_and_not_before(events):
    log = recorded(events)
    far = max(FAR_DAYS)
    early = as_of(log, far - timedelta(days=1))
    assert [s for s in as_of(log, far) if s.claim.since_day < far] == early


def test_the_order_in_which_late_reports_come_in_matters_only_for_ties():
    claims = [control(f"r{day_}", "red", day_) for day_ in (1, 2, 3)]
    for shuffled in permutations(claims):
        assert ids(as_of(logged(*shuffled), december(9))) == ["r1", "r2", "r3"]
