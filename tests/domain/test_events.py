"""Events are frozen, closed and checked: every field of every class, good and bad."""

from __future__ import annotations

import copy
import pickle
import pydoc
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chronicle.domain.events as ev
import strategies
from chronicle.domain.base import rules_of
from chronicle.domain.fields import MAX_COUNT, Day, rule_of
from chronicle.errors import BadField, Untrusted
from strategies import any_event, fields_of, steady

DAY = date(2024, 11, 27)
CONTROL = {"report_id": "r1", "source": "radio", "settlement": "alder"}
CONTROL |= {"valid_from": DAY}
FIGURE = {"report_id": "f1", "source": "un", "category": "displaced"}

# The least that each class takes; what it leaves out has a default.
LEAST: dict[type[ev.Event], dict[str, Any]] = {
    ev.SettlementRegistered: {"settlement": "alder", "name": "A", "lat": 1, "lon": 2},
    ev.RouteRegistered: {"settlement_a": "a", "settlement_b": "b", "distance_km": 3},
    ev.ActorRegistered: {"actor": "red", "name": "Red"},
    ev.SourceRegistered: {"source": "radio", "name": "Radio"},
    ev.ControlReported: CONTROL | {"controller": "red"},
    ev.DisplacementReported: FIGURE | {"measure": "stock", "valid_on": DAY},
    ev.IncidentReported: {
        **{"report_id": "i1", "source": "radio", "valid_from": DAY},
        **{"kind": "Armed clash"},
    },
    ev.SupportReported: {
        **{"report_id": "s1", "source": "radio", "valid_from": DAY},
        **{"backer": "A state", "backed": "red"},
    },
    ev.RouteStatusReported: {
        **{"report_id": "c1", "source": "radio", "valid_from": DAY},
        **{"settlement_a": "a", "settlement_b": "b", "shut": True},
    },
    ev.LegendReported: {
        **{"report_id": "l1", "source": "radio", "valid_from": DAY},
        **{"legend": "The map", "colour": "green", "means": "red's side"},
    },
    ev.ReportsLinked: {"report": "r1", "other": "r2", "relation": "disputes"},
    ev.ReportRetracted: {"report": "r1"},
    ev.ReportAmended: {"report": "r1", "changes": {"note": "x"}},
    ev.ReportRedacted: {"report": "r1"},
    ev.EvidenceExported: {
        "file": "court",
        "digest": "0" * 64,
        "events": 3,
        "root": "1" * 64,
    },
    ev.ImportFinished: {"file": "control.csv", "digest": "0" * 64},
}
CLASSES = list(LEAST)
each_class = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.TYPE)

