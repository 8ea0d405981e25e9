"""Answers made of states: incidents, parts of a state and sums, findings, words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from chronicle.domain.describe import says
from chronicle.domain.events import (
    ActorRegistered,
    Event,
    SettlementRegistered,
    SourceRegistered,
)
from chronicle.domain.incidents import incidents_table
from chronicle.domain.lenses import parse_lens
from chronicle.domain.quality import check_table
from chronicle.domain.questions import PlainQuestions
from chronicle.domain.state import Evidence, References, State, references, state_of
from chronicle.domain.summary import only, summary_table
from chronicle.domain.table import Table
from chronicle.domain.times import spoken_day
from chronicle.domain.toml_text import lines_of
from chronicle.errors import UnknownId, UsageError
from toys import control, december, figure, incident, logged

ALDER = SettlementRegistered(
    settlement="alder", name="Alder", lat=1, lon=2, admin1="North", population=500
)
BIRCH = SettlementRegistered(settlement="birch", name="Birch", lat=1, lon=2)
RED = ActorRegistered(actor="red", name="Red")


def see(*events: Event, on: int = 9) -> State:
    """The state of alder and birch after *events*, at the end of that December day."""
    log = logged(ALDER, BIRCH, RED, *events)
    return state_of(log, december(on), parse_lens("latest"))


# --- incidents -------------------------------------------------------------------


def told(*events: Event, since=None, settlement=None, kind=None) -> tuple[list, str]:
    """The ids of the incidents in the table, and what stands below it."""
    table = incidents_table(see(*events), since, settlement, kind)
    return [row[0] for row in table.rows], table.notes[0]


CLASH = incident("i1", 2, killed=3)
RAID = incident(
    "i2", 4, kind="Air/drone strike", settlement="birch", killed=2, injured=1
)


def test_incidents_are_told_newest_first_with_people_hurt_added_up():
    ids, note = told(CLASH, RAID)
    assert ids == ["i2", "i1"]
    assert note == "5 killed in 2 of 2; 1 injured in 1 of 2"


def test_incidents_are_chosen_by_day_place_and_kind():
    assert told(CLASH, RAID, since=december(3))[0] == ["i2"]
    assert told(CLASH, RAID, settlement="alder")[0] == ["i1"]
    assert told(CLASH, RAID, kind="Air/drone strike")[0] == ["i2"]
    ids, note = told(CLASH, RAID, settlement="cedar")
    assert (ids, note) == ([], "no incident that counts was reported of these days")


def test_people_hurt_are_not_added_where_two_reports_may_tell_of_one_incident():
    _, note = told(CLASH, incident("i3", 2, killed=4))
    assert note == "no total: i3 and i1 may tell of one incident (alder, 2024-12-02)"


def test_people_hurt_are_not_added_to_a_total_of_several():
    _, note = told(CLASH, incident("i3", 3, killed=40, aggregate=True))
    assert note == "no total: i3 is itself a total of several"


def test_incidents_without_numbers_say_so():
    assert told(incident("i1", 2))[1] == "no report gives a number of people"


def test_an_incident_in_words_names_who_is_alleged_and_who_claims_it():
    text = says(
        incident(
            "i1", 2, alleged_actor="red", claimed_by="blue", injured=2, note="dusk"
        )
    )
    assert text == (
        "Armed clash, allegedly by red, at alder, 2 injured, claimed by blue "
        "(2024-12-02): dusk"
    )


# --- parts of a state, and sums --------------------------------------------------


def test_a_state_is_cut_to_places_to_a_province_and_to_a_holder():
    state = see(control("a", "red", 2))
    assert set(only(state).places) == {"alder", "birch"}
    assert set(only(state, settlements=["birch", "nowhere"]).places) == {"birch"}
    assert set(only(state, admin1="NORTH").places) == {"alder"}
    assert set(only(state, control="red").places) == {"alder"}
    assert set(only(state, control="none").places) == {"birch"}


@pytest.mark.parametrize("wrong", [{"admin1": "South"}, {"control": "blue"}], ids=str)
def test_a_province_or_an_actor_that_a_state_does_not_know_is_refused(wrong):
    with pytest.raises(UnknownId, match=next(iter(wrong.values()))):
        only(see(control("a", "red", 2)), **wrong)


def test_a_sum_counts_places_and_the_people_that_are_known():
    state = see(control("a", "red", 2))
    day = december(9)
    rows = summary_table([state]).rows
    assert rows == [(day, "red", 1, 500, 0), (day, "unknown", 1, None, 1)]


# --- findings --------------------------------------------------------------------


def findings(kind: str, *events: Event) -> list[tuple[str, str]]:
    table = check_table(see(*events), logged(ALDER, BIRCH, RED, *events), 7)
    return [(about, text) for found, about, text in table.rows if found == kind]


def stock(report_id: str, persons: int | None, on_day: int):
    return figure(report_id, persons, measure="stock", valid_on=december(on_day))


def test_a_stock_that_changed_drifts_and_one_that_did_not_does_not():
    assert findings("drift", stock("s1", 100, 1), stock("s2", 100, 5)) == []
    ((about, text),) = findings("drift", stock("s1", 100, 1), stock("s2", 80, 5))
    assert about == "s2"
    assert "-20 since s1" in text


def test_a_stock_without_a_number_and_a_flow_alone_drift_from_nothing():
    assert findings("drift", stock("s1", None, 1), stock("s2", 80, 5)) == []
    assert findings("drift", figure("f1", 80), figure("f2", 90)) == []


def test_a_figure_that_includes_what_is_not_there_is_a_broken_reference():
    registered = SourceRegistered(source="radio", name="Radio")
    broken = findings("broken reference", registered, figure("f1", 9, includes=["f0"]))
    assert broken == [("f1", "includes f0")]
    whole = (registered, figure("f0", 4), figure("f1", 9, includes=["f0"]))
    assert findings("broken reference", *whole) == []


def test_a_source_that_is_not_registered_is_a_broken_reference_once():
    assert findings("broken reference", figure("f1", 9), figure("f2", 9)) == [
        ("radio", "2 reports by a source that is not registered")
    ]


# --- days in words ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "day"),
    [
        ("today", december(9)),
        ("yesterday", december(8)),
        ("-3d", december(6)),
        ("last", december(4)),
        ("2024-12-02", december(2)),
        (december(3), december(3)),
    ],
    ids=str,
)
def test_a_day_may_be_said_in_words(word, day):
    assert spoken_day(word, "on", today=december(9), last=december(4)) == day


def test_the_last_day_of_an_empty_record_is_refused():
    with pytest.raises(UsageError, match="on: no report speaks of any day yet"):
        spoken_day("last", "on", today=december(9), last=None)


# --- evidence --------------------------------------------------------------------


def test_what_maps_mean_is_read_with_the_rest_of_the_evidence_only():
    state = see(control("a", "red", 2))
    assert state.heard.legends == state.heard.other.legends == ()
    assert Evidence() != date.min


# --- in a notebook ---------------------------------------------------------------


def test_a_state_shows_itself_in_a_notebook_with_its_question():
    page = replace(see(control("a", "red", 2)), what_if="x")._repr_html_()
    assert page.index("WHAT-IF") < page.index("State at the end of 2024-12-09")
    assert "<td>alder</td><td>Alder</td><td>1.0</td><td>2.0</td><td>red</td>" in page


def test_a_long_table_shows_its_first_rows_as_text_and_says_how_many_more_there_are():
    rows = [("<script>", ("a", "b"), None)] * 1_060
    page = Table(("one", "two", "three"), rows, "Who & what", ["a note"])._repr_html_()
    assert page.startswith("<p><b>Who &amp; what</b></p><table>")
    assert page.count("<td>&lt;script&gt;</td><td>a b</td><td></td>") == 50
    assert page.endswith("<p>… and 1,010 rows more</p><p>a note</p>")
    assert "more" not in Table(("one",), [(1,)])._repr_html_()


# --- lines of a scenario ---------------------------------------------------------


def test_keys_and_tables_of_toml_are_known_by_their_first_line():
    text = '"quoted" = 1\nseed = 1\n[a]\nx = 1\n  y = 2\n[[f]]\nx=1\n[[f]]\nx=2\nx=3\n'
    assert lines_of(text.encode()) == {
        **{"seed": 2, "a": 3, "a.x": 4, "a.y": 5},
        **{"f 1": 6, "f 1.x": 7, "f 2": 8, "f 2.x": 9},
    }


def test_plain_questions_know_what_was_registered_by_a_position() -> None:
    recorded = logged(ALDER, BIRCH, RED)
    plain = PlainQuestions(lambda upto: recorded[:upto])
    assert plain.references(0) == References()
    assert plain.references(3) == references(recorded)
