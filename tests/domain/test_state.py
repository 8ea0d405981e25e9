"""The state of a day: the fold, the plain rule beside it, and what a state tells."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from chronicle.domain.events import (
    ActorRegistered,
    ControlReported,
    Event,
    LegendReported,
    Redacted,
    ReportAmended,
    ReportRetracted,
    ReportsLinked,
    RouteRegistered,
    RouteStatusReported,
    SettlementRegistered,
    SourceRegistered,
    SupportReported,
)
from chronicle.domain.lenses import parse_lens
from chronicle.domain.state import (
    ControlChange,
    Evidence,
    State,
    best_grade,
    diff,
    fold,
    judge,
    places_of,
    references,
    state_of,
)
from chronicle.domain.timeline import as_known, as_of, effective_claims
from plain_log import PlainLog
from strategies import SETTLEMENTS, day, logs, recorded, steady
from toys import (
    amend,
    control,
    december,
    figure,
    ids,
    incident,
    logged,
    redact,
    retract,
)

LATEST = parse_lens("latest")


def place(id_: str, **more: object) -> SettlementRegistered:
    return SettlementRegistered(settlement=id_, name=id_, lat=1, lon=2, **more)


def see(*events: Event, on: int = 9, lens: str = "latest", **clocks: object) -> State:
    """The state of alder and birch after *events*, at the end of that December day."""
    log = logged(place("alder"), place("birch"), *events)
    return state_of(log, december(on), parse_lens(lens), **clocks)


# --- the plain rule --------------------------------------------------------------


def plain(log, on, known_at, by):
    """Who holds each settlement, and how: of the reports that stand, the one with the
    latest day, then time of day, then position. Written without the ground floor."""
    told = [row for row in log if row.position <= known_at]

    def hidden(published, undated):
        return by is not None and (undated if published is None else published > by)

    def remarks(kind, id_):
        said = [row.event for row in told if type(row.event) is kind]
        return [e for e in said if e.report == id_ and not hidden(e.published, False)]

    def falls(id_):
        return any(not falls(e.report_id) for e in remarks(ReportRetracted, id_))

    found = {id_: [((date.min,), (None, "unknown"))] for id_ in SETTLEMENTS}
    for position, _, event in told:
        if type(event) is not ControlReported or falls(event.report_id):
            continue
        said = {name: getattr(event, name) for name in FIELDS}
        for change in remarks(ReportAmended, event.report_id):
            said |= {} if falls(change.report_id) else dict(change.changes)
        valid_from = date.fromisoformat(str(said["valid_from"]))
        published = said["published"] and date.fromisoformat(str(said["published"]))
        hour = ["morning", "", "evening", "night"].index(said["time_of_day"])
        if valid_from <= on and not hidden(published, not event.baseline):
            named = said["status"] not in ("contested", "vacated", "unknown")
            side = said["controller"] if named else None, said["status"]
            found[said["settlement"]].append(((valid_from, hour, position), side))
    return {id_: max(sides, key=lambda one: one[0])[1] for id_, sides in found.items()}


FIELDS = [
    *("settlement", "controller", "status"),
    *("valid_from", "time_of_day", "published"),
]


@steady
@given(logs(), day, st.none() | day, st.data())
def test_the_state_is_what_the_plain_rule_says(events, on, by, data):
    log = recorded(events)
    at = data.draw(st.integers(9, len(log)))
    state = state_of(log, on, LATEST, known_at=at, published_by=by)
    said = {id_: (one.control, one.status) for id_, one in state.places.items()}
    assert said == plain(log, on, at, by)
    assert state.control == {id_: side[0] for id_, side in said.items()}
    assert state.status == {id_: side[1] for id_, side in said.items()}
    assert (state.on, state.published_by, state.lens) == (on, by, "latest")
    assert state.position == at


# --- the fold --------------------------------------------------------------------


@steady
@given(logs(), day, st.data())
def test_folding_in_two_parts_is_folding_in_one(events, on, data):
    standing = as_of(recorded(events), on)
    cut = data.draw(st.integers(0, len(standing)))
    first = fold(standing[:cut])
    kept = fold(standing[:cut])
    assert fold(standing[cut:], first) == fold(standing)
    assert first == kept  # the start is left as it was


@steady
@given(logs(), day, st.none() | day)
def test_the_state_is_the_fold_over_the_cuts_of_the_log(events, on, by):
    """The line that is the meaning of the program, written out."""
    log = recorded(events)
    heard = fold(as_of(as_known(log), on, by))
    places = references(log).settlements
    said = {id_: LATEST(heard.control.get(id_, ()), {}) for id_ in places}
    state = state_of(log, on, LATEST, published_by=by)
    assert {id_: one.verdict for id_, one in state.places.items()} == said
    assert state.heard == heard


@steady
@given(logs(without=["redaction"]), day, st.none() | day, st.data())
def test_a_state_as_known_then_never_changes(events, on, by, data):
    before = recorded(events[: data.draw(st.integers(0, len(events)))])
    for lens in map(parse_lens, ("latest", "graded", "majority", "cautious")):
        then = state_of(before, on, lens, published_by=by)
        after = recorded(events)
        assert then == state_of(after, on, lens, known_at=len(before), published_by=by)


@steady
@given(logs(), day, st.data())
def test_a_redaction_changes_the_past_as_if_its_report_had_not_been(events, on, data):
    before = PlainLog(events[: data.draw(st.integers(0, len(events)))]).rows
    log = recorded(events)
    gone = {row.position for row in log if isinstance(row.event, Redacted)}
    kept = [row for row in before if row.position not in gone]
    now = state_of(log, on, LATEST, known_at=len(before))
    then = state_of(kept, on, LATEST)
    assert (now.places, now.heard, now.links) == (then.places, then.heard, then.links)


def test_the_fold_of_nothing_is_nothing_heard():
    assert fold([]) == Evidence()
    state = state_of([], december(1), LATEST)
    assert (state.places, state.position) == ({}, 0)


def test_everything_that_is_told_is_heard_under_its_own_head():
    told = {"source": "radio", "valid_from": december(1)}
    closure = RouteStatusReported(
        report_id="c1", settlement_a="birch", settlement_b="alder", shut=True, **told
    )
    support = SupportReported(report_id="s1", backer="A state", backed="red", **told)
    legend = LegendReported(
        report_id="l1", legend="The map", colour="red", means="blue", **told
    )
    state = see(
        *(control("r1", "red", 1), figure("f1", 5), incident("i1", 1)),
        *(closure, support, legend),
    )
    heard = state.heard
    assert {id_: ids(reports) for id_, reports in heard.control.items()} == {
        "alder": ["r1"]
    }
    assert {id_: ids(reports) for id_, reports in heard.routes.items()} == {
        "alder--birch": ["c1"]
    }
    assert [ids(heard.figures), ids(heard.incidents)] == [["f1"], ["i1"]]
    assert [ids(heard.support), ids(heard.legends)] == [["s1"], ["l1"]]


# --- when a place was last heard of ----------------------------------------------


def last_heard(*events: Event, on: int = 9) -> tuple[date | None, date | None]:
    state = see(*events, on=on)
    return state.places["alder"].last_heard, state.places["birch"].last_heard


def test_a_place_that_nobody_spoke_of_was_never_heard_of():
    assert last_heard() == (None, None)
    assert last_heard(control("r1", "red", 1, baseline=True)) == (None, None)


def test_a_place_is_heard_of_in_whatever_is_said_of_it():
    assert last_heard(control("r1", "red", 2)) == (december(2), None)
    assert last_heard(incident("i1", 3)) == (december(3), None)
    assert last_heard(incident("i1", 3, settlement=None)) == (None, None)
    assert last_heard(figure("f1", 5)) == (december(1), None)
    # Who fled from a place or to it was counted elsewhere: no word from the place.
    fled = figure("f1", 5, origin="alder", destination="birch", settlement=None)
    assert last_heard(fled) == (None, None)
    closure = RouteStatusReported(
        **{"report_id": "c1", "source": "radio", "valid_from": december(4)},
        **{"settlement_a": "alder", "settlement_b": "birch", "shut": False},
    )
    assert last_heard(closure, control("r1", "red", 2)) == (december(4), december(4))


def test_what_is_retracted_or_yet_to_come_was_not_heard():
    late = control("r1", "red", 2), control("r2", "red", 8)
    assert last_heard(*late, on=7)[0] == december(2)
    assert last_heard(*late, retract("r2", "x"))[0] == december(2)


# --- disputes --------------------------------------------------------------------


def test_another_source_of_the_same_day_and_hour_disputes():
    first = control("r1", "red", 2)
    other = control("r2", "blue", 2, source="paper")
    assert see(first, other).places["alder"].disputed
    assert see(first, other).control["alder"] == "blue"
    for calm in (
        control("r2", "blue", 2),  # the same source mends itself
        control("r2", "red", 2, source="paper"),  # agrees
        control("r2", "blue", 3, source="paper"),  # a later change
        control("r2", "blue", 2, source="paper", time_of_day="night"),
    ):
        assert not see(first, calm).places["alder"].disputed
    base = control("r0", "blue", 2, source="paper", baseline=True)
    assert not see(base, first).places["alder"].disputed
    assert not see().places["alder"].disputed


def test_a_linked_dispute_counts_both_ways_as_long_as_both_stand():
    reports = control("r1", "red", 2), control("r2", "blue", 5, source="paper")
    for report, other in (("r1", "r2"), ("r2", "r1")):
        link = ReportsLinked(
            report_id="l1", report=report, other=other, relation="disputes"
        )
        assert see(*reports, link).places["alder"].disputed
        assert not see(*reports, link, on=4).places["alder"].disputed  # r2 is to come
        assert not see(*reports, link, retract("l1", "x")).places["alder"].disputed
        assert not see(*reports, link, retract("r1", "x")).places["alder"].disputed
    same = ReportsLinked(
        report_id="l1", report="r1", other="r2", relation="same-change"
    )
    assert not see(*reports, same).places["alder"].disputed
    assert see(*reports, same).links == (same,)


# --- what else a state tells -----------------------------------------------------


def test_reference_data_is_as_last_registered_in_what_was_known():
    first = SourceRegistered(source="radio", name="Radio", reliability="B")
    events = first, place("cedar"), SourceRegistered(source="radio", name="Radio")
    assert see(*events).references.reliabilities() == {}
    assert see(*events, known_at=3).references.reliabilities() == {"radio": "B"}
    assert list(see(*events, known_at=3).places) == ["alder", "birch"]
    assert list(see(*events).places) == ["alder", "birch", "cedar"]


def test_a_place_that_is_not_registered_is_not_in_the_state():
    state = see(control("r1", "red", 1, settlement="elsewhere"))
    assert "elsewhere" not in state.places
    assert "elsewhere" in state.heard.control


def test_actors_are_in_being_from_since_until_before_until():
    def party(id_: str, **span: date) -> ActorRegistered:
        return ActorRegistered(actor=id_, name=id_, **span)

    events = (
        party("always"),
        party("from-5", since=december(5)),
        party("before-5", until=december(5)),
        party("from-4-to-5", since=december(4), until=december(6)),
    )
    seen = {on: [a.actor for a in see(*events, on=on).actors] for on in (3, 4, 5, 6)}
    assert seen == {
        3: ["always", "before-5"],
        4: ["always", "before-5", "from-4-to-5"],
        5: ["always", "from-5", "from-4-to-5"],
        6: ["always", "from-5"],
    }


def test_a_route_is_open_unless_the_last_report_shut_it_and_until_is_open_again():
    route = RouteRegistered(settlement_a="alder", settlement_b="birch", distance_km=9)

    def closure(id_: str, shut: bool, on: int, until: int | None = None) -> Event:
        return RouteStatusReported(
            **{"report_id": id_, "source": "radio", "valid_from": december(on)},
            **{"settlement_a": "birch", "settlement_b": "alder", "shut": shut},
            until=until and december(until),
        )

    def open_on(*events: Event) -> list[int]:
        return [on for on in range(1, 8) if see(route, *events, on=on).open_routes]

    assert open_on() == [1, 2, 3, 4, 5, 6, 7]
    assert open_on(closure("c1", True, 3)) == [1, 2]
    assert open_on(closure("c1", True, 3, until=5)) == [1, 2, 5, 6, 7]
    assert open_on(closure("c1", True, 3), closure("c2", False, 6)) == [1, 2, 6, 7]
    assert open_on(closure("c1", False, 2, until=4)) == [1, 2, 3, 4, 5, 6, 7]
    assert open_on(closure("c1", True, 3), retract("c1", "x")) == [1, 2, 3, 4, 5, 6, 7]


def test_the_figures_of_a_state_are_those_that_hold_on_its_day():
    told = [
        figure(f"s{on}", on, measure="stock", valid_on=december(on)) for on in (2, 5, 8)
    ]
    assert ids(see(*told, on=6).figures) == ["s5"]


def test_the_best_grade_is_the_best_of_the_deciding_reports():
    events = (
        SourceRegistered(source="paper", name="Paper", reliability="B"),
        control("r1", "red", 1, reliability="A", credibility=3),
        control("r2", "red", 2, source="paper", credibility=2),
        control("r3", "red", 3, reliability="A"),
        control("r4", "blue", 3, reliability="A", credibility=1, time_of_day="morning"),
    )
    state = see(*events, on=2)
    assert best_grade(state.places["alder"], state.references) == "B2"
    assert best_grade(state.places["birch"], state.references) == ""
    state = see(*events, on=3)
    assert ids(state.places["alder"].verdict.deciding) == ["r3"]
    assert best_grade(state.places["alder"], state.references) == "A6"
    state = see(control("r1", "red", 1))
    assert best_grade(state.places["alder"], state.references) == "F6"


def test_judge_needs_no_log():
    log = logged(place("alder"), control("r1", "red", 1))
    heard = fold(effective_claims(log).standing)
    state = judge(heard, december(1), LATEST, references(log))
    assert state.control == {"alder": "red"}
    assert (state.links, state.position, state.published_by) == ((), 0, None)


# --- the difference of two states ------------------------------------------------


def test_a_difference_names_each_side_since_when_and_by_which_reports():
    events = control("r1", "red", 1), control("r2", "contested", 3)
    assert diff(see(*events, on=2), see(*events, on=3)) == [
        ControlChange(
            "alder", ("red", "held"), (None, "contested"), december(3), ("r2",)
        )
    ]
    assert diff(see(*events, on=3), see(*events, on=8)) == []
    assert diff(see(*events, on=3), see(*events, on=2)) == [
        ControlChange(
            "alder", (None, "contested"), ("red", "held"), december(1), ("r1",)
        )
    ]


def test_a_place_that_one_state_does_not_know_was_unknown_in_it():
    log = logged(control("r1", "red", 1), place("alder"))
    before, after = (state_of(log, december(1), LATEST, known_at=at) for at in (1, 2))
    gained = ControlChange(
        "alder", (None, "unknown"), ("red", "held"), december(1), ("r1",)
    )
    lost = ControlChange("alder", ("red", "held"), (None, "unknown"), None, ())
    assert diff(before, after) == [gained]
    assert diff(after, before) == [lost]


def test_differences_come_in_order_of_the_settlements():
    ids_ = ["cedar", "alder", "birch"]
    told = [control(id_, "red", 1, settlement=id_) for id_ in ids_[::-1]]
    log = logged(*map(place, ids_), *told)
    states = [state_of(log, december(on), LATEST) for on in (0, 1)]
    assert [change.settlement for change in diff(*states)] == sorted(ids_)


@steady
@given(logs(), day, day)
def test_a_difference_turned_round_swaps_its_sides_and_none_is_lost(events, a, b):
    log = recorded(events)
    one, two = (state_of(log, on, LATEST) for on in (a, b))
    there, back = diff(one, two), diff(two, one)
    assert [(x.settlement, x.before, x.after) for x in there] == [
        (x.settlement, x.after, x.before) for x in back
    ]
    assert {x.settlement for x in there} == {
        id_
        for id_ in one.places
        if one.control[id_] != two.control[id_] or one.status[id_] != two.status[id_]
    }
    assert diff(one, one) == []


# --- known on three days ---------------------------------------------------------


def test_one_place_as_it_was_known_and_published_on_three_days():
    """red on the 1st; blue, said on the 3rd to be so from the 2nd; that was wrong."""
    events = (
        control("r1", "red", 1, published=december(1)),
        control("r2", "blue", 2, source="paper", published=december(3)),
        retract("r2", "x1", published=december(4)),
        amend("r1", "a1", note="confirmed"),
        redact("r1", "x2"),
    )
    by = [see(*events[:4], on=2, published_by=december(n)) for n in (1, 2, 3, 4)]
    assert [state.control["alder"] for state in by] == ["red", "red", "blue", "red"]
    at = [see(*events[:4], on=2, known_at=2 + n) for n in (0, 1, 2, 3, 4)]
    said = [state.control["alder"] for state in at]
    assert said == [None, "red", "blue", "red", "red"]
    assert see(*events, on=2).status["alder"] == "unknown"


def test_the_places_of_an_event_are_those_that_it_names():
    assert places_of(control("r1", "red", 1)) == {"alder"}
    fled = figure("f1", 5, origin="birch", destination="cedar")
    assert places_of(fled) == {"alder", "birch", "cedar"}
    route = RouteRegistered(settlement_a="alder", settlement_b="birch", distance_km=9)
    assert places_of(route) == {"alder", "birch"}
    assert places_of(Redacted("r1", "radio")) == set()
    assert places_of(incident("i1", 1, settlement=None)) == set()