# What each field may not hold, by the kind of field that it is.
TEXT = [7, b"x", "\x00", "a\u202eb", "\ud800"]
NAME = [*TEXT, "x" * 301, "two\nlines"]
TITLE = [*NAME, "", "  "]
IDENT = [*TEXT, "", "a b", "a\u200bb", "x" * 121, None]
DATETIMES = [datetime(2024, 11, 27, tzinfo=UTC), datetime(2024, 11, 27, 5, tzinfo=UTC)]
DAYS = [*DATETIMES, "27/11/2024", "2024-02-30", "2024-11-27T00:00", 20241127, ""]
COUNT = [-1, MAX_COUNT + 1, 1.5, True, "1"]
NUMBER_OF = [*COUNT, None]
FLAG = [0, 1, "yes", None]
NOTE = [*TEXT, "x" * 20_001, None]
DIGEST = ["0" * 63, "0" * 65, "G" * 64, "A" * 64, 7, None]
NUMBER = ["1", None, True, float("nan"), float("inf")]
WORD = ["no such word", None, 1, ["held"]]
CHANGES: list[Any] = [
    *({}, [], None, 7, "note", [("note",)], {"x": 1}, {7: "x"}),
    *({"source": "x"}, {"report_id": "x"}, {"dataset": "x"}, {"baseline": True}),
    *({"note": {"a": 1}}, {"note": b"x"}, {"aliases": [1]}),
    *({"valid_from": DATETIMES[0]}, {"valid_from": DATETIMES}),
    [("note", "x"), ("note", "y")],
]
BAD: dict[str, list[Any]] = {
    **dict.fromkeys(["actor", "backed", "other", "report", "report_id"], IDENT),
    **dict.fromkeys(["settlement", "settlement_a", "settlement_b", "source"], IDENT),
    **dict.fromkeys(["alleged_actor", "controller", "destination"], IDENT[:-1]),
    **dict.fromkeys(["from_actor", "origin"], IDENT[:-1]),
    **dict.fromkeys(["admin1", "admin1_pcode", "affiliation", "area"], NAME),
    **dict.fromkeys(["basis", "claimed_by", "counter", "dataset"], NAME),
    **dict.fromkeys(["geonames_id", "kind", "pcode", "road", "short"], NAME),
    **dict.fromkeys(["side", "support", "was"], NAME),
    **dict.fromkeys(["backer", "file", "legend", "means", "name"], TITLE),
    **dict.fromkeys(["note", "reason"], NOTE),
    "ref": [*TEXT, "x" * 2_001, "two\nlines"],
    **dict.fromkeys(["changed", "gone", "new", "problems"], NUMBER_OF),
    **dict.fromkeys(["events", "reports"], NUMBER_OF),
    **dict.fromkeys(["high", "low", "persons", "population"], COUNT),
    **dict.fromkeys(["injured", "injured_high", "injured_low"], COUNT),
    **dict.fromkeys(["killed", "killed_high", "killed_low"], COUNT),
    **dict.fromkeys(["aggregate", "baseline", "disputed", "shut"], FLAG),
    **dict.fromkeys(
        ["population_published", "published", "since", "until", "valid_on"], DAYS
    ),
    "valid_from": [*DAYS, None],
    "aliases": ["alder", [""], ["x" * 301], ["x"] * 201, None, {"a"}],
    "includes": ["r1", [""], ["a b"], ["x"] * 1_001, None],
    **dict.fromkeys(["category", "civilians", "measure", "precision"], WORD),
    **dict.fromkeys(["qualifier", "relation", "road_class", "sensitivity"], WORD),
    **dict.fromkeys(["status", "time_of_day"], WORD),
    "colour": ["green", "#00ff0", "#00ff000", "#00gg00", 7, None],
    "credibility": [0, 7, 1.0, True, "2"],
    "reliability": ["G", "a", "", 1],
    **dict.fromkeys(["digest", "root"], DIGEST),
    "distance_km": [*NUMBER, -0.1, 25_000.1],
    "lat": [*NUMBER, -90.1, 90.1],
    "lon": [*NUMBER, -180.1, 180.1],
    "changes": CHANGES,
}
OWN_BAD: dict[tuple[type[ev.Event], str], list[Any]] = {
    (ev.ControlReported, "kind"): [*WORD, "armed clash"],
    (ev.IncidentReported, "kind"): [*WORD, "armed clash", ""],
    (ev.IncidentReported, "settlement"): IDENT[:-1],
    (ev.DisplacementReported, "settlement"): IDENT[:-1],
    (ev.LegendReported, "colour"): TITLE,
    **{
        (kind, "report_id"): [*TEXT, "a b", "a\u200bb", "x" * 121, None]
        for kind in CLASSES
        if issubclass(kind, ev.Remark)
    },
}


def bad_values(kind: type[ev.Event], name: str) -> list[Any]:
    return OWN_BAD.get((kind, name), BAD[name])


def test_the_classes_tried_here_are_all_that_the_log_may_hold():
    assert {kind.TYPE: kind for kind in CLASSES} == ev.EVENTS
    assert len(ev.EVENTS) == len(CLASSES) == 16


def test_no_stored_name_of_an_event_ever_changes():
    assert sorted(ev.EVENTS) == [
        "actor-registered",
        "control-reported",
        "displacement-reported",
        "evidence-exported",
        "import-finished",
        "incident-reported",
        "legend-reported",
        "report-amended",
        "report-redacted",
        "report-retracted",
        "reports-linked",
        "route-registered",
        "route-status-reported",
        "settlement-registered",
        "source-registered",
        "support-reported",
    ]


@each_class
def test_nothing_of_the_least_of_an_event_can_be_left_out(kind):
    kind(**LEAST[kind])
    for name in LEAST[kind]:
        rest = {key: value for key, value in LEAST[kind].items() if key != name}
        with pytest.raises((TypeError, BadField)):
            kind(**rest)


@each_class
def test_the_fields_are_a_closed_set_given_by_name(kind):
    with pytest.raises(TypeError):
        kind(**LEAST[kind], unheard_of=1)
    with pytest.raises(TypeError):
        kind(*LEAST[kind].values())


