"""What may be added: each rule about the log, each refusal, and that twice is once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronicle.domain.decide import (
    Pending,
    changes_between,
    current,
    decide,
    stands,
)
from chronicle.domain.events import (
    ActorRegistered,
    ImportFinished,
    LegendReported,
    Redacted,
    Report,
    ReportAmended,
    ReportsLinked,
    RouteRegistered,
    RouteStatusReported,
    SettlementRegistered,
    SourceRegistered,
    SupportReported,
)
from chronicle.domain.timeline import effective_claims
from chronicle.errors import (
    BadField,
    ChronicleError,
    Conflict,
    InputError,
    UnknownId,
    UnknownReport,
)
from plain_log import PlainLog
from strategies import logs, opening, steady
from toys import amend, control, december, figure, incident, redact, retract

ROUTE = {"settlement_a": "alder", "settlement_b": "birch"}


def log_of(*events) -> PlainLog:
    """The places and parties of the toy world, and then *events*."""
    return PlainLog([*opening(), *events])


def link(report: str, other: str, report_id: str = "", **more) -> ReportsLinked:
    given_ = {"relation": "disputes"} | more
    return ReportsLinked(report=report, other=other, report_id=report_id, **given_)


# --- asking twice ----------------------------------------------------------------


@steady
@given(logs())
def test_asking_twice_adds_nothing(events):
    log = PlainLog()
    for event in events:
        log.append(event)
        if not isinstance(event, ImportFinished):
            assert decide(event, log) is None


@steady
@given(logs())
def test_telling_a_whole_log_again_adds_no_report(events):
    """Reports with ids add nothing again; what was redacted cannot be spoken of."""
    log = PlainLog(events)
    before = list(log.rows)
    for row in before:
        if isinstance(row.event, Report):
            told = None
            with suppress(InputError):
                told = log.append(row.event)
            assert told is None
    assert log.rows == before


def test_every_import_is_news():
    finished = ImportFinished(file="control.csv", digest="0" * 64)
    assert decide(finished, log_of(finished)) == finished


def test_reference_data_is_news_when_it_differs_from_the_last():
    alder = SettlementRegistered(settlement="alder", name="Alder", lat=36, lon=37)
    log = log_of()
    assert decide(alder, log) is None
    moved = replace(alder, lat=36.5)
    assert log.append(moved) == moved
    assert log.append(moved) is None
    assert log.append(alder) == alder  # back again is news too
    assert log.registered(SettlementRegistered, "alder") == alder


@steady
@given(logs(), st.data())
def test_what_is_pending_counts_like_what_is_recorded(events, data):
    """A batch that is decided on before any of it is recorded comes to the same."""
    cut = data.draw(st.integers(0, len(events)))
    log = PlainLog(events[:cut])
    pending = Pending(PlainLog(events[:cut]))
    for event in events[cut:]:
        decided = decide(event, pending)
        assert decided == log.append(event)
        if decided is not None:
            pending.add(decided)
    for row in log.rows:
        if isinstance(row.event, Report | Redacted):
            id_ = row.event.report_id
            assert pending.report(id_).event == row.event
            assert [r.event for r in pending.remarks_on(id_)] == [
                r.event for r in log.remarks_on(id_)
            ]
            assert stands(id_, pending) == stands(id_, log)


def test_what_is_pending_is_registered_and_suggestions_come_from_the_record():
    pending = Pending(log_of())
    cedar = SettlementRegistered(settlement="cedar", name="Cedar Hill", lat=1, lon=2)
    pending.add(cedar)
    assert pending.registered(SettlementRegistered, "cedar") == cedar
    assert pending.registered(SettlementRegistered, "alder") is not None
    assert pending.like(SettlementRegistered, "aldr") == ["alder"]


# --- names that must be there ----------------------------------------------------

TOLD = {"report_id": "r1", "source": "radio", "valid_from": december(1)}


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (control("r1", "red", 1, settlement="aldr"), "settlement"),
        (incident("r1", 1, settlement="aldr"), "settlement"),
        (figure("r1", 1, settlement="aldr"), "settlement"),
        (figure("r1", 1, origin="aldr"), "settlement"),
        (figure("r1", 1, destination="aldr"), "settlement"),
        (
            RouteStatusReported(
                settlement_a="aldr", settlement_b="birch", shut=True, **TOLD
            ),
            "settlement",
        ),
        (
            RouteStatusReported(
                settlement_a="birch", settlement_b="aldr", shut=True, **TOLD
            ),
            "settlement",
        ),
        (
            RouteRegistered(settlement_a="birch", settlement_b="aldr", distance_km=1),
            "settlement",
        ),
        (control("r1", "aldr", 1), "actor"),
        (control("r1", "red", 1, from_actor="aldr"), "actor"),
        (incident("r1", 1, alleged_actor="aldr"), "actor"),
        (SupportReported(backer="A state", backed="aldr", **TOLD), "actor"),
    ],
)
def test_a_name_that_is_not_registered_is_refused_with_the_nearest(event, kind):
    with pytest.raises(UnknownId) as refused:
        decide(event, log_of())
    assert (refused.value.kind, refused.value.name) == (kind, "aldr")
    nearest = ["alder"] if kind == "settlement" else []
    assert refused.value.candidates == nearest


def test_what_names_nobody_needs_nobody():
    log = PlainLog()
    legend = LegendReported(legend="The map", colour="red", means="x", **TOLD)
    assert log.append(legend) == legend
    assert log.append(incident("r2", 1, settlement=None))
    assert log.append(figure("r3", 1, settlement=None))
    assert log.append(SourceRegistered(source="wire", name="Wire"))
    assert log.append(ActorRegistered(actor="grey", name="Grey"))


def test_a_source_need_not_be_registered():
    assert log_of().append(control("r1", "red", 1, source="stranger"))


def test_what_is_no_event_is_refused():
    with pytest.raises(InputError, match="Redacted is no event that the log holds"):
        decide(Redacted("r1", "radio"), log_of())


# --- a report id is told once ----------------------------------------------------


def test_a_report_id_with_other_content_is_a_conflict_that_says_where():
    log = log_of(control("r1", "red", 1))
    assert log.append(control("r1", "red", 1)) is None
    for other in (control("r1", "blue", 1), incident("r1", 1), retract("r1", "r1")):
        with pytest.raises(Conflict, match=r"'r1' is in .* at position 10"):
            log.append(other)
    assert len(log.rows) == 10


def test_a_redacted_report_told_again_stays_away():
    log = log_of(control("r1", "red", 1), redact("r1"))
    assert log.append(control("r1", "red", 1)) is None
    assert log.append(control("r1", "blue", 9)) is None


# --- retraction ------------------------------------------------------------------


def test_a_retraction_gets_an_id_and_one_is_enough():
    log = log_of(control("r1", "red", 1))
    assert log.append(retract("r1")).report_id == "retract:r1"
    assert log.append(retract("r1")) is None
    assert log.append(retract("r1", "mine")).report_id == "mine"  # asked for by name
    assert log.append(retract("r1", "mine")) is None


def test_a_report_that_stands_again_can_be_retracted_again():
    log = log_of(control("r1", "red", 1), retract("r1"), retract("retract:r1"))
    assert stands("r1", log)
    assert not stands("retract:r1", log)
    assert log.append(retract("retract:r1")) is None
    assert log.append(retract("r1")).report_id == "retract:r1.2"
    assert log.append(retract("retract:r1.2")).report_id == "retract:retract:r1.2"
    assert log.append(retract("r1")).report_id == "retract:r1.3"


def test_a_chain_of_retractions_may_be_as_long_as_it_likes():
    log = log_of(control("r" * 120, "red", 1))
    id_ = "r" * 120
    for number in range(30):
        made = log.append(retract(id_))
        assert len(made.report_id) <= 120
        id_ = made.report_id
        assert stands("r" * 120, log) == (number % 2 == 1)
    assert len({row.event.report_id for row in log.rows[9:]}) == 31


def test_ids_that_are_cut_still_tell_long_ids_apart():
    ids = ["r" * 119 + end for end in "ab"]
    log = log_of(*(control(id_, "red", 1) for id_ in ids))
    made = [log.append(retract(id_)).report_id for id_ in ids]
    assert made[0] != made[1]
    assert [len(id_) for id_ in made] == [112, 112]
    assert log.append(retract(made[0])) is not None
    assert log.append(retract(ids[0])).report_id == f"{made[0]}.2"


def test_nothing_is_retracted_that_is_not_there_or_gone_for_good():
    log = log_of(control("r1", "red", 1), redact("r1"))
    with pytest.raises(UnknownReport, match="no report 'r9'"):
        log.append(retract("r9"))
    with pytest.raises(InputError, match="'r1' was redacted and counts no more"):
        log.append(retract("r1"))
    with pytest.raises(InputError, match=r"is a redaction: .* gone for good"):
        log.append(retract("redact:r1"))


# --- what stands -----------------------------------------------------------------


@steady
@given(logs())
def test_a_report_stands_unless_the_account_of_the_log_says_that_it_fell(events):
    log = PlainLog(events)
    fallen = effective_claims(log.rows).fallen
    for row in log.rows:
        if isinstance(row.event, Report):
            assert stands(row.event.report_id, log) == (
                row.event.report_id not in fallen
            )
        elif isinstance(row.event, Redacted):
            assert not stands(row.event.report_id, log)
    assert not stands("never told", log)


@steady
@given(logs())
def test_a_claim_is_now_what_the_account_of_the_log_says_it_is(events):
    log = PlainLog(events)
    for one in effective_claims(log.rows).standing:
        id_ = one.claim.report_id
        assert current(id_, log.report(id_).event, log) == one.claim


def test_what_is_said_of_a_redacted_remark_still_bears_on_nothing():
    log = log_of(control("r1", "red", 1), amend("r1", note="x"))
    log.append(retract("amend:r1"))
    log.append(redact("r1"))
    assert isinstance(log.report("amend:r1").event, Redacted)
    assert not stands("amend:r1", log)
    assert not stands("r1", log)
    assert stands("retract:amend:r1", log)


def test_remarks_that_go_round_in_a_ring_are_looked_at_once():
    """No log that was written here holds them; a forged one must not hang."""
    log = log_of(control("r1", "red", 1), retract("r1", "x1"), retract("x1", "x2"))
    log.rows.append(log.rows[-1]._replace(position=13, event=retract("x2", "x1")))
    log._targets[13] = "x2"
    assert stands("x1", log)


# --- amendment -------------------------------------------------------------------


def test_an_amendment_gets_an_id_and_one_that_changes_nothing_is_none():
    log = log_of(control("r1", "red", 1))
    assert log.append(amend("r1", note="x")).report_id == "amend:r1"
    assert log.append(amend("r1", note="x")) is None
    assert log.append(amend("r1", "mine", note="x")) is None
    assert log.append(amend("r1", "mine", note="y")).report_id == "mine"
    assert log.append(amend("r1", "mine", note="y")) is None
    assert log.append(amend("r1", note="x")).report_id == "amend:r1.2"
    with pytest.raises(Conflict):
        log.append(amend("r1", "mine", note="z"))


def test_an_amendment_starts_from_the_amendments_that_count():
    nobodys = amend("r1", status="contested", controller=None)
    log = log_of(control("r1", "red", 1), nobodys)
    with pytest.raises(BadField, match="controller"):
        log.append(amend("r1", controller="blue"))
    log.append(retract("amend:r1"))
    assert log.append(amend("r1", controller="blue")) is not None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"valid_from": "31 Dec"}, BadField),
        ({"persons": 5}, BadField),
        ({"controller": None}, BadField),
        ({"since": "2024-12-05", "until": "2024-12-05"}, BadField),
        ({"settlement": "aldr"}, UnknownId),
        ({"controller": "nobody"}, UnknownId),
    ],
)
def test_an_amendment_that_does_not_fit_is_refused(changes, error):
    log = log_of(control("r1", "red", 1))
    with pytest.raises(error):
        log.append(ReportAmended(report="r1", changes=changes))
    assert len(log.rows) == 10


def test_only_claims_are_amended_redacted_and_linked():
    log = log_of(control("r1", "red", 1), control("r2", "red", 1), retract("r1"))
    for deed, made in (
        ("amend", amend("retract:r1", note="x")),
        ("redact", redact("retract:r1")),
        ("link", link("retract:r1", "r1")),
        ("link", link("r1", "retract:r1")),
    ):
        with pytest.raises(InputError, match=f"remark .*: {deed} the report"):
            log.append(made)
    log.append(redact("r2"))
    for made in (amend("r2", note="x"), link("r2", "r1"), link("r1", "r2")):
        with pytest.raises(InputError, match="'r2' was redacted: nothing to"):
            log.append(made)
    unheard = amend("r9", note="x"), redact("r9"), link("r9", "r1"), link("r1", "r9")
    for made in unheard:
        with pytest.raises(UnknownReport, match="'r9'"):
            log.append(made)


# --- redaction -------------------------------------------------------------------


def test_a_redaction_says_what_it_took_away_and_is_made_once():
    log = log_of(control("r1", "red", 1), figure("f1", 5))
    made = log.append(redact("r1"))
    assert (made.report_id, made.was) == ("redact:r1", "control-reported")
    assert log.append(redact("f1", "mine")).was == "displacement-reported"
    assert log.append(redact("r1")) is None
    assert log.append(redact("f1", "mine")) is None
    with pytest.raises(Conflict):
        log_of(control("r1", "red", 1), figure("x", 1)).append(redact("r1", "x"))


def test_a_redaction_whose_id_was_told_with_the_same_words_adds_nothing():
    """In a log that kept the payload, whatever the reason."""
    log = log_of(control("r1", "red", 1))
    made = replace(redact("r1", "x1"), was="control-reported")
    log.append(made)
    log.rows[9] = log.rows[9]._replace(event=control("r1", "red", 1))
    assert decide(made, log) is None


def test_a_redaction_that_is_pending_is_one_already():
    told = control("r1", "red", 1), control("r2", "red", 1), amend("r1", note="x")
    log = log_of(*told)
    pending = Pending(log)
    pending.add(decide(amend("r1", note="y"), pending))
    pending.add(decide(redact("r1"), pending))
    assert decide(redact("r1"), pending) is None
    for id_ in ("r1", "amend:r1", "amend:r1.2"):
        assert isinstance(pending.report(id_).event, Redacted)
    for made in (amend("r1", note="z"), retract("r1"), link("r2", "r1")):
        with pytest.raises(InputError, match="was redacted"):
            decide(made, pending)
    assert not stands("r1", pending)


def test_what_was_never_told_can_be_redacted_in_no_batch():
    pending = Pending(log_of())
    pending.add(redact("r1", "x1"))  # believed, as a fold believes
    assert pending.report("r1") is None


# --- links -----------------------------------------------------------------------


def test_a_link_is_made_once_however_often_it_is_asked_for():
    log = log_of(control("r1", "red", 1), control("r2", "blue", 1))
    assert log.append(link("r1", "r2")).report_id == "r1:disputes:r2"
    assert log.append(link("r1", "r2")) is None
    assert log.append(link("r1", "r2", relation="same-change")) is not None
    assert log.append(link("r1", "r2", "mine")).report_id == "mine"
    assert log.append(link("r1", "r2", "mine")) is None


def test_a_link_that_was_taken_back_can_be_made_again_once():
    log = log_of(control("r1", "red", 1), control("r2", "blue", 1), link("r1", "r2"))
    log.append(retract("r1:disputes:r2"))
    assert log.append(link("r1", "r2")).report_id == "r1:disputes:r2.2"
    assert log.append(link("r1", "r2")) is None


# --- two tellings of one report --------------------------------------------------


def test_two_tellings_differ_in_what_an_amendment_would_change():
    before = control("r1", "red", 1, note="x")
    after = control("r1", "blue", 2, dataset="other")
    changes = changes_between(before, after)
    assert changes == {"controller": "blue", "valid_from": "2024-12-02", "note": ""}
    assert changes_between(before, before) == {}
    log = log_of(before, ReportAmended(report="r1", changes=changes))
    (one,) = effective_claims(log.rows).standing
    assert one.claim == replace(after, dataset="")
    undated = control("r1", "red", 1, published=date(2024, 12, 1))
    assert changes_between(undated, replace(undated, published=None)) == {
        "published": None
    }


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (incident("r1", 1), "is a control-reported in the log and a incident-reported"),
        (control("r1", "red", 1, source="paper"), "the source 'radio' in the log and"),
        (control("r1", "red", 1, baseline=True), "the baseline False in the log and"),
        (control("r2", "red", 1), "the report_id 'r1' in the log and 'r2' here"),
    ],
)
def test_what_no_amendment_can_change_is_a_conflict(after, words):
    with pytest.raises(Conflict, match=words):
        changes_between(control("r1", "red", 1), after)


def test_a_refusal_is_always_one_of_ours():
    assert issubclass(UnknownId, ChronicleError)
    with pytest.raises(ChronicleError) as refused:
        log_of().append(link("r1", "r2"))
    assert refused.value.exit_code == 3
