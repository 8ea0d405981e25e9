"""Lenses on hand-made cases: who decides, since when, against whom, and each tie.

Reports are given in `order`; `control("r1", "red", 2)` says: red holds it from the 2nd.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronicle.domain.events import ControlReported, with_changes
from chronicle.domain.lenses import (
    LENSES,
    UNREPORTED,
    Ruling,
    grade_key,
    parse_lens,
    side,
)
from chronicle.domain.timeline import EffectiveClaim, as_of
from chronicle.errors import UsageError
from strategies import any_event, day, logs, recorded, steady
from toys import control, december, ids, standing


def see(lens: str, *claims: ControlReported, **defaults: str) -> Ruling:
    """The verdict of a lens on reports that are given in order."""
    return parse_lens(lens)(standing(*claims), defaults)


def told(verdict: Ruling) -> tuple[str | None, str, int | None]:
    """Control, status, and the day of December from which it is so."""
    since = verdict.since
    return verdict.control, verdict.status, since and (since - december(0)).days


ALL = ["latest", "graded", "majority", "source:radio", "cautious", "cautious:9"]


@pytest.mark.parametrize("lens", ALL)
def test_no_report_is_unknown_under_every_lens(lens):
    assert see(lens) == UNREPORTED
    assert told(UNREPORTED) == (None, "unknown", None)


@pytest.mark.parametrize("lens", ALL)
def test_a_single_report_is_believed_under_every_lens(lens):
    verdict = see(lens, control("r1", "red", 2))
    assert told(verdict) == ("red", "held", 2)
    assert ids(verdict.deciding) == ["r1"]
    assert verdict.against == ()


@pytest.mark.parametrize("lens", ALL)
@pytest.mark.parametrize("status", ["contested", "vacated", "unknown"])
def test_a_status_that_names_nobody_is_held_by_nobody(lens, status):
    assert told(see(lens, control("r1", status, 2))) == (None, status, 2)


def test_a_status_that_names_somebody_keeps_its_name():
    verdict = see("latest", control("r1", "red", 2, status="besieged"))
    assert told(verdict) == ("red", "besieged", 2)


def test_the_status_rules_over_a_controller_that_an_amendment_left_behind():
    claim = with_changes(control("r1", "red", 2), [("status", "vacated")])
    assert side(standing(claim)[0]) == (None, "vacated")


# --- latest ----------------------------------------------------------------------


def test_latest_believes_the_latest_day():
    verdict = see("latest", control("r1", "red", 1), control("r2", "blue", 3))
    assert told(verdict) == ("blue", "held", 3)
    assert ids(verdict.deciding) == ["r2"]
    assert verdict.against == ()  # r1 is of another day and does not contradict
    assert verdict.reason == "latest report: r2, from 2024-12-03"


def test_latest_of_one_day_takes_the_latest_time_of_day():
    verdict = see(
        "latest",
        control("r1", "red", 2, time_of_day="morning"),
        control("r2", "green", 2),
        control("r3", "blue", 2, time_of_day="evening"),
    )
    assert told(verdict) == ("blue", "held", 2)
    assert ids(verdict.against) == ["r1", "r2"]
    assert verdict.reason.endswith("3 reports of that day, time of day decides")


def test_latest_of_one_hour_takes_the_one_recorded_last():
    verdict = see("latest", control("r1", "red", 2), control("r2", "blue", 2))
    assert told(verdict) == ("blue", "held", 2)
    assert verdict.reason.endswith("2 reports of that day, log order decides")


def test_since_is_the_start_of_the_unbroken_run_of_one_side():
    verdict = see(
        "latest",
        control("r1", "red", 1),
        control("r2", "blue", 2),
        control("r3", "red", 3),
        control("r4", "red", 5, source="paper"),
    )
    assert told(verdict) == ("red", "held", 3)
    assert ids(verdict.deciding) == ["r3", "r4"]


def test_another_status_of_the_same_actor_breaks_the_run():
    besieged = control("r2", "red", 2, status="besieged")
    verdict = see("latest", control("r1", "red", 1), besieged, control("r3", "red", 4))
    assert told(verdict) == ("red", "held", 4)


# --- graded ----------------------------------------------------------------------


def test_graded_takes_the_best_credibility_of_the_last_day_then_reliability():
    day_ = [
        control("r1", "red", 2, reliability="A", credibility=3),
        control("r2", "green", 2, reliability="C", credibility=2),
        control("r3", "blue", 2, reliability="B", credibility=2),
        control("r4", "red", 2, reliability="A", credibility=4),
    ]
    earlier = control("r0", "red", 1, reliability="A", credibility=1)
    verdict = see("graded", earlier, *day_)
    assert told(verdict) == ("blue", "held", 2)  # 2 before 3 and 4, B before C
    assert ids(verdict.against) == ["r1", "r2", "r4"]
    assert verdict.reason == "best grade of 2024-12-02: r3 (B2) of 4"


def test_graded_of_equal_grades_takes_the_latest_and_says_so():
    verdict = see(
        "graded",
        control("r1", "red", 2, reliability="B", credibility=2),
        control("r2", "blue", 2, reliability="B", credibility=2),
        control("r3", "green", 2, reliability="B", credibility=3),
    )
    assert told(verdict) == ("blue", "held", 2)
    assert verdict.reason.endswith("r2 (B2) of 3; 2 of equal grade, the latest decides")


def test_unknown_grades_stand_in_the_middle():
    grades = [
        grade_key(control("r", "red", 1, reliability=letter, credibility=number), {})
        for number in (1, 2, 3, 6, 4, 5)
        for letter in "ABCFDE"
    ]
    assert grades == sorted(grades)
    assert len(set(grades)) == 36
    assert grade_key(control("r", "red", 1), {}) == (3, 3)  # ungraded is F6


def test_an_unknown_credibility_beats_a_doubtful_one_and_yields_to_a_possible_one():
    doubtful = control("r1", "red", 2, credibility=4)
    possible = control("r2", "green", 2, credibility=3)
    unknown = control("r3", "blue", 2)
    assert see("graded", doubtful, unknown).control == "blue"
    assert see("graded", unknown, doubtful).control == "blue"
    assert see("graded", possible, unknown).control == "green"


def test_graded_falls_back_on_the_default_reliability_of_the_source():
    one = control("r1", "red", 2, source="paper")
    other = control("r2", "blue", 2, source="radio")
    assert see("graded", one, other).control == "blue"  # both F6: the latest
    assert see("graded", one, other, paper="B").control == "red"
    verdict = see("graded", one, other, paper="B", radio="A")
    assert verdict.control == "blue"
    assert "(A6)" in verdict.reason
    own = control("r1", "red", 2, source="paper", reliability="E")
    assert see("graded", own, other, paper="A").control == "blue"


# --- majority --------------------------------------------------------------------


def test_majority_counts_one_vote_per_source_its_own_latest():
    verdict = see(
        "majority",
        control("r1", "red", 1, source="radio"),
        control("r2", "red", 2, source="paper"),
        control("r3", "blue", 3, source="agency"),
        control("r4", "blue", 4, source="agency"),
        control("r5", "blue", 5, source="agency"),
    )
    assert told(verdict) == ("red", "held", 1)  # two of three, though blue said more
    assert ids(verdict.deciding) == ["r1", "r2"]
    assert ids(verdict.against) == ["r5"]  # the word of agency that counts
    assert verdict.reason == "2 of 3 sources"


def test_a_source_that_changes_its_mind_changes_its_vote():
    verdict = see(
        "majority",
        control("r1", "red", 1, source="radio"),
        control("r2", "red", 1, source="paper"),
        control("r3", "blue", 2, source="agency"),
        control("r4", "blue", 3, source="radio"),
    )
    assert told(verdict) == ("blue", "held", 2)
    assert ids(verdict.deciding) == ["r3", "r4"]
    assert ids(verdict.against) == ["r2"]


def test_majority_of_equal_votes_takes_the_side_reported_last():
    one, other = control("r1", "red", 1), control("r2", "blue", 2, source="paper")
    verdict = see("majority", one, other)
    assert told(verdict) == ("blue", "held", 2)
    assert verdict.reason == (
        "1 of 2 sources; 2 sides with as many, the one reported last decides"
    )
    again = control("r3", "red", 3)
    assert see("majority", one, other, again).control == "red"


def test_a_side_is_an_actor_and_a_status():
    verdict = see(
        "majority",
        control("r1", "red", 1, source="radio", status="besieged"),
        control("r2", "red", 1, source="paper"),
        control("r3", "blue", 1, source="agency"),
        control("r4", "blue", 1, source="wire"),
    )
    assert told(verdict) == ("blue", "held", 1)


def test_baselines_vote_only_when_nobody_else_does():
    base = [
        control("b1", "red", 1, source=source, baseline=True) for source in ("a", "b")
    ]
    assert see("majority", *base).control == "red"
    verdict = see("majority", *base, control("r1", "blue", 1, source="c"))
    assert (verdict.control, verdict.reason) == ("blue", "1 of 1 sources")
    earlier = see("majority", control("r1", "blue", 1), *base)
    assert earlier.control == "blue"  # though the baselines stand later in order


# --- one source ------------------------------------------------------------------


def test_one_source_hears_nobody_else():
    reports = [
        control("r1", "red", 1, source="radio"),
        control("r2", "red", 2, source="radio"),
        control("r3", "blue", 3, source="paper"),
    ]
    verdict = see("source:radio", *reports)
    assert told(verdict) == ("red", "held", 1)
    assert ids(verdict.deciding) == ["r1", "r2"]
    assert see("source:paper", *reports).control == "blue"


def test_of_one_source_the_latest_in_order_decides():
    both = control("r1", "red", 2), control("r2", "blue", 2)
    verdict = see("source:radio", *both)
    assert told(verdict) == ("blue", "held", 2)
    assert ids(verdict.against) == ["r1"]


def test_a_source_that_says_nothing_knows_nothing():
    verdict = see("source:paper", control("r1", "red", 1))
    assert told(verdict) == (None, "unknown", None)
    assert verdict.reason == "paper says nothing of this place"


# --- cautious --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lens", "apart", "said"),
    [
        ("cautious", 3, (None, "contested", 9)),
        ("cautious", 4, ("blue", "held", 9)),
        ("cautious:0", 0, (None, "contested", 9)),
        ("cautious:0", 1, ("blue", "held", 9)),
        ("cautious:5", 5, (None, "contested", 9)),
    ],
)
def test_cautious_calls_a_place_contested_within_its_days_inclusive(lens, apart, said):
    other = control("r1", "red", 9 - apart, source="paper")
    verdict = see(lens, other, control("r2", "blue", 9))
    assert told(verdict) == said
    if verdict.status == "contested":
        assert ids(verdict.deciding) == ["r2"]
        assert ids(verdict.against) == ["r1"]
        days = 3 if lens == "cautious" else int(lens[-1])
        assert verdict.reason == f"r2 against r1 within {days} days: contested"


def test_cautious_is_the_latest_when_nobody_else_doubts_it():
    own = control("r1", "red", 8), control("r2", "blue", 9)
    assert see("cautious", *own) == see("latest", *own)
    agreed = control("r1", "blue", 8, source="paper"), control("r2", "blue", 9)
    assert told(see("cautious", *agreed)) == ("blue", "held", 8)
    base = control("r1", "red", 8, source="paper", baseline=True)
    assert told(see("cautious", base, control("r2", "blue", 9))) == ("blue", "held", 9)


def test_cautious_names_every_doubt_and_only_these():
    verdict = see(
        "cautious",
        control("r1", "red", 2, source="paper"),  # too long ago
        control("r2", "red", 7, source="paper"),
        control("r3", "red", 7, source="radio"),  # the same source
        control("r4", "vacated", 9, source="agency"),
        control("r5", "blue", 9, source="wire"),  # agrees
        control("r6", "blue", 9, source="radio"),
    )
    assert ids(verdict.against) == ["r2", "r4"]
    assert verdict.reason.startswith("r6 against r2, r4 within 3 days")


# --- names and whole logs --------------------------------------------------------


def test_a_lens_bears_the_name_by_which_it_is_asked_for_again():
    for name in ("latest", "graded", "majority", "source:a:b", "cautious:12"):
        assert parse_lens(name).name == name
    assert parse_lens("cautious").name == "cautious:3"
    assert parse_lens("cautious:007").name == "cautious:7"


@pytest.mark.parametrize(
    "name",
    [
        *("", "Latest", "latest ", "best", "source", "source:"),
        *("cautious:", "cautious:-1", "cautious:1.5", "cautious:12345", "cautious:٣"),
    ],
)
def test_an_unknown_lens_is_refused_with_the_lenses_there_are(name):
    with pytest.raises(UsageError, match="no lens ") as refused:
        parse_lens(name)
    assert all(known in str(refused.value) for known in LENSES)
    assert refused.value.exit_code == 2


@steady
@given(logs(), day, st.none() | day)
def test_every_verdict_can_be_traced_to_the_reports(events, on, by):
    places: dict[str, list[EffectiveClaim]] = {}
    for one in as_of(recorded(events), on, by):
        if isinstance(one.claim, ControlReported):
            places.setdefault(one.claim.settlement, []).append(one)
    for reports in places.values():
        for lens in ALL:
            verdict = parse_lens(lens)(reports, {"radio": "B"})
            said = verdict.control, verdict.status
            named = [*verdict.deciding, *verdict.against]
            assert all(one in reports for one in named)
            assert len(set(ids(named))) == len(named)
            assert verdict.reason
            assert (verdict.since is None) == (verdict.deciding == ())
            assert verdict.since is None or verdict.since <= on
            if lens.startswith("cautious") and verdict.reason.endswith("contested"):
                assert said == (None, "contested")
            else:
                assert {side(one) for one in verdict.deciding} <= {said}
                assert said not in {side(one) for one in verdict.against}


@steady
@given(any_event(ControlReported))
def test_where_there_is_one_report_no_lens_has_anything_to_choose(claim):
    reports = standing(claim)
    for name in ("latest", "graded", "majority", "cautious", f"source:{claim.source}"):
        verdict = parse_lens(name)(reports, {})
        assert (verdict.control, verdict.status) == (claim.controller, claim.status)
        assert verdict.since == claim.valid_from
        assert verdict.deciding == tuple(reports)