@each_class
def test_every_bad_value_of_every_field_is_refused_by_event_field_and_value(kind):
    for f in fields(kind):
        for value in bad_values(kind, f.name):
            with pytest.raises(BadField) as refused:
                kind(**LEAST[kind] | {f.name: value})
            error = refused.value
            assert (error.event, error.field) == (kind.TYPE, f.name), value
            assert error.value == repr(value)[:200]
            assert error.rule
            assert error.exit_code == 3


@each_class
def test_a_bad_value_is_found_whatever_the_other_fields_hold(kind):
    @settings(steady, max_examples=40)
    @given(data=st.data(), values=fields_of(kind))
    def check(data: st.DataObject, values: dict[str, Any]) -> None:
        name = data.draw(st.sampled_from(sorted(values)))
        value = data.draw(st.sampled_from(bad_values(kind, name)))
        with pytest.raises(BadField) as refused:
            kind(**values | {name: value})
        assert refused.value.field == name

    check()


@each_class
def test_an_event_is_frozen_and_equal_to_its_copies(kind):
    @settings(steady, max_examples=40)
    @given(any_event(kind))
    def check(event: ev.Event) -> None:
        assert replace(event) == event  # its values are in their one form
        assert hash(replace(event)) == hash(event)
        assert copy.copy(event) == event
        assert pickle.loads(pickle.dumps(event)) == event
        for f in fields(event):
            with pytest.raises(FrozenInstanceError):
                setattr(event, f.name, getattr(event, f.name))
        assert not hasattr(event, "__dict__")

    check()


@each_class
def test_a_day_may_be_given_as_iso_text(kind):
    @settings(steady, max_examples=20)
    @given(fields_of(kind))
    def check(values: dict[str, Any]) -> None:
        as_text = {
            name: value.isoformat() if type(value) is date else value
            for name, value in values.items()
        }
        assert kind(**as_text) == kind(**values)

    check()


def test_every_field_that_holds_a_day_was_tried_with_a_time():
    days = {
        name
        for kind in CLASSES
        for name, rule in rules_of(kind).items()
        if rule.words.startswith("a day")
    }
    spans = {"since", "until", "valid_from", "valid_on"}
    assert days == {"population_published", "published", *spans}
    assert all(DATETIMES[0] in BAD[name] for name in days)


def refused(kind: type[ev.Event], field: str, **values: Any) -> str:
    with pytest.raises(BadField) as caught:
        kind(**LEAST[kind] | values)
    assert caught.value.field == field
    return caught.value.rule


# --- fields that contradict each other -------------------------------------------


@pytest.mark.parametrize("status", ev.STATUSES)
def test_some_statuses_name_a_controller_and_the_others_must_not(status):
    nameless = status in ("contested", "vacated", "unknown")
    right, wrong = (None, "red") if nameless else ("red", None)
    made = replace(
        ev.ControlReported(**CONTROL, controller="red"), status=status, controller=right
    )
    assert (made.controller, made.status) == (right, status)
    rule = refused(ev.ControlReported, "controller", status=status, controller=wrong)
    assert rule == f"status {status!r} has {'no' if nameless else 'a'} controller"


@pytest.mark.parametrize(
    "kind",
    [
        ev.ActorRegistered,
        ev.ControlReported,
        ev.DisplacementReported,
        ev.IncidentReported,
    ],
)
def test_a_span_holds_at_least_a_day(kind):
    kind(**LEAST[kind], since=DAY, until=date(2024, 11, 28))
    kind(**LEAST[kind], since=DAY)
    kind(**LEAST[kind], until=DAY)
    for until in (DAY, date(2024, 11, 26)):
        assert "half-open" in refused(kind, "until", since=DAY, until=until)


def test_a_route_is_shut_for_at_least_a_day():
    refused(ev.RouteStatusReported, "until", until=DAY)
    ev.RouteStatusReported(**LEAST[ev.RouteStatusReported], until=date(2024, 11, 28))


@pytest.mark.parametrize("kind", [ev.RouteRegistered, ev.RouteStatusReported])
def test_a_route_joins_two_settlements_whichever_comes_first(kind):
    assert "another settlement" in refused(kind, "settlement_b", settlement_b="a")
    there = kind(**LEAST[kind])
    back = kind(**LEAST[kind] | {"settlement_a": "b", "settlement_b": "a"})
    ids = {getattr(e, "key", None) or e.route for e in (there, back)}
    assert ids == {"a--b"} == {ev.route_id("b", "a")}


