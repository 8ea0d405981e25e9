"""The real case against a rule read straight from its CSV, by place and by day."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

import chronicle as ch
from chronicle.domain.lenses import parse_lens
from chronicle.domain.state import State, fold, judge, references, state_of
from chronicle.domain.timeline import RecordedEvent, effective_claims, order
from own_toy import CASE

FIRST, LAST = date(2024, 11, 26), date(2025, 1, 5)
DAYS = [FIRST + timedelta(days) for days in range((LAST - FIRST).days + 1)]
HOURS = {"morning": 1, "": 2, "evening": 3, "night": 4}


class Row(NamedTuple):
    """A row of control.csv, with its number: all that the plain rule needs."""

    number: int
    id: str
    valid_from: date
    time_of_day: str
    side: tuple[str | None, str]
    published: date | None
    baseline: bool
    source: str

    @property
    def later(self) -> tuple[date, int, int]:
        return self.valid_from, HOURS[self.time_of_day], self.number


def rows_of_the_file() -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    with (CASE / "control.csv").open(encoding="utf-8", newline="") as file:
        for number, cells in enumerate(csv.DictReader(file)):
            who = cells["to_actor"] or None
            rows.setdefault(cells["settlement"], []).append(
                Row(
                    number,
                    cells["id"],
                    date.fromisoformat(cells["valid_from"]),
                    cells["time_of_day"],
                    (who, "held" if who else "contested"),
                    date.fromisoformat(cells["published"])
                    if cells["published"]
                    else None,
                    cells["status"] == "baseline",
                    cells["source"],
                )
            )
    return rows


ROWS = rows_of_the_file()
PUBLISHED = sorted({r.published for rows in ROWS.values() for r in rows if r.published})


def counts(row: Row, published_by: date | None) -> bool:
    if published_by is None or row.baseline:
        return True
    return row.published is not None and row.published <= published_by


def plain(settlement: str, on: date, published_by: date | None) -> Row | None:
    """The row that decides, by the rule in words."""
    rows = [
        row
        for row in ROWS.get(settlement, [])
        if row.valid_from <= on and counts(row, published_by)
    ]
    return max(rows, key=lambda row: row.later, default=None)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("case") / "case.chronicle"


@pytest.fixture(scope="module")
def case(path: Path) -> Iterator[ch.Chronicle]:
    with ch.create(path) as log:
        log.import_folder(CASE)
        yield log


@pytest.fixture(scope="module")
def recorded(case: ch.Chronicle) -> list[RecordedEvent]:
    return list(case.log())


def assert_plain(state: State, on: date, published_by: date | None) -> None:
    for settlement, place in state.places.items():
        row = plain(settlement, on, published_by)
        where = settlement, on, published_by
        if row is None:
            assert (place.control, place.status) == (None, "unknown"), where
            continue
        assert (place.control, place.status) == row.side, where
        assert place.verdict.deciding[-1].claim.report_id == row.id, where


def test_the_file_is_the_one_that_the_tests_are_about() -> None:
    assert len(ROWS) == 296
    assert sum(map(len, ROWS.values())) == 585
    assert len(PUBLISHED) == 16


def test_every_place_has_a_state_on_every_day(case: ch.Chronicle) -> None:
    for on in DAYS:
        state = case.state(on)
        assert state.places.keys() == ROWS.keys()
        assert_plain(state, on, None)


def test_the_state_is_the_plain_rule_on_every_day_of_publication(
    recorded: list[RecordedEvent],
) -> None:
    latest, refs = parse_lens("latest"), references(recorded)
    for published_by in [FIRST - timedelta(1), *PUBLISHED, LAST]:
        found = effective_claims(recorded, published_by)
        for on in DAYS:
            heard = fold(
                sorted(
                    (s for s in found.standing if s.claim.since_day <= on), key=order
                )
            )
            state = judge(heard, on, latest, refs, links=found.links)
            assert_plain(state, on, published_by)


@pytest.mark.parametrize("published_by", PUBLISHED)
def test_the_library_gives_what_the_fold_gives(
    case: ch.Chronicle, recorded: list[RecordedEvent], published_by: date
) -> None:
    folded = state_of(recorded, LAST, parse_lens("latest"), published_by=published_by)
    asked = case.state(LAST, published_by=published_by)
    assert (asked.control, asked.status) == (folded.control, folded.status)
    assert_plain(asked, LAST, published_by)


def test_a_day_before_the_record_knows_nothing(case: ch.Chronicle) -> None:
    state = case.state(FIRST - timedelta(1))
    assert set(state.status.values()) == {"unknown"}
    assert set(state.control.values()) == {None}


def test_baselines_stay_in_and_rows_without_a_day_stay_out(case: ch.Chronicle) -> None:
    by_nobody = case.state(LAST, published_by=FIRST - timedelta(1))
    assert {p.verdict.deciding[-1].claim.source for p in by_nobody.places.values()} == {
        "compiler"
    }
    assert all(p.last_heard is None for p in by_nobody.places.values())
    # Abu al-Duhur fell by recollection only: no source had published it by any day.
    assert case.state(LAST).control["abu-al-duhur"] == "hts"
    assert case.state(LAST, published_by=LAST).control["abu-al-duhur"] == "gov"


HARD = [
    "suran", "halfaya", "taybat-al-imam", "maardis", "khanasir", "maar-shahour",
    "aleppo-airport", "deir-ez-zor", "saraqib", "daraa", "homs", "manbij",
]  # fmt: skip


@pytest.mark.parametrize("settlement", HARD)
def test_why_names_the_report_that_decides(case: ch.Chronicle, settlement: str) -> None:
    days = {row.valid_from for row in ROWS[settlement]} | {LAST}
    for on in sorted(days):
        why = case.why(settlement, on)
        row = plain(settlement, on, None)
        assert row is not None
        (decides,) = [told for told in why if told["role"] == "decides"]
        assert decides["report"] == row.id
        assert row.id in why.notes[0]
        later = {told["report"] for told in why if told["role"] == "later"}
        assert later == {r.id for r in ROWS[settlement] if r.valid_from > on}


def test_why_says_which_reports_were_not_published_by_then(case: ch.Chronicle) -> None:
    why = case.why("khanasir", "2024-12-02", published_by="2024-12-02")
    left_out = [row["report"] for row in why if row["role"] == "left out"]
    assert left_out == ["c397", "c398", "c565"]
    assert {row["counts"] for row in why if row["role"] == "left out"} == {
        "no, not published by then"
    }


# The hard cases that the data's README lists, each with its answer.


@pytest.mark.parametrize(
    ("published_by", "holder"),
    [("2024-12-01", "gov"), ("2024-12-02", "sna"), ("2024-12-03", "gov")],
)
def test_khanasir_on_2_december_was_believed_to_be(
    case: ch.Chronicle, published_by: str, holder: str
) -> None:
    state = case.state("2024-12-02", published_by=published_by)
    assert state.control["khanasir"] == holder


@pytest.mark.parametrize(
    "settlement", ["suran", "halfaya", "taybat-al-imam", "maardis"]
)
def test_north_hama_flips_three_times(case: ch.Chronicle, settlement: str) -> None:
    days = "2024-11-29", "2024-11-30", "2024-12-01", "2024-12-03"
    held = [case.state(day).control[settlement] for day in days]
    assert held == ["gov", "hts", "gov", "hts"]


def test_suran_fell_again_a_day_earlier_by_another_source(case: ch.Chronicle) -> None:
    second = "2024-12-02"
    assert case.state(second).control["suran"] == "hts"
    assert case.state(second, lens="source:sana").control["suran"] == "gov"
    assert case.state(second, lens="cautious").status["suran"] == "contested"


def test_maar_shahour_changes_hands_twice_on_one_day(case: ch.Chronicle) -> None:
    assert case.state("2024-12-03").control["maar-shahour"] == "hts"
    why = case.why("maar-shahour", "2024-12-04")
    assert [(row["report"], row["role"]) for row in why] == [
        ("c170", "superseded"),
        ("c409", "superseded"),
        ("c411", "against"),
        ("c413", "decides"),
    ]
    assert "time of day decides" in why.notes[0]


def test_aleppo_airport_has_three_holders_within_a_day(case: ch.Chronicle) -> None:
    assert case.state("2024-11-29").control["aleppo-airport"] == "gov"
    state = case.state("2024-11-30")
    assert state.control["aleppo-airport"] == "hts"
    history = case.history("aleppo-airport")
    assert history.column("control") == ["gov", "sdf", "hts"]


def test_deir_ez_zor_goes_from_the_government_by_the_sdf_to_hts(
    case: ch.Chronicle,
) -> None:
    days = "2024-12-05", "2024-12-06", "2024-12-10"
    assert [case.state(d).control["deir-ez-zor"] for d in days] == ["gov", "sdf", "hts"]


def test_saraqib_has_two_dates_for_one_change(case: ch.Chronicle) -> None:
    ninth = case.state("2024-11-29")
    assert (ninth.control["saraqib"], ninth.status["saraqib"]) == (None, "contested")
    assert ninth.places["saraqib"].disputed
    why = case.why("saraqib", "2024-11-29")
    assert "c328 disputes c327" in why.notes
    tenth = case.state("2024-11-30")
    assert tenth.control["saraqib"] == "hts"


def test_homs_is_dated_by_row_order_only_within_a_time_of_day(
    case: ch.Chronicle,
) -> None:
    night = case.state("2024-12-07")  # c518, whose row stands below that of c517
    assert night.places["homs"].verdict.deciding[-1].claim.report_id == "c518"
    morning = case.state("2024-12-08")
    assert morning.places["homs"].verdict.deciding[-1].claim.report_id == "c517"
    assert morning.places["homs"].disputed


def test_what_was_vacated_has_no_holder(case: ch.Chronicle) -> None:
    # The file says *contested* of places that were vacated with nobody named.
    state = case.state("2024-12-07")
    assert state.control["furqlus"] is None
    assert state.control["t4-airbase"] is None


def test_a_name_of_two_places_names_both(case: ch.Chronicle) -> None:
    with pytest.raises(ch.errors.UnknownId) as caught:
        case.find("Houla")
    assert caught.value.candidates == ["kafr-laha", "talldaww"]


def test_three_figures_are_right_and_may_not_be_added(case: ch.Chronicle) -> None:
    figures = {row["report"]: row for row in case.displaced("2024-12-06")}
    three = [figures[report]["persons"] for report in ("d13", "d17", "d18")]
    assert three == [178_000, 280_000, 370_000]
    assert "is included in d17" in figures["d13"]["overlap"]
    assert "includes d17" in figures["d18"]["overlap"]
    assert case.displaced("2024-12-06").notes[0].startswith("no total: ")


def test_a_stock_gives_way_to_a_later_one_and_flows_stay(case: ch.Chronicle) -> None:
    def stocks(on: str) -> list[int | None]:
        return [
            row["persons"]
            for row in case.displaced(on, area="Syria")
            if row["measure"] == "stock" and row["area"] == "Syria"
        ]

    assert stocks("2024-12-12") == [1_100_000]
    assert stocks("2024-12-27") == [664_000]


def test_one_attack_with_two_authors_is_alleged_of_both(case: ch.Chronicle) -> None:
    incidents = {
        one.claim.report_id: one.claim
        for one in case.state("2024-11-29").heard.incidents
    }
    assert {incidents[i].alleged_actor for i in ("i11", "i12")} == {"hts", "gov"}
    assert all(incidents[i].disputed for i in ("i11", "i12"))


def test_lenses_differ_only_where_they_should(case: ch.Chronicle) -> None:
    day = "2024-12-02"
    seen = {
        lens: case.state(day, lens=lens) for lens in ("latest", "graded", "cautious")
    }
    latest = seen["latest"]
    for id_, place in seen["graded"].places.items():
        last_day = [r for r in ROWS[id_] if r.valid_from <= date(2024, 12, 2)]
        newest = max(r.valid_from for r in last_day)
        if sum(r.valid_from == newest for r in last_day) == 1:
            assert place.control == latest.places[id_].control, id_
    for id_, place in seen["cautious"].places.items():
        other = latest.places[id_]
        if (place.control, place.status) != (other.control, other.status):
            assert place.status == "contested"
            assert "contested" in case.why(id_, day, lens="cautious").notes[0]


def test_unlocated_names_are_problems_and_no_rows(case: ch.Chronicle) -> None:
    findings = case.check()
    unlocated = [row for row in findings if row["finding"] == "unlocated"]
    assert len(unlocated) == 37
    assert "Sheikh Aqeel" in unlocated[0]["says"]