@pytest.mark.parametrize(
    ("kind", "low", "best", "high"),
    [
        (ev.DisplacementReported, "low", "persons", "high"),
        (ev.IncidentReported, "killed_low", "killed", "killed_high"),
        (ev.IncidentReported, "injured_low", "injured", "injured_high"),
    ],
)
def test_low_best_and_high_do_not_decrease(kind, low, best, high):
    kind(**LEAST[kind], **{low: 1, best: 1, high: 1})
    kind(**LEAST[kind], **{low: 1, high: 2})
    assert "must not decrease" in refused(kind, best, **{low: 2, best: 1})
    assert "must not decrease" in refused(kind, high, **{best: 2, high: 1})
    assert "must not decrease" in refused(kind, high, **{low: 2, high: 1})


def test_a_stock_has_a_day_and_a_flow_a_day_or_a_whole_span():
    stock = {"measure": "stock", "valid_on": None, "since": DAY, "until": "2024-12-01"}
    assert refused(ev.DisplacementReported, "valid_on", **stock)
    flow = {"measure": "flow", "valid_on": None}
    assert refused(ev.DisplacementReported, "valid_on", **flow)
    assert refused(ev.DisplacementReported, "valid_on", **flow, since=DAY)
    assert refused(ev.DisplacementReported, "valid_on", **flow, until=DAY)
    ev.DisplacementReported(**FIGURE, **flow, since=DAY, until="2024-12-01")
    ev.DisplacementReported(**FIGURE, measure="flow", valid_on=DAY)


def test_two_reports_are_linked_and_not_one_with_itself():
    assert refused(ev.ReportsLinked, "other", other="r1") == "must be another report"


# --- what an event says of itself ------------------------------------------------


def test_a_claim_says_from_which_day_it_is_so():
    for kind in CLASSES:
        if issubclass(kind, ev.Claim):
            assert kind(**LEAST[kind]).since_day == DAY


def test_a_flow_counts_on_the_day_as_of_which_it_was_counted():
    span = {"since": date(2024, 11, 1), "until": date(2024, 11, 8)}
    flow = ev.DisplacementReported(**FIGURE, measure="flow", **span)
    assert flow.since_day == date(2024, 11, 8)
    assert replace(flow, valid_on=DAY).since_day == DAY
    # Amendments can leave only a start, or nothing at all, and must still be readable.
    assert ev.with_changes(flow, [("until", None)]).since_day == date(2024, 11, 1)
    bare = ev.with_changes(flow, [("until", None), ("since", None)])
    assert bare.since_day == date.max


def test_reference_data_knows_its_key():
    keys = [
        kind(**LEAST[kind]).key for kind in CLASSES if issubclass(kind, ev.Reference)
    ]
    assert keys == ["alder", "a--b", "red", "radio"]


def test_what_is_no_kind_of_event_cannot_be_made_and_has_no_day_and_no_key():
    for abstract in (ev.Event, ev.Reference):
        with pytest.raises(TypeError, match=f"{abstract.__name__} is no event"):
            abstract()
    for abstract in (ev.Report, ev.Claim, ev.Remark):
        with pytest.raises(TypeError, match=f"{abstract.__name__} is no event"):
            abstract(report_id="r1", source="radio")
    with pytest.raises(TypeError, match="from which day"):
        _ = object.__new__(ev.Claim).since_day
    with pytest.raises(TypeError, match="what its key is"):
        _ = object.__new__(ev.Reference).key


def test_a_kind_that_was_not_entered_cannot_be_made():
    class Rumour(ev.ControlReported):
        pass

    with pytest.raises(TypeError, match="Rumour is no event that the log holds"):
        Rumour(**LEAST[ev.ControlReported])


def test_a_correction_is_the_editors_unless_somebody_else_is_named():
    assert ev.ReportRetracted(report="r1").source == ev.EDITOR == "editor"
    assert ev.ReportRetracted(report="r1", source="radio").source == "radio"


def test_every_word_of_a_vocabulary_stands_where_it_always_stood():
    assert ev.STATUSES[:4] == ("held", "contested", "shared", "besieged")
    assert ev.STATUSES[4:] == ("presence", "vacated", "unknown")
    assert ev.TIMES_OF_DAY == ("morning", "", "evening", "night")
    assert {"contested", "vacated", "unknown"} == ev.NAMELESS
    assert len(ev.INCIDENT_KINDS) == len(set(ev.INCIDENT_KINDS)) == 25  # as in ACLED
    assert set(ev.TERRITORY_KINDS) < set(ev.INCIDENT_KINDS)


def test_the_door_to_the_events_opens_to_each_name_that_it_lists():
    assert [name for name in ev.__all__ if not hasattr(ev, name)] == []
    assert len(set(ev.__all__)) == len(ev.__all__)


def test_every_field_has_one_rule_and_every_rule_a_field():
    used = {f.name for kind in CLASSES for f in fields(kind)}
    assert used == ev.FIELD_NAMES == set(BAD)


def test_a_field_means_the_same_wherever_it_stands_but_for_these():
    words: dict[str, set[str]] = {}
    for kind in CLASSES:
        for name, rule in rules_of(kind).items():
            words.setdefault(name, set()).add(rule.words.removesuffix(", or None"))
    several = {name for name, said in words.items() if len(said) > 1}
    assert several == {"colour", "kind", "report_id"}


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_help_tells_what_may_be_said_in_the_words_of_the_refusal(kind):
    help_ = pydoc.render_doc(kind, renderer=pydoc.plaintext)
    for name, rule in rules_of(kind).items():
        assert f"{name}: {rule.words}" in help_
        with pytest.raises(ValueError, match=r"^(must|is|holds|cannot)"):
            rule(object())


def test_a_field_without_a_rule_is_no_field():
    with pytest.raises(TypeError, match="has no rule"):
        rule_of(str)
    assert repr(rule_of(Day | None)) == "a day, YYYY-MM-DD, or None"


# --- amendments ------------------------------------------------------------------


def test_changes_are_kept_as_pairs_in_order_of_the_names_and_days_as_text():
    given_ = {"valid_from": DAY, "note": "x", "includes": ["r1"], "credibility": None}
    kept = (
        ("credibility", None),
        ("includes", ("r1",)),
        ("note", "x"),
        ("valid_from", "2024-11-27"),
    )
    event = ev.ReportAmended(report="r1", changes=given_)
    assert event.changes == kept
    assert ev.ReportAmended(report="r1", changes=kept) == event
    assert ev.ReportAmended(report="r1", changes=[list(pair) for pair in kept]) == event
    assert replace(event) == event


def test_an_amendment_fits_the_kind_of_report_that_it_amends():
    claim = ev.ControlReported(**CONTROL, controller="red")
    assert ev.amended(claim, [("valid_from", "2024-11-28")]) == {
        "valid_from": date(2024, 11, 28)
    }
    for name, value, rule in (
        ("persons", 5, "is no field that can be amended"),
        ("baseline", True, "is no field that can be amended"),
        ("report_id", "r2", "is no field that can be amended"),
        ("settlement", None, "must be text"),
        ("valid_from", "28 Nov", "must be a day, YYYY-MM-DD"),
        ("kind", "Battle", "must be one of"),
    ):
        with pytest.raises(BadField, match=f"control-reported.{name}: ") as caught:
            ev.amended(claim, [(name, value)])
        assert rule in caught.value.rule


def test_changes_are_laid_on_a_copy_and_believed():
    claim = ev.ControlReported(**CONTROL, controller="red")
    changed = ev.with_changes(
        claim, [("status", "contested"), ("published", "2024-12-01")]
    )
    assert claim.status == "held"
    assert (changed.controller, changed.status) == ("red", "contested")  # contradictory
    assert changed.published == date(2024, 12, 1)
    assert ev.with_changes(claim, []) == claim


@settings(steady, max_examples=60)
@given(st.data())
def test_laying_on_all_fields_of_another_report_makes_it_that_report(data):
    kind = data.draw(st.sampled_from([k for k in CLASSES if issubclass(k, ev.Claim)]))
    one, other = data.draw(any_event(kind)), data.draw(any_event(kind))
    changes = {
        f.name: getattr(other, f.name) for f in fields(kind) if f.name not in ev.FIXED
    }
    kept = ev.ReportAmended(report="r1", changes=changes).changes
    fixed = {name: getattr(one, name) for name in ev.FIXED if hasattr(one, name)}
    assert ev.with_changes(one, kept) == replace(other, **fixed)
    assert ev.amended(one, kept) == {name: getattr(other, name) for name in changes}


def test_the_strategies_know_every_field():
    assert set(strategies._ANY) == ev.FIELD_NAMES


def test_a_change_that_nobody_could_have_decided_on_is_not_laid_on() -> None:
    claim = ev.ControlReported(
        report_id="c", settlement="alder", controller="red", valid_from=DAY, source="s"
    )
    for changes in ((("persons", 3),), (("valid_from", "soon"),)):
        with pytest.raises(Untrusted, match="from outside"):
            ev.with_changes(claim, changes)
